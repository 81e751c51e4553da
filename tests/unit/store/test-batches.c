/*
 * Commands of several operations, and commands that are committed together: what they share, and what not.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/sql.h"
#include "store/store.h"
#include "suite.h"
#include "util/clock.h"
#include "util/digest.h"

/* What writer.c takes into one transaction, and after how many rows it trims the outbox. */
#define COMMANDS_PER_COMMIT_MAX 512
#define OUTBOX_TRIM_EVERY       4096

/* All but times, hashes and the epoch, which two stores never share. */
static const char *const timeless_rows[] = {
        "SELECT revision FROM store",
        "SELECT id, name, description, revision, created_by, updated_by, deleted FROM namespaces",
        "SELECT * FROM configs",
        "SELECT id, config_id, version, format, sha256, revision, created_by, comment, content FROM versions",
        "SELECT id, config_id, kind, version, from_version, restores, revision, created_by, comment FROM "
        "releases",
        "SELECT id, actor, address, action, namespace, key, version, revision, outcome, comment, details "
        "FROM audit",
        "SELECT id, revision, namespace, key, version FROM outbox",
};

/*
 * Several operations in one command.
 */

static void test_the_operations_of_a_command_share_one_revision_and_one_change(void **state _unused_) {
        assert_int_equal(EXECUTE_ALL(create_namespace("prod"), create_namespace("dev"),
                                     save_and_publish("prod", "a", "1"), save("dev", "b", "1"),
                                     save_and_publish("dev", "c", "1")),
                         STORE_OK);
        assert_int_equal(suite.last->command.revision, 1);
        assert_int_equal(revision(), 1);
        assert_int_equal(suite.newest->n_items, 4);
        assert_int_equal(fixture_number(suite.fixture, "SELECT count(*) FROM audit WHERE revision = 1"), 5);
        assert_served("prod", "a", 1);
        assert_served("dev", "c", 1);
}

static void test_later_operations_see_what_earlier_ones_did(void **state _unused_) {
        assert_int_equal(
                EXECUTE_ALL(create_namespace("prod"), save("prod", "app", "1"), save("prod", "app", "2"),
                            expecting(save("prod", "app", "3"), EXPECT_VERSION, 2), publish("prod", "app", 2),
                            roll_back("prod", "app", 1), delete ("prod", "app"), publish("prod", "app", 3)),
                STORE_OK);
        assert_served("prod", "app", 3);
        assert_int_equal(revision(), 1);
        assert_int_equal(count("versions"), 3);
        assert_int_equal(count("outbox"), 4);
}

static void test_a_command_happens_all_or_not_at_all(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        ASSERT_ALL_REFUSED(STORE_E_CONFIG_UNKNOWN, 4, create_namespace("dev"),
                           save_and_publish("dev", "a", "1"), save_and_publish("prod", "app", "2"),
                           delete ("prod", "app"), delete ("prod", "app"));
        assert_served("prod", "app", 1);
        assert_served("dev", "a", 0);
        assert_false(catalog_has_namespace(&suite.catalog, SPAN_LITERAL("dev")));
}

static void test_the_operation_that_failed_is_told(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        ASSERT_ALL_REFUSED(STORE_E_NAMESPACE_UNKNOWN, 0, save("dev", "a", "1"), save("prod", "a", "1"));
        ASSERT_ALL_REFUSED(STORE_E_VERSION_CONFLICT, 1, save("prod", "a", "1"),
                           expecting(save("prod", "a", "2"), EXPECT_ABSENT, 0), save("prod", "b", "1"));
}

static void test_a_command_that_has_nothing_to_change_tells_the_current_revision(void **state _unused_) {
        char *before;

        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "a", "1"));
        before = dump_all();
        assert_int_equal(
                EXECUTE_ALL(save("prod", "a", "1"), publish("prod", "a", 0), roll_back("prod", "a", 1)),
                STORE_OK);
        assert_int_equal(suite.last->command.revision, 2);
        assert_nothing_changed(before);
        free(before);
}

static void test_of_a_command_only_what_changed_is_audited(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "a", "1"));
        assert_int_equal(EXECUTE_ALL(save("prod", "a", "1"), save("prod", "b", "1")), STORE_OK);
        assert_int_equal(suite.last->command.revision, 3);
        assert_int_equal(fixture_number(suite.fixture, "SELECT count(*) FROM audit WHERE revision = 3"), 1);
        assert_audited("config.save prod/b 1 3");
}

