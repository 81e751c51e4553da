/*
 * WebSocket frames from a client: bytes in, messages out, by wslay's frame layer.
 *
 * A reader exists only while a frame or a message in several frames is arriving; a connection that is silent
 * between frames costs nothing here. Frames of a client are masked, in one of the known kinds, and together
 * not larger than the limit; texts are UTF-8. Whatever is not is a breach with its standard close code.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/span.h"
#include "push/wire_frame.h"

/* Close codes of RFC 6455, 7.4.1. */
typedef enum CloseCode {
        CLOSE_NONE = 0,
        CLOSE_NORMAL = 1000,
        CLOSE_GOING_AWAY = 1001,
        CLOSE_PROTOCOL_ERROR = 1002,
        CLOSE_UNSUPPORTED = 1003,
        CLOSE_NO_STATUS = 1005, /* never on the wire */
        CLOSE_INVALID_TEXT = 1007,
        CLOSE_TOO_LARGE = 1009,
        CLOSE_TRY_AGAIN = 1013,
} CloseCode;

typedef struct FrameReader FrameReader;

/*
 * Called for each message, and for each ping, pong and close, in between too. Of a close, @code is what the
 * client said, CLOSE_NO_STATUS if nothing, and @payload the reason. @payload is borrowed.
 * Return: whether to go on.
 */
typedef bool (*FrameReaderFn)(void *context, Opcode opcode, CloseCode code, Span payload);

/*
 * frame_reader_feed() - read what has arrived
 * @reader: NULL between frames; made and released here
 *
 * Return: CLOSE_NONE; or the code of a breach, after which nothing more is to be fed.
 */
CloseCode frame_reader_feed(FrameReader **reader, Span bytes, size_t message_max_bytes, FrameReaderFn fn,
                            void *context);
FrameReader *frame_reader_free(FrameReader *reader);
