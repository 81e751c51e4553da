/*
 * One administrator, who has a password and a token, and who asks: by a header, by a login, quickly or with
 * the time that a hash takes.
 */
#pragma once

#include <stdint.h>

#include "access/access.h"
#include "access/password.h"

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

extern const PasswordCost cheap;

extern Access *access_of_test;
extern Principal principal; /* of whom access was granted to last */

Access *new_access(const char *password, const char *token, PasswordCost cost);

/* For cmocka: make and free access_of_test. */
int setup(void **state);
int teardown(void **state);

#define with_access(test) cmocka_unit_test_setup_teardown((test), setup, teardown)

Credentials with_authorization(Span authorization);

AccessVerdict quickly_at(const Credentials *credentials, int64_t now_ms);
AccessVerdict slowly_at(const Credentials *credentials, int64_t now_ms);
AccessVerdict quickly(Span authorization);
AccessVerdict slowly(Span authorization);
AccessVerdict login_at(const char *user_name, const char *password, Span address, int64_t now_ms,
                       Buf *ret_cookie);
