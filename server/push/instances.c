/*
 * GET /instances: who is connected, and what each did with the configs that it got.
 *
 * The streams of a loop are seen by its own thread alone. So the question goes to every loop; each writes
 * down its part, and the loop that was asked puts the parts together. The order is that of connecting, so
 * that a list read page by page shows nobody twice, and whoever connects meanwhile at its end.
 */
#include "http/server.h"
#include "model/json.h"
#include "model/name.h"
#include "model/timestamp.h"
#include "push/handlers.h"
#include "push/stream.h"
#include "util/allocate.h"
#include "util/digest.h"

/* Of a page's items, about: a page may end before its limit. */
#define PAGE_BYTES_MAX ((size_t)4 * 1024 * 1024)

typedef struct Item {
        uint64_t serial;
        Buf json;
} Item;

/* What one loop has. */
typedef struct Part {
        size_t n;
        Item *items;
        size_t bytes;
        bool is_cut; /* there are more */
} Part;

typedef struct Gathering {
        Exchange *exchange;
        Span namespace; /* or absent: all */
        Span key;
        uint64_t after;
        unsigned limit;
        size_t n_loops;
        _Atomic size_t n_parts; /* that are done */
        Part parts[];
} Gathering;

static void gathering_free(void *memory) {
        Gathering *gathering = memory;

        for (size_t i = 0; i < gathering->n_loops; i++) {
                for (size_t k = 0; k < gathering->parts[i].n; k++)
                        buf_deinit(&gathering->parts[i].items[k].json);
                free(gathering->parts[i].items);
        }
        free(gathering);
}

/* One instance. */

static void append_member(Buf *json, const char *name, Span value) {
        buf_append_format(json, ",\"%s\":", name);
        json_append_string(json, value);
}

static void append_tags(Buf *json, const Instance *instance) {
        buf_append_literal(json, ",\"tags\":{");
        for (size_t i = 0; i < instance->n_tags; i++) {
                if (i > 0)
                        buf_append_char(json, ',');
                json_append_string(json, instance->tags[i].name);
                buf_append_char(json, ':');
                json_append_string(json, instance->tags[i].value);
        }
        buf_append_char(json, '}');
}

static void append_name(Buf *json, const ScopeName *name) {
        buf_append_literal(json, "{\"name\":");
        json_append_string(json, name->name);
        buf_append_literal(json, ",\"keys\":[");
        if (name->all_keys)
                buf_append_literal(json, "\"*\"");
        for (size_t i = 0; i < name->n_keys; i++) {
                if (i > 0)
                        buf_append_char(json, ',');
                json_append_string(json, name->keys[i]);
        }
        buf_append_literal(json, "]}");
}

static void append_names(Buf *json, const Audience *audience) {
        buf_append_literal(json, ",\"namespaces\":[");
        for (size_t i = 0; audience && i < audience->asked->n_names; i++) {
                if (i > 0)
                        buf_append_char(json, ',');
                append_name(json, &audience->asked->names[i]);
        }
        buf_append_char(json, ']');
}

static void append_instance(Buf *json, const Stream *stream, Span namespace, Span key) {
        const Instance *instance = stream->instance;

        buf_append_literal(json, "{\"id\":");
        json_append_string(json, instance->id);
        append_member(json, "app", instance->app);
        append_tags(json, instance);
        append_member(json, "sdk", instance->sdk);
        append_member(json, "address", span_from_string(stream_address(stream)));
        buf_append_literal(json, ",\"connected_at\":\"");
        timestamp_append(json, stream->connected_at_ms);
        buf_append_literal(json, "\",\"revision\":");
        buf_append_u64(json, stream->channel.told_revision);
        append_names(json, stream->channel.follower.audience);
        buf_append_literal(json, ",\"results\":[");
        instance_results_append(&stream->results, namespace, key, json);
        buf_append_literal(json, "]}");
}

/* One loop's part. */

static bool follows(const Audience *audience, Span namespace, Span key) {
        const ScopeName *name = audience ? scope_find(audience->covered, namespace) : NULL;

        return name && (!key.data || scope_name_has(name, key));
}

static bool is_wanted(const Gathering *gathering, const Stream *stream) {
        return stream->instance && stream->state == STREAM_OPEN && stream->serial > gathering->after &&
               (!gathering->namespace.data ||
                follows(stream->channel.follower.audience, gathering->namespace, gathering->key));
}

static void add_item(const Gathering *gathering, Part *part, const Stream *stream) {
        Item *item = &part->items[part->n++];

        item->serial = stream->serial;
        append_instance(&item->json, stream, gathering->namespace, gathering->key);
        if (buf_failed(&item->json))
                abort();
        part->bytes += item->json.size;
}

static void gather_part(Loop *loop, void *context) {
        Gathering *gathering = context;
        Part *part = &gathering->parts[atomic_fetch_add(&gathering->n_parts, 1)];
        const Hub *hub = hub_of(loop);

        part->items = allocate(gathering->limit, sizeof(Item));
        for (h2o_linklist_t *at = hub->streams.next; at != &hub->streams; at = at->next) {
                const Stream *stream = H2O_STRUCT_FROM_MEMBER(Stream, link, at);

                if (!is_wanted(gathering, stream))
                        continue;
                if (part->n == gathering->limit || part->bytes > PAGE_BYTES_MAX) {
                        part->is_cut = true;
                        return;
                }
                add_item(gathering, part, stream);
        }
}

