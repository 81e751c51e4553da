#include "api/gray_document.h"
#include "api/render.h"
#include "model/gray_release.h"

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
        ramp_append_members(body, gray->ramp);
        /* What an arm serves was put in force by the gray release: it bears when, by whom and why. */
        buf_append_char(body, ',');
        buf_append_span(body, release_origin_json(gray->arms[0]));
}