static void test_an_entry_of_the_audit_alone_takes_no_revision(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_executed(note_denial());
        assert_int_equal(suite.last->command.revision, 1);
        assert_int_equal(revision(), 1);
        assert_audited("login prod/ - -");
        assert_int_equal(fixture_number(suite.fixture,
                                        "SELECT count(*) FROM audit WHERE outcome = 1 AND"
                                        " details = '{\"status\":401}' AND address = '192.0.2.1'"),
                         1);
}

/*
 * The outbox.
 */

static void test_each_moved_release_has_a_row_in_the_outbox(void **state _unused_) {
        char *rows;

        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "a", "1"));
        assert_changes(save_and_publish("prod", "b", "1"));
        assert_changes(publish("prod", "a", 1));
        assert_changes(save("prod", "a", "2"));
        assert_changes(publish("prod", "a", 2));
        assert_changes(roll_back("prod", "a", 0));
        assert_no_op(publish("prod", "a", 1));
        assert_changes(delete ("prod", "b"));
        assert_changes(delete_namespace("prod", true));

        rows = dump(
                (const char *const[]){ "SELECT revision, namespace, key, version FROM outbox ORDER BY id" },
                1);
        assert_string_equal(rows, "3|prod|b|1|\n"
                                  "4|prod|a|1|\n"
                                  "6|prod|a|2|\n"
                                  "7|prod|a|1|\n"
                                  "8|prod|b|(null)|\n"
                                  "9|prod|a|(null)|\n");
        free(rows);
}

static void assert_outbox_bound(int64_t n_rows_max) {
        int64_t n = count("outbox");

        assert_in_range(n, 100, n_rows_max);
        assert_int_equal(fixture_number(suite.fixture, "SELECT max(id) - min(id) + 1 FROM outbox"), n);
        assert_int_equal(fixture_number(suite.fixture, "SELECT max(revision) FROM outbox"), revision());
}

static int set_up_small_outbox(void **state) {
        if (set_up_closed(state) < 0)
                return -1;

        suite.options.outbox_max_rows = 100;
        open_store();
        start_store();
        return 0;
}

static void test_the_outbox_keeps_its_newest_rows_only(void **state _unused_) {
        save_two_versions();
        publish_many(3 * OUTBOX_TRIM_EVERY);
        assert_outbox_bound(100 + OUTBOX_TRIM_EVERY + COMMANDS_PER_COMMIT_MAX);
}

static void test_the_outbox_is_bounded_across_restarts_too(void **state _unused_) {
        save_two_versions();
        for (int i = 0; i < 4; i++) {
                publish_many(OUTBOX_TRIM_EVERY - 96);
                reopen_store();
        }
        assert_changes(save_and_publish("prod", "app", "3"));
        assert_outbox_bound(100 + OUTBOX_TRIM_EVERY + COMMANDS_PER_COMMIT_MAX);
}

/*
 * Batches: what is submitted before the start is one transaction.
 */

static Operation batch_operation(size_t i, bool *ret_is_good) {
        static char batch_contents[COMMANDS_PER_COMMIT_MAX][16];

        (void)snprintf(batch_contents[i], sizeof(batch_contents[i]), "%zu", i);
        *ret_is_good = i % 5 < 3;
        switch (i % 5) {
        case 0:
        case 1:
                return save_and_publish("prod", i % 2 ? "odd" : "even", batch_contents[i]);
        case 2:
                return save("prod", "saved", batch_contents[i]);
        case 3:
                return expecting(save_and_publish("prod", "even", batch_contents[i]), EXPECT_VERSION,
                                 1000000);
        default:
                return save_and_publish("none", "even", batch_contents[i]);
        }
}

/* A command that does a lot before it is refused. */
static Ask *submit_vain(size_t i) {
        static const char *const outcomes[] = { "x", "y", "z" };
        Operation operations[] = {
                create_namespace("vain"),
                save_and_publish("vain", "app", outcomes[i % 3]),
                save_and_publish("prod", "even", "vain"),
                save_and_publish("prod", "vain", "vain"),
                delete ("prod", "odd"),
                delete_namespace("prod", true),
                publish("prod", "even", 1),
        };

        return submit(operations, ARRAY_SIZE(operations));
}

