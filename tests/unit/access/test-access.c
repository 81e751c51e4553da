#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "access/access.h"
#include "access/password.h"
#include "access/session.h"
#include "access/throttle.h"
#include "util/clock.h"

#define NOW_MS   INT64_C(1767225600000)
#define IDLE_MS  INT64_C(3600000)
#define MAX_MS   INT64_C(86400000)
#define TOKEN    "0123456789abcdef0123456789abcdef"
#define PASSWORD "pass:word \xc3\xa9"
#define ADDRESS  SPAN_LITERAL("192.0.2.1")
#define HOST     SPAN_LITERAL("conf.example:8750")

/* Of "admin:" and the password. */
#define BASIC_RIGHT   SPAN_LITERAL("Basic YWRtaW46cGFzczp3b3JkIMOp")
#define BASIC_WRONG   SPAN_LITERAL("Basic YWRtaW46d3Jvbmc=")         /* admin:wrong */
#define BASIC_UNKNOWN SPAN_LITERAL("Basic cm9vdDpwYXNzOndvcmQgw6k=") /* root and the password */
#define BEARER_RIGHT  SPAN_LITERAL("Bearer " TOKEN)

static const PasswordCost cheap = { .n = 16, .r = 8, .p = 1 };

static Access *access_of_test;
static Principal principal;

static Access *new_access(const char *password, const char *token, PasswordCost cost) {
        const AccessOptions options = {
                .data_path = "/nonexistent",
                .admin_password = password,
                .admin_token = token,
                .session_idle_ms = IDLE_MS,
                .session_max_ms = MAX_MS,
                .password_cost = &cost,
        };
        char made_password[33] = "untouched";
        Access *access = NULL;
        Problem problem;

        if (access_new(&options, &access, made_password, &problem))
                fail_msg("%s", problem.text);
        assert_string_equal(made_password, "");
        return access;
}

static int setup(void **state) {
        (void)state;

        access_of_test = new_access(PASSWORD, TOKEN, cheap);
        return 0;
}

static int teardown(void **state) {
        (void)state;

        access_of_test = access_free(access_of_test);
        return 0;
}

/* A principal is filled when access is granted, and only then. */
static AccessVerdict judged(AccessVerdict verdict) {
        Span untouched = SPAN_LITERAL("untouched");

        if (verdict == ACCESS_GRANTED) {
                assert_true(span_equal_string(principal.name, "user:admin"));
                assert_true(span_equal_string(principal.user_name, "admin"));
                assert_true(principal.is_admin);
        } else
                assert_true(span_equal(principal.name, untouched));
        principal.name = untouched;
        return verdict;
}

static AccessVerdict quickly_at(const Credentials *credentials, int64_t now_ms) {
        principal.name = SPAN_LITERAL("untouched");
        return judged(access_authenticate(access_of_test, credentials, now_ms, &principal));
}

static AccessVerdict slowly_at(const Credentials *credentials, int64_t now_ms) {
        principal.name = SPAN_LITERAL("untouched");
        return judged(access_authenticate_slowly(access_of_test, credentials, now_ms, &principal));
}

static Credentials with_authorization(Span authorization) {
        return (Credentials){ .authorization = authorization, .host = HOST, .address = ADDRESS };
}

static AccessVerdict quickly(Span authorization) {
        Credentials credentials = with_authorization(authorization);

        return quickly_at(&credentials, NOW_MS);
}

static AccessVerdict slowly(Span authorization) {
        Credentials credentials = with_authorization(authorization);

        return slowly_at(&credentials, NOW_MS);
}

/*
 * Rights
 */

static void test_rights_have_names(void **state) {
        (void)state;

        assert_string_equal(right_to_string(RIGHT_READER), "reader");
        assert_string_equal(right_to_string(RIGHT_EDITOR), "editor");
        assert_string_equal(right_to_string(RIGHT_PUBLISHER), "publisher");
        assert_string_equal(right_to_string(RIGHT_ADMIN), "admin");
        for (int right = 0; right < RIGHT_N; right++)
                assert_non_null(right_to_string((Right)right));
}

