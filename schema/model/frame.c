/* Writing frames. What goes in is checked by its makers; texts of any bytes come out as UTF-8. */
#include <stdlib.h>

#include "model/frame.h"
#include "model/json.h"
#include "model/macros.h"

static const char *const type_names[FRAME_TYPE_N] = {
        [FRAME_SUBSCRIBE] = "subscribe", [FRAME_ACK] = "ack",       [FRAME_UNSUBSCRIBE] = "unsubscribe",
        [FRAME_SNAPSHOT] = "snapshot",   [FRAME_CHANGE] = "change", [FRAME_CURRENT] = "current",
        [FRAME_ERROR] = "error",
};

const char *frame_type_to_string(FrameType type) {
        return type_names[type];
}

static void begin(Buf *buf, FrameType type, uint64_t seq) {
        buf_append_literal(buf, "{\"seq\":");
        buf_append_u64(buf, seq);
        buf_append_literal(buf, ",\"type\":\"");
        buf_append_string(buf, type_names[type]);
        buf_append_literal(buf, "\",\"payload\":{");
}

static void end(Buf *buf) {
        buf_append_literal(buf, "}}");
}

static void separate(Buf *buf, size_t i) {
        if (i > 0)
                buf_append_char(buf, ',');
}

/* A name, which has nothing to escape. */
static void append_name(Buf *buf, Span name) {
        buf_append_char(buf, '"');
        buf_append_span(buf, name);
        buf_append_char(buf, '"');
}

static void append_names(Buf *buf, const Span *names, size_t n_names) {
        for (size_t i = 0; i < n_names; i++) {
                separate(buf, i);
                append_name(buf, names[i]);
        }
}

static void append_optional(Buf *buf, const char *name, Span text) {
        if (!text.data)
                return;

        buf_append_format(buf, ",\"%s\":", name);
        json_append_lossy_string(buf, text);
}

static void append_instance(Buf *buf, const Frame *frame) {
        buf_append_literal(buf, "\"instance\":{\"id\":");
        json_append_lossy_string(buf, frame->instance_id);
        append_optional(buf, "app", frame->app);
        append_optional(buf, "sdk", frame->sdk);
        buf_append_literal(buf, ",\"tags\":{");
        for (size_t i = 0; i < frame->n_tags; i++) {
                separate(buf, i);
                append_name(buf, frame->tags[i].name);
                buf_append_char(buf, ':');
                json_append_lossy_string(buf, frame->tags[i].value);
        }
        buf_append_literal(buf, "}},");
}

static void append_wanted(Buf *buf, const FrameNamespace *wanted) {
        buf_append_literal(buf, "{\"name\":");
        append_name(buf, wanted->name);
        buf_append_literal(buf, ",\"keys\":[");
        if (wanted->all_keys)
                buf_append_literal(buf, "\"*\"");
        else
                append_names(buf, wanted->keys, wanted->n_keys);
        buf_append_literal(buf, "],\"since\":");
        buf_append_u64(buf, wanted->since);
        buf_append_char(buf, '}');
}

static void append_subscribe(Buf *buf, const Frame *frame) {
        if (frame->instance_id.data)
                append_instance(buf, frame);
        if (frame->epoch.data) {
                buf_append_literal(buf, "\"epoch\":");
                json_append_lossy_string(buf, frame->epoch);
                buf_append_char(buf, ',');
        }
        buf_append_literal(buf, "\"namespaces\":[");
        for (size_t i = 0; i < frame->n_namespaces; i++) {
                separate(buf, i);
                append_wanted(buf, &frame->namespaces[i]);
        }
        buf_append_char(buf, ']');
}

static void append_result(Buf *buf, const FrameResult *result) {
        buf_append_literal(buf, "{\"namespace\":");
        append_name(buf, result->namespace);
        buf_append_literal(buf, ",\"key\":");
        append_name(buf, result->key);
        buf_append_literal(buf, ",\"version\":");
        buf_append_i64(buf, result->version);
        buf_append_string(buf, result->ok ? ",\"ok\":true" : ",\"ok\":false");
        if (!result->ok)
                append_optional(buf, "error", result->error);
        buf_append_char(buf, '}');
}

static void append_ack(Buf *buf, const Frame *frame) {
        buf_append_literal(buf, "\"results\":[");
        for (size_t i = 0; i < frame->n_results; i++) {
                separate(buf, i);
                append_result(buf, &frame->results[i]);
        }
        buf_append_char(buf, ']');
}

static void append_namespace_names(Buf *buf, const Frame *frame) {
        buf_append_literal(buf, "\"namespaces\":[");
        for (size_t i = 0; i < frame->n_namespaces; i++) {
                separate(buf, i);
                append_name(buf, frame->namespaces[i].name);
        }
        buf_append_char(buf, ']');
}

static void append_error(Buf *buf, const Frame *frame) {
        buf_append_format(buf, "\"code\":%d", frame->code);
        append_optional(buf, "reason", frame->reason);
        append_optional(buf, "message", frame->message);
}

static void append_epoch(Buf *buf, Span epoch) {
        buf_append_literal(buf, "\"epoch\":");
        json_append_lossy_string(buf, epoch);
        buf_append_char(buf, ',');
}

