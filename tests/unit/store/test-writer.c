/*
 * What the writer makes of commands, and what of the disk.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/buf.h"
#include "store/maintenance.h"
#include "store/sql.h"
#include "store/store.h"
#include "suite.h"
#include "util/clock.h"
#include "util/digest.h"
#include "util/log.h"

/* What writer.c takes into one transaction, and after how many rows it trims the outbox. */
#define COMMANDS_PER_COMMIT_MAX 512
#define OUTBOX_TRIM_EVERY       4096

static uint64_t next_random(uint64_t *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

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
        "SELECT * FROM outbox",
};

/*
 * Opening.
 */

static void test_a_new_store_is_empty(void **state _unused_) {
        assert_int_equal(revision(), 0);
        assert_int_equal(suite.catalog.revision, 0);
        assert_int_equal(catalog_n_releases(&suite.catalog), 0);
        assert_int_equal(catalog_n_namespaces(&suite.catalog), 0);
}

static void test_the_epoch_is_32_hex_digits_and_stays(void **state _unused_) {
        char before[33];
        Span epoch = store_epoch(suite.store);

        assert_int_equal(epoch.size, 32);
        memcpy(before, epoch.data, 32);
        before[32] = '\0';
        assert_int_equal(strspn(before, "0123456789abcdef"), 32);
        reopen_store();
        assert_true(span_equal_string(store_epoch(suite.store), before));
}

static void test_a_store_that_cannot_be_opened_names_its_file(void **state _unused_) {
        StoreOptions options = suite.options;
        Problem problem = PROBLEM_NULL;
        Store *store = NULL;

        options.path = "/no/such/directory/confer.db";
        assert_true(store_open(&options, &store, &problem) < 0);
        assert_null(store);
        assert_non_null(strstr(problem.text, options.path));
}

static void test_what_was_answered_is_there_after_a_restart(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(save("prod", "app", "2"));
        reopen_store();
        assert_served("prod", "app", 1);
        assert_true(catalog_has_namespace(&suite.catalog, SPAN_LITERAL("prod")));
        assert_int_equal(suite.catalog.revision, 3);
        assert_changes(publish("prod", "app", 0));
        assert_served("prod", "app", 2);
        assert_int_equal(revision(), 4);
}

/*
 * Namespaces.
 */

static void test_a_namespace_is_created_with_all_that_is_known_of_it(void **state _unused_) {
        int64_t before_ms = clock_wall_ms();
        const NamespaceRow *row;

        assert_changes(create_namespace("prod.acme"));
        row = &RESULT.namespace_row;
        assert_true(span_equal_string(row->name, "prod.acme"));
        assert_true(span_equal_string(row->description, "about it"));
        assert_int_equal(row->revision, 1);
        assert_in_range(row->created_at_ms, before_ms, clock_wall_ms());
        assert_true(row->updated_at_ms == row->created_at_ms);
        assert_true(span_equal_string(row->created_by, "user:admin"));
        assert_true(span_equal_string(row->updated_by, "user:admin"));
        assert_true(catalog_has_namespace(&suite.catalog, SPAN_LITERAL("prod.acme")));
        assert_false(catalog_has_namespace(&suite.catalog, SPAN_LITERAL("prod")));
        assert_audited("namespace.create prod.acme/ - 1");
}

static void test_a_namespace_exists_once(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_refused(create_namespace("prod"), STORE_E_NAMESPACE_EXISTS);
}

static void test_a_namespace_is_described_anew(void **state _unused_) {
        int64_t created_at_ms;

        assert_changes(create_namespace("prod"));
        created_at_ms = RESULT.namespace_row.created_at_ms;
        assert_changes(update_namespace("prod", "new"));
        assert_true(span_equal_string(RESULT.namespace_row.description, "new"));
        assert_int_equal(RESULT.namespace_row.revision, 2);
        assert_true(RESULT.namespace_row.created_at_ms == created_at_ms);
        assert_true(span_equal_string(RESULT.namespace_row.created_by, "user:admin"));
        assert_true(RESULT.namespace_row.updated_at_ms >= created_at_ms);
        assert_int_equal(
                fixture_number(suite.fixture, "SELECT count(*) FROM namespaces WHERE description = 'new'"),
                1);
        assert_audited("namespace.update prod/ - 2");
}

