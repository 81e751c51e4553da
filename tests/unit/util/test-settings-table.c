/*
 * The table of settings: each row is whole, and its default within its range.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "settings_fixture.h"

/* Defaults go through the checks of settings_set(), so that those that load are within their ranges. */
static void test_every_default_is_within_its_range(void **state _unused_) {
        size_t n;
        const Setting *table = settings_table(&n);

        for (size_t i = 0; i < n; i++) {
                _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;
                Problem problem = PROBLEM_NULL;

                if (table[i].flags & SETTING_SECRET) {
                        assert_null(table[i].default_text);
                        continue;
                }

                assert_non_null(table[i].default_text);
                assert_int_equal(settings_set(&settings, &table[i], span_from_string(table[i].default_text),
                                              (SettingsOrigin){ SETTINGS_DEFAULT, 0 }, &problem),
                                 0);
        }
}

static void test_every_row_is_well_formed(void **state _unused_) {
        char label[SETTINGS_LABEL_MAX];
        size_t n;
        const Setting *table = settings_table(&n);

        for (size_t i = 0; i < n; i++) {
                assert_int_equal(strspn(table[i].name, "abcdefghijklmnopqrstuvwxyz_"), strlen(table[i].name));
                assert_true(table[i].min <= table[i].max);
                assert_true(table[i].unit != SETTING_UNIT_MS || strstr(table[i].name, "_ms"));
                assert_true(table[i].unit != SETTING_UNIT_BYTES || strstr(table[i].name, "_bytes"));
                assert_int_equal(table[i].sentence[strlen(table[i].sentence) - 1], '.');
                for (SettingsSource source = 0; source < SETTINGS_SOURCE_N; source++) {
                        settings_label(table[i].name, source, label);
                        assert_ptr_equal(settings_find(span_from_string(label), source), &table[i]);
                }
        }
}

static void test_the_choices_of_log_level_are_its_enum(void **state _unused_) {
        for (LogLevel level = 0; level < LOG_LEVEL_N; level++) {
                _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;
                char variable[64];

                (void)snprintf(variable, sizeof(variable), "CONFER_LOG_LEVEL=%s", log_level_to_string(level));
                load(no_flags, ENVIRONMENT(variable), &settings);
                assert_int_equal(settings.log_level, level);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_default_is_within_its_range),
                cmocka_unit_test(test_every_row_is_well_formed),
                cmocka_unit_test(test_the_choices_of_log_level_are_its_enum),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