void frame_append(Buf *buf, const Frame *frame) {
        begin(buf, frame->type, frame->seq);
        switch (frame->type) {
        case FRAME_SUBSCRIBE:
                append_subscribe(buf, frame);
                break;
        case FRAME_ACK:
                append_ack(buf, frame);
                break;
        case FRAME_UNSUBSCRIBE:
                append_namespace_names(buf, frame);
                break;
        case FRAME_CURRENT:
                append_epoch(buf, frame->epoch);
                append_namespace_names(buf, frame);
                break;
        case FRAME_ERROR:
                append_error(buf, frame);
                break;
        case FRAME_SNAPSHOT:
        case FRAME_CHANGE:
        case FRAME_TYPE_N:
        default:
                abort();
        }
        end(buf);
}

/* Orders items by namespace, then by key, then as the change has them. */
static int compare_items(const void *a, const void *b) {
        const ChangeItem *one = *(const ChangeItem *const *)a, *other = *(const ChangeItem *const *)b;
        const Span *texts[2][2] = { { &one->namespace, &other->namespace }, { &one->key, &other->key } };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                Span left = *texts[i][0], right = *texts[i][1];
                int order = memcmp(left.data, right.data, MIN(left.size, right.size));

                if (order != 0)
                        return order;
                if (left.size != right.size)
                        return left.size < right.size ? -1 : 1;
        }
        return one < other ? -1 : one > other;
}

/* Sorts the items that are in scope into @ret_items, and of several for one config keeps the last. */
static size_t sort_items(const Change *change, const bool *is_wanted, const ChangeItem **ret_items) {
        size_t n = 0, n_kept = 0;

        for (size_t i = 0; i < change->n_items; i++)
                if (is_wanted[i] &&
                    (change->items[i].kind == CHANGE_RELEASE || change->items[i].kind == CHANGE_REMOVAL))
                        ret_items[n++] = &change->items[i];
        if (n > 0)
                qsort(ret_items, n, sizeof(const ChangeItem *), compare_items);

        for (size_t i = 0; i < n; i++) {
                bool is_last = i + 1 == n || !span_equal(ret_items[i]->key, ret_items[i + 1]->key) ||
                               !span_equal(ret_items[i]->namespace, ret_items[i + 1]->namespace);

                if (is_last)
                        ret_items[n_kept++] = ret_items[i];
        }
        return n_kept;
}

/* Appends what the items, all of one namespace, change in it. */
static void append_changed_namespace(Buf *buf, const ChangeItem *const *items, size_t n_items) {
        size_t n_releases = 0, n_deleted = 0;

        buf_append_literal(buf, "{\"namespace\":");
        append_name(buf, items[0]->namespace);
        buf_append_literal(buf, ",\"releases\":[");
        for (size_t i = 0; i < n_items; i++)
                if (items[i]->kind == CHANGE_RELEASE) {
                        separate(buf, n_releases++);
                        release_append_wire(buf, items[i]->release);
                }
        buf_append_literal(buf, "],\"deleted\":[");
        for (size_t i = 0; i < n_items; i++)
                if (items[i]->kind == CHANGE_REMOVAL) {
                        separate(buf, n_deleted++);
                        append_name(buf, items[i]->key);
                }
        buf_append_literal(buf, "]}");
}

static size_t count_of_namespace(const ChangeItem *const *items, size_t n_items) {
        size_t n = 1;

        while (n < n_items && span_equal(items[n]->namespace, items[0]->namespace))
                n++;
        return n;
}

void frame_append_change(Buf *buf, const Change *change, const bool *is_wanted) {
        _cleanup_(freep) const ChangeItem **items = NULL;
        size_t n_items;

        items = calloc(change->n_items + 1, sizeof(void *));
        if (!items) {
                buf->failed = true;
                return;
        }

        n_items = sort_items(change, is_wanted, items);
        begin(buf, FRAME_CHANGE, change->revision);
        buf_append_literal(buf, "\"changes\":[");
        for (size_t i = 0, n; i < n_items; i += n) {
                n = count_of_namespace(items + i, n_items - i);
                separate(buf, i);
                append_changed_namespace(buf, items + i, n);
        }
        buf_append_char(buf, ']');
        end(buf);
}

void snapshot_frame_begin(SnapshotFrame *frame, Buf *buf, uint64_t revision, Span epoch) {
        *frame = (SnapshotFrame){ .buf = buf };
        begin(buf, FRAME_SNAPSHOT, revision);
        append_epoch(buf, epoch);
        buf_append_literal(buf, "\"namespaces\":[");
}

void snapshot_frame_add(SnapshotFrame *frame, const Release *release) {
        Span namespace = release_namespace(release);
        bool is_first = !frame->namespace.data;

        if (!is_first && span_equal(frame->namespace, namespace))
                buf_append_char(frame->buf, ',');
        else {
                if (!is_first)
                        buf_append_literal(frame->buf, "]},");
                buf_append_literal(frame->buf, "{\"namespace\":");
                append_name(frame->buf, namespace);
                buf_append_literal(frame->buf, ",\"releases\":[");
                frame->namespace = namespace;
        }
        release_append_wire(frame->buf, release);
}

void snapshot_frame_end(SnapshotFrame *frame, bool more) {
        if (frame->namespace.data)
                buf_append_literal(frame->buf, "]}");
        buf_append_string(frame->buf, more ? "],\"more\":true" : "],\"more\":false");
        end(frame->buf);
}
