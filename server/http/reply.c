#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "http/request.h"
#include "model/gray.h"
#include "model/json.h"

#define MEDIA_TYPE_JSON "application/json"

#define CHOSEN_BY ",\"gray\":true,\"rule\":"
_Static_assert(sizeof(CHOSEN_BY) + 2 <= RELEASE_TAIL_MAX && GRAY_RULES_MAX <= 100, "a rule has two digits");

void reply_clear(Reply *reply) {
        buf_deinit(&reply->body);
        buf_deinit(&reply->location);
        buf_deinit(&reply->cookie);
        release_unref(reply->release);
        *reply = (Reply){ 0 };
}

Buf *reply_begin(Request *request, int status) {
        Reply *reply = &request->reply;

        reply->status = status;
        reply->content_type = MEDIA_TYPE_JSON;
        buf_append_format(&reply->body, "{\"code\":%d,\"message\":\"ok\",\"data\":", status);
        return &reply->body;
}

void reply_end(Request *request) {
        buf_append_char(&request->reply.body, '}');
}

void reply_release(Request *request, Release *release) {
        if (!request->if_none_match.data) /* else the client holds it, mostly, and is sent no text */
                release_prefetch(release);
        request->reply.status = 200;
        request->reply.content_type = MEDIA_TYPE_JSON;
        request->reply.release = release_ref(release);
        request->reply.etag = release_etag(release);
}

void reply_chosen_release(Request *request, Release *release, int rule) {
        Reply *reply = &request->reply;
        char *at = mempcpy(reply->tail, CHOSEN_BY, sizeof(CHOSEN_BY) - 1);

        reply_release(request, release);
        if (rule >= 10)
                *at++ = (char)('0' + rule / 10);
        *at++ = (char)('0' + rule % 10);
        *at++ = '}';
        reply->tail_size = (size_t)(at - reply->tail);
}

static void append_details(Buf *body, const Problem *problem) {
        buf_append_literal(body, ",\"details\":[{\"field\":");
        json_append_lossy_string(body, span_from_string(problem->field));
        if (problem->line)
                buf_append_format(body, ",\"line\":%zu,\"column\":%zu", problem->line, problem->column);
        buf_append_literal(body, ",\"problem\":");
        json_append_lossy_string(body, span_from_string(problem->text));
        buf_append_literal(body, "}]");
}

void reply_refuse(Request *request, Reason reason, const Problem *problem) {
        Reply *reply = &request->reply;

        reply_clear(reply);
        reply->reason = reason;
        reply->status = reason_status(reason);
        reply->content_type = MEDIA_TYPE_JSON;
        buf_append_format(&reply->body, "{\"code\":%d,\"message\":", reply->status);
        json_append_lossy_string(&reply->body, span_from_string(problem->text));
        buf_append_format(&reply->body, ",\"reason\":\"%s\",\"data\":null", reason_to_string(reason));
        if (problem->field[0])
                append_details(&reply->body, problem);
        buf_append_char(&reply->body, '}');
}

void reply_refusal(Request *request, Reason reason, const char *field, const char *format, ...) {
        char text[PROBLEM_TEXT_MAX];
        Problem problem;
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);

        problem_set(&problem, field, "%s", text);
        reply_refuse(request, reason, &problem);
}

