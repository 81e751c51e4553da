#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/body_tree.h"
#include "model/buf.h"
#include "model/macros.h"

static json_t *load(Span text) {
        return json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY,
                          NULL);
}

/* Exact to the bytes and the order of members, as far as Jansson's own text of it tells. */
static void assert_same(const json_t *a, const json_t *b) {
        const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
        _cleanup_(freep) char *text_a = json_dumps(a, flags), *text_b = json_dumps(b, flags);

        assert_non_null(text_a);
        assert_string_equal(text_a, text_b);
}

static void assert_made(Span text) {
        json_auto_t *made = body_tree_of_plain(text), *loaded = load(text);

        assert_non_null(made);
        assert_non_null(loaded);
        assert_true(json_equal(made, loaded));
        assert_same(made, loaded);
}

static void test_what_is_plain_is_made_as_jansson_makes_it(void **state _unused_) {
        static const char *const texts[] = {
                "{}",
                " { } ",
                "[]",
                "\"\"",
                "null",
                "true",
                " false\n",
                "0",
                "-0",
                "-1",
                "9223372036854775807",
                "-9223372036854775808",
                "{\"content\": \"a: 1\\n\", \"publish\": true, \"comment\": \"\"}",
                "{\"\": {\"\": [{}, [], [[null]], \"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]}}",
                "{\"b\":1,\"a\":2,\"c\":{\"b\":1}}\r\n",
                "[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\x8d\", \"\x7f\", \"\\\\n\", \"\\\\\"]",
                "[1,\t2 , {\"a\" : 1 , \"b\" :\n[ ] }]",
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                assert_made(span_from_string(texts[i]));
}

static void test_what_is_not_plain_is_left_to_jansson(void **state _unused_) {
        static const char *const texts[] = {
                "1.5", "[1e3]", "9223372036854775808", "\"\\u00e9\"", "{\"a\\n\": 1}",
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                assert_null(body_tree_of_plain(span_from_string(texts[i])));
}

static void test_what_is_wrong_is_not_made(void **state _unused_) {
        static const char *const texts[] = {
                "",
                " ",
                "{",
                "{\"a\": 1, \"a\": 1}",
                "{\"x\": [{\"a\": 1, \"b\": 2, \"a\": 3}]}",
                "{\"a\": 1,}",
                "[1 2]",
                "01",
                "\"\n\"",
                "\"\xff\"",
                "{} {}",
                "\xef\xbb\xbf{}",
                "nul",
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                assert_null(body_tree_of_plain(span_from_string(texts[i])));
                assert_null(load(span_from_string(texts[i])));
        }
        assert_null(body_tree_of_plain(SPAN_LITERAL("\"\0\"")));
        assert_null(body_tree_of_plain(SPAN_NULL));
}

static void append_times(Buf *buf, const char *text, size_t n) {
        while (n-- > 0)
                buf_append_string(buf, text);
}

static void test_depth_is_bounded(void **state _unused_) {
        _cleanup_(buf_deinit) Buf good = BUF_NULL, deep = BUF_NULL;

        append_times(&good, "[", 16);
        append_times(&good, "]", 16);
        assert_made(buf_span(&good));

        append_times(&deep, "[", 1000000);
        append_times(&deep, "]", 1000000);
        assert_null(body_tree_of_plain(buf_span(&deep)));
}

static void test_long_texts_and_many_members(void **state _unused_) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        buf_append_string(&buf, "{\"content\": \"");
        append_times(&buf, "line \\\"one\\\"\\n", 100000);
        buf_append_string(&buf, "\"");
        for (int i = 0; i < 2000; i++)
                buf_append_format(&buf, ", \"name-%d\": %d", i, i);
        buf_append_string(&buf, "}");
        assert_made(buf_span(&buf));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_plain_is_made_as_jansson_makes_it),
                cmocka_unit_test(test_what_is_not_plain_is_left_to_jansson),
                cmocka_unit_test(test_what_is_wrong_is_not_made),
                cmocka_unit_test(test_depth_is_bounded),
                cmocka_unit_test(test_long_texts_and_many_members),
        };

        return cmocka_run_group_tests_name("api/body-tree", tests, NULL, NULL);
}
