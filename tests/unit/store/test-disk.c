/*
 * The store on disks that are full, fail or are slow, and the log that grows on them.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "store/store.h"
#include "suite.h"

/*
 * A disk that fails.
 */

static int64_t wal_size(void) {
        struct stat status;

        return stat(fixture_file(suite.fixture, "confer.db-wal"), &status) == 0 ? status.st_size : 0;
}

/* No file of this process grows beyond @size any more. */
static void limit_files(rlim_t size) {
        struct rlimit limit;

        assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
        limit.rlim_cur = size == RLIM_INFINITY ? limit.rlim_max : size;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int set_up_disk(void **state) {
        (void)signal(SIGXFSZ, SIG_IGN);
        return set_up(state);
}

static int tear_down_disk(void **state) {
        limit_files(RLIM_INFINITY);
        syncs_fail = false;
        return tear_down(state);
}

static void fill_disk(void) {
        limit_files((rlim_t)wal_size());
}

static void test_a_disk_that_refuses_is_answered_and_changes_nothing(void **state _unused_) {
        uint64_t catalog_revision;
        char *before;

        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        before = dump_all();
        catalog_revision = suite.catalog.revision;

        fill_disk();
        for (int i = 0; i < 3; i++) {
                assert_int_equal(execute(save_and_publish("prod", "app", "2")), STORE_E_FAILED);
                assert_true(strlen(suite.last->command.problem.text) > 0);
                assert_null(RESULT.release);
                assert_int_equal(suite.catalog.revision, catalog_revision);
        }
        limit_files(RLIM_INFINITY);
        assert_nothing_changed(before);
        free(before);
}

static void test_a_disk_that_recovers_takes_changes_again_without_a_gap(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        fill_disk();
        assert_int_equal(execute(save_and_publish("prod", "app", "lost")), STORE_E_FAILED);
        assert_int_equal(execute(note_denial()), STORE_E_FAILED);
        limit_files(RLIM_INFINITY);
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_int_equal(RESULT.version, 1);
        assert_int_equal(revision(), 2);
        assert_int_equal(count("audit"), 2);
        assert_content(served("prod", "app"), SPAN_LITERAL("1"));
}

static void test_a_change_is_answered_after_the_disk_has_taken_it(void **state _unused_) {
        for (int i = 0; i < 5; i++) {
                unsigned before = n_syncs;

                assert_changes(i ? update_namespace("prod", "new") : create_namespace("prod"));
                assert_true(suite.last->n_syncs > before);
        }
}

static void test_an_entry_of_the_audit_is_answered_after_the_disk_has_taken_it(void **state _unused_) {
        unsigned before = n_syncs;

        assert_executed(note_denial());
        assert_true(suite.last->n_syncs > before);
}

static void test_a_disk_that_does_not_sync_is_answered_and_changes_nothing(void **state _unused_) {
        char *before;

        assert_changes(create_namespace("prod"));
        before = dump_all();
        syncs_fail = true;
        for (int i = 0; i < 3; i++)
                assert_int_equal(execute(save_and_publish("prod", "app", "lost")), STORE_E_FAILED);
        syncs_fail = false;
        assert_int_equal(suite.catalog.revision, 1);
        assert_nothing_changed(before);
        free(before);
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_int_equal(RESULT.version, 1);
}

static void test_what_needs_no_disk_is_answered_by_a_full_one(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        fill_disk();
        assert_no_op(publish("prod", "app", 1));
        assert_refused(save("none", "app", "1"), STORE_E_NAMESPACE_UNKNOWN);
}

static void test_a_whole_batch_fails_with_its_disk(void **state _unused_) {
        Operation operations[] = {
                create_namespace("prod"),
                save_and_publish("prod", "app", "1"),
                save("none", "app", "1"),
                publish("prod", "app", 1),
                note_denial(),
        };
        Ask *asks[ARRAY_SIZE(operations)];

        close_store();
        open_store();
        for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
                asks[i] = submit_one(operations[i]);
        fill_disk();
        start_store();
        for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
                wait_for(asks[i]);
                assert_int_equal(asks[i]->command.outcome, STORE_E_FAILED);
                assert_null(asks[i]->operations[0].result.release);
                ask_free(asks[i]);
        }
        limit_files(RLIM_INFINITY);
        assert_int_equal(suite.catalog.revision, 0);
        assert_int_equal(revision(), 0);
        assert_int_equal(count("namespaces"), 0);
        assert_int_equal(count("audit"), 0);
}

static uint64_t metric(Metric name) {
        return atomic_load(&store_metrics(suite.store)->values[name]);
}

