/*
 * Which configs of a namespace a reader lists, and what a row shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "reader-suite.h"
#include "store/reader.h"

static void fill_configs(void) {
        fixture_add_namespace(suite.fixture, "prod");
        fixture_add_namespace(suite.fixture, "prod-eu");
        fixture_publish(suite.fixture, "prod", "b.yaml", "b: 1\n");
        fixture_publish(suite.fixture, "prod", "a.json", "{}");
        fixture_save(suite.fixture, "prod", "a.json", "{\"new\": true}");
        fixture_save(suite.fixture, "prod", "c", "draft");
        fixture_publish(suite.fixture, "prod", "d", "gone");
        fixture_delete(suite.fixture, "prod", "d");
        fixture_publish(suite.fixture, "prod", "B.yaml", "upper case sorts first");
        fixture_publish(suite.fixture, "prod-eu", "e", "of another namespace");
}

static void configs_are_listed_by_key(void **state) {
        (void)state;
        fill_configs();
        LIST_CONFIGS(.search = SPAN_NULL);
        assert_listing("B.yaml:1 a.json:1 b.yaml:1 c:1?");
        LIST_CONFIGS(.with_deleted = true);
        assert_listing("B.yaml:1 a.json:1 b.yaml:1 c:1? d:1?!");
        LIST_CONFIGS(.prefix = SPAN_LITERAL("b"));
        assert_listing("b.yaml:1");
}

static void configs_are_listed_in_pages(void **state) {
        (void)state;
        fill_configs();
        LIST_CONFIGS(.limit = 1);
        assert_listing("B.yaml:1|a.json:1|b.yaml:1|c:1?");
        LIST_CONFIGS(.limit = 3, .with_deleted = true);
        assert_listing("B.yaml:1 a.json:1 b.yaml:1|c:1? d:1?!");
        LIST_CONFIGS(.limit = 4);
        assert_listing("B.yaml:1 a.json:1 b.yaml:1 c:1?");
}

static void pages_pass_over_nothing_while_configs_come_and_go(void **state) {
        ConfigQuery query = { .namespace = SPAN_LITERAL("prod"), .limit = 2 };
        bool more;

        (void)state;
        fill_configs();
        assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more), 0);
        assert_true(more);
        fixture_publish(suite.fixture, "prod", "A", "before the page");
        fixture_publish(suite.fixture, "prod", "a.json2", "after it");
        fixture_delete(suite.fixture, "prod", "a.json");
        query.after_key = SPAN_LITERAL("a.json");
        assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more), 0);
        assert_true(more);
        query.after_key = SPAN_LITERAL("b.yaml");
        assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more), 0);
        assert_false(more);
        assert_listing("B.yaml:1 a.json:1 a.json2:1 b.yaml:1 c:1?");
}

static void a_callback_ends_the_page(void **state) {
        ConfigQuery query = { .namespace = SPAN_LITERAL("prod"), .limit = 100 };
        bool more = false;

        (void)state;
        fill_configs();
        suite.listing.stop_after = 2;
        assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more), 0);
        assert_true(more);
        assert_listing("B.yaml:1 a.json:1");

        suite.listing.stop_after = 4;
        assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more), 0);
        assert_false(more);
        assert_listing("B.yaml:1 a.json:1 b.yaml:1 c:1?");
}

static void a_page_of_no_rows_tells_whether_there_are_any(void **state) {
        ConfigQuery query = { .namespace = SPAN_LITERAL("prod"), .limit = 0 };
        bool more = false;

        (void)state;
        fill_configs();
        assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more), 0);
        assert_true(more);
        query.prefix = SPAN_LITERAL("x");
        assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more), 0);
        assert_false(more);
        assert_listing("");
}

typedef struct ExpectedConfig {
        const char *content;
        int64_t version;
        int64_t newest;
        int revision; /* of the event or save shown */
        bool is_released;
        Format format;
} ExpectedConfig;

