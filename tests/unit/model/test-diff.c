#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/diff.h"
#include "model/macros.h"

#define HEADER "--- old\n+++ new\n"

static void assert_diff(const char *from, const char *to, const char *expected) {
        _cleanup_(buf_deinit) Buf diff = BUF_NULL;
        _cleanup_(freep) char *text = NULL;

        assert_true(diff_unified(span_from_string(from), span_from_string(to), "old", "new", &diff));
        text = buf_take_string(&diff);
        assert_string_equal(text, expected);
}

/* xorshift64*, so that a failure comes back with its seed. */
static uint64_t random_next(uint64_t *random) {
        *random ^= *random >> 12;
        *random ^= *random << 25;
        *random ^= *random >> 27;
        return *random * UINT64_C(0x2545f4914f6cdd1d);
}

static size_t random_below(uint64_t *random, size_t bound) {
        return (size_t)((random_next(random) >> 33) % bound);
}

/* Takes a line with its LF off the front of *rest. */
static Span take_line(Span *rest) {
        const char *newline = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;
        size_t size = newline ? (size_t)(newline - rest->data) + 1 : rest->size;
        Span line = { rest->data, size };

        rest->data += size;
        rest->size -= size;
        return line;
}

/* Reads "12,3" or "12" after @mark: the first line and the number of lines. */
static void take_range(const char **at, char mark, size_t *ret_first, size_t *ret_n) {
        char *end;

        assert_int_equal(**at, mark);
        *ret_first = strtoul(*at + 1, &end, 10);
        assert_true(end > *at + 1);
        *ret_n = 1;
        if (*end == ',') {
                *ret_n = strtoul(end + 1, &end, 10);
                assert_int_not_equal(*ret_n, 1);
        }
        *at = end + 1;
}

/* A text that a diff is applied to, and what has been read and written of it. */
typedef struct Applier {
        Span rest;
        size_t n_read, n_written;
        Buf result;
} Applier;

static void copy_lines_before(Applier *applier, size_t n_read) {
        assert_true(applier->n_read <= n_read);
        for (; applier->n_read < n_read; applier->n_read++) {
                assert_true(applier->rest.size > 0);
                buf_append_span(&applier->result, take_line(&applier->rest));
                applier->n_written++;
        }
}

/* A line of the diff without its LF, when the marker for a missing one follows. */
static Span take_body_line(Span *diff) {
        Span line = take_line(diff);

        assert_true(line.size > 0);
        if (span_starts_with(*diff, SPAN_LITERAL("\\ No newline at end of file\n"))) {
                line.size--;
                (void)take_line(diff);
        }
        return (Span){ line.data + 1, line.size - 1 };
}

static void apply_hunk(Applier *applier, Span *diff) {
        size_t from, n_from, to, n_to;
        const char *at;

        assert_true(span_starts_with(*diff, SPAN_LITERAL("@@ ")));
        at = diff->data + 3;
        take_range(&at, '-', &from, &n_from);
        take_range(&at, '+', &to, &n_to);
        assert_memory_equal(at, "@@\n", 3);
        (void)take_line(diff);

        copy_lines_before(applier, n_from ? from - 1 : from);
        assert_int_equal(applier->n_written, n_to ? to - 1 : to);

        while (n_from > 0 || n_to > 0) {
                char mark = diff->data[0];
                Span line = take_body_line(diff);

                assert_non_null(strchr(" -+", mark));
                if (mark != '+') {
                        assert_true(n_from-- > 0);
                        assert_true(span_equal(take_line(&applier->rest), line));
                        applier->n_read++;
                }
                if (mark != '-') {
                        assert_true(n_to-- > 0);
                        buf_append_span(&applier->result, line);
                        applier->n_written++;
                }
        }
}

/* Applies the diff of the two texts to the first, expects the second. Return: how many lines the diff
 * changes. */
