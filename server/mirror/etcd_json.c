#include <inttypes.h>
#include <stdlib.h>

#include "mirror/etcd_json.h"
#include "model/digits.h"
#include "util/digest.h"

#define DIGITS_MAX 18 /* of a revision: as many as 64 bits hold in any case */

static void append_bytes(Buf *buf, Span bytes) {
        buf_append_char(buf, '"');
        base64_append(buf, bytes);
        buf_append_char(buf, '"');
}

/* A comma between it and what stands before in the list. */
static void append_separator(Buf *buf) {
        if (buf->size && buf->data[buf->size - 1] == '}')
                buf_append_char(buf, ',');
}

void etcd_json_append_put(Buf *buf, Span key, Span value) {
        append_separator(buf);
        buf_append_literal(buf, "{\"request_put\":{\"key\":");
        append_bytes(buf, key);
        buf_append_literal(buf, ",\"value\":");
        append_bytes(buf, value);
        buf_append_literal(buf, "}}");
}

void etcd_json_append_leased_put(Buf *buf, Span key, Span value, Span lease) {
        append_separator(buf);
        buf_append_literal(buf, "{\"request_put\":{\"key\":");
        append_bytes(buf, key);
        buf_append_literal(buf, ",\"value\":");
        append_bytes(buf, value);
        buf_append_literal(buf, ",\"lease\":\"");
        buf_append_span(buf, lease);
        buf_append_literal(buf, "\"}}");
}

void etcd_json_append_delete(Buf *buf, Span key) {
        append_separator(buf);
        buf_append_literal(buf, "{\"request_delete_range\":{\"key\":");
        append_bytes(buf, key);
        buf_append_literal(buf, "}}");
}

void etcd_json_append_get(Buf *buf, Span key) {
        append_separator(buf);
        buf_append_literal(buf, "{\"request_range\":{\"key\":");
        append_bytes(buf, key);
        buf_append_literal(buf, "}}");
}

void etcd_json_open_if_value(Buf *buf, Span key, Span value) {
        buf_append_literal(buf, "{\"compare\":[{\"target\":\"VALUE\",\"result\":\"EQUAL\",\"key\":");
        append_bytes(buf, key);
        buf_append_literal(buf, ",\"value\":");
        append_bytes(buf, value);
        buf_append_literal(buf, "}],\"success\":[");
}

void etcd_json_open_if_revision(Buf *buf, Span key, Span revision) {
        buf_append_literal(buf, "{\"compare\":[{\"target\":\"MOD\",\"result\":\"EQUAL\",\"key\":");
        append_bytes(buf, key);
        buf_append_literal(buf, ",\"mod_revision\":\"");
        buf_append_span(buf, revision);
        buf_append_literal(buf, "\"}],\"success\":[");
}

void etcd_json_open_always(Buf *buf) {
        buf_append_literal(buf, "{\"success\":[");
}

void etcd_json_open_else(Buf *buf) {
        buf_append_literal(buf, "],\"failure\":[");
}

void etcd_json_close(Buf *buf) {
        buf_append_literal(buf, "]}");
}

/* The first key behind all with @prefix; etcd takes a NUL for the end of everything. */
static void append_prefix_end(Buf *buf, Span prefix) {
        _cleanup_(buf_deinit) Buf end = BUF_NULL;

        while (prefix.size && (unsigned char)prefix.data[prefix.size - 1] == 0xff)
                prefix.size--;
        buf_append_span(&end, prefix);
        if (prefix.size && !buf_failed(&end))
                end.data[end.size - 1]++;
        else
                buf_append_char(&end, '\0');
        append_bytes(buf, buf_span(&end));
}

/* Pages of keys are asked for without an order of sorting: etcd has them in that of their keys, and would
 * read all that are left to sort them. */

void etcd_json_append_scan(Buf *buf, Span from, Span prefix, unsigned limit) {
        buf_append_literal(buf, "{\"key\":");
        append_bytes(buf, from.size ? from : (Span){ "", 1 });
        buf_append_literal(buf, ",\"range_end\":");
        append_prefix_end(buf, prefix);
        buf_append_format(buf, ",\"keys_only\":true,\"limit\":%u}", limit);
}

