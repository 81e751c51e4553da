/*
 * The reader itself: what it opens, which state of the store it sees, and what ends a query.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "reader-suite.h"
#include "store/reader_internal.h"
#include "util/clock.h"

static void a_store_that_is_not_there_or_not_ours_is_not_opened(void **state) {
        const char *path = fixture_file(*state, "none.db");
        Problem problem = PROBLEM_NULL;
        Reader *reader = NULL;

        assert_int_equal(reader_open(path, &reader, &problem), -ENOENT);
        fixture_execute(*state, "PRAGMA user_version = 999");
        assert_int_equal(reader_open(suite.fixture->path, &reader, &problem), -EBADMSG);
        assert_null(reader);
        assert_non_null(strstr(problem.text, "newer"));
}

static void what_was_committed_before_a_query_is_seen(void **state) {
        int64_t newest, stable;

        (void)state;
        fixture_add_namespace(suite.fixture, "prod");
        for (int i = 1; i <= 20; i++) {
                fixture_publish(suite.fixture, "prod", "k", "x");
                assert_int_equal(reader_get_config(suite.reader, span("prod"), span("k"), &newest, &stable),
                                 0);
                assert_int_equal(stable, i);
        }
}

/* A callback that writes is no use, but shows that the list does not see what comes in between. */
static int publish_another(void *context, const ConfigRow *row) {
        char key[32];

        (void)context;
        (void)snprintf(key, sizeof(key), "later%u", suite.listing.n);
        fixture_publish(suite.fixture, "prod", key, "x");
        return note_row("%.*s", (int)row->data.key.size, row->data.key.data);
}

static void a_list_sees_one_state_of_the_store(void **state) {
        ConfigQuery query = { .namespace = SPAN_LITERAL("prod"), .limit = 100 };
        bool more;

        (void)state;
        fixture_add_namespace(suite.fixture, "prod");
        fixture_publish(suite.fixture, "prod", "a", "x");
        fixture_publish(suite.fixture, "prod", "b", "x");
        assert_int_equal(reader_list_configs(suite.reader, &query, publish_another, NULL, &more), 0);
        assert_listing("a b");
        LIST_CONFIGS(.limit = 100);
        assert_listing("a:1 b:1 later0:1 later1:1");
}

static void fill_many(int n) {
        fixture_add_namespace(suite.fixture, "prod");
        fixture_execute(suite.fixture,
                        "BEGIN; WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i LIMIT %d)"
                        " INSERT INTO configs (namespace_id, key, newest_format, newest_sha256, newest, "
                        "newest_id, spine, stable, stable_id)"
                        " SELECT 1, printf('key%%06d', n), 5, zeroblob(32), 1, n, x'', 1, n FROM i;"
                        "INSERT INTO versions (config_id, version, format, sha256, revision, created_at_ms, "
                        "created_by,"
                        " comment, content) SELECT id, 1, 5, zeroblob(32), 1, 0, '', '', "
                        "hex(randomblob(200)) FROM configs;"
                        "COMMIT",
                        n);
}

static void a_query_past_its_deadline_times_out_and_leaves_nothing_open(void **state) {
        ConfigQuery query = { .namespace = SPAN_LITERAL("prod"),
                              .search = SPAN_LITERAL("nowhere"),
                              .limit = 1 };
        bool more = true;

        (void)state;
        fill_many(2000);
        for (int i = 0; i < 100; i++) {
                reader_set_deadline(suite.reader, clock_monotonic_ms());
                assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more),
                                 -ETIMEDOUT);
                assert_true(more);
                assert_true(sqlite3_get_autocommit(suite.reader->database));
        }

        fixture_publish(suite.fixture, "prod", "late", "NoWhere");
        reader_set_deadline(suite.reader, clock_monotonic_ms() + 60000);
        LIST_CONFIGS(.search = SPAN_LITERAL("nowhere"));
        assert_listing("late:1");
        reader_set_deadline(suite.reader, 0);
        LIST_CONFIGS(.search = SPAN_LITERAL("nowhere"));
        assert_listing("late:1");
}

static void damaged_rows_are_not_handed_out(void **state) {
        HistoryQuery query = { .namespace = SPAN_LITERAL("prod"), .key = SPAN_LITERAL("k"), .limit = 10 };
        ConfigQuery configs = { .namespace = SPAN_LITERAL("prod"), .limit = 10 };
        bool with_content = true, more = true;

        (void)state;
        fixture_add_namespace(suite.fixture, "prod");
        fixture_publish(suite.fixture, "prod", "k", "x");
        fixture_execute(suite.fixture, "UPDATE versions SET format = 6");
        assert_int_equal(reader_list_configs(suite.reader, &configs, note_config, NULL, &more), -EBADMSG);
        assert_int_equal(reader_list_versions(suite.reader, &query, true, note_version, &with_content, &more),
                         -EBADMSG);
        assert_int_equal(
                reader_get_version(suite.reader, query.namespace, query.key, 1, note_version, &with_content),
                -EBADMSG);
        fixture_execute(suite.fixture, "UPDATE versions SET format = 5, sha256 = x'00'");
        assert_int_equal(reader_list_configs(suite.reader, &configs, note_config, NULL, &more), -EBADMSG);
        fixture_execute(suite.fixture, "UPDATE releases SET kind = -1");
        assert_int_equal(reader_list_releases(suite.reader, &query, note_release, NULL, &more), -EBADMSG);
        fixture_execute(suite.fixture,
                        "DROP TRIGGER audit_is_append_only_update; UPDATE audit SET outcome = 2");
        assert_int_equal(reader_list_audit(suite.reader, &(AuditQuery){ .until_ms = INT64_MAX, .limit = 1 },
                                           note_entry, NULL, &more),
                         -EBADMSG);
        assert_true(more);
        assert_true(sqlite3_get_autocommit(suite.reader->database));
        assert_listing("");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_store_that_is_not_there_or_not_ours_is_not_opened),
                TEST(what_was_committed_before_a_query_is_seen),
                TEST(a_list_sees_one_state_of_the_store),
                TEST(a_query_past_its_deadline_times_out_and_leaves_nothing_open),
                TEST(damaged_rows_are_not_handed_out),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