static void test_an_unknown_namespace_is_neither_described_nor_deleted(void **state _unused_) {
        assert_refused(update_namespace("prod", "new"), STORE_E_NAMESPACE_UNKNOWN);
        assert_refused(delete_namespace("prod", false), STORE_E_NAMESPACE_UNKNOWN);
        assert_refused(delete_namespace("prod", true), STORE_E_NAMESPACE_UNKNOWN);
}

static void test_an_empty_namespace_is_deleted_once(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(delete_namespace("prod", false));
        assert_int_equal(RESULT.n_deleted, 0);
        assert_false(catalog_has_namespace(&suite.catalog, SPAN_LITERAL("prod")));
        assert_audited("namespace.delete prod/ - 2");
        assert_refused(delete_namespace("prod", false), STORE_E_NAMESPACE_UNKNOWN);
        assert_refused(update_namespace("prod", "new"), STORE_E_NAMESPACE_UNKNOWN);
}

static void test_a_namespace_with_configs_is_deleted_only_when_asked_for(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "unpublished", "1"));
        assert_refused(delete_namespace("prod", false), STORE_E_NAMESPACE_NOT_EMPTY);
        assert_changes(delete_namespace("prod", true));
        assert_int_equal(RESULT.n_deleted, 1);
}

static void test_a_namespace_takes_its_configs_with_it(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(create_namespace("prod.acme"));
        assert_changes(save_and_publish("prod", "a", "1"));
        assert_changes(save_and_publish("prod", "b", "1"));
        assert_changes(save("prod", "c", "1"));
        assert_changes(save_and_publish("prod", "d", "1"));
        assert_changes(delete ("prod", "d"));
        assert_changes(save_and_publish("prod.acme", "a", "1"));

        assert_changes(delete_namespace("prod", true));
        assert_int_equal(RESULT.n_deleted, 3);
        assert_served("prod", "a", 0);
        assert_served("prod", "b", 0);
        assert_served("prod.acme", "a", 1);
        assert_int_equal(fixture_number(suite.fixture, "SELECT count(*) FROM audit WHERE revision = %d",
                                        (int)revision()),
                         4);
        assert_int_equal(
                fixture_number(suite.fixture, "SELECT count(*) FROM audit WHERE details = '{\"configs\":3}'"),
                1);
        assert_refused(save("prod", "a", "2"), STORE_E_NAMESPACE_UNKNOWN);
}

static void test_the_change_of_a_deleted_namespace_removes_its_configs_first(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "a", "1"));
        assert_changes(save("prod", "b", "1"));
        assert_changes(delete_namespace("prod", true));
        assert_int_equal(suite.newest->n_items, 2);
        assert_int_equal(suite.newest->items[0].kind, CHANGE_REMOVAL);
        assert_true(span_equal_string(suite.newest->items[0].key, "a"));
        assert_int_equal(suite.newest->items[1].kind, CHANGE_NAMESPACE_REMOVAL);
}

static void test_many_configs_go_with_their_namespace(void **state _unused_) {
        static char keys[300][16];
        Ask *asks[ARRAY_SIZE(keys)];

        assert_changes(create_namespace("prod"));
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                (void)snprintf(keys[i], sizeof(keys[i]), "%zu", i);
                asks[i] = submit_one(save_and_publish("prod", keys[i], "1"));
        }
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                wait_for(asks[i]);
                ask_free(asks[i]);
        }
        assert_changes(delete_namespace("prod", true));
        assert_int_equal(RESULT.n_deleted, ARRAY_SIZE(keys));
        assert_int_equal(catalog_n_releases(&suite.catalog), 0);
}

static void test_a_namespace_with_deleted_configs_alone_counts_as_empty(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "a", "1"));
        assert_changes(delete ("prod", "a"));
        assert_changes(delete_namespace("prod", false));
}

static void test_a_namespace_that_is_created_again_goes_on_with_its_history(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "a", "1"));
        assert_changes(delete_namespace("prod", true));
        assert_changes(create_namespace("prod"));
        assert_int_equal(RESULT.namespace_row.revision, 4);
        assert_served("prod", "a", 0);
        assert_changes(save_and_publish("prod", "a", "2"));
        assert_int_equal(RESULT.version, 2);
        assert_false(RESULT.is_new);
        assert_served("prod", "a", 2);
}

/*
 * Saving.
 */

