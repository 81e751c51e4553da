#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/macros.h"
#include "util/settings_internal.h"

#define ARGV(...)        ((char *[]){ "conferd", __VA_ARGS__, NULL })
#define ENVIRONMENT(...) ((char *[]){ __VA_ARGS__, NULL })

static char *no_flags[] = { "conferd", NULL };
static char *no_environment[] = { NULL };

static char directory[] = "/tmp/test-settings-XXXXXX";

static int argc_of(char **argv) {
        int argc = 0;

        while (argv[argc])
                argc++;

        return argc;
}

/* Loads what must load. */
static void load(char **argv, char **environment, Settings *ret_settings) {
        Invocation invocation = INVOCATION_NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = settings_load(argc_of(argv), argv, environment, ret_settings, &invocation, &problem);
        assert_string_equal(problem.text, "");
        assert_int_equal(r, 0);
        assert_int_equal(invocation.mode, INVOCATION_SERVE);
        assert_null(invocation.file);
        invocation_deinit(&invocation);
}

/* Loads what must be refused, with @text. Returns the problem for more questions. */
static Problem refused(char **argv, char **environment, const char *text) {
        Settings settings, untouched;
        Invocation invocation = { INVOCATION_N, NULL };
        Problem problem = PROBLEM_NULL;
        int r;

        memset(&settings, 0x5a, sizeof(settings));
        memcpy(&untouched, &settings, sizeof(settings));
        r = settings_load(argc_of(argv), argv, environment, &settings, &invocation, &problem);
        assert_string_equal(problem.text, text);
        assert_int_equal(r, SETTINGS_E_INVALID);
        assert_memory_equal(&settings, &untouched, sizeof(settings));
        assert_int_equal(invocation.mode, INVOCATION_N);
        return problem;
}

static void file_write(const char *path, const void *data, size_t size) {
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(data, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
}

static void load_file(const char *text, Settings *ret_settings) {
        file_write("confer.yaml", text, strlen(text));
        load(ARGV("--config", "confer.yaml"), no_environment, ret_settings);
}

static Problem refused_file(const char *text, const char *problem) {
        file_write("confer.yaml", text, strlen(text));
        return refused(ARGV("--config", "confer.yaml"), no_environment, problem);
}

static const Setting *row(const char *name) {
        const Setting *setting = settings_find(span_from_string(name), SETTINGS_DEFAULT);

        assert_non_null(setting);
        return setting;
}

static SettingsSource source_of(const Settings *settings, const char *name) {
        size_t n;

        return settings->origins[row(name) - settings_table(&n)].source;
}

/*
 * Defaults and precedence.
 */

static void test_nothing_given_is_the_defaults(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

        load(no_flags, no_environment, &settings);
        assert_string_equal(settings.data, "./confer-data");
        assert_string_equal(settings.listen.host, "127.0.0.1");
        assert_int_equal(settings.listen.port, 8750);
        assert_int_equal(settings.threads, 0);
        assert_int_equal(settings.stop_timeout_ms, 10000);
        assert_int_equal(settings.connections_max, 10000);
        assert_int_equal(settings.body_max_bytes, 33554432);
        assert_int_equal(settings.content_max_bytes, 1048576);
        assert_int_equal(settings.headers_max_bytes, 16384);
        assert_int_equal(settings.request_timeout_ms, 10000);
        assert_int_equal(settings.query_timeout_ms, 5000);
        assert_int_equal(settings.query_threads, 2);
        assert_int_equal(settings.query_queue_max, 256);
        assert_int_equal(settings.write_queue_max, 4096);
        assert_int_equal(settings.wal_max_bytes, 67108864);
        assert_int_equal(settings.outbox_max_rows, 100000);
        assert_int_equal(settings.session_idle_ms, 1800000);
        assert_int_equal(settings.session_max_ms, 43200000);
        assert_true(settings.metrics_public);
        assert_null(settings.admin_password);
        assert_null(settings.admin_token);
        assert_string_equal(settings.access_log, "");
        assert_int_equal(settings.log_level, LOG_LEVEL_INFO);
        assert_null(settings.config);
}

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

static void test_later_places_win(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;
        static const char text[] = "query_threads: 3\nthreads: 3\ndata: three\n";

        file_write("confer.yaml", text, strlen(text));
        load(ARGV("--config", "confer.yaml", "--data=five"),
             ENVIRONMENT("CONFER_THREADS=4", "CONFER_DATA=four", "PATH=/bin"), &settings);

        assert_int_equal(settings.query_queue_max, 256);
        assert_int_equal(settings.query_threads, 3);
        assert_int_equal(settings.threads, 4);
        assert_string_equal(settings.data, "five");
        assert_int_equal(source_of(&settings, "query_queue_max"), SETTINGS_DEFAULT);
        assert_int_equal(source_of(&settings, "query_threads"), SETTINGS_FILE);
        assert_int_equal(source_of(&settings, "threads"), SETTINGS_ENVIRONMENT);
        assert_int_equal(source_of(&settings, "data"), SETTINGS_FLAG);
}

static void test_a_value_that_is_overruled_is_checked(void **state _unused_) {
        static const char text[] = "threads: 65\n";

        file_write("confer.yaml", text, strlen(text));
        refused(ARGV("--config=confer.yaml", "--threads", "1"), ENVIRONMENT("CONFER_THREADS=2"),
                "confer.yaml:1: threads: 65 is above the most, 64 threads");
        refused(ARGV("--threads", "1"), ENVIRONMENT("CONFER_THREADS=x"),
                "CONFER_THREADS: \"x\" is not a whole number of threads");
}

/*
 * Values.
 */

static uint64_t loaded_integer(const char *flag) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

        load(ARGV((char *)flag), no_environment, &settings);
        if (strstr(flag, "bytes"))
                return settings.wal_max_bytes;
        return settings.session_max_ms;
}

