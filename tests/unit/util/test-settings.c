/*
 * All settings together: what they are when nothing is said, which place wins, and what must fit each other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "settings_fixture.h"

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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_given_is_the_defaults),
                cmocka_unit_test(test_later_places_win),
                cmocka_unit_test(test_a_value_that_is_overruled_is_checked),
                cmocka_unit_test(test_content_must_fit_the_body),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