static void test_commands_that_wait_are_committed_together(void **state _unused_) {
        Ask *asks[100];

        asks[0] = submit_one(create_namespace("prod"));
        for (size_t i = 1; i < ARRAY_SIZE(asks); i++)
                asks[i] = submit_one(save_and_publish("prod", "app", i % 2 ? "odd" : "even"));
        start_store();
        for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
                wait_for(asks[i]);
                assert_int_equal(asks[i]->command.outcome, STORE_OK);
                assert_int_equal(asks[i]->command.revision, i + 1);
                ask_free(asks[i]);
        }
        assert_int_equal(suite.n_commits, 1);
}

static void test_a_transaction_takes_a_bounded_number_of_commands(void **state _unused_) {
        Ask *asks[2 * COMMANDS_PER_COMMIT_MAX + 1];

        asks[0] = submit_one(create_namespace("prod"));
        for (size_t i = 1; i < ARRAY_SIZE(asks); i++)
                asks[i] = submit_one(save("prod", "app", i % 2 ? "odd" : "even"));
        start_store();
        for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
                wait_for(asks[i]);
                assert_int_equal(asks[i]->command.revision, i + 1);
                ask_free(asks[i]);
        }
        assert_int_equal(suite.n_commits, 3);
}

static void test_a_refused_command_in_a_batch_spoils_nobody(void **state _unused_) {
        Ask *asks[400];
        uint64_t expected_revision = 1;

        asks[0] = submit_one(create_namespace("prod"));
        for (size_t i = 1; i < ARRAY_SIZE(asks); i++) {
                bool is_good;
                Operation operation = batch_operation(i, &is_good);

                asks[i] = i % 7 == 3 ? submit_vain(i) : submit_one(operation);
        }
        start_store();
        for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
                bool is_good = true;

                wait_for(asks[i]);
                if (i > 0)
                        (void)batch_operation(i, &is_good);
                if (i % 7 == 3) {
                        assert_int_equal(asks[i]->command.outcome, STORE_E_NAMESPACE_UNKNOWN);
                        assert_int_equal(asks[i]->command.failed_operation, 6);
                } else
                        assert_int_equal(asks[i]->command.outcome, is_good      ? STORE_OK
                                                                   : i % 5 == 3 ? STORE_E_VERSION_CONFLICT
                                                                                : STORE_E_NAMESPACE_UNKNOWN);
                if (asks[i]->command.outcome == STORE_OK)
                        assert_int_equal(asks[i]->command.revision, i ? ++expected_revision : 1);
                ask_free(asks[i]);
        }
        assert_int_equal(suite.n_commits, 1);
        assert_int_equal(revision(), expected_revision);
        assert_int_equal(count("audit"), expected_revision);
        assert_int_equal(fixture_number(suite.fixture, "SELECT count(*) FROM namespaces WHERE name = 'vain'"),
                         0);
        assert_int_equal(fixture_number(suite.fixture, "SELECT count(*) FROM configs WHERE key = 'vain'"), 0);
}

/* Runs the batch, with or without the commands that are refused, and tells what the file holds then. */
static char *dump_of_batch(bool with_refused) {
        Ask *asks[400] = { NULL };
        char *text;

        asks[0] = submit_one(create_namespace("prod"));
        for (size_t i = 1; i < ARRAY_SIZE(asks); i++) {
                bool is_good;
                Operation operation = batch_operation(i, &is_good);

                if (i % 7 == 3)
                        asks[i] = with_refused ? submit_vain(i) : NULL;
                else if (is_good || with_refused)
                        asks[i] = submit_one(operation);
        }
        start_store();
        for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
                if (asks[i]) {
                        wait_for(asks[i]);
                        ask_free(asks[i]);
                }
        text = dump(timeless_rows, ARRAY_SIZE(timeless_rows));
        assert_true(strlen(text) > 10000);
        return text;
}

static void test_refused_commands_leave_no_trace_in_their_batch(void **state _unused_) {
        char *with = dump_of_batch(true), *without;

        replace_store();
        without = dump_of_batch(false);
        assert_string_equal(with, without);
        free(with);
        free(without);
}

static void test_every_command_is_answered_exactly_once(void **state _unused_) {
        Ask *asks[50];

        for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
                asks[i] = i % 3 ? submit_one(save("none", "app", "1")) : submit_one(note_denial());
        start_store();
        close_store();
        for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
                assert_int_equal(asks[i]->n_dones, 1);
                ask_free(asks[i]);
        }
        open_store();
}