static size_t assert_applies(Span from, Span to) {
        _cleanup_(buf_deinit) Buf diff = BUF_NULL;
        Applier applier = { .rest = from, .result = BUF_NULL };
        size_t n_changes = 0;
        Span rest;

        assert_true(diff_unified(from, to, "old", "new", &diff));
        rest = buf_span(&diff);
        assert_int_equal(rest.size == 0, span_equal(from, to));
        if (rest.size > 0) {
                assert_true(span_starts_with(rest, SPAN_LITERAL(HEADER)));
                rest = (Span){ rest.data + strlen(HEADER), rest.size - strlen(HEADER) };
        }
        for (Span lines = rest; lines.size > 0;) {
                Span line = take_line(&lines);

                n_changes += line.data[0] == '-' || line.data[0] == '+';
        }

        while (rest.size > 0)
                apply_hunk(&applier, &rest);
        buf_append_span(&applier.result, applier.rest);
        assert_true(span_equal(buf_span(&applier.result), to));
        buf_deinit(&applier.result);
        return n_changes;
}

static void test_equal_texts_have_no_diff(void **state _unused_) {
        assert_diff("", "", "");
        assert_diff("a\nb\n", "a\nb\n", "");
        assert_diff("a", "a", "");
}

static void test_an_absent_text_is_an_empty_one(void **state _unused_) {
        _cleanup_(buf_deinit) Buf diff = BUF_NULL;

        assert_true(diff_unified(SPAN_NULL, SPAN_LITERAL(""), "old", "new", &diff));
        assert_int_equal(diff.size, 0);
        assert_int_equal(assert_applies(SPAN_NULL, SPAN_LITERAL("a\n")), 1);
        assert_int_equal(assert_applies(SPAN_LITERAL("a\n"), SPAN_NULL), 1);
}

