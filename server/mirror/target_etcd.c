/*
 * etcd as a target: keys and values as they are, in transactions.
 *
 * The fence: connecting puts a value that no other connection has to the lock key, and each transaction asks
 * whether it is there still. So nothing that an earlier connection, or another server, has sent can be
 * carried out afterwards, however late it arrives. The put of the lock is itself bound to the key as it was
 * found: one that arrives late does nothing. Where the lock's value is another, or etcd was emptied, the
 * connection is lost; and what connects again compares in full.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mirror/etcd_client.h"
#include "mirror/etcd_json.h"
#include "mirror/target.h"
#include "mirror/target_apart.h"
#include "model/digits.h"
#include "util/clock.h"
#include "util/digest.h"

#define LOCK_PREFIX      "/confer-mirrors/"
#define ELECTION_PREFIX  "/confer-election/"
#define LOCK_VALUE_BYTES 16 /* in hexadecimal digits twice as many */

#define OPERATIONS_MAX     128 /* of a transaction, as etcd has it unless told otherwise */
#define SMALL_ANSWER_BYTES (1024UL * 1024)
#define PAGE_MAX_BYTES     (8UL * 1024 * 1024)
#define READ_MAX_BYTES     (2UL * 1024 * 1024) /* of values that are expected in one answer */
#define SCAN_KEYS_MAX      1000U

struct Target {
        const MirrorOptions *options;
        EtcdClient *client;
        char *lock_key;
        char lock_value[2 * LOCK_VALUE_BYTES]; /* of this connection */
        int64_t revision; /* of etcd as a whole, the highest that was told on this connection */
};

static void check_memory(const Buf *buf) {
        if (buf_failed(buf))
                abort();
}

/* The first worker's is the one that the operator named, those of the others stand beside it. */
static char *make_lock_key(const MirrorOptions *options, size_t worker) {
        _cleanup_(buf_deinit) Buf key = BUF_NULL;

        buf_append_string(&key, *options->lock_key ? options->lock_key : LOCK_PREFIX);
        if (!*options->lock_key)
                buf_append_string(&key, options->name);
        if (worker > 0)
                buf_append_format(&key, ":%zu", worker);
        check_memory(&key);
        return buf_take_string(&key);
}

static Target *etcd_close(Target *target) {
        if (!target)
                return NULL;

        etcd_client_close(target->client);
        free(target->lock_key);
        free(target);
        return NULL;
}

static int etcd_open(const MirrorOptions *options, size_t worker, Waker *waker, Target **ret_target,
                     Problem *ret_problem) {
        EtcdClient *client;
        Target *target;
        int r;

        r = etcd_client_open(options, waker, &client, ret_problem);
        if (r)
                return r;

        target = calloc(1, sizeof(*target));
        if (!target) {
                etcd_client_close(client);
                return -ENOMEM;
        }
        target->options = options;
        target->client = client;
        target->lock_key = make_lock_key(options, worker);
        *ret_target = target;
        return 0;
}

/* Calls for which there is no smaller request: etcd refuses them for a reason of its own. */
static TargetOutcome call(Target *target, const EtcdCall *request, EtcdAnswer *ret_answer,
                          TargetError *ret_error) {
        TargetOutcome outcome = etcd_client_call(target->client, request, ret_answer, ret_error);

        return outcome == TARGET_E_REFUSED ? TARGET_E_FAILED : outcome;
}

static TargetOutcome fail_down(TargetError *ret_error, const char *text) {
        *ret_error = (TargetError){ 0 };
        problem_set(&ret_error->problem, NULL, "%s", text);
        return TARGET_E_DOWN;
}

/*
 * The lock.
 */

static TargetOutcome fail_taken(TargetError *ret_error) {
        return fail_down(ret_error, "another server writes to this mirror, or etcd was emptied");
}

static Span lock_key(const Target *target) {
        return span_from_string(target->lock_key);
}

static Span lock_value(const Target *target) {
        return (Span){ target->lock_value, sizeof(target->lock_value) };
}

static void renew_lock_value(Target *target) {
        uint8_t bytes[LOCK_VALUE_BYTES];

        random_bytes(bytes, sizeof(bytes));
        (void)hex_encode(target->lock_value, bytes, sizeof(bytes));
}

