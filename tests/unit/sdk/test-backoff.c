#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backoff.h"

static const BackoffPolicy policy = { .base_ms = 500, .cap_ms = 30000, .stable_ms = 30000 };

/* The longest wait of the n-th attempt: random numbers are taken modulo the span and one. */
static uint64_t longest(unsigned n_attempts) {
        uint64_t longest = 0;

        for (uint64_t random = 0; random <= 40000; random++) {
                Backoff backoff = { n_attempts };
                uint64_t wait = backoff_next_ms(&backoff, &policy, random);

                longest = wait > longest ? wait : longest;
        }
        return longest;
}

static void the_spans_double_up_to_the_cap(void **state) {
        (void)state;
        assert_int_equal(longest(0), 0);
        assert_int_equal(longest(1), 500);
        assert_int_equal(longest(2), 1000);
        assert_int_equal(longest(3), 2000);
        assert_int_equal(longest(6), 16000);
        assert_int_equal(longest(7), 30000);
        assert_int_equal(longest(60), 30000);
}

static void jitter_is_full(void **state) {
        Backoff backoff = { 1 };

        (void)state;
        assert_int_equal(backoff_next_ms(&backoff, &policy, 0), 0);
        backoff = (Backoff){ 1 };
        assert_int_equal(backoff_next_ms(&backoff, &policy, 501 * 7 + 123), 123);
}

static void attempts_are_counted(void **state) {
        Backoff backoff = BACKOFF_NULL;

        (void)state;
        assert_int_equal(backoff_next_ms(&backoff, &policy, UINT64_MAX), 0);
        assert_int_equal(backoff_next_ms(&backoff, &policy, 500), 500);
        assert_int_equal(backoff_next_ms(&backoff, &policy, 1000), 1000);
        for (int i = 0; i < 1000; i++)
                assert_in_range(backoff_next_ms(&backoff, &policy, UINT64_MAX - (uint64_t)i), 0, 30000);
}

static void only_a_stable_connection_starts_the_row_anew(void **state) {
        Backoff backoff = { 5 };

        (void)state;
        backoff_connection_lost(&backoff, &policy, 1000, 30999);
        assert_int_equal(backoff.n_attempts, 5);
        backoff_connection_lost(&backoff, &policy, 1000, 31000);
        assert_int_equal(backoff.n_attempts, 0);
}

static void a_lasting_fault_is_tried_at_the_slowest_pace(void **state) {
        Backoff backoff = BACKOFF_NULL;

        (void)state;
        backoff_slow_down(&backoff);
        assert_int_equal(backoff_next_ms(&backoff, &policy, 30000), 30000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_spans_double_up_to_the_cap),
                cmocka_unit_test(jitter_is_full),
                cmocka_unit_test(attempts_are_counted),
                cmocka_unit_test(only_a_stable_connection_starts_the_row_anew),
                cmocka_unit_test(a_lasting_fault_is_tried_at_the_slowest_pace),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
