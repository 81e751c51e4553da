/*
 * Confer's change stream, and the bare program's, which looks the same to a subscriber.
 *
 * Of the frames, just what a measurement needs is read, by looking for members in the text: inside of a
 * content, quotation marks are escaped, so that nothing in it can be taken for a member.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "receiver.h"
#include "websocket.h"

#define KEY "limits.txt"

static bool has(const WebsocketFrame *frame, const char *text) {
        return memmem(frame->payload, frame->n_payload, text, strlen(text)) != NULL;
}

static size_t count(const WebsocketFrame *frame, const char *text) {
        const char *at = frame->payload, *end = frame->payload + frame->n_payload;
        size_t n = 0;

        while ((at = memmem(at, (size_t)(end - at), text, strlen(text))) != NULL) {
                at += strlen(text);
                n++;
        }
        return n;
}

static uint64_t number_after(const WebsocketFrame *frame, const char *text) {
        const char *at = memmem(frame->payload, frame->n_payload, text, strlen(text));

        return at ? strtoull(at + strlen(text), NULL, 10) : 0;
}

static void send_frame(const Connection *connection, WebsocketOpcode opcode, const char *payload, size_t n) {
        char frame[REQUEST_SIZE];

        connection_send(connection, frame, websocket_frame_write(opcode, payload, n, frame));
}

static size_t confer_hello(const Receiver *receiver, const Connection *connection,
                           char request[REQUEST_SIZE]) {
        (void)connection;
        return (size_t)snprintf(request, REQUEST_SIZE,
                                "GET /api/v1/stream HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\n"
                                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: " WEBSOCKET_KEY "\r\n"
                                "Sec-WebSocket-Protocol: confer.v1\r\nAuthorization: Bearer %s\r\n\r\n",
                                receiver->token);
}

static void send_subscribe(const Receiver *receiver, const Connection *connection) {
        char text[REQUEST_SIZE / 2], epoch[EPOCH_SIZE_MAX + 16] = "", since[64] = "";
        int n;

        if (receiver->is_resuming) {
                (void)snprintf(epoch, sizeof(epoch), ",\"epoch\":\"%s\"", receiver->epoch);
                (void)snprintf(since, sizeof(since), ",\"since\":%ju", (uintmax_t)receiver->seq);
        }
        n = snprintf(text, sizeof(text),
                     "{\"seq\":0,\"type\":\"subscribe\",\"payload\":{\"instance\":{\"id\":\"orders-7d9f8b6c5-"
                     "%05u\","
                     "\"app\":\"orders\",\"tags\":{\"zone\":\"eu-west-1%c\",\"app_version\":\"2.4.%u\"},"
                     "\"sdk\":\"c/0.1.0\"},\"namespaces\":[{\"name\":\"%s\",\"keys\":[\"*\"]%s}]%s}}",
                     connection->index, 'a' + (int)(connection->index % 3), connection->index % 8,
                     receiver->namespace, since, epoch);
        send_frame(connection, WEBSOCKET_TEXT, text, (size_t)n);
}

static size_t confer_upgraded(Receiver *receiver, Connection *connection, const char *data, size_t n) {
        size_t head = http_head(data, n, 101);

        if (head == 0)
                return 0;
        if (!memmem(data, head, WEBSOCKET_ACCEPT, strlen(WEBSOCKET_ACCEPT)))
                die("a wrong answer to the handshake: %.*s", (int)head, data);
        connection->state = STATE_UPGRADED;
        send_subscribe(receiver, connection);
        return head;
}

/* Keeps what the next ones can resume from. */
static void remember(Receiver *receiver, const WebsocketFrame *frame) {
        static const char member[] = "\"epoch\":\"";
        const char *epoch = memmem(frame->payload, frame->n_payload, member, strlen(member));
        uint64_t seq = number_after(frame, "\"seq\":");
        size_t n;

        if (seq > receiver->seq)
                receiver->seq = seq;
        if (!epoch)
                return;
        epoch += strlen(member);
        n = strcspn(epoch, "\"");
        if (n > EPOCH_SIZE_MAX)
                die("the epoch is too long");
        memcpy(receiver->epoch, epoch, n);
        receiver->epoch[n] = '\0';
}

