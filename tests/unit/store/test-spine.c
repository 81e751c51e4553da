#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/lookup.h"
#include "store/spine.h"
#include "store/sql.h"

#define VERSIONS_MAX 10000

/* The jumps by their definition, each from those before it. */
static void fill_jumps(int jumps[VERSIONS_MAX + 1]) {
        jumps[1] = 1;
        for (int p = 1; p < VERSIONS_MAX; p++) {
                int jump = jumps[p], next = jumps[jump];

                jumps[p + 1] = p - jump == jump - next ? next : p;
        }
}

static int log2_of(int n) {
        return 31 - __builtin_clz((unsigned)n);
}

static void jumps_are_skew_binary(void **state) {
        static int jumps[VERSIONS_MAX + 1];

        (void)state;
        fill_jumps(jumps);
        for (int n = 1; n <= VERSIONS_MAX; n++)
                assert_int_equal(spine_jump(n), jumps[n]);
}

/* From every version, to every older one. */
static void any_version_is_few_steps_away(void **state) {
        static int jumps[VERSIONS_MAX + 1], n_steps[VERSIONS_MAX + 1];

        (void)state;
        fill_jumps(jumps);
        for (int version = 1; version <= VERSIONS_MAX; version++) {
                n_steps[version] = 0;
                for (int n = version + 1; n <= VERSIONS_MAX; n++) {
                        n_steps[n] = 1 + n_steps[jumps[n] >= version ? jumps[n] : n - 1];
                        if (n_steps[n] > 3 * log2_of(n))
                                fail_msg("%d steps from version %d to %d", n_steps[n], n, version);
                }
        }
}

/* Rows that no number can be taken for. */
static int64_t id_of(int64_t version) {
        return version ? (INT64_C(1) << 61) + version * 1000003 : 0;
}

static void a_spine_leads_down_to_version_1(void **state) {
        Spine spine = { .size = 0 };

        (void)state;
        for (int64_t n = 0; n < VERSIONS_MAX; n++) {
                int64_t jump = spine_jump(n + 1);

                spine_advance(&spine, n, id_of(n));
                assert_true(spine_jump_id(&spine) == (n == 0 ? 0 : id_of(jump)));
                assert_int_equal(spine_bytes(&spine).size, spine_n_ids(n + 1) * SPINE_ID_SIZE);
                assert_true(spine_n_ids(n + 1) <= (size_t)log2_of((int)n + 1) + 1);

                /* The rest of it is the spine of the version jumped to. */
                for (Spine rest = spine; rest.size > 0; jump = spine_jump(jump)) {
                        assert_true(spine_jump_id(&rest) == id_of(jump));
                        rest.size -= SPINE_ID_SIZE;
                }
        }
}

static void no_spine_has_more_ids_than_there_is_room_for(void **state) {
        /* The least number with as many terms as can be: 1 + 1 + 3 + 7 + ... + 2^62 - 1. */
        int64_t longest = INT64_MAX - 61;

        (void)state;
        assert_int_equal(spine_n_ids(longest), SPINE_IDS_MAX);
        assert_true(spine_jump(longest) == longest - 1);
        assert_true(spine_n_ids(longest + 1) < SPINE_IDS_MAX);
        assert_int_equal(spine_n_ids(INT64_MAX), 2);
        assert_int_equal(spine_n_ids(1), 0);
        assert_int_equal(spine_n_ids(0), 0);
}

static void a_spine_is_read_as_it_was_written(void **state) {
        Spine spine = { .size = 0 }, copy = { .size = 0 };
        Span bytes;

        (void)state;
        assert_int_equal(spine_read(spine_bytes(&spine), 0, &copy), 0);
        for (int64_t n = 0; n < 100; n++) {
                spine_advance(&spine, n, id_of(n));
                bytes = spine_bytes(&spine);
                assert_int_equal(spine_read(bytes, n + 1, &copy), 0);
                assert_true(span_equal(spine_bytes(&copy), bytes));
        }
        assert_int_equal(spine_read((Span){ "\x01\x02\x03\x04\x05\x06\x07\x08", 8 }, 2, &copy), 0);
        assert_true(spine_jump_id(&copy) == 0x0102030405060708);
}