static void test_nobody_may_what_is_not_public(void **state) {
        const Principal empty = { .is_admin = false };
        const Principal known = { .name = SPAN_LITERAL("user:reader") };

        (void)state;

        for (int right = 0; right < RIGHT_N; right++) {
                assert_int_equal(access_allows(NULL, (Right)right, SPAN_LITERAL("*")), right == RIGHT_PUBLIC);
                assert_int_equal(access_allows(&empty, (Right)right, SPAN_LITERAL("*")),
                                 right == RIGHT_PUBLIC);
                assert_int_equal(access_allows(&known, (Right)right, SPAN_LITERAL("prod")),
                                 right == RIGHT_PUBLIC || right == RIGHT_AUTHENTICATED);
        }
}

static void test_the_administrator_may_everything_that_somebody_decided(void **state) {
        const Principal admin = { .name = SPAN_LITERAL("user:admin"), .is_admin = true };

        (void)state;

        for (int right = 0; right < RIGHT_N; right++)
                assert_int_equal(access_allows(&admin, (Right)right, SPAN_NULL), right != RIGHT_UNSET);
}

/*
 * Bearer
 */

static void test_the_token_is_granted_at_once(void **state) {
        (void)state;

        assert_int_equal(quickly(BEARER_RIGHT), ACCESS_GRANTED);
        assert_null(principal.csrf.data);
        assert_int_equal(principal.expires_at_ms, 0);
        assert_int_equal(slowly(BEARER_RIGHT), ACCESS_GRANTED);
        assert_int_equal(quickly(SPAN_LITERAL("bEARER   " TOKEN)), ACCESS_GRANTED);
}

static void test_no_other_token_is(void **state) {
        static const char *const wrong[] = {
                "",
                "Bearer",
                "Bearer ",
                "Bearer" TOKEN,
                "Bearer\t" TOKEN,
                " Bearer " TOKEN,
                "Bearer " TOKEN " ",
                "Bearer " TOKEN "0",
                "Bearer 0123456789abcdef0123456789abcde",
                "Bearer 0123456789abcdef0123456789abcdeF",
                "Bearers " TOKEN,
                "Token " TOKEN,
                TOKEN,
        };

        (void)state;

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
                if (quickly(span_from_string(wrong[i])) != ACCESS_UNAUTHENTICATED)
                        fail_msg("\"%s\" was granted", wrong[i]);
        assert_int_equal(quickly(SPAN_LITERAL("Bearer " TOKEN "\0")), ACCESS_UNAUTHENTICATED);
        assert_int_equal(quickly(SPAN_NULL), ACCESS_UNAUTHENTICATED);
}

static void test_without_a_token_set_none_is_right(void **state) {
        (void)state;

        access_free(access_of_test);
        access_of_test = new_access(PASSWORD, NULL, cheap);
        assert_int_equal(quickly(BEARER_RIGHT), ACCESS_UNAUTHENTICATED);
        assert_int_equal(quickly(SPAN_LITERAL("Bearer ")), ACCESS_UNAUTHENTICATED);
        assert_int_equal(slowly(BASIC_RIGHT), ACCESS_GRANTED);
}

static void test_no_browser_sends_a_token_by_itself_so_its_origin_is_not_asked(void **state) {
        Credentials credentials = with_authorization(BEARER_RIGHT);

        (void)state;

        credentials.is_unsafe = true;
        credentials.origin = SPAN_LITERAL("https://evil.example");
        assert_int_equal(quickly_at(&credentials, NOW_MS), ACCESS_GRANTED);
}

static void test_wrong_tokens_shut_nobody_out(void **state) {
        (void)state;

        for (int i = 0; i < 50; i++)
                assert_int_equal(quickly(SPAN_LITERAL("Bearer wrong")), ACCESS_UNAUTHENTICATED);
        assert_int_equal(quickly(BEARER_RIGHT), ACCESS_GRANTED);
        assert_int_equal(slowly(BASIC_RIGHT), ACCESS_GRANTED);
}

