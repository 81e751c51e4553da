/*
 * The versions and the release events of a config.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reader-suite.h"
#include "store/reader.h"

static void list_versions(bool with_content, unsigned limit) {
        HistoryQuery query = { .namespace = SPAN_LITERAL("prod"),
                               .key = SPAN_LITERAL("k.json"),
                               .limit = limit };
        bool more = true;

        while (more) {
                turn_page();
                query.before = suite.listing.last_id;
                assert_int_equal(reader_list_versions(suite.reader, &query, with_content, note_version,
                                                      &with_content, &more),
                                 0);
        }
}

/* Revisions: 1 the namespace, 2 to 4 the versions 1 to 3. */
static void fill_history(void) {
        fixture_add_namespace(suite.fixture, "prod");
        fixture_publish(suite.fixture, "prod", "k.json", "1");
        fixture_publish(suite.fixture, "prod", "k.json", "2");
        fixture_save(suite.fixture, "prod", "k.json", "3");
        fixture_publish(suite.fixture, "prod", "other", "x");
}

static void versions_are_listed_newest_first(void **state) {
        (void)state;
        fill_history();
        list_versions(true, 100);
        assert_listing("3=3 2=2 1=1");
        list_versions(false, 100);
        assert_listing("3= 2= 1=");
}

static void versions_are_listed_in_pages(void **state) {
        (void)state;
        fill_history();
        list_versions(true, 1);
        assert_listing("3=3|2=2|1=1");
        list_versions(true, 2);
        assert_listing("3=3 2=2|1=1");
        list_versions(true, 3);
        assert_listing("3=3 2=2 1=1");
}

static void assert_page(int64_t before, unsigned limit, const char *expected, bool expected_more) {
        HistoryQuery query = { .namespace = SPAN_LITERAL("prod"),
                               .key = SPAN_LITERAL("k.json"),
                               .before = before,
                               .limit = limit };
        bool with_content = true, more = !expected_more;

        assert_int_equal(reader_list_versions(suite.reader, &query, true, note_version, &with_content, &more),
                         0);
        assert_listing(expected);
        assert_int_equal(more, expected_more);
}

static void a_page_of_versions_begins_below_any_number(void **state) {
        (void)state;
        fixture_add_namespace(suite.fixture, "prod");
        for (int i = 1; i <= 9; i++) {
                fixture_save(suite.fixture, "prod", "k.json", (char[]){ (char)('0' + i), '\0' });
                fixture_save(suite.fixture, "prod", "other", (char[]){ (char)('0' + i), '\0' });
        }

        assert_page(6, 2, "5=5 4=4", true);
        assert_page(3, 2, "2=2 1=1", false);
        assert_page(10, 1, "9=9", true);
        assert_page(77, 1, "9=9", true);
        assert_page(1, 5, "", false);
}

/* What is pointed at must be the version that was looked for, of the same config. */
static void versions_are_not_looked_up_over_a_damaged_pointer(void **state) {
        bool with_content = true;

        (void)state;
        fill_history();
        fixture_execute(suite.fixture, "UPDATE versions SET jump_id = 4 WHERE id = 3");
        assert_int_equal(reader_get_version(suite.reader, span("prod"), span("k.json"), 2, note_version,
                                            &with_content),
                         -EBADMSG);
        fixture_execute(suite.fixture, "UPDATE versions SET jump_id = 1 WHERE id = 3");
        assert_int_equal(reader_get_version(suite.reader, span("prod"), span("k.json"), 1, note_version,
                                            &with_content),
                         -EBADMSG);
        assert_listing("");
}

static void a_page_of_versions_never_shows_those_of_another_config(void **state) {
        (void)state;
        fill_history();
        fixture_execute(suite.fixture, "UPDATE versions SET previous_id = 4 WHERE id = 2");
        assert_page(0, 5, "3=3 2=2", false);
}

static void a_deleted_config_keeps_its_history(void **state) {
        int64_t newest = -1, stable = -1;

        (void)state;
        fill_history();
        fixture_delete(suite.fixture, "prod", "k.json");
        list_versions(true, 100);
        assert_listing("3=3 2=2 1=1");
        assert_int_equal(reader_get_config(suite.reader, span("prod"), span("k.json"), &newest, &stable), 0);
        assert_int_equal(newest, 3);
        assert_int_equal(stable, 0);
}