static Span revision_of(const EtcdAnswer *answer) {
        JsonValue responses, kv, revision;
        bool is_found;

        if (etcd_json_find(answer->object, "responses", JSON_KIND_ARRAY, &responses) &&
            etcd_json_next_get(&responses.text, &is_found, &kv) && is_found &&
            etcd_json_find(kv, "mod_revision", JSON_KIND_STRING, &revision))
                return revision.text;
        return SPAN_LITERAL("0");
}

/* Fills the answer that says which revision the lock's key has. */
static TargetOutcome look_at_lock(Target *target, int64_t timeout_ms, EtcdAnswer *ret_answer,
                                  TargetError *ret_error) {
        _cleanup_(buf_deinit) Buf body = BUF_NULL;

        etcd_json_open_always(&body);
        etcd_json_append_get(&body, lock_key(target));
        etcd_json_close(&body);
        check_memory(&body);
        return call(target, &(EtcdCall){ "/v3/kv/txn", buf_span(&body), SMALL_ANSWER_BYTES, timeout_ms },
                    ret_answer, ret_error);
}

static TargetOutcome put_lock(Target *target, Span revision, int64_t timeout_ms, TargetError *ret_error) {
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        _cleanup_(buf_deinit) Buf body = BUF_NULL;
        TargetOutcome outcome;

        renew_lock_value(target);
        etcd_json_open_if_revision(&body, lock_key(target), revision);
        etcd_json_append_put(&body, lock_key(target), lock_value(target));
        etcd_json_close(&body);
        check_memory(&body);
        outcome = call(target, &(EtcdCall){ "/v3/kv/txn", buf_span(&body), SMALL_ANSWER_BYTES, timeout_ms },
                       &answer, ret_error);
        if (outcome != TARGET_OK)
                return outcome;
        return etcd_json_has_succeeded(answer.object) ? TARGET_OK : fail_taken(ret_error);
}

static TargetOutcome take_lock(Target *target, int64_t deadline_ms, TargetError *ret_error) {
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        TargetOutcome outcome;

        outcome = look_at_lock(target, deadline_ms - clock_monotonic_ms(), &answer, ret_error);
        if (outcome != TARGET_OK)
                return outcome;
        if (answer.http.is_cut)
                return fail_down(ret_error, "the lock key holds what is none of Confer's");
        return put_lock(target, revision_of(&answer), deadline_ms - clock_monotonic_ms(), ret_error);
}

/* Every endpoint, as long as there is time: a dead one costs none. */
static TargetOutcome etcd_connect(Target *target, TargetError *ret_error) {
        int64_t deadline_ms = clock_monotonic_ms() + (int64_t)target->options->timeout_ms;
        size_t n_left = target->options->n_endpoints;
        TargetOutcome outcome;

        do
                outcome = take_lock(target, deadline_ms, ret_error);
        while (outcome == TARGET_E_DOWN && --n_left > 0 && clock_monotonic_ms() < deadline_ms);
        return outcome;
}

static void etcd_disconnect(Target *target) {
        target->revision = 0;
        etcd_client_disconnect(target->client);
}

/*
 * Writing.
 */

static void append_operation(Buf *body, const TargetItem *item) {
        if (item->value.data)
                etcd_json_append_put(body, item->key, item->value);
        else
                etcd_json_append_delete(body, item->key);
}

/* Where other workers and other mirrors keep their locks, and where servers elect who leads, is nobody's to
 * write or clear away. */
static bool is_any_lock(const Target *target, Span key) {
        Span named = span_from_string(target->options->lock_key);

        if (span_starts_with(key, SPAN_LITERAL(LOCK_PREFIX)) ||
            span_starts_with(key, SPAN_LITERAL(ELECTION_PREFIX)) ||
            span_equal_string(key, target->options->election_key))
                return true;
        return named.size > 0 && span_starts_with(key, named) &&
               (key.size == named.size || key.data[named.size] == ':');
}

static void mark(const Target *target, TargetItem *item) {
        item->outcome = is_any_lock(target, item->key) ? TARGET_E_REFUSED : TARGET_OK;
        item->error = (TargetError){ 0 };
        if (item->outcome != TARGET_OK)
                problem_set(&item->error.problem, NULL,
                            "this key of etcd is one that a mirror locks, or of an election");
}

