/*
 * The start: where the password comes from, and what stops it.
 */
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

#include "access_fixture.h"

static char directory[32], path[64];

static int make_directory(void **state) {
        (void)state;

        access_of_test = NULL;
        (void)strcpy(directory, "/tmp/test-access-XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        (void)snprintf(path, sizeof(path), "%s/admin-password", directory);
        return 0;
}

static int remove_directory(void **state) {
        (void)unlink(path);
        return teardown(state) || rmdir(directory);
}

static int start(const char *password, char ret_made_password[33], Problem *ret_problem) {
        const AccessOptions options = { .data_path = directory,
                                        .admin_password = password,
                                        .session_idle_ms = IDLE_MS,
                                        .session_max_ms = MAX_MS,
                                        .password_cost = &cheap };

        access_of_test = access_free(access_of_test);
        return access_new(&options, &access_of_test, ret_made_password, ret_problem);
}

static AccessVerdict log_in_with(const char *password) {
        _cleanup_(buf_deinit) Buf cookie = BUF_NULL;

        return login_at("admin", password, ADDRESS, NOW_MS, &cookie);
}

static void test_the_first_start_makes_a_password_and_the_next_reads_it(void **state) {
        char made_password[33] = "untouched", made_again[33] = "untouched";
        struct stat status;
        Problem problem;

        (void)state;

        assert_int_equal(start(NULL, made_password, &problem), 0);
        assert_int_equal(strlen(made_password), PASSWORD_GENERATED_SIZE);
        assert_int_equal(log_in_with(made_password), ACCESS_GRANTED);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);

        assert_int_equal(start(NULL, made_again, &problem), 0);
        assert_string_equal(made_again, "");
        assert_int_equal(log_in_with(made_password), ACCESS_GRANTED);
        assert_int_equal(log_in_with(""), ACCESS_UNAUTHENTICATED);
}

static void test_a_given_password_wins_and_is_never_written(void **state) {
        char made_password[33] = "untouched";
        Problem problem;

        (void)state;

        assert_int_equal(start("given", made_password, &problem), 0);
        assert_string_equal(made_password, "");
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(log_in_with("given"), ACCESS_GRANTED);

        assert_int_equal(start(NULL, made_password, &problem), 0);
        assert_int_equal(start("given", (char[33]){ "" }, &problem), 0);
        assert_int_equal(log_in_with("given"), ACCESS_GRANTED);
        assert_int_equal(log_in_with(made_password), ACCESS_UNAUTHENTICATED);
        assert_int_equal(start(NULL, (char[33]){ "" }, &problem), 0);
        assert_int_equal(log_in_with(made_password), ACCESS_GRANTED);
}

static void test_a_bad_password_file_stops_the_start(void **state) {
        char made_password[33] = "untouched";
        FILE *file = fopen(path, "w");
        Problem problem = PROBLEM_NULL;

        (void)state;

        assert_non_null(file);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(start(NULL, made_password, &problem), -EINVAL);
        assert_null(access_of_test);
        assert_string_equal(made_password, "untouched");
        assert_non_null(strstr(problem.text, path));
}

static void test_a_secret_that_cannot_be_used_stops_the_start(void **state) {
        static char long_token[4097];
        AccessOptions options = { .data_path = directory, .admin_token = "", .password_cost = &cheap };
        char made_password[33] = "untouched";
        Problem problem = PROBLEM_NULL;

        (void)state;

        assert_int_equal(access_new(&options, &access_of_test, made_password, &problem), -EINVAL);
        memset(long_token, 'x', sizeof(long_token) - 1);
        options.admin_token = long_token;
        assert_int_equal(access_new(&options, &access_of_test, made_password, &problem), -EINVAL);
        options.admin_token = NULL;
        options.admin_password = "";
        assert_int_equal(access_new(&options, &access_of_test, made_password, &problem), -EINVAL);

        assert_null(access_of_test);
        assert_int_equal(access(path, F_OK), -1);
        assert_string_equal(made_password, "untouched");
}

#define with_directory(test) cmocka_unit_test_setup_teardown((test), make_directory, remove_directory)

int main(void) {
        const struct CMUnitTest tests[] = {
                with_directory(test_the_first_start_makes_a_password_and_the_next_reads_it),
                with_directory(test_a_given_password_wins_and_is_never_written),
                with_directory(test_a_bad_password_file_stops_the_start),
                with_directory(test_a_secret_that_cannot_be_used_stops_the_start),
        };

        return cmocka_run_group_tests_name("access start", tests, NULL, NULL);
}
