/*
 * Which namespaces a reader lists and gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "reader-suite.h"
#include "store/reader_internal.h"

static int note_namespace(void *context, const NamespaceRow *row) {
        (void)context;
        note_name(row->name);
        return note_row("%.*s", (int)row->name.size, row->name.data);
}

/* Lists all pages of @limit rows. */
static void list_namespaces(const char *prefix, unsigned limit) {
        bool more = true;

        while (more) {
                NamespaceQuery query = { .prefix = span(prefix),
                                         .after = suite.listing.n ? span(suite.listing.last_name) : SPAN_NULL,
                                         .limit = limit };

                turn_page();
                assert_int_equal(reader_list_namespaces(suite.reader, &query, note_namespace, NULL, &more),
                                 0);
        }
}

static void fill_namespaces(void) {
        static const char *const names[] = { "prod.acme", "dev", "prod-eu", "prod", "prod_x", "staging" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                fixture_add_namespace(suite.fixture, names[i]);
        fixture_delete_namespace(suite.fixture, "staging");
}

static void namespaces_are_listed_by_name_without_deleted_ones(void **state) {
        (void)state;
        list_namespaces(NULL, 100);
        assert_listing("");
        fill_namespaces();
        list_namespaces(NULL, 100);
        assert_listing("dev prod prod-eu prod.acme prod_x");
        list_namespaces("", 5);
        assert_listing("dev prod prod-eu prod.acme prod_x");
        fixture_add_namespace(suite.fixture, "staging");
        list_namespaces("s", 5);
        assert_listing("staging");
}

static void namespaces_are_listed_in_pages(void **state) {
        (void)state;
        fill_namespaces();
        list_namespaces(NULL, 1);
        assert_listing("dev|prod|prod-eu|prod.acme|prod_x");
        list_namespaces(NULL, 2);
        assert_listing("dev prod|prod-eu prod.acme|prod_x");
        list_namespaces("prod", 3);
        assert_listing("prod prod-eu prod.acme|prod_x");
}

static void a_prefix_of_namespaces_is_taken_literally(void **state) {
        (void)state;
        fill_namespaces();
        list_namespaces("prod_", 10);
        assert_listing("prod_x");
        list_namespaces("prod.", 10);
        assert_listing("prod.acme");
        list_namespaces("%", 10);
        assert_listing("");
        list_namespaces("\xc3\xa9", 10);
        assert_listing("");
}

static void a_prefix_longer_than_any_name_finds_nothing(void **state) {
        char prefix[READER_NAME_SIZE_MAX + 2];

        (void)state;
        fill_namespaces();
        memset(prefix, 'd', sizeof(prefix) - 1);
        prefix[sizeof(prefix) - 1] = '\0';
        list_namespaces(prefix, 10);
        assert_listing("");
        prefix[READER_NAME_SIZE_MAX] = '\0';
        list_namespaces(prefix, 10);
        assert_listing("");
}

static void a_page_goes_on_after_a_name_that_is_gone(void **state) {
        NamespaceQuery query = { .after = SPAN_LITERAL("prod-eu"), .limit = 10 };
        bool more = true;

        (void)state;
        fill_namespaces();
        fixture_delete_namespace(suite.fixture, "prod-eu");
        assert_int_equal(reader_list_namespaces(suite.reader, &query, note_namespace, NULL, &more), 0);
        assert_false(more);
        assert_listing("prod.acme prod_x");
}

static void a_page_after_a_name_before_the_prefix_begins_with_the_prefix(void **state) {
        NamespaceQuery query = { .prefix = SPAN_LITERAL("prod."), .after = SPAN_LITERAL("dev"), .limit = 10 };
        bool more = true;

        (void)state;
        fill_namespaces();
        assert_int_equal(reader_list_namespaces(suite.reader, &query, note_namespace, NULL, &more), 0);
        assert_listing("prod.acme");
}

static int check_namespace(void *context, const NamespaceRow *row) {
        const int *revision = context;

        assert_true(span_equal_string(row->name, "prod"));
        assert_true(span_equal_string(row->description, "about prod"));
        assert_int_equal(row->revision, *revision);
        assert_true(row->created_at_ms == fixture_at_ms(*revision));
        assert_true(row->updated_at_ms == fixture_at_ms(*revision) + 5);
        assert_true(span_equal_string(row->created_by, FIXTURE_ACTOR));
        assert_true(span_equal_string(row->updated_by, "user:other"));
        return note_row("seen");
}

static void a_namespace_is_got_with_all_its_fields(void **state) {
        int revision;

        (void)state;
        fixture_add_namespace(suite.fixture, "dev");
        fixture_add_namespace(suite.fixture, "prod");
        revision = suite.fixture->revision;
        fixture_execute(suite.fixture, "UPDATE namespaces SET updated_at_ms = updated_at_ms + 5,"
                                       " updated_by = 'user:other' WHERE name = 'prod'");
        assert_int_equal(reader_get_namespace(suite.reader, span("prod"), check_namespace, &revision), 0);
        assert_listing("seen");
}

static void an_unknown_or_deleted_namespace_is_not_got(void **state) {
        (void)state;
        fill_namespaces();
        assert_int_equal(reader_get_namespace(suite.reader, span("none"), note_namespace, NULL),
                         STORE_E_NAMESPACE_UNKNOWN);
        assert_int_equal(reader_get_namespace(suite.reader, span("staging"), note_namespace, NULL),
                         STORE_E_NAMESPACE_UNKNOWN);
        assert_listing("");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(namespaces_are_listed_by_name_without_deleted_ones),
                TEST(namespaces_are_listed_in_pages),
                TEST(a_prefix_of_namespaces_is_taken_literally),
                TEST(a_prefix_longer_than_any_name_finds_nothing),
                TEST(a_page_goes_on_after_a_name_that_is_gone),
                TEST(a_page_after_a_name_before_the_prefix_begins_with_the_prefix),
                TEST(a_namespace_is_got_with_all_its_fields),
                TEST(an_unknown_or_deleted_namespace_is_not_got),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
