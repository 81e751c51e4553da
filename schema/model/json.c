#include <stdint.h>

#include "model/json.h"
#include "model/utf8.h"

#define SIX_BYTES_AN_ESCAPE 6 /* \u001f, the longest that one byte becomes */

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

/* The length of the run at the front of @text that needs no escape; eight bytes a step while they last. */
static size_t plain_run(const char *text, size_t size) {
        const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
        size_t i = 0;

        for (; i + 8 <= size; i += 8) {
                uint64_t word, control, quote, backslash;

                memcpy(&word, text + i, sizeof(word));
                control = word - ones * 0x20;
                quote = (word ^ (ones * '"')) - ones;
                backslash = (word ^ (ones * '\\')) - ones;
                if (((control & ~word) | (quote & ~(word ^ (ones * '"'))) |
                     (backslash & ~(word ^ (ones * '\\')))) &
                    highs)
                        break;
        }

        while (i < size && !escape_of((unsigned char)text[i]))
                i++;
        return i;
}

static void append_escape(Buf *buf, unsigned char c) {
        char escape = escape_of(c);

        buf_append_char(buf, '\\');
        buf_append_char(buf, escape);
        if (escape == 'u') {
                buf_append_literal(buf, "00");
                buf_append_hex(buf, &c, 1);
        }
}

void json_append_escaped(Buf *buf, Span text) {
        size_t at = 0;

        while (at < text.size) {
                size_t run = plain_run(text.data + at, text.size - at);

                buf_append(buf, text.data + at, run);
                at += run;
                if (at < text.size)
                        append_escape(buf, (unsigned char)text.data[at++]);
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

static int hex_value(char c) {
        return c <= '9' ? c - '0' : c - 'a' + 10;
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
                return SIX_BYTES_AN_ESCAPE;
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
