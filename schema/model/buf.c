#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/buf.h"
#include "model/digits.h"

/* Growth is by doubling, from a size that holds a short JSON answer without a second allocation. */
#define BUF_CAPACITY_MIN 256

void buf_deinit(Buf *buf) {
        free(buf->data);
        *buf = BUF_NULL;
}

void buf_clear(Buf *buf) {
        buf->size = 0;
        buf->failed = false;
}

char *buf_reserve(Buf *buf, size_t extra) {
        size_t needed, capacity;
        char *data;

        if (buf->failed)
                return NULL;

        if (__builtin_add_overflow(buf->size, extra, &needed))
                goto fail;
        if (buf->data && needed <= buf->capacity)
                return buf->data + buf->size;

        capacity = MAX(buf->capacity, (size_t)BUF_CAPACITY_MIN);
        while (capacity < needed)
                if (__builtin_mul_overflow(capacity, (size_t)2, &capacity))
                        goto fail;

        data = realloc(buf->data, capacity);
        if (!data)
                goto fail;

        buf->data = data;
        buf->capacity = capacity;
        return data + buf->size;

fail:
        buf->failed = true;
        return NULL;
}

void buf_advance(Buf *buf, size_t written) {
        if (!buf->failed)
                buf->size += written;
}

void buf_append(Buf *buf, const void *data, size_t size) {
        char *to = buf_reserve(buf, size);

        if (!to || size == 0)
                return;
        memcpy(to, data, size);
        buf->size += size;
}

void buf_append_span(Buf *buf, Span span) {
        buf_append(buf, span.data, span.size);
}

void buf_append_string(Buf *buf, const char *text) {
        buf_append(buf, text, strlen(text));
}

void buf_append_char(Buf *buf, char c) {
        buf_append(buf, &c, 1);
}

void buf_append_u64(Buf *buf, uint64_t value) {
        char digits[20];
        size_t at = sizeof(digits);

        do {
                digits[--at] = (char)('0' + value % 10);
                value /= 10;
        } while (value);

        buf_append(buf, digits + at, sizeof(digits) - at);
}

void buf_append_i64(Buf *buf, int64_t value) {
        if (value < 0) {
                buf_append_char(buf, '-');
                buf_append_u64(buf, 0 - (uint64_t)value);
        } else
                buf_append_u64(buf, (uint64_t)value);
}

void buf_append_format(Buf *buf, const char *format, ...) {
        va_list args;
        char *to;
        int size;

        va_start(args, format);
        size = vsnprintf(NULL, 0, format, args);
        va_end(args);
        if (size < 0) {
                buf->failed = true;
                return;
        }

        to = buf_reserve(buf, (size_t)size + 1);
        if (!to)
                return;

        va_start(args, format);
        (void)vsnprintf(to, (size_t)size + 1, format, args);
        va_end(args);
        buf->size += (size_t)size;
}

void buf_append_hex(Buf *buf, const void *data, size_t size) {
        char *to = buf_reserve(buf, size * 2);

        if (!to)
                return;
        (void)hex_encode(to, data, size);
        buf->size += size * 2;
}

char *buf_take_string(Buf *buf) {
        char *text;

        buf_append_char(buf, '\0');
        if (buf->failed) {
                buf_deinit(buf);
                return NULL;
        }

        text = buf->data;
        *buf = BUF_NULL;
        return text;
}
