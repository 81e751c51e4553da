/*
 * What --help prints: every row, and no wider than a terminal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "settings_fixture.h"

static void test_the_help_has_every_row(void **state _unused_) {
        _cleanup_(freep) char *text = NULL;
        char label[SETTINGS_LABEL_MAX + 3];
        const SettingsOption *options;
        Buf help = BUF_NULL;
        size_t n;
        const Setting *table = settings_table(&n);

        settings_help(&help);
        text = buf_take_string(&help);
        assert_non_null(text);

        for (size_t i = 0; i < n; i++) {
                bool is_secret = table[i].flags & SETTING_SECRET;

                memcpy(label, "\n  ", 3);
                settings_label(table[i].name, is_secret ? SETTINGS_ENVIRONMENT : SETTINGS_FLAG, label + 3);
                assert_has(text, label);
        }

        options = settings_options(&n);
        for (size_t i = 0; i < n; i++) {
                settings_label(options[i].name, SETTINGS_FLAG, label + 3);
                assert_has(text, label);
        }

        for (SettingGroup group = 0; group < SETTING_GROUP_N; group++)
                assert_has(text, settings_group_to_string(group));
        assert_has(text, "Default: 32 MiB (64 KiB to 1 GiB)\n");
        assert_has(text, "Default: 10000 (16 to 1000000 connections)\n");
        assert_has(text, "Default: 30 min (1 min to 30 d)\n");
        assert_has(text, "Default: info (error, warning, info or debug)\n");
        assert_null(strstr(text, "--admin"));
}

static void test_the_help_fits_80_columns(void **state _unused_) {
        _cleanup_(buf_deinit) Buf help = BUF_NULL;
        size_t column = 0;

        settings_help(&help);
        for (size_t i = 0; i < help.size; i++) {
                column = help.data[i] == '\n' ? 0 : column + 1;
                assert_in_range(column, 0, 80);
                assert_false(help.data[i] == '\n' && help.data[i - 1] == ' ');
        }
        assert_int_equal(column, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_help_has_every_row),
                cmocka_unit_test(test_the_help_fits_80_columns),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
