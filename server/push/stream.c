#include <sys/socket.h>

#include "push/stream.h"
#include "util/allocate.h"
#include "util/clock.h"

/* How long a client may take to end its side after we have ended ours. */
#define SHUT_MAX_MS 5000

static Stream *stream_of(Channel *channel) {
        return (Stream *)channel;
}

const char *stream_address(const Stream *stream) {
        return connection_of_socket(stream->socket)->address;
}

static void log_end(const Stream *stream) {
        exchange_log(stream->channel.hub->loop,
                     &(AccessLine){
                             .at_ms = clock_wall_ms(),
                             .address = span_from_string(stream_address(stream)),
                             .user = stream->user,
                             .method = SPAN_LITERAL("GET"),
                             .path = SPAN_LITERAL("/api/v1/stream"),
                             .status = 101,
                             .sent_bytes = stream->socket->bytes_written - stream->bytes_before,
                             .duration_us = clock_monotonic_us() - stream->began_at_us,
                     });
}

static void count_sessions(Hub *hub, int change) {
        MetricSet *metrics = hub_metrics(hub);

        metric_add(metrics, METRIC_STREAM_WEBSOCKETS, (uint64_t)change);
}

/* The stream is gone afterwards. */
static void stream_end(Stream *stream) {
        Hub *hub = stream->channel.hub;

        log_end(stream);
        h2o_socket_close(stream->socket);
        channel_deinit(&stream->channel);
        h2o_linklist_unlink(&stream->link);
        frame_reader_free(stream->reader);
        instance_results_deinit(&stream->results);
        free(stream->instance);
        free(stream);
        count_sessions(hub, -1);
        hub_release(hub);
}

void stream_close(Stream *stream, CloseCode code, const char *reason) {
        if (stream->state != STREAM_OPEN)
                return;

        stream->state = STREAM_CLOSING;
        stream->closing_at_ms = clock_monotonic_ms();
        channel_shut(&stream->channel,
                     wire_frame_close(code, reason, &stream->channel.hub->push->memory_bytes));
}

static void shut(Stream *stream) {
        stream->state = STREAM_SHUT;
        (void)shutdown(h2o_socket_get_fd(stream->socket), SHUT_WR);
}

static void on_written(h2o_socket_t *socket, const char *err) {
        Stream *stream = socket->data;

        if (err) {
                stream_end(stream);
                return;
        }
        channel_written(&stream->channel);
        if (stream->state != STREAM_CLOSING || !channel_is_idle(&stream->channel))
                return;
        if (stream->client_has_closed)
                stream_end(stream);
        else
                shut(stream);
}

static void write_frames(Channel *channel, WireFrame *const *frames, size_t n) {
        h2o_iovec_t parts[CHANNEL_FRAMES_MAX];

        for (size_t i = 0; i < n; i++)
                parts[i] = iovec_from_span(wire_frame_bytes(frames[i]));
        h2o_socket_write(stream_of(channel)->socket, parts, n, on_written);
}

static void close_channel(Channel *channel, bool is_stopping) {
        stream_close(stream_of(channel), is_stopping ? CLOSE_GOING_AWAY : CLOSE_TRY_AGAIN,
                     is_stopping ? "the server is stopping" : "too much waits for this reader");
        (void)channel_flush(channel);
}

static void ping(Stream *stream, int64_t now_ms) {
        Channel *channel = &stream->channel;
        WireFrame *frame;

        stream->pinged_at_ms = now_ms;
        if (!channel_is_idle(channel))
                return; /* what is on its way is a sign of life, too */

        frame = wire_frame_new(OPCODE_PING, FRAME_TYPE_N, 0, SPAN_LITERAL(""),
                               &channel->hub->push->memory_bytes);
        channel_send(channel, frame);
        wire_frame_unref(frame);
}

static void tick(Channel *channel, int64_t now_ms) {
        Stream *stream = stream_of(channel);
        const PushOptions *options = &channel->hub->push->options;

        if (now_ms - stream->heard_at_ms > options->silence_ms) {
                metric_add(hub_metrics(channel->hub), METRIC_STREAM_CLOSED_SILENT, 1);
                stream_end(stream);
        } else if (stream->state != STREAM_OPEN && now_ms - stream->closing_at_ms > SHUT_MAX_MS)
                stream_end(stream);
        else if (stream->state == STREAM_OPEN && now_ms - stream->pinged_at_ms >= options->ping_interval_ms)
                ping(stream, now_ms);
}

static const ChannelType stream_type = {
        .write = write_frames,
        .close = close_channel,
        .tick = tick,
        .is_told_current = true,
};

