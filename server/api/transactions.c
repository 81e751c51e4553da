/*
 * Several operations as one change: all or nothing, one revision.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/gray_body.h"
#include "api/handlers.h"
#include "api/puts.h"
#include "api/render.h"
#include "model/name.h"

#define OPERATIONS_MAX    128
#define CONTENTS_SIZE_MAX ((size_t)16 * 1024 * 1024)

typedef struct OperationBody {
        PutBody put; /* the fields that all share are here too */
        Span op;
        int64_t version;
        int64_t to;
        bool end_gray;
        GrayBody gray;
} OperationBody;

#define COMMON_FIELDS                                                                                        \
        { "op", FIELD_STRING, true, offsetof(OperationBody, op) },                                           \
                { "namespace", FIELD_STRING, true, offsetof(OperationBody, put.namespace) }, {               \
                "key", FIELD_STRING, true, offsetof(OperationBody, put.key)                                  \
        }
#define COMMENT_FIELD                                                                                        \
        { "comment", FIELD_TEXT, false, offsetof(OperationBody, put.comment) }

static const Field put_fields[] = {
        COMMON_FIELDS,
        COMMENT_FIELD,
        { "content", FIELD_STRING, true, offsetof(OperationBody, put.content) },
        { "format", FIELD_TEXT, false, offsetof(OperationBody, put.format) },
        { "publish", FIELD_FLAG, false, offsetof(OperationBody, put.publish) },
        { "expect_version", FIELD_NUMBER, false, offsetof(OperationBody, put.expect_version) },
};
static const Field publish_fields[] = {
        COMMON_FIELDS,
        COMMENT_FIELD,
        { "version", FIELD_VERSION, false, offsetof(OperationBody, version) },
};
static const Field rollback_fields[] = {
        COMMON_FIELDS,
        COMMENT_FIELD,
        { "to", FIELD_VERSION, false, offsetof(OperationBody, to) },
        { "end_gray", FIELD_FLAG, false, offsetof(OperationBody, end_gray) },
};
static const Field delete_fields[] = {
        COMMON_FIELDS,
};
static const Field abort_fields[] = {
        COMMON_FIELDS,
        COMMENT_FIELD,
};
static const Field gray_fields[] = {
        COMMON_FIELDS,
        COMMENT_FIELD,
        GRAY_FIELDS(OperationBody, gray),
};

/* The operations live with the body's JSON, and go with it. */
typedef struct Kept {
        json_t *json;
        GrayParts *parts; /* what gray operations point into */
        Operation operations[];
} Kept;

static bool fill_put(Request *request, const char *prefix, const OperationBody *body, Operation *operation) {
        if (body->put.expect_version >= 0)
                operation->put.expectation = body->put.expect_version ? EXPECT_VERSION : EXPECT_ABSENT;
        operation->put.expected_version = body->put.expect_version;
        return put_fill(request, prefix, &body->put, operation);
}

static bool fill_publish(_unused_ Request *request, _unused_ const char *prefix, const OperationBody *body,
                         Operation *operation) {
        operation->publish_version = body->version;
        return true;
}

static bool fill_rollback(_unused_ Request *request, _unused_ const char *prefix, const OperationBody *body,
                          Operation *operation) {
        operation->rollback.to = body->to;
        operation->rollback.end_gray = body->end_gray;
        return true;
}

static bool fill_gray(Request *request, const char *prefix, const OperationBody *body, Operation *operation) {
        Kept *kept = request->kept;

        return gray_fill(request, prefix, &body->gray, operation, &kept->parts);
}

static bool fill_promote(_unused_ Request *request, _unused_ const char *prefix, const OperationBody *body,
                         Operation *operation) {
        operation->gray_end.version = body->version;
        return true;
}

static bool fill_nothing(_unused_ Request *request, _unused_ const char *prefix,
                         _unused_ const OperationBody *body, _unused_ Operation *operation) {
        return true;
}

static const struct Kind {
        const char *op;
        OperationType type;
        Right right;
        const Field *fields;
        size_t n_fields;
        bool (*fill)(Request *request, const char *prefix, const OperationBody *body, Operation *operation);
} kinds[] = {
        { "put", OPERATION_PUT, RIGHT_EDITOR, put_fields, ARRAY_SIZE(put_fields), fill_put },
        { "publish", OPERATION_PUBLISH, RIGHT_PUBLISHER, publish_fields, ARRAY_SIZE(publish_fields),
          fill_publish },
        { "rollback", OPERATION_ROLLBACK, RIGHT_PUBLISHER, rollback_fields, ARRAY_SIZE(rollback_fields),
          fill_rollback },
        { "delete", OPERATION_DELETE, RIGHT_PUBLISHER, delete_fields, ARRAY_SIZE(delete_fields),
          fill_nothing },
        { "gray", OPERATION_GRAY_SET, RIGHT_PUBLISHER, gray_fields, ARRAY_SIZE(gray_fields), fill_gray },
        { "promote", OPERATION_GRAY_PROMOTE, RIGHT_PUBLISHER, publish_fields, ARRAY_SIZE(publish_fields),
          fill_promote },
        { "abort", OPERATION_GRAY_ABORT, RIGHT_PUBLISHER, abort_fields, ARRAY_SIZE(abort_fields),
          fill_nothing },
};