static void test_suffixes_multiply(void **state _unused_) {
        assert_int_equal(loaded_integer("--wal-max-bytes=5000000"), 5000000);
        assert_int_equal(loaded_integer("--wal-max-bytes=4096KiB"), 4194304);
        assert_int_equal(loaded_integer("--wal-max-bytes=4096 KiB"), 4194304);
        assert_int_equal(loaded_integer("--wal-max-bytes=4MiB"), 4194304);
        assert_int_equal(loaded_integer("--wal-max-bytes=0004 MiB"), 4194304);
        assert_int_equal(loaded_integer("--wal-max-bytes=4GiB"), 4294967296);
        assert_int_equal(loaded_integer("--session-max-ms=60000"), 60000);
        assert_int_equal(loaded_integer("--session-max-ms=60000ms"), 60000);
        assert_int_equal(loaded_integer("--session-max-ms=90s"), 90000);
        assert_int_equal(loaded_integer("--session-max-ms=2m"), 120000);
        assert_int_equal(loaded_integer("--session-max-ms=2 min"), 120000);
        assert_int_equal(loaded_integer("--session-max-ms=3h"), 10800000);
        assert_int_equal(loaded_integer("--session-max-ms=90d"), 7776000000);
}

static void test_what_is_no_integer_is_refused(void **state _unused_) {
        static const char *const texts[] = { "-1",     "+1",     "",     " 1",   "1 ",
                                             "1  KiB", "1.5MiB", "1kib", "1 KB", "1KiBs",
                                             "0x10",   "1e6",    "KiB",  "10s",  "1_000" };
        char flag[64], problem[160];

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                (void)snprintf(flag, sizeof(flag), "--body-max-bytes=%s", texts[i]);
                (void)snprintf(problem, sizeof(problem),
                               "--body-max-bytes: \"%s\" is not a whole number of bytes, which may end in "
                               "KiB, MiB or "
                               "GiB",
                               texts[i]);
                refused(ARGV(flag), no_environment, problem);
        }

        refused(ARGV("--query-timeout-ms=1KiB"), no_environment,
                "--query-timeout-ms: \"1KiB\" is not a whole number of ms, which may end in ms, s, min, h or "
                "d");
        refused(ARGV("--query-threads=2s"), no_environment,
                "--query-threads: \"2s\" is not a whole number of threads");
}

