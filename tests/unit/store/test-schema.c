#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/maintenance.h"
#include "store/reader.h"
#include "store/schema.h"
#include "store/sql.h"

static void open_writer(Fixture *fixture, const char *path) {
        Problem problem = PROBLEM_NULL;

        fixture->database = sql_close(fixture->database);
        assert_int_equal(sql_open(path, SQL_MODE_WRITER, &fixture->database, &problem), 0);
}

static int newest_version(void) {
        return migrations[n_migrations - 1].number;
}

/* The text that a query yields, until the next call. */
static const char *text_of(Fixture *fixture, const char *query) {
        static char text[256];
        sqlite3_stmt *statement = NULL;

        assert_int_equal(sql_prepare(fixture->database, &query, &statement, 1), 0);
        assert_int_equal(sql_step(statement), 1);
        (void)snprintf(text, sizeof(text), "%s", (const char *)sqlite3_column_text(statement, 0));
        sql_finalize(&statement, 1);
        return text;
}

static void migrations_are_numbered_without_a_gap(void **state) {
        (void)state;
        assert_true(n_migrations > 0);
        for (size_t i = 0; i < n_migrations; i++) {
                assert_int_equal(migrations[i].number, i + 1);
                assert_non_null(strchr(migrations[i].text, ';'));
        }
}

/* What a publish adds rows to. */
static void assert_publishes_look_no_config_up(Fixture *fixture) {
        assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM pragma_foreign_key_list('versions')"),
                         0);
        assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM pragma_foreign_key_list('releases')"
                                                 " WHERE \"table\" <> 'releases'"),
                         0);
}

static void an_empty_file_becomes_a_store(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        const char *epoch;

        assert_int_equal(fixture_number(fixture, "PRAGMA application_id"), SQL_APPLICATION_ID);
        assert_int_equal(fixture_number(fixture, "PRAGMA user_version"), newest_version());
        assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM store WHERE id = 1 AND revision = 0"
                                                 " AND changed_at_ms = 0 AND audit_hash = zeroblob(32)"),
                         1);
        epoch = text_of(fixture, "SELECT epoch FROM store");
        assert_int_equal(strlen(epoch), 32);
        assert_int_equal(strspn(epoch, "0123456789abcdef"), 32);
        assert_int_equal(schema_check(fixture->database, &problem), 0);
        assert_publishes_look_no_config_up(fixture);
}

static void each_store_has_an_epoch_of_its_own(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        char first[256];

        (void)snprintf(first, sizeof(first), "%s", text_of(fixture, "SELECT epoch FROM store"));
        open_writer(fixture, fixture_file(fixture, "other.db"));
        assert_int_equal(schema_migrate(fixture->database, &problem), 0);
        assert_string_not_equal(text_of(fixture, "SELECT epoch FROM store"), first);
}

static void migrating_again_changes_nothing(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        int64_t version = fixture_number(fixture, "PRAGMA schema_version");
        char epoch[256];

        (void)snprintf(epoch, sizeof(epoch), "%s", text_of(fixture, "SELECT epoch FROM store"));
        assert_int_equal(schema_migrate(fixture->database, &problem), 0);
        assert_int_equal(fixture_number(fixture, "PRAGMA schema_version"), version);
        assert_string_equal(text_of(fixture, "SELECT epoch FROM store"), epoch);
}

static void an_empty_file_is_no_store_to_check(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        int version = -1;

        open_writer(fixture, fixture_file(fixture, "empty.db"));
        assert_int_equal(schema_version(fixture->database, &version, &problem), 0);
        assert_int_equal(version, 0);
        assert_int_equal(schema_check(fixture->database, &problem), -EBADMSG);
        assert_string_equal(problem.text, "the file is empty, no store was ever made in it");
}

static void a_newer_version_is_refused_and_left_alone(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        char expected[256];

        fixture_execute(fixture, "PRAGMA user_version = %d", newest_version() + 1);
        (void)snprintf(expected, sizeof(expected),
                       "the store was written by a newer Confer: its tables are of version %d, this one "
                       "knows them up "
                       "to version %d",
                       newest_version() + 1, newest_version());

        assert_int_equal(schema_migrate(fixture->database, &problem), -EBADMSG);
        assert_string_equal(problem.text, expected);
        assert_int_equal(schema_check(fixture->database, &problem), -EBADMSG);
        assert_int_equal(fixture_number(fixture, "PRAGMA user_version"), newest_version() + 1);
}