/*
 * Basic
 */

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

static AccessVerdict basic_from(const char *origin, const char *host, bool is_unsafe) {
        Credentials credentials = with_authorization(BASIC_RIGHT);

        credentials.origin = span_from_string(origin);
        credentials.host = span_from_string(host);
        credentials.is_unsafe = is_unsafe;
        return slowly_at(&credentials, NOW_MS);
}

static void test_a_remembered_password_is_worth_nothing_to_a_foreign_page(void **state) {
        (void)state;

        assert_int_equal(basic_from("https://evil.example", "conf.example", true), ACCESS_CSRF_FAILED);
        assert_int_equal(basic_from("null", "conf.example", true), ACCESS_CSRF_FAILED);
        assert_int_equal(basic_from("", "conf.example", true), ACCESS_CSRF_FAILED);
        assert_int_equal(basic_from("https://evil.example", "conf.example", false), ACCESS_GRANTED);
        assert_int_equal(basic_from("http://conf.example", "conf.example", true), ACCESS_GRANTED);
        assert_int_equal(basic_from("https://conf.example", "conf.example", true), ACCESS_GRANTED);
        assert_int_equal(basic_from(NULL, "conf.example", true), ACCESS_GRANTED);
        assert_int_equal(basic_from("https://evil.example", "conf.example", true), ACCESS_CSRF_FAILED);
}

static void test_only_the_whole_host_is_our_origin(void **state) {
        static const struct {
                const char *origin, *host;
                bool is_ours;
        } cases[] = {
                { "http://127.0.0.1:8750", "127.0.0.1:8750", true },
                { "http://[::1]:8750", "[::1]:8750", true },
                { "http://conf.example", "CONF.example", true },
                { "http://conf.example:8750", "conf.example", false },
                { "http://conf.example", "conf.example:8750", false },
                { "http://conf.example:875", "conf.example:8750", false },
                { "http://conf.example:8751", "conf.example:8750", false },
                { "http://conf.example.evil", "conf.example", false },
                { "http://evil.conf.example", "conf.example", false },
                { "http://conf.example/", "conf.example", false },
                { "ws://conf.example", "conf.example", false },
                { "http:/conf.example", "conf.example", false },
                { "conf.example", "conf.example", false },
                { "http://", "", false },
                { "https://", NULL, false },
        };

        (void)state;

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const Credentials credentials = { .origin = span_from_string(cases[i].origin),
                                                  .host = span_from_string(cases[i].host) };

                if (access_is_foreign(&credentials) == cases[i].is_ours)
                        fail_msg("origin %s of host %s", cases[i].origin, cases[i].host);
        }
        assert_false(access_is_foreign(&(Credentials){ .host = HOST }));
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

/*
 * Wrong passwords
 */

static AccessVerdict login_at(const char *user_name, const char *password, Span address, int64_t now_ms,
                              Buf *ret_cookie) {
        principal.name = SPAN_LITERAL("untouched");
        return judged(access_login(access_of_test, span_from_string(user_name), span_from_string(password),
                                   address, now_ms, &principal, ret_cookie));
}

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

/*
 * Sessions
 */

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

/*
 * Threads
 */

enum { THREADS = 4, ROUNDS = 200 };

static void *ask_often(void *of_thread) {
        const Credentials basic = with_authorization(BASIC_RIGHT), bearer = with_authorization(BEARER_RIGHT);
        Principal asker;

        for (int i = 0; i < ROUNDS; i++) {
                AccessVerdict verdict = access_authenticate(access_of_test, &basic, NOW_MS, &asker);

                if (verdict == ACCESS_NEEDS_HASHING)
                        verdict = access_authenticate_slowly(access_of_test, &basic, NOW_MS, &asker);
                if (verdict != ACCESS_GRANTED)
                        return of_thread;
                if (access_authenticate(access_of_test, &bearer, NOW_MS, &asker) != ACCESS_GRANTED)
                        return of_thread;
        }
        return NULL;
}

