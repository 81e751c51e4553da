/*
 * Changing what a config serves: publish, rollback, delete.
 */
#include "api/body.h"
#include "api/handlers.h"

typedef struct ReleaseBody {
        int64_t version; /* or 0 */
        bool end_gray;
        Span comment;
} ReleaseBody;

static const Field publish_fields[] = {
        { "version", FIELD_VERSION, false, offsetof(ReleaseBody, version) },
        { "comment", FIELD_TEXT, false, offsetof(ReleaseBody, comment) },
};

static const Field rollback_fields[] = {
        { "to", FIELD_VERSION, false, offsetof(ReleaseBody, version) },
        { "end_gray", FIELD_FLAG, false, offsetof(ReleaseBody, end_gray) },
        { "comment", FIELD_TEXT, false, offsetof(ReleaseBody, comment) },
};

static bool read_body(Request *request, const Field *fields, size_t n_fields, ReleaseBody *ret_body) {
        json_t *object = body_parse(request);

        *ret_body = (ReleaseBody){ .comment = SPAN_LITERAL("") };
        return object && body_read(request, object, "", fields, n_fields, ret_body);
}

bool release_prepare_publish(Request *request) {
        ReleaseBody body;

        if (!read_body(request, publish_fields, ARRAY_SIZE(publish_fields), &body))
                return false;

        request->operation.type = OPERATION_PUBLISH;
        request->operation.publish_version = body.version;
        request->operation.comment = body.comment;
        request_command(request);
        return true;
}

bool release_prepare_rollback(Request *request) {
        ReleaseBody body;

        if (!read_body(request, rollback_fields, ARRAY_SIZE(rollback_fields), &body))
                return false;

        request->operation.type = OPERATION_ROLLBACK;
        request->operation.rollback.to = body.version;
        request->operation.rollback.end_gray = body.end_gray;
        request->operation.comment = body.comment;
        request_command(request);
        return true;
}

void release_answer(Request *request) {
        reply_release(request, request->operation.result.release);
}

bool config_prepare_delete(Request *request) {
        request->operation.type = OPERATION_DELETE;
        request_command(request);
        return true;
}

void config_answer_delete(Request *request) {
        Buf *body = reply_begin(request, 200);

        buf_append_literal(body, "{\"namespace\":\"");
        buf_append_span(body, request_namespace(request));
        buf_append_literal(body, "\",\"key\":\"");
        buf_append_span(body, request_key(request));
        buf_append_literal(body, "\",\"version\":null,\"revision\":");
        buf_append_u64(body, request->command.revision);
        buf_append_char(body, '}');
        reply_end(request);
}