static void test_a_save_makes_a_version_that_is_not_served(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_int_equal(RESULT.version, 1);
        assert_true(RESULT.created);
        assert_true(RESULT.is_new);
        assert_int_equal(release_version(RESULT.release), 1);
        assert_int_equal(release_revision(RESULT.release), 2);
        assert_served("prod", "app", 0);
        assert_int_equal(suite.newest->n_items, 0);
        assert_int_equal(count("outbox"), 0);
        assert_int_equal(count("releases"), 0);
        assert_audited("config.save prod/app 1 2");
}

static void test_a_save_with_publish_is_one_change_and_one_entry(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_true(RESULT.created);
        assert_served("prod", "app", 1);
        assert_ptr_equal(served("prod", "app"), RESULT.release);
        assert_int_equal(suite.newest->n_items, 1);
        assert_int_equal(count("audit"), 2);
        assert_audited("config.publish prod/app 1 2");
}

static void test_versions_count_from_1_for_each_config(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "a", "1"));
        assert_changes(save("prod", "a", "2"));
        assert_int_equal(RESULT.version, 2);
        assert_false(RESULT.is_new);
        assert_changes(save("prod", "b", "1"));
        assert_int_equal(RESULT.version, 1);
        assert_true(RESULT.is_new);
}

static void test_the_same_content_again_is_no_change(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_no_op(save("prod", "app", "1"));
        assert_false(RESULT.created);
        assert_false(RESULT.is_new);
        assert_int_equal(RESULT.version, 1);
        assert_no_op(save_and_publish("prod", "app", "1"));
        assert_false(RESULT.created);
        assert_true(same_release(RESULT.release, served("prod", "app")));
}

static void test_the_same_content_in_another_format_is_a_new_version(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(put_as("prod", "app", FORMAT_TEXT, SPAN_LITERAL("1"), false));
        assert_changes(put_as("prod", "app", FORMAT_JSON, SPAN_LITERAL("1"), false));
        assert_true(RESULT.created);
        assert_int_equal(RESULT.version, 2);
        assert_int_equal(release_format(RESULT.release), FORMAT_JSON);
}

static void test_the_content_of_an_older_version_is_a_new_version(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(save("prod", "app", "2"));
        assert_changes(save("prod", "app", "1"));
        assert_true(RESULT.created);
        assert_int_equal(RESULT.version, 3);
}

static void
test_a_saved_content_that_is_published_again_is_released_without_a_new_version(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_false(RESULT.created);
        assert_int_equal(RESULT.version, 1);
        assert_served("prod", "app", 1);
        assert_int_equal(release_revision(served("prod", "app")), 3);
        assert_int_equal(count("versions"), 1);
}

static void test_the_newest_content_is_not_taken_for_the_one_in_force(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(save("prod", "app", "2"));
        assert_no_op(save("prod", "app", "2"));
        assert_int_equal(RESULT.version, 2);
        assert_int_equal(release_version(RESULT.release), 2);
        assert_served("prod", "app", 1);
}

static void test_nothing_is_saved_in_an_unknown_namespace(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_refused(save("prod.acme", "app", "1"), STORE_E_NAMESPACE_UNKNOWN);
        assert_refused(save_and_publish("dev", "app", "1"), STORE_E_NAMESPACE_UNKNOWN);
}

static void test_contents_are_kept_byte_for_byte(void **state _unused_) {
        static const Span contents[] = { SPAN_LITERAL(""), SPAN_LITERAL("\r\n\t \n"),
                                         SPAN_LITERAL("\xef\xbb\xbf\xc3\xa9"), SPAN_LITERAL("'\";--\\"),
                                         SPAN_LITERAL("\x01\x7f\xf0\x9f\x98\x80") };

        assert_changes(create_namespace("prod"));
        for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
                assert_changes(put_as("prod", "app", FORMAT_TEXT, contents[i], true));
                assert_content(served("prod", "app"), contents[i]);
        }
        reopen_store();
        for (int64_t version = 1; version <= (int64_t)ARRAY_SIZE(contents); version++) {
                if (version < (int64_t)ARRAY_SIZE(contents))
                        assert_changes(publish("prod", "app", version));
                else
                        assert_executed(publish("prod", "app", version));
                assert_content(served("prod", "app"), contents[version - 1]);
        }
}