static void *log_in_often(void *of_thread) {
        for (int i = 0; i < ROUNDS; i++) {
                _cleanup_(buf_deinit) Buf cookie = BUF_NULL;
                Principal asker;

                if (access_login(access_of_test, SPAN_LITERAL("admin"), SPAN_LITERAL(PASSWORD), ADDRESS,
                                 NOW_MS, &asker, &cookie) != ACCESS_GRANTED)
                        return of_thread;
                access_logout(access_of_test,
                              (Span){ cookie.data, strlen("confer_session=") + SESSION_TEXT_SIZE }, &cookie);
        }
        return NULL;
}

static void test_threads_may_ask_at_once(void **state) {
        pthread_t threads[THREADS];
        void *fault;

        (void)state;

        for (int i = 0; i < THREADS; i++)
                assert_int_equal(
                        pthread_create(&threads[i], NULL, i == 0 ? log_in_often : ask_often, threads), 0);
        for (int i = 0; i < THREADS; i++) {
                assert_int_equal(pthread_join(threads[i], &fault), 0);
                assert_null(fault);
        }
}

static void *guess(void *ret_n_tries) {
        const Credentials credentials = with_authorization(BASIC_WRONG);
        Principal asker;

        for (int i = 0; i < THROTTLE_FAILURES_MAX; i++)
                *(size_t *)ret_n_tries += access_authenticate_slowly(access_of_test, &credentials, NOW_MS,
                                                                     &asker) == ACCESS_UNAUTHENTICATED;
        return NULL;
}

static void test_guessing_at_once_gives_no_more_than_ten_tries(void **state) {
        size_t n_tries[THREADS] = { 0 }, sum = 0;
        pthread_t threads[THREADS];

        (void)state;

        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, guess, &n_tries[i]), 0);
        for (int i = 0; i < THREADS; i++) {
                assert_int_equal(pthread_join(threads[i], NULL), 0);
                sum += n_tries[i];
        }
        assert_int_equal(sum, THROTTLE_FAILURES_MAX);
}

/*
 * The start
 */

static char directory[32], path[64];

static int make_directory(void **state) {
        (void)state;

        access_of_test = NULL;
        (void)strcpy(directory, "/tmp/test-access-XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        (void)snprintf(path, sizeof(path), "%s/admin-password", directory);
        return 0;
}

static int remove_directory(void **state) {
        (void)unlink(path);
        return teardown(state) || rmdir(directory);
}

static int start(const char *password, char ret_made_password[33], Problem *ret_problem) {
        const AccessOptions options = { .data_path = directory,
                                        .admin_password = password,
                                        .session_idle_ms = IDLE_MS,
                                        .session_max_ms = MAX_MS,
                                        .password_cost = &cheap };

        access_of_test = access_free(access_of_test);
        return access_new(&options, &access_of_test, ret_made_password, ret_problem);
}

static AccessVerdict log_in_with(const char *password) {
        _cleanup_(buf_deinit) Buf cookie = BUF_NULL;

        return login_at("admin", password, ADDRESS, NOW_MS, &cookie);
}

static void test_the_first_start_makes_a_password_and_the_next_reads_it(void **state) {
        char made_password[33] = "untouched", made_again[33] = "untouched";
        struct stat status;
        Problem problem;

        (void)state;

        assert_int_equal(start(NULL, made_password, &problem), 0);
        assert_int_equal(strlen(made_password), PASSWORD_GENERATED_SIZE);
        assert_int_equal(log_in_with(made_password), ACCESS_GRANTED);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);

        assert_int_equal(start(NULL, made_again, &problem), 0);
        assert_string_equal(made_again, "");
        assert_int_equal(log_in_with(made_password), ACCESS_GRANTED);
        assert_int_equal(log_in_with(""), ACCESS_UNAUTHENTICATED);
}

