/*
 * Watching: what changes in etcd is told line by line, each with some events in the order of their revisions.
 *
 * An idle watch says nothing, and so does a dead one. So etcd is asked for its revision from time to time,
 * over another connection; the kernel looks after the peer of the watch itself; and a watch that has been
 * silent for longer than etcd ever is, is opened anew.
 */
#include <stdlib.h>

#include "ingest/worker.h"
#include "mirror/etcd_json.h"
#include "util/allocate.h"
#include "util/clock.h"

#define LINE_MAX_BYTES (64UL * 1024 * 1024)
#define CHECK_MS       1000
#define FIRST_CHECKS   3 /* in 2 s; etcd has watches catch up each 100 ms */

/* Etcd says how far it is each 10 minutes, or after twice as long where there was something else to say. */
#define SILENCE_MAX_MS (INT64_C(25) * 60 * 1000)

static bool fail(Ingest *ingest, const char *text) {
        ingest_fail_down(ingest, "%s", text);
        return false;
}

static void open_watch(Ingest *ingest) {
        _cleanup_(buf_deinit) Buf body = BUF_NULL;
        EtcdCall call = { "/v3/watch", SPAN_NULL, LINE_MAX_BYTES, (int64_t)ingest->options->timeout_ms };
        int64_t now_ms = clock_monotonic_ms();

        etcd_json_append_watch(&body, key_pattern_prefix(&ingest->pattern), ingest->place.revision + 1);
        if (buf_failed(&body))
                abort();
        call.body = buf_span(&body);
        etcd_client_open_stream(ingest->client, &call);
        ingest->watch = (Watch){
                .is_open = true,
                .from = ingest->place.revision,
                .heard_at_ms = now_ms,
                .check_at_ms = now_ms,
        };
}

void watch_close(Ingest *ingest) {
        if (ingest->watch.is_open)
                etcd_client_close_stream(ingest->client);
        ingest->watch = (Watch){ .is_open = false };
}

/*
 * Lines.
 */

static bool take_event(Ingest *ingest, JsonValue event) {
        _cleanup_(buf_deinit) Buf key = BUF_NULL, value = BUF_NULL;
        JsonValue kv, type;
        bool is_delete = etcd_json_find(event, "type", JSON_KIND_STRING, &type) &&
                         span_equal_string(type.text, "DELETE");
        IntakeKey found = { .problem = NULL };

        if (!etcd_json_find(event, "kv", JSON_KIND_OBJECT, &kv) || !etcd_json_append_key(&key, kv) ||
            !etcd_json_append_value(&value, kv))
                return fail(ingest, "an event of a watch is not as etcd's are");
        if (buf_failed(&key) || buf_failed(&value))
                abort();

        found.etcd_key = buf_span(&key);
        found.value = buf_span(&value);
        found.mod_revision = etcd_json_number(kv, "mod_revision");
        if (!intake_event(ingest, found.mod_revision))
                return false;
        return is_delete ? intake_delete(ingest, found.etcd_key, found.mod_revision, false)
                         : intake_put(ingest, &found);
}

/* Of a large answer all but the last piece say that more of it follows, perhaps of the same revision. */
static bool take_events(Ingest *ingest, JsonValue result, JsonValue events) {
        JsonValue event;

        while (json_read_element(&events.text, &event))
                if (!take_event(ingest, event))
                        return false;

        ingest->watch.is_in_fragment = etcd_json_is_true(result, "fragment");
        if (!ingest->watch.is_in_fragment)
                intake_complete(ingest, ingest->intake.revision);
        return true;
}

static bool read_for_compaction(Ingest *ingest) {
        return intake_flush(ingest) &&
               full_read_begin_for_gap(ingest, "etcd was compacted past what was taken in");
}

static bool take_cancel(Ingest *ingest, JsonValue result) {
        TargetError error = { .retry_after_ms = 0 };
        JsonValue reason = { .text = SPAN_LITERAL("etcd has ended the watch") };

        if (etcd_json_number(result, "compact_revision") > 0)
                return read_for_compaction(ingest);

        (void)etcd_json_find(result, "cancel_reason", JSON_KIND_STRING, &reason);
        problem_set(&error.problem, NULL, "%.200s: %.*s", etcd_client_place(ingest->client),
                    (int)MIN(reason.text.size, (size_t)150), reason.text.data);
        ingest_fail(ingest, TARGET_E_DOWN, &error);
        return false;
}

