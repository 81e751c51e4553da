/*
 * Reading all keys with the prefix, page by page and all as of one revision; and finding the keys that were
 * taken in and are gone.
 */
#include <stdlib.h>
#include <string.h>

#include "ingest/worker.h"
#include "mirror/etcd_json.h"
#include "util/allocate.h"
#include "util/clock.h"
#include "util/log.h"

#define PAGE_KEYS 1000
#define PAGE_MAX_BYTES                                                                                       \
        (16UL * 1024 * 1024) /* of an answer; a page that is larger is asked for with fewer keys */
#define ROWS_MAX 1000        /* of the store, that are looked at at once */

/* A list of keys, in their order. */
typedef struct KeyList {
        Buf bytes;
        size_t *ends;
        size_t n;
        size_t capacity;
} KeyList;

#define KEY_LIST_NULL ((KeyList){ .bytes = BUF_NULL })

static void key_list_deinit(KeyList *list) {
        buf_deinit(&list->bytes);
        free(list->ends);
}

static void key_list_add(KeyList *list, Span key) {
        if (list->n == list->capacity) {
                list->capacity = list->capacity ? 2 * list->capacity : 64;
                list->ends = had(realloc(list->ends, list->capacity * sizeof(*list->ends)));
        }
        buf_append_span(&list->bytes, key);
        if (buf_failed(&list->bytes))
                abort();
        list->ends[list->n++] = list->bytes.size;
}

static Span key_list_get(const KeyList *list, size_t i) {
        size_t begin = i ? list->ends[i - 1] : 0;

        return (Span){ list->bytes.data + begin, list->ends[i] - begin };
}

/* As etcd and the store order keys. */
static int compare_keys(Span a, Span b) {
        size_t size = MIN(a.size, b.size);
        int order = size ? memcmp(a.data, b.data, size) : 0;

        return order ? order : (a.size > b.size) - (a.size < b.size);
}