static const struct Kind *find_kind(Request *request, const char *prefix, const json_t *object) {
        const json_t *op = json_object_get(object, "op");
        Span name = json_is_string(op) ? (Span){ json_string_value(op), json_string_length(op) } : SPAN_NULL;

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (span_equal_string(name, kinds[i].op))
                        return &kinds[i];

        body_refuse(request, REASON_INVALID_FIELD, prefix, "op",
                    "op is one of put, publish, rollback, delete, gray, promote and abort");
        return NULL;
}

static bool check_names(Request *request, const char *prefix, const PutBody *body) {
        if (!namespace_is_valid(body->namespace)) {
                body_refuse(request, REASON_INVALID_NAME, prefix, "namespace",
                            "this is no well-formed namespace");
                return false;
        }
        if (!key_is_valid(body->key)) {
                body_refuse(request, REASON_INVALID_NAME, prefix, "key", "this is no well-formed key");
                return false;
        }
        return true;
}

static bool fill_operation(Request *request, size_t index, json_t *object, Span comment,
                           Operation *operation) {
        OperationBody body = { .put = PUT_BODY_NULL };
        char prefix[BODY_PREFIX_MAX];
        const struct Kind *kind;

        (void)snprintf(prefix, sizeof(prefix), "operations[%zu].", index);
        if (!json_is_object(object)) {
                prefix[strlen(prefix) - 1] = '\0';
                body_refuse(request, REASON_INVALID_FIELD, prefix, "", "an operation is an object");
                return false;
        }

        kind = find_kind(request, prefix, object);
        body.put.comment = comment;
        if (!kind || !body_read(request, object, prefix, kind->fields, kind->n_fields, &body) ||
            !check_names(request, prefix, &body.put) ||
            !request_may(request, body.put.publish ? RIGHT_PUBLISHER : kind->right, body.put.namespace))
                return false;

        operation->type = kind->type;
        operation->namespace = body.put.namespace;
        operation->key = body.put.key;
        operation->comment = body.put.comment;
        return kind->fill(request, prefix, &body, operation);
}

static void free_kept(void *memory) {
        Kept *kept = memory;

        json_decref(kept->json);
        gray_parts_free(kept->parts);
        free(kept);
}

static Operation *keep_operations(Request *request, size_t n) {
        Kept *kept = calloc(1, sizeof(*kept) + n * sizeof(Operation));

        if (!kept)
                abort();

        kept->json = request->kept;
        request->kept = kept;
        request->kept_free = free_kept;
        return kept->operations;
}

typedef struct TransactionBody {
        Span comment;
        json_t *operations;
} TransactionBody;

static const Field transaction_fields[] = {
        { "comment", FIELD_TEXT, false, offsetof(TransactionBody, comment) },
        { "operations", FIELD_LIST, true, offsetof(TransactionBody, operations) },
};

static bool check_contents(Request *request, const json_t *operations) {
        size_t size = 0, i;
        json_t *operation;

        json_array_foreach(operations, i, operation) size +=
                json_string_length(json_object_get(operation, "content"));
        if (size <= CONTENTS_SIZE_MAX)
                return true;

        reply_refusal(request, REASON_CONTENT_TOO_LARGE, "operations",
                      "the contents together have %zu bytes, %zu are allowed", size, CONTENTS_SIZE_MAX);
        return false;
}

static bool read_body(Request *request, TransactionBody *body) {
        json_t *object = body_parse(request);
        size_t n;

        if (!object ||
            !body_read(request, object, "", transaction_fields, ARRAY_SIZE(transaction_fields), body))
                return false;

        n = json_array_size(body->operations);
        if (n == 0 || n > OPERATIONS_MAX) {
                reply_refusal(request, REASON_INVALID_FIELD, "operations",
                              "a transaction has 1 to %d operations, this one has %zu", OPERATIONS_MAX, n);
                return false;
        }
        return check_contents(request, body->operations);
}

bool transaction_prepare(Request *request) {
        TransactionBody body = { .comment = SPAN_LITERAL("") };
        Operation *operations;
        json_t *object;
        size_t i;

        if (!read_body(request, &body))
                return false;

        operations = keep_operations(request, json_array_size(body.operations));
        json_array_foreach(body.operations, i, object) if (!fill_operation(request, i, object, body.comment,
                                                                           &operations[i])) return false;

        request->is_transaction = true;
        request->command.operations = operations;
        request->command.n_operations = i;
        return true;
}

static void append_result(Buf *body, const Operation *operation) {
        buf_append_literal(body, "{\"namespace\":\"");
        buf_append_span(body, operation->namespace);
        buf_append_literal(body, "\",\"key\":\"");
        buf_append_span(body, operation->key);
        buf_append_char(body, '"');
        render_number_or_null(body, "version", operation->result.version);
        buf_append_string(body, operation->result.created ? ",\"created\":true}" : ",\"created\":false}");
}

void transaction_answer(Request *request) {
        const Command *command = &request->command;
        Buf *body = reply_begin(request, 200);

        buf_append_literal(body, "{\"revision\":");
        buf_append_u64(body, command->revision);
        buf_append_literal(body, ",\"results\":[");
        for (size_t i = 0; i < command->n_operations; i++) {
                if (i)
                        buf_append_char(body, ',');
                append_result(body, &command->operations[i]);
        }
        buf_append_literal(body, "]}");
        reply_end(request);
}
