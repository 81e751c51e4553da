/*
 * The table of fields of a mirror: each row is whole, its default within its range, and the manual has it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mirror/fields.h"
#include "model/macros.h"

/* Defaults go through the checks of mirror_field_set(), so that those that are set are within their ranges.
 */
static void test_every_default_is_within_its_range(void **state _unused_) {
        for (MirrorKind kind = 0; kind < MIRROR_KIND_N; kind++) {
                _cleanup_(mirror_options_deinit) MirrorOptions options = MIRROR_OPTIONS_NULL;
                Problem problem = PROBLEM_NULL;

                assert_int_equal(mirror_options_init(&options, "a", kind), 0);
                assert_int_equal(mirror_options_check(&options, &problem), 0);
                assert_string_equal(problem.text, "");
        }
}

static void test_every_row_is_well_formed(void **state _unused_) {
        size_t n;
        const MirrorField *table = mirror_fields(&n);

        for (size_t i = 0; i < n; i++) {
                const MirrorField *row = &table[i];

                assert_int_equal(strspn(row->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(row->name));
                assert_true(row->min <= row->max);
                assert_true(row->unit != SETTING_UNIT_MS || strstr(row->name, "_ms"));
                assert_true(row->unit != SETTING_UNIT_BYTES || strstr(row->name, "_bytes"));
                assert_int_equal(row->sentence[strlen(row->sentence) - 1], '.');
                assert_true(!mirror_field_is_secret(row) || !row->default_text);
                assert_true(mirror_field_is_list(row) == (row->n_offset != 0));
        }
}

/* A name has one row for a kind at most, and all its rows are for the same member. */
static void test_rows_of_one_name_are_for_different_kinds(void **state _unused_) {
        size_t n;
        const MirrorField *table = mirror_fields(&n);

        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < i; k++)
                        if (strcmp(table[i].name, table[k].name) == 0) {
                                assert_false(table[i].kinds & table[k].kinds);
                                assert_int_equal(table[i].offset, table[k].offset);
                                assert_int_equal(mirror_field_is_list(&table[i]),
                                                 mirror_field_is_list(&table[k]));
                        }
}

static void append_quantity(Buf *to, const MirrorField *row, uint64_t value) {
        if (row->unit == SETTING_UNIT_BYTES || row->unit == SETTING_UNIT_MS)
                settings_append_integer(to, row->unit, value);
        else
                buf_append_u64(to, value);
}

static void append_default(Buf *to, const MirrorField *row) {
        if (row->is_required) {
                buf_append_string(to, "needed");
                return;
        }
        if (!row->default_text || !*row->default_text) {
                buf_append_string(to, row->default_text ? "empty" : "none");
                return;
        }

        buf_append_format(to, "`%s`", row->default_text);
        if (row->type == MIRROR_FIELD_INTEGER) {
                buf_append_string(to, " (");
                append_quantity(to, row, row->min);
                buf_append_string(to, " to ");
                append_quantity(to, row, row->max);
                buf_append_char(to, ')');
        }
}

static void append_choices(Buf *to, const MirrorField *row) {
        for (size_t i = 0; row->choices && row->choices[i]; i++)
                buf_append_format(to, "%s`%s`", i ? ", " : " One of ", row->choices[i]);
        if (row->choices)
                buf_append_char(to, '.');
}

/* A row as the manual has it. */
static char *row_of_manual(const MirrorField *row) {
        Buf to = BUF_NULL;

        buf_append_format(&to, "| `%s` | ", row->name);
        if (row->kinds == (1U << MIRROR_KIND_N) - 1)
                buf_append_string(&to, "all");
        else if (row->kinds == MIRROR_KINDS_OF_MIRRORS)
                buf_append_string(&to, "mirrors");
        else
                mirror_kinds_append(&to, row->kinds);
        buf_append_string(&to, " | ");
        append_default(&to, row);
        buf_append_format(&to, " | %s", row->sentence);
        append_choices(&to, row);
        buf_append_string(&to, " |\n");
        return buf_take_string(&to);
}

static char *manual_read(void) {
        FILE *file = fopen("docs/mirrors.md", "r");
        Buf text = BUF_NULL;
        char *room = buf_reserve(&text, 1024 * 1024);

        assert_non_null(file);
        assert_non_null(room);
        buf_advance(&text, fread(room, 1, 1024 * 1024, file));
        assert_int_equal(fclose(file), 0);
        return buf_take_string(&text);
}

static void test_the_manual_has_the_table(void **state _unused_) {
        _cleanup_(freep) char *manual = manual_read();
        const char *at = strstr(manual, "| field | for | default | what |\n|---|---|---|---|\n");
        size_t n;
        const MirrorField *table = mirror_fields(&n);

        assert_non_null(at);
        at = strstr(at, "---|\n") + strlen("---|\n");
        for (size_t i = 0; i < n; i++) {
                _cleanup_(freep) char *row = row_of_manual(&table[i]);

                if (strncmp(at, row, strlen(row)) != 0)
                        fail_msg("docs/mirrors.md has to have here: %s", row);
                at += strlen(row);
        }
        assert_int_equal(*at, '\n');
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_default_is_within_its_range),
                cmocka_unit_test(test_every_row_is_well_formed),
                cmocka_unit_test(test_rows_of_one_name_are_for_different_kinds),
                cmocka_unit_test(test_the_manual_has_the_table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