static void test_a_full_queue_turns_commands_away(void **state _unused_) {
        Command turned_away = { .done = on_done, .outcome = STORE_OUTCOME_N };
        Ask *asks[3];

        close_store();
        catalog_deinit(&suite.catalog);
        suite.options.queue_max = ARRAY_SIZE(asks);
        open_store();
        for (size_t i = 0; i < ARRAY_SIZE(asks); i++)
                asks[i] = submit_one(note_denial());
        assert_int_equal(store_submit(suite.store, &turned_away), STORE_E_BUSY);
        assert_int_equal(store_submit(suite.store, &turned_away), STORE_E_BUSY);
        start_store();
        for (size_t i = 0; i < ARRAY_SIZE(asks); i++) {
                wait_for(asks[i]);
                ask_free(asks[i]);
        }
        assert_int_equal(turned_away.outcome, STORE_OUTCOME_N);
        assert_executed(note_denial());
}

/*
 * Time.
 */

static void set_last_change(int64_t at_ms) {
        Problem problem = PROBLEM_NULL;
        sqlite3 *database = NULL;
        char text[96];

        (void)snprintf(text, sizeof(text), "UPDATE store SET changed_at_ms = %" PRId64, at_ms);
        assert_int_equal(sql_open(suite.fixture->path, SQL_MODE_WRITER, &database, &problem), 0);
        assert_int_equal(sql_execute(database, text), 0);
        sql_close(database);
}

/* As after the clock was set back: the last change lies in the future. */
static void test_times_never_go_back(void **state _unused_) {
        int64_t future_ms = clock_wall_ms() + 3600000;

        assert_changes(create_namespace("prod"));
        close_store();
        set_last_change(future_ms);
        catalog_deinit(&suite.catalog);
        open_store();
        start_store();

        assert_changes(save_and_publish("prod", "app", "1"));
        assert_executed(note_denial());
        assert_changes(update_namespace("prod", "new"));
        assert_true(RESULT.namespace_row.updated_at_ms == future_ms);
        assert_true(fixture_number(suite.fixture, "SELECT created_at_ms FROM versions") == future_ms);
        assert_true(fixture_number(suite.fixture, "SELECT created_at_ms FROM releases") == future_ms);
        assert_true(fixture_number(suite.fixture, "SELECT min(created_at_ms) FROM audit WHERE id > 1") ==
                    future_ms);
        assert_true(fixture_number(suite.fixture, "SELECT changed_at_ms FROM store") == future_ms);
}

static void test_times_are_those_of_the_clock(void **state _unused_) {
        int64_t before_ms = clock_wall_ms();

        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_in_range(fixture_number(suite.fixture, "SELECT min(created_at_ms) FROM audit"), before_ms,
                        clock_wall_ms());
        assert_in_range(fixture_number(suite.fixture, "SELECT changed_at_ms FROM store"), before_ms,
                        clock_wall_ms());
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_the_operations_of_a_command_share_one_revision_and_one_change),
                TEST(test_later_operations_see_what_earlier_ones_did),
                TEST(test_a_command_happens_all_or_not_at_all),
                TEST(test_the_operation_that_failed_is_told),
                TEST(test_a_command_that_has_nothing_to_change_tells_the_current_revision),
                TEST(test_of_a_command_only_what_changed_is_audited),
                TEST(test_an_entry_of_the_audit_alone_takes_no_revision),
                TEST(test_each_moved_release_has_a_row_in_the_outbox),
                TEST_WITH(test_the_outbox_keeps_its_newest_rows_only, set_up_small_outbox),
                TEST_WITH(test_the_outbox_is_bounded_across_restarts_too, set_up_small_outbox),
                TEST_WITH(test_commands_that_wait_are_committed_together, set_up_unstarted),
                TEST_WITH(test_a_transaction_takes_a_bounded_number_of_commands, set_up_unstarted),
                TEST_WITH(test_a_refused_command_in_a_batch_spoils_nobody, set_up_unstarted),
                TEST_WITH(test_refused_commands_leave_no_trace_in_their_batch, set_up_unstarted),
                TEST_WITH(test_every_command_is_answered_exactly_once, set_up_unstarted),
                TEST_WITH(test_a_full_queue_turns_commands_away, set_up_unstarted),
                TEST(test_times_never_go_back),
                TEST(test_times_are_those_of_the_clock),
        };

        return cmocka_run_group_tests_name("store batches", tests, silence_log, NULL);
}