/* One without events says that there are none up to its revision. */
static bool take_result(Ingest *ingest, JsonValue result) {
        JsonValue events;

        if (!span_equal_string(etcd_json_cluster(result), ingest->place.cluster))
                return fail(ingest, "another etcd answers than the one that was connected to");
        if (etcd_json_is_true(result, "canceled"))
                return take_cancel(ingest, result);
        if (etcd_json_find(result, "events", JSON_KIND_ARRAY, &events))
                return take_events(ingest, result, events);

        if (etcd_json_is_true(result, "created"))
                ingest->watch.is_created = true;
        else if (!ingest->watch.is_in_fragment)
                intake_complete(ingest, etcd_json_revision(result));
        return true;
}

static bool take_line(Ingest *ingest, JsonValue line) {
        JsonValue result, error, text;

        ingest->watch.heard_at_ms = clock_monotonic_ms();
        if (etcd_json_find(line, "result", JSON_KIND_OBJECT, &result))
                return take_result(ingest, result);
        if (etcd_json_find(line, "error", JSON_KIND_OBJECT, &error) &&
            etcd_json_find(error, "message", JSON_KIND_STRING, &text)) {
                ingest_fail_down(ingest, "%.200s: %.*s", etcd_client_place(ingest->client),
                                 (int)MIN(text.text.size, (size_t)150), text.text.data);
                return false;
        }
        return fail(ingest, "a line of a watch is not as etcd's are");
}

/*
 * Idling.
 */

static bool is_silent(const Ingest *ingest) {
        int64_t silence_ms = clock_monotonic_ms() - ingest->watch.heard_at_ms;

        return silence_ms >
               (ingest->watch.is_created ? SILENCE_MAX_MS : (int64_t)ingest->options->timeout_ms);
}

/*
 * Where etcd was compacted to the very revision that a watch begins with, etcd 3.4 does not refuse the watch,
 * and has forgotten the deletions of that revision. So it is asked whether it knows the revision before
 * still, until the watch has caught up.
 */
static int64_t revision_to_know(const Ingest *ingest) {
        return ingest->watch.n_checks < FIRST_CHECKS ? ingest->watch.from : 0;
}

static bool has_more_to_note(const Ingest *ingest) {
        return ingest->intake.n > 0 || ingest->intake.complete > ingest->place.revision;
}

/* How far it is where only other keys have changed is noted now and then. */
static bool note_progress(Ingest *ingest) {
        return ingest->watch.is_in_fragment || !has_more_to_note(ingest) || intake_flush(ingest);
}

static bool check(Ingest *ingest) {
        int64_t revision;

        if (!ingest_check(ingest, revision_to_know(ingest), &revision))
                return false;
        if (revision == 0)
                return read_for_compaction(ingest);

        ingest->watch.n_checks++;
        ingest->watch.check_at_ms = clock_monotonic_ms() + CHECK_MS;
        if (is_silent(ingest) && !ingest->watch.is_created)
                return fail(ingest, "etcd does not begin to watch");
        if (is_silent(ingest)) {
                watch_close(ingest);
                intake_clear(&ingest->intake);
        }
        ingest_succeed(ingest);
        return note_progress(ingest);
}

static bool refuse_line(Ingest *ingest) {
        return intake_flush(ingest) &&
               full_read_begin_for_gap(ingest, "changes came in a piece that is too large to be read");
}

/* What was gathered goes on its way as soon as nothing more is there. */
static int64_t time_to_wait(const Ingest *ingest) {
        if (ingest->intake.n > 0 && !ingest->watch.is_in_fragment)
                return 0;
        return MAX(ingest->watch.check_at_ms - clock_monotonic_ms(), 0);
}

bool watch_has_caught_up(const Ingest *ingest) {
        return ingest->watch.is_open && ingest->watch.is_created &&
               ingest->watch.n_checks >= FIRST_CHECKS - 1 && ingest->intake.n == 0;
}

bool watch_turn(Ingest *ingest) {
        TargetError error = { .retry_after_ms = 0 };
        TargetOutcome outcome;
        JsonValue line;

        if (!ingest->watch.is_open)
                open_watch(ingest);

        outcome = etcd_client_read_stream(ingest->client, time_to_wait(ingest), &line, &error);
        if (outcome == TARGET_E_REFUSED)
                return refuse_line(ingest);
        if (outcome != TARGET_OK) {
                ingest_fail(ingest, outcome, &error);
                return false;
        }

        if (line.text.data && !take_line(ingest, line))
                return false;
        if (!line.text.data && !ingest->watch.is_in_fragment && ingest->intake.n > 0 && !intake_flush(ingest))
                return false;
        if (ingest->watch.is_open && clock_monotonic_ms() >= ingest->watch.check_at_ms)
                return check(ingest);
        return true;
}
