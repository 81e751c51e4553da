/*
 * A browser's way in and out, and who is asking.
 */
#include "api/app.h"
#include "api/body.h"
#include "api/handlers.h"
#include "api/render.h"
#include "model/json.h"
#include "util/clock.h"

typedef struct LoginBody {
        Span username;
        Span password;
} LoginBody;

static const Field login_fields[] = {
        { "username", FIELD_TEXT, true, offsetof(LoginBody, username) },
        { "password", FIELD_TEXT, true, offsetof(LoginBody, password) },
};

/* An audit entry about the asker, which is all that a login or logout writes. */
static void command_audit(Request *request, Span action) {
        request->operation.type = OPERATION_AUDIT;
        request->operation.audit.action = action;
        request_command(request);
}

bool session_prepare_login(Request *request) {
        json_t *object = body_parse(request);
        LoginBody body = { 0 };
        AccessVerdict verdict;

        if (!object || !body_read(request, object, "", login_fields, ARRAY_SIZE(login_fields), &body))
                return false;

        verdict = access_login(app_of(request)->access, body.username, body.password, request->address,
                               clock_wall_ms(), &request->principal, &request->reply.cookie);
        if (verdict == ACCESS_GRANTED) {
                command_audit(request, SPAN_LITERAL("login"));
                return true;
        }

        if (verdict == ACCESS_TOO_MANY_FAILURES)
                reply_refusal(request, REASON_TOO_MANY_REQUESTS, NULL,
                              "too many wrong passwords came from this address: wait a minute");
        else
                reply_refusal(request, REASON_UNAUTHENTICATED, NULL,
                              "the user name or the password is wrong");
        return false;
}

static void reply_principal(Request *request) {
        const Principal *principal = &request->principal;
        Buf *body = reply_begin(request, 200);

        buf_append_literal(body, "{\"username\":");
        json_append_string(body, principal->user_name);
        buf_append_literal(body, ",\"roles\":[{\"namespace\":\"*\",\"role\":\"admin\"}]");
        render_text(body, "csrf", principal->csrf);
        if (principal->expires_at_ms)
                render_time(body, "expires_at", principal->expires_at_ms);
        else
                render_text(body, "expires_at", SPAN_NULL);
        buf_append_char(body, '}');
        reply_end(request);
}

void session_answer_login(Request *request) {
        reply_principal(request);
}

bool session_prepare_logout(Request *request) {
        access_logout(app_of(request)->access, request->cookie, &request->reply.cookie);
        command_audit(request, SPAN_LITERAL("logout"));
        return true;
}

void session_answer_logout(Request *request) {
        buf_append_literal(reply_begin(request, 200), "null");
        reply_end(request);
}

bool session_read_me(Request *request) {
        reply_principal(request);
        return true;
}