static void a_version_is_got_as_it_was_saved(void **state) {
        bool with_content = true;

        (void)state;
        fill_history();
        fixture_release(suite.fixture, RELEASE_ROLLBACK, "prod", "k.json", 1);
        assert_int_equal(reader_get_version(suite.reader, span("prod"), span("k.json"), 1, note_version,
                                            &with_content),
                         0);
        assert_int_equal(reader_get_version(suite.reader, span("prod"), span("k.json"), 3, note_version,
                                            &with_content),
                         0);
        assert_listing("1=1 3=3");
}

static void the_newest_and_the_served_version_are_got(void **state) {
        int64_t newest, stable;

        (void)state;
        fill_history();
        assert_int_equal(reader_get_config(suite.reader, span("prod"), span("k.json"), &newest, &stable), 0);
        assert_int_equal(newest, 3);
        assert_int_equal(stable, 2);
}

static void list_releases(unsigned limit) {
        HistoryQuery query = { .namespace = SPAN_LITERAL("prod"),
                               .key = SPAN_LITERAL("k.json"),
                               .limit = limit };
        bool more = true;

        while (more) {
                turn_page();
                query.before = suite.listing.last_id;
                assert_int_equal(reader_list_releases(suite.reader, &query, note_release, NULL, &more), 0);
        }
}

static void release_events_are_listed_newest_first(void **state) {
        (void)state;
        fill_history();
        fixture_release(suite.fixture, RELEASE_ROLLBACK, "prod", "k.json", 1);
        fixture_delete(suite.fixture, "prod", "k.json");
        list_releases(100);
        assert_listing("5:delete:0<1(0) 4:rollback:1<2(1) 2:publish:2<1(0) 1:publish:1<0(0)");
        list_releases(1);
        assert_listing("5:delete:0<1(0)|4:rollback:1<2(1)|2:publish:2<1(0)|1:publish:1<0(0)");
        list_releases(3);
        assert_listing("5:delete:0<1(0) 4:rollback:1<2(1) 2:publish:2<1(0)|1:publish:1<0(0)");
}

static void assert_history_outcomes(const char *namespace, const char *key, int outcome) {
        HistoryQuery query = { .namespace = span(namespace), .key = span(key), .limit = 10 };
        bool with_content = true, more;
        int64_t newest, stable;

        assert_int_equal(reader_list_versions(suite.reader, &query, true, note_version, &with_content, &more),
                         outcome);
        assert_int_equal(reader_list_releases(suite.reader, &query, note_release, NULL, &more), outcome);
        assert_int_equal(
                reader_get_version(suite.reader, query.namespace, query.key, 1, note_version, &with_content),
                outcome);
        assert_int_equal(reader_get_config(suite.reader, query.namespace, query.key, &newest, &stable),
                         outcome);
        assert_listing("");
}

static void history_of_the_unknown_is_told_apart(void **state) {
        bool with_content = true;

        (void)state;
        fill_history();
        fixture_add_namespace(suite.fixture, "gone");
        fixture_publish(suite.fixture, "gone", "k.json", "{}");
        fixture_delete_namespace(suite.fixture, "gone");

        assert_history_outcomes("none", "k.json", STORE_E_NAMESPACE_UNKNOWN);
        assert_history_outcomes("gone", "k.json", STORE_E_NAMESPACE_UNKNOWN);
        assert_history_outcomes("prod", "none", STORE_E_CONFIG_UNKNOWN);
        assert_int_equal(reader_get_version(suite.reader, span("prod"), span("k.json"), 4, note_version,
                                            &with_content),
                         STORE_E_VERSION_UNKNOWN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(versions_are_listed_newest_first),
                TEST(versions_are_listed_in_pages),
                TEST(a_page_of_versions_begins_below_any_number),
                TEST(versions_are_not_looked_up_over_a_damaged_pointer),
                TEST(a_page_of_versions_never_shows_those_of_another_config),
                TEST(a_deleted_config_keeps_its_history),
                TEST(a_version_is_got_as_it_was_saved),
                TEST(the_newest_and_the_served_version_are_got),
                TEST(release_events_are_listed_newest_first),
                TEST(history_of_the_unknown_is_told_apart),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