static void test_ranges_include_their_ends(void **state _unused_) {
        size_t n;
        const Setting *table = settings_table(&n);
        const SettingsOrigin origin = { SETTINGS_FLAG, 0 };

        for (size_t i = 0; i < n; i++) {
                const uint64_t values[] = { table[i].min, table[i].max, table[i].min - 1, table[i].max + 1 };

                if (table[i].type != SETTING_INTEGER)
                        continue;

                for (size_t j = 0; j < ARRAY_SIZE(values); j++) {
                        Settings settings = SETTINGS_NULL;
                        Problem problem;
                        char text[32];
                        int r;

                        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)values[j]);
                        r = settings_set(&settings, &table[i], span_from_string(text), origin, &problem);
                        assert_int_equal(r, j < 2 ? 0 : SETTINGS_E_INVALID);
                        assert_int_equal(*(uint64_t *)((char *)&settings + table[i].offset),
                                         j < 2 ? values[j] : 0);
                }
        }
}

static void test_out_of_range_names_the_limit(void **state _unused_) {
        refused(no_flags, ENVIRONMENT("CONFER_BODY_MAX_BYTES=12"),
                "CONFER_BODY_MAX_BYTES: 12 is below the least, 65536 bytes");
        refused(ARGV("--body-max-bytes", "63 KiB"), no_environment,
                "--body-max-bytes: 63 KiB is below the least, 65536 bytes");
        refused(ARGV("--body-max-bytes", "2GiB"), no_environment,
                "--body-max-bytes: 2GiB is above the most, 1073741824 bytes");
        refused(ARGV("--query-timeout-ms", "99"), no_environment,
                "--query-timeout-ms: 99 is below the least, 100 ms");
        refused(ARGV("--query-timeout-ms", "11m"), no_environment,
                "--query-timeout-ms: 11m is above the most, 600000 ms");
}

static void test_numbers_beyond_64_bits_are_above_the_most(void **state _unused_) {
        refused(ARGV("--threads=18446744073709551616"), no_environment,
                "--threads: 18446744073709551616 is above the most, 64 threads");
        refused(ARGV("--threads=99999999999999999999999999999999999999999999999999"), no_environment,
                "--threads: 99999999999999999999999999999999999999999999... is above the most, 64 threads");
        refused(ARGV("--wal-max-bytes=18446744073709551615 GiB"), no_environment,
                "--wal-max-bytes: 18446744073709551615 GiB is above the most, 4294967296 bytes");
}

static void test_booleans_are_true_or_false(void **state _unused_) {
        _cleanup_(settings_deinit) Settings off = SETTINGS_NULL, on = SETTINGS_NULL;

        load(ARGV("--metrics-public", "false"), no_environment, &off);
        assert_false(off.metrics_public);
        load(ARGV("--metrics-public=true"), ENVIRONMENT("CONFER_METRICS_PUBLIC=false"), &on);
        assert_true(on.metrics_public);

        refused(ARGV("--metrics-public=yes"), no_environment,
                "--metrics-public: \"yes\" is neither true nor false");
        refused(ARGV("--metrics-public"), no_environment, "--metrics-public: needs a value");
        refused_file("metrics_public: True\n",
                     "confer.yaml:1: metrics_public: \"True\" is neither true nor false");
}

static void test_choices_are_listed_when_missed(void **state _unused_) {
        refused(ARGV("--log-level", "verbose"), no_environment,
                "--log-level: \"verbose\" is not one of error, warning, info, debug");
        refused(ARGV("--log-level="), no_environment,
                "--log-level: \"\" is not one of error, warning, info, debug");
}

static void test_addresses_are_parsed(void **state _unused_) {
        static const struct {
                const char *text, *host;
                uint16_t port;
        } rows[] = {
                { "0.0.0.0:0", "0.0.0.0", 0 },
                { "localhost:80", "localhost", 80 },
                { "Conf-1.example_x.org:65535", "Conf-1.example_x.org", 65535 },
                { "[::1]:8750", "::1", 8750 },
                { "[::]:1", "::", 1 },
                { "[fe80::1%eth0]:8750", "fe80::1%eth0", 8750 },
                { "[::ffff:192.0.2.1]:8750", "::ffff:192.0.2.1", 8750 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

                load(ARGV("--listen", (char *)rows[i].text), no_environment, &settings);
                assert_string_equal(settings.listen.host, rows[i].host);
                assert_int_equal(settings.listen.port, rows[i].port);
        }
}

static void test_what_is_no_address_is_refused(void **state _unused_) {
        static const char *const texts[] = {
                "",     "8750",          "localhost",  ":8750",  "localhost:", "::1:8750", "[::1]",
                "[]:1", "[127.0.0.1]:1", "[::1:1",     "::1]:1", "[g::]:1",    "[::1%]:1", "a b:1",
                "a:1b", "a:-1",          "http://a:1", "a/b:1",  "[::1]]:1",   "[:1"
        };
        char flag[64], problem[160];

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                (void)snprintf(flag, sizeof(flag), "--listen=%s", texts[i]);
                (void)snprintf(problem, sizeof(problem),
                               "--listen: \"%s\" is not HOST:PORT, such as 127.0.0.1:8750 or [::1]:8750",
                               texts[i]);
                refused(ARGV(flag), no_environment, problem);
        }

        refused(ARGV("--listen=127.0.0.1:65536"), no_environment,
                "--listen: port 65536 is above the most, 65535");
}

