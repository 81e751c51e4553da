/*
 * Saving a config.
 */
#include <stdio.h>
#include <string.h>

#include "api/app.h"
#include "api/handlers.h"
#include "api/puts.h"
#include "model/format.h"
#include "util/content.h"
#include "util/digest.h"

static bool choose_format(Request *request, const char *prefix, const PutBody *body, Span key,
                          Format *ret_format) {
        Format format = body->format.data ? format_from_string(body->format) : format_from_key(key);

        if (format == FORMAT_N) {
                body_refuse(request, REASON_INVALID_FIELD, prefix, "format",
                            "format is one of json, yaml, toml, properties, xml and text");
                return false;
        }

        *ret_format = format;
        return true;
}

static bool check_content(Request *request, const char *prefix, Format format, Span content) {
        Problem problem;

        if (content.size > app_of(request)->content_max_bytes) {
                body_refuse(request, REASON_CONTENT_TOO_LARGE, prefix, "content",
                            "the content has %zu bytes, %zu are allowed", content.size,
                            app_of(request)->content_max_bytes);
                return false;
        }
        if (!content_check(format, content, &problem)) {
                (void)snprintf(problem.field, sizeof(problem.field), "%scontent", prefix);
                reply_refuse(request, REASON_INVALID_CONTENT, &problem);
                return false;
        }
        return true;
}

bool put_fill(Request *request, const char *prefix, const PutBody *body, Operation *operation) {
        Format format;

        if (!choose_format(request, prefix, body, operation->key, &format) ||
            !check_content(request, prefix, format, body->content))
                return false;

        operation->type = OPERATION_PUT;
        operation->comment = body->comment;
        operation->put.format = format;
        operation->put.content = body->content;
        operation->put.publish = body->publish;
        sha256(body->content, operation->put.sha256);
        return true;
}

static const Field put_fields[] = {
        { "content", FIELD_STRING, true, offsetof(PutBody, content) },
        { "format", FIELD_TEXT, false, offsetof(PutBody, format) },
        { "comment", FIELD_TEXT, false, offsetof(PutBody, comment) },
        { "publish", FIELD_FLAG, false, offsetof(PutBody, publish) },
};

static bool refuse_header(Request *request, const char *name, const char *rule) {
        reply_refusal(request, REASON_INVALID_HEADER, name, "%s: %s", name, rule);
        return false;
}

/* Reads "7" or the entity tag "7-…" of version 7. */
static bool read_tag(Span tag, int64_t *ret_version) {
        int64_t version = 0;
        size_t at = 1;

        if (tag.size < 3 || tag.data[0] != '"' ||
            memchr(tag.data + 1, '"', tag.size - 1) != tag.data + tag.size - 1)
                return false;
        for (; tag.data[at] >= '0' && tag.data[at] <= '9' && at <= 18; at++)
                version = version * 10 + (tag.data[at] - '0');
        if (at == 1 || version == 0 || (tag.data[at] != '-' && at != tag.size - 1))
                return false;

        *ret_version = version;
        return true;
}

static bool take_preconditions(Request *request, Operation *operation) {
        Span match = request->if_match, none_match = request->if_none_match;

        if (match.data && none_match.data)
                return refuse_header(request, "If-None-Match", "it does not go together with If-Match");
        if (none_match.data) {
                operation->put.expectation = EXPECT_ABSENT;
                return span_equal_string(none_match, "*") ||
                       refuse_header(request, "If-None-Match", "the only value that a PUT understands is *");
        }
        if (!match.data)
                return true;

        operation->put.expectation = span_equal_string(match, "*") ? EXPECT_PRESENT : EXPECT_VERSION;
        return operation->put.expectation == EXPECT_PRESENT ||
               read_tag(match, &operation->put.expected_version) ||
               refuse_header(request, "If-Match", "send one version number in quotes, such as \"7\", or *");
}

bool config_prepare_put(Request *request) {
        json_t *object = body_parse(request);
        PutBody body = PUT_BODY_NULL;

        if (!object || !body_read(request, object, "", put_fields, ARRAY_SIZE(put_fields), &body))
                return false;
        if (body.publish && !request_may(request, RIGHT_PUBLISHER, request_namespace(request)))
                return false;

        request_command(request);
        return take_preconditions(request, &request->operation) &&
               put_fill(request, "", &body, &request->operation);
}

void config_answer_put(Request *request) {
        const Operation *operation = &request->operation;
        Span json = release_json(operation->result.release);
        Buf *body = reply_begin(request, operation->result.is_new ? 201 : 200);

        buf_append(body, json.data, json.size - 1);
        buf_append_string(body, operation->result.created ? ",\"created\":true}" : ",\"created\":false}");
        reply_end(request);
}
