/*
 * The mirrors: how they are, and what is asked of them.
 */
#include "api/app.h"
#include "api/body.h"
#include "api/handlers.h"
#include "api/list.h"
#include "api/render.h"
#include "api/resync.h"
#include "model/json.h"

static Span mirror_name(const Request *request) {
        return request->params[PARAM_LAST];
}

/* Of the path; NULL with a reply made. */
static Mirror *find_mirror(Request *request) {
        Span name = mirror_name(request);
        Mirror *mirror = mirrors_find(app_of(request)->mirrors, name);

        if (!mirror)
                reply_refusal(request, REASON_MIRROR_NOT_FOUND, NULL, "there is no mirror '%.*s'",
                              (int)MIN(name.size, 64), name.data);
        return mirror;
}

/* How they are. */

static void render_comparison(Buf *body, const MirrorStatus *status) {
        buf_append_literal(body, ",\"comparison\":");
        if (!status->compared_at_ms) {
                buf_append_literal(body, "null");
                return;
        }

        buf_append_format(body, "{\"keys\":%llu", (unsigned long long)status->n_compared);
        render_count(body, "missing", status->drift.n_missing);
        render_count(body, "stale", status->drift.n_stale);
        render_count(body, "foreign", status->drift.n_foreign);
        render_count(body, "repaired", status->drift.n_repaired);
        render_count(body, "pruned", status->drift.n_pruned);
        render_time(body, "time", status->compared_at_ms);
        buf_append_char(body, '}');
}

static void render_mirror(Buf *body, Mirror *mirror) {
        MirrorStatus status;

        mirror_get_status(mirror, &status);
        buf_append_literal(body, "{\"name\":");
        json_append_string(body, span_from_string(mirror->options->name));
        render_text(body, "kind", span_from_string(mirror->kind->name));
        render_text(body, "namespace",
                    mirror->options->namespace[0] ? span_from_string(mirror->options->namespace) : SPAN_NULL);
        render_text(body, "key", span_from_string(mirror->options->key));
        render_text(body, "state", span_from_string(mirror_state_to_string(status.state)));
        render_text(body, "error", status.error[0] ? span_from_string(status.error) : SPAN_NULL);
        render_optional_time(body, "retry_at", status.retry_at_ms);
        render_number_or_null(body, "revision", (int64_t)status.revision);
        render_count(body, "waiting", status.n_waiting);
        render_count(body, "dead_letters", status.n_dead_letters);
        render_optional_time(body, "last_success_at", status.last_success_at_ms);
        render_comparison(body, &status);
        buf_append_char(body, '}');
}

/* Who leads is null where nobody does, or this server does not know. */
static void render_election(Buf *body, Election *election) {
        ElectionStatus status;

        buf_append_literal(body, ",\"election\":");
        if (!election) {
                buf_append_literal(body, "null");
                return;
        }

        election_get_status(election, &status);
        buf_append_literal(body, "{\"key\":");
        json_append_string(body, span_from_string(election_key(election)));
        buf_append_format(body, ",\"leader\":%s", status.is_leader ? "true" : "false");
        render_text(body, "leader_name", status.leader[0] ? span_from_string(status.leader) : SPAN_NULL);
        render_time(body, "since", status.since_ms);
        render_text(body, "error", status.error[0] ? span_from_string(status.error) : SPAN_NULL);
        buf_append_char(body, '}');
}

bool mirror_read_list(Request *request) {
        const Mirrors *mirrors = app_of(request)->mirrors;
        Buf *body = reply_begin(request, 200);

        buf_append_literal(body, "{\"items\":[");
        for (size_t i = 0; i < mirrors_n(mirrors); i++) {
                buf_append_string(body, i ? "," : "");
                render_mirror(body, mirrors_get(mirrors, i));
        }
        buf_append_char(body, ']');
        render_election(body, app_of(request)->election);
        buf_append_char(body, '}');
        reply_end(request);
        return true;
}

