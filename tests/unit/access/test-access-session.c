/*
 * Logins, and the cookies that they set: whom they grant access, and until when.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/session.h"
#include "access_fixture.h"

/* What a browser has after a login. */
typedef struct Browser {
        char pair[sizeof("confer_session=") + SESSION_TEXT_SIZE];
        char csrf[SESSION_TEXT_SIZE + 1];
} Browser;

static Browser log_in(void) {
        _cleanup_(buf_deinit) Buf cookie = BUF_NULL;
        Browser browser = { .pair = "" };

        assert_int_equal(login_at("admin", PASSWORD, ADDRESS, NOW_MS, &cookie), ACCESS_GRANTED);
        assert_true(cookie.size > sizeof(browser.pair));
        memcpy(browser.pair, cookie.data, sizeof(browser.pair) - 1);
        assert_int_equal(principal.csrf.size, SESSION_TEXT_SIZE);
        memcpy(browser.csrf, principal.csrf.data, SESSION_TEXT_SIZE + 1);
        return browser;
}

static Credentials of_browser(const Browser *browser, bool is_unsafe) {
        return (Credentials){ .cookie = span_from_string(browser->pair),
                              .csrf = is_unsafe ? span_from_string(browser->csrf) : SPAN_NULL,
                              .origin = is_unsafe ? SPAN_LITERAL("http://conf.example:8750") : SPAN_NULL,
                              .host = HOST,
                              .address = ADDRESS,
                              .is_unsafe = is_unsafe };
}

static void test_a_login_sets_a_cookie_that_only_browsers_of_ours_send(void **state) {
        _cleanup_(buf_deinit) Buf cookie = BUF_NULL;
        _cleanup_(freep) char *text = NULL;

        (void)state;

        assert_int_equal(login_at("admin", PASSWORD, ADDRESS, NOW_MS, &cookie), ACCESS_GRANTED);
        text = buf_take_string(&cookie);
        assert_int_equal(strncmp(text, "confer_session=", strlen("confer_session=")), 0);
        assert_string_equal(text + strlen("confer_session=") + SESSION_TEXT_SIZE,
                            "; Path=/; HttpOnly; SameSite=Strict");
        assert_int_equal(principal.expires_at_ms, NOW_MS + IDLE_MS);
}

static void test_a_wrong_login_opens_nothing(void **state) {
        _cleanup_(buf_deinit) Buf cookie = BUF_NULL;

        (void)state;

        assert_int_equal(login_at("admin", "wrong", ADDRESS, NOW_MS, &cookie), ACCESS_UNAUTHENTICATED);
        assert_int_equal(login_at("root", PASSWORD, ADDRESS, NOW_MS, &cookie), ACCESS_UNAUTHENTICATED);
        assert_int_equal(login_at("admin", "", ADDRESS, NOW_MS, &cookie), ACCESS_UNAUTHENTICATED);
        assert_int_equal(login_at("", "", ADDRESS, NOW_MS, &cookie), ACCESS_UNAUTHENTICATED);
        assert_int_equal(cookie.size, 0);
}

static void test_the_cookie_is_enough_to_read(void **state) {
        Browser browser = log_in();
        Credentials credentials = of_browser(&browser, false);

        (void)state;

        assert_int_equal(quickly_at(&credentials, NOW_MS + 1), ACCESS_GRANTED);
        assert_true(span_equal_string(principal.csrf, browser.csrf));
        assert_int_equal(principal.expires_at_ms, NOW_MS + 1 + IDLE_MS);
        credentials.origin = SPAN_LITERAL("https://evil.example");
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_GRANTED);
}

static void test_to_change_takes_the_csrf_value_and_our_origin(void **state) {
        Browser browser = log_in(), other = log_in();
        const Credentials whole = of_browser(&browser, true);
        Credentials credentials = whole;

        (void)state;

        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_GRANTED);
        credentials.csrf = SPAN_NULL;
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_CSRF_FAILED);
        credentials.csrf = SPAN_LITERAL("");
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_CSRF_FAILED);
        credentials.csrf = (Span){ browser.csrf, SESSION_TEXT_SIZE - 1 };
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_CSRF_FAILED);
        credentials.csrf = span_from_string(other.csrf);
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_CSRF_FAILED);

        credentials = whole;
        credentials.origin = SPAN_NULL;
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_CSRF_FAILED);
        credentials.origin = SPAN_LITERAL("https://evil.example");
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_CSRF_FAILED);
        credentials = whole;
        credentials.host = SPAN_NULL;
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_CSRF_FAILED);
}

static void test_a_session_ends_by_the_clock(void **state) {
        Browser browser = log_in();
        Credentials credentials = of_browser(&browser, true);

        (void)state;

        assert_int_equal(quickly_at(&credentials, NOW_MS + IDLE_MS - 1), ACCESS_GRANTED);
        assert_int_equal(quickly_at(&credentials, NOW_MS + 2 * IDLE_MS - 1), ACCESS_UNAUTHENTICATED);
}

