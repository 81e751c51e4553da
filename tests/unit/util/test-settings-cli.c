/*
 * The command line: flags, and the modes that they choose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "settings_fixture.h"

static void test_flags_take_both_forms(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

        load(ARGV("--data", "a=b", "--access-log=--x=y", "--listen", "h:1", "--threads=3"), no_environment,
             &settings);
        assert_string_equal(settings.data, "a=b");
        assert_string_equal(settings.access_log, "--x=y");
        assert_string_equal(settings.listen.host, "h");
        assert_int_equal(settings.threads, 3);
}

static void test_what_is_no_flag_is_refused(void **state _unused_) {
        refused(ARGV("serve"), no_environment, "\"serve\" is no flag, and conferd takes nothing else");
        refused(ARGV("--data", "x", "y"), no_environment, "\"y\" is no flag, and conferd takes nothing else");
        refused(ARGV(""), no_environment, "\"\" is no flag, and conferd takes nothing else");
        refused(ARGV("--data"), no_environment, "--data: needs a value");
        refused(ARGV("--data", "--listen", "h:1"), no_environment, "--data: needs a value");
        refused(ARGV("--data", "x", "--data=x"), no_environment, "--data: is given twice");
}

static InvocationMode mode_of(char **argv, char **environment, const char *file) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;
        _cleanup_(invocation_deinit) Invocation invocation = INVOCATION_NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = settings_load(argc_of(argv), argv, environment, &settings, &invocation, &problem);
        assert_string_equal(problem.text, "");
        assert_int_equal(r, 0);
        if (file)
                assert_string_equal(invocation.file, file);
        else
                assert_null(invocation.file);
        return invocation.mode;
}

static void test_modes_are_recognised(void **state _unused_) {
        assert_int_equal(mode_of(no_flags, no_environment, NULL), INVOCATION_SERVE);
        assert_int_equal(mode_of(ARGV("--help"), no_environment, NULL), INVOCATION_HELP);
        assert_int_equal(mode_of(ARGV("--version"), no_environment, NULL), INVOCATION_VERSION);
        assert_int_equal(mode_of(ARGV("--manual"), no_environment, NULL), INVOCATION_MANUAL);
        assert_int_equal(mode_of(ARGV("--verify", "--data", "x"), no_environment, NULL), INVOCATION_VERIFY);
        assert_int_equal(mode_of(ARGV("--data=x", "--backup", "b"), no_environment, "b"), INVOCATION_BACKUP);
        assert_int_equal(mode_of(ARGV("--restore=b=c", "--data=x"), no_environment, "b=c"),
                         INVOCATION_RESTORE);
        assert_int_equal(mode_of((char *[]){ NULL }, no_environment, NULL), INVOCATION_SERVE);
}

static void test_modes_exclude_each_other(void **state _unused_) {
        refused(ARGV("--verify", "--backup", "b"), no_environment,
                "--backup: does not go together with --verify");
        refused(ARGV("--backup=a", "--restore=b"), no_environment,
                "--restore: does not go together with --backup");
        refused(ARGV("--backup=a", "--backup=b"), no_environment, "--backup: is given twice");
        refused(ARGV("--help", "--help"), no_environment, "--help: is given twice");
        refused(ARGV("--backup"), no_environment, "--backup: needs a value");
        refused(ARGV("--backup", "--verify"), no_environment, "--backup: needs a value");
        refused(ARGV("--restore="), no_environment, "--restore: must not be empty");
        refused(ARGV("--verify=now"), no_environment, "--verify: takes no value");
        refused(ARGV("--verify", "now"), no_environment,
                "\"now\" is no flag, and conferd takes nothing else");
}

static void test_help_is_to_be_had_when_settings_are_wrong(void **state _unused_) {
        char **environment =
                ENVIRONMENT("CONFER_THREADS=many", "CONFER_NONSENSE=1", "CONFER_CONFIG=missing.yaml");

        assert_int_equal(mode_of(ARGV("--help"), environment, NULL), INVOCATION_HELP);
        assert_int_equal(mode_of(ARGV("--threads=many", "--version"), environment, NULL), INVOCATION_VERSION);
        assert_int_equal(mode_of(ARGV("--manual"), environment, NULL), INVOCATION_MANUAL);
        refused(ARGV("--help", "--nonsense"), environment,
                "--nonsense: there is no such flag, see conferd --help");
        refused(ARGV("--verify"), ENVIRONMENT("CONFER_THREADS=65"),
                "CONFER_THREADS: 65 is above the most, 64 threads");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_flags_take_both_forms),
                cmocka_unit_test(test_what_is_no_flag_is_refused),
                cmocka_unit_test(test_modes_are_recognised),
                cmocka_unit_test(test_modes_exclude_each_other),
                cmocka_unit_test(test_help_is_to_be_had_when_settings_are_wrong),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
