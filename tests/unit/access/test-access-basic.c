/*
 * Passwords in a header: when they are hashed, which are remembered, and what time tells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/throttle.h"
#include "access_fixture.h"
#include "util/clock.h"

static void test_a_password_is_hashed_once_and_then_remembered(void **state) {
        (void)state;

        assert_int_equal(quickly(BASIC_RIGHT), ACCESS_NEEDS_HASHING);
        assert_int_equal(slowly(BASIC_RIGHT), ACCESS_GRANTED);
        assert_null(principal.csrf.data);
        assert_int_equal(quickly(BASIC_RIGHT), ACCESS_GRANTED);
        assert_int_equal(quickly(SPAN_LITERAL("bASIC  YWRtaW46cGFzczp3b3JkIMOp")), ACCESS_GRANTED);
        assert_int_equal(quickly(BASIC_WRONG), ACCESS_NEEDS_HASHING);
}

static void test_a_wrong_password_is_not_remembered(void **state) {
        (void)state;

        assert_int_equal(quickly(BASIC_WRONG), ACCESS_NEEDS_HASHING);
        assert_int_equal(slowly(BASIC_WRONG), ACCESS_UNAUTHENTICATED);
        assert_int_equal(quickly(BASIC_WRONG), ACCESS_NEEDS_HASHING);
        assert_int_equal(slowly(BASIC_WRONG), ACCESS_UNAUTHENTICATED);
        assert_int_equal(quickly(BASIC_RIGHT), ACCESS_NEEDS_HASHING);
}

static void test_the_name_counts_too(void **state) {
        (void)state;

        assert_int_equal(quickly(BASIC_UNKNOWN), ACCESS_NEEDS_HASHING);
        assert_int_equal(slowly(BASIC_UNKNOWN), ACCESS_UNAUTHENTICATED);
        assert_int_equal(slowly(SPAN_LITERAL("Basic OnBhc3M6d29yZCDDqQ==")),
                         ACCESS_UNAUTHENTICATED); /* no name */
        assert_int_equal(slowly(SPAN_LITERAL("Basic QWRtaW46cGFzczp3b3JkIMOp")),
                         ACCESS_UNAUTHENTICATED); /* Admin */
}

/* To scrypt it is the same password. Were it remembered, the right header would be hashed each time. */
static void test_a_nul_at_the_end_makes_another_password(void **state) {
        (void)state;

        assert_int_equal(slowly(SPAN_LITERAL("Basic YWRtaW46cGFzczp3b3JkIMOpAA==")), ACCESS_UNAUTHENTICATED);
        assert_int_equal(slowly(BASIC_RIGHT), ACCESS_GRANTED);
        assert_int_equal(quickly(BASIC_RIGHT), ACCESS_GRANTED);
}

static void test_what_holds_no_password_is_refused_without_hashing(void **state) {
        static const char *const wrong[] = {
                "Basic",
                "Basic ",
                "Basic =",
                "Basic YWRtaW4=",                  /* no colon */
                "Basic YWRtaW46cGFzczp3b3JkIMO",   /* cut */
                "Basic YWRtaW46cGFzczp3b3JkIMOp=", /* padded too far */
                "Basic YWRtaW46cGFzczp3b3JkIMOp x",
                "Basic YWRtaW46cGFzczp3b3JkIMO-",
                "Basic YWRtaW46d3Jvbmd=", /* bits left over */
        };

        (void)state;

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
                if (quickly(span_from_string(wrong[i])) != ACCESS_UNAUTHENTICATED)
                        fail_msg("\"%s\" would be hashed", wrong[i]);
}

static void test_a_password_that_no_setting_allows_is_refused_without_hashing(void **state) {
        static char header[4096];

        (void)state;

        memset(header, 'Q', sizeof(header));
        memcpy(header, "Basic YWRtaW46", strlen("Basic YWRtaW46"));
        assert_int_equal(quickly((Span){ header, sizeof("Basic ") - 1 + 2052 }), ACCESS_UNAUTHENTICATED);
        assert_int_equal(quickly((Span){ header, sizeof("Basic ") - 1 + 2048 }), ACCESS_NEEDS_HASHING);

        /* More bytes than a password has: refused, and no wrong password is counted. */
        for (int i = 0; i < 2 * THROTTLE_FAILURES_MAX; i++)
                assert_int_equal(slowly((Span){ header, sizeof("Basic ") - 1 + 2048 }),
                                 ACCESS_UNAUTHENTICATED);
        assert_int_equal(slowly(BASIC_RIGHT), ACCESS_GRANTED);
}

static int64_t cpu_us_of(Span authorization) {
        int64_t least_us = INT64_MAX;

        for (int i = 0; i < 3; i++) {
                int64_t since_us = clock_read_us(CLOCK_THREAD_CPUTIME_ID);

                assert_int_equal(slowly(authorization), ACCESS_UNAUTHENTICATED);
                least_us = MIN(least_us, clock_read_us(CLOCK_THREAD_CPUTIME_ID) - since_us);
        }
        return least_us;
}

static void test_time_does_not_tell_who_exists(void **state) {
        int64_t known_us, unknown_us;

        (void)state;

        access_free(access_of_test);
        access_of_test = new_access(PASSWORD, NULL, (PasswordCost){ .n = 4096, .r = 8, .p = 1 });
        known_us = cpu_us_of(BASIC_WRONG);
        unknown_us = cpu_us_of(BASIC_UNKNOWN);
        assert_true(known_us > 1000);
        assert_true(unknown_us > known_us / 2 && unknown_us < known_us * 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                with_access(test_a_password_is_hashed_once_and_then_remembered),
                with_access(test_a_wrong_password_is_not_remembered),
                with_access(test_the_name_counts_too),
                with_access(test_a_nul_at_the_end_makes_another_password),
                with_access(test_what_holds_no_password_is_refused_without_hashing),
                with_access(test_a_password_that_no_setting_allows_is_refused_without_hashing),
                with_access(test_time_does_not_tell_who_exists),
        };

        return cmocka_run_group_tests_name("access basic", tests, NULL, NULL);
}