static bool key_list_has(const KeyList *list, Span key) {
        size_t low = 0, high = list->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = compare_keys(key_list_get(list, middle), key);

                if (order == 0)
                        return true;
                if (order < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return false;
}

/*
 * Beginning.
 */

bool full_read_begin(Ingest *ingest, int64_t revision) {
        FullRead *read = &ingest->read;

        if (revision == 0 && !ingest_check(ingest, 0, &revision))
                return false;

        watch_close(ingest);
        read->is_on = true;
        read->term = ingest->term;
        read->revision = revision;
        read->keys_max = PAGE_KEYS;
        read->n_keys = 0;
        buf_clear(&read->position);
        return true;
}

bool full_read_begin_for_gap(Ingest *ingest, const char *why) {
        log_warning("ingest.gap", "Ingest %s reads in full, since %s.", ingest->options->name, why);
        return full_read_begin(ingest, 0);
}

/*
 * Keys that are gone.
 */

typedef struct GoneSearch {
        const Ingest *ingest;
        const KeyList *page;
        Span bound; /* the last key that the page speaks of; absent: it speaks of all that follow */
        KeyList gone;
        Buf last; /* the last row that was looked at */
        bool is_over;
} GoneSearch;

static void search_deinit(GoneSearch *search) {
        key_list_deinit(&search->gone);
        buf_deinit(&search->last);
}

/* What was taken in from another etcd, or later than what is read, may be missing for no reason. */
static bool is_gone(const GoneSearch *search, const IngestedRow *row) {
        return row->generation == search->ingest->place.generation &&
               row->mod_revision <= search->ingest->read.revision &&
               !key_list_has(search->page, row->etcd_key);
}

static int look_at_row(void *context, const IngestedRow *row) {
        GoneSearch *search = context;

        if (search->bound.data && compare_keys(row->etcd_key, search->bound) > 0) {
                search->is_over = true;
                return 1;
        }
        if (is_gone(search, row))
                key_list_add(&search->gone, row->etcd_key);
        buf_clear(&search->last);
        buf_append_span(&search->last, row->etcd_key);
        return 0;
}

/* Fills the list with some of them. */
static bool search_gone(Ingest *ingest, GoneSearch *search) {
        bool more = false;
        int r;

        search->gone.n = 0;
        buf_clear(&search->gone.bytes);
        r = reader_list_ingested(ingest->reader, span_from_string(ingest->options->name),
                                 buf_span(&search->last), ROWS_MAX, look_at_row, search, &more);
        if (r) {
                ingest_fail_to_read(ingest, r);
                return false;
        }

        search->is_over = search->is_over || !more;
        return true;
}

static bool delete_gone(Ingest *ingest, const KeyList *gone) {
        for (size_t i = 0; i < gone->n; i++)
                if (!intake_delete(ingest, key_list_get(gone, i), ingest->read.revision, false) ||
                    !intake_flush_full(ingest))
                        return false;

        return true;
}

/* All rows between the end of the page before and the end of this one that no key of it stands for. */
static bool find_gone(Ingest *ingest, const KeyList *page, bool has_more) {
        const Buf *position = &ingest->read.position;
        _cleanup_(search_deinit) GoneSearch search = {
                .ingest = ingest,
                .page = page,
                .bound = has_more && page->n > 0 ? key_list_get(page, page->n - 1) : SPAN_NULL,
                .gone = KEY_LIST_NULL,
                .last = BUF_NULL,
        };

        if (position->size > 0)
                buf_append(&search.last, position->data, position->size - 1);
        while (!search.is_over)
                if (!search_gone(ingest, &search) || !delete_gone(ingest, &search.gone))
                        return false;
        return true;
}

/*
 * Pages.
 */

static bool fail_unreadable(Ingest *ingest) {
        ingest_fail_down(ingest, "the answer to a range is not as etcd's are");
        return false;
}

/* @is_whole: with values; else the value is too large to be asked for */
static bool take_kv(Ingest *ingest, JsonValue kv, bool is_whole, KeyList *page) {
        _cleanup_(buf_deinit) Buf key = BUF_NULL, value = BUF_NULL;
        IntakeKey found = { .problem = "the value is too large to be read" };

        if (!etcd_json_append_key(&key, kv) || !etcd_json_append_value(&value, kv))
                return fail_unreadable(ingest);
        if (buf_failed(&key) || buf_failed(&value))
                abort();

        found.etcd_key = buf_span(&key);
        found.value = is_whole ? buf_span(&value) : SPAN_NULL;
        found.mod_revision = etcd_json_number(kv, "mod_revision");
        key_list_add(page, found.etcd_key);
        return intake_put(ingest, &found) && intake_flush_full(ingest);
}

static bool take_kvs(Ingest *ingest, JsonValue answer, bool is_whole, KeyList *page) {
        JsonValue kvs, kv;

        if (!etcd_json_find(answer, "kvs", JSON_KIND_ARRAY, &kvs))
                return true;
        while (json_read_element(&kvs.text, &kv))
                if (!take_kv(ingest, kv, is_whole, page))
                        return false;
        return true;
}

static void move_on(FullRead *read, const KeyList *page) {
        Span last = key_list_get(page, page->n - 1);

        read->keys_max = MIN(2 * read->keys_max, (unsigned)PAGE_KEYS);

        buf_clear(&read->position);
        buf_append_span(&read->position, last);
        buf_append_char(&read->position, '\0');
        if (buf_failed(&read->position))
                abort();
}

static bool finish(Ingest *ingest) {
        IngestStatus *status;

        intake_complete(ingest, ingest->read.revision);
        if (!intake_flush(ingest))
                return false;

        ingest->read.is_on = false;
        ingest_catch_up(ingest, ingest->read.term);
        status = ingest_lock_status(ingest);
        status->read_at_ms = clock_wall_ms();
        status->n_read = ingest->read.n_keys;
        status->n_reads++;
        ingest_unlock_status(ingest);
        ingest_count(ingest);
        log_info("ingest.read", "Ingest %s has read %llu keys at revision %lld of etcd.",
                 ingest->options->name, (unsigned long long)ingest->read.n_keys,
                 (long long)ingest->read.revision);
        return true;
}

static bool take_page(Ingest *ingest, JsonValue answer, bool is_whole) {
        _cleanup_(key_list_deinit) KeyList page = KEY_LIST_NULL;
        bool has_more = etcd_json_is_true(answer, "more");

        if (!take_kvs(ingest, answer, is_whole, &page) || !find_gone(ingest, &page, has_more) ||
            !intake_flush(ingest))
                return false;

        ingest->read.n_keys += page.n;
        if (has_more && page.n == 0)
                return fail_unreadable(ingest);
        if (!has_more)
                return finish(ingest);
        move_on(&ingest->read, &page);
        return true;
}

static bool ask_page(Ingest *ingest, bool is_whole, EtcdAnswer *ret_answer, bool *ret_compacted) {
        const FullRead *read = &ingest->read;
        Span prefix = key_pattern_prefix(&ingest->pattern);
        _cleanup_(buf_deinit) Buf body = BUF_NULL;

        etcd_json_append_page(&body, read->position.size ? buf_span(&read->position) : prefix, prefix,
                              read->revision, read->keys_max, !is_whole);
        if (buf_failed(&body))
                abort();
        return ingest_call(ingest, "/v3/kv/range", buf_span(&body), PAGE_MAX_BYTES, ret_answer,
                           ret_compacted);
}

/* A page that is too large is asked for again with fewer keys, and at last one without its value. */
bool full_read_page(Ingest *ingest) {
        bool is_compacted = false, is_whole = true;

        for (;;) {
                _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;

                if (!ask_page(ingest, is_whole, &answer, &is_compacted))
                        return false;
                if (is_compacted)
                        return full_read_begin_for_gap(ingest, "etcd was compacted while it was read");
                if (!answer.http.is_cut)
                        return take_page(ingest, answer.object, is_whole);
                if (!is_whole)
                        return fail_unreadable(ingest);
                is_whole = ingest->read.keys_max > 1;
                ingest->read.keys_max = MAX(ingest->read.keys_max / 4, 1U);
        }
}