/* What an outcome is for a client, and which part of the request it speaks of. */
static const struct {
        Reason reason;
        const char *field;
        const char *text;
} outcomes[STORE_OUTCOME_N] = {
        [STORE_E_NAMESPACE_UNKNOWN] = { REASON_NAMESPACE_NOT_FOUND, "namespace",
                                        "there is no such namespace" },
        [STORE_E_NAMESPACE_EXISTS] = { REASON_NAMESPACE_EXISTS, "name", "the namespace exists already" },
        [STORE_E_NAMESPACE_NOT_EMPTY] = { REASON_NAMESPACE_NOT_EMPTY, "recursive",
                                          "the namespace has configs" },
        [STORE_E_CONFIG_UNKNOWN] = { REASON_CONFIG_NOT_FOUND, "key", "there is no such config" },
        [STORE_E_VERSION_UNKNOWN] = { REASON_VERSION_NOT_FOUND, "version", "there is no such version" },
        [STORE_E_VERSION_CONFLICT] = { REASON_VERSION_CONFLICT, "expect_version",
                                       "another version is the newest" },
        [STORE_E_NOTHING_TO_ROLL_BACK] = { REASON_NOTHING_TO_ROLL_BACK, "to",
                                           "there is nothing to go back to" },
        [STORE_E_GRAY_UNKNOWN] = { REASON_GRAY_NOT_FOUND, "key", "there is no gray release on it" },
        [STORE_E_GRAY_INVALID] = { REASON_INVALID_FIELD, "version", "a gray release cannot be made of this" },
        [STORE_E_GRAY_NOTHING_STABLE] = { REASON_NOTHING_PUBLISHED, "key",
                                          "a gray release lies on a published version, and there is none" },
        [STORE_E_DEAD_LETTER_UNKNOWN] = { REASON_DEAD_LETTER_NOT_FOUND, "",
                                          "the mirror has no such dead letter" },
        [STORE_E_QUARANTINE_UNKNOWN] = { REASON_QUARANTINED_KEY_NOT_FOUND, "",
                                         "the ingest has no such quarantined key" },
        [STORE_E_RAMP_STATE] = { REASON_RAMP_STATE, "", "the ramp is in another state" },
        [STORE_E_SCHEMA_VIOLATION] = { REASON_SCHEMA_VIOLATION, "content",
                                       "the content is not what its schema says" },
        [STORE_E_SCHEMA_INVALID] = { REASON_SCHEMA_INVALID, "content", "this is no schema" },
        [STORE_E_SCHEMA_IN_USE] = { REASON_SCHEMA_IN_USE, "key", "the config is attached as a schema" },
        [STORE_E_SCHEMA_UNKNOWN] = { REASON_SCHEMA_NOT_FOUND, "key", "no schema is attached here" },
        [STORE_E_BUSY] = { REASON_BUSY, "", "the server is busy" },
        [STORE_E_FAILED] = { REASON_STORAGE_FAILED, "", "the store cannot be written" },
};

/* The field as the store or this request names it, where that is not what the table says. */
static const char *outcome_field(const Request *request, int outcome, const Problem *problem) {
        const Command *command = &request->command;

        if (problem && *problem->field)
                return problem->field;
        if (outcome == STORE_E_VERSION_UNKNOWN && command->n_operations &&
            command->operations[command->failed_operation].type == OPERATION_ROLLBACK)
                return "to";
        if (outcome == STORE_E_VERSION_CONFLICT && !request->is_transaction)
                return request->if_none_match.data ? "If-None-Match" : "If-Match";
        return outcomes[outcome].field;
}

void reply_store_outcome(Request *request, int outcome, const Problem *problem) {
        char path[sizeof("operations[18446744073709551615].") + PROBLEM_FIELD_MAX];
        const char *field;
        Problem full;

        if (outcome == -ETIMEDOUT) {
                reply_refusal(request, REASON_QUERY_TIMEOUT, NULL,
                              "the query took too long: ask for less, or raise query_timeout_ms");
                return;
        }
        if (outcome < 0) {
                reply_refusal(request, REASON_STORAGE_FAILED, NULL,
                              "the store cannot be read; the log says why");
                return;
        }

        field = outcome_field(request, outcome, problem);
        if (request->is_transaction && *field)
                (void)snprintf(path, sizeof(path), "operations[%zu].%s", request->command.failed_operation,
                               field);
        else
                (void)snprintf(path, sizeof(path), "%s", field);
        problem_set(&full, path, "%s", problem ? problem->text : outcomes[outcome].text);
        reply_refuse(request, outcomes[outcome].reason, &full);
}