static void test_a_logout_ends_the_session_and_clears_the_cookie(void **state) {
        _cleanup_(buf_deinit) Buf cookie = BUF_NULL;
        _cleanup_(freep) char *text = NULL;
        Browser browser = log_in(), other = log_in();
        Credentials credentials = of_browser(&browser, false), of_other = of_browser(&other, false);

        (void)state;

        access_logout(access_of_test, credentials.cookie, &cookie);
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_UNAUTHENTICATED);
        assert_int_equal(quickly_at(&of_other, NOW_MS), ACCESS_GRANTED);
        text = buf_take_string(&cookie);
        assert_string_equal(text, "confer_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
}

static void test_a_logout_of_nobody_does_nothing(void **state) {
        _cleanup_(buf_deinit) Buf cookie = BUF_NULL;
        Browser browser = log_in();
        Credentials credentials = of_browser(&browser, false);

        (void)state;

        access_logout(access_of_test, SPAN_NULL, &cookie);
        access_logout(access_of_test, SPAN_LITERAL("confer_session=x"), &cookie);
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_GRANTED);
}

static AccessVerdict with_cookie(const Browser *browser, const char *before, const char *after) {
        char cookie[512];
        int size = snprintf(cookie, sizeof(cookie), "%s%s%s", before, browser->pair, after);
        const Credentials credentials = { .cookie = { cookie, (size_t)size },
                                          .host = HOST,
                                          .address = ADDRESS };

        return quickly_at(&credentials, NOW_MS);
}

static void test_the_cookie_is_found_among_others(void **state) {
        Browser browser = log_in();

        (void)state;

        assert_int_equal(with_cookie(&browser, "", ""), ACCESS_GRANTED);
        assert_int_equal(with_cookie(&browser, "a=b; ", "; c=d"), ACCESS_GRANTED);
        assert_int_equal(with_cookie(&browser, "a=b;", ";"), ACCESS_GRANTED);
        assert_int_equal(with_cookie(&browser, ";; =;\"x;", "; junk \x80"), ACCESS_GRANTED);
        assert_int_equal(with_cookie(&browser, "xconfer_session=1; ", "; confer_sessions=1"), ACCESS_GRANTED);
}

static void test_a_cookie_that_is_not_quite_ours_is_none(void **state) {
        Browser browser = log_in();

        (void)state;

        assert_int_equal(with_cookie(&browser, "", "A"), ACCESS_UNAUTHENTICATED);
        assert_int_equal(with_cookie(&browser, "", " "), ACCESS_UNAUTHENTICATED);
        assert_int_equal(with_cookie(&browser, "", "="), ACCESS_UNAUTHENTICATED);
        assert_int_equal(with_cookie(&browser, "x", ""), ACCESS_UNAUTHENTICATED);
        assert_int_equal(with_cookie(&browser, "\t", ""), ACCESS_UNAUTHENTICATED);
        assert_int_equal(with_cookie(&browser, "a=b, ", ""), ACCESS_UNAUTHENTICATED);
        browser.pair[0] = 'C';
        assert_int_equal(with_cookie(&browser, "", ""), ACCESS_UNAUTHENTICATED);
}

static void test_two_cookies_of_our_name_are_none(void **state) {
        Browser browser = log_in();

        (void)state;

        assert_int_equal(with_cookie(&browser, "confer_session=x; ", ""), ACCESS_UNAUTHENTICATED);
        assert_int_equal(with_cookie(&browser, "", "; confer_session="), ACCESS_UNAUTHENTICATED);
}

static void test_an_authorization_header_decides_alone(void **state) {
        Browser browser = log_in();
        Credentials credentials = of_browser(&browser, false);

        (void)state;

        credentials.authorization = SPAN_LITERAL("Bearer wrong");
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_UNAUTHENTICATED);
        credentials.authorization = SPAN_LITERAL("");
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_UNAUTHENTICATED);
        credentials.authorization = BEARER_RIGHT;
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_GRANTED);
        assert_null(principal.csrf.data);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                with_access(test_a_login_sets_a_cookie_that_only_browsers_of_ours_send),
                with_access(test_a_wrong_login_opens_nothing),
                with_access(test_the_cookie_is_enough_to_read),
                with_access(test_to_change_takes_the_csrf_value_and_our_origin),
                with_access(test_a_session_ends_by_the_clock),
                with_access(test_a_logout_ends_the_session_and_clears_the_cookie),
                with_access(test_a_logout_of_nobody_does_nothing),
                with_access(test_the_cookie_is_found_among_others),
                with_access(test_a_cookie_that_is_not_quite_ours_is_none),
                with_access(test_two_cookies_of_our_name_are_none),
                with_access(test_an_authorization_header_decides_alone),
        };

        return cmocka_run_group_tests_name("access session", tests, NULL, NULL);
}
