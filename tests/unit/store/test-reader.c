#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "model/buf.h"
#include "store/reader_internal.h"
#include "store/sql.h"
#include "util/clock.h"

/* Rows as a line of text: "a:1 b:2", pages parted by "|". */
typedef struct Listing {
        Buf text;
        unsigned n;
        unsigned stop_after; /* rows, 0 for never */
        char last_name[256];
        int64_t last_id;
        unsigned last_depth;
} Listing;

typedef struct Suite {
        Fixture *fixture;
        Reader *reader;
        Listing listing;
} Suite;

static Suite suite;

static int set_up(void **state) {
        Problem problem = PROBLEM_NULL;

        if (fixture_set_up(state) < 0)
                return -1;

        suite = (Suite){ .fixture = *state };
        return reader_open(suite.fixture->path, &suite.reader, &problem);
}

static int tear_down(void **state) {
        buf_deinit(&suite.listing.text);
        reader_close(suite.reader);
        return fixture_tear_down(state);
}

static Span span(const char *text) {
        return span_from_string(text);
}

static void listing_clear(void) {
        buf_deinit(&suite.listing.text);
        suite.listing = (Listing){ .text = BUF_NULL };
}

static int note_row(const char *format, ...) _printf_(1, 2);
static int note_row(const char *format, ...) {
        char text[1024];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (suite.listing.text.size && suite.listing.text.data[suite.listing.text.size - 1] != '|')
                buf_append_char(&suite.listing.text, ' ');
        buf_append_string(&suite.listing.text, text);
        return ++suite.listing.n == suite.listing.stop_after;
}

static void note_name(Span name) {
        (void)snprintf(suite.listing.last_name, sizeof(suite.listing.last_name), "%.*s", (int)name.size,
                       name.data);
}

static void assert_listing(const char *expected) {
        char *text;

        buf_append_literal(&suite.listing.text, "");
        text = buf_take_string(&suite.listing.text);
        assert_string_equal(text, expected);
        free(text);
        listing_clear();
}

/*
 * Namespaces.
 */

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

                if (suite.listing.n)
                        buf_append_char(&suite.listing.text, '|');
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

/*
 * Configs.
 */

/* "key:version", with "@namespace" for inherited ones, "?" when it is not released, "!" when it is deleted.
 */
static int note_config(void *context, const ConfigRow *row) {
        const ConfigData *data = &row->data;

        (void)context;
        assert_int_equal(data->content.data != NULL, false);
        note_name(data->key);
        suite.listing.last_depth = row->depth;
        return note_row("%.*s:%" PRId64 "%s%s%s%.*s", (int)data->key.size, data->key.data, data->version,
                        row->is_released ? "" : "?", row->is_deleted ? "!" : "", row->depth ? "@" : "",
                        row->depth ? (int)data->namespace.size : 0, data->namespace.data);
}

static void list_configs(ConfigQuery query) {
        bool more = true;

        if (!query.limit)
                query.limit = 100;
        while (more) {
                if (suite.listing.n) {
                        buf_append_char(&suite.listing.text, '|');
                        query.after_key = span(suite.listing.last_name);
                        query.after_depth = suite.listing.last_depth;
                }
                assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more), 0);
        }
}

#define LIST_CONFIGS(...) list_configs((ConfigQuery){ .namespace = SPAN_LITERAL("prod"), __VA_ARGS__ })

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

/*
 * Search.
 */

static void search(const char *text, const char *expected) {
        LIST_CONFIGS(.search = span(text));
        assert_listing(expected);
}

static void fill_search(void) {
        fixture_add_namespace(suite.fixture, "prod");
        fixture_publish(suite.fixture, "prod", "plain", "Hello World, 100 percent");
        fixture_publish(suite.fixture, "prod", "signs", "100% of a_b\\c");
        fixture_publish(suite.fixture, "prod", "umlaut",
                        "Gr\xc3\xb6\xc3\x9f"
                        "e");
        fixture_save(suite.fixture, "prod", "plain", "unpublished");
        fixture_save(suite.fixture, "prod", "draft", "draught");
        fixture_publish(suite.fixture, "prod", "old", "deleted");
        fixture_delete(suite.fixture, "prod", "old");
}