static void test_outcomes_are_counted(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_refused(create_namespace("prod"), STORE_E_NAMESPACE_EXISTS);
        assert_refused(save("none", "app", "1"), STORE_E_NAMESPACE_UNKNOWN);
        fill_disk();
        assert_int_equal(execute(save("prod", "app", "1")), STORE_E_FAILED);
        limit_files(RLIM_INFINITY);
        assert_changes(save("prod", "app", "1"));
        assert_int_equal(metric(METRIC_STORE_COMMANDS_OK), 2);
        assert_int_equal(metric(METRIC_STORE_COMMANDS_REFUSED), 2);
        assert_int_equal(metric(METRIC_STORE_COMMANDS_FAILED), 1);
        assert_int_equal(metric(METRIC_STORE_COMMITS), 4);
        assert_int_equal(metric(METRIC_STORE_REVISION), 2);
        assert_int_equal(suite.n_commits_failed, 1);
}

/*
 * The write-ahead log.
 */

#define WAL_MAX (4 * 1024 * 1024)

/* In so many commands at a time; a transaction of them is what the log may be above its bound. */
#define WAL_BATCH       16
#define WAL_BATCH_BYTES (WAL_BATCH * 4 * 4096)

static int set_up_small_log(void **state) {
        if (set_up_closed(state) < 0)
                return -1;

        suite.options.wal_max_bytes = WAL_MAX;
        open_store();
        start_store();
        return 0;
}

/* Return: how large the log was at most. */
static int64_t publish_in_batches(int n_batches) {
        int64_t largest = 0;

        for (int i = 0; i < n_batches; i++) {
                publish_many(WAL_BATCH);
                largest = MAX(largest, wal_size());
        }
        return largest;
}

static void assert_wal_bound(int64_t largest) {
        if (largest > WAL_MAX + WAL_BATCH_BYTES)
                fail_msg("the log has grown to %" PRId64 " bytes", largest);
}

static void test_the_log_stays_below_its_bound_under_20000_publishes(void **state _unused_) {
        int64_t largest;

        save_two_versions();
        assert_true(wal_size() > 0);
        largest = publish_in_batches(20000 / WAL_BATCH);
        assert_true(metric(METRIC_STORE_CHECKPOINTS) >= 2); /* the log has begun anew, more than once */
        assert_wal_bound(largest);
}

static void test_writers_wait_for_a_slow_disk_before_the_log_passes_its_bound(void **state _unused_) {
        int64_t largest;

        save_two_versions();
        database_is_slow = true;
        largest = publish_in_batches(400);
        database_is_slow = false;
        assert_wal_bound(largest);
}

/* With a reader in its way, the log cannot begin anew; when it is gone, the log is moved and kept small
 * again. */
static void test_the_log_begins_anew_when_a_reader_in_its_way_has_gone(void **state _unused_) {
        save_two_versions();
        fixture_execute(suite.fixture, "BEGIN");
        (void)count("releases");
        for (int i = 0; i < 2000 && wal_size() < WAL_MAX / 2; i++)
                publish_many(WAL_BATCH);
        assert_true(wal_size() >= WAL_MAX / 2);
        fixture_execute(suite.fixture, "COMMIT");
        assert_wal_bound(publish_in_batches(400));
}

#define TEST_DISK(name) cmocka_unit_test_setup_teardown(name, set_up_disk, tear_down_disk)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST_DISK(test_a_disk_that_refuses_is_answered_and_changes_nothing),
                TEST_DISK(test_a_disk_that_recovers_takes_changes_again_without_a_gap),
                TEST_DISK(test_a_change_is_answered_after_the_disk_has_taken_it),
                TEST_DISK(test_an_entry_of_the_audit_is_answered_after_the_disk_has_taken_it),
                TEST_DISK(test_a_disk_that_does_not_sync_is_answered_and_changes_nothing),
                TEST_DISK(test_what_needs_no_disk_is_answered_by_a_full_one),
                TEST_DISK(test_a_whole_batch_fails_with_its_disk),
                TEST_DISK(test_outcomes_are_counted),
                TEST_WITH(test_the_log_stays_below_its_bound_under_20000_publishes, set_up_small_log),
                TEST_WITH(test_writers_wait_for_a_slow_disk_before_the_log_passes_its_bound,
                          set_up_small_log),
                TEST_WITH(test_the_log_begins_anew_when_a_reader_in_its_way_has_gone, set_up_small_log),
        };

        return cmocka_run_group_tests_name("store disk", tests, silence_log, NULL);
}