void etcd_json_append_page(Buf *buf, Span from, Span prefix, int64_t revision, unsigned limit,
                           bool keys_only) {
        buf_append_literal(buf, "{\"key\":");
        append_bytes(buf, from);
        buf_append_literal(buf, ",\"range_end\":");
        append_prefix_end(buf, prefix);
        buf_append_format(buf, ",\"revision\":\"%" PRId64 "\",\"limit\":\"%u\"%s}", revision, limit,
                          keys_only ? ",\"keys_only\":true" : "");
}

void etcd_json_append_one(Buf *buf, Span key, int64_t revision) {
        buf_append_literal(buf, "{\"key\":");
        append_bytes(buf, key);
        buf_append_format(buf, ",\"revision\":\"%" PRId64 "\"}", revision);
}

void etcd_json_append_watch(Buf *buf, Span prefix, int64_t revision) {
        buf_append_literal(buf, "{\"create_request\":{\"key\":");
        append_bytes(buf, prefix);
        buf_append_literal(buf, ",\"range_end\":");
        append_prefix_end(buf, prefix);
        buf_append_format(buf,
                          ",\"start_revision\":\"%" PRId64 "\",\"fragment\":true,\"progress_notify\":true}}",
                          revision);
}

bool etcd_json_find(JsonValue object, const char *name, JsonKind kind, JsonValue *ret_value) {
        Span rest = object.text, member;
        JsonValue value;

        if (object.kind != JSON_KIND_OBJECT)
                return false;
        while (json_read_member(&rest, &member, &value))
                if (json_read_equals(member, span_from_string(name))) {
                        if (value.kind == kind)
                                *ret_value = value;
                        return value.kind == kind;
                }
        return false;
}

int64_t etcd_json_number(JsonValue object, const char *name) {
        JsonValue digits;
        int64_t number = 0;

        if (!etcd_json_find(object, name, JSON_KIND_STRING, &digits) || digits.text.size > DIGITS_MAX)
                return 0;

        for (size_t i = 0; i < digits.text.size; i++) {
                if (!is_digit(digits.text.data[i]))
                        return 0;
                number = number * 10 + (digits.text.data[i] - '0');
        }
        return number;
}

int64_t etcd_json_revision(JsonValue answer) {
        JsonValue header;

        return etcd_json_find(answer, "header", JSON_KIND_OBJECT, &header)
                       ? etcd_json_number(header, "revision")
                       : 0;
}

Span etcd_json_cluster(JsonValue answer) {
        JsonValue header, cluster;

        if (etcd_json_find(answer, "header", JSON_KIND_OBJECT, &header) &&
            etcd_json_find(header, "cluster_id", JSON_KIND_STRING, &cluster))
                return cluster.text;
        return SPAN_NULL;
}

bool etcd_json_is_true(JsonValue object, const char *name) {
        JsonValue value;

        return etcd_json_find(object, name, JSON_KIND_BOOLEAN, &value) &&
               span_equal_string(value.text, "true");
}

bool etcd_json_has_succeeded(JsonValue answer) {
        return etcd_json_is_true(answer, "succeeded");
}

static bool find_kv(JsonValue response, JsonValue *ret_kv) {
        JsonValue range, kvs;

        return etcd_json_find(response, "response_range", JSON_KIND_OBJECT, &range) &&
               etcd_json_find(range, "kvs", JSON_KIND_ARRAY, &kvs) && json_read_element(&kvs.text, ret_kv);
}

bool etcd_json_next_get(Span *responses, bool *ret_found, JsonValue *ret_kv) {
        JsonValue response;

        if (!json_read_element(responses, &response))
                return false;

        *ret_found = find_kv(response, ret_kv);
        return true;
}

bool etcd_json_value_equals(JsonValue kv, Span value) {
        _cleanup_(buf_deinit) Buf expected = BUF_NULL;
        JsonValue held;

        if (!etcd_json_find(kv, "value", JSON_KIND_STRING, &held))
                return value.size == 0;

        base64_append(&expected, value);
        if (buf_failed(&expected))
                abort();
        return json_read_equals(held.text, buf_span(&expected));
}

bool etcd_json_append_key(Buf *buf, JsonValue kv) {
        JsonValue key;

        return etcd_json_find(kv, "key", JSON_KIND_STRING, &key) && base64_decode(key.text, buf);
}

/* A value that is empty is left out. */
bool etcd_json_append_value(Buf *buf, JsonValue kv) {
        JsonValue value;

        return !etcd_json_find(kv, "value", JSON_KIND_STRING, &value) || base64_decode(value.text, buf);
}