/* As the SDK does for the applications that don't refuse; the first config of the frame only. */
static void send_ack(const Receiver *receiver, const Connection *connection, const WebsocketFrame *frame) {
        char text[512];
        int n;

        n = snprintf(
                text, sizeof(text),
                "{\"seq\":0,\"type\":\"ack\",\"payload\":{\"results\":[{\"namespace\":\"%s\",\"key\":\"" KEY
                "\",\"version\":%ju,\"ok\":true}]}}",
                receiver->namespace, (uintmax_t)number_after(frame, "\"version\":"));
        send_frame(connection, WEBSOCKET_TEXT, text, (size_t)n);
}

static void confer_text(Receiver *receiver, Connection *connection, const WebsocketFrame *frame) {
        if (has(frame, "\"type\":\"error\""))
                die("the server says: %.*s", (int)frame->n_payload, frame->payload);

        if (connection->state == STATE_CURRENT) {
                if (receiver->marker[0] != '\0' && has(frame, receiver->marker))
                        connection_marker(receiver, connection, frame->n_payload);
                remember(receiver, frame);
                if (receiver->is_acking)
                        send_ack(receiver, connection, frame);
                return;
        }

        connection->n_releases += count(frame, "\"sha256\":\"");
        if (has(frame, "\"more\":true") || has(frame, "\"type\":\"change\"")) /* what it missed */
                return;
        if (has(frame, "\"type\":\"snapshot\""))
                receiver->n_snapshots++;
        else if (has(frame, "\"type\":\"current\""))
                receiver->n_currents++;
        else
                die("neither a snapshot nor current: %.*s", (int)frame->n_payload, frame->payload);
        remember(receiver, frame);
        if (receiver->is_acking && connection->n_releases > 0)
                send_ack(receiver, connection, frame);
        connection_current(receiver, connection);
}

static size_t confer_consume(Receiver *receiver, Connection *connection, const char *data, size_t n) {
        WebsocketFrame frame;
        size_t used = 0;
        int r;

        if (connection->state == STATE_OPENING) {
                used = confer_upgraded(receiver, connection, data, n);
                if (used == 0)
                        return 0;
        }
        while ((r = websocket_frame_parse(data + used, n - used, &frame)) > 0) {
                if (frame.opcode == WEBSOCKET_TEXT)
                        confer_text(receiver, connection, &frame);
                else if (frame.opcode == WEBSOCKET_PING)
                        send_frame(connection, WEBSOCKET_PONG, frame.payload, frame.n_payload);
                else if (frame.opcode != WEBSOCKET_CLOSE)
                        die("a frame with opcode %d", (int)frame.opcode);
                used += frame.size;
        }
        if (r < 0)
                die("a frame that is masked, or a part of a message");
        return used;
}

static size_t confer_publish(const Receiver *receiver, bool is_quiet, char request[REQUEST_SIZE]) {
        char path[512], body[REQUEST_SIZE / 2];

        (void)snprintf(path, sizeof(path), "/api/v1/namespaces/%s%s/configs/" KEY, receiver->namespace,
                       is_quiet ? "-quiet" : "");
        (void)snprintf(body, sizeof(body), "{\"content\": \"%s\", \"format\": \"text\", \"publish\": true}",
                       receiver->content);
        return http_request(receiver, "PUT", path, body, request);
}

/* The payload of the frame that it is to broadcast: the content, filled up. A quiet one wants none. */
static size_t bare_publish(const Receiver *receiver, bool is_quiet, char request[REQUEST_SIZE]) {
        char body[REQUEST_SIZE / 2];

        if (receiver->frame_bytes < CONTENT_SIZE || receiver->frame_bytes >= sizeof(body))
                die("--frame-bytes must be a number from %d to %zu", CONTENT_SIZE, sizeof(body) - 1);
        memset(body, 'x', receiver->frame_bytes);
        memcpy(body, receiver->content, CONTENT_SIZE);
        body[receiver->frame_bytes] = '\0';
        return http_request(receiver, "POST", is_quiet ? "/quiet" : "/broadcast", body, request);
}

const Protocol confer_protocol = {
        .name = "confer",
        .hello = confer_hello,
        .consume = confer_consume,
        .publish = confer_publish,
        .answer = http_answer,
};

const Protocol bare_protocol = {
        .name = "bare",
        .hello = confer_hello,
        .consume = confer_consume,
        .publish = bare_publish,
        .answer = http_answer,
};
