#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>

#include "push/channel.h"
#include "push/event_stream.h"
#include "push/resume.h"
#include "util/allocate.h"
#include "util/clock.h"

/* "event: snapshot", "id: " and "data: ", with a revision. */
#define HEAD_SIZE_MAX 64
/* How long a client may take to read what is under way when it is to be ended. */
#define END_MAX_MS 5000

typedef struct EventStream {
        Channel channel; /* first */
        h2o_generator_t generator;
        Exchange *exchange;
        bool is_first; /* nothing was sent yet */
        bool has_ended;
        int64_t pinged_at_ms;
        int64_t written_at_ms; /* when the client took something last */
        int64_t closing_at_ms; /* 0: not */
        uint64_t sent_bytes;
        char heads[CHANNEL_FRAMES_MAX][HEAD_SIZE_MAX]; /* of the events that are under way */
} EventStream;

static EventStream *event_stream_of(Channel *channel) {
        return (EventStream *)channel;
}

static EventStream *event_stream_of_generator(h2o_generator_t *generator) {
        return H2O_STRUCT_FROM_MEMBER(EventStream, generator, generator);
}

static h2o_req_t *request_of(const EventStream *events) {
        return events->exchange->h2o;
}

static void dispose(void *memory) {
        EventStream *events = memory;
        Hub *hub = events->channel.hub;

        exchange_account(hub->loop, request_of(events), events->exchange->request.principal.name,
                         clock_monotonic_us() - events->exchange->began_at_us, events->sent_bytes);
        channel_deinit(&events->channel);
        metric_add(hub_metrics(hub), METRIC_STREAM_EVENT_STREAMS, (uint64_t)-1);
        hub_release(hub);
}

/* What comes before the event's data. Who reconnects names the last id, so that a part of a snapshot has
 * none. */
static Span format_head(char text[HEAD_SIZE_MAX], const WireFrame *frame) {
        int size;

        if (frame->has_more)
                size = snprintf(text, HEAD_SIZE_MAX, "event: %s\ndata: ", frame_type_to_string(frame->type));
        else
                size = snprintf(text, HEAD_SIZE_MAX,
                                "event: %s\nid: %" PRIu64 "\ndata: ", frame_type_to_string(frame->type),
                                frame->revision);
        return (Span){ text, (size_t)size };
}

static void write_frames(Channel *channel, WireFrame *const *frames, size_t n) {
        EventStream *events = event_stream_of(channel);
        h2o_iovec_t parts[3 * CHANNEL_FRAMES_MAX];
        size_t n_parts = 0;

        for (size_t i = 0; i < n; i++) {
                Span text = wire_frame_text(frames[i]);

                if (frames[i]->type == FRAME_TYPE_N) {
                        parts[n_parts++] = iovec_from_span(text);
                        continue;
                }
                parts[n_parts++] = iovec_from_span(format_head(events->heads[i], frames[i]));
                parts[n_parts++] = iovec_from_span(frame_text_payload(text));
                parts[n_parts++] = iovec_from_span(SPAN_LITERAL("\n\n"));
        }
        for (size_t i = 0; i < n_parts; i++)
                events->sent_bytes += parts[i].len;
        events->written_at_ms = clock_monotonic_ms();
        h2o_send(request_of(events), parts, n_parts, H2O_SEND_STATE_IN_PROGRESS);
}

static void on_proceed(h2o_generator_t *generator, _unused_ h2o_req_t *req) {
        EventStream *events = event_stream_of_generator(generator);

        events->written_at_ms = clock_monotonic_ms();
        channel_written(&events->channel);
}

/* The client has gone; the request is disposed of next. */
static void on_stop(h2o_generator_t *generator, _unused_ h2o_req_t *req) {
        event_stream_of_generator(generator)->has_ended = true;
}

static void end(Channel *channel) {
        EventStream *events = event_stream_of(channel);

        if (events->has_ended)
                return;

        events->has_ended = true;
        h2o_send(request_of(events), NULL, 0, H2O_SEND_STATE_FINAL);
        /* @channel may be gone */
}

