/*
 * Any two texts may be put to diff_unified(), and what comes out must turn the one into the other. The first
 * byte is a separator of the input's own choice: the old text goes up to its next occurrence, the new one to
 * the end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/diff.h"
#include "model/macros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fact) {
        if (!fact)
                abort();
}

static Span rest_after(Span text, size_t size) {
        return (Span){ text.data + size, text.size - size };
}

static Span first_line(Span text) {
        const char *newline = text.size ? memchr(text.data, '\n', text.size) : NULL;

        return (Span){ text.data, newline ? (size_t)(newline - text.data) + 1 : text.size };
}

/* Takes @line off the front of *text, which must be there. */
static void consume(Span *text, Span line) {
        expect(span_starts_with(*text, line));
        *text = rest_after(*text, line.size);
}

/* Takes the same lines off both texts, until @old is at @target. */
static void consume_both_until(Span *old, Span *new, const char *target) {
        while (old->data < target) {
                Span line = first_line(*old);

                consume(old, line);
                consume(new, line);
        }
}

/* Where the line of number @line begins, which is counted from 1. */
static const char *line_start(Span text, size_t line) {
        while (line-- > 1) {
                expect(text.size > 0);
                text = rest_after(text, first_line(text).size);
        }
        return text.data;
}

/* The place in the old text that a hunk's header "@@ -12,3 +12,4 @@" is about. */
static const char *hunk_start(Span text, Span header) {
        const char *range = header.data + strlen("@@ -");
        size_t n_digits = strspn(range, "0123456789");
        size_t line = strtoul(range, NULL, 10);

        return line_start(text, strncmp(range + n_digits, ",0 ", 3) == 0 ? line + 1 : line);
}

/* Reads both texts along the diff: what it does not mention must be equal. */
static void expect_diff(Span from, Span to, Span diff) {
        Span old = from, new = to, line, next;

        while (diff.size > 0) {
                line = first_line(diff);
                next = first_line(rest_after(diff, line.size));
                diff = rest_after(diff, line.size);

                if (span_starts_with(line, SPAN_LITERAL("@@ -"))) {
                        consume_both_until(&old, &new, hunk_start(from, line));
                        continue;
                }
                if (span_equal(next, SPAN_LITERAL("\\ No newline at end of file\n"))) {
                        line.size--;
                        diff = rest_after(diff, next.size);
                }
                expect(line.data[0] == ' ' || line.data[0] == '-' || line.data[0] == '+');
                if (line.data[0] != '+')
                        consume(&old, rest_after(line, 1));
                if (line.data[0] != '-')
                        consume(&new, rest_after(line, 1));
        }
        expect(span_equal(old, new));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const Span header = SPAN_LITERAL("--- a\n+++ b\n");
        _cleanup_(buf_deinit) Buf diff = BUF_NULL;
        const uint8_t *separator = size > 1 ? memchr(data + 1, data[0], size - 1) : NULL;
        const char *text = (const char *)data;
        Span from, to;

        if (!separator)
                return 0;

        from = (Span){ text + 1, (size_t)(separator - data) - 1 };
        to = (Span){ text + from.size + 2, size - from.size - 2 };
        expect(diff_unified(from, to, "a", "b", &diff));
        if (span_equal(from, to)) {
                expect(diff.size == 0);
                return 0;
        }

        expect(span_starts_with(buf_span(&diff), header));
        buf_append_char(&diff, '\0'); /* for strspn() in the last line */
        expect_diff(from, to, (Span){ diff.data + header.size, diff.size - 1 - header.size });
        return 0;
}