static void test_a_large_content_is_kept_whole(void **state _unused_) {
        size_t size = 1024 * 1024;
        char *content = malloc(size);

        assert_non_null(content);
        for (size_t i = 0; i < size; i++)
                content[i] = (char)('a' + i % 26);
        assert_changes(create_namespace("prod"));
        assert_changes(put_as("prod", "app", FORMAT_TEXT, (Span){ content, size }, true));
        reopen_store();
        assert_content(served("prod", "app"), (Span){ content, size });
        free(content);
}

static void test_a_release_tells_who_published_it_why_and_when(void **state _unused_) {
        static const char expected[] = "\"updated_by\":\"user:admin\",\"comment\":\"publish\"";
        int64_t before_ms = clock_wall_ms();
        Span json;

        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(publish("prod", "app", 1));
        json = release_json(served("prod", "app"));
        assert_non_null(memmem(json.data, json.size, expected, strlen(expected)));
        assert_int_equal(release_revision(served("prod", "app")), 3);
        assert_in_range(fixture_number(suite.fixture, "SELECT max(created_at_ms) FROM releases"), before_ms,
                        clock_wall_ms());
}

/*
 * Expectations. What they stand before: nothing, two versions, two versions and a delete.
 */

static void test_an_expectation_is_held_against_the_newest_version(void **state _unused_) {
        static const struct {
                Expectation expectation;
                int64_t version;
                bool met_absent, met_present, met_deleted;
        } rows[] = {
                { EXPECT_ANYTHING, 0, true, true, true },  { EXPECT_ABSENT, 0, true, false, true },
                { EXPECT_PRESENT, 0, false, true, false }, { EXPECT_VERSION, 1, false, false, false },
                { EXPECT_VERSION, 2, false, true, true },  { EXPECT_VERSION, 3, false, false, false },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                for (int place = 0; place < 3; place++) {
                        bool met = place == 0   ? rows[i].met_absent
                                   : place == 1 ? rows[i].met_present
                                                : rows[i].met_deleted;
                        Operation put = expecting(save_and_publish("prod", "app", "new"), rows[i].expectation,
                                                  rows[i].version);

                        assert_changes(create_namespace("prod"));
                        if (place > 0) {
                                assert_changes(save_and_publish("prod", "app", "1"));
                                assert_changes(save("prod", "app", "2"));
                        }
                        if (place > 1)
                                assert_changes(delete ("prod", "app"));
                        if (met)
                                assert_changes(put);
                        else
                                assert_refused(put, STORE_E_VERSION_CONFLICT);

                        replace_store();
                        start_store();
                }
        }
}

static void test_a_missed_expectation_is_told_even_when_the_content_is_the_same(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_refused(expecting(save("prod", "app", "1"), EXPECT_VERSION, 7), STORE_E_VERSION_CONFLICT);
        assert_refused(expecting(save("prod", "app", "1"), EXPECT_ABSENT, 0), STORE_E_VERSION_CONFLICT);
        assert_no_op(expecting(save("prod", "app", "1"), EXPECT_VERSION, 1));
}

/*
 * Publishing.
 */

static void test_any_version_is_published(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(save("prod", "app", "2"));
        assert_changes(publish("prod", "app", 1));
        assert_served("prod", "app", 1);
        assert_int_equal(RESULT.version, 1);
        assert_false(RESULT.created);
        assert_ptr_equal(RESULT.release, served("prod", "app"));
        assert_audited("config.publish prod/app 1 4");
}

static void test_each_of_many_versions_is_published_by_its_number(void **state _unused_) {
        char content[8];

        assert_changes(create_namespace("prod"));
        for (int i = 1; i <= 40; i++) {
                (void)snprintf(content, sizeof(content), "%d", i);
                assert_executed(save("prod", "app", content));
                assert_executed(save("prod", "other", content));
        }
        for (int i = 1; i <= 40; i++) {
                (void)snprintf(content, sizeof(content), "%d", i);
                assert_executed(i % 2 ? publish("prod", "app", i) : roll_back("prod", "app", i));
                assert_served("prod", "app", i);
                assert_content(served("prod", "app"), span(content));
        }
}

static void test_without_a_number_the_newest_version_is_published(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(save("prod", "app", "2"));
        assert_changes(publish("prod", "app", 0));
        assert_served("prod", "app", 2);
}

