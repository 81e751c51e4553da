/*
 * Pages of others: which origin is ours, and what a password that a browser remembers is worth to the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access_fixture.h"

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

int main(void) {
        const struct CMUnitTest tests[] = {
                with_access(test_a_remembered_password_is_worth_nothing_to_a_foreign_page),
                cmocka_unit_test(test_only_the_whole_host_is_our_origin),
        };

        return cmocka_run_group_tests_name("access origin", tests, NULL, NULL);
}
