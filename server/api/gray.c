/*
 * Changing a gray release: setting it, ending it, and the moves of its ramp that people ask for.
 */
#include <stdlib.h>

#include "api/gray_body.h"
#include "api/gray_document.h"
#include "api/handlers.h"

typedef struct SetBody {
        GrayBody gray;
        Span comment;
} SetBody;

static const Field set_fields[] = {
        GRAY_FIELDS(SetBody, gray),
        { "comment", FIELD_TEXT, false, offsetof(SetBody, comment) },
};

/* The body's JSON, and what was made of it. */
typedef struct Kept {
        json_t *json;
        GrayParts *parts;
} Kept;

static void free_kept(void *memory) {
        Kept *kept = memory;

        json_decref(kept->json);
        gray_parts_free(kept->parts);
        free(kept);
}

static Kept *keep(Request *request) {
        Kept *kept = calloc(1, sizeof(*kept));

        if (!kept)
                abort();

        kept->json = request->kept;
        request->kept = kept;
        request->kept_free = free_kept;
        return kept;
}

bool gray_prepare_set(Request *request) {
        SetBody body = { .comment = SPAN_LITERAL("") };
        json_t *object = body_parse(request);

        if (!object || !body_read(request, object, "", set_fields, ARRAY_SIZE(set_fields), &body))
                return false;

        request->operation.comment = body.comment;
        request_command(request);
        return gray_fill(request, "", &body.gray, &request->operation, &keep(request)->parts);
}

void gray_answer(Request *request) {
        Buf *body = reply_begin(request, 200);

        gray_document_append(body, request->operation.result.release);
        buf_append_char(body, '}');
        reply_end(request);
}

typedef struct MoveBody {
        int64_t version; /* or 0 */
        Span comment;
} MoveBody;

static const Field promote_fields[] = {
        { "version", FIELD_VERSION, false, offsetof(MoveBody, version) },
        { "comment", FIELD_TEXT, false, offsetof(MoveBody, comment) },
};

static const Field move_fields[] = {
        { "comment", FIELD_TEXT, false, offsetof(MoveBody, comment) },
};

/* Makes the command, whose type is the caller's to set. */
static bool read_move(Request *request, const Field *fields, size_t n_fields, MoveBody *ret_body) {
        json_t *object = body_parse(request);

        *ret_body = (MoveBody){ .comment = SPAN_LITERAL("") };
        if (!object || !body_read(request, object, "", fields, n_fields, ret_body))
                return false;

        request->operation.comment = ret_body->comment;
        request_command(request);
        return true;
}

bool gray_prepare_promote(Request *request) {
        MoveBody body;

        if (!read_move(request, promote_fields, ARRAY_SIZE(promote_fields), &body))
                return false;

        request->operation.type = OPERATION_GRAY_PROMOTE;
        request->operation.gray_end.version = body.version;
        return true;
}

bool gray_prepare_abort(Request *request) {
        request->operation.type = OPERATION_GRAY_ABORT;
        request_command(request);
        return true;
}

static bool prepare_move(Request *request, GrayMove move) {
        MoveBody body;

        if (!read_move(request, move_fields, ARRAY_SIZE(move_fields), &body))
                return false;

        request->operation.type = OPERATION_GRAY_MOVE;
        request->operation.gray_move.move = move;
        return true;
}

bool gray_prepare_pause(Request *request) {
        return prepare_move(request, GRAY_MOVE_PAUSE);
}

bool gray_prepare_resume(Request *request) {
        return prepare_move(request, GRAY_MOVE_RESUME);
}
