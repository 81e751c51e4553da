#include <stdint.h>

#include "model/digits.h"
#include "model/json.h"
#include "model/utf8.h"

#define ESCAPE_SIZE_MAX 6 /* \u001f, the longest that one byte becomes */

/* How much is escaped between two looks at the room in the buffer. */
#define ESCAPE_BLOCK 256

/* What follows the backslash for a byte that cannot stand for itself: 'u' for a numeric escape, 0 for none.
 */
static char escape_of(unsigned char c) {
        switch (c) {
        case '"':
        case '\\':
                return (char)c;
        case '\b':
                return 'b';
        case '\f':
                return 'f';
        case '\n':
                return 'n';
        case '\r':
                return 'r';
        case '\t':
                return 't';
        default:
                return c < 0x20 ? 'u' : 0;
        }
}

/* Whether none of eight bytes needs an escape. */
static bool is_plain(uint64_t word) {
        const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
        uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');

        return !((((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
                  ((backslash - ones) & ~backslash)) &
                 highs);
}

static char *write_escaped_byte(char *to, unsigned char c) {
        char escape = c == '"' || c == '\\' || c < 0x20 ? escape_of(c) : 0;

        if (!escape) {
                *to++ = (char)c;
                return to;
        }

        *to++ = '\\';
        *to++ = escape;
        if (escape == 'u') {
                *to++ = '0';
                *to++ = '0';
                to = hex_encode(to, &c, 1);
        }
        return to;
}

/* Eight bytes a step while none of them needs an escape. */
static char *write_escaped(char *to, const char *text, size_t size) {
        const char *end = text + size;

        while (text < end) {
                const char *stop = text + MIN((size_t)(end - text), sizeof(uint64_t));
                uint64_t word = 0;

                memcpy(&word, text, (size_t)(stop - text));
                if (stop - text == sizeof(word) && is_plain(word)) {
                        memcpy(to, &word, sizeof(word));
                        to += sizeof(word);
                        text = stop;
                }
                while (text < stop)
                        to = write_escaped_byte(to, (unsigned char)*text++);
        }
        return to;
}

void json_append_escaped(Buf *buf, Span text) {
        for (size_t at = 0, size; at < text.size; at += size) {
                char *to;

                size = MIN(text.size - at, (size_t)ESCAPE_BLOCK);
                to = buf_reserve(buf, size * ESCAPE_SIZE_MAX);
                if (!to)
                        return;
                buf_advance(buf, (size_t)(write_escaped(to, text.data + at, size) - to));
        }
}

void json_append_string(Buf *buf, Span text) {
        if (!text.data) {
                buf_append_literal(buf, "null");
                return;
        }

        buf_append_char(buf, '"');
        json_append_escaped(buf, text);
        buf_append_char(buf, '"');
}

void json_append_lossy_string(Buf *buf, Span text) {
        size_t valid = utf8_valid_size(text);

        buf_append_char(buf, '"');
        while (valid < text.size) {
                json_append_escaped(buf, (Span){ text.data, valid });
                buf_append_literal(buf, "\xef\xbf\xbd");
                text = (Span){ text.data + valid + 1, text.size - valid - 1 };
                valid = utf8_valid_size(text);
        }
        json_append_escaped(buf, text);
        buf_append_char(buf, '"');
}

/* Appends the byte that the escape at @escape stands for; returns the escape's length. */
static size_t append_unescaped_one(Buf *buf, const char *escape) {
        switch (escape[1]) {
        case 'b':
                buf_append_char(buf, '\b');
                return 2;
        case 'f':
                buf_append_char(buf, '\f');
                return 2;
        case 'n':
                buf_append_char(buf, '\n');
                return 2;
        case 'r':
                buf_append_char(buf, '\r');
                return 2;
        case 't':
                buf_append_char(buf, '\t');
                return 2;
        case 'u':
                buf_append_char(buf, (char)(hex_value(escape[4]) * 16 + hex_value(escape[5])));
                return ESCAPE_SIZE_MAX;
        default:
                buf_append_char(buf, escape[1]);
                return 2;
        }
}

void json_append_unescaped(Buf *buf, Span escaped) {
        const char *at = escaped.data, *end = escaped.data + escaped.size;

        while (at < end) {
                const char *backslash = memchr(at, '\\', (size_t)(end - at));

                if (!backslash) {
                        buf_append(buf, at, (size_t)(end - at));
                        return;
                }

                buf_append(buf, at, (size_t)(backslash - at));
                at = backslash + append_unescaped_one(buf, backslash);
        }
}
