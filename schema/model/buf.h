/*
 * A growing byte buffer, for building texts.
 *
 * Memory failure is remembered, not reported at each call: build the whole text, then ask buf_failed() once.
 * A failed buffer swallows what is appended to it. The server treats failure as fatal (allocation sizes are
 * capped before they get here); the SDK turns it into an error of its own.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/macros.h"
#include "model/span.h"

typedef struct Buf {
        char *data; /* not NUL-terminated; see buf_take_string() */
        size_t size;
        size_t capacity;
        bool failed;
} Buf;

#define BUF_NULL ((Buf){ NULL, 0, 0, false })

void buf_deinit(Buf *buf);
void buf_clear(Buf *buf);

/* Makes room for @extra more bytes and returns where they go, or NULL. Follow with buf_advance(). */
char *buf_reserve(Buf *buf, size_t extra);
void buf_advance(Buf *buf, size_t written);

void buf_append(Buf *buf, const void *data, size_t size);
void buf_append_span(Buf *buf, Span span);
void buf_append_string(Buf *buf, const char *text);
void buf_append_char(Buf *buf, char c);
void buf_append_u64(Buf *buf, uint64_t value);
void buf_append_i64(Buf *buf, int64_t value);
void buf_append_format(Buf *buf, const char *format, ...) _printf_(2, 3);
void buf_append_hex(Buf *buf, const void *data, size_t size);

/* Hands the bytes over as a NUL-terminated string, to be released with free(); NULL when the buf failed. */
char *buf_take_string(Buf *buf);

#define buf_append_literal(buf, text) buf_append((buf), "" text, sizeof(text) - 1)

static inline bool buf_failed(const Buf *buf) {
        return buf->failed;
}

static inline Span buf_span(const Buf *buf) {
        return (Span){ buf->data ? buf->data : "", buf->size };
}
