#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "model/buf.h"
#include "model/macros.h"
#include "push/wire_frame.h"
#include "util/allocate.h"

#define HEADER_SIZE_MAX       10
#define CLOSE_REASON_SIZE_MAX 123

#define FIN 0x80

static size_t write_header(uint8_t *to, Opcode opcode, size_t size) {
        size_t n_length_bytes = size > UINT16_MAX ? 8 : size > 125 ? 2 : 0;

        to[0] = (uint8_t)(FIN | opcode);
        to[1] = n_length_bytes == 8 ? 127 : n_length_bytes == 2 ? 126 : (uint8_t)size;
        for (size_t i = 0; i < n_length_bytes; i++)
                to[2 + i] = (uint8_t)(size >> 8 * (n_length_bytes - 1 - i));
        return 2 + n_length_bytes;
}

WireFrame *wire_frame_new(Opcode opcode, FrameType type, uint64_t revision, Span text,
                          _Atomic uint64_t *account) {
        uint8_t header[HEADER_SIZE_MAX];
        size_t header_size = write_header(header, opcode, text.size);
        WireFrame *frame = malloc(sizeof(*frame) + header_size + text.size);

        if (!frame)
                abort();

        frame->n_refs = 1;
        frame->type = type;
        frame->revision = revision;
        frame->account = account;
        frame->has_more = false;
        frame->header_size = (uint32_t)header_size;
        frame->size = header_size + text.size;
        memcpy(frame->bytes, header, header_size);
        if (text.size)
                memcpy(frame->bytes + header_size, text.data, text.size);
        atomic_fetch_add_explicit(account, frame->size, memory_order_relaxed);
        return frame;
}

WireFrame *wire_frame_encode(const Frame *frame, _Atomic uint64_t *account) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;

        frame_append(&text, frame);
        if (buf_failed(&text))
                abort();
        return wire_frame_new(OPCODE_TEXT, frame->type, frame->seq, buf_span(&text), account);
}

WireFrame *wire_frame_close(unsigned code, const char *reason, _Atomic uint64_t *account) {
        char text[2 + CLOSE_REASON_SIZE_MAX + 1] = { (char)(code >> 8), (char)code };

        (void)snprintf(text + 2, sizeof(text) - 2, "%s", reason);
        return wire_frame_new(OPCODE_CLOSE, FRAME_TYPE_N, 0, (Span){ text, 2 + strlen(text + 2) }, account);
}

WireFrame *wire_frame_ref(WireFrame *frame) {
        atomic_fetch_add_explicit(&frame->n_refs, 1, memory_order_relaxed);
        return frame;
}

WireFrame *wire_frame_unref(WireFrame *frame) {
        if (!frame || atomic_fetch_sub_explicit(&frame->n_refs, 1, memory_order_acq_rel) != 1)
                return NULL;

        atomic_fetch_sub_explicit(frame->account, frame->size, memory_order_relaxed);
        free(frame);
        return NULL;
}

/* The member stands last, and what stands before it holds no text of others. */
Span frame_text_payload(Span text) {
        static const char member[] = "\"payload\":";
        const char *at = memmem(text.data, text.size, member, sizeof(member) - 1);

        assert(at);
        at += sizeof(member) - 1;
        return (Span){ at, (size_t)(text.data + text.size - 1 - at) };
}
