/*
 * The token: granted at once, and no other is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access_fixture.h"

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

int main(void) {
        const struct CMUnitTest tests[] = {
                with_access(test_the_token_is_granted_at_once),
                with_access(test_no_other_token_is),
                with_access(test_without_a_token_set_none_is_right),
                with_access(test_no_browser_sends_a_token_by_itself_so_its_origin_is_not_asked),
                with_access(test_wrong_tokens_shut_nobody_out),
        };

        return cmocka_run_group_tests_name("access bearer", tests, NULL, NULL);
}
