/*
 * The file of settings: what of YAML it may be, and how its faults are told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "settings_fixture.h"
#include "util/settings_yaml.h"

static void test_a_file_is_read(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

        load_file("\xef\xbb\xbf# of the test\n"
                  "%YAML 1.1\n"
                  "---\n"
                  "listen: \"[::1]:0\"   # quoted, since YAML has brackets of its own\n"
                  "data: &place /srv/confer\n" /* an anchor that nobody uses */
                  "access_log: '/srv/it''s'\n"
                  "metrics_public: false\n"
                  "body_max_bytes: 16 MiB\n"
                  "'query_timeout_ms': 2s\n"
                  "log_level: debug\r\n"
                  "...\n",
                  &settings);
        assert_string_equal(settings.listen.host, "::1");
        assert_string_equal(settings.data, "/srv/confer");
        assert_string_equal(settings.access_log, "/srv/it's");
        assert_false(settings.metrics_public);
        assert_int_equal(settings.body_max_bytes, 16777216);
        assert_int_equal(settings.query_timeout_ms, 2000);
        assert_int_equal(settings.log_level, LOG_LEVEL_DEBUG);
        assert_string_equal(settings.config, "confer.yaml");
        assert_int_equal(settings.origins[0].source, SETTINGS_FILE);
        assert_int_equal(settings.origins[0].line, 5);
}

static void test_a_file_may_say_nothing(void **state _unused_) {
        static const char *const texts[] = { "",        "\n",   "# nothing yet\n", "---\n",
                                             "--- ~\n", "{}\n", "---\n...\n" };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

                load_file(texts[i], &settings);
                assert_string_equal(settings.data, "./confer-data");
        }
}

static void test_a_fault_in_the_file_names_its_line(void **state _unused_) {
        Problem problem;

        problem = refused_file("threads: 1\n\n# large\n\n\n\nbody_max_bytes: 12\n",
                               "confer.yaml:7: body_max_bytes: 12 is below the least, 65536 bytes");
        assert_int_equal(problem.line, 7);
        assert_string_equal(problem.field, "body_max_bytes");

        refused_file("threads: 1\ndata: x\nthreads: 1\n",
                     "confer.yaml:3: threads: is given twice, first in line 1");
        refused_file("{threads: 1,\n \"threads\": 1}\n",
                     "confer.yaml:2: threads: is given twice, first in line 1");
        refused_file("data: \"a\\0b\"\n",
                     "confer.yaml:1: data: holds a control character, such as a line break");
        refused_file("log_level: 1\n",
                     "confer.yaml:1: log_level: \"1\" is not one of error, warning, info, debug");
        refused_file("listen: 8750\n",
                     "confer.yaml:1: listen: \"8750\" is not HOST:PORT, such as 127.0.0.1:8750 or "
                     "[::1]:8750");
}

static void test_a_file_is_flat(void **state _unused_) {
        refused_file("\nlisten:\n  host: localhost\n",
                     "confer.yaml:2: listen: takes one value, not a mapping");
        refused_file("listen: [localhost, 8750]\n", "confer.yaml:1: listen: takes one value, not a list");
        refused_file("- listen\n",
                     "confer.yaml:1: a mapping of settings is expected, such as listen: 127.0.0.1:8750");
        refused_file("\nlisten\n",
                     "confer.yaml:2: a mapping of settings is expected, such as listen: 127.0.0.1:8750");
        refused_file("threads: 1\n? [a, b]\n: 1\n", "confer.yaml:2: the name of a setting is expected here");
        refused_file("http:\n  body_max_bytes: 1\n",
                     "confer.yaml:1: http: there is no such setting, see conferd --help");
        refused_file("a: &a [x]\nb: *a\n", "confer.yaml:1: a: there is no such setting, see conferd --help");
}

static void test_a_missing_value_is_refused(void **state _unused_) {
        static const char *const texts[] = { "\naccess_log:\n", "\naccess_log: ~\n", "\naccess_log: null\n" };
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                refused_file(texts[i], "confer.yaml:2: access_log: has no value; leave the line out for the "
                                       "default, or write "
                                       "\"\"");

        load_file("access_log: \"\"\ndata: 'null'\n", &settings);
        assert_string_equal(settings.access_log, "");
        assert_string_equal(settings.data, "null");
}

static void test_a_file_has_one_document(void **state _unused_) {
        refused_file("threads: 1\n---\nthreads: 2\n",
                     "confer.yaml:2: a second document begins here, a file of settings has one");
        refused_file("threads: 1\n---\n",
                     "confer.yaml:2: a second document begins here, a file of settings has one");
}

static void test_broken_yaml_names_its_line(void **state _unused_) {
        refused_file("threads: 1\ndata: a: b\n",
                     "confer.yaml:2: is not valid YAML: mapping values are not allowed in this context");
        refused_file("threads:\n\t1\n",
                     "confer.yaml:2: is not valid YAML: found character that cannot start any token "
                     "while scanning for the next token");
        refused_file("threads: \"1", "confer.yaml:1: is not valid YAML: found unexpected end of stream while "
                                     "scanning a quoted scalar");
        refused_file("{threads: 1,\n",
                     "confer.yaml:2: is not valid YAML: did not find expected node content while "
                     "parsing a flow node");
        refused_file("threads: 1\n data: x\n",
                     "confer.yaml:1: threads: \"1 data\" is not a whole number of threads");
        refused_file("threads: *one\n", "confer.yaml:1: threads: takes one value, not an alias");
}

