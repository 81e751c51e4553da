#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/sql.h"

static int set_up(void **state) {
        Problem problem = PROBLEM_NULL;
        Fixture *fixture;

        if (fixture_set_up_directory(state) < 0)
                return -1;

        fixture = *state;
        return sql_open(fixture->path, SQL_MODE_WRITER, &fixture->database, &problem) ||
               sql_use_wal(fixture->database);
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *text) {
        sqlite3_stmt *statement = NULL;

        assert_int_equal(sql_prepare(database, &text, &statement, 1), 0);
        return statement;
}

static void a_writer_commits_durably_and_checkpoints_by_hand(void **state) {
        Fixture *fixture = *state;
        sqlite3_stmt *statement = prepare(fixture->database, "PRAGMA journal_mode");

        assert_int_equal(sql_step(statement), 1);
        assert_true(span_equal_string(sql_column_text(statement, 0), "wal"));
        sql_finalize(&statement, 1);
        assert_int_equal(fixture_number(fixture, "PRAGMA synchronous"), 2);
        assert_int_equal(fixture_number(fixture, "PRAGMA wal_autocheckpoint"), 0);
        assert_int_equal(fixture_number(fixture, "PRAGMA foreign_keys"), 1);
}

static void a_reader_cannot_write(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        sqlite3 *reader = NULL;

        fixture_execute(fixture, "CREATE TABLE t (x)");
        assert_int_equal(sql_open(fixture->path, SQL_MODE_READER, &reader, &problem), 0);
        assert_int_equal(sql_execute(reader, "INSERT INTO t VALUES (1)"), -EROFS);
        sql_close(reader);
}

static void a_reader_makes_no_file(void **state) {
        Fixture *fixture = *state;
        const char *path = fixture_file(fixture, "none.db");
        Problem problem = PROBLEM_NULL;
        sqlite3 *reader = NULL;

        assert_int_equal(sql_open(path, SQL_MODE_READER, &reader, &problem), -ENOENT);
        assert_null(reader);
        assert_non_null(strstr(problem.text, "none.db cannot be opened"));
        assert_int_equal(access(path, F_OK), -1);
}

static void a_file_that_is_no_database_is_refused(void **state) {
        Fixture *fixture = *state;
        const char *path = fixture_file(fixture, "text.db");
        Problem problem = PROBLEM_NULL;
        sqlite3 *database = NULL;
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        for (int i = 0; i < 1000; i++)
                assert_true(fputs("This is no database.\n", file) > 0);
        assert_int_equal(fclose(file), 0);

        assert_int_equal(sql_open(path, SQL_MODE_WRITER, &database, &problem), -EBADMSG);
        assert_null(database);
        assert_string_not_equal(problem.text, "");
}

static void values_come_back_as_they_were_bound(void **state) {
        Fixture *fixture = *state;
        sqlite3_stmt *statement = prepare(fixture->database, "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8");
        static const char blob[] = { 0, 1, (char)0xff, 0 };
        Span text = { "a\0b", 3 };

        assert_int_equal(SQL_BIND(statement, sql_i64(INT64_MIN), sql_text(text), sql_text(SPAN_LITERAL("")),
                                  sql_text(SPAN_NULL), sql_blob(blob, sizeof(blob)), sql_null(),
                                  sql_i64_or_null(0), sql_i64_or_null(-1)),
                         0);
        assert_int_equal(sql_step(statement), 1);
        assert_true(sql_column_i64(statement, 0) == INT64_MIN);
        assert_true(span_equal(sql_column_text(statement, 1), text));
        assert_non_null(sql_column_text(statement, 2).data);
        assert_int_equal(sql_column_text(statement, 2).size, 0);
        assert_null(sql_column_text(statement, 3).data);
        assert_true(sql_column_is_null(statement, 3));
        assert_true(span_equal(sql_column_blob(statement, 4), (Span){ blob, sizeof(blob) }));
        assert_true(sql_column_is_null(statement, 5));
        assert_true(sql_column_is_null(statement, 6));
        assert_int_equal(sql_column_i64(statement, 7), -1);
        assert_int_equal(sql_step(statement), 0);
        sql_finalize(&statement, 1);
}