static void a_spine_of_another_version_is_refused(void **state) {
        static const char zeros[(SPINE_IDS_MAX + 1) * SPINE_ID_SIZE];
        Spine spine = { .size = 3 };

        (void)state;
        assert_int_equal(spine_read((Span){ zeros, 8 }, 1, &spine), -EBADMSG);
        assert_int_equal(spine_read((Span){ zeros, 0 }, 2, &spine), -EBADMSG);
        assert_int_equal(spine_read((Span){ zeros, 9 }, 2, &spine), -EBADMSG);
        assert_int_equal(spine_read((Span){ zeros, 16 }, 2, &spine), -EBADMSG);
        assert_int_equal(spine_read((Span){ zeros, sizeof(zeros) }, INT64_MAX - 61, &spine), -EBADMSG);
        assert_int_equal(spine_read((Span){ NULL, 0 }, INT64_MIN, &spine), -EBADMSG);
        assert_int_equal(spine.size, 3);
}

/*
 * The same on rows.
 */

#define ROWS 70

static sqlite3_stmt *lookup_statement(Fixture *fixture) {
        static const char *const text = LOOKUP_TEXT;
        sqlite3_stmt *statement = NULL;

        assert_int_equal(sql_prepare(fixture->database, &text, &statement, 1), 0);
        return statement;
}

static void every_version_is_found_in_its_row(void **state) {
        Fixture *fixture = *state;
        sqlite3_stmt *statement;
        int64_t ids[ROWS + 1];

        fixture_add_namespace(fixture, "prod");
        for (int n = 1; n <= ROWS; n++) {
                fixture_save(fixture, "prod", "k", n % 2 ? "odd" : "even");
                ids[n] = fixture_number(fixture, "SELECT newest_id FROM configs WHERE key = 'k'");
                fixture_save(fixture, "prod", "other", n % 2 ? "odd" : "even");
        }

        statement = lookup_statement(fixture);
        for (int n = 1; n <= ROWS; n++) {
                VersionPlace newest = { .config_id = 1, .version = n, .id = ids[n] };
                int64_t id = -1;

                for (int version = 1; version <= n; version++) {
                        assert_int_equal(lookup_version(statement, &newest, version, &id), 1);
                        assert_int_equal(id, ids[version]);
                        /* The steps, and the row that they begin at. */
                        assert_true(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_RUN, true) <=
                                    3 * log2_of(n) + 1);
                }
                id = -1;
                assert_int_equal(lookup_version(statement, &newest, n + 1, &id), 0);
                assert_int_equal(lookup_version(statement, &newest, 0, &id), 0);
                assert_int_equal(lookup_version(statement, &newest, INT64_MIN, &id), 0);
                assert_int_equal(id, -1);
        }
        sql_finalize(&statement, 1);
}

static void a_row_of_another_config_or_version_is_not_found(void **state) {
        Fixture *fixture = *state;
        sqlite3_stmt *statement;
        int64_t id = -1;

        fixture_add_namespace(fixture, "prod");
        fixture_save(fixture, "prod", "a", "1");
        fixture_save(fixture, "prod", "b", "1");
        fixture_save(fixture, "prod", "b", "2");

        statement = lookup_statement(fixture);
        assert_int_equal(lookup_version(statement, &(VersionPlace){ 1, 1, 2 }, 1, &id), -EBADMSG);
        assert_int_equal(lookup_version(statement, &(VersionPlace){ 2, 2, 2 }, 2, &id), -EBADMSG);
        assert_int_equal(lookup_version(statement, &(VersionPlace){ 2, 2, 9 }, 1, &id), -EBADMSG);
        fixture_execute(fixture, "UPDATE versions SET jump_id = NULL WHERE id = 3");
        assert_int_equal(lookup_version(statement, &(VersionPlace){ 2, 2, 3 }, 1, &id), -EBADMSG);
        assert_int_equal(id, -1);
        sql_finalize(&statement, 1);
}

#define TEST(fn)       cmocka_unit_test(fn)
#define TEST_STORE(fn) cmocka_unit_test_setup_teardown(fn, fixture_set_up, fixture_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(jumps_are_skew_binary),
                TEST(any_version_is_few_steps_away),
                TEST(a_spine_leads_down_to_version_1),
                TEST(no_spine_has_more_ids_than_there_is_room_for),
                TEST(a_spine_is_read_as_it_was_written),
                TEST(a_spine_of_another_version_is_refused),
                TEST_STORE(every_version_is_found_in_its_row),
                TEST_STORE(a_row_of_another_config_or_version_is_not_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
