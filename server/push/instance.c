#include <string.h>

#include "model/hash.h"
#include "model/json.h"
#include "model/macros.h"
#include "push/instance.h"
#include "util/allocate.h"

typedef struct Result {
        FrameResult told;
        char text[]; /* what it points into */
} Result;

Instance *instance_new(const Frame *frame) {
        size_t size = frame->instance_id.size + frame->app.size + frame->sdk.size;
        Instance *instance;
        char *text;

        for (size_t i = 0; i < frame->n_tags; i++)
                size += frame->tags[i].name.size + frame->tags[i].value.size;
        instance = allocate(1, sizeof(*instance) + frame->n_tags * sizeof(Tag) + size);
        text = (char *)&instance->tags[frame->n_tags];
        instance->id = span_copy(&text, frame->instance_id);
        instance->app = span_copy(&text, frame->app);
        instance->sdk = span_copy(&text, frame->sdk);
        instance->n_tags = frame->n_tags;
        for (size_t i = 0; i < frame->n_tags; i++) {
                instance->tags[i].name = span_copy(&text, frame->tags[i].name);
                instance->tags[i].value = span_copy(&text, frame->tags[i].value);
        }
        return instance;
}

static bool is_of_config(const void *value, const void *wanted_) {
        const Result *result = value;
        const FrameResult *wanted = wanted_;

        return span_equal(result->told.namespace, wanted->namespace) &&
               span_equal(result->told.key, wanted->key);
}

static size_t result_size(const FrameResult *result) {
        return sizeof(Result) + sizeof(TableSlot) + result->namespace.size + result->key.size +
               result->error.size;
}

static Result *result_new(const FrameResult *from) {
        Result *result = allocate(1, result_size(from));
        char *text = result->text;

        result->told = *from;
        result->told.namespace = span_copy(&text, from->namespace);
        result->told.key = span_copy(&text, from->key);
        result->told.error = span_copy(&text, from->error);
        return result;
}

bool instance_results_put(InstanceResults *results, const FrameResult *result) {
        uint64_t hash = hash_config(result->namespace, result->key);
        Result *replaced = table_take(&results->by_config, hash, is_of_config, result);

        if (replaced)
                results->bytes -= result_size(&replaced->told);
        free(replaced);
        if (results->bytes + result_size(result) > INSTANCE_RESULTS_BYTES_MAX)
                return false;

        if (table_reserve(&results->by_config, 1) != 0)
                abort();
        (void)table_put(&results->by_config, hash, is_of_config, result, result_new(result));
        results->bytes += result_size(result);
        return true;
}

void instance_results_deinit(InstanceResults *results) {
        for (size_t i = 0; i < results->by_config.n_slots; i++)
                free(results->by_config.slots[i].value);
        table_deinit(&results->by_config);
        results->bytes = 0;
}

const FrameResult *instance_results_get(const InstanceResults *results, Span namespace, Span key) {
        FrameResult wanted = { .namespace = namespace, .key = key };
        const Result *result =
                table_get(&results->by_config, hash_config(namespace, key), is_of_config, &wanted);

        return result ? &result->told : NULL;
}

static void append_result(const FrameResult *result, Buf *buf) {
        buf_append_literal(buf, "{\"namespace\":");
        json_append_string(buf, result->namespace);
        buf_append_literal(buf, ",\"key\":");
        json_append_string(buf, result->key);
        buf_append_literal(buf, ",\"version\":");
        buf_append_i64(buf, result->version);
        buf_append_string(buf, result->ok ? ",\"ok\":true,\"error\":" : ",\"ok\":false,\"error\":");
        json_append_string(buf, result->error);
        buf_append_char(buf, '}');
}

void instance_results_append(const InstanceResults *results, Span namespace, Span key, Buf *buf) {
        size_t n = 0;

        for (size_t i = 0; i < results->by_config.n_slots; i++) {
                const Result *result = results->by_config.slots[i].value;

                if (!result || (namespace.data && !span_equal(result->told.namespace, namespace)) ||
                    (key.data && !span_equal(result->told.key, key)))
                        continue;
                if (n++ > 0)
                        buf_append_char(buf, ',');
                append_result(&result->told, buf);
        }
}
