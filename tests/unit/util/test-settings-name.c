/*
 * Names that nobody knows, and variables of others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "settings_fixture.h"

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

/* Whose they are is found out when the file of mirrors is read. */
static void test_secrets_of_mirrors_are_left_alone(void **state _unused_) {
        _cleanup_(settings_deinit) Settings settings = SETTINGS_NULL;

        load(no_flags,
             ENVIRONMENT("CONFER_MIRRORS=mirrors.yaml", "CONFER_MIRROR_A_PASSWORD=x",
                         "CONFER_MIRROR_A_SECRET=x"),
             &settings);
        assert_string_equal(settings.mirrors, "mirrors.yaml");
        refused(no_flags, ENVIRONMENT("CONFER_MIRROR_A_PASSWORT=x"),
                "CONFER_MIRROR_A_PASSWORT: there is no such setting, see conferd --help");
        refused(no_flags, ENVIRONMENT("CONFER_MIRROR=x"),
                "CONFER_MIRROR: there is no such setting; did you mean CONFER_MIRRORS?");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_nearest_name_is_suggested),
                cmocka_unit_test(test_very_long_names_are_cut),
                cmocka_unit_test(test_variables_of_others_are_left_alone),
                cmocka_unit_test(test_variables_of_the_client_are_left_alone),
                cmocka_unit_test(test_service_links_are_left_alone),
                cmocka_unit_test(test_secrets_of_mirrors_are_left_alone),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
