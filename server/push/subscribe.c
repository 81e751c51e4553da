/*
 * What a client says on the stream: subscribe, unsubscribe, ack.
 *
 * Subscribing and following are one step of the loop's thread: the answer is captured and the stream joins
 * its audience before any other change is looked at, so that none falls in between.
 *
 * A frame that is refused changes nothing.
 */
#include <errno.h>
#include <stdio.h>

#include "push/resume.h"
#include "push/stream.h"
#include "util/allocate.h"

/* Who waits for a snapshot already, since it did not read, would take it for the answer. */
static bool may_subscribe(Stream *stream) {
        if (!stream->channel.is_behind)
                return true;

        stream_close(stream, CLOSE_TRY_AGAIN, "too much waits for this reader");
        return false;
}

static bool may_answer(Stream *stream) {
        if (channel_pending_bytes(&stream->channel) <= stream->channel.hub->push->options.queue_max_bytes)
                return true;

        stream_close(stream, CLOSE_TRY_AGAIN, "the answers are not read");
        return false;
}

/* With an error frame; the connection lives on. */
static void refuse(Stream *stream, int code, const char *reason, const char *message) {
        Frame frame = {
                .type = FRAME_ERROR,
                .code = code,
                .reason = span_from_string(reason),
                .message = span_from_string(message),
        };
        WireFrame *wire;

        metric_add(hub_metrics(stream->channel.hub), METRIC_STREAM_REFUSED_FRAMES, 1);
        if (!may_answer(stream))
                return;

        wire = wire_frame_encode(&frame, &stream->channel.hub->push->memory_bytes);
        channel_send(&stream->channel, wire);
        wire_frame_unref(wire);
}

static void refuse_for(Stream *stream, int code, const char *reason, const char *text, Span namespace) {
        char message[PROBLEM_TEXT_MAX];

        (void)snprintf(message, sizeof(message), "%s: %.*s", text, (int)namespace.size, namespace.data);
        refuse(stream, code, reason, message);
}

static Scope *scope_of_frame(const Frame *frame) {
        _cleanup_(freep) ScopeName *names = allocate(frame->n_namespaces, sizeof(*names));

        for (size_t i = 0; i < frame->n_namespaces; i++)
                names[i] = (ScopeName){
                        .name = frame->namespaces[i].name,
                        .all_keys = frame->namespaces[i].all_keys,
                        .keys = frame->namespaces[i].keys,
                        .n_keys = frame->namespaces[i].n_keys,
                };
        return scope_new(names, frame->n_namespaces);
}

static void note_denial(const Stream *stream, Span namespace) {
        exchange_note_denial(stream->channel.hub->loop,
                             &(Denial){
                                     .address = span_from_string(stream_address(stream)),
                                     .actor = stream->user,
                                     .action = SPAN_LITERAL("stream.subscribe"),
                                     .namespace = namespace,
                                     .reason = span_from_string(reason_to_string(REASON_FORBIDDEN)),
                                     .status = reason_status(REASON_FORBIDDEN),
                                     .count = 1,
                             });
}

static bool may_read_all(Stream *stream, const Frame *frame) {
        Principal principal = { .name = stream->user, .is_admin = stream->is_admin };

        for (size_t i = 0; i < frame->n_namespaces; i++) {
                Span name = frame->namespaces[i].name;

                if (access_allows(&principal, RIGHT_READER, name))
                        continue;
                note_denial(stream, name);
                refuse_for(stream, 403, "forbidden", "this takes the right 'reader' in the namespace", name);
                return false;
        }
        return true;
}

static bool is_small_enough(Stream *stream, const Scope *asked) {
        char message[PROBLEM_TEXT_MAX];
        size_t n_max = stream->channel.hub->push->options.namespaces_max;

        if (asked->n_names <= n_max && asked->n_keys <= FRAME_KEYS_MAX)
                return true;

        (void)snprintf(message, sizeof(message),
                       "one connection may follow %zu namespaces, and name %d keys in all", n_max,
                       FRAME_KEYS_MAX);
        metric_add(hub_metrics(stream->channel.hub), METRIC_STREAM_REFUSED_NAMESPACES, 1);
        refuse(stream, 400, "too_many_namespaces", message);
        return false;
}