static int check_config(void *context, const ConfigRow *row) {
        const ExpectedConfig *expected = context;
        char comment[32];

        (void)snprintf(comment, sizeof(comment), FIXTURE_COMMENT, expected->revision);
        assert_true(span_equal_string(row->data.namespace, "prod"));
        assert_int_equal(row->data.version, expected->version);
        assert_int_equal(row->newest, expected->newest);
        assert_int_equal(row->data.revision, expected->revision);
        assert_int_equal(row->data.format, expected->format);
        assert_int_equal(row->is_released, expected->is_released);
        assert_true(span_equal_string(row->data.content, expected->content));
        assert_true(row->data.updated_at_ms == fixture_at_ms(expected->revision));
        assert_true(span_equal_string(row->data.updated_by, FIXTURE_ACTOR));
        assert_true(span_equal_string(row->data.comment, comment));
        return note_row("%02x%02x", row->data.sha256[0], row->data.sha256[31]);
}

static void assert_config(const char *key, ExpectedConfig expected, const char *hash_ends) {
        ConfigQuery query = { .namespace = SPAN_LITERAL("prod"),
                              .prefix = span(key),
                              .with_content = true,
                              .with_deleted = true,
                              .limit = 10 };
        bool more;

        assert_int_equal(reader_list_configs(suite.reader, &query, check_config, &expected, &more), 0);
        assert_listing(hash_ends);
}

/* The ends of the SHA-256 of "one" and "two\n", by sha256sum: 7692…31ed, 27dd…0a5a. */
static void a_row_shows_the_release_event_or_else_the_newest_save(void **state) {
        (void)state;
        fixture_add_namespace(suite.fixture, "prod");

        fixture_save(suite.fixture, "prod", "k.toml", "one");
        assert_config("k.toml", (ExpectedConfig){ "one", 1, 1, 2, false, FORMAT_TOML }, "76ed");
        fixture_release(suite.fixture, RELEASE_PUBLISH, "prod", "k.toml", 1);
        assert_config("k.toml", (ExpectedConfig){ "one", 1, 1, 3, true, FORMAT_TOML }, "76ed");
        fixture_save(suite.fixture, "prod", "k.toml", "two\n");
        assert_config("k.toml", (ExpectedConfig){ "one", 1, 2, 3, true, FORMAT_TOML }, "76ed");
        fixture_release(suite.fixture, RELEASE_PUBLISH, "prod", "k.toml", 2);
        assert_config("k.toml", (ExpectedConfig){ "two\n", 2, 2, 5, true, FORMAT_TOML }, "275a");
        fixture_release(suite.fixture, RELEASE_ROLLBACK, "prod", "k.toml", 1);
        assert_config("k.toml", (ExpectedConfig){ "one", 1, 2, 6, true, FORMAT_TOML }, "76ed");
        fixture_delete(suite.fixture, "prod", "k.toml");
        assert_config("k.toml", (ExpectedConfig){ "two\n", 2, 2, 4, false, FORMAT_TOML }, "275a");
}

static void configs_of_an_unknown_or_deleted_namespace_are_not_listed(void **state) {
        ConfigQuery query = { .namespace = SPAN_LITERAL("none"), .limit = 10 };
        bool more = true;

        (void)state;
        fill_configs();
        fixture_delete_namespace(suite.fixture, "prod-eu");
        assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more),
                         STORE_E_NAMESPACE_UNKNOWN);
        query.namespace = SPAN_LITERAL("prod-eu");
        assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more),
                         STORE_E_NAMESPACE_UNKNOWN);
        assert_true(more);
        assert_listing("");
}

static void a_namespace_made_again_has_its_configs_deleted_still(void **state) {
        (void)state;
        fill_configs();
        fixture_delete_namespace(suite.fixture, "prod");
        fixture_add_namespace(suite.fixture, "prod");
        LIST_CONFIGS(.limit = 100);
        assert_listing("");
        LIST_CONFIGS(.with_deleted = true);
        assert_listing("B.yaml:1?! a.json:2?! b.yaml:1?! c:1?! d:1?!");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(configs_are_listed_by_key),
                TEST(configs_are_listed_in_pages),
                TEST(pages_pass_over_nothing_while_configs_come_and_go),
                TEST(a_callback_ends_the_page),
                TEST(a_page_of_no_rows_tells_whether_there_are_any),
                TEST(a_row_shows_the_release_event_or_else_the_newest_save),
                TEST(configs_of_an_unknown_or_deleted_namespace_are_not_listed),
                TEST(a_namespace_made_again_has_its_configs_deleted_still),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