bool mirror_read(Request *request) {
        Mirror *mirror = find_mirror(request);

        if (mirror) {
                render_mirror(reply_begin(request, 200), mirror);
                reply_end(request);
        }
        return true;
}

/* Comparing in full. */

bool mirror_prepare_resync(Request *request) {
        if (!find_mirror(request))
                return false;

        resync_prepare(request, SPAN_LITERAL("mirror.resync"), "mirror", mirror_name(request));
        return true;
}

void mirror_answer_resync(Request *request) {
        Mirror *mirror = mirrors_find(app_of(request)->mirrors, mirror_name(request));

        mirror_resync(mirror);
        render_mirror(reply_begin(request, 200), mirror);
        reply_end(request);
}

/* Dead letters. */

static int render_dead_letter(void *context, const DeadLetterRow *row) {
        List *list = context;
        Buf *body = list_add(list);

        buf_append_literal(body, "{\"namespace\":");
        json_append_string(body, row->namespace);
        render_text(body, "key", row->key);
        render_number_or_null(body, "revision", (int64_t)row->revision);
        render_text(body, "problem", row->reason);
        render_count(body, "attempts", row->attempts);
        render_time(body, "first_at", row->first_at_ms);
        render_time(body, "last_at", row->last_at_ms);
        buf_append_char(body, '}');
        list_set_place_number(list, row->id);
        return 0;
}

void mirror_query_dead_letters(Request *request, Reader *reader) {
        _cleanup_(list_deinit) List list = LIST_NULL;
        _cleanup_(buf_deinit) Buf after = BUF_NULL;
        DeadLetterQuery query = { .mirror = mirror_name(request) };
        bool has_more = false;
        int r;

        if (!find_mirror(request) || !list_begin(&list, request, &query.limit, &after) ||
            !list_place_number(request, buf_span(&after), &query.after))
                return;

        r = reader_list_dead_letters(reader, &query, render_dead_letter, &list, &has_more);
        list_end(&list, r, has_more);
}

typedef struct LetterBody {
        Span namespace;
        Span key;
} LetterBody;

static const Field letter_fields[] = {
        { "namespace", FIELD_STRING, false, offsetof(LetterBody, namespace) },
        { "key", FIELD_STRING, false, offsetof(LetterBody, key) },
};

/* Of the one that the body names, or of all. */
static bool prepare_letters(Request *request, bool drop) {
        json_t *object = find_mirror(request) ? body_parse(request) : NULL;
        LetterBody body = { SPAN_NULL, SPAN_NULL };

        if (!object || !body_read(request, object, "", letter_fields, ARRAY_SIZE(letter_fields), &body))
                return false;
        if (!body.namespace.data != !body.key.data) {
                body_refuse(request, REASON_INVALID_FIELD, "", body.key.data ? "namespace" : "key",
                            "a dead letter is named by namespace and key; without both it is all of them");
                return false;
        }

        request->operation.type = OPERATION_DEAD_LETTERS;
        request->operation.dead_letters.mirror = mirror_name(request);
        request->operation.dead_letters.drop = drop;
        request_command(request);
        request->operation.namespace = body.namespace;
        request->operation.key = body.key;
        return true;
}

static void answer_letters(Request *request) {
        Buf *body = reply_begin(request, 200);

        buf_append_format(body, "{\"dead_letters\":%llu}",
                          (unsigned long long)request->operation.result.n_deleted);
        reply_end(request);
}

bool mirror_prepare_retry(Request *request) {
        return prepare_letters(request, false);
}

bool mirror_prepare_drop(Request *request) {
        return prepare_letters(request, true);
}

void mirror_answer_retry(Request *request) {
        mirror_retry(mirrors_find(app_of(request)->mirrors, mirror_name(request)),
                     request->operation.namespace, request->operation.key);
        answer_letters(request);
}

void mirror_answer_drop(Request *request) {
        mirror_forget(mirrors_find(app_of(request)->mirrors, mirror_name(request)),
                      request->operation.namespace, request->operation.key);
        answer_letters(request);
}