static void test_host_names_have_a_longest(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;
        char flag[300];

        (void)snprintf(flag, sizeof(flag), "--listen=%0253d:1", 0);
        load(ARGV(flag), no_environment, &settings);
        assert_int_equal(strlen(settings.listen.host), 253);

        (void)snprintf(flag, sizeof(flag), "--listen=%0254d:1", 0);
        refused(ARGV(flag), no_environment,
                "--listen: \"00000000000000000000000000000000000000000000...\" is not HOST:PORT, such as "
                "127.0.0.1:8750 or [::1]:8750");
}

static void test_paths(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;
        char flag[5000];

        load(ARGV("--access-log", "-", "--data",
                  "/srv/donn\xc3\xa9"
                  "es et plus"),
             no_environment, &settings);
        assert_string_equal(settings.access_log, "-");
        assert_string_equal(settings.data, "/srv/donn\xc3\xa9"
                                           "es et plus");

        refused(ARGV("--data="), no_environment, "--data: must not be empty");
        refused(ARGV("--data", ""), no_environment, "--data: must not be empty");
        refused(no_flags, ENVIRONMENT("CONFER_DATA=a\nb"),
                "CONFER_DATA: holds a control character, such as a line break");
        (void)snprintf(flag, sizeof(flag), "--data=%04096d", 0);
        refused(ARGV(flag), no_environment, "--data: is longer than the most, 4095 bytes");
}

static void test_a_failed_set_keeps_the_value(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;
        const SettingsOrigin origin = { SETTINGS_FLAG, 0 };
        Problem problem;

        assert_int_equal(settings_init(&settings), 0);
        assert_int_equal(settings_set(&settings, row("listen"), SPAN_LITERAL("x"), origin, &problem),
                         SETTINGS_E_INVALID);
        assert_string_equal(settings.listen.host, "127.0.0.1");
        assert_int_equal(source_of(&settings, "listen"), SETTINGS_DEFAULT);
        assert_string_equal(problem.field, "--listen");
}

static void test_messages_show_printable_ascii_only(void **state _unused_) {
        refused(ARGV("--threads=\x1b[2J\xff\n"), no_environment,
                "--threads: \"?[2J??\" is not a whole number of threads");
        refused(ARGV("--\x1b=1"), no_environment, "--?: there is no such flag, see conferd --help");
}

/*
 * Settings that must fit each other.
 */

static void test_content_must_fit_the_body(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

        load(ARGV("--content-max-bytes=64KiB", "--body-max-bytes=64KiB"), no_environment, &settings);
        assert_int_equal(settings.content_max_bytes, settings.body_max_bytes);

        refused(ARGV("--body-max-bytes=64KiB"), no_environment,
                "--body-max-bytes: 65536 bytes have no room for content_max_bytes, which is 1048576");
        refused(ARGV("--content-max-bytes=16MiB"), ENVIRONMENT("CONFER_BODY_MAX_BYTES=2MiB"),
                "--content-max-bytes: 16777216 bytes do not fit into body_max_bytes, which is 2097152");
        refused_file("body_max_bytes: 1 MiB\n\ncontent_max_bytes: 2 MiB\n",
                     "confer.yaml:3: content_max_bytes: 2097152 bytes do not fit into body_max_bytes, which "
                     "is 1048576");
}

/*
 * The file.
 */

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

/*
 * Names that nobody knows.
 */

