#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/throttle.h"

#define NOW_MS INT64_C(1767225600000)
#define HOST   SPAN_LITERAL("192.0.2.1")
#define OTHER  SPAN_LITERAL("192.0.2.2")

static Throttle *throttle;

static int setup(void **state) {
        (void)state;

        throttle = throttle_new();
        return throttle ? 0 : -1;
}

static int teardown(void **state) {
        (void)state;

        throttle = throttle_free(throttle);
        return 0;
}

/* Return: whether the last of the failures shut the address out. */
static bool fail_times(Span address, int n, int64_t now_ms) {
        bool has_shut = false;

        for (int i = 0; i < n; i++) {
                assert_false(has_shut);
                has_shut = throttle_count_failure(throttle, address, now_ms);
        }
        return has_shut;
}

static void shut_out(Span address, int64_t now_ms) {
        assert_true(fail_times(address, THROTTLE_FAILURES_MAX, now_ms));
}

static void test_the_tenth_failure_shuts_an_address_out(void **state) {
        (void)state;

        assert_false(fail_times(HOST, 9, NOW_MS));
        assert_false(throttle_is_shut(throttle, HOST, NOW_MS));
        assert_true(throttle_count_failure(throttle, HOST, NOW_MS));
        assert_true(throttle_is_shut(throttle, HOST, NOW_MS));
}

static void test_it_ends_a_minute_after_the_tenth(void **state) {
        (void)state;

        assert_false(fail_times(HOST, 9, NOW_MS));
        assert_true(fail_times(HOST, 1, NOW_MS + 59999));
        assert_true(throttle_is_shut(throttle, HOST, NOW_MS + 60000));
        assert_true(throttle_is_shut(throttle, HOST, NOW_MS + 59999 + 59999));
        assert_false(throttle_is_shut(throttle, HOST, NOW_MS + 59999 + 60000));
}

static void test_failures_are_forgotten_a_minute_after_the_first(void **state) {
        (void)state;

        assert_false(fail_times(HOST, 1, NOW_MS));
        assert_false(fail_times(HOST, 8, NOW_MS + 59999));
        assert_false(fail_times(HOST, 9, NOW_MS + 60000));
        assert_false(throttle_is_shut(throttle, HOST, NOW_MS + 60000));
        assert_true(fail_times(HOST, 1, NOW_MS + 60000));
}

static void test_after_the_minute_there_are_ten_more(void **state) {
        (void)state;

        shut_out(HOST, NOW_MS);
        assert_false(fail_times(HOST, 9, NOW_MS + 60000));
        assert_false(throttle_is_shut(throttle, HOST, NOW_MS + 60000));
        assert_true(fail_times(HOST, 1, NOW_MS + 60000));
        assert_true(throttle_is_shut(throttle, HOST, NOW_MS + 60000));
}

static void test_other_addresses_go_on(void **state) {
        (void)state;

        shut_out(HOST, NOW_MS);
        assert_false(throttle_is_shut(throttle, OTHER, NOW_MS));
        assert_false(throttle_is_shut(throttle, SPAN_NULL, NOW_MS));
        assert_false(fail_times(OTHER, 9, NOW_MS));
        assert_false(throttle_is_shut(throttle, OTHER, NOW_MS));
}

static void test_one_that_is_shut_out_later_does_not_let_the_first_in(void **state) {
        (void)state;

        shut_out(HOST, NOW_MS + 30000);
        shut_out(OTHER, NOW_MS);
        assert_true(throttle_is_shut(throttle, HOST, NOW_MS + 89999));
        assert_false(throttle_is_shut(throttle, OTHER, NOW_MS + 60000));
        assert_false(throttle_is_shut(throttle, HOST, NOW_MS + 90000));
}

static void test_a_clock_that_is_set_back_lets_in(void **state) {
        (void)state;

        shut_out(HOST, NOW_MS);
        assert_false(throttle_is_shut(throttle, HOST, NOW_MS - 1));
        shut_out(HOST, NOW_MS - 3600000);
        assert_true(throttle_is_shut(throttle, HOST, NOW_MS - 3600000));
}

