#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cli/content.h"
#include "cli/table.h"
#include "cli/tree.h"
#include "model/macros.h"

/*
 * Tables.
 */

static void assert_table(const TextTable *table, const char *expected) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;

        text_table_write(table, &text);
        buf_append_char(&text, '\0');
        assert_string_equal(text.data, expected);
}

static void columns_are_aligned(_unused_ void **state) {
        _cleanup_(text_table_deinit) TextTable table = TEXT_TABLE("KEY", "VERSION", "COMMENT");

        text_table_add(&table, "a-long-key");
        text_table_add(&table, "1");
        text_table_add(&table, "");
        text_table_add(&table, "b");
        text_table_add(&table, "1000000000");
        text_table_add(&table, "why not");
        assert_table(&table, "KEY         VERSION     COMMENT\n"
                             "a-long-key  1           -\n"
                             "b           1000000000  why not\n");
}

static void no_rows_are_no_lines(_unused_ void **state) {
        _cleanup_(text_table_deinit) TextTable table = TEXT_TABLE("KEY", "VERSION");

        assert_table(&table, "");
}

static void wide_characters_are_counted_as_wide(_unused_ void **state) {
        _cleanup_(text_table_deinit) TextTable table = TEXT_TABLE("A", "B");

        text_table_add(&table, "\u4f60\u597d");
        text_table_add(&table, "1");
        text_table_add(&table, "\u00fc");
        text_table_add(&table, "2");
        assert_table(&table, "A     B\n"
                             "\u4f60\u597d  1\n"
                             "\u00fc     2\n");
}

static void assert_tame(const char *text, const char *expected) {
        _cleanup_(freep) char *tame = text_tame(text);

        assert_string_equal(tame, expected);
}

static void a_cell_does_nothing_to_a_terminal(_unused_ void **state) {
        assert_tame("a\nb\tc", "a b c");
        assert_tame("\033[2Jx\r", "?[2Jx?");
        assert_tame("\xc2\x9b"
                    "31m",
                    "?31m");
        assert_tame("\u202eabc", "?abc");
        assert_tame("Gr\u00fc\u00dfe \U0001f600", "Gr\u00fc\u00dfe \U0001f600");
        assert_tame("\xff", "");
}

static void times_are_local(_unused_ void **state) {
        _cleanup_(freep) char *winter = NULL, *other = NULL;

        assert_int_equal(setenv("TZ", "CET-1", 1), 0);
        tzset();
        winter = time_for_people("2026-01-31T23:30:00.123Z");
        other = time_for_people("never");
        assert_string_equal(winter, "2026-02-01 00:30:00");
        assert_string_equal(other, "never");
}

/*
 * Trees.
 */

static void assert_key(const char *path, const char *key) {
        _cleanup_(freep) char *found = NULL, *back = NULL;
        const char *fault = NULL;

        found = tree_key_from_path(path, &fault);
        if (!key) {
                assert_null(found);
                assert_non_null(fault);
                return;
        }

        assert_string_equal(found, key);
        back = tree_path_from_key(found, &fault);
        assert_string_equal(back, path);
}

static void a_path_is_a_key_and_back(_unused_ void **state) {
        assert_key("a", "a");
        assert_key("a.yaml", "a.yaml");
        assert_key("a/b/c.yaml", "a:b:c.yaml");
        assert_key("a/.b", "a:.b");
        assert_key(".a", NULL);
        assert_key(".git/config", NULL);
        assert_key("a b", NULL);
        assert_key("a:b", NULL);
        assert_key("\u00fc", NULL);
}

static void assert_no_path(const char *key) {
        const char *fault = NULL;

        assert_null(tree_path_from_key(key, &fault));
        assert_non_null(fault);
}

static void no_key_leads_out_of_the_tree(_unused_ void **state) {
        assert_no_path(":etc:passwd");
        assert_no_path("a:..:..:b");
        assert_no_path("a:..");
        assert_no_path("a:.");
        assert_no_path("a::b");
        assert_no_path("a:");
        assert_no_path(":");
        assert_no_path("");
        assert_no_path("../a");
}

/*
 * Contents.
 */

static void assert_content(Span content, const char *text) {
        Problem problem = PROBLEM_NULL;

        assert_int_equal(content_check("f", content, &problem), text ? CONTENT_E_INVALID : 0);
        assert_string_equal(problem.text, text ? text : "");
}

static void a_content_is_utf8_without_nul(_unused_ void **state) {
        assert_content(SPAN_LITERAL(""), NULL);
        assert_content(SPAN_LITERAL("a\n\u00fc\n"), NULL);
        assert_content(SPAN_LITERAL("a\nb\0c"), "f: line 2, column 2: there is a NUL");
        assert_content(SPAN_LITERAL("a\n\nbc\xff"), "f: line 3, column 3: this is no UTF-8");
        assert_content(SPAN_LITERAL("\0"), "f: line 1, column 1: there is a NUL");
        assert_content(SPAN_LITERAL("\xff\0"), "f: line 1, column 1: this is no UTF-8");
}

static void a_body_is_json(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf body = BUF_NULL;

        content_append_put(&body, SPAN_LITERAL("a\"\n"), "text", "b\\", true);
        buf_append_char(&body, '\0');
        assert_string_equal(
                body.data,
                "{\"content\":\"a\\\"\\n\",\"format\":\"text\",\"comment\":\"b\\\\\",\"publish\":true}");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(columns_are_aligned),
                cmocka_unit_test(no_rows_are_no_lines),
                cmocka_unit_test(wide_characters_are_counted_as_wide),
                cmocka_unit_test(a_cell_does_nothing_to_a_terminal),
                cmocka_unit_test(times_are_local),
                cmocka_unit_test(a_path_is_a_key_and_back),
                cmocka_unit_test(no_key_leads_out_of_the_tree),
                cmocka_unit_test(a_content_is_utf8_without_nul),
                cmocka_unit_test(a_body_is_json),
        };

        (void)setlocale(LC_CTYPE, "C.UTF-8");
        return cmocka_run_group_tests(tests, NULL, NULL);
}