static void test_the_nearest_name_is_suggested(void **state _unused_) {
        refused_file("\nbody_max_byte: 1\n",
                     "confer.yaml:2: body_max_byte: there is no such setting; did you mean body_max_bytes?");
        refused_file("body-max-bytes: 1\n",
                     "confer.yaml:1: body-max-bytes: there is no such setting; did you mean body_max_bytes?");
        refused_file("wal_max: 1\n",
                     "confer.yaml:1: wal_max: there is no such setting; did you mean wal_max_bytes?");
        refused_file("Listen: x\n", "confer.yaml:1: Listen: there is no such setting; did you mean listen?");
        refused_file("config: x\n", "confer.yaml:1: config: there is no such setting, see conferd --help");
        refused_file("\"\": x\n", "confer.yaml:1: there is no such setting, see conferd --help");

        refused(no_flags, ENVIRONMENT("CONFER_LISTENS=x"),
                "CONFER_LISTENS: there is no such setting; did you mean CONFER_LISTEN?");
        refused(no_flags, ENVIRONMENT("CONFER_listen=x"),
                "CONFER_listen: there is no such setting; did you mean CONFER_LISTEN?");
        refused(no_flags, ENVIRONMENT("CONFER_CONFIGS=x"),
                "CONFER_CONFIGS: there is no such setting; did you mean CONFER_CONFIG?");
        refused(no_flags, ENVIRONMENT("CONFER_HELP=x"),
                "CONFER_HELP: there is no such setting, see conferd --help");
        refused(no_flags, ENVIRONMENT("CONFER_=x"), "CONFER_: there is no such setting, see conferd --help");

        refused(ARGV("--hlep"), no_environment, "--hlep: there is no such flag; did you mean --help?");
        refused(ARGV("--query_threads=1"), no_environment,
                "--query_threads: there is no such flag; did you mean --query-threads?");
        refused(ARGV("-listen", "x"), no_environment,
                "-listen: there is no such flag; did you mean --listen?");
        refused(ARGV("--"), no_environment, "--: there is no such flag, see conferd --help");
        refused(ARGV("-"), no_environment, "-: there is no such flag, see conferd --help");
}

static void test_very_long_names_are_cut(void **state _unused_) {
        char flag[400];

        (void)snprintf(flag, sizeof(flag), "--%0300d", 0);
        refused(ARGV(flag), no_environment,
                "--000000000000000000000000000000000000000000...: there is no such flag, see conferd --help");
}

static void test_variables_of_others_are_left_alone(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

        load(no_flags, ENVIRONMENT("CONFERENCE=1", "XCONFER_DATA=x", "CONFER_DATA", "confer_data=x", "=x"),
             &settings);
        assert_string_equal(settings.data, "./confer-data");
}

static void test_variables_of_the_client_are_left_alone(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

        load(no_flags,
             ENVIRONMENT("CONFER_SERVER=http://127.0.0.1:8750", "CONFER_TOKEN=short", "CONFER_PROFILE="),
             &settings);
        assert_null(settings.admin_token);
        refused(no_flags, ENVIRONMENT("CONFER_SERVERS=x"),
                "CONFER_SERVERS: there is no such setting, see conferd --help");
        refused(no_flags, ENVIRONMENT("CONFER_token=x"),
                "CONFER_token: there is no such setting, see conferd --help");
        refused(no_flags, ENVIRONMENT("CONFER_PROFILE_=x"),
                "CONFER_PROFILE_: there is no such setting, see conferd --help");
        refused(ARGV("--token", "x"), no_environment, "--token: there is no such flag, see conferd --help");
        refused_file("server: x\n", "confer.yaml:1: server: there is no such setting, see conferd --help");
}

static void test_service_links_are_left_alone(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

        load(no_flags,
             ENVIRONMENT("CONFER_SERVICE_HOST=10.0.0.7", "CONFER_SERVICE_PORT=8750",
                         "CONFER_SERVICE_PORT_HTTP=8750", "CONFER_PORT=tcp://10.0.0.7:8750",
                         "CONFER_PORT_8750_TCP=tcp://10.0.0.7:8750", "CONFER_PORT_8750_TCP_PROTO=tcp",
                         "CONFER_PORT_8750_TCP_PORT=8750", "CONFER_PORT_8750_TCP_ADDR=10.0.0.7",
                         "CONFER_PORTAL_PORT=udp://10.0.0.7:1"),
             &settings);
        refused(no_flags, ENVIRONMENT("CONFER_PORT=8750"),
                "CONFER_PORT: there is no such setting, see conferd --help");
        refused(no_flags, ENVIRONMENT("CONFER_LISTEN_PORT=8750"),
                "CONFER_LISTEN_PORT: there is no such setting, see conferd --help");
}

