#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/buf.h"
#include "model/macros.h"
#include "push/frame_reader.h"

#define MESSAGE_MAX 70000

/* What was read, in words: "text(abc) ping(x) close(1000,bye) ". */
static bool note(void *context, Opcode opcode, CloseCode code, Span payload) {
        static const char *const names[16] = {
                [OPCODE_TEXT] = "text",
                [OPCODE_CLOSE] = "close",
                [OPCODE_PING] = "ping",
                [OPCODE_PONG] = "pong",
        };
        Buf *seen = context;

        buf_append_string(seen, names[opcode]);
        buf_append_char(seen, '(');
        if (opcode == OPCODE_CLOSE)
                buf_append_format(seen, "%d,", code);
        buf_append_span(seen, payload);
        buf_append_literal(seen, ") ");
        return opcode != OPCODE_CLOSE;
}

/* A client's frame, its bytes masked. @first: FIN, reserved bits, opcode */
static void frame(Buf *to, uint8_t first, Span payload) {
        static const uint8_t mask[4] = { 0x12, 0xab, 0x00, 0xff };

        buf_append_char(to, (char)first);
        if (payload.size > UINT16_MAX) {
                buf_append_char(to, (char)0xff);
                for (int shift = 56; shift >= 0; shift -= 8)
                        buf_append_char(to, (char)((uint64_t)payload.size >> shift));
        } else if (payload.size > 125) {
                buf_append_char(to, (char)0xfe);
                buf_append_char(to, (char)(payload.size >> 8));
                buf_append_char(to, (char)payload.size);
        } else
                buf_append_char(to, (char)(0x80 | payload.size));
        buf_append(to, mask, sizeof(mask));
        for (size_t i = 0; i < payload.size; i++)
                buf_append_char(to, (char)(payload.data[i] ^ mask[i % 4]));
}

/* Feeds @bytes in pieces of @step, the first of @begin bytes. */
static CloseCode feed(Span bytes, size_t begin, size_t step, Buf *seen) {
        FrameReader *reader = NULL;
        CloseCode breach = CLOSE_NONE;

        for (size_t at = 0, n = begin; at < bytes.size && !breach; at += n, n = step) {
                n = MIN(n, bytes.size - at);
                breach = frame_reader_feed(&reader, (Span){ bytes.data + at, n }, MESSAGE_MAX, note, seen);
        }
        if (!breach)
                assert_null(reader); /* between frames there is none */
        frame_reader_free(reader);
        return breach;
}

static void assert_reads(const Buf *bytes, CloseCode breach, const char *seen) {
        size_t n_splits = MIN(bytes->size, (size_t)400);

        for (size_t begin = 1; begin <= n_splits; begin++) {
                _cleanup_(buf_deinit) Buf whole = BUF_NULL;

                assert_int_equal(feed(buf_span(bytes), begin, SIZE_MAX, &whole), breach);
                assert_true(span_equal_string(buf_span(&whole), seen));
        }
        for (size_t step = 1; step <= 8; step++) {
                _cleanup_(buf_deinit) Buf pieces = BUF_NULL;

                assert_int_equal(feed(buf_span(bytes), step, step, &pieces), breach);
                assert_true(span_equal_string(buf_span(&pieces), seen));
        }
}

static void reads_messages_in_any_pieces(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf bytes = BUF_NULL;

        frame(&bytes, 0x81, SPAN_LITERAL("one"));
        frame(&bytes, 0x81, SPAN_LITERAL(""));
        frame(&bytes, 0x01, SPAN_LITERAL("t"));
        frame(&bytes, 0x89, SPAN_LITERAL("in between"));
        frame(&bytes, 0x00, SPAN_LITERAL(""));
        frame(&bytes, 0x8a, SPAN_LITERAL(""));
        frame(&bytes, 0x80, SPAN_LITERAL("wo \xc3\xbc"));
        assert_reads(&bytes, CLOSE_NONE, "text(one) text() ping(in between) pong() text(two \xc3\xbc) ");
}