/* What comes in. */

/* For who does not read its answers, the latest ping is not answered, as RFC 6455 allows. */
static void pong(Stream *stream, Span payload) {
        WireFrame *frame;

        if (channel_pending_bytes(&stream->channel) > stream->channel.hub->push->options.queue_max_bytes)
                return;

        frame = wire_frame_new(OPCODE_PONG, FRAME_TYPE_N, 0, payload,
                               &stream->channel.hub->push->memory_bytes);

        channel_send(&stream->channel, frame);
        wire_frame_unref(frame);
}

static bool on_frame(void *context, Opcode opcode, CloseCode code, Span payload) {
        Stream *stream = context;

        switch (opcode) {
        case OPCODE_TEXT:
                stream_receive(stream, payload);
                break;
        case OPCODE_PING:
                pong(stream, payload);
                break;
        case OPCODE_CLOSE:
                stream->client_has_closed = true;
                stream_close(stream, code == CLOSE_NO_STATUS ? CLOSE_NORMAL : code, "");
                break;
        default:
                break;
        }
        return stream->state == STREAM_OPEN;
}

static const char *breach_text(CloseCode code) {
        switch (code) {
        case CLOSE_UNSUPPORTED:
                return "only text frames are understood";
        case CLOSE_INVALID_TEXT:
                return "the text is not UTF-8";
        case CLOSE_TOO_LARGE:
                return "the message is longer than stream_message_max_bytes allows";
        default:
                return "a frame breaks the rules of WebSocket";
        }
}

static void feed(Stream *stream, Span bytes) {
        const PushOptions *options = &stream->channel.hub->push->options;
        CloseCode breach;

        if (stream->state != STREAM_OPEN)
                return;

        breach = frame_reader_feed(&stream->reader, bytes, options->message_max_bytes, on_frame, stream);
        if (!breach)
                return;
        metric_add(hub_metrics(stream->channel.hub), METRIC_STREAM_CLOSED_PROTOCOL, 1);
        stream_close(stream, breach, breach_text(breach));
}

static void on_read(h2o_socket_t *socket, const char *err) {
        Stream *stream = socket->data;

        if (err) {
                stream_end(stream);
                return;
        }
        stream->heard_at_ms = (int64_t)clock_monotonic_ms();
        feed(stream, (Span){ socket->input->bytes, socket->input->size });
        h2o_buffer_consume(&socket->input, socket->input->size);
}

/* The beginning. */

/* What is known while the answer to the upgrade goes out. */
typedef struct Upgrade {
        Hub *hub;
        bool is_admin;
        Span user;
        int64_t began_at_us;
} Upgrade;

static Stream *stream_new(const Upgrade *upgrade, h2o_socket_t *socket) {
        Stream *stream = allocate(1, sizeof(*stream));
        Hub *hub = upgrade->hub;

        channel_init(&stream->channel, &stream_type, hub);
        h2o_linklist_insert(&hub->streams, &stream->link);
        stream->socket = socket;
        stream->is_admin = upgrade->is_admin;
        stream->user = upgrade->user;
        stream->serial = atomic_fetch_add_explicit(&hub->push->last_serial, 1, memory_order_relaxed) + 1;
        stream->connected_at_ms = clock_wall_ms();
        stream->began_at_us = upgrade->began_at_us;
        stream->heard_at_ms = stream->pinged_at_ms = clock_monotonic_ms();
        stream->bytes_before = socket->bytes_written;
        socket->data = stream;
        count_sessions(hub, +1);
        return stream;
}

static void on_upgraded(void *context, h2o_socket_t *socket, size_t request_size) {
        _cleanup_(freep) Upgrade *upgrade = context;
        Stream *stream;

        if (!socket) {
                hub_release(upgrade->hub);
                return;
        }

        h2o_buffer_consume(&socket->input, request_size);
        stream = stream_new(upgrade, socket);
        h2o_socket_read_start(socket, on_read);
        if (upgrade->hub->is_draining)
                close_channel(&stream->channel, true);
        else if (socket->input->size > 0)
                on_read(socket, NULL);
}

void stream_begin(Hub *hub, Exchange *exchange) {
        const Principal *principal = &exchange->request.principal;
        Upgrade *upgrade = allocate(1, sizeof(*upgrade));

        *upgrade = (Upgrade){
                .hub = hub,
                .is_admin = principal->is_admin,
                .user = principal->name,
                .began_at_us = exchange->began_at_us,
        };
        h2o_http1_upgrade(exchange->h2o, NULL, 0, on_upgraded, upgrade);
}
