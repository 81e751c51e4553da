/*
 * WebSocket, as much of it as a client needs that trusts its server.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The handshake's key and its answer are those of RFC 6455's example: what is measured is not a browser. */
#define WEBSOCKET_KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define WEBSOCKET_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

typedef enum WebsocketOpcode {
        WEBSOCKET_TEXT = 0x1,
        WEBSOCKET_CLOSE = 0x8,
        WEBSOCKET_PING = 0x9,
        WEBSOCKET_PONG = 0xa,
} WebsocketOpcode;

typedef struct WebsocketFrame {
        WebsocketOpcode opcode;
        const char *payload;
        size_t n_payload;
        size_t size; /* head and payload */
} WebsocketFrame;

/* Returns 1 and the frame at the beginning of @data, 0 while it is not whole, or -1 for a frame that a server
 * may not send or that this program does not expect: masked, or a part of a message. */
int websocket_frame_parse(const char *data, size_t n, WebsocketFrame *ret_frame);

/* Writes a client's frame; @n is at most 65535, @frame has room for 8 bytes more. Returns its size. */
size_t websocket_frame_write(WebsocketOpcode opcode, const char *payload, size_t n, char *frame);