/*
 * Secrets.
 */

static void test_secrets_come_from_the_environment(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

        load(no_flags,
             ENVIRONMENT("CONFER_ADMIN_PASSWORD=p\xc3\xa4ss w=rd", "CONFER_ADMIN_TOKEN=0123456789abcdef"),
             &settings);
        assert_string_equal(settings.admin_password, "p\xc3\xa4ss w=rd");
        assert_string_equal(settings.admin_token, "0123456789abcdef");
}

static void test_secrets_are_refused_elsewhere(void **state _unused_) {
        refused(ARGV("--admin-password", "hunter2hunter2"), no_environment,
                "--admin-password: a secret is read from the environment only, as CONFER_ADMIN_PASSWORD");
        refused(ARGV("--admin-token=hunter2hunter2xx"), no_environment,
                "--admin-token: a secret is read from the environment only, as CONFER_ADMIN_TOKEN");
        refused_file("\nadmin_token: hunter2hunter2xx\n", "confer.yaml:2: admin_token: a secret is read from "
                                                          "the environment only, as CONFER_ADMIN_TOKEN");
}

static void test_no_message_shows_a_secret(void **state _unused_) {
        char variable[1100];

        refused(no_flags, ENVIRONMENT("CONFER_ADMIN_PASSWORD=hunter2"),
                "CONFER_ADMIN_PASSWORD: is shorter than the least, 8 bytes");
        refused(no_flags, ENVIRONMENT("CONFER_ADMIN_PASSWORD="), "CONFER_ADMIN_PASSWORD: must not be empty");
        refused(no_flags, ENVIRONMENT("CONFER_ADMIN_PASSWORD=hunter2hunter2\n"),
                "CONFER_ADMIN_PASSWORD: holds a control character, such as a line break");
        refused(no_flags, ENVIRONMENT("CONFER_ADMIN_TOKEN=hunter2hunter2x"),
                "CONFER_ADMIN_TOKEN: is shorter than the least, 16 bytes");
        refused(no_flags, ENVIRONMENT("CONFER_ADMIN_TOKEN=hunter2 hunter2 hunter2"),
                "CONFER_ADMIN_TOKEN: holds a space or a byte outside ASCII, which the header Authorization "
                "cannot "
                "carry");
        (void)snprintf(variable, sizeof(variable), "CONFER_ADMIN_PASSWORD=%01025d", 0);
        refused(no_flags, ENVIRONMENT(variable),
                "CONFER_ADMIN_PASSWORD: is longer than the most, 1024 bytes");

        refused(ARGV("--admin-pasword=hunter2"), no_environment,
                "--admin-pasword: there is no such flag; did you mean --admin-password?");
        refused(no_flags, ENVIRONMENT("CONFER_ADMIN_PASWORD=hunter2"),
                "CONFER_ADMIN_PASWORD: there is no such setting; did you mean CONFER_ADMIN_PASSWORD?");
}

/*
 * Flags and modes.
 */

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

/*
 * Help and manual.
 */

static void assert_has(const char *text, const char *part) {
        if (!strstr(text, part))
                fail_msg("\"%s\" is missing", part);
}

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

/* What a hyphen in roff becomes is up to the formatter; a minus is what one can copy. */
static void roff_flag(const char *name, char *ret, size_t size) {
        char label[SETTINGS_LABEL_MAX];
        size_t at = 0;

        settings_label(name, SETTINGS_FLAG, label);
        for (size_t i = 0; label[i] && at + 3 < size; i++) {
                if (label[i] == '-')
                        ret[at++] = '\\';
                ret[at++] = label[i];
        }
        ret[at] = '\0';
}

