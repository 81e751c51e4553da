/*
 * Any bytes may be a frame of the change stream. What is taken is written again and must be read as the same;
 * what is refused says why. And our reader of JSON and Jansson must agree on what JSON is.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/frame.h"
#include "model/json_read.h"
#include "model/macros.h"
#include "model/name.h"
#include "model/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fact) {
        if (!fact)
                abort();
}

/* Jansson refuses some JSON on grounds of its own: numbers that fit nothing, and NUL in names. */
static bool is_refused_by_jansson_alone(const json_error_t *error) {
        enum json_error_code code = json_error_code(error);

        return code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
}

/* A NUL after a number is lost on Jansson, which takes what is left. */
static bool is_comparable(Span text) {
        return text.size == 0 || !memchr(text.data, '\0', text.size);
}

static void check_json(Span text) {
        const char *problem = NULL;
        json_auto_t *json = NULL;
        json_error_t error;
        size_t at = 0;
        bool is_good = json_read_check(text, FRAME_DEPTH_MAX, &problem, &at);

        json = json_loadb(text.data, text.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
        if (is_good)
                expect(json || is_refused_by_jansson_alone(&error));
        else {
                expect(problem && at <= text.size);
                expect(!json || strcmp(problem, "arrays and objects nest too deep") == 0);
        }

        if (is_good && json && json_is_string(json)) {
                JsonValue value = json_read_value(text);
                _cleanup_(freep) char *decoded = malloc(value.text.size + 1);
                Span plain = { decoded, json_read_decode(value.text, decoded) };

                expect(span_equal(plain, (Span){ json_string_value(json), json_string_length(json) }));
        }
        if (is_good && json && json_is_integer(json)) {
                int64_t integer = 0;

                expect(json_read_integer(json_read_value(text), &integer) &&
                       integer == json_integer_value(json));
        }
        if (is_good && json && (json_is_array(json)))
                expect(json_read_count(json_read_value(text)) == json_array_size(json));
}

/* What the store, the SDK and the log rely on. */
static void check_text(Span text) {
        expect(utf8_valid_size(text) == text.size);
        expect(text.size == 0 || !memchr(text.data, '\0', text.size));
}

static void check_namespace(const Frame *frame, const FrameNamespace *namespace) {
        expect(namespace_is_valid(namespace->name));
        for (size_t i = 0; i < namespace->n_keys; i++)
                expect(key_is_valid(namespace->keys[i]));
        for (size_t i = 0; i < namespace->n_deleted; i++)
                expect(key_is_valid(namespace->deleted[i]));
        for (size_t i = 0; i < namespace->n_releases; i++) {
                const ConfigData *release = &namespace->releases[i];

                expect(key_is_valid(release->key));
                expect(release->version >= 1 && release->revision >= 1 && release->format < FORMAT_N);
                expect(release->content.data && utf8_valid_size(release->content) == release->content.size);
                check_text(release->updated_by);
                check_text(release->comment);
        }
        if (frame->type == FRAME_SUBSCRIBE)
                expect(namespace->all_keys == (namespace->n_keys == 0));
}

static void check_frame(const Frame *frame) {
        expect(frame->type < FRAME_TYPE_N);
        check_text(frame->epoch);
        check_text(frame->instance_id);
        check_text(frame->app);
        check_text(frame->sdk);
        check_text(frame->message);
        expect(frame->n_tags <= TAGS_MAX && frame->n_results <= FRAME_RESULTS_MAX);
        for (size_t i = 0; i < frame->n_tags; i++)
                check_text(frame->tags[i].value);
        for (size_t i = 0; i < frame->n_results; i++)
                check_text(frame->results[i].error);
        for (size_t i = 0; i < frame->n_namespaces; i++)
                check_namespace(frame, &frame->namespaces[i]);
}

/* A gray release whose rules are wrong cannot be encoded, as a client does not use it. */
static Release *encode(const ConfigData *data, Span epoch) {
        Release *release = release_new(data, epoch);
        ConfigData plain = *data;

        if (release || !data->gray)
                return release;
        plain.gray = NULL;
        return release_new(&plain, epoch);
}

static void append_snapshot(Buf *buf, const Frame *frame) {
        SnapshotFrame snapshot;

        snapshot_frame_begin(&snapshot, buf, frame->seq, frame->epoch);
        for (size_t i = 0; i < frame->n_namespaces; i++)
                for (size_t k = 0; k < frame->namespaces[i].n_releases; k++) {
                        Release *release = encode(&frame->namespaces[i].releases[k], frame->epoch);

                        expect(release);
                        snapshot_frame_add(&snapshot, release);
                        /* The frame compares the next namespace with this one. */
                        snapshot.namespace = frame->namespaces[i].name;
                        release_unref(release);
                }
        snapshot_frame_end(&snapshot, frame->more);
}

static void append_change(Buf *buf, const Frame *frame) {
        _cleanup_(change_unrefp) Change *change = change_new(frame->seq);
        _cleanup_(freep) bool *is_wanted = NULL;

        expect(change);
        for (size_t i = 0; i < frame->n_namespaces; i++) {
                const FrameNamespace *namespace = &frame->namespaces[i];

                for (size_t k = 0; k < namespace->n_releases; k++) {
                        _cleanup_(release_unrefp) Release *release =
                                encode(&namespace->releases[k], SPAN_LITERAL("e"));

                        expect(release && change_add_release(change, release) == 0);
                }
                for (size_t k = 0; k < namespace->n_deleted; k++)
                        expect(change_add_removal(change, namespace->name, namespace->deleted[k]) == 0);
        }
        is_wanted = malloc(change->n_items + 1);
        expect(is_wanted);
        memset(is_wanted, true, change->n_items + 1);
        frame_append_change(buf, change, is_wanted);
}

static void append(Buf *buf, const Frame *frame) {
        if (frame->type == FRAME_SNAPSHOT)
                append_snapshot(buf, frame);
        else if (frame->type == FRAME_CHANGE)
                append_change(buf, frame);
        else
                frame_append(buf, frame);
        expect(!buf_failed(buf));
}

/* After one turn nothing changes any more: order, duplicates and what may be left out are settled. */
static void check_turns(const Frame *frame) {
        _cleanup_(buf_deinit) Buf once = BUF_NULL, twice = BUF_NULL;
        _cleanup_(frame_deinit) Frame again = FRAME_NULL;
        Problem problem;

        append(&once, frame);
        expect(frame_parse(buf_span(&once), &again, &problem) == 0);
        expect(again.type == frame->type && again.seq == frame->seq && again.more == frame->more);
        expect(again.n_results == frame->n_results && again.n_tags == frame->n_tags);
        append(&twice, &again);
        expect(span_equal(buf_span(&once), buf_span(&twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span text = { (const char *)data, size };
        Frame frame = FRAME_NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        if (is_comparable(text))
                check_json(text);
        r = frame_parse(text, &frame, &problem);
        if (r) {
                expect(r > 0 && problem.text[0] != '\0');
                expect(utf8_valid_size(span_from_string(problem.field)) == strlen(problem.field));
                return 0;
        }

        check_frame(&frame);
        check_turns(&frame);
        frame_deinit(&frame);
        return 0;
}
