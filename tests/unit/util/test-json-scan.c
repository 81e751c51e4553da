/*
 * The scan may say no to anything, and yes only to what Jansson takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "model/macros.h"
#include "util/json_scan.h"

static bool is_plain(const char *text) {
        return json_scan_is_plain(span_from_string(text));
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

static void test_what_is_rare_is_left_to_the_parser(void **state _unused_) {
        char deep[200];

        assert_false(is_plain("\"\\u0041\""));
        assert_false(is_plain("1e5"));
        assert_false(is_plain("123456789012345678901234567890123"));

        memset(deep, '[', 65);
        memset(deep + 65, ']', 65);
        assert_false(json_scan_is_plain((Span){ deep, 130 }));
        assert_true(json_scan_is_plain((Span){ deep + 1, 128 }));
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

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
                assert_false(is_plain(wrong[i]));
}

/* Every text of up to six of these pieces: what is plain, Jansson takes. */
static void test_jansson_takes_whatever_is_plain(void **state _unused_) {
        static const char *const pieces[] = { "",  "{",  "}",  "[",    "]",       ",",  ":", "\"a\"",
                                              "1", "-0", "0.", "true", "\"\\n\"", "\"", "0", " " };
        size_t n_plain = 0;

        for (uint32_t number = 0; number < 1u << 24; number++) {
                char text[64] = "";
                Span span;

                for (uint32_t rest = number; rest; rest >>= 4)
                        strcat(text, pieces[rest & 15]);
                span = span_from_string(text);
                if (!json_scan_is_plain(span))
                        continue;
                n_plain++;
                if (!jansson_takes(span))
                        fail_msg("the scan takes %s, Jansson does not", text);
        }
        assert_true(n_plain > 1000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_configs_are_made_of_is_plain),
                cmocka_unit_test(test_what_is_rare_is_left_to_the_parser),
                cmocka_unit_test(test_what_is_wrong_is_not_plain),
                cmocka_unit_test(test_jansson_takes_whatever_is_plain),
        };

        return cmocka_run_group_tests_name("util/json_scan", tests, NULL, NULL);
}