static void test_publishing_what_is_in_force_is_no_change(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_no_op(publish("prod", "app", 1));
        assert_no_op(publish("prod", "app", 0));
        assert_int_equal(RESULT.version, 1);
        assert_true(same_release(RESULT.release, served("prod", "app")));
}

static void test_what_does_not_exist_is_not_published(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_refused(publish("prod", "app", 0), STORE_E_CONFIG_UNKNOWN);
        assert_refused(publish("dev", "app", 0), STORE_E_NAMESPACE_UNKNOWN);
        assert_changes(save("prod", "app", "1"));
        assert_refused(publish("prod", "app", 2), STORE_E_VERSION_UNKNOWN);
}

/*
 * Deleting.
 */

static void test_a_deleted_config_is_not_served_and_keeps_its_history(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_null(RESULT.release);
        assert_int_equal(RESULT.version, 0);
        assert_served("prod", "app", 0);
        assert_int_equal(count("versions"), 1);
        assert_int_equal(count("releases"), 2);
        assert_audited("config.delete prod/app 1 3");
}

static void test_a_config_is_deleted_once(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_refused(delete ("prod", "app"), STORE_E_CONFIG_UNKNOWN);
        assert_refused(delete ("prod", "none"), STORE_E_CONFIG_UNKNOWN);
        assert_refused(delete ("dev", "app"), STORE_E_NAMESPACE_UNKNOWN);
}

static void test_a_config_that_was_never_served_is_deleted_without_telling_mirrors(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_int_equal(suite.newest->n_items, 0);
        assert_int_equal(count("outbox"), 0);
        assert_audited("config.delete prod/app - 3");
}

static void test_a_save_after_a_delete_goes_on_with_the_versions(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_changes(save("prod", "app", "2"));
        assert_false(RESULT.is_new);
        assert_int_equal(RESULT.version, 2);
        assert_served("prod", "app", 0);
        assert_changes(delete ("prod", "app"));
}