static void join(Stream *stream, Scope *asked) {
        Hub *hub = stream->channel.hub;

        if (asked->n_names > 0) {
                follower_join(&stream->channel.follower, hub_audience(hub, asked));
                return;
        }
        free(asked);
        follower_join(&stream->channel.follower, NULL);
}

static void take_instance(Stream *stream, const Frame *frame) {
        if (!frame->instance_id.data)
                return;

        free(stream->instance);
        stream->instance = instance_new(frame);
}

/* Where nothing is asked for there is no answer, so that who changes its tags may say so at any time. */
static void subscribe(Stream *stream, const Frame *frame) {
        const Audience *audience = stream->channel.follower.audience;
        _cleanup_(freep) Scope *added = NULL;
        Scope *asked;

        if (frame->n_namespaces == 0) {
                take_instance(stream, frame);
                return;
        }
        if (!may_subscribe(stream) || !may_answer(stream) || !may_read_all(stream, frame))
                return;

        added = scope_of_frame(frame);
        asked = audience ? scope_replace(audience->asked, added) : scope_new(added->names, added->n_names);
        if (!is_small_enough(stream, asked)) {
                free(asked);
                return;
        }

        take_instance(stream, frame);
        join(stream, asked);
        resume(&stream->channel, frame, added);
}

static void unsubscribe(Stream *stream, const Frame *frame) {
        const Audience *audience = stream->channel.follower.audience;
        _cleanup_(freep) Scope *leaving = NULL;

        for (size_t i = 0; i < frame->n_namespaces; i++)
                if (!audience || !scope_find(audience->asked, frame->namespaces[i].name)) {
                        refuse_for(stream, 404, "not_subscribed", "this namespace is not subscribed to",
                                   frame->namespaces[i].name);
                        return;
                }
        if (!audience)
                return;

        leaving = scope_of_frame(frame);
        join(stream, scope_without(audience->asked, leaving));
}

static void tell_refusal(const Hub *hub, Release *release, const FrameResult *result) {
        const PushOptions *options = &hub->push->options;

        if (!result->ok && options->refused)
                options->refused(options->refused_context, release, result->version);
}

/* Only what the stream follows and what exists is kept, so that a client cannot fill our memory. */
static void take_result(Stream *stream, const FrameResult *result) {
        Hub *hub = stream->channel.hub;
        Release *release = catalog_get(&hub->loop->catalog, result->namespace, result->key);

        if (!release || !audience_covers(stream->channel.follower.audience, result->namespace, result->key))
                return;

        if (!instance_results_put(&stream->results, result))
                metric_add(hub_metrics(hub), METRIC_STREAM_RESULTS_DROPPED, 1);
        tell_refusal(hub, release, result);
}

static void take_results(Stream *stream, const Frame *frame) {
        if (!stream->channel.follower.audience)
                return;

        for (size_t i = 0; i < frame->n_results; i++)
                take_result(stream, &frame->results[i]);
}

static void refuse_unread(Stream *stream, int outcome, const Problem *problem) {
        char message[PROBLEM_FIELD_MAX + PROBLEM_TEXT_MAX + 2];

        (void)snprintf(message, sizeof(message), "%s%s%s", problem->field, problem->field[0] ? ": " : "",
                       problem->text);
        refuse(stream, 400,
               outcome == FRAME_E_UNKNOWN     ? "unknown_type"
               : outcome == FRAME_E_MALFORMED ? "malformed_frame"
                                              : "invalid_field",
               message);
}

void stream_receive(Stream *stream, Span text) {
        Problem problem = PROBLEM_NULL;
        Frame frame = FRAME_NULL;
        int r;

        r = frame_parse(text, &frame, &problem);
        if (r == -ENOMEM)
                abort();
        if (r) {
                refuse_unread(stream, r, &problem);
                return;
        }

        switch (frame.type) {
        case FRAME_SUBSCRIBE:
                subscribe(stream, &frame);
                break;
        case FRAME_UNSUBSCRIBE:
                unsubscribe(stream, &frame);
                break;
        case FRAME_ACK:
                take_results(stream, &frame);
                break;
        default:
                refuse(stream, 400, "unknown_type", "frames of this type come from the server");
        }
        frame_deinit(&frame);
}
