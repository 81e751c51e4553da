/*
 * A gray release and the instances that are connected: how many have what, and which would change.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "api/gray_body.h"
#include "api/gray_document.h"
#include "api/handlers.h"
#include "api/render.h"
#include "model/gray_release.h"
#include "model/json.h"
#include "push/census_hold.h"

#define REFUSALS_LISTED_MAX 100

/* GET …/gray */

static void append_counts(Buf *body, CensusCount count) {
        buf_append_format(body, ",\"connected\":%zu,\"applied\":%zu,\"refused\":%zu}", count.n_connected,
                          count.n_applied, count.n_refused);
}

static void append_arms(Buf *body, const Census *census) {
        size_t n;
        const CensusCount *counts = census_arms(census, &n);
        const Gray *rules = census_release(census)->gray->rules;
        const GrayArm *arms = gray_arms(rules, &n);

        buf_append_literal(body, ",\"arms\":[");
        for (size_t i = 0; i < n; i++) {
                buf_append_format(body,
                                  "%s{\"rule\":%" PRIu32 ",\"arm\":%zu,\"version\":%" PRId64 ",\"weight\":",
                                  i ? "," : "", arms[i].rule, gray_arm_index(rules, i), arms[i].version);
                gray_append_weight(body, gray_arm_weight(&arms[i]));
                append_counts(body, counts[i]);
        }
        buf_append_char(body, ']');
}

static void append_refusals(Buf *body, const Census *census) {
        size_t n;
        const CensusRefusal *refusals = census_refusals(census, &n);

        buf_append_literal(body, ",\"refusals\":[");
        for (size_t i = 0; i < n; i++) {
                buf_append_string(body, i ? ",{\"id\":" : "{\"id\":");
                json_append_string(body, refusals[i].id);
                render_number_or_null(body, "version", refusals[i].version);
                render_text(body, "error", refusals[i].error);
                buf_append_char(body, '}');
        }
        buf_append_char(body, ']');
}

static void answer_show(Request *request, const Census *census) {
        const Release *release = census_release(census);
        Buf *body = reply_begin(request, 200);

        gray_document_append(body, release);
        buf_append_format(body, ",\"instances\":{\"total\":%zu,\"stable\":{\"version\":%" PRId64,
                          census_n_instances(census), release_version(release));
        append_counts(body, census_stable(census));
        append_arms(body, census);
        append_refusals(body, census);
        buf_append_literal(body, "}}");
        reply_end(request);
}

bool gray_hold_show(Request *request) {
        Span namespace = request_namespace(request), key = request_key(request);
        Release *release = catalog_get(request->catalog, namespace, key);

        if (release && release->gray)
                return census_hold(request, release, NULL, REFUSALS_LISTED_MAX, answer_show);

        if (release || catalog_has_namespace(request->catalog, namespace))
                reply_refusal(request, REASON_GRAY_NOT_FOUND, "key", "there is no gray release on '%.*s'",
                              (int)key.size, key.data);
        else
                reply_refusal(request, REASON_NAMESPACE_NOT_FOUND, "namespace", "there is no such namespace");
        return false;
}

/* POST …/gray/preview */

typedef struct PreviewBody {
        json_t *rules;
        Span salt;
} PreviewBody;

static const Field preview_fields[] = {
        { "rules", FIELD_LIST, true, offsetof(PreviewBody, rules) },
        { "salt", FIELD_STRING, false, offsetof(PreviewBody, salt) },
};

/* What is kept from step to step. */
typedef struct Preview {
        Release *release; /* NULL: nothing is in force */
        json_t *json;     /* the body's */
        Gray *candidate;
        unsigned limit;
} Preview;

static void preview_free(void *memory) {
        Preview *preview = memory;

        gray_unref(preview->candidate);
        json_decref(preview->json);
        release_unref(preview->release);
        free(preview);
}

static void keep(Request *request, Preview *preview) {
        request->kept = preview;
        request->kept_free = preview_free;
}

/* Takes what is in force on the way to the worker, who has no catalog. */
bool gray_read_for_preview(Request *request) {
        Preview *preview = calloc(1, sizeof(*preview));

        if (!preview)
                abort();

        preview->release =
                release_ref(catalog_get(request->catalog, request_namespace(request), request_key(request)));
        keep(request, preview);
        return false;
}

/* The body's JSON takes the place in which requests keep it: the preview takes it back. */
static json_t *parse_body(Request *request, Preview *preview) {
        json_t *object;

        request->kept = NULL;
        object = body_parse(request);
        preview->json = request->kept;
        keep(request, preview);
        return object;
}

static bool compile(Request *request, Preview *preview) {
        const Release *release = preview->release;
        json_t *object = parse_body(request, preview);
        PreviewBody body = { 0 };

        if (!object || !body_read(request, object, "", preview_fields, ARRAY_SIZE(preview_fields), &body))
                return false;

        if (!body.salt.data && release && release->gray)
                body.salt = gray_salt(release->gray->rules);
        return gray_compile(request, "", body.rules, body.salt, &preview->candidate);
}

void gray_query_for_preview(Request *request, Reader *reader) {
        Preview *preview = request->kept;
        int64_t newest, stable;
        Problem problem;
        int r;

        if (!request_limit(request, &preview->limit) || !compile(request, preview))
                return;

        r = reader_get_config(reader, request_namespace(request), request_key(request), &newest, &stable);
        if (r)
                reply_store_outcome(request, r, NULL);
        else if (!preview->release)
                reply_store_outcome(request, STORE_E_GRAY_NOTHING_STABLE, NULL);
        else if (gray_check_versions(preview->candidate, newest, &problem))
                reply_refuse(request, REASON_INVALID_FIELD, &problem);
}

static void append_moves(Buf *body, const Census *census) {
        size_t n;
        const CensusMove *moves = census_moves(census, &n);

        buf_append_literal(body, ",\"items\":[");
        for (size_t i = 0; i < n; i++) {
                buf_append_string(body, i ? ",{\"id\":" : "{\"id\":");
                json_append_string(body, moves[i].id);
                render_text(body, "app", moves[i].app);
                render_text(body, "address", moves[i].address);
                render_number_or_null(body, "from", moves[i].from);
                render_number_or_null(body, "to", moves[i].to);
                render_index_or_null(body, "rule", moves[i].rule);
                render_index_or_null(body, "bucket", moves[i].bucket);
                buf_append_char(body, '}');
        }
        buf_append_literal(body, "]}");
}

static void answer_preview(Request *request, const Census *census) {
        Buf *body = reply_begin(request, 200);

        buf_append_literal(body, "{\"salt\":");
        json_append_string(body, gray_salt(census_candidate(census)));
        buf_append_format(body, ",\"instances\":%zu,\"changing\":%zu", census_n_instances(census),
                          census_n_moves(census));
        append_moves(body, census);
        reply_end(request);
}

bool gray_hold_preview(Request *request) {
        const Preview *preview = request->kept;

        return census_hold(request, preview->release, preview->candidate, preview->limit, answer_preview);
}
