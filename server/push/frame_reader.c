#include <string.h>
#include <wslay/wslay.h>

#include "model/buf.h"
#include "model/macros.h"
#include "model/utf8.h"
#include "push/frame_reader.h"
#include "util/allocate.h"

#define MASK_SIZE 4

struct FrameReader {
        wslay_frame_context_ptr frames;
        Span fed; /* what is not read yet */
        uint64_t n_fed;
        uint64_t n_done; /* of them, in whole frames */

        bool is_in_frame; /* its header was seen */
        uint64_t n_missing;
        Buf control; /* the payload of a control frame */

        bool is_in_message; /* its last frame did not come yet */
        Buf message;
};

static ssize_t receive(uint8_t *to, size_t size, _unused_ int flags, void *context) {
        FrameReader *reader = context;
        size_t n = MIN(size, reader->fed.size);

        if (n == 0)
                return -1; /* no more for now */

        memcpy(to, reader->fed.data, n);
        reader->fed = (Span){ reader->fed.data + n, reader->fed.size - n };
        return (ssize_t)n;
}

static FrameReader *frame_reader_new(void) {
        static const struct wslay_frame_callbacks callbacks = { .recv_callback = receive };
        FrameReader *reader = allocate(1, sizeof(*reader));

        if (wslay_frame_context_init(&reader->frames, &callbacks, reader) != 0)
                abort();
        return reader;
}

FrameReader *frame_reader_free(FrameReader *reader) {
        if (!reader)
                return NULL;

        wslay_frame_context_free(reader->frames);
        buf_deinit(&reader->control);
        buf_deinit(&reader->message);
        free(reader);
        return NULL;
}

static bool is_control(Opcode opcode) {
        return opcode >= OPCODE_CLOSE;
}

static CloseCode check_data_header(const FrameReader *reader, const struct wslay_frame_iocb *frame,
                                   size_t message_max_bytes) {
        if (frame->opcode == OPCODE_BINARY)
                return CLOSE_UNSUPPORTED;
        if (frame->opcode != OPCODE_TEXT && frame->opcode != OPCODE_CONTINUATION)
                return CLOSE_PROTOCOL_ERROR;
        if ((frame->opcode == OPCODE_CONTINUATION) != reader->is_in_message)
                return CLOSE_PROTOCOL_ERROR;
        return frame->payload_length > message_max_bytes - reader->message.size ? CLOSE_TOO_LARGE
                                                                                : CLOSE_NONE;
}

static CloseCode check_header(const FrameReader *reader, const struct wslay_frame_iocb *frame,
                              size_t message_max_bytes) {
        if (!frame->mask || frame->rsv)
                return CLOSE_PROTOCOL_ERROR;
        if (!is_control(frame->opcode))
                return check_data_header(reader, frame, message_max_bytes);
        return frame->opcode > OPCODE_PONG ? CLOSE_PROTOCOL_ERROR : CLOSE_NONE;
}

static uint64_t frame_size(uint64_t payload_size) {
        return 2 + MASK_SIZE + (payload_size > UINT16_MAX ? 8 : payload_size > 125 ? 2 : 0) + payload_size;
}

static bool is_text(Span text) {
        return utf8_valid_size(text) == text.size;
}

/* Codes that may stand in a close frame. */
static bool is_sendable(unsigned code) {
        return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
               (code >= 3000 && code <= 4999);
}

static CloseCode end_close(Span payload, FrameReaderFn fn, void *context, bool *ret_goes_on) {
        CloseCode code = CLOSE_NO_STATUS;

        if (payload.size == 1)
                return CLOSE_PROTOCOL_ERROR;
        if (payload.size >= 2) {
                code = (CloseCode)((uint8_t)payload.data[0] << 8 | (uint8_t)payload.data[1]);
                payload = (Span){ payload.data + 2, payload.size - 2 };
                if (!is_sendable(code))
                        return CLOSE_PROTOCOL_ERROR;
                if (!is_text(payload))
                        return CLOSE_INVALID_TEXT;
        }
        *ret_goes_on = fn(context, OPCODE_CLOSE, code, payload);
        return CLOSE_NONE;
}

static CloseCode end_control(FrameReader *reader, Opcode opcode, FrameReaderFn fn, void *context,
                             bool *ret_goes_on) {
        Span payload = buf_span(&reader->control);
        CloseCode breach = CLOSE_NONE;

        if (opcode == OPCODE_CLOSE)
                breach = end_close(payload, fn, context, ret_goes_on);
        else
                *ret_goes_on = fn(context, opcode, CLOSE_NONE, payload);
        buf_clear(&reader->control);
        return breach;
}

static CloseCode end_data(FrameReader *reader, bool is_last, FrameReaderFn fn, void *context,
                          bool *ret_goes_on) {
        Span text = buf_span(&reader->message);

        reader->is_in_message = !is_last;
        if (!is_last)
                return CLOSE_NONE;
        if (!is_text(text))
                return CLOSE_INVALID_TEXT;

        *ret_goes_on = fn(context, OPCODE_TEXT, CLOSE_NONE, text);
        buf_clear(&reader->message);
        return CLOSE_NONE;
}

static CloseCode end_frame(FrameReader *reader, const struct wslay_frame_iocb *frame, FrameReaderFn fn,
                           void *context, bool *ret_goes_on) {
        reader->is_in_frame = false;
        reader->n_done += frame_size(frame->payload_length);
        *ret_goes_on = true;
        return is_control(frame->opcode) ? end_control(reader, frame->opcode, fn, context, ret_goes_on)
                                         : end_data(reader, frame->fin, fn, context, ret_goes_on);
}

/* Reads one piece of a frame. *ret_goes_on: whether there may be more to read. */
static CloseCode read_piece(FrameReader *reader, size_t message_max_bytes, FrameReaderFn fn, void *context,
                            bool *ret_goes_on) {
        struct wslay_frame_iocb frame = { 0 };
        ssize_t n = wslay_frame_recv(reader->frames, &frame);
        CloseCode breach;

        *ret_goes_on = false;
        if (n == WSLAY_ERR_WANT_READ)
                return CLOSE_NONE;
        if (n < 0)
                return CLOSE_PROTOCOL_ERROR;

        if (!reader->is_in_frame) {
                breach = check_header(reader, &frame, message_max_bytes);
                if (breach)
                        return breach;
                reader->is_in_frame = true;
                reader->n_missing = frame.payload_length;
        }

        buf_append(is_control(frame.opcode) ? &reader->control : &reader->message, frame.data,
                   frame.data_length);
        reader->n_missing -= frame.data_length;
        if (buf_failed(&reader->control) || buf_failed(&reader->message))
                abort();
        *ret_goes_on = true;
        return reader->n_missing == 0 ? end_frame(reader, &frame, fn, context, ret_goes_on) : CLOSE_NONE;
}

CloseCode frame_reader_feed(FrameReader **reader_, Span bytes, size_t message_max_bytes, FrameReaderFn fn,
                            void *context) {
        FrameReader *reader = *reader_ ? *reader_ : frame_reader_new();
        CloseCode breach = CLOSE_NONE;
        bool goes_on = true;

        *reader_ = reader;
        reader->fed = bytes;
        reader->n_fed += bytes.size;
        while (goes_on && !breach)
                breach = read_piece(reader, message_max_bytes, fn, context, &goes_on);

        if (breach || (reader->n_done == reader->n_fed && !reader->is_in_message))
                *reader_ = frame_reader_free(reader);
        return breach;
}