static void test_a_given_password_wins_and_is_never_written(void **state) {
        char made_password[33] = "untouched";
        Problem problem;

        (void)state;

        assert_int_equal(start("given", made_password, &problem), 0);
        assert_string_equal(made_password, "");
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(log_in_with("given"), ACCESS_GRANTED);

        assert_int_equal(start(NULL, made_password, &problem), 0);
        assert_int_equal(start("given", (char[33]){ "" }, &problem), 0);
        assert_int_equal(log_in_with("given"), ACCESS_GRANTED);
        assert_int_equal(log_in_with(made_password), ACCESS_UNAUTHENTICATED);
        assert_int_equal(start(NULL, (char[33]){ "" }, &problem), 0);
        assert_int_equal(log_in_with(made_password), ACCESS_GRANTED);
}

static void test_a_bad_password_file_stops_the_start(void **state) {
        char made_password[33] = "untouched";
        FILE *file = fopen(path, "w");
        Problem problem = PROBLEM_NULL;

        (void)state;

        assert_non_null(file);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(start(NULL, made_password, &problem), -EINVAL);
        assert_null(access_of_test);
        assert_string_equal(made_password, "untouched");
        assert_non_null(strstr(problem.text, path));
}

static void test_a_secret_that_cannot_be_used_stops_the_start(void **state) {
        static char long_token[4097];
        AccessOptions options = { .data_path = directory, .admin_token = "", .password_cost = &cheap };
        char made_password[33] = "untouched";
        Problem problem = PROBLEM_NULL;

        (void)state;

        assert_int_equal(access_new(&options, &access_of_test, made_password, &problem), -EINVAL);
        memset(long_token, 'x', sizeof(long_token) - 1);
        options.admin_token = long_token;
        assert_int_equal(access_new(&options, &access_of_test, made_password, &problem), -EINVAL);
        options.admin_token = NULL;
        options.admin_password = "";
        assert_int_equal(access_new(&options, &access_of_test, made_password, &problem), -EINVAL);

        assert_null(access_of_test);
        assert_int_equal(access(path, F_OK), -1);
        assert_string_equal(made_password, "untouched");
}

#define with_access(test)    cmocka_unit_test_setup_teardown((test), setup, teardown)
#define with_directory(test) cmocka_unit_test_setup_teardown((test), make_directory, remove_directory)

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rights_have_names),
                cmocka_unit_test(test_nobody_may_what_is_not_public),
                cmocka_unit_test(test_the_administrator_may_everything_that_somebody_decided),
                with_access(test_the_token_is_granted_at_once),
                with_access(test_no_other_token_is),
                with_access(test_without_a_token_set_none_is_right),
                with_access(test_no_browser_sends_a_token_by_itself_so_its_origin_is_not_asked),
                with_access(test_wrong_tokens_shut_nobody_out),
                with_access(test_a_password_is_hashed_once_and_then_remembered),
                with_access(test_a_wrong_password_is_not_remembered),
                with_access(test_the_name_counts_too),
                with_access(test_a_nul_at_the_end_makes_another_password),
                with_access(test_what_holds_no_password_is_refused_without_hashing),
                with_access(test_a_password_that_no_setting_allows_is_refused_without_hashing),
                with_access(test_a_remembered_password_is_worth_nothing_to_a_foreign_page),
                cmocka_unit_test(test_only_the_whole_host_is_our_origin),
                with_access(test_time_does_not_tell_who_exists),
                with_access(test_after_ten_wrong_passwords_the_right_one_is_refused_too),
                with_access(test_so_is_a_remembered_one),
                with_access(test_a_minute_later_all_is_well),
                with_access(test_tokens_and_sessions_of_that_address_go_on),
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
                with_access(test_threads_may_ask_at_once),
                with_access(test_guessing_at_once_gives_no_more_than_ten_tries),
                with_directory(test_the_first_start_makes_a_password_and_the_next_reads_it),
                with_directory(test_a_given_password_wins_and_is_never_written),
                with_directory(test_a_bad_password_file_stops_the_start),
                with_directory(test_a_secret_that_cannot_be_used_stops_the_start),
        };

        return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
