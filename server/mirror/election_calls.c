#include <stdlib.h>
#include <string.h>

#include "mirror/election_calls.h"
#include "mirror/etcd_json.h"
#include "model/digits.h"
#include "model/utf8.h"
#include "util/allocate.h"
#include "util/digest.h"

#define ANSWER_MAX_BYTES (64UL * 1024)
#define ID_BYTES         16 /* random, at the end of the value */

struct ElectionCalls {
        const MirrorOptions *options;
        EtcdClient *client;
        char *value;      /* "web-1:4711 127.0.0.1:8750 9f86d081…" */
        int64_t revision; /* of etcd as a whole, the highest that was told */
        char lease[ELECTION_LEASE_MAX];
};

static char *make_value(const char *name) {
        uint8_t bytes[ID_BYTES];
        Buf value = BUF_NULL;

        random_bytes(bytes, sizeof(bytes));
        buf_append_string(&value, name);
        buf_append_char(&value, ' ');
        buf_append_hex(&value, bytes, sizeof(bytes));
        return had(buf_take_string(&value));
}

int election_calls_open(const MirrorOptions *options, const char *name, Waker *waker,
                        ElectionCalls **ret_calls, Problem *ret_problem) {
        EtcdClient *client;
        ElectionCalls *calls;
        int r;

        r = etcd_client_open(options, waker, &client, ret_problem);
        if (r)
                return r;

        calls = allocate(1, sizeof(*calls));
        calls->options = options;
        calls->client = client;
        calls->value = make_value(name);
        *ret_calls = calls;
        return 0;
}

ElectionCalls *election_calls_close(ElectionCalls *calls) {
        if (!calls)
                return NULL;

        etcd_client_close(calls->client);
        free(calls->value);
        free(calls);
        return NULL;
}

const char *election_lease(const ElectionCalls *calls) {
        return calls->lease;
}

void election_forget_lease(ElectionCalls *calls) {
        calls->lease[0] = '\0';
}

static TargetOutcome fail(TargetError *ret_error, const char *text) {
        *ret_error = (TargetError){ 0 };
        problem_set(&ret_error->problem, NULL, "%s", text);
        return TARGET_E_DOWN;
}

/* Takes @body over. */
static TargetOutcome call(ElectionCalls *calls, const char *path, Buf *body, int64_t timeout_ms,
                          EtcdAnswer *ret_answer, TargetError *ret_error) {
        EtcdCall request = { path, buf_span(body), ANSWER_MAX_BYTES, timeout_ms };
        EtcdAnswer answer = ETCD_ANSWER_NULL;
        TargetOutcome outcome;

        if (buf_failed(body))
                abort();
        outcome = etcd_client_call(calls->client, &request, &answer, ret_error);
        buf_deinit(body);
        if (outcome != TARGET_OK)
                return outcome;
        if (answer.http.is_cut) {
                etcd_answer_deinit(&answer);
                return fail(ret_error, "an answer of etcd is longer than it can be");
        }

        *ret_answer = answer;
        return TARGET_OK;
}

/*
 * Who holds the key.
 */

static Span key_of(const ElectionCalls *calls) {
        return span_from_string(calls->options->key);
}

/* What stands there may be anybody's: it is shown on terminals. */
static void show_name(Span value, char name[static ELECTION_NAME_MAX]) {
        const char *end = memrchr(value.data, ' ', value.size);
        size_t size = end && end > value.data ? (size_t)(end - value.data) : value.size;

        size = utf8_valid_size((Span){ value.data, MIN(size, (size_t)ELECTION_NAME_MAX - 1) });
        for (size_t i = 0; i < size; i++)
                name[i] = (char)((unsigned char)value.data[i] < ' ' || value.data[i] == 0x7f ? '?'
                                                                                             : value.data[i]);
        name[size] = '\0';
}

static void copy_digits(Span digits, char to[static ELECTION_LEASE_MAX]) {
        to[0] = '\0';
        if (digits.size == 0 || digits.size >= ELECTION_LEASE_MAX)
                return;
        for (size_t i = 0; i < digits.size; i++)
                if (!is_digit(digits.data[i]))
                        return;

        memcpy(to, digits.data, digits.size);
        to[digits.size] = '\0';
}

static ElectionHolder holder_of(const ElectionCalls *calls, Span value, const char *lease) {
        if (!span_equal_string(value, calls->value))
                return ELECTION_OTHER;
        return *lease && strcmp(lease, calls->lease) == 0 ? ELECTION_SELF : ELECTION_SELF_FORMER;
}