static void test_a_file_that_is_no_utf8_names_its_line(void **state _unused_) {
        refused_file("threads: 1\ndata: caf\xe9\n",
                     "confer.yaml:2: is not valid YAML: incomplete UTF-8 octet sequence");
        refused_file("threads: 1\n\ndata: a\x01z\n",
                     "confer.yaml:3: is not valid YAML: control characters are not allowed");

        file_write("confer.yaml",
                   "\xff\xfe"
                   "a\0:\0",
                   6);
        refused(ARGV("--config=confer.yaml"), no_environment,
                "confer.yaml:1: is not valid YAML: invalid leading UTF-8 octet");
        file_write("confer.yaml", "data: a\0b\n", 10);
        refused(ARGV("--config=confer.yaml"), no_environment,
                "confer.yaml:1: is not valid YAML: control characters are not allowed");
}

/* libyaml's work grows with the square of the depth: a mebibyte of brackets would take it half an hour. */
static void test_nested_yaml_is_refused_where_it_begins(void **state _unused_) {
        static char text[SETTINGS_FILE_MAX_BYTES];

        memset(text, '[', sizeof(text));
        file_write("confer.yaml", text, sizeof(text));
        refused(ARGV("--config=confer.yaml"), no_environment,
                "confer.yaml:1: a mapping of settings is expected, such as listen: 127.0.0.1:8750");

        memcpy(text, "data: ", 6);
        file_write("confer.yaml", text, sizeof(text));
        refused(ARGV("--config=confer.yaml"), no_environment,
                "confer.yaml:1: data: takes one value, not a list");
}

static void test_a_file_that_cannot_be_read(void **state _unused_) {
        refused(ARGV("--config", "missing.yaml"), no_environment,
                "missing.yaml: cannot be read: No such file or directory");
        refused(no_flags, ENVIRONMENT("CONFER_CONFIG=missing.yaml"),
                "missing.yaml: cannot be read: No such file or directory");
        refused(ARGV("--config", "."), no_environment, ".: cannot be read: Is a directory");
}

static void test_a_file_has_a_longest(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;
        static char text[SETTINGS_FILE_MAX_BYTES + 1];

        memset(text, '\n', sizeof(text));
        file_write("confer.yaml", text, sizeof(text));
        refused(ARGV("--config=confer.yaml"), no_environment,
                "confer.yaml: is longer than a file of settings may be, 1048576 bytes");

        file_write("confer.yaml", text, sizeof(text) - 1);
        load(ARGV("--config=confer.yaml"), no_environment, &settings);
}

static void test_of_a_long_path_the_end_is_shown(void **state _unused_) {
        char path[320], problem[384];

        (void)snprintf(path, sizeof(path), "%0290d/%s", 0, "\xc3\xa9.yaml");
        (void)snprintf(problem, sizeof(problem), "...%0112d/??.yaml: cannot be read: File name too long", 0);
        refused(ARGV("--config", path), no_environment, problem);
}

static void test_the_flag_for_the_file_wins(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL, other = SETTINGS_NULL;

        file_write("confer.yaml", "data: a\n", 8);
        file_write("other.yaml", "data: b\n", 8);
        load(no_flags, ENVIRONMENT("CONFER_CONFIG=other.yaml"), &other);
        assert_string_equal(other.data, "b");
        load(ARGV("--config=confer.yaml"), ENVIRONMENT("CONFER_CONFIG=other.yaml"), &settings);
        assert_string_equal(settings.data, "a");

        refused(no_flags, ENVIRONMENT("CONFER_CONFIG="), "CONFER_CONFIG: must not be empty");
        refused(ARGV("--config="), no_environment, "--config: must not be empty");
        refused(ARGV("--config"), no_environment, "--config: needs a value");
        refused(ARGV("--config=a", "--config=a"), no_environment, "--config: is given twice");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_file_is_read),
                cmocka_unit_test(test_a_file_may_say_nothing),
                cmocka_unit_test(test_a_fault_in_the_file_names_its_line),
                cmocka_unit_test(test_a_file_is_flat),
                cmocka_unit_test(test_a_missing_value_is_refused),
                cmocka_unit_test(test_a_file_has_one_document),
                cmocka_unit_test(test_broken_yaml_names_its_line),
                cmocka_unit_test(test_a_file_that_is_no_utf8_names_its_line),
                cmocka_unit_test(test_nested_yaml_is_refused_where_it_begins),
                cmocka_unit_test(test_a_file_that_cannot_be_read),
                cmocka_unit_test(test_a_file_has_a_longest),
                cmocka_unit_test(test_of_a_long_path_the_end_is_shown),
                cmocka_unit_test(test_the_flag_for_the_file_wins),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
