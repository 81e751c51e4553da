#include "api/render.h"
#include "model/json.h"
#include "model/timestamp.h"

static void render_name(Buf *buf, const char *name) {
        buf_append_literal(buf, ",\"");
        buf_append_string(buf, name);
        buf_append_literal(buf, "\":");
}

void render_text(Buf *buf, const char *name, Span text) {
        render_name(buf, name);
        json_append_string(buf, text);
}

void render_number_or_null(Buf *buf, const char *name, int64_t number) {
        render_name(buf, name);
        if (number)
                buf_append_i64(buf, number);
        else
                buf_append_literal(buf, "null");
}

void render_index_or_null(Buf *buf, const char *name, int64_t index) {
        render_name(buf, name);
        if (index >= 0)
                buf_append_i64(buf, index);
        else
                buf_append_literal(buf, "null");
}

void render_count(Buf *buf, const char *name, uint64_t count) {
        render_name(buf, name);
        buf_append_u64(buf, count);
}

void render_time(Buf *buf, const char *name, int64_t at_ms) {
        render_name(buf, name);
        buf_append_char(buf, '"');
        timestamp_append(buf, at_ms);
        buf_append_char(buf, '"');
}

void render_optional_time(Buf *buf, const char *name, int64_t at_ms) {
        if (at_ms) {
                render_time(buf, name, at_ms);
                return;
        }
        render_name(buf, name);
        buf_append_literal(buf, "null");
}

void render_namespace(Buf *buf, const NamespaceRow *row) {
        buf_append_literal(buf, "{\"name\":");
        json_append_string(buf, row->name);
        render_text(buf, "description", row->description);
        buf_append_literal(buf, ",\"revision\":");
        buf_append_u64(buf, row->revision);
        render_time(buf, "created_at", row->created_at_ms);
        render_text(buf, "created_by", row->created_by);
        render_time(buf, "updated_at", row->updated_at_ms);
        render_text(buf, "updated_by", row->updated_by);
        buf_append_char(buf, '}');
}