/* An etcd that was given back the data of a while ago has the lock of then, which may be this one. */
static bool has_gone_back(Target *target, const EtcdAnswer *answer) {
        int64_t revision = etcd_json_revision(answer->object);

        if (revision < target->revision)
                return true;
        target->revision = revision;
        return false;
}

/* TargetSendFn */
static TargetOutcome send_txn(Target *target, TargetItem *items, size_t n, TargetError *ret_error) {
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        _cleanup_(buf_deinit) Buf body = BUF_NULL;
        EtcdCall txn = { "/v3/kv/txn", SPAN_NULL, SMALL_ANSWER_BYTES, (int64_t)target->options->timeout_ms };
        TargetOutcome outcome;

        etcd_json_open_if_value(&body, lock_key(target), lock_value(target));
        for (size_t i = 0; i < n; i++)
                if (!is_any_lock(target, items[i].key))
                        append_operation(&body, &items[i]);
        etcd_json_close(&body);
        check_memory(&body);

        txn.body = buf_span(&body);
        outcome = etcd_client_call(target->client, &txn, &answer, ret_error);
        if (outcome != TARGET_OK)
                return outcome;
        if (!etcd_json_has_succeeded(answer.object))
                return fail_taken(ret_error);
        if (has_gone_back(target, &answer))
                return fail_down(ret_error, "etcd holds older data than it did");
        for (size_t i = 0; i < n; i++)
                mark(target, &items[i]);
        return TARGET_OK;
}

/* Of an etcd that has lost its data, or was given older ones, the lock is not what it was. */
static TargetOutcome etcd_check(Target *target, TargetError *ret_error) {
        return send_txn(target, NULL, 0, ret_error);
}

static size_t operations_max(const Target *target) {
        return MAX(1, MIN(target->options->batch_max, OPERATIONS_MAX));
}

static TargetOutcome etcd_apply(Target *target, TargetItem *items, size_t n, _unused_ uint64_t revision,
                                TargetError *ret_error) {
        TargetOutcome outcome = TARGET_OK;

        for (size_t at = 0, size; at < n && outcome == TARGET_OK; at += size) {
                size = MIN(n - at, operations_max(target));
                outcome = target_send_apart(target, items + at, size, send_txn, ret_error);
        }
        return outcome;
}

/*
 * Reading.
 */

static TargetFinding finding_of(const TargetItem *item, bool is_found, JsonValue kv) {
        if (!is_found)
                return item->value.data ? TARGET_MISSING : TARGET_SAME;
        return item->value.data && etcd_json_value_equals(kv, item->value) ? TARGET_SAME : TARGET_STALE;
}

static TargetOutcome read_findings(const EtcdAnswer *answer, TargetItem *items, size_t n,
                                   TargetError *ret_error) {
        JsonValue responses = { JSON_KIND_ARRAY, SPAN_LITERAL("") }, kv = { 0 };
        bool is_found = false;

        (void)etcd_json_find(answer->object, "responses", JSON_KIND_ARRAY, &responses);
        for (size_t i = 0; i < n; i++) {
                if (!etcd_json_next_get(&responses.text, &is_found, &kv))
                        return fail_down(ret_error,
                                         "the answer of etcd has fewer keys than it was asked for");
                items[i].finding = finding_of(&items[i], is_found, kv);
        }
        return TARGET_OK;
}

static size_t value_bytes(const TargetItem *items, size_t n) {
        size_t size = 0;

        for (size_t i = 0; i < n; i++)
                size += items[i].value.size;
        return size;
}

static TargetOutcome ask_for(Target *target, const TargetItem *items, size_t n, EtcdAnswer *ret_answer,
                             TargetError *ret_error) {
        _cleanup_(buf_deinit) Buf body = BUF_NULL;
        EtcdCall txn = { "/v3/kv/txn", SPAN_NULL, PAGE_MAX_BYTES + 2 * value_bytes(items, n),
                         (int64_t)target->options->timeout_ms };

        etcd_json_open_always(&body);
        for (size_t i = 0; i < n; i++)
                etcd_json_append_get(&body, items[i].key);
        etcd_json_close(&body);
        check_memory(&body);
        txn.body = buf_span(&body);
        return call(target, &txn, ret_answer, ret_error);
}

