/*
 * Too many wrong passwords from an address: what it may still do, and for how long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/session.h"
#include "access/throttle.h"
#include "access_fixture.h"

static void fail_ten_times(void) {
        _cleanup_(buf_deinit) Buf cookie = BUF_NULL;

        for (int i = 0; i < THROTTLE_FAILURES_MAX / 2; i++) {
                assert_int_equal(slowly(i % 2 ? BASIC_WRONG : BASIC_UNKNOWN), ACCESS_UNAUTHENTICATED);
                assert_int_equal(login_at(i % 2 ? "admin" : "root", "wrong", ADDRESS, NOW_MS, &cookie),
                                 ACCESS_UNAUTHENTICATED);
        }
        assert_int_equal(cookie.size, 0);
}

static void test_after_ten_wrong_passwords_the_right_one_is_refused_too(void **state) {
        _cleanup_(buf_deinit) Buf cookie = BUF_NULL;

        (void)state;

        fail_ten_times();
        assert_int_equal(quickly(BASIC_WRONG), ACCESS_TOO_MANY_FAILURES);
        assert_int_equal(quickly(BASIC_RIGHT), ACCESS_TOO_MANY_FAILURES);
        assert_int_equal(slowly(BASIC_RIGHT), ACCESS_TOO_MANY_FAILURES);
        assert_int_equal(login_at("admin", PASSWORD, ADDRESS, NOW_MS, &cookie), ACCESS_TOO_MANY_FAILURES);
        assert_int_equal(cookie.size, 0);
}

static void test_so_is_a_remembered_one(void **state) {
        Credentials elsewhere = with_authorization(BASIC_RIGHT);

        (void)state;

        assert_int_equal(slowly(BASIC_RIGHT), ACCESS_GRANTED);
        fail_ten_times();
        assert_int_equal(quickly(BASIC_RIGHT), ACCESS_TOO_MANY_FAILURES);

        elsewhere.address = SPAN_LITERAL("192.0.2.2");
        assert_int_equal(quickly_at(&elsewhere, NOW_MS), ACCESS_GRANTED);
}

static void test_a_minute_later_all_is_well(void **state) {
        Credentials credentials = with_authorization(BASIC_RIGHT);
        _cleanup_(buf_deinit) Buf cookie = BUF_NULL;

        (void)state;

        fail_ten_times();
        assert_int_equal(slowly_at(&credentials, NOW_MS + THROTTLE_WINDOW_MS - 1), ACCESS_TOO_MANY_FAILURES);
        assert_int_equal(slowly_at(&credentials, NOW_MS + THROTTLE_WINDOW_MS), ACCESS_GRANTED);
        assert_int_equal(login_at("admin", PASSWORD, ADDRESS, NOW_MS + THROTTLE_WINDOW_MS, &cookie),
                         ACCESS_GRANTED);
}

static void test_tokens_and_sessions_of_that_address_go_on(void **state) {
        _cleanup_(buf_deinit) Buf cookie = BUF_NULL;
        Credentials credentials = { .host = HOST, .address = ADDRESS };

        (void)state;

        assert_int_equal(login_at("admin", PASSWORD, ADDRESS, NOW_MS, &cookie), ACCESS_GRANTED);
        fail_ten_times();
        assert_int_equal(quickly(BEARER_RIGHT), ACCESS_GRANTED);
        credentials.cookie = (Span){ cookie.data, strlen("confer_session=") + SESSION_TEXT_SIZE };
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_GRANTED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                with_access(test_after_ten_wrong_passwords_the_right_one_is_refused_too),
                with_access(test_so_is_a_remembered_one),
                with_access(test_a_minute_later_all_is_well),
                with_access(test_tokens_and_sessions_of_that_address_go_on),
        };

        return cmocka_run_group_tests_name("access throttle", tests, NULL, NULL);
}