static void assert_foreign(Fixture *fixture) {
        Problem problem = PROBLEM_NULL;

        assert_int_equal(schema_migrate(fixture->database, &problem), -EBADMSG);
        assert_string_equal(problem.text, "the file is a database of another program");
        assert_int_equal(schema_check(fixture->database, &problem), -EBADMSG);
        assert_int_equal(
                fixture_number(fixture, "SELECT count(*) FROM sqlite_schema WHERE name = 'versions'"), 0);
}

static void a_database_of_another_program_is_refused(void **state) {
        Fixture *fixture = *state;

        open_writer(fixture, fixture_file(fixture, "tables.db"));
        fixture_execute(fixture, "CREATE TABLE theirs (x)");
        assert_foreign(fixture);

        open_writer(fixture, fixture_file(fixture, "marked.db"));
        fixture_execute(fixture, "PRAGMA application_id = 1234");
        assert_foreign(fixture);

        open_writer(fixture, fixture_file(fixture, "numbered.db"));
        fixture_execute(fixture, "PRAGMA user_version = 1");
        assert_foreign(fixture);
}

static void a_truncated_file_is_refused(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        sqlite3 *database = NULL;
        int r;

        fixture_add_namespace(fixture, "prod");
        assert_int_equal(sql_write_back_log(fixture->database), 0);
        fixture->database = sql_close(fixture->database);
        assert_int_equal(truncate(fixture->path, 3 * 4096 + 100), 0);

        r = sql_open(fixture->path, SQL_MODE_WRITER, &database, &problem);
        if (r == 0)
                r = schema_migrate(database, &problem);
        assert_int_equal(r, -EBADMSG);
        assert_non_null(strstr(problem.text, "malformed"));
        sql_close(database);
}

static void a_migration_that_fails_leaves_nothing(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;

        open_writer(fixture, fixture_file(fixture, "full.db"));
        (void)fixture_number(fixture, "PRAGMA max_page_count = 4");
        assert_int_equal(schema_migrate(fixture->database, &problem), -ENOSPC);
        assert_non_null(strstr(problem.text, "the tables cannot be brought to version 1: "));
        assert_true(sqlite3_get_autocommit(fixture->database));
        assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM sqlite_schema"), 0);
        assert_int_equal(fixture_number(fixture, "PRAGMA application_id"), 0);
}

static int count_row(void *context, const ConfigRow *row) {
        (void)row;
        ++*(int *)context;
        return 0;
}

/* Old stores are kept in tests/data/store, as they were written: see the .sql beside each. */
static void a_store_of_version_1_is_brought_up_to_date(void **state) {
        const char *data = getenv("TEST_DATA");
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        VerifyReport report;
        Reader *reader = NULL;
        char old[1024];
        bool more;
        int n = 0;

        (void)snprintf(old, sizeof(old), "%s/store/v1.db", data ? data : "tests/data");
        if (access(old, R_OK) < 0)
                fail_msg("%s cannot be opened; TEST_DATA names the directory of the tests' data", old);
        fixture_copy_file(old, fixture_file(fixture, "old.db"));
        open_writer(fixture, fixture_file(fixture, "old.db"));
        assert_int_equal(fixture_number(fixture, "PRAGMA user_version"), 1);
        assert_int_equal(schema_migrate(fixture->database, &problem), 0);
        assert_int_equal(fixture_number(fixture, "PRAGMA user_version"), newest_version());
        assert_string_equal(text_of(fixture, "SELECT epoch FROM store"), "00112233445566778899aabbccddeeff");
        assert_publishes_look_no_config_up(fixture);

        if (store_verify(fixture_file(fixture, "old.db"), &report, &problem))
                fail_msg("%s", problem.text);
        assert_int_equal(report.revision, 10);
        assert_int_equal(report.n_versions, 4);
        assert_int_equal(report.n_audit_entries, 11);

        assert_int_equal(reader_open(fixture_file(fixture, "old.db"), &reader, &problem), 0);
        assert_int_equal(reader_list_configs(reader,
                                             &(ConfigQuery){ .namespace = SPAN_LITERAL("prod.acme"),
                                                             .with_deleted = true,
                                                             .limit = 10 },
                                             count_row, &n, &more),
                         0);
        assert_int_equal(n, 3);
        reader_close(reader);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_set_up, fixture_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(migrations_are_numbered_without_a_gap),
                TEST(an_empty_file_becomes_a_store),
                TEST(each_store_has_an_epoch_of_its_own),
                TEST(migrating_again_changes_nothing),
                TEST(an_empty_file_is_no_store_to_check),
                TEST(a_newer_version_is_refused_and_left_alone),
                TEST(a_database_of_another_program_is_refused),
                TEST(a_truncated_file_is_refused),
                TEST(a_migration_that_fails_leaves_nothing),
                TEST(a_store_of_version_1_is_brought_up_to_date),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
