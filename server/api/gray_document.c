#include "api/gray_document.h"
#include "api/render.h"
#include "model/gray_release.h"

static void append_ramp(Buf *body, const Ramp *ramp) {
        int64_t due_at_ms = ramp_due_at_ms(ramp);

        buf_append_literal(body, ",\"plan\":");
        ramp_append_plan(body, ramp);
        buf_append_literal(body, ",\"ramp\":{\"state\":\"");
        buf_append_string(body, ramp_state_to_string(ramp->state));
        buf_append_literal(body, "\",\"step\":");
        buf_append_u64(body, ramp->step);
        buf_append_literal(body, ",\"weight\":");
        gray_append_weight(body, ramp->steps[ramp->step].weight);
        if (due_at_ms == INT64_MAX)
                render_text(body, "next_at", SPAN_NULL);
        else
                render_time(body, "next_at", due_at_ms);
        buf_append_char(body, '}');
}

void gray_document_append(Buf *body, const Release *release) {
        const GrayRelease *gray = release->gray;

        buf_append_literal(body, "{\"namespace\":\"");
        buf_append_span(body, release_namespace(release));
        buf_append_literal(body, "\",\"key\":\"");
        buf_append_span(body, release_key(release));
        buf_append_literal(body, "\",\"stable\":");
        buf_append_i64(body, release_version(release));
        buf_append_literal(body, ",\"revision\":");
        buf_append_u64(body, release_revision(release));
        render_text(body, "salt", gray_salt(gray->rules));
        buf_append_literal(body, ",\"rules\":");
        buf_append_span(body, gray_rules(gray->rules));
        if (gray->ramp)
                append_ramp(body, gray->ramp);
        else
                buf_append_literal(body, ",\"plan\":null,\"ramp\":null");
        /* What an arm serves was put in force by the gray release: it bears when, by whom and why. */
        buf_append_char(body, ',');
        buf_append_span(body, release_origin_json(gray->arms[0]));
}
