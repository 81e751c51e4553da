#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access_fixture.h"

const PasswordCost cheap = { .n = 16, .r = 8, .p = 1 };

Access *access_of_test;
Principal principal;

Access *new_access(const char *password, const char *token, PasswordCost cost) {
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

int setup(void **state) {
        (void)state;

        access_of_test = new_access(PASSWORD, TOKEN, cheap);
        return 0;
}

int teardown(void **state) {
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

AccessVerdict quickly_at(const Credentials *credentials, int64_t now_ms) {
        principal.name = SPAN_LITERAL("untouched");
        return judged(access_authenticate(access_of_test, credentials, now_ms, &principal));
}

AccessVerdict slowly_at(const Credentials *credentials, int64_t now_ms) {
        principal.name = SPAN_LITERAL("untouched");
        return judged(access_authenticate_slowly(access_of_test, credentials, now_ms, &principal));
}

Credentials with_authorization(Span authorization) {
        return (Credentials){ .authorization = authorization, .host = HOST, .address = ADDRESS };
}

AccessVerdict quickly(Span authorization) {
        Credentials credentials = with_authorization(authorization);

        return quickly_at(&credentials, NOW_MS);
}

AccessVerdict slowly(Span authorization) {
        Credentials credentials = with_authorization(authorization);

        return slowly_at(&credentials, NOW_MS);
}

AccessVerdict login_at(const char *user_name, const char *password, Span address, int64_t now_ms,
                       Buf *ret_cookie) {
        principal.name = SPAN_LITERAL("untouched");
        return judged(access_login(access_of_test, span_from_string(user_name), span_from_string(password),
                                   address, now_ms, &principal, ret_cookie));
}