static void search_finds_parts_of_keys_and_contents_in_any_case(void **state) {
        (void)state;
        fill_search();
        search("o w", "plain:1");
        search("HELLO", "plain:1");
        search("LAI", "plain:1");
        search("percent", "plain:1");
        search("Hello World, 100 percent", "plain:1");
        search("l", "plain:1 umlaut:1");
        search("nothing of this", "");
        search("", "draft:1? plain:1 signs:1 umlaut:1");
}

static void search_takes_wildcards_literally(void **state) {
        (void)state;
        fill_search();
        search("100%", "signs:1");
        search("%", "signs:1");
        search("_", "signs:1");
        search("a_b", "signs:1");
        search("\\", "signs:1");
        search("b\\c", "signs:1");
        search("\\c", "signs:1");
        search("\\%", "");
        search("H%d", "");
        search("H_llo", "");
}

static void search_folds_ascii_only(void **state) {
        (void)state;
        fill_search();
        search("gr\xc3\xb6", "umlaut:1");
        search("GR\xc3\xb6", "umlaut:1");
        search("gr\xc3\x96", "");
}

static void search_looks_at_served_contents_only(void **state) {
        (void)state;
        fill_search();
        search("unpublished", "");
        search("draught", "");
        search("draf", "draft:1?");
        LIST_CONFIGS(.search = SPAN_LITERAL("deleted"), .with_deleted = true);
        assert_listing("");
        LIST_CONFIGS(.search = SPAN_LITERAL("ol"), .with_deleted = true);
        assert_listing("old:1?!");
}

static void search_goes_with_prefix_and_pages(void **state) {
        (void)state;
        fill_search();
        LIST_CONFIGS(.search = SPAN_LITERAL("100"), .limit = 1);
        assert_listing("plain:1|signs:1");
        LIST_CONFIGS(.search = SPAN_LITERAL("100"), .prefix = SPAN_LITERAL("s"));
        assert_listing("signs:1");
}

static void a_search_with_nul_finds_nothing(void **state) {
        (void)state;
        fill_search();
        LIST_CONFIGS(.search = { "percent\0", 8 });
        assert_listing("");
        LIST_CONFIGS(.search = { "\0", 1 });
        assert_listing("");
}

static void a_search_may_be_long_and_not_longer(void **state) {
        char *text = malloc(READER_SEARCH_MAX + 1);
        ConfigQuery query = { .namespace = SPAN_LITERAL("prod"),
                              .search = { text, READER_SEARCH_MAX },
                              .limit = 1 };
        bool more = true;

        (void)state;
        assert_non_null(text);
        memset(text, '%', READER_SEARCH_MAX);
        text[READER_SEARCH_MAX] = '\0';
        fixture_add_namespace(suite.fixture, "prod");
        fixture_publish(suite.fixture, "prod", "long", text);
        text[READER_SEARCH_MAX] = '%';
        assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more), 0);
        assert_false(more);
        query.search.size++;
        assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more), -EINVAL);
        assert_listing("long:1");
        free(text);
}

/*
 * Inheritance.
 */

static void list_inherited(const char *namespace, unsigned limit) {
        list_configs((ConfigQuery){ .namespace = span(namespace), .with_inherited = true, .limit = limit });
}

