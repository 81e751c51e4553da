#include "api/body.h"
#include "api/handlers.h"
#include "api/list.h"
#include "api/render.h"
#include "model/name.h"

typedef struct NamespaceBody {
        Span name;
        Span description;
} NamespaceBody;

static const Field create_fields[] = {
        { "name", FIELD_STRING, true, offsetof(NamespaceBody, name) },
        { "description", FIELD_TEXT, false, offsetof(NamespaceBody, description) },
};

static const Field update_fields[] = {
        { "description", FIELD_TEXT, true, offsetof(NamespaceBody, description) },
};

bool namespace_prepare_create(Request *request) {
        NamespaceBody body = { .description = SPAN_LITERAL("") };
        json_t *object = body_parse(request);

        if (!object || !body_read(request, object, "", create_fields, ARRAY_SIZE(create_fields), &body))
                return false;
        if (!namespace_is_valid(body.name)) {
                reply_refusal(request, REASON_INVALID_NAME, "name", "%s",
                              "a namespace is 1 to 4 segments of a-z, 0-9, _ and -, each up to 63 long, "
                              "joined by dots");
                return false;
        }

        request->operation.type = OPERATION_NAMESPACE_CREATE;
        request->operation.namespace_edit.description = body.description;
        request_command(request);
        request->operation.namespace = body.name;
        return true;
}

bool namespace_prepare_update(Request *request) {
        json_t *object = body_parse(request);
        NamespaceBody body = { 0 };

        if (!object || !body_read(request, object, "", update_fields, ARRAY_SIZE(update_fields), &body))
                return false;

        request->operation.type = OPERATION_NAMESPACE_UPDATE;
        request->operation.namespace_edit.description = body.description;
        request_command(request);
        return true;
}

bool namespace_prepare_delete(Request *request) {
        if (!request_flag(request, "recursive", false, &request->operation.namespace_edit.recursive))
                return false;

        request->operation.type = OPERATION_NAMESPACE_DELETE;
        request_command(request);
        return true;
}

void namespace_answer_created(Request *request) {
        const NamespaceRow *row = &request->operation.result.namespace_row;

        render_namespace(reply_begin(request, 201), row);
        reply_end(request);
        buf_append_literal(&request->reply.location, "/api/v1/namespaces/");
        buf_append_span(&request->reply.location, row->name);
}

void namespace_answer_updated(Request *request) {
        render_namespace(reply_begin(request, 200), &request->operation.result.namespace_row);
        reply_end(request);
}

void namespace_answer_deleted(Request *request) {
        Buf *body = reply_begin(request, 200);

        buf_append_literal(body, "{\"name\":\"");
        buf_append_span(body, request->operation.namespace);
        buf_append_literal(body, "\",\"revision\":");
        buf_append_u64(body, request->command.revision);
        buf_append_literal(body, ",\"configs\":");
        buf_append_u64(body, request->operation.result.n_deleted);
        buf_append_char(body, '}');
        reply_end(request);
}

static int render_one(void *context, const NamespaceRow *row) {
        render_namespace(context, row);
        return 0;
}

void namespace_query(Request *request, Reader *reader) {
        Buf *body = reply_begin(request, 200);
        int r;

        r = reader_get_namespace(reader, request_namespace(request), render_one, body);
        if (r)
                reply_store_outcome(request, r, NULL);
        else
                reply_end(request);
}

static int render_item(void *context, const NamespaceRow *row) {
        List *list = context;

        render_namespace(list_add(list), row);
        list_set_place(list, row->name);
        return 0;
}

void namespace_query_list(Request *request, Reader *reader) {
        _cleanup_(list_deinit) List list = LIST_NULL;
        _cleanup_(buf_deinit) Buf after = BUF_NULL;
        NamespaceQuery query = { .prefix = request_parameter(request, "prefix") };
        bool has_more = false;
        int r;

        if (!list_begin(&list, request, &query.limit, &after))
                return;

        query.after = after.size ? buf_span(&after) : SPAN_NULL;
        r = reader_list_namespaces(reader, &query, render_item, &list, &has_more);
        list_end(&list, r, has_more);
}
