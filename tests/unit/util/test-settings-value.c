/*
 * What texts each type of setting takes, and how the others are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "settings_fixture.h"

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

int main(void) {
        const struct CMUnitTest tests[] = {
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
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