static void fill_lineage(void) {
        static const char *const names[] = { "prod", "prod.acme", "prod.acme.shop.eu", "other" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                fixture_add_namespace(suite.fixture, names[i]);
        fixture_publish(suite.fixture, "prod", "a", "prod a");
        fixture_publish(suite.fixture, "prod", "b", "prod b");
        fixture_publish(suite.fixture, "prod", "c", "prod c");
        fixture_publish(suite.fixture, "prod", "e", "prod e");
        fixture_publish(suite.fixture, "prod.acme", "b", "acme b");
        fixture_save(suite.fixture, "prod.acme", "c", "acme c, not published");
        fixture_publish(suite.fixture, "prod.acme", "e", "acme e");
        fixture_delete(suite.fixture, "prod.acme", "e");
        fixture_publish(suite.fixture, "prod.acme.shop.eu", "a", "eu a");
        fixture_save(suite.fixture, "prod.acme.shop.eu", "b", "eu b, not published");
        fixture_publish(suite.fixture, "prod.acme.shop.eu", "d", "eu d");
        fixture_publish(suite.fixture, "other", "z", "of another tree");
}

static void the_nearest_release_is_inherited(void **state) {
        (void)state;
        fill_lineage();
        list_inherited("prod", 100);
        assert_listing("a:1 b:1 c:1 e:1");
        list_inherited("prod.acme", 100);
        assert_listing("a:1@prod b:1 c:1? c:1@prod e:1@prod");
        list_inherited("prod.acme.shop.eu", 100);
        assert_listing("a:1 b:1? b:1@prod.acme c:1@prod d:1 e:1@prod");
}

static void namespaces_that_do_not_exist_inherit_too(void **state) {
        (void)state;
        fill_lineage();
        list_inherited("prod.acme.shop", 100);
        assert_listing("a:1@prod b:1@prod.acme c:1@prod e:1@prod");
        list_inherited("prod.acme.shop.us", 100);
        assert_listing("a:1@prod b:1@prod.acme c:1@prod e:1@prod");
        list_inherited("none.at.all", 100);
        assert_listing("");
}

static void deleted_namespaces_pass_nothing_on(void **state) {
        (void)state;
        fill_lineage();
        fixture_delete_namespace(suite.fixture, "prod.acme");
        list_inherited("prod.acme.shop.eu", 100);
        assert_listing("a:1 b:1? b:1@prod c:1@prod d:1 e:1@prod");
        list_inherited("prod.acme", 100);
        assert_listing("a:1@prod b:1@prod c:1@prod e:1@prod");
}

static void inherited_configs_are_listed_in_pages(void **state) {
        (void)state;
        fill_lineage();
        list_inherited("prod.acme.shop.eu", 1);
        assert_listing("a:1|b:1?|b:1@prod.acme|c:1@prod|d:1|e:1@prod");
        list_inherited("prod.acme.shop.eu", 2);
        assert_listing("a:1 b:1?|b:1@prod.acme c:1@prod|d:1 e:1@prod");
        list_inherited("prod.acme.shop.eu", 4);
        assert_listing("a:1 b:1? b:1@prod.acme c:1@prod|d:1 e:1@prod");
}

static void deleted_configs_stand_beside_what_they_inherit(void **state) {
        (void)state;
        fill_lineage();
        list_configs((ConfigQuery){ .namespace = SPAN_LITERAL("prod.acme"),
                                    .with_inherited = true,
                                    .with_deleted = true,
                                    .prefix = SPAN_LITERAL("e"),
                                    .limit = 1 });
        assert_listing("e:1?!|e:1@prod");
}

static void search_looks_at_what_is_inherited_and_not_at_what_is_hidden(void **state) {
        (void)state;
        fill_lineage();
        list_configs((ConfigQuery){ .namespace = SPAN_LITERAL("prod.acme.shop.eu"),
                                    .with_inherited = true,
                                    .search = SPAN_LITERAL("prod"),
                                    .limit = 100 });
        assert_listing("c:1@prod e:1@prod");
}

/*
 * Versions and release events.
 */

static int note_version(void *context, const ConfigData *data) {
        const bool *with_content = context;
        char comment[32];

        (void)snprintf(comment, sizeof(comment), FIXTURE_COMMENT, (int)data->revision);
        assert_true(span_equal_string(data->namespace, "prod"));
        assert_true(span_equal_string(data->key, "k.json"));
        assert_int_equal(data->format, FORMAT_JSON);
        assert_true(span_equal_string(data->updated_by, FIXTURE_ACTOR));
        assert_true(data->updated_at_ms == fixture_at_ms((int64_t)data->revision));
        assert_true(span_equal_string(data->comment, comment));
        assert_int_equal(data->content.data != NULL, *with_content);
        suite.listing.last_id = data->version;
        return note_row("%" PRId64 "=%.*s", data->version, (int)data->content.size,
                        data->content.data ? data->content.data : "");
}

static void list_versions(bool with_content, unsigned limit) {
        HistoryQuery query = { .namespace = SPAN_LITERAL("prod"),
                               .key = SPAN_LITERAL("k.json"),
                               .limit = limit };
        bool more = true;

        while (more) {
                if (suite.listing.n)
                        buf_append_char(&suite.listing.text, '|');
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

static int note_release(void *context, const ReleaseRow *row) {
        char comment[32];

        (void)context;
        (void)snprintf(comment, sizeof(comment), FIXTURE_COMMENT, (int)row->revision);
        assert_true(span_equal_string(row->comment, comment));
        assert_true(span_equal_string(row->created_by, FIXTURE_ACTOR));
        assert_true(row->created_at_ms == fixture_at_ms((int64_t)row->revision));
        suite.listing.last_id = row->id;
        return note_row("%" PRId64 ":%s:%" PRId64 "<%" PRId64 "(%" PRId64 ")", row->id,
                        release_kind_to_string(row->kind), row->version, row->from_version, row->restores);
}

static void list_releases(unsigned limit) {
        HistoryQuery query = { .namespace = SPAN_LITERAL("prod"),
                               .key = SPAN_LITERAL("k.json"),
                               .limit = limit };
        bool more = true;

        while (more) {
                if (suite.listing.n)
                        buf_append_char(&suite.listing.text, '|');
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

/*
 * Audit.
 */

static int note_entry(void *context, const AuditEntry *entry) {
        (void)context;
        suite.listing.last_id = entry->id;
        return note_row("%" PRId64, entry->id);
}

static void list_audit(AuditQuery query) {
        bool more = true;

        if (!query.limit)
                query.limit = 100;
        if (!query.until_ms)
                query.until_ms = INT64_MAX;
        while (more) {
                if (suite.listing.n)
                        buf_append_char(&suite.listing.text, '|');
                query.before = suite.listing.last_id;
                assert_int_equal(reader_list_audit(suite.reader, &query, note_entry, NULL, &more), 0);
        }
}

#define LIST_AUDIT(...) list_audit((AuditQuery){ __VA_ARGS__ })

/* Ids are revisions here, except for the last two, which are denied. */
static void fill_audit(void) {
        Fixture *fixture = suite.fixture;

        fixture_add_namespace(fixture, "prod");          /* 1 */
        fixture_add_namespace(fixture, "prod-eu");       /* 2 */
        fixture_add_namespace(fixture, "prod.acme");     /* 3 */
        fixture_add_namespace(fixture, "production");    /* 4 */
        fixture_publish(fixture, "prod", "k", "a");      /* 5 */
        fixture_publish(fixture, "prod.acme", "k", "b"); /* 6 */
        fixture_publish(fixture, "prod-eu", "k", "c");   /* 7 */
        fixture_publish(fixture, "prod", "k", "d");      /* 8 */
        fixture_publish(fixture, "prod.acme", "l", "e"); /* 9 */
        fixture_save(fixture, "production", "k", "f");   /* 10 */
        fixture_publish(fixture, "prod.acme", "k", "g"); /* 11 */
        fixture_audit(fixture, (AuditEntry){ .actor = SPAN_LITERAL(""),
                                             .address = SPAN_LITERAL("198.51.100.7"),
                                             .action = SPAN_LITERAL("login"),
                                             .outcome = AUDIT_DENIED,
                                             .comment = SPAN_LITERAL(""),
                                             .details = SPAN_LITERAL("{\"status\":401}") }); /* 12 */
        fixture_audit(fixture, (AuditEntry){ .actor = SPAN_LITERAL("user:eve"),
                                             .address = SPAN_LITERAL("198.51.100.7"),
                                             .action = SPAN_LITERAL("config.publish"),
                                             .namespace = SPAN_LITERAL("prod.never.made"),
                                             .key = SPAN_LITERAL("k"),
                                             .outcome = AUDIT_DENIED,
                                             .comment = SPAN_LITERAL("") }); /* 13 */
}

static void the_audit_is_listed_newest_first(void **state) {
        (void)state;
        LIST_AUDIT(.limit = 100);
        assert_listing("");
        fill_audit();
        LIST_AUDIT(.limit = 100);
        assert_listing("13 12 11 10 9 8 7 6 5 4 3 2 1");
        LIST_AUDIT(.limit = 5);
        assert_listing("13 12 11 10 9|8 7 6 5 4|3 2 1");
        LIST_AUDIT(.limit = 13);
        assert_listing("13 12 11 10 9 8 7 6 5 4 3 2 1");
}

static void a_namespace_in_the_audit_covers_all_below(void **state) {
        (void)state;
        fill_audit();
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"));
        assert_listing("13 11 9 8 6 5 3 1");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"), .limit = 3);
        assert_listing("13 11 9|8 6 5|3 1");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod.acme"));
        assert_listing("11 9 6 3");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod-eu"), .limit = 1);
        assert_listing("7|2");
        LIST_AUDIT(.namespace = SPAN_LITERAL("pro"));
        assert_listing("");
}

static void a_key_in_the_audit_goes_with_or_without_a_namespace(void **state) {
        (void)state;
        fill_audit();
        LIST_AUDIT(.key = SPAN_LITERAL("k"));
        assert_listing("13 11 10 8 7 6 5");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod.acme"), .key = SPAN_LITERAL("k"));
        assert_listing("11 6");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod.acme"), .key = SPAN_LITERAL("k"), .limit = 1);
        assert_listing("11|6");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"), .key = SPAN_LITERAL("k"));
        assert_listing("13 11 8 6 5");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"), .key = SPAN_LITERAL("k"), .limit = 2);
        assert_listing("13 11|8 6|5");
}

static void actor_and_action_are_filtered_exactly(void **state) {
        (void)state;
        fill_audit();
        LIST_AUDIT(.actor = SPAN_LITERAL("user:eve"));
        assert_listing("13");
        LIST_AUDIT(.actor = SPAN_LITERAL(""));
        assert_listing("12");
        LIST_AUDIT(.actor = SPAN_LITERAL("user:"));
        assert_listing("");
        LIST_AUDIT(.action = SPAN_LITERAL("config.save"));
        assert_listing("10");
        LIST_AUDIT(.action = SPAN_LITERAL("config.publish"), .actor = SPAN_LITERAL(FIXTURE_ACTOR),
                   .limit = 4);
        assert_listing("11 9 8 7|6 5");
        LIST_AUDIT(.action = SPAN_LITERAL("config.publish"), .namespace = SPAN_LITERAL("prod"),
                   .actor = SPAN_LITERAL("user:eve"));
        assert_listing("13");
        LIST_AUDIT(.action = SPAN_LITERAL("config.publish"), .namespace = SPAN_LITERAL("prod.acme"),
                   .key = SPAN_LITERAL("k"), .actor = SPAN_LITERAL("user:eve"));
        assert_listing("");
}

/* The entries 11, 12 and 13 bear the same time. */
static void times_in_the_audit_are_from_inclusive_to_exclusive(void **state) {
        (void)state;
        LIST_AUDIT(.since_ms = 1, .until_ms = INT64_MAX);
        assert_listing("");
        fill_audit();
        LIST_AUDIT(.since_ms = fixture_at_ms(9));
        assert_listing("13 12 11 10 9");
        LIST_AUDIT(.since_ms = fixture_at_ms(9) + 1);
        assert_listing("13 12 11 10");
        LIST_AUDIT(.until_ms = fixture_at_ms(3));
        assert_listing("2 1");
        LIST_AUDIT(.until_ms = fixture_at_ms(3) + 1);
        assert_listing("3 2 1");
        LIST_AUDIT(.since_ms = fixture_at_ms(11));
        assert_listing("13 12 11");
        LIST_AUDIT(.until_ms = fixture_at_ms(11), .limit = 4);
        assert_listing("10 9 8 7|6 5 4 3|2 1");
        LIST_AUDIT(.since_ms = fixture_at_ms(4), .until_ms = fixture_at_ms(7), .limit = 2);
        assert_listing("6 5|4");
        LIST_AUDIT(.since_ms = fixture_at_ms(7), .until_ms = fixture_at_ms(7));
        assert_listing("");
        LIST_AUDIT(.since_ms = fixture_at_ms(12));
        assert_listing("");
        LIST_AUDIT(.until_ms = fixture_at_ms(1));
        assert_listing("");
        LIST_AUDIT(.until_ms = -1);
        assert_listing("");
        LIST_AUDIT(.since_ms = 0, .until_ms = INT64_MAX);
        assert_listing("13 12 11 10 9 8 7 6 5 4 3 2 1");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod.acme"), .since_ms = fixture_at_ms(6),
                   .until_ms = fixture_at_ms(11));
        assert_listing("9 6");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod.acme"), .key = SPAN_LITERAL("k"),
                   .until_ms = fixture_at_ms(11));
        assert_listing("6");
}

/* So many that they are no longer picked from the index; every third is of another namespace. */
static void fill_many_audit(int n) {
        fixture_execute(
                suite.fixture,
                "BEGIN; WITH RECURSIVE i (n) AS (SELECT 14 UNION ALL SELECT n + 1 FROM i LIMIT %d)"
                " INSERT INTO audit SELECT n, %lld + n, 'user:admin', '', 'config.save',"
                " iif(n %% 3, 'prod.acme', 'prod-eu'), 'm', NULL, NULL, 0, '', NULL, zeroblob(32) FROM i;"
                "COMMIT",
                n, fixture_at_ms(100));
}

static void many_entries_are_listed_as_few_are(void **state) {
        (void)state;
        fill_audit();
        fill_many_audit(20000);
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"), .limit = 4, .key = SPAN_LITERAL("k"));
        assert_listing("13 11 8 6|5");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"), .until_ms = fixture_at_ms(100) + 20, .limit = 7);
        assert_listing("19 17 16 14 13 11 9|8 6 5 3 1");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod.acme"), .until_ms = fixture_at_ms(100) + 20, .limit = 100);
        assert_listing("19 17 16 14 11 9 6 3");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod-eu"), .until_ms = fixture_at_ms(100) + 20, .limit = 2);
        assert_listing("18 15|7 2");
        LIST_AUDIT(.namespace = SPAN_LITERAL("prod"), .actor = SPAN_LITERAL("user:eve"));
        assert_listing("13");
}

static int check_entry(void *context, const AuditEntry *entry) {
        uint8_t expected[SHA256_SIZE];
        AuditEntry *seen = context;

        audit_entry_hash(entry, seen->hash, expected);
        if (entry->id == 1) {
                assert_memory_equal(entry->hash, expected, SHA256_SIZE);
                assert_true(span_equal_string(entry->actor, FIXTURE_ACTOR));
                assert_true(span_equal_string(entry->address, FIXTURE_ADDRESS));
                assert_true(span_equal_string(entry->action, "namespace.create"));
                assert_true(span_equal_string(entry->namespace, "prod"));
                assert_null(entry->key.data);
                assert_int_equal(entry->version, 0);
                assert_int_equal(entry->revision, 1);
                assert_int_equal(entry->outcome, AUDIT_OK);
                assert_true(entry->created_at_ms == fixture_at_ms(1));
                assert_true(span_equal_string(entry->comment, "change 1"));
                assert_null(entry->details.data);
        }
        if (entry->id == 11) {
                assert_true(span_equal_string(entry->key, "k"));
                assert_int_equal(entry->version, 2);
        }
        if (entry->id == 12) {
                assert_int_equal(entry->outcome, AUDIT_DENIED);
                assert_int_equal(entry->revision, 0);
                assert_null(entry->namespace.data);
                assert_true(span_equal_string(entry->details, "{\"status\":401}"));
        }
        return note_row("%" PRId64, entry->id);
}

static void an_audit_entry_has_all_its_fields(void **state) {
        AuditEntry seen = { .id = 0 };
        bool more;

        (void)state;
        fill_audit();
        assert_int_equal(reader_list_audit(suite.reader, &(AuditQuery){ .until_ms = INT64_MAX, .limit = 100 },
                                           check_entry, &seen, &more),
                         0);
        assert_listing("13 12 11 10 9 8 7 6 5 4 3 2 1");
}

/*
 * The reader itself.
 */

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

/*
 * Plans.
 */

static char *plan_of(ReaderStatement name) {
        char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", reader_texts[name]);
        sqlite3_stmt *statement = NULL;
        Buf plan = BUF_NULL;

        assert_int_equal(sql_prepare(suite.reader->database, (const char *const *)&text, &statement, 1), 0);
        while (sql_step(statement) > 0) {
                buf_append_span(&plan, sql_column_text(statement, 3));
                buf_append_char(&plan, '\n');
        }
        sql_finalize(&statement, 1);
        sqlite3_free(text);
        return buf_take_string(&plan);
}

static void no_query_scans_a_table_and_no_page_is_sorted(void **state) {
        (void)state;
        for (ReaderStatement name = READER_FIND_NAMESPACE; name < READER_STATEMENT_N; name++) {
                char *plan = plan_of(name);

                /* Of a walk from row to row SQLite says that it scans its own rows. */
                bool is_walk = name == READER_LIST_VERSIONS || name == READER_LIST_RELEASES;

                if ((strstr(plan, "SCAN") && !is_walk) || !strstr(plan, "SEARCH"))
                        fail_msg("%s\n%s", reader_texts[name], plan);
                if (strstr(plan, "TEMP B-TREE"))
                        fail_msg("%s\n%s", reader_texts[name], plan);
                free(plan);
        }
}

static void assert_plan(ReaderStatement name, const char *part) {
        char *plan = plan_of(name);

        if (!strstr(plan, part))
                fail_msg("'%s' is not in\n%s", part, plan);
        free(plan);
}

static void pages_are_found_by_their_keys(void **state) {
        (void)state;
        assert_plan(READER_LIST_NAMESPACES, "(name>? AND name<?)");
        assert_plan(READER_LIST_CONFIGS, "(namespace_id=? AND key>? AND key<?)");
        assert_plan(READER_LOOK_UP_VERSION, "SEARCH versions USING INTEGER PRIMARY KEY (rowid=?)");
        assert_plan(READER_LIST_VERSIONS, "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)");
        assert_plan(READER_LIST_RELEASES, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)");
        assert_plan(READER_LIST_AUDIT, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

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
                TEST(configs_are_listed_by_key),
                TEST(configs_are_listed_in_pages),
                TEST(pages_pass_over_nothing_while_configs_come_and_go),
                TEST(a_callback_ends_the_page),
                TEST(a_page_of_no_rows_tells_whether_there_are_any),
                TEST(a_row_shows_the_release_event_or_else_the_newest_save),
                TEST(configs_of_an_unknown_or_deleted_namespace_are_not_listed),
                TEST(a_namespace_made_again_has_its_configs_deleted_still),
                TEST(search_finds_parts_of_keys_and_contents_in_any_case),
                TEST(search_takes_wildcards_literally),
                TEST(search_folds_ascii_only),
                TEST(search_looks_at_served_contents_only),
                TEST(search_goes_with_prefix_and_pages),
                TEST(a_search_with_nul_finds_nothing),
                TEST(a_search_may_be_long_and_not_longer),
                TEST(the_nearest_release_is_inherited),
                TEST(namespaces_that_do_not_exist_inherit_too),
                TEST(deleted_namespaces_pass_nothing_on),
                TEST(inherited_configs_are_listed_in_pages),
                TEST(deleted_configs_stand_beside_what_they_inherit),
                TEST(search_looks_at_what_is_inherited_and_not_at_what_is_hidden),
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
                TEST(the_audit_is_listed_newest_first),
                TEST(a_namespace_in_the_audit_covers_all_below),
                TEST(a_key_in_the_audit_goes_with_or_without_a_namespace),
                TEST(actor_and_action_are_filtered_exactly),
                TEST(times_in_the_audit_are_from_inclusive_to_exclusive),
                TEST(many_entries_are_listed_as_few_are),
                TEST(an_audit_entry_has_all_its_fields),
                TEST(a_store_that_is_not_there_or_not_ours_is_not_opened),
                TEST(what_was_committed_before_a_query_is_seen),
                TEST(a_list_sees_one_state_of_the_store),
                TEST(a_query_past_its_deadline_times_out_and_leaves_nothing_open),
                TEST(damaged_rows_are_not_handed_out),
                TEST(no_query_scans_a_table_and_no_page_is_sorted),
                TEST(pages_are_found_by_their_keys),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