static void assert_same_place(Span a, Span b, bool is_same) {
        Throttle *own = throttle_new();

        assert_non_null(own);
        for (int i = 0; i < THROTTLE_FAILURES_MAX; i++)
                (void)throttle_count_failure(own, a, NOW_MS);
        assert_true(throttle_is_shut(own, a, NOW_MS));
        assert_int_equal(throttle_is_shut(own, b, NOW_MS), is_same);
        throttle_free(own);
}

static void test_a_network_of_ipv6_counts_as_one(void **state) {
        (void)state;

        assert_same_place(SPAN_LITERAL("2001:db8:1:2::1"), SPAN_LITERAL("2001:db8:1:2:ffff::9"), true);
        assert_same_place(SPAN_LITERAL("2001:db8:1:2::1"), SPAN_LITERAL("2001:DB8:1:2::1"), true);
        assert_same_place(SPAN_LITERAL("2001:db8:1:2::1"), SPAN_LITERAL("2001:db8:1:3::1"), false);
        assert_same_place(SPAN_LITERAL("::ffff:192.0.2.1"), SPAN_LITERAL("192.0.2.1"), true);
        assert_same_place(SPAN_LITERAL("::ffff:192.0.2.1"), SPAN_LITERAL("::ffff:192.0.2.2"), false);
        assert_same_place(SPAN_LITERAL("192.0.2.1"), SPAN_LITERAL("192.0.3.1"), false);
}

static void test_what_is_no_address_is_told_apart_by_its_text(void **state) {
        char long_text[300];

        (void)state;

        memset(long_text, '1', sizeof(long_text));
        assert_same_place(SPAN_LITERAL("unix:1"), SPAN_LITERAL("unix:1"), true);
        assert_same_place(SPAN_LITERAL("unix:1"), SPAN_LITERAL("unix:2"), false);
        assert_same_place(SPAN_LITERAL(""), SPAN_NULL, true);
        assert_same_place((Span){ long_text, 300 }, (Span){ long_text, 299 }, false);
        assert_same_place(SPAN_LITERAL("192.0.2.1\0x"), SPAN_LITERAL("192.0.2.1"), true);
}

/* The address number @n, as text. */
static Span address_of(int n) {
        static char text[32];

        (void)snprintf(text, sizeof(text), "10.0.%d.%d", n / 256, n % 256);
        return span_from_string(text);
}

static void test_one_address_too_many_replaces_the_one_that_failed_longest_ago(void **state) {
        const int oldest = 300;

        (void)state;

        for (int i = 0; i < THROTTLE_ADDRESSES_MAX; i++)
                shut_out(address_of(i), NOW_MS + (i == oldest ? 0 : 1));
        assert_true(throttle_is_shut(throttle, address_of(oldest), NOW_MS + 1));

        shut_out(HOST, NOW_MS + 1);
        assert_true(throttle_is_shut(throttle, HOST, NOW_MS + 1));
        for (int i = 0; i < THROTTLE_ADDRESSES_MAX; i++)
                assert_int_equal(throttle_is_shut(throttle, address_of(i), NOW_MS + 1), i != oldest);
}

#define with_throttle(test) cmocka_unit_test_setup_teardown((test), setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                with_throttle(test_the_tenth_failure_shuts_an_address_out),
                with_throttle(test_it_ends_a_minute_after_the_tenth),
                with_throttle(test_failures_are_forgotten_a_minute_after_the_first),
                with_throttle(test_after_the_minute_there_are_ten_more),
                with_throttle(test_other_addresses_go_on),
                with_throttle(test_one_that_is_shut_out_later_does_not_let_the_first_in),
                with_throttle(test_a_clock_that_is_set_back_lets_in),
                cmocka_unit_test(test_a_network_of_ipv6_counts_as_one),
                cmocka_unit_test(test_what_is_no_address_is_told_apart_by_its_text),
                with_throttle(test_one_address_too_many_replaces_the_one_that_failed_longest_ago),
        };

        return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
