/*
 * Weights: read exactly, however they are written, and written shortly, in rules too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gray_fixture.h"

#define WEIGHT_NONE UINT32_MAX

static uint32_t parse(Span number) {
        uint32_t weight = WEIGHT_NONE;

        return gray_weight_parse(number, &weight) ? weight : WEIGHT_NONE;
}

static uint32_t parse_string(const char *number) {
        return parse(span_from_string(number));
}

static void test_what_counts_is_the_value(void **state _unused_) {
        static const struct {
                const char *number;
                uint32_t weight;
        } numbers[] = {
                { "0", 0 },
                { "-0", 0 },
                { "-0.0e5", 0 },
                { "0.000", 0 },
                { "0e999999999999999999999", 0 },
                { "0.0000000000000000000", 0 },
                { "100", 100000 },
                { "1e2", 100000 },
                { "1E+2", 100000 },
                { "1e0000000000000000000002", 100000 },
                { "100.000000000", 100000 },
                { "10000e-2", 100000 },
                { "0.01e4", 100000 },
                { "0.1", 100 },
                { "0.001", 1 },
                { "1e-3", 1 },
                { "0.1e-2", 1 },
                { "1000e-6", 1 },
                { "10.5", 10500 },
                { "10.50", 10500 },
                { "99.999", 99999 },
                { "33.333", 33333 },
                { "10", 10000 },
                { "1e1", 10000 },
                { "10.0", 10000 },
                { "9007199254740993e-14", WEIGHT_NONE },
                { "90000000000000000000000000e-24", 90000 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
                if (parse_string(numbers[i].number) != numbers[i].weight)
                        fail_msg("%s is read as %u", numbers[i].number, parse_string(numbers[i].number));
}

static void test_what_is_none(void **state _unused_) {
        static const char *const others[] = {
                "-1",
                "-0.001",
                "100.001",
                "101",
                "1000",
                "1e3",
                "0.0001",
                "1e-4",
                "10.0005",
                "1e999999",
                "1e-9999",
                "100.0000000000000000000000000001",
                "99.9999",
                "1e1000000000000000000000000000000",
                "1e-1000000000000000000000000000000",
                "123456789",
                "0.999999999999999999999",
                "1000000000000000000000000000000000",
        };

        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                if (parse_string(others[i]) != WEIGHT_NONE)
                        fail_msg("%s is no weight", others[i]);
}

/* Zeros in front, and an exponent that makes up for them. */
static void test_a_long_number_is_read_exactly(void **state _unused_) {
        enum { N_ZEROS = 100000 };
        static char number[N_ZEROS + 32];

        (void)snprintf(number, sizeof(number), "0.%0*de%d", N_ZEROS, 1234, N_ZEROS - 1);
        assert_int_equal(parse_string(number), WEIGHT_NONE);
        (void)snprintf(number, sizeof(number), "0.%0*de%d", N_ZEROS, 1234, N_ZEROS - 3);
        assert_int_equal(parse_string(number), 1234);
        (void)snprintf(number, sizeof(number), "0.%0*de%d", N_ZEROS, 1234, N_ZEROS - 4);
        assert_int_equal(parse_string(number), WEIGHT_NONE);

        memset(number, '0', N_ZEROS);
        number[0] = '5';
        (void)snprintf(number + N_ZEROS, 32, "e-%d", N_ZEROS - 1);
        assert_int_equal(parse_string(number), 5000);
        (void)snprintf(number + N_ZEROS, 32, "e-%d", N_ZEROS - 3);
        assert_int_equal(parse_string(number), WEIGHT_NONE);
}

static void test_a_failure_returns_nothing(void **state _unused_) {
        uint32_t weight = 7;

        assert_false(gray_weight_parse(SPAN_LITERAL("101"), &weight));
        assert_false(gray_weight_parse(SPAN_LITERAL(""), &weight));
        assert_false(gray_weight_parse(SPAN_LITERAL("1e"), &weight));
        assert_false(gray_weight_parse(SPAN_LITERAL("1e+"), &weight));
        assert_false(gray_weight_parse(SPAN_LITERAL("1ex"), &weight));
        assert_false(gray_weight_parse(SPAN_LITERAL("ten"), &weight));
        assert_false(gray_weight_parse(SPAN_LITERAL("1.0.0"), &weight));
        assert_int_equal(weight, 7);
}

static void test_every_weight_is_written_shortly_and_read_back(void **state _unused_) {
        for (uint32_t weight = 0; weight <= GRAY_WEIGHT_MAX; weight++) {
                _cleanup_(buf_deinit) Buf buf = BUF_NULL;
                char shortest[16];

                (void)snprintf(shortest, sizeof(shortest), "%.6g", weight / 1000.0);
                gray_append_weight(&buf, weight);
                assert_true(span_equal_string(buf_span(&buf), shortest));
                assert_int_equal(parse(buf_span(&buf)), weight);
        }
}

static void test_the_weight_of_an_arm_is_rewritten_in_place(void **state _unused_) {
        static const struct {
                const char *rules;
                uint32_t rule, weight;
                const char *expected;
        } cases[] = {
                { "[{\"split\":[{\"version\":9,\"weight\":5}]}]", 0, 10500,
                  "[{\"split\":[{\"version\":9,\"weight\":10.5}]}]" },
                { " [ {\"split\" : [ {\"weight\" : 1e1 , \"version\":9} , {\"version\":8,\"weight\":5}]} ] ",
                  0, 100000,
                  " [ {\"split\" : [ {\"weight\" : 100 , \"version\":9} , {\"version\":8,\"weight\":5}]} "
                  "] " },
                { "[{\"match\":{\"split\":[\"weight\"],\"weight\":[\"5\"]},"
                  "\"split\":[{\"version\":9,\"weight\":5}]},"
                  "{\"match\":{},\"spl\\u0069t\":[{\"version\":9,\"weigh\\u0074\":7},"
                  "{\"version\":8,\"weight\":7}]}]",
                  1, 1,
                  "[{\"match\":{\"split\":[\"weight\"],\"weight\":[\"5\"]},"
                  "\"split\":[{\"version\":9,\"weight\":5}]},"
                  "{\"match\":{},\"spl\\u0069t\":[{\"version\":9,\"weigh\\u0074\":0.001},"
                  "{\"version\":8,\"weight\":7}]}]" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(gray_unrefp) Gray *gray = compile(cases[i].rules);
                _cleanup_(buf_deinit) Buf buf = BUF_NULL;
                size_t n_arms;

                assert_true(cases[i].rule < gray_n_rules(gray));
                assert_int_not_equal(gray_arms(gray, &n_arms)->version, 0);
                gray_append_rules_with_weight(gray, cases[i].rule, cases[i].weight, &buf);
                buf_append_char(&buf, '\0');
                assert_string_equal(buf.data, cases[i].expected);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_counts_is_the_value),
                cmocka_unit_test(test_what_is_none),
                cmocka_unit_test(test_a_long_number_is_read_exactly),
                cmocka_unit_test(test_a_failure_returns_nothing),
                cmocka_unit_test(test_every_weight_is_written_shortly_and_read_back),
                cmocka_unit_test(test_the_weight_of_an_arm_is_rewritten_in_place),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