static void a_statement_can_be_used_again_after_its_end_and_after_a_failure(void **state) {
        Fixture *fixture = *state;
        sqlite3_stmt *insert;

        fixture_execute(fixture, "CREATE TABLE t (x INTEGER PRIMARY KEY)");
        insert = prepare(fixture->database, "INSERT INTO t VALUES (?1)");
        assert_int_equal(SQL_RUN(insert, sql_i64(1)), 0);
        assert_int_equal(SQL_RUN(insert, sql_i64(1)), -EINVAL);
        assert_int_equal(SQL_RUN(insert, sql_i64(2)), 0);
        assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM t"), 2);
        sql_finalize(&insert, 1);
        assert_null(insert);
}

static void a_statement_that_is_run_is_left_reset(void **state) {
        Fixture *fixture = *state;
        sqlite3_stmt *statement = prepare(fixture->database, "SELECT 1 UNION SELECT 2");

        assert_int_equal(sql_run_values(statement, NULL, 0), 0);
        assert_false(sqlite3_stmt_busy(statement));
        sql_finalize(&statement, 1);
}

static void of_statements_that_cannot_all_be_prepared_none_is_left(void **state) {
        Fixture *fixture = *state;
        static const char *const texts[] = { "SELECT 1", "SELECT nothing", "SELECT 2" };
        sqlite3_stmt *statements[3] = { NULL };

        assert_int_equal(sql_prepare(fixture->database, texts, statements, 3), -EINVAL);
        assert_null(statements[0]);
        assert_null(statements[1]);
        assert_null(sqlite3_next_stmt(fixture->database, NULL));
}

static void too_many_values_are_an_error(void **state) {
        Fixture *fixture = *state;
        sqlite3_stmt *statement = prepare(fixture->database, "SELECT ?1");

        assert_true(SQL_BIND(statement, sql_i64(1), sql_i64(2)) < 0);
        sql_finalize(&statement, 1);
}

static void a_full_disk_is_told_apart(void **state) {
        Fixture *fixture = *state;

        fixture_execute(fixture, "CREATE TABLE t (x)");
        (void)fixture_number(fixture, "PRAGMA max_page_count = 3");
        assert_int_equal(sql_execute(fixture->database, "INSERT INTO t VALUES (zeroblob(100000))"), -ENOSPC);
}

static int interrupt(void *context) {
        (void)context;
        return 1;
}

static void an_interrupted_statement_has_timed_out(void **state) {
        Fixture *fixture = *state;

        sqlite3_progress_handler(fixture->database, 10, interrupt, NULL);
        assert_int_equal(
                sql_execute(fixture->database,
                            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000)"
                            " SELECT count(*) FROM n"),
                -ETIMEDOUT);
}

static void foreign_keys_are_enforced(void **state) {
        Fixture *fixture = *state;

        fixture_execute(fixture,
                        "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a REFERENCES a (id))");
        assert_int_equal(sql_execute(fixture->database, "INSERT INTO b VALUES (1)"), -EINVAL);
}

static void codes_become_errnos(void **state) {
        static const struct {
                int code;
                int r;
        } cases[] = {
                { SQLITE_OK, 0 },
                { SQLITE_ROW, 0 },
                { SQLITE_DONE, 0 },
                { SQLITE_FULL, -ENOSPC },
                { SQLITE_BUSY, -EBUSY },
                { SQLITE_BUSY_SNAPSHOT, -EBUSY },
                { SQLITE_CORRUPT, -EBADMSG },
                { SQLITE_NOTADB, -EBADMSG },
                { SQLITE_READONLY, -EROFS },
                { SQLITE_CANTOPEN, -ENOENT },
                { SQLITE_NOMEM, -ENOMEM },
                { SQLITE_INTERRUPT, -ETIMEDOUT },
                { SQLITE_CONSTRAINT_UNIQUE, -EINVAL },
                { SQLITE_IOERR_FSYNC, -EIO },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_int_equal(sql_error(cases[i].code), cases[i].r);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, fixture_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_writer_commits_durably_and_checkpoints_by_hand),
                TEST(a_reader_cannot_write),
                TEST(a_reader_makes_no_file),
                TEST(a_file_that_is_no_database_is_refused),
                TEST(values_come_back_as_they_were_bound),
                TEST(a_statement_can_be_used_again_after_its_end_and_after_a_failure),
                TEST(a_statement_that_is_run_is_left_reset),
                TEST(of_statements_that_cannot_all_be_prepared_none_is_left),
                TEST(too_many_values_are_an_error),
                TEST(a_full_disk_is_told_apart),
                TEST(an_interrupted_statement_has_timed_out),
                TEST(foreign_keys_are_enforced),
                cmocka_unit_test(codes_become_errnos),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