/* Together. */

/* Up to here every part is whole. */
static uint64_t find_horizon(const Gathering *gathering) {
        uint64_t horizon = UINT64_MAX;

        for (size_t i = 0; i < gathering->n_loops; i++)
                if (gathering->parts[i].is_cut)
                        horizon = MIN(horizon, gathering->parts[i].items[gathering->parts[i].n - 1].serial);
        return horizon;
}

/* Takes the item that connected first out of the parts. NULL: none is left up to @horizon. */
static Item *take_next(const Gathering *gathering, size_t *taken, uint64_t horizon) {
        Item *next = NULL;
        size_t of = 0;

        for (size_t i = 0; i < gathering->n_loops; i++) {
                const Part *part = &gathering->parts[i];

                if (taken[i] < part->n && part->items[taken[i]].serial <= (next ? next->serial : horizon)) {
                        next = &part->items[taken[i]];
                        of = i;
                }
        }
        if (next)
                taken[of]++;
        return next;
}

static bool has_more(const Gathering *gathering, const size_t *taken) {
        for (size_t i = 0; i < gathering->n_loops; i++)
                if (gathering->parts[i].is_cut || taken[i] < gathering->parts[i].n)
                        return true;
        return false;
}

static void append_cursor(Buf *body, uint64_t serial) {
        _cleanup_(buf_deinit) Buf place = BUF_NULL;

        buf_append_u64(&place, serial);
        buf_append_char(body, '"');
        base64url_append(body, buf_span(&place));
        buf_append_char(body, '"');
}

static void answer(Exchange *exchange) {
        Request *request = &exchange->request;
        const Gathering *gathering = request->kept;
        uint64_t horizon = find_horizon(gathering), last = 0;
        _cleanup_(freep) size_t *taken = allocate(gathering->n_loops, sizeof(*taken));
        size_t begin;
        Buf *body = reply_begin(request, 200);
        unsigned n = 0;
        Item *item;

        buf_append_literal(body, "{\"items\":[");
        begin = body->size;
        while (n < gathering->limit && body->size - begin <= PAGE_BYTES_MAX &&
               (item = take_next(gathering, taken, horizon))) {
                if (n++ > 0)
                        buf_append_char(body, ',');
                buf_append_span(body, buf_span(&item->json));
                last = item->serial;
        }
        buf_append_literal(body, "],\"cursor\":");
        if (has_more(gathering, taken))
                append_cursor(body, last);
        else
                buf_append_literal(body, "null");
        buf_append_char(body, '}');
        reply_end(request);
        exchange_finish(exchange);
}

/* @thread the last loop */
static void on_gathered(void *context) {
        Gathering *gathering = context;

        exchange_come_back(gathering->exchange, answer);
}

/* The question. */

static bool read_cursor(Request *request, uint64_t *ret_after) {
        Span cursor = request_parameter(request, "cursor");
        _cleanup_(buf_deinit) Buf place = BUF_NULL;
        int64_t after = 0;

        if (cursor.data && (!base64url_decode(cursor, &place) ||
                            !number_parse(buf_span(&place), INT64_MAX, &after) || after == 0)) {
                reply_refusal(request, REASON_INVALID_PARAMETER, "cursor", "the cursor is not of this list");
                return false;
        }

        *ret_after = (uint64_t)after;
        return true;
}

static bool read_names(Request *request, Span *ret_namespace, Span *ret_key) {
        Span namespace = request_parameter(request, "namespace"), key = request_parameter(request, "key");

        if (namespace.data && !namespace_is_valid(namespace)) {
                reply_refusal(request, REASON_INVALID_PARAMETER, "namespace",
                              "this is no name of a namespace");
                return false;
        }
        if (key.data && !key_is_valid(key)) {
                reply_refusal(request, REASON_INVALID_PARAMETER, "key", "this is no key of a config");
                return false;
        }
        if (key.data && !namespace.data) {
                reply_refusal(request, REASON_INVALID_PARAMETER, "key", "a key goes with a namespace");
                return false;
        }

        *ret_namespace = request->params[PARAM_NAMESPACE] = namespace;
        *ret_key = request->params[PARAM_KEY] = key;
        return true;
}

bool instances_hold(Request *request) {
        Exchange *exchange = exchange_of_request(request);
        Span namespace, key;
        Gathering *gathering;
        size_t n_loops;
        uint64_t after;
        unsigned limit;

        if (!read_names(request, &namespace, &key) || !request_may(request, RIGHT_READER, namespace) ||
            !request_limit(request, &limit) || !read_cursor(request, &after))
                return false;

        n_loops = server_n_loops(exchange->loop->server);
        gathering = allocate(1, sizeof(*gathering) + n_loops * sizeof(Part));
        gathering->n_loops = n_loops;
        gathering->exchange = exchange;
        gathering->namespace = namespace;
        gathering->key = key;
        gathering->after = after;
        gathering->limit = limit;
        request->kept = gathering;
        request->kept_free = gathering_free;
        exchange_visit_loops(exchange, gather_part, on_gathered, gathering);
        return true;
}
