/*
 * What is good JSON, and what is plain besides; how frames are read is in test-frame-read.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "model/json_read.h"
#include "model/macros.h"

#define DEPTH_MAX 64

static bool is_plain(const char *text) {
        return json_read_is_plain(span_from_string(text), DEPTH_MAX);
}

static bool is_good(Span text) {
        const char *problem = NULL;
        size_t at = 0;
        bool is_good = json_read_check(text, DEPTH_MAX, &problem, &at);

        assert_true(is_good || (problem && at <= text.size));
        return is_good;
}

static bool jansson_takes(Span text) {
        json_auto_t *json = json_loadb(text.data, text.size,
                                       JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);

        return json != NULL;
}

static void test_what_configs_are_made_of_is_plain(void **state _unused_) {
        static const char *const plain[] = {
                "null",
                " true\n",
                "false",
                "0",
                "-12.50",
                "\"\"",
                "\"a \\\"quoted\\\" \\n text, Grüße\"",
                "[]",
                "[ ]",
                "{ }",
                "[1,2 , [3]]",
                "{\"a\": {\"b\": [true, null, \"c\"]}, \"d\": 0.25}\r\n",
                "\"]}{[,:\"",
        };

        for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
                assert_true(is_plain(plain[i]));
}

static void test_what_is_rare_is_good_but_not_plain(void **state _unused_) {
        static const char *const rare[] = { "\"\\u0041\"", "1e5", "[1E-5]",
                                            "123456789012345678901234567890123" };
        char deep[200];

        for (size_t i = 0; i < ARRAY_SIZE(rare); i++) {
                assert_true(is_good(span_from_string(rare[i])));
                assert_false(is_plain(rare[i]));
        }

        memset(deep, '[', 65);
        memset(deep + 65, ']', 65);
        assert_false(json_read_is_plain((Span){ deep, 130 }, DEPTH_MAX));
        assert_true(json_read_is_plain((Span){ deep + 1, 128 }, DEPTH_MAX));
}

static void test_what_is_wrong_is_not_plain(void **state _unused_) {
        static const char *const wrong[] = {
                "",          " ",          "{",
                "[1,]",      "{\"a\":1,}", "{\"a\"}",
                "{\"a\":}",  "{1:2}",      "[1 2]",
                "[1}",       "{]",         "1 2",
                "truee",     "nul",        "01",
                "-",         "1.",         ".5",
                "+1",        "\"a",        "\"\\x\"",
                "\"\\",      "\"\t\"",     "a",
                "[,1]",      "{,}",        "{\"a\":1 \"b\":2}",
                "]",         ":",          ",",
                "[\"a\":1]", "--1",        "1-2",
                "0x10",      "NaN",
        };

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                assert_false(is_good(span_from_string(wrong[i])));
                assert_false(is_plain(wrong[i]));
        }
}

/* Every text of up to five of these pieces: Jansson takes what is good, and nothing else. */
static void test_jansson_agrees(void **state _unused_) {
        static const char *const pieces[] = { "",  "{",  "}",  "[",    "]",       ",",  ":", "\"a\"",
                                              "1", "-0", "0.", "true", "\"\\n\"", "\"", "0", " " };
        size_t n_plain = 0;

        for (uint32_t number = 0; number < 1u << 20; number++) {
                char text[64] = "";
                Span span;

                for (uint32_t rest = number; rest; rest >>= 4)
                        strcat(text, pieces[rest & 15]);
                span = span_from_string(text);
                n_plain += json_read_is_plain(span, DEPTH_MAX);
                if (is_good(span) != jansson_takes(span))
                        fail_msg("one of us takes %s, the other does not", text);
        }
        assert_true(n_plain > 1000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_configs_are_made_of_is_plain),
                cmocka_unit_test(test_what_is_rare_is_good_but_not_plain),
                cmocka_unit_test(test_what_is_wrong_is_not_plain),
                cmocka_unit_test(test_jansson_agrees),
        };

        return cmocka_run_group_tests_name("model/json_read", tests, NULL, NULL);
}