static void read_holder(const ElectionCalls *calls, JsonValue kv, ElectionView *view) {
        _cleanup_(buf_deinit) Buf value = BUF_NULL;
        JsonValue text;

        if (etcd_json_find(kv, "lease", JSON_KIND_STRING, &text))
                copy_digits(text.text, view->lease);
        if (!etcd_json_find(kv, "value", JSON_KIND_STRING, &text) || !base64_decode(text.text, &value))
                buf_clear(&value);
        if (buf_failed(&value))
                abort();

        view->holder = holder_of(calls, buf_span(&value), view->lease);
        if (value.size)
                show_name(buf_span(&value), view->name);
}

static void read_view(ElectionCalls *calls, const EtcdAnswer *answer, ElectionView *ret_view) {
        JsonValue responses = { JSON_KIND_ARRAY, SPAN_LITERAL("") }, kv;
        int64_t revision = etcd_json_revision(answer->object);
        ElectionView view = { .holder = ELECTION_NOBODY, .has_gone_back = revision < calls->revision };
        bool is_found = false;

        calls->revision = revision;
        (void)etcd_json_find(answer->object, "responses", JSON_KIND_ARRAY, &responses);
        if (etcd_json_next_get(&responses.text, &is_found, &kv) && is_found)
                read_holder(calls, kv, &view);
        *ret_view = view;
}

TargetOutcome election_look(ElectionCalls *calls, int64_t timeout_ms, ElectionView *ret_view,
                            TargetError *ret_error) {
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        Buf body = BUF_NULL;
        TargetOutcome outcome;

        etcd_json_open_always(&body);
        etcd_json_append_get(&body, key_of(calls));
        etcd_json_close(&body);
        outcome = call(calls, "/v3/kv/txn", &body, timeout_ms, &answer, ret_error);
        if (outcome == TARGET_OK)
                read_view(calls, &answer, ret_view);
        return outcome;
}

TargetOutcome election_campaign(ElectionCalls *calls, int64_t timeout_ms, ElectionView *ret_view,
                                TargetError *ret_error) {
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        Buf body = BUF_NULL;
        TargetOutcome outcome;

        etcd_json_open_if_revision(&body, key_of(calls), SPAN_LITERAL("0"));
        etcd_json_append_leased_put(&body, key_of(calls), span_from_string(calls->value),
                                    span_from_string(calls->lease));
        etcd_json_open_else(&body);
        etcd_json_append_get(&body, key_of(calls));
        etcd_json_close(&body);
        outcome = call(calls, "/v3/kv/txn", &body, timeout_ms, &answer, ret_error);
        if (outcome != TARGET_OK)
                return outcome;

        read_view(calls, &answer, ret_view);
        if (etcd_json_has_succeeded(answer.object))
                ret_view->holder = ELECTION_SELF;
        return TARGET_OK;
}

/*
 * The lease.
 */

static void open_with_id(Buf *body, const char *lease) {
        buf_append_format(body, "{\"ID\":\"%s\"}", lease);
}

TargetOutcome election_grant(ElectionCalls *calls, int64_t timeout_ms, TargetError *ret_error) {
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        Buf body = BUF_NULL;
        JsonValue id;
        TargetOutcome outcome;

        buf_append_format(&body, "{\"TTL\":\"%llu\"}", (unsigned long long)calls->options->ttl_ms / 1000);
        outcome = call(calls, "/v3/lease/grant", &body, timeout_ms, &answer, ret_error);
        if (outcome != TARGET_OK)
                return outcome;

        election_forget_lease(calls);
        if (etcd_json_find(answer.object, "ID", JSON_KIND_STRING, &id))
                copy_digits(id.text, calls->lease);
        return *calls->lease ? TARGET_OK : fail(ret_error, "the answer of etcd has no lease");
}

/* The answer is one of a stream; a lease that is not known has no time left. */
TargetOutcome election_renew(ElectionCalls *calls, int64_t timeout_ms, bool *ret_is_alive,
                             TargetError *ret_error) {
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        Buf body = BUF_NULL;
        JsonValue result, ttl;
        TargetOutcome outcome;

        open_with_id(&body, calls->lease);
        outcome = call(calls, "/v3/lease/keepalive", &body, timeout_ms, &answer, ret_error);
        if (outcome != TARGET_OK)
                return outcome;
        if (!etcd_json_find(answer.object, "result", JSON_KIND_OBJECT, &result))
                return fail(ret_error, "etcd does not answer whether the lease is renewed");

        *ret_is_alive =
                etcd_json_find(result, "TTL", JSON_KIND_STRING, &ttl) && !span_equal_string(ttl.text, "0");
        return TARGET_OK;
}

TargetOutcome election_revoke(ElectionCalls *calls, const char *lease, int64_t timeout_ms,
                              TargetError *ret_error) {
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        Buf body = BUF_NULL;

        open_with_id(&body, lease);
        return call(calls, "/v3/lease/revoke", &body, timeout_ms, &answer, ret_error);
}