/* libh2o notices it as the client's leaving. */
static void cut(const EventStream *events) {
        (void)shutdown(connection_of(request_of(events))->fd, SHUT_RDWR);
}

/* Who does not read what is under way is cut off, so that stopping waits for nobody. */
static void close_channel(Channel *channel, bool is_stopping) {
        EventStream *events = event_stream_of(channel);

        channel_shut(channel, NULL);
        if (is_stopping && channel->n_writing > 0)
                cut(events);
        events->closing_at_ms = clock_monotonic_ms();
        hub_schedule(channel->hub, channel);
}

static void send_comment(Channel *channel) {
        WireFrame *frame = wire_frame_new(OPCODE_TEXT, FRAME_TYPE_N, 0, SPAN_LITERAL(":\n\n"),
                                          &channel->hub->push->memory_bytes);

        channel_send(channel, frame);
        wire_frame_unref(frame);
}

static bool is_stuck(const EventStream *events, int64_t now_ms) {
        const Channel *channel = &events->channel;

        return channel->n_writing > 0 &&
               (now_ms - events->written_at_ms > channel->hub->push->options.silence_ms ||
                (events->closing_at_ms && now_ms - events->closing_at_ms > END_MAX_MS));
}

static void tick(Channel *channel, int64_t now_ms) {
        EventStream *events = event_stream_of(channel);

        if (is_stuck(events, now_ms))
                cut(events);
        if (now_ms - events->pinged_at_ms < channel->hub->push->options.ping_interval_ms)
                return;

        events->pinged_at_ms = now_ms;
        if (channel_is_idle(channel))
                send_comment(channel);
}

static const ChannelType event_stream_type = {
        .write = write_frames,
        .close = close_channel,
        .tick = tick,
        .drained = end,
        .is_closed_when_full = true,
};

static EventStream *event_stream_new(Hub *hub, Exchange *exchange) {
        EventStream *events = h2o_mem_alloc_shared(&exchange->h2o->pool, sizeof(*events), dispose);

        *events = (EventStream){
                .generator = { on_proceed, on_stop },
                .exchange = exchange,
                .pinged_at_ms = clock_monotonic_ms(),
                .written_at_ms = clock_monotonic_ms(),
        };
        channel_init(&events->channel, &event_stream_type, hub);
        metric_add(hub_metrics(hub), METRIC_STREAM_EVENT_STREAMS, 1);
        return events;
}

static void start_response(EventStream *events) {
        h2o_req_t *h2o = request_of(events);

        exchange_leave_unmeasured(events->exchange);
        h2o->res.status = 200;
        h2o->res.reason = "OK";
        h2o->res.content_length = SIZE_MAX;
        h2o_add_header(&h2o->pool, &h2o->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                       H2O_STRLIT("text/event-stream"));
        h2o_add_header(&h2o->pool, &h2o->res.headers, H2O_TOKEN_CACHE_CONTROL, NULL, H2O_STRLIT("no-store"));
        h2o_start_response(h2o, &events->generator);
}

bool event_stream_begin(Hub *hub, Exchange *exchange, Scope *asked, Span epoch, uint64_t since) {
        const Scope *followed;
        EventStream *events;
        FrameNamespace name;

        if (!hub_admit(hub)) {
                free(asked);
                reply_refusal(&exchange->request, REASON_BUSY, NULL,
                              "stream_connections_max streams are open: try again in a moment");
                return false;
        }

        events = event_stream_new(hub, exchange);
        start_response(events);
        send_comment(&events->channel); /* so that the client knows that it is connected */
        follower_join(&events->channel.follower, hub_audience(hub, asked));
        followed = events->channel.follower.audience->asked;
        name = (FrameNamespace){ .name = followed->names[0].name, .since = since };
        resume(&events->channel, &(Frame){ .epoch = epoch, .namespaces = &name, .n_namespaces = 1 },
               followed);
        return true;
}
