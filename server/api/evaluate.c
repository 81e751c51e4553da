/*
 * What somebody gets, and why.
 */
#include "api/asker.h"
#include "api/body.h"
#include "api/handlers.h"
#include "api/lookup.h"
#include "api/render.h"
#include "model/gray_release.h"

/* Room for a unit and 32 tags, however they are written; it is read on the loop's own thread. */
#define BODY_SIZE_MAX ((size_t)64 * 1024)

typedef struct EvaluateBody {
        Span unit;
        json_t *tags;
} EvaluateBody;

static const Field fields[] = {
        { "unit", FIELD_STRING, false, offsetof(EvaluateBody, unit) },
        { "tags", FIELD_OBJECT, false, offsetof(EvaluateBody, tags) },
};

static bool read_asker(Request *request, Asker *ret_asker) {
        EvaluateBody body = { 0 };
        json_t *object;

        if (request->body.size > BODY_SIZE_MAX) {
                reply_refusal(request, REASON_BODY_TOO_LARGE, NULL, "the body has more than %zu bytes",
                              BODY_SIZE_MAX);
                return false;
        }
        object = body_parse(request);
        if (!object || !body_read(request, object, "", fields, ARRAY_SIZE(fields), &body))
                return false;

        ret_asker->who = (GrayAsker){ .unit = body.unit };
        return asker_read_tags(request, body.tags, ret_asker);
}

static void reply_verdict(Request *request, const Release *chosen, const GrayVerdict *verdict) {
        Buf *body = reply_begin(request, 200);

        buf_append_literal(body, "{\"version\":");
        buf_append_i64(body, release_version(chosen));
        buf_append_string(body, verdict->arm < 0 ? ",\"gray\":false" : ",\"gray\":true");
        render_index_or_null(body, "rule", verdict->rule);
        render_index_or_null(body, "bucket", verdict->bucket);
        render_text(body, "reason", span_from_string(gray_reason_to_string(verdict->reason)));
        buf_append_char(body, '}');
        reply_end(request);
}

bool config_evaluate(Request *request) {
        GrayVerdict verdict;
        Release *release;
        Asker asker;

        if (!read_asker(request, &asker))
                return true;

        release = lookup_release(request, true);
        if (release)
                reply_verdict(request, release_choose(release, &asker.who, &verdict), &verdict);
        return true;
}