static void test_the_manual_has_every_row(void **state _unused_) {
        static const char *const sections[] = { "NAME",     "SYNOPSIS",    "DESCRIPTION", "OPTIONS",
                                                "SETTINGS", "ENVIRONMENT", "FILES",       "EXIT STATUS",
                                                "SIGNALS",  "EXAMPLES",    "SEE ALSO" };
        _cleanup_(freep) char *text = NULL;
        char flag[2 * SETTINGS_LABEL_MAX], variable[SETTINGS_LABEL_MAX];
        Buf manual = BUF_NULL;
        const char *at;
        size_t n;
        const Setting *table = settings_table(&n);

        settings_manual(&manual, "1.2.3-rc1");
        text = buf_take_string(&manual);
        assert_non_null(text);
        assert_has(text, ".TH CONFERD 1 \"\" \"conferd 1.2.3\\-rc1\" \"Confer\"\n");

        for (size_t i = 0; i < n; i++) {
                settings_label(table[i].name, SETTINGS_ENVIRONMENT, variable);
                assert_has(text, variable);
                if (table[i].flags & SETTING_SECRET)
                        continue;

                assert_has(text, table[i].name);
                roff_flag(table[i].name, flag, sizeof(flag));
                assert_has(text, flag);
        }

        at = text;
        for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
                at = strstr(at, sections[i]);
                assert_non_null(at);
        }
}

static void test_no_text_of_the_manual_is_taken_for_a_request(void **state _unused_) {
        static const char *const requests[] = { "TH", "SH", "SS", "TP", "PP", "RS", "RE", "B", "I",
                                                "BR", "RB", "IR", "br", "nf", "fi", "nh", "ad" };
        _cleanup_(freep) char *text = NULL;
        Buf manual = BUF_NULL;

        settings_manual(&manual, "1.2.3");
        text = buf_take_string(&manual);
        assert_non_null(text);

        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
                bool known = false;

                assert_int_not_equal(line[0], '\'');
                if (line[0] != '.')
                        continue;
                for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
                        known |= span_equal_string((Span){ line + 1, strcspn(line + 1, " ") }, requests[i]);
                if (!known)
                        fail_msg("\"%s\" is no request", line);
        }
}

static int setup(void **state _unused_) {
        return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int teardown(void **state _unused_) {
        (void)unlink("confer.yaml");
        (void)unlink("other.yaml");
        return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_given_is_the_defaults),
                cmocka_unit_test(test_every_default_is_within_its_range),
                cmocka_unit_test(test_every_row_is_well_formed),
                cmocka_unit_test(test_the_choices_of_log_level_are_its_enum),
                cmocka_unit_test(test_later_places_win),
                cmocka_unit_test(test_a_value_that_is_overruled_is_checked),
                cmocka_unit_test(test_suffixes_multiply),
                cmocka_unit_test(test_what_is_no_integer_is_refused),
                cmocka_unit_test(test_ranges_include_their_ends),
                cmocka_unit_test(test_out_of_range_names_the_limit),
                cmocka_unit_test(test_numbers_beyond_64_bits_are_above_the_most),
                cmocka_unit_test(test_booleans_are_true_or_false),
                cmocka_unit_test(test_choices_are_listed_when_missed),
                cmocka_unit_test(test_addresses_are_parsed),
                cmocka_unit_test(test_what_is_no_address_is_refused),
                cmocka_unit_test(test_host_names_have_a_longest),
                cmocka_unit_test(test_paths),
                cmocka_unit_test(test_a_failed_set_keeps_the_value),
                cmocka_unit_test(test_messages_show_printable_ascii_only),
                cmocka_unit_test(test_content_must_fit_the_body),
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
                cmocka_unit_test(test_the_nearest_name_is_suggested),
                cmocka_unit_test(test_very_long_names_are_cut),
                cmocka_unit_test(test_variables_of_others_are_left_alone),
                cmocka_unit_test(test_variables_of_the_client_are_left_alone),
                cmocka_unit_test(test_service_links_are_left_alone),
                cmocka_unit_test(test_secrets_come_from_the_environment),
                cmocka_unit_test(test_secrets_are_refused_elsewhere),
                cmocka_unit_test(test_no_message_shows_a_secret),
                cmocka_unit_test(test_flags_take_both_forms),
                cmocka_unit_test(test_what_is_no_flag_is_refused),
                cmocka_unit_test(test_modes_are_recognised),
                cmocka_unit_test(test_modes_exclude_each_other),
                cmocka_unit_test(test_help_is_to_be_had_when_settings_are_wrong),
                cmocka_unit_test(test_the_help_has_every_row),
                cmocka_unit_test(test_the_help_fits_80_columns),
                cmocka_unit_test(test_the_manual_has_every_row),
                cmocka_unit_test(test_no_text_of_the_manual_is_taken_for_a_request),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
