/*
 * The ingests: how they are, and what is asked of them.
 */
#include "api/app.h"
#include "api/body.h"
#include "api/handlers.h"
#include "api/list.h"
#include "api/render.h"
#include "api/resync.h"
#include "model/json.h"

static Span ingest_name(const Request *request) {
        return request->params[PARAM_LAST];
}

/* Of the path; NULL with a reply made. */
static Ingest *find_ingest(Request *request) {
        Span name = ingest_name(request);
        Ingest *ingest = ingests_find(app_of(request)->ingests, name);

        if (!ingest)
                reply_refusal(request, REASON_INGEST_NOT_FOUND, NULL, "there is no ingest '%.*s'",
                              (int)MIN(name.size, 64), name.data);
        return ingest;
}

/* How they are. */

static void render_full_read(Buf *body, const IngestStatus *status) {
        buf_append_literal(body, ",\"full_read\":");
        if (!status->read_at_ms) {
                buf_append_literal(body, "null");
                return;
        }

        buf_append_format(body, "{\"keys\":%llu", (unsigned long long)status->n_read);
        render_time(body, "time", status->read_at_ms);
        buf_append_char(body, '}');
}

static void render_ingest(Buf *body, Ingest *ingest) {
        const MirrorOptions *options = ingest_options(ingest);
        IngestStatus status;

        ingest_get_status(ingest, &status);
        buf_append_literal(body, "{\"name\":");
        json_append_string(body, span_from_string(options->name));
        render_text(body, "from", span_from_string(options->from));
        render_text(body, "namespace", span_from_string(options->namespace));
        render_text(body, "key", span_from_string(options->key));
        render_text(body, "format", span_from_string(format_to_string(options->format)));
        render_text(body, "state", span_from_string(ingest_state_to_string(status.state)));
        render_text(body, "error", status.error[0] ? span_from_string(status.error) : SPAN_NULL);
        render_optional_time(body, "retry_at", status.retry_at_ms);
        render_number_or_null(body, "etcd_revision", status.etcd_revision);
        render_number_or_null(body, "revision", status.revision);
        render_count(body, "quarantined", status.n_quarantined);
        render_count(body, "left", status.n_left);
        render_count(body, "ignored", status.n_ignored + status.n_passed_over);
        render_optional_time(body, "last_success_at", status.last_success_at_ms);
        render_full_read(body, &status);
        buf_append_char(body, '}');
}

bool ingest_read_list(Request *request) {
        const Ingests *ingests = app_of(request)->ingests;
        Buf *body = reply_begin(request, 200);

        buf_append_literal(body, "{\"items\":[");
        for (size_t i = 0; i < ingests_n(ingests); i++) {
                buf_append_string(body, i ? "," : "");
                render_ingest(body, ingests_get(ingests, i));
        }
        buf_append_literal(body, "]}");
        reply_end(request);
        return true;
}

bool ingest_read(Request *request) {
        Ingest *ingest = find_ingest(request);

        if (ingest) {
                render_ingest(reply_begin(request, 200), ingest);
                reply_end(request);
        }
        return true;
}

/* Reading in full. */

bool ingest_prepare_resync(Request *request) {
        if (!find_ingest(request))
                return false;

        resync_prepare(request, SPAN_LITERAL("ingest.resync"), "ingest", ingest_name(request));
        return true;
}

void ingest_answer_resync(Request *request) {
        Ingest *ingest = ingests_find(app_of(request)->ingests, ingest_name(request));

        ingest_resync(ingest);
        render_ingest(reply_begin(request, 200), ingest);
        reply_end(request);
}

/* Quarantine. */

static int render_quarantined(void *context, const IngestedRow *row) {
        List *list = context;
        Buf *body = list_add(list);

        buf_append_literal(body, "{\"etcd_key\":");
        json_append_lossy_string(body, row->etcd_key);
        render_text(body, "namespace", row->namespace);
        render_text(body, "key", row->key);
        render_number_or_null(body, "mod_revision", row->mod_revision);
        buf_append_literal(body, ",\"problem\":");
        json_append_lossy_string(body, row->reason);
        render_count(body, "attempts", row->attempts);
        render_time(body, "first_at", row->first_at_ms);
        render_time(body, "last_at", row->last_at_ms);
        buf_append_char(body, '}');
        list_set_place_number(list, row->id);
        return 0;
}

void ingest_query_quarantine(Request *request, Reader *reader) {
        _cleanup_(list_deinit) List list = LIST_NULL;
        _cleanup_(buf_deinit) Buf after = BUF_NULL;
        QuarantineQuery query = { .ingest = ingest_name(request) };
        bool has_more = false;
        int r;

        if (!find_ingest(request) || !list_begin(&list, request, &query.limit, &after) ||
            !list_place_number(request, buf_span(&after), &query.after))
                return;

        r = reader_list_quarantine(reader, &query, render_quarantined, &list, &has_more);
        list_end(&list, r, has_more);
}

typedef struct QuarantineBody {
        Span etcd_key;
} QuarantineBody;

static const Field quarantine_fields[] = {
        { "etcd_key", FIELD_STRING, false, offsetof(QuarantineBody, etcd_key) },
};

/* Of the key that the body names, or of all. */
static bool prepare_quarantine(Request *request, bool drop) {
        json_t *object = find_ingest(request) ? body_parse(request) : NULL;
        QuarantineBody body = { SPAN_NULL };

        if (!object ||
            !body_read(request, object, "", quarantine_fields, ARRAY_SIZE(quarantine_fields), &body))
                return false;

        request->operation.type = OPERATION_QUARANTINE;
        request->operation.quarantine.ingest = ingest_name(request);
        request->operation.quarantine.drop = drop;
        request_command(request);
        request->operation.quarantine.etcd_key = body.etcd_key;
        request->operation.namespace = SPAN_NULL;
        request->operation.key = SPAN_NULL;
        return true;
}

static void answer_quarantine(Request *request) {
        Buf *body = reply_begin(request, 200);

        buf_append_format(body, "{\"keys\":%llu}", (unsigned long long)request->operation.result.n_deleted);
        reply_end(request);
}

bool ingest_prepare_retry(Request *request) {
        return prepare_quarantine(request, false);
}

bool ingest_prepare_drop(Request *request) {
        return prepare_quarantine(request, true);
}

void ingest_answer_retry(Request *request) {
        ingest_retry(ingests_find(app_of(request)->ingests, ingest_name(request)),
                     request->operation.quarantine.etcd_key);
        answer_quarantine(request);
}

void ingest_answer_drop(Request *request) {
        ingest_recount(ingests_find(app_of(request)->ingests, ingest_name(request)));
        answer_quarantine(request);
}
