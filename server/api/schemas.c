/*
 * The schemas that govern configs: which are attached where, and whether a content fits.
 */
#include <errno.h>

#include "api/app.h"
#include "api/body.h"
#include "api/handlers.h"
#include "api/render.h"
#include "model/format.h"
#include "model/json.h"
#include "model/name.h"
#include "util/content.h"
#include "util/json_schema.h"

static void render_schema(Buf *body, Span namespace, Span key, int64_t version) {
        buf_append_literal(body, ",\"schema\":{\"namespace\":");
        json_append_string(body, namespace);
        render_text(body, "key", key);
        render_number_or_null(body, "version", version);
        buf_append_char(body, '}');
}

/* Listing. */

typedef struct SchemaList {
        Buf *body;
        size_t n;
} SchemaList;

static int render_row(void *context, const SchemaRow *row) {
        SchemaList *list = context;

        buf_append_string(list->body, list->n++ ? ",{\"namespace\":" : "{\"namespace\":");
        json_append_string(list->body, row->namespace);
        render_text(list->body, "key", row->key.size ? row->key : SPAN_NULL);
        render_schema(list->body, row->schema_namespace, row->schema_key, row->version);
        render_time(list->body, "attached_at", row->created_at_ms);
        render_text(list->body, "attached_by", row->created_by);
        buf_append_char(list->body, '}');
        return 0;
}

void schema_query_list(Request *request, Reader *reader) {
        SchemaList list = { reply_begin(request, 200), 0 };
        int r;

        buf_append_literal(list.body, "{\"items\":[");
        r = reader_list_schemas(reader, request_namespace(request), render_row, &list);
        buf_append_literal(list.body, "]}");
        if (r)
                reply_store_outcome(request, r, NULL);
        else
                reply_end(request);
}

/* Attaching and detaching. */

typedef struct AttachBody {
        Span namespace;
        Span key;
        Span comment;
} AttachBody;

static const Field attach_fields[] = {
        { "namespace", FIELD_STRING, true, offsetof(AttachBody, namespace) },
        { "key", FIELD_STRING, true, offsetof(AttachBody, key) },
        { "comment", FIELD_TEXT, false, offsetof(AttachBody, comment) },
};

bool schema_prepare_attach(Request *request) {
        AttachBody body = { .comment = SPAN_LITERAL("") };
        json_t *object = body_parse(request);

        if (!object || !body_read(request, object, "", attach_fields, ARRAY_SIZE(attach_fields), &body))
                return false;
        if (!namespace_is_valid(body.namespace) || !key_is_valid(body.key)) {
                reply_refusal(request, REASON_INVALID_NAME,
                              namespace_is_valid(body.namespace) ? "key" : "namespace",
                              "namespace and key name the config that is the schema");
                return false;
        }
        /* What is attached can no longer be deleted there, nor be anything else: that is not for readers. */
        if (!request_may(request, RIGHT_PUBLISHER, body.namespace))
                return false;

        request->operation.type = OPERATION_SCHEMA_ATTACH;
        request->operation.schema.namespace = body.namespace;
        request->operation.schema.key = body.key;
        request_command(request);
        request->operation.comment = body.comment;
        return true;
}

void schema_answer_attach(Request *request) {
        const Operation *operation = &request->operation;
        Buf *body = reply_begin(request, 200);

        buf_append_literal(body, "{\"namespace\":");
        json_append_string(body, operation->namespace);
        render_text(body, "key", operation->key);
        render_schema(body, operation->schema.namespace, operation->schema.key, operation->result.version);
        buf_append_char(body, '}');
        reply_end(request);
}

bool schema_prepare_detach(Request *request) {
        request->operation.type = OPERATION_SCHEMA_DETACH;
        request_command(request);
        return true;
}

void schema_answer_detach(Request *request) {
        Buf *body = reply_begin(request, 200);

        buf_append_literal(body, "{\"namespace\":");
        json_append_string(body, request->operation.namespace);
        render_text(body, "key", request->operation.key);
        buf_append_char(body, '}');
        reply_end(request);
}

/* Checking without saving. */

typedef struct CheckBody {
        Span content;
        Span format;
} CheckBody;

static const Field check_fields[] = {
        { "content", FIELD_STRING, true, offsetof(CheckBody, content) },
        { "format", FIELD_TEXT, false, offsetof(CheckBody, format) },
};

typedef struct Checked {
        Request *request;
        Format format;
        Span content;
        bool is_governed;
} Checked;

static void render_verdict(Buf *body, const GoverningRow *row, const char *problem) {
        buf_append_literal(body, "{\"fits\":");
        buf_append_string(body, problem ? "false" : "true");
        render_text(body, "problem", span_from_string(problem));
        if (row)
                render_schema(body, row->namespace, row->key, row->version);
        else
                buf_append_literal(body, ",\"schema\":null");
        buf_append_char(body, '}');
}

/* Return: 0, with a problem where the content does not fit, or a negative errno. */
static int hold_against(const Checked *checked, const GoverningRow *row, Problem *problem) {
        _cleanup_(json_schema_freep) JsonSchema *schema = NULL;
        int r;

        if (checked->format != FORMAT_JSON) {
                problem_set(problem, NULL, "a schema governs it, so its format must be json");
                return 0;
        }
        r = json_schema_new(row->content, &schema, problem);
        if (r == 0)
                r = json_schema_check(schema, checked->content, problem);
        return MIN(r, 0);
}

static int check_against(void *context, const GoverningRow *row) {
        Checked *checked = context;
        Problem problem = PROBLEM_NULL;
        int r;

        if (checked->format != FORMAT_JSON && !row->is_of_key)
                return 0;

        r = hold_against(checked, row, &problem);
        if (r)
                return r;
        checked->is_governed = true;
        render_verdict(reply_begin(checked->request, 200), row, problem.text[0] ? problem.text : NULL);
        reply_end(checked->request);
        return 0;
}

static bool read_check(Request *request, Checked *checked) {
        json_t *object = body_parse(request);
        CheckBody body = { SPAN_NULL, SPAN_NULL };
        Problem problem = PROBLEM_NULL;

        if (!object || !body_read(request, object, "", check_fields, ARRAY_SIZE(check_fields), &body))
                return false;

        checked->content = body.content;
        checked->format =
                body.format.data ? format_from_string(body.format) : format_from_key(request_key(request));
        if (checked->format == FORMAT_N) {
                body_refuse(request, REASON_INVALID_FIELD, "", "format",
                            "format is one of json, yaml, toml, properties, xml and text");
                return false;
        }
        if (!content_check(checked->format, body.content, &problem)) {
                (void)snprintf(problem.field, sizeof(problem.field), "content");
                reply_refuse(request, REASON_INVALID_CONTENT, &problem);
                return false;
        }
        return true;
}

void schema_query_check(Request *request, Reader *reader) {
        Checked checked = { .request = request };
        int r;

        if (!read_check(request, &checked))
                return;

        r = reader_get_governing(reader, request_namespace(request), request_key(request), check_against,
                                 &checked);
        if (r)
                reply_store_outcome(request, r, NULL);
        else if (!checked.is_governed) {
                render_verdict(reply_begin(request, 200), NULL, NULL);
                reply_end(request);
        }
}
