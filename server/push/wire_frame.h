/*
 * A frame as it goes out: encoded once, immutable, shared by all connections of all threads.
 *
 * The bytes are a whole WebSocket frame: a server's frames are not masked, so that one encoding serves all.
 * Other transports send the text in it, or the JSON of its payload alone.
 *
 * The memory of all frames that live is counted in one place, each frame once, however many connections it
 * waits for.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/frame.h"
#include "model/span.h"

typedef enum Opcode {
        OPCODE_CONTINUATION = 0x0,
        OPCODE_TEXT = 0x1,
        OPCODE_BINARY = 0x2,
        OPCODE_CLOSE = 0x8,
        OPCODE_PING = 0x9,
        OPCODE_PONG = 0xa,
} Opcode;

typedef struct WireFrame {
        _Atomic uint32_t n_refs;
        FrameType type;    /* FRAME_TYPE_N: no text of ours */
        uint64_t revision; /* what it tells of; 0: of none */
        _Atomic uint64_t *account;
        bool has_more; /* of a snapshot: it is not whole yet */
        uint32_t header_size;
        size_t size; /* header and text */
        char bytes[];
} WireFrame;

/* @account: where its memory is counted; outlives it. Return: a frame with one reference. */
WireFrame *wire_frame_new(Opcode opcode, FrameType type, uint64_t revision, Span text,
                          _Atomic uint64_t *account);
/* Encodes a frame that carries no releases. */
WireFrame *wire_frame_encode(const Frame *frame, _Atomic uint64_t *account);
/* A close frame. @reason: a short text */
WireFrame *wire_frame_close(unsigned code, const char *reason, _Atomic uint64_t *account);

/* @thread any */
WireFrame *wire_frame_ref(WireFrame *frame);
WireFrame *wire_frame_unref(WireFrame *frame);

static inline Span wire_frame_bytes(const WireFrame *frame) {
        return (Span){ frame->bytes, frame->size };
}

static inline Span wire_frame_text(const WireFrame *frame) {
        return (Span){ frame->bytes + frame->header_size, frame->size - frame->header_size };
}

/* The payload's JSON in a frame's text that we made. */
Span frame_text_payload(Span text);
