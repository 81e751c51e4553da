#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mirror/batch.h"
#include "model/gray_release.h"
#include "model/json.h"
#include "model/ramp.h"
#include "util/allocate.h"

struct BatchEntry {
        ConfigData config;
        BatchOrigin origin;
        char texts[];
};

void batch_clear(Batch *batch) {
        for (size_t i = 0; i < batch->n; i++)
                free(batch->entries[i]);
        batch->n = 0;
        batch->n_bytes = 0;
        batch->revision = 0;
}

void batch_deinit(Batch *batch) {
        batch_clear(batch);
        free(batch->items);
        free(batch->entries);
        *batch = BATCH_NULL;
}

/* Takes @entry over. */
static void append(Batch *batch, const TargetItem *item, BatchEntry *entry) {
        if (batch->n == batch->capacity) {
                batch->capacity = batch->capacity ? 2 * batch->capacity : 64;
                batch->items = had(reallocarray(batch->items, batch->capacity, sizeof(*batch->items)));
                batch->entries = had(reallocarray(batch->entries, batch->capacity, sizeof(BatchEntry *)));
        }
        batch->items[batch->n] = *item;
        batch->entries[batch->n++] = entry;
        batch->n_bytes += item->key.size + item->value.size;
}

static void append_document(Buf *buf, const ConfigData *data) {
        buf_append_char(buf, '{');
        config_data_append_members(buf, data);
        buf_append_char(buf, '}');
}

/* As the API shows it, with what the versions hold. */
static void append_gray_document(Buf *buf, const ConfigData *data) {
        const GrayData *gray = data->gray;

        buf_append_literal(buf, "{\"namespace\":");
        json_append_string(buf, data->namespace);
        buf_append_literal(buf, ",\"key\":");
        json_append_string(buf, data->key);
        buf_append_format(buf, ",\"stable\":%" PRId64 ",\"revision\":%" PRIu64 ",\"salt\":", data->version,
                          data->revision);
        json_append_string(buf, gray->salt);
        buf_append_literal(buf, ",\"rules\":");
        buf_append_span(buf, gray->rules);
        ramp_append_members(buf, gray->ramp);
        gray_data_append_rest(buf, gray);
        buf_append_char(buf, '}');
}

static void append_value(Buf *buf, MirrorValue value, const ServedRow *row) {
        if (!row->is_served)
                return;
        if (value == MIRROR_VALUE_DOCUMENT)
                append_document(buf, &row->data);
        else if (value == MIRROR_VALUE_GRAY)
                append_gray_document(buf, &row->data);
}

/* The texts that are made of a row: its key in the target, and what is there where it is no bare content. */
typedef struct MadeTexts {
        Buf key;
        Buf document;
} MadeTexts;

static void deinit_made(MadeTexts *made) {
        buf_deinit(&made->key);
        buf_deinit(&made->document);
}

static BatchEntry *make_entry(const ServedRow *row, const MadeTexts *made, BatchOrigin origin,
                              TargetItem *item) {
        const ConfigData *data = &row->data;
        BatchEntry *entry = allocate(1, sizeof(*entry) + data->namespace.size + data->key.size +
                                                data->content.size + data->updated_by.size +
                                                data->comment.size + made->key.size + made->document.size);
        char *at = entry->texts;

        entry->config = *data;
        entry->config.gray = NULL;
        entry->config.namespace = span_copy(&at, data->namespace);
        entry->config.key = span_copy(&at, data->key);
        entry->config.content = span_copy(&at, data->content);
        entry->config.updated_by = span_copy(&at, data->updated_by);
        entry->config.comment = span_copy(&at, data->comment);
        entry->origin = origin;

        *item = (TargetItem){ .key = span_copy(&at, buf_span(&made->key)), .config = &entry->config };
        if (row->is_served)
                item->value = made->document.size ? span_copy(&at, buf_span(&made->document))
                                                  : entry->config.content;
        return entry;
}

void batch_add(Batch *batch, const MirrorOptions *options, const KeyTemplate *key_template,
               const ServedRow *row, BatchOrigin origin) {
        _cleanup_(deinit_made) MadeTexts made = { BUF_NULL, BUF_NULL };
        BatchEntry *entry;
        TargetItem item;

        key_template_append(key_template, row->data.namespace, row->data.key, &made.key);
        append_value(&made.document, options->value, row);
        if (buf_failed(&made.key) || buf_failed(&made.document))
                abort();

        entry = make_entry(row, &made, origin, &item);
        append(batch, &item, entry);
        batch->revision = MAX(batch->revision, row->data.revision);
}

void batch_add_foreign(Batch *batch, Span key) {
        BatchEntry *entry = allocate(1, sizeof(*entry) + key.size);
        char *at = entry->texts;

        append(batch, &(TargetItem){ .key = span_copy(&at, key) }, entry);
}

void batch_drop_same(Batch *batch) {
        size_t n = 0;

        for (size_t i = 0; i < batch->n; i++) {
                if (batch->items[i].finding == TARGET_SAME) {
                        free(batch->entries[i]);
                        continue;
                }
                batch->items[n] = batch->items[i];
                batch->entries[n++] = batch->entries[i];
        }
        batch->n = n;
}

BatchOrigin batch_origin(const Batch *batch, size_t i) {
        return batch->entries[i]->origin;
}
