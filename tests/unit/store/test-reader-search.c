/*
 * Which configs a search finds: by parts of keys and of contents.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reader-suite.h"
#include "store/reader.h"

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

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(search_finds_parts_of_keys_and_contents_in_any_case),
                TEST(search_takes_wildcards_literally),
                TEST(search_folds_ascii_only),
                TEST(search_looks_at_served_contents_only),
                TEST(search_goes_with_prefix_and_pages),
                TEST(a_search_with_nul_finds_nothing),
                TEST(a_search_may_be_long_and_not_longer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