/* An answer that is too long holds more than is expected: by halves it is found where. */
static TargetOutcome read_some(Target *target, TargetItem *items, size_t n, TargetError *ret_error) {
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        TargetOutcome outcome;

        outcome = ask_for(target, items, n, &answer, ret_error);
        if (outcome != TARGET_OK)
                return outcome;
        if (!answer.http.is_cut)
                return read_findings(&answer, items, n, ret_error);
        if (n == 1) {
                items->finding = TARGET_STALE;
                return TARGET_OK;
        }

        etcd_answer_deinit(&answer);
        answer = ETCD_ANSWER_NULL;
        outcome = read_some(target, items, n / 2, ret_error);
        if (outcome != TARGET_OK)
                return outcome;
        return read_some(target, items + n / 2, n - n / 2, ret_error);
}

/* How many of @items one answer is to hold. */
static size_t readable(const Target *target, const TargetItem *items, size_t n) {
        size_t size = 0, i = 0;

        while (i < MIN(n, operations_max(target)) && (i == 0 || size + items[i].value.size <= READ_MAX_BYTES))
                size += items[i++].value.size;
        return i;
}

static TargetOutcome etcd_read_back(Target *target, TargetItem *items, size_t n, TargetError *ret_error) {
        TargetOutcome outcome = TARGET_OK;

        for (size_t at = 0, size; at < n && outcome == TARGET_OK; at += size) {
                size = readable(target, items + at, n - at);
                outcome = read_some(target, items + at, size, ret_error);
        }
        return outcome;
}

/*
 * Scanning.
 */

static bool has_more(const EtcdAnswer *answer) {
        JsonValue more, kvs;

        return etcd_json_find(answer->object, "more", JSON_KIND_BOOLEAN, &more) &&
               span_equal_string(more.text, "true") &&
               etcd_json_find(answer->object, "kvs", JSON_KIND_ARRAY, &kvs) && json_read_count(kvs) > 0;
}

/* The key behind the last one is the last one with a NUL. */
static void hand_out(const Target *target, const EtcdAnswer *answer, TargetScan *scan, TargetKeyFn fn,
                     void *context) {
        JsonValue kvs, kv;

        if (!etcd_json_find(answer->object, "kvs", JSON_KIND_ARRAY, &kvs))
                return;
        while (json_read_element(&kvs.text, &kv)) {
                buf_clear(&scan->position);
                if (!etcd_json_append_key(&scan->position, kv))
                        continue;
                check_memory(&scan->position);
                if (!is_any_lock(target, buf_span(&scan->position)))
                        fn(context, buf_span(&scan->position));
        }
        buf_append_char(&scan->position, '\0');
        check_memory(&scan->position);
}

static TargetOutcome ask_for_page(Target *target, const TargetScan *scan, unsigned limit,
                                  EtcdAnswer *ret_answer, TargetError *ret_error) {
        _cleanup_(buf_deinit) Buf body = BUF_NULL;
        EtcdCall range = { "/v3/kv/range", SPAN_NULL, PAGE_MAX_BYTES, (int64_t)target->options->timeout_ms };

        etcd_json_append_scan(&body, scan->position.size ? buf_span(&scan->position) : scan->prefix,
                              scan->prefix, limit);
        check_memory(&body);
        range.body = buf_span(&body);
        return call(target, &range, ret_answer, ret_error);
}

/* Keys that are so long that a page of them is too large come in smaller ones; etcd takes none that does not
 * fit one by itself. */
static TargetOutcome etcd_scan(Target *target, TargetScan *scan, TargetKeyFn fn, void *context,
                               TargetError *ret_error) {
        TargetOutcome outcome;

        for (unsigned limit = SCAN_KEYS_MAX; limit > 0; limit /= 8) {
                _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;

                outcome = ask_for_page(target, scan, limit, &answer, ret_error);
                if (outcome != TARGET_OK)
                        return outcome;
                if (answer.http.is_cut)
                        continue;
                hand_out(target, &answer, scan, fn, context);
                scan->is_over = !has_more(&answer);
                return TARGET_OK;
        }
        return fail_down(ret_error, "the answer of etcd is too long even for a single key");
}

const TargetKind target_etcd = {
        .name = "etcd",
        .open = etcd_open,
        .close = etcd_close,
        .connect = etcd_connect,
        .disconnect = etcd_disconnect,
        .check = etcd_check,
        .apply = etcd_apply,
        .read_back = etcd_read_back,
        .scan = etcd_scan,
};