static void test_the_same_content_after_a_delete_brings_the_config_back_unpublished(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_changes(save("prod", "app", "1"));
        assert_false(RESULT.created);
        assert_int_equal(RESULT.version, 1);
        assert_served("prod", "app", 0);
        assert_no_op(save("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
}

static void test_the_same_content_with_publish_after_a_delete_is_served_again(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_false(RESULT.created);
        assert_served("prod", "app", 1);
        assert_int_equal(release_revision(served("prod", "app")), 4);
}

static void test_a_publish_brings_a_deleted_config_back(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_changes(publish("prod", "app", 1));
        assert_served("prod", "app", 1);
}

/*
 * Rolling back.
 */

static void publish_versions(int n) {
        static const char *const contents[] = { "1", "2", "3", "4", "5" };

        assert_changes(create_namespace("prod"));
        for (int i = 0; i < n; i++)
                assert_changes(save_and_publish("prod", "app", contents[i]));
}

static int64_t restores(void) {
        return fixture_number(suite.fixture,
                              "SELECT ifnull(restores, 0) FROM releases ORDER BY id DESC LIMIT 1");
}

static void assert_rolled_back(Operation operation, int64_t version, int64_t restored_event) {
        assert_changes(operation);
        assert_int_equal(RESULT.version, version);
        assert_false(RESULT.created);
        assert_served("prod", "app", version);
        assert_int_equal(restores(), restored_event);
}

static void test_a_rollback_names_the_newest_release_of_its_version(void **state _unused_) {
        publish_versions(3);
        assert_rolled_back(roll_back("prod", "app", 1), 1, 1);
        assert_audited("config.rollback prod/app 1 5");
        assert_rolled_back(roll_back("prod", "app", 3), 3, 3);
        assert_rolled_back(roll_back("prod", "app", 1), 1, 4);
}

static void test_a_rollback_to_what_never_was_released_restores_nothing(void **state _unused_) {
        publish_versions(1);
        assert_changes(save("prod", "app", "2"));
        assert_rolled_back(roll_back("prod", "app", 2), 2, 0);
        assert_rolled_back(roll_back("prod", "app", 0), 1, 1);
}

static void test_a_rollback_to_what_is_in_force_is_no_change(void **state _unused_) {
        publish_versions(2);
        assert_no_op(roll_back("prod", "app", 2));
        assert_int_equal(RESULT.version, 2);
}

static void test_walking_back_goes_step_by_step_to_the_first_release(void **state _unused_) {
        publish_versions(4);
        assert_rolled_back(roll_back("prod", "app", 0), 3, 3);
        assert_rolled_back(roll_back("prod", "app", 0), 2, 2);
        assert_rolled_back(roll_back("prod", "app", 0), 1, 1);
        assert_refused(roll_back("prod", "app", 0), STORE_E_NOTHING_TO_ROLL_BACK);
}

static void test_walking_back_goes_on_from_a_publish_in_between(void **state _unused_) {
        publish_versions(3);
        assert_rolled_back(roll_back("prod", "app", 0), 2, 2);
        assert_changes(publish("prod", "app", 3));
        assert_rolled_back(roll_back("prod", "app", 0), 2, 4);
}

static void test_walking_back_goes_on_before_what_a_rollback_restored(void **state _unused_) {
        publish_versions(3);
        assert_rolled_back(roll_back("prod", "app", 2), 2, 2);
        assert_rolled_back(roll_back("prod", "app", 0), 1, 1);
}

static void test_after_a_delete_walking_back_brings_back_what_was_in_force(void **state _unused_) {
        publish_versions(2);
        assert_changes(delete ("prod", "app"));
        assert_rolled_back(roll_back("prod", "app", 0), 2, 2);
        assert_rolled_back(roll_back("prod", "app", 0), 1, 1);
}

static void test_deletes_are_no_steps(void **state _unused_) {
        publish_versions(1);
        assert_changes(delete ("prod", "app"));
        assert_changes(save_and_publish("prod", "app", "2"));
        assert_rolled_back(roll_back("prod", "app", 0), 1, 1);
        assert_refused(roll_back("prod", "app", 0), STORE_E_NOTHING_TO_ROLL_BACK);
}

static void test_there_is_nothing_to_roll_back_where_nothing_was_published(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_refused(roll_back("prod", "app", 0), STORE_E_NOTHING_TO_ROLL_BACK);
        assert_changes(delete ("prod", "app"));
        assert_refused(roll_back("prod", "app", 0), STORE_E_NOTHING_TO_ROLL_BACK);
}

static void test_what_does_not_exist_is_not_rolled_back(void **state _unused_) {
        publish_versions(1);
        assert_refused(roll_back("prod", "app", 2), STORE_E_VERSION_UNKNOWN);
        assert_refused(roll_back("prod", "none", 1), STORE_E_CONFIG_UNKNOWN);
        assert_refused(roll_back("dev", "app", 0), STORE_E_NAMESPACE_UNKNOWN);
}

/*
 * Random sequences on one config against a model of its release events.
 */

#define EVENTS_MAX 512

typedef struct Model {
        int64_t newest;
        int64_t stable;  /* 0: nothing is served */
        size_t in_force; /* event, from 1; or what was before a delete; 0: none ever */
        bool is_deleted;
        size_t n_events;
        struct {
                int64_t version; /* 0: a delete */
                size_t restores;
        } events[EVENTS_MAX + 1];
} Model;

static StoreOutcome model_release(Model *model, int64_t version, size_t restored_event) {
        model->n_events++;
        assert_true(model->n_events <= EVENTS_MAX);
        model->events[model->n_events].version = version;
        model->events[model->n_events].restores = restored_event;
        model->stable = version;
        model->is_deleted = version == 0;
        if (version)
                model->in_force = model->n_events;
        return STORE_OK;
}

static StoreOutcome model_walk_back(Model *model) {
        size_t from = model->in_force, to;

        if (!from)
                return STORE_E_NOTHING_TO_ROLL_BACK;
        if (!model->stable)
                return model_release(model, model->events[from].version, from);

        to = (model->events[from].restores ? model->events[from].restores : from) - 1;
        while (to > 0 && model->events[to].version == 0)
                to--;
        return to ? model_release(model, model->events[to].version, to) : STORE_E_NOTHING_TO_ROLL_BACK;
}

static StoreOutcome model_roll_back(Model *model, int64_t to) {
        size_t event = model->n_events;

        if (to == 0)
                return model_walk_back(model);
        if (to > model->newest)
                return STORE_E_VERSION_UNKNOWN;
        if (to == model->stable)
                return STORE_OK;

        while (event > 0 && model->events[event].version != to)
                event--;
        return model_release(model, to, event);
}

static StoreOutcome model_publish(Model *model, int64_t version) {
        if (version > model->newest)
                return STORE_E_VERSION_UNKNOWN;
        if (version == 0)
                version = model->newest;
        return version == model->stable ? STORE_OK : model_release(model, version, 0);
}

static StoreOutcome model_put(Model *model, bool and_publish) {
        model->newest++;
        model->is_deleted = false;
        return and_publish ? model_release(model, model->newest, 0) : STORE_OK;
}

static StoreOutcome model_delete(Model *model) {
        return model->is_deleted ? STORE_E_CONFIG_UNKNOWN : model_release(model, 0, 0);
}

typedef struct Step {
        Ask *ask;
        StoreOutcome outcome;
        int64_t stable;
} Step;

static char contents[EVENTS_MAX][16];

/* Every put has a content of its own, so that it makes a version. */
static Step random_step(Model *model, uint64_t *random, size_t n) {
        int64_t version = (int64_t)(next_random(random) % (uint64_t)(model->newest + 2));
        bool and_publish = next_random(random) % 2;
        Operation operation;
        Step step;

        switch (model->newest ? next_random(random) % 8 : 0) {
        case 0:
                (void)snprintf(contents[n], sizeof(contents[n]), "%zu", n);
                operation = and_publish ? save_and_publish("prod", "app", contents[n])
                                        : save("prod", "app", contents[n]);
                step.outcome = model_put(model, and_publish);
                break;
        case 1:
        case 2:
                operation = publish("prod", "app", version);
                step.outcome = model_publish(model, version);
                break;
        case 3:
                operation = delete ("prod", "app");
                step.outcome = model_delete(model);
                break;
        case 4:
        case 5:
                operation = roll_back("prod", "app", version);
                step.outcome = model_roll_back(model, version);
                break;
        default:
                operation = roll_back("prod", "app", 0);
                step.outcome = model_roll_back(model, 0);
        }
        step.ask = submit_one(operation);
        step.stable = model->stable;
        return step;
}

static void check_step(Step *step) {
        const Operation *operation = &step->ask->operations[0];

        wait_for(step->ask);
        assert_int_equal(step->ask->command.outcome, step->outcome);
        if (step->outcome == STORE_OK && operation->type != OPERATION_PUT)
                assert_int_equal(operation->result.version, step->stable);
        ask_free(step->ask);
}

static void assert_events(const Model *model) {
        assert_int_equal(count("releases"), model->n_events);
        for (size_t i = 1; i <= model->n_events; i++) {
                assert_int_equal(fixture_number(suite.fixture,
                                                "SELECT ifnull(version, 0) FROM releases WHERE id = %d",
                                                (int)i),
                                 model->events[i].version);
                assert_int_equal(fixture_number(suite.fixture,
                                                "SELECT ifnull(restores, 0) FROM releases WHERE id = %d",
                                                (int)i),
                                 model->events[i].restores);
        }
        assert_served("prod", "app", model->stable);
}

static void follow_random_sequence(uint64_t seed) {
        Model model = { 0 };
        Step steps[200], end;
        uint64_t random = seed * 7919;
        size_t n_walked = 0, n_events;

        assert_changes(create_namespace("prod"));
        for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
                steps[i] = random_step(&model, &random, i);
        for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
                check_step(&steps[i]);
        assert_events(&model);

        n_events = model.n_events;
        for (;;) {
                end.outcome = model_walk_back(&model);
                end.stable = model.stable;
                end.ask = submit_one(roll_back("prod", "app", 0));
                check_step(&end);
                if (end.outcome)
                        break;
                assert_true(++n_walked <= n_events);
        }
        assert_int_equal(end.outcome, STORE_E_NOTHING_TO_ROLL_BACK);
        assert_events(&model);
}

static void test_releases_follow_the_rules_whatever_was_done_and_walking_back_ends(void **state _unused_) {
        for (uint64_t seed = 1; seed <= 12; seed++) {
                follow_random_sequence(seed);
                replace_store();
                start_store();
        }
}

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

/* Alternates between two versions that exist, @n times; waits for the last. */
static void publish_many(int n) {
        Ask **asks = calloc((size_t)n, sizeof(Ask *));

        assert_non_null(asks);
        for (int i = 0; i < n; i++)
                asks[i] = submit_one(publish("prod", "app", 1 + i % 2));
        for (int i = 0; i < n; i++) {
                wait_for(asks[i]);
                assert_int_equal(asks[i]->command.outcome, STORE_OK);
                ask_free(asks[i]);
        }
        free(asks);
}

static void save_two_versions(void) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(save_and_publish("prod", "app", "2"));
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

static int silence_log(void **state _unused_) {
        log_set_level(LOG_LEVEL_ERROR);
        return 0;
}

#define TEST_DISK(name) cmocka_unit_test_setup_teardown(name, set_up_disk, tear_down_disk)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_a_new_store_is_empty),
                TEST(test_the_epoch_is_32_hex_digits_and_stays),
                TEST(test_a_store_that_cannot_be_opened_names_its_file),
                TEST(test_what_was_answered_is_there_after_a_restart),
                TEST(test_a_namespace_is_created_with_all_that_is_known_of_it),
                TEST(test_a_namespace_exists_once),
                TEST(test_a_namespace_is_described_anew),
                TEST(test_an_unknown_namespace_is_neither_described_nor_deleted),
                TEST(test_an_empty_namespace_is_deleted_once),
                TEST(test_a_namespace_with_configs_is_deleted_only_when_asked_for),
                TEST(test_a_namespace_takes_its_configs_with_it),
                TEST(test_the_change_of_a_deleted_namespace_removes_its_configs_first),
                TEST(test_many_configs_go_with_their_namespace),
                TEST(test_a_namespace_with_deleted_configs_alone_counts_as_empty),
                TEST(test_a_namespace_that_is_created_again_goes_on_with_its_history),
                TEST(test_a_save_makes_a_version_that_is_not_served),
                TEST(test_a_save_with_publish_is_one_change_and_one_entry),
                TEST(test_versions_count_from_1_for_each_config),
                TEST(test_the_same_content_again_is_no_change),
                TEST(test_the_same_content_in_another_format_is_a_new_version),
                TEST(test_the_content_of_an_older_version_is_a_new_version),
                TEST(test_a_saved_content_that_is_published_again_is_released_without_a_new_version),
                TEST(test_the_newest_content_is_not_taken_for_the_one_in_force),
                TEST(test_nothing_is_saved_in_an_unknown_namespace),
                TEST(test_contents_are_kept_byte_for_byte),
                TEST(test_a_large_content_is_kept_whole),
                TEST(test_a_release_tells_who_published_it_why_and_when),
                TEST(test_an_expectation_is_held_against_the_newest_version),
                TEST(test_a_missed_expectation_is_told_even_when_the_content_is_the_same),
                TEST(test_any_version_is_published),
                TEST(test_each_of_many_versions_is_published_by_its_number),
                TEST(test_without_a_number_the_newest_version_is_published),
                TEST(test_publishing_what_is_in_force_is_no_change),
                TEST(test_what_does_not_exist_is_not_published),
                TEST(test_a_deleted_config_is_not_served_and_keeps_its_history),
                TEST(test_a_config_is_deleted_once),
                TEST(test_a_config_that_was_never_served_is_deleted_without_telling_mirrors),
                TEST(test_a_save_after_a_delete_goes_on_with_the_versions),
                TEST(test_the_same_content_after_a_delete_brings_the_config_back_unpublished),
                TEST(test_the_same_content_with_publish_after_a_delete_is_served_again),
                TEST(test_a_publish_brings_a_deleted_config_back),
                TEST(test_a_rollback_names_the_newest_release_of_its_version),
                TEST(test_a_rollback_to_what_never_was_released_restores_nothing),
                TEST(test_a_rollback_to_what_is_in_force_is_no_change),
                TEST(test_walking_back_goes_step_by_step_to_the_first_release),
                TEST(test_walking_back_goes_on_from_a_publish_in_between),
                TEST(test_walking_back_goes_on_before_what_a_rollback_restored),
                TEST(test_after_a_delete_walking_back_brings_back_what_was_in_force),
                TEST(test_deletes_are_no_steps),
                TEST(test_there_is_nothing_to_roll_back_where_nothing_was_published),
                TEST(test_what_does_not_exist_is_not_rolled_back),
                TEST(test_releases_follow_the_rules_whatever_was_done_and_walking_back_ends),
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

        return cmocka_run_group_tests_name("writer", tests, silence_log, NULL);
}
