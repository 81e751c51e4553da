/*
 * Feeds headers to the door: Authorization, Cookie, X-Confer-CSRF, Origin and Host, one a line, an empty line
 * for one that is not there. A first line "unsafe" makes the method one that changes something.
 *
 * The token, the password and an open session's id and CSRF value are known to the target, so that it can
 * tell when a verdict is wrong. The last two are random; an input says "%i" and "%c" for them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/access.h"
#include "access/password.h"
#include "access/session.h"
#include "util/digest.h"

#define TOKEN        "0123456789abcdef"
#define BASIC        "YWRtaW46cGFzczp3b3Jk" /* admin:pass:word */
#define COOKIE_NAME  "confer_session="
#define INPUT_MAX    65536
#define TIME_STEP_MS 60001 /* past any shut-out, so that inputs do not disturb each other */

static Access *access_of_target;
static char session_id[SESSION_TEXT_SIZE + 1], session_csrf[SESSION_TEXT_SIZE + 1];
static int64_t now_ms = 1000;

static void check(bool holds) {
        if (!holds)
                abort();
}

static void start(void) {
        const PasswordCost cost = { .n = 2, .r = 1, .p = 1 };
        const AccessOptions options = {
                .data_path = "/nonexistent",
                .admin_password = "pass:word",
                .admin_token = TOKEN,
                .session_idle_ms = INT64_MAX / 4,
                .session_max_ms = INT64_MAX / 4,
                .password_cost = &cost,
        };
        _cleanup_(buf_deinit) Buf cookie = BUF_NULL;
        char made_password[33];
        Principal principal;
        Problem problem;

        check(access_new(&options, &access_of_target, made_password, &problem) == 0);
        check(access_login(access_of_target, SPAN_LITERAL("admin"), SPAN_LITERAL("pass:word"), SPAN_NULL,
                           now_ms, &principal, &cookie) == ACCESS_GRANTED);
        memcpy(session_id, cookie.data + strlen(COOKIE_NAME), SESSION_TEXT_SIZE);
        memcpy(session_csrf, principal.csrf_text, sizeof(session_csrf));
}

/* The input with session id and CSRF value in it. */
static void expand(Span input, Buf *buf) {
        for (size_t i = 0; i < input.size; i++)
                if (input.data[i] == '%' && i + 1 < input.size && input.data[i + 1] == 'i') {
                        buf_append_string(buf, session_id);
                        i++;
                } else if (input.data[i] == '%' && i + 1 < input.size && input.data[i + 1] == 'c') {
                        buf_append_string(buf, session_csrf);
                        i++;
                } else
                        buf_append_char(buf, input.data[i]);
}

static Span next_line(Span *text) {
        const char *end = text->size ? memchr(text->data, '\n', text->size) : NULL;
        Span line = { text->data, end ? (size_t)(end - text->data) : text->size };
        size_t n_used = end ? line.size + 1 : line.size;

        *text = (Span){ text->data + n_used, text->size - n_used };
        return line.size ? line : SPAN_NULL;
}

static Credentials read_credentials(Span text) {
        Credentials credentials = { .address = SPAN_LITERAL("192.0.2.1") };

        if (span_starts_with(text, SPAN_LITERAL("unsafe\n"))) {
                credentials.is_unsafe = true;
                (void)next_line(&text);
        }
        credentials.authorization = next_line(&text);
        credentials.cookie = next_line(&text);
        credentials.csrf = next_line(&text);
        credentials.origin = next_line(&text);
        credentials.host = next_line(&text);
        return credentials;
}

static bool has(Span text, const char *wanted) {
        return text.size > 0 && memmem(text.data, text.size, wanted, strlen(wanted));
}

/* What must hold of headers that were let in. */
static void check_granted(const Credentials *credentials, const Principal *principal) {
        bool is_session = !credentials->authorization.data;

        check(principal->is_admin && span_equal_string(principal->name, "user:admin"));
        check(is_session == (principal->csrf.data != NULL));

        if (is_session) {
                check(has(credentials->cookie, COOKIE_NAME) && has(credentials->cookie, session_id));
                check(span_equal_string(principal->csrf, session_csrf));
        } else
                check(has(credentials->authorization, TOKEN) || has(credentials->authorization, BASIC));

        if (is_session && credentials->is_unsafe) {
                check(span_equal_string(credentials->csrf, session_csrf));
                check(credentials->origin.data && credentials->host.data && !access_is_foreign(credentials));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        Principal principal, slow_principal;
        AccessVerdict verdict, slow_verdict;
        Credentials credentials;

        if (size > INPUT_MAX)
                return 0;
        if (!access_of_target)
                start();

        expand((Span){ (const char *)data, size }, &text);
        credentials = read_credentials(buf_span(&text));
        now_ms += TIME_STEP_MS;

        verdict = access_authenticate(access_of_target, &credentials, now_ms, &principal);
        slow_verdict = access_authenticate_slowly(access_of_target, &credentials, now_ms, &slow_principal);
        check(verdict < ACCESS_VERDICT_N && verdict != ACCESS_TOO_MANY_FAILURES);
        check(verdict == ACCESS_NEEDS_HASHING
                      ? slow_verdict == ACCESS_GRANTED || slow_verdict == ACCESS_UNAUTHENTICATED
                      : slow_verdict == verdict);

        if (verdict == ACCESS_GRANTED)
                check_granted(&credentials, &principal);
        if (slow_verdict == ACCESS_GRANTED)
                check_granted(&credentials, &slow_principal);
        return 0;
}