static void reads_all_forms_of_length(_unused_ void **state) {
        static const size_t sizes[] = { 125, 126, 65535, 65536, MESSAGE_MAX };

        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                _cleanup_(buf_deinit) Buf bytes = BUF_NULL, seen = BUF_NULL;
                char *text = malloc(sizes[i]);

                memset(text, 'x', sizes[i]);
                frame(&bytes, 0x81, (Span){ text, sizes[i] });
                assert_int_equal(feed(buf_span(&bytes), 3, 1000, &seen), CLOSE_NONE);
                assert_int_equal(seen.size, sizes[i] + 7);
                free(text);
        }
}

static void reads_a_close_and_nothing_after_it(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf bytes = BUF_NULL, none = BUF_NULL;

        frame(&bytes, 0x88,
              SPAN_LITERAL("\x03\xe8"
                           "bye"));
        assert_reads(&bytes, CLOSE_NONE, "close(1000,bye) ");
        frame(&none, 0x88, SPAN_LITERAL(""));
        assert_reads(&none, CLOSE_NONE, "close(1005,) ");
}

static void finds_breaches(_unused_ void **state) {
        static const struct {
                uint8_t first;
                Span payload;
                CloseCode breach;
        } cases[] = {
                { 0xc1, SPAN_LITERAL("x"), CLOSE_PROTOCOL_ERROR },        /* a reserved bit */
                { 0x83, SPAN_LITERAL("x"), CLOSE_PROTOCOL_ERROR },        /* unknown */
                { 0x8b, SPAN_LITERAL("x"), CLOSE_PROTOCOL_ERROR },        /* unknown, control */
                { 0x80, SPAN_LITERAL("x"), CLOSE_PROTOCOL_ERROR },        /* goes on with nothing */
                { 0x09, SPAN_LITERAL("x"), CLOSE_PROTOCOL_ERROR },        /* a ping in pieces */
                { 0x82, SPAN_LITERAL("x"), CLOSE_UNSUPPORTED },           /* binary */
                { 0x81, SPAN_LITERAL("\xc3"), CLOSE_INVALID_TEXT },       /* half a character */
                { 0x88, SPAN_LITERAL("\x03"), CLOSE_PROTOCOL_ERROR },     /* half a code */
                { 0x88, SPAN_LITERAL("\x03\xee"), CLOSE_PROTOCOL_ERROR }, /* 1006 */
                { 0x88, SPAN_LITERAL("\x03\xe8\xff"), CLOSE_INVALID_TEXT },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(buf_deinit) Buf bytes = BUF_NULL;

                frame(&bytes, 0x89, SPAN_LITERAL("p"));
                frame(&bytes, cases[i].first, cases[i].payload);
                assert_reads(&bytes, cases[i].breach, "ping(p) ");
        }
}

static void refuses_what_is_not_masked(_unused_ void **state) {
        Buf bytes = { .data = (char *)"\x81\x01x", .size = 3 };

        assert_reads(&bytes, CLOSE_PROTOCOL_ERROR, "");
}

static void refuses_what_is_too_large_in_one_or_many(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf one = BUF_NULL, many = BUF_NULL, seen = BUF_NULL;
        char *text = calloc(1, MESSAGE_MAX + 1);

        frame(&one, 0x81, (Span){ text, MESSAGE_MAX + 1 });
        assert_int_equal(feed(buf_span(&one), 100, 100, &seen), CLOSE_TOO_LARGE);
        frame(&many, 0x01, (Span){ text, MESSAGE_MAX - 5 });
        frame(&many, 0x80, (Span){ text, 6 });
        assert_int_equal(feed(buf_span(&many), 100, 100, &seen), CLOSE_TOO_LARGE);
        assert_int_equal(seen.size, 0);
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(reads_messages_in_any_pieces),
                cmocka_unit_test(reads_all_forms_of_length),
                cmocka_unit_test(reads_a_close_and_nothing_after_it),
                cmocka_unit_test(finds_breaches),
                cmocka_unit_test(refuses_what_is_not_masked),
                cmocka_unit_test(refuses_what_is_too_large_in_one_or_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
