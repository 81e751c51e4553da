/*
 * A borrowed run of bytes: no owner, no terminating NUL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct Span {
        const char *data; /* NULL means absent; an empty text has data and size 0 */
        size_t size;
} Span;

#define SPAN_NULL          ((Span){ NULL, 0 })
#define SPAN_LITERAL(text) ((Span){ "" text, sizeof(text) - 1 })

static inline Span span_from_string(const char *text) {
        return (Span){ text, text ? strlen(text) : 0 };
}

static inline bool span_equal(Span a, Span b) {
        return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static inline bool span_equal_string(Span a, const char *text) {
        return span_equal(a, span_from_string(text));
}

static inline bool span_starts_with(Span a, Span prefix) {
        return a.size >= prefix.size && (prefix.size == 0 || memcmp(a.data, prefix.data, prefix.size) == 0);
}
