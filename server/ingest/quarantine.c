/*
 * Trying quarantined keys again, as somebody asks for it.
 *
 * What is tried is what was put aside. Where etcd has something newer by now, the watch brings it, in its
 * order.
 */
#include <stdlib.h>
#include <string.h>

#include "ingest/note.h"
#include "ingest/worker.h"
#include "mirror/etcd_json.h"
#include "util/allocate.h"

#define VALUE_MAX_BYTES (64UL * 1024 * 1024)
#define KEYS_AT_ONCE    100

typedef struct Aside {
        int64_t id;
        char *key;
        size_t key_size;
        int64_t mod_revision;
        bool is_left; /* it is from another etcd, of which nothing more will come */
} Aside;

typedef struct AsideList {
        const Ingest *ingest;
        Aside items[KEYS_AT_ONCE];
        size_t n;
} AsideList;

static void aside_list_deinit(AsideList *list) {
        for (size_t i = 0; i < list->n; i++)
                free(list->items[i].key);
        list->n = 0;
}

static int add_aside(void *context, const IngestedRow *row) {
        AsideList *list = context;
        Aside *aside = &list->items[list->n++];

        if (!row->reason.data) {
                list->n--;
                return 0;
        }
        *aside = (Aside){
                .id = row->id,
                .key = had(malloc(row->etcd_key.size + 1)),
                .key_size = row->etcd_key.size,
                .mod_revision = row->mod_revision,
                .is_left = row->generation < list->ingest->place.generation,
        };
        memcpy(aside->key, row->etcd_key.data, row->etcd_key.size);
        return 0;
}

/* Etcd has lost it, which deletes nothing: there is nothing to try. */
static bool forget(Ingest *ingest, Span etcd_key) {
        Operation operation = { .type = OPERATION_INGEST_FORGET, .comment = SPAN_LITERAL("") };
        Command command;

        operation.ingest_key.ingest = span_from_string(ingest->options->name);
        operation.ingest_key.etcd_key = etcd_key;
        return note_submit(ingest, &operation, 1, &command);
}

static bool try_kv(Ingest *ingest, const Aside *aside, JsonValue kv) {
        _cleanup_(buf_deinit) Buf value = BUF_NULL;
        IntakeKey key = {
                .etcd_key = { aside->key, aside->key_size },
                .mod_revision = etcd_json_number(kv, "mod_revision"),
                .is_retried = true,
        };

        if (key.mod_revision != aside->mod_revision && !aside->is_left)
                return true;
        if (!etcd_json_append_value(&value, kv)) {
                ingest_fail_down(ingest, "the answer to a range is not as etcd's are");
                return false;
        }

        if (buf_failed(&value))
                abort();
        key.value = buf_span(&value);
        return intake_put(ingest, &key) && intake_flush(ingest);
}

static bool try_aside(Ingest *ingest, const Aside *aside) {
        _cleanup_(buf_deinit) Buf body = BUF_NULL;
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        Span etcd_key = { aside->key, aside->key_size };
        JsonValue kvs, kv;
        bool is_compacted;

        etcd_json_append_one(&body, etcd_key, 0);
        if (buf_failed(&body))
                abort();
        if (!ingest_call(ingest, "/v3/kv/range", buf_span(&body), VALUE_MAX_BYTES, &answer, &is_compacted))
                return false;
        if (answer.http.is_cut)
                return true;
        if (etcd_json_find(answer.object, "kvs", JSON_KIND_ARRAY, &kvs) && json_read_element(&kvs.text, &kv))
                return try_kv(ingest, aside, kv);
        return aside->is_left ? forget(ingest, etcd_key)
                              : intake_delete(ingest, etcd_key, etcd_json_revision(answer.object), true) &&
                                        intake_flush(ingest);
}

static bool try_list(Ingest *ingest, const AsideList *list) {
        for (size_t i = 0; i < list->n; i++)
                if (waker_is_stopping(&ingest->waker) || !try_aside(ingest, &list->items[i]))
                        return false;

        return true;
}

static int list_more(Ingest *ingest, Span etcd_key, int64_t after, AsideList *list, bool *ret_more) {
        Span name = span_from_string(ingest->options->name);
        QuarantineQuery query = { .ingest = name, .after = after, .limit = KEYS_AT_ONCE };

        *ret_more = false;
        if (etcd_key.data)
                return reader_get_ingested(ingest->reader, name, etcd_key, add_aside, list);
        return reader_list_quarantine(ingest->reader, &query, add_aside, list, ret_more);
}

bool quarantine_retry(Ingest *ingest, Span etcd_key) {
        int64_t after = 0;
        bool more = true;

        while (more) {
                _cleanup_(aside_list_deinit) AsideList list = { .ingest = ingest };
                int r;

                r = list_more(ingest, etcd_key, after, &list, &more);
                if (r) {
                        ingest_fail_to_read(ingest, r);
                        return false;
                }
                if (!try_list(ingest, &list))
                        return false;
                if (list.n > 0)
                        after = list.items[list.n - 1].id;
        }
        ingest_count(ingest);
        return true;
}
