/*
 * Secrets: from the environment alone, and in no message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "settings_fixture.h"

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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_secrets_come_from_the_environment),
                cmocka_unit_test(test_secrets_are_refused_elsewhere),
                cmocka_unit_test(test_no_message_shows_a_secret),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
