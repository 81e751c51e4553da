#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/json.h"
#include "model/macros.h"

static uint64_t next_random(uint64_t *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

/* What RFC 8259 demands, byte by byte. */
static void escape_slowly(Buf *buf, Span text) {
        static const char shorts[] = "\bb\ff\nn\rr\tt\"\"\\\\";

        for (size_t i = 0; i < text.size; i++) {
                unsigned char c = (unsigned char)text.data[i];
                const char *place = NULL;

                for (const char *at = shorts; *at; at += 2)
                        if ((unsigned char)*at == c)
                                place = at;
                if (place)
                        buf_append_format(buf, "\\%c", place[1]);
                else if (c < 0x20)
                        buf_append_format(buf, "\\u%04x", c);
                else
                        buf_append_char(buf, (char)c);
        }
}

static void assert_escaped_as_demanded(Span text) {
        _cleanup_(buf_deinit) Buf escaped = BUF_NULL, expected = BUF_NULL;

        json_append_escaped(&escaped, text);
        escape_slowly(&expected, text);
        if (!span_equal(buf_span(&escaped), buf_span(&expected)))
                fail_msg("%.*s is not %.*s", (int)escaped.size, escaped.data, (int)expected.size,
                         expected.data);
}

static void assert_unescaped_again(Span text) {
        _cleanup_(buf_deinit) Buf escaped = BUF_NULL, again = BUF_NULL;

        json_append_escaped(&escaped, text);
        json_append_unescaped(&again, buf_span(&escaped));
        assert_false(buf_failed(&again));
        assert_true(span_equal(buf_span(&again), text));
}

/* @text is valid UTF-8. */
static void assert_jansson_reads_the_same(Span text) {
        _cleanup_(buf_deinit) Buf written = BUF_NULL;
        json_auto_t *json = NULL;
        json_error_t error;

        json_append_string(&written, text);
        json = json_loadb(written.data, written.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
        if (!json)
                fail_msg("jansson: %s in %.*s", error.text, (int)written.size, written.data);
        assert_true(span_equal((Span){ json_string_value(json), json_string_length(json) }, text));
}

static void assert_all(Span text) {
        assert_escaped_as_demanded(text);
        assert_unescaped_again(text);
        assert_jansson_reads_the_same(text);
}

static void test_every_byte_is_escaped_as_json_demands(void **state _unused_) {
        for (int c = 0; c < 256; c++)
                assert_escaped_as_demanded((Span){ (char[]){ (char)c }, 1 });
}

static void test_every_byte_comes_back_from_its_escape(void **state _unused_) {
        char every[256];

        for (int c = 0; c < 256; c++) {
                every[c] = (char)c;
                assert_unescaped_again((Span){ &every[c], 1 });
        }
        assert_unescaped_again((Span){ every, sizeof(every) });
}

static void test_every_ascii_character_is_read_by_another_parser(void **state _unused_) {
        for (int c = 0; c < 128; c++)
                assert_jansson_reads_the_same((Span){ (char[]){ (char)c }, 1 });
}

/* Neighbours of the bytes that need an escape, and bytes with the high bit: what a sum of eight could
 * mistake. */
static const unsigned char tricky[] = { 0x00, 0x01, 0x1f, 0x20, 0x21, '"',  0x23, 0x5b, '\\', 0x5d,
                                        0x7e, 0x7f, 0x80, 0x9f, 0xa0, 0xa2, 0xdc, 0xff, '\n', 'a' };

static void test_a_byte_is_found_at_every_place_of_every_length(void **state _unused_) {
        char text[40];

        for (size_t size = 1; size <= sizeof(text); size++)
                for (size_t at = 0; at < size; at++)
                        for (size_t i = 0; i < sizeof(tricky); i++) {
                                memset(text, 'x', sizeof(text));
                                text[at] = (char)tricky[i];
                                assert_escaped_as_demanded((Span){ text, size });
                                assert_unescaped_again((Span){ text, size });
                        }
}

static void test_any_two_bytes_side_by_side_are_told_apart(void **state _unused_) {
        char text[16];

        for (size_t at = 0; at + 1 < sizeof(text); at++)
                for (int c = 0; c < 256; c++)
                        for (size_t i = 0; i < sizeof(tricky); i++) {
                                memset(text, 'x', sizeof(text));
                                text[at] = (char)c;
                                text[at + 1] = (char)tricky[i];
                                assert_escaped_as_demanded((Span){ text, sizeof(text) });
                        }
}

/* From every address too: the steps of eight bytes are not aligned. */
static void test_random_bytes_come_back_from_their_escapes(void **state _unused_) {
        uint64_t random = 1;
        char text[80];

        for (int i = 0; i < 50000; i++) {
                size_t begin = next_random(&random) % 9, size = next_random(&random) % (sizeof(text) - 9);
                unsigned rate = (unsigned)(1 + next_random(&random) % 20);

                for (size_t at = 0; at < size; at++)
                        text[begin + at] = next_random(&random) % rate == 0
                                                   ? (char)tricky[next_random(&random) % sizeof(tricky)]
                                                   : (char)next_random(&random);
                assert_escaped_as_demanded((Span){ text + begin, size });
                assert_unescaped_again((Span){ text + begin, size });
        }
}

static size_t encode_utf8(char *to, uint32_t c) {
        if (c < 0x80) {
                to[0] = (char)c;
                return 1;
        }
        if (c < 0x800) {
                to[0] = (char)(0xc0 | c >> 6);
                to[1] = (char)(0x80 | (c & 0x3f));
                return 2;
        }
        if (c < 0x10000) {
                to[0] = (char)(0xe0 | c >> 12);
                to[1] = (char)(0x80 | (c >> 6 & 0x3f));
                to[2] = (char)(0x80 | (c & 0x3f));
                return 3;
        }
        to[0] = (char)(0xf0 | c >> 18);
        to[1] = (char)(0x80 | (c >> 12 & 0x3f));
        to[2] = (char)(0x80 | (c >> 6 & 0x3f));
        to[3] = (char)(0x80 | (c & 0x3f));
        return 4;
}

/* A code point, with those that are special to JSON or UTF-8 more often than by chance; no surrogate. */
static uint32_t random_code_point(uint64_t *random) {
        static const uint32_t edges[] = { 0,      0x1f,   0x20,   '"',    '\\',    0x7f,
                                          0x80,   0x7ff,  0x800,  0x2028, 0x2029,  0xd7ff,
                                          0xe000, 0xfeff, 0xfffd, 0xffff, 0x10000, 0x10ffff };
        uint32_t c;

        switch (next_random(random) % 4) {
        case 0:
                return edges[next_random(random) % ARRAY_SIZE(edges)];
        case 1:
                return (uint32_t)(next_random(random) % 0x80);
        default:
                c = (uint32_t)(next_random(random) % 0x110000);
                return c >= 0xd800 && c <= 0xdfff ? 'x' : c;
        }
}

static void test_random_utf8_is_read_by_another_parser(void **state _unused_) {
        uint64_t random = 2;
        char text[4 * 60];

        for (int i = 0; i < 20000; i++) {
                size_t n = next_random(&random) % 60, size = 0;

                for (size_t at = 0; at < n; at++)
                        size += encode_utf8(text + size, random_code_point(&random));
                assert_all((Span){ text, size });
        }
}

static void test_a_plain_text_of_any_length_is_its_own_escape(void **state _unused_) {
        char text[64];

        for (size_t size = 0; size <= sizeof(text); size++) {
                _cleanup_(buf_deinit) Buf escaped = BUF_NULL;

                memset(text, '~', sizeof(text));
                json_append_escaped(&escaped, (Span){ text, size });
                assert_int_equal(escaped.size, size);
                assert_true(span_equal(buf_span(&escaped), (Span){ text, size }));
        }
}

static void test_a_large_text_of_escapes_alone_is_written_whole(void **state _unused_) {
        static char text[1024 * 1024];
        _cleanup_(buf_deinit) Buf escaped = BUF_NULL;

        memset(text, 0x1f, sizeof(text));
        json_append_escaped(&escaped, (Span){ text, sizeof(text) });
        assert_int_equal(escaped.size, 6 * sizeof(text));
        assert_unescaped_again((Span){ text, sizeof(text) });
}

static void test_what_is_appended_stands_after_what_was_there(void **state _unused_) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        buf_append_literal(&buf, "[");
        json_append_string(&buf, SPAN_LITERAL("a\"b"));
        buf_append_literal(&buf, ",");
        json_append_unescaped(&buf, SPAN_LITERAL("c\\\"d"));
        assert_true(span_equal(buf_span(&buf), SPAN_LITERAL("[\"a\\\"b\",c\"d")));
}

static void test_an_absent_text_is_null(void **state _unused_) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        json_append_string(&buf, SPAN_NULL);
        assert_true(span_equal(buf_span(&buf), SPAN_LITERAL("null")));
}

static void test_an_empty_text_is_an_empty_string(void **state _unused_) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        json_append_string(&buf, SPAN_LITERAL(""));
        assert_true(span_equal(buf_span(&buf), SPAN_LITERAL("\"\"")));
        assert_all(SPAN_LITERAL(""));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_byte_is_escaped_as_json_demands),
                cmocka_unit_test(test_every_byte_comes_back_from_its_escape),
                cmocka_unit_test(test_every_ascii_character_is_read_by_another_parser),
                cmocka_unit_test(test_a_byte_is_found_at_every_place_of_every_length),
                cmocka_unit_test(test_any_two_bytes_side_by_side_are_told_apart),
                cmocka_unit_test(test_random_bytes_come_back_from_their_escapes),
                cmocka_unit_test(test_random_utf8_is_read_by_another_parser),
                cmocka_unit_test(test_a_plain_text_of_any_length_is_its_own_escape),
                cmocka_unit_test(test_a_large_text_of_escapes_alone_is_written_whole),
                cmocka_unit_test(test_what_is_appended_stands_after_what_was_there),
                cmocka_unit_test(test_an_absent_text_is_null),
                cmocka_unit_test(test_an_empty_text_is_an_empty_string),
        };

        return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