static void test_a_changed_line_stands_between_three_lines_of_context(void **state _unused_) {
        assert_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
                    HEADER "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

static void test_context_ends_with_the_text(void **state _unused_) {
        assert_diff("1\n2\n", "one\n2\n", HEADER "@@ -1,2 +1,2 @@\n-1\n+one\n 2\n");
        assert_diff("1\n2\n", "1\ntwo\n", HEADER "@@ -1,2 +1,2 @@\n 1\n-2\n+two\n");
}

static void test_a_count_of_one_is_left_out(void **state _unused_) {
        assert_diff("1\n", "2\n", HEADER "@@ -1 +1 @@\n-1\n+2\n");
        assert_diff("1\n", "1\n2\n", HEADER "@@ -1 +1,2 @@\n 1\n+2\n");
}

static void test_an_empty_side_is_at_line_zero(void **state _unused_) {
        assert_diff("", "1\n", HEADER "@@ -0,0 +1 @@\n+1\n");
        assert_diff("", "1\n2\n", HEADER "@@ -0,0 +1,2 @@\n+1\n+2\n");
        assert_diff("1\n2\n", "", HEADER "@@ -1,2 +0,0 @@\n-1\n-2\n");
}

static void test_a_missing_last_newline_is_marked(void **state _unused_) {
        assert_diff("1", "2",
                    HEADER
                    "@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+2\n\\ No newline at end of file\n");
        assert_diff("1\n", "1", HEADER "@@ -1 +1 @@\n-1\n+1\n\\ No newline at end of file\n");
        assert_diff("1", "1\n", HEADER "@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+1\n");
        assert_diff("1\n2", "one\n2", HEADER "@@ -1,2 +1,2 @@\n-1\n+one\n 2\n\\ No newline at end of file\n");
        assert_diff("", "\n", HEADER "@@ -0,0 +1 @@\n+\n");
}

static void test_a_carriage_return_is_part_of_its_line(void **state _unused_) {
        assert_diff("1\n", "1\r\n", HEADER "@@ -1 +1 @@\n-1\n+1\r\n");
        assert_diff("1\r2\r", "1\r3\r",
                    HEADER "@@ -1 +1 @@\n-1\r2\r\n\\ No newline at end of file\n+1\r3\r\n\\ No newline at "
                           "end of file\n");
}

static void test_six_lines_between_changes_share_a_hunk(void **state _unused_) {
        assert_diff("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
                    HEADER "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
}

static void test_seven_lines_between_changes_part_the_hunks(void **state _unused_) {
        assert_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "1\n2\n3\n4\n5\n6\n7\nB\nC\n",
                    HEADER "@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -6,4 +5,5 @@\n 5\n 6\n 7\n-b\n+B\n+C\n");
}

static void test_labels_are_written_as_they_are(void **state _unused_) {
        _cleanup_(buf_deinit) Buf diff = BUF_NULL;

        assert_true(
                diff_unified(SPAN_LITERAL("1\n"), SPAN_LITERAL("2\n"), "app.json version 1", "%s", &diff));
        assert_true(span_starts_with(buf_span(&diff), SPAN_LITERAL("--- app.json version 1\n+++ %s\n@@")));
}

static void test_the_diff_is_appended_to_what_is_there(void **state _unused_) {
        _cleanup_(buf_deinit) Buf diff = BUF_NULL;

        buf_append_literal(&diff, "before");
        assert_true(diff_unified(SPAN_LITERAL("1\n"), SPAN_LITERAL("1\n"), "old", "new", &diff));
        assert_int_equal(diff.size, 6);
        assert_true(diff_unified(SPAN_LITERAL("1\n"), SPAN_LITERAL(""), "old", "new", &diff));
        assert_true(span_starts_with(buf_span(&diff), SPAN_LITERAL("before--- old\n")));
}

static void test_a_failed_buffer_is_reported(void **state _unused_) {
        _cleanup_(buf_deinit) Buf diff = BUF_NULL;

        assert_null(buf_reserve(&diff, SIZE_MAX));
        assert_false(diff_unified(SPAN_LITERAL("1\n"), SPAN_LITERAL("2\n"), "old", "new", &diff));
}

static void test_any_bytes_make_a_text(void **state _unused_) {
        assert_int_equal(assert_applies(SPAN_LITERAL("\0\n\xff\n\0"), SPAN_LITERAL("\0\n\xfe\n\0\n")), 4);
        assert_int_equal(assert_applies(SPAN_LITERAL("\0"), SPAN_LITERAL("\0\0")), 2);
}

/* Up to @max_lines lines of few kinds, some with CR, often without a last newline. */
static void append_random_lines(Buf *text, uint64_t *random, size_t max_lines) {
        size_t n_kinds = 1 + random_below(random, 12);

        for (size_t n = random_below(random, max_lines + 1); n > 0; n--)
                buf_append_format(text, "%zu%s\n", random_below(random, n_kinds),
                                  random_below(random, 9) ? "" : "\r");
        if (text->size > 0 && random_below(random, 3) == 0)
                text->size--;
}

/* What editing leaves of @from: most of its lines, with some removed, doubled or new. */
static void append_edited(Buf *to, Span from, uint64_t *random) {
        size_t rarity = 2 + random_below(random, 20);

        while (from.size > 0) {
                Span line = take_line(&from);
                size_t edit = random_below(random, 3 * rarity);

                if (edit != 0)
                        buf_append_span(to, line);
                if (edit == 1)
                        buf_append_span(to, line);
                if (edit == 2)
                        buf_append_literal(to, "new\n");
        }
}

/* The fewest lines that must change, by the textbook table of longest common subsequences. */
static size_t fewest_changes(Span from, Span to) {
        static size_t table[128][128];
        Span from_lines[127], to_lines[127];
        size_t n_from = 0, n_to = 0;

        while (from.size > 0)
                from_lines[n_from++] = take_line(&from);
        while (to.size > 0)
                to_lines[n_to++] = take_line(&to);

        for (size_t i = 0; i <= n_from; i++)
                for (size_t j = 0; j <= n_to; j++)
                        if (i == 0 || j == 0)
                                table[i][j] = i + j;
                        else if (span_equal(from_lines[i - 1], to_lines[j - 1]))
                                table[i][j] = table[i - 1][j - 1];
                        else
                                table[i][j] = 1 + MIN(table[i - 1][j], table[i][j - 1]);
        return table[n_from][n_to];
}

static void test_any_two_small_texts_have_a_shortest_diff_that_applies(void **state _unused_) {
        uint64_t random = 4711;

        for (int round = 0; round < 5000; round++) {
                _cleanup_(buf_deinit) Buf from = BUF_NULL, to = BUF_NULL;

                append_random_lines(&from, &random, 40);
                if (round % 2)
                        append_random_lines(&to, &random, 40);
                else
                        append_edited(&to, buf_span(&from), &random);

                assert_int_equal(assert_applies(buf_span(&from), buf_span(&to)),
                                 fewest_changes(buf_span(&from), buf_span(&to)));
        }
}

static void test_any_two_large_texts_have_a_diff_that_applies(void **state _unused_) {
        uint64_t random = 4712;

        for (int round = 0; round < 40; round++) {
                _cleanup_(buf_deinit) Buf from = BUF_NULL, to = BUF_NULL;

                append_random_lines(&from, &random, 20000);
                if (round % 2)
                        append_random_lines(&to, &random, 20000);
                else
                        append_edited(&to, buf_span(&from), &random);
                (void)assert_applies(buf_span(&from), buf_span(&to));
        }
}

/* Far beyond the bound on the work, so the last part is one replacement. */
static void test_unlike_texts_of_a_mebibyte_have_a_diff_that_applies(void **state _unused_) {
        _cleanup_(buf_deinit) Buf from = BUF_NULL, to = BUF_NULL;
        uint64_t random = 4713;

        while (from.size < 1 << 20)
                buf_append_format(&from, "%zu\n", random_below(&random, 3));
        while (to.size < 1 << 20)
                buf_append_format(&to, "%zu\n", random_below(&random, 3));
        assert_true(assert_applies(buf_span(&from), buf_span(&to)) < (from.size + to.size) / 2);
}

static void test_an_edit_in_a_large_text_changes_only_its_lines(void **state _unused_) {
        _cleanup_(buf_deinit) Buf from = BUF_NULL, to = BUF_NULL;

        for (int i = 0; i < 50000; i++) {
                buf_append_format(&from, "  \"key%d\": %d,\n", i, i % 7);
                buf_append_format(&to, "  \"key%d\": %d,\n", i, i % 1000 ? i % 7 : 9);
        }
        assert_int_equal(assert_applies(buf_span(&from), buf_span(&to)), 100);
}

/* All of one text's lines are the other's, in the opposite order: the worst case that has no lonely lines. */
static void test_a_reversed_text_has_a_diff_that_applies(void **state _unused_) {
        _cleanup_(buf_deinit) Buf from = BUF_NULL, to = BUF_NULL;

        for (int i = 0; i < 20000; i++) {
                buf_append_format(&from, "%d\n", i);
                buf_append_format(&to, "%d\n", 20000 - i);
        }
        assert_true(assert_applies(buf_span(&from), buf_span(&to)) > 39000);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_equal_texts_have_no_diff),
                cmocka_unit_test(test_an_absent_text_is_an_empty_one),
                cmocka_unit_test(test_a_changed_line_stands_between_three_lines_of_context),
                cmocka_unit_test(test_context_ends_with_the_text),
                cmocka_unit_test(test_a_count_of_one_is_left_out),
                cmocka_unit_test(test_an_empty_side_is_at_line_zero),
                cmocka_unit_test(test_a_missing_last_newline_is_marked),
                cmocka_unit_test(test_a_carriage_return_is_part_of_its_line),
                cmocka_unit_test(test_six_lines_between_changes_share_a_hunk),
                cmocka_unit_test(test_seven_lines_between_changes_part_the_hunks),
                cmocka_unit_test(test_labels_are_written_as_they_are),
                cmocka_unit_test(test_the_diff_is_appended_to_what_is_there),
                cmocka_unit_test(test_a_failed_buffer_is_reported),
                cmocka_unit_test(test_any_bytes_make_a_text),
                cmocka_unit_test(test_any_two_small_texts_have_a_shortest_diff_that_applies),
                cmocka_unit_test(test_any_two_large_texts_have_a_diff_that_applies),
                cmocka_unit_test(test_unlike_texts_of_a_mebibyte_have_a_diff_that_applies),
                cmocka_unit_test(test_an_edit_in_a_large_text_changes_only_its_lines),
                cmocka_unit_test(test_a_reversed_text_has_a_diff_that_applies),
        };

        return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
