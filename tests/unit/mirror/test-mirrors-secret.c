/*
 * Secrets of mirrors: from the file, from files of their own and from the environment; never in a message.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mirrors_fixture.h"

#define REDIS "kind: redis, endpoints: '127.0.0.1:6379'"
#define HTTP  "kind: http, endpoints: 'https://search.example/batch'"

static void password_is(const char *text, char **environment, const char *password) {
        _cleanup_(mirrors_file_deinit) MirrorsFile mirrors = MIRRORS_FILE_NULL;

        read_file(text, environment, &mirrors);
        assert_string_equal(mirrors.items[0].password, password);
}

static void test_a_secret_may_have_a_file_of_its_own(void **state _unused_) {
        static const char text[] = "a: {" REDIS ", password_file: secret}\n";
        char longest[1024 + 3];

        file_write("secret", "hunter2");
        password_is(text, no_environment, "hunter2");
        file_write("secret", "hunter2\n");
        password_is(text, no_environment, "hunter2");
        file_write("secret", "hunter2 \r\n");
        password_is(text, no_environment, "hunter2 ");

        memset(longest, 'x', sizeof(longest));
        memcpy(longest + 1024, "\r\n", 3);
        file_write("secret", longest);
        longest[1024] = '\0';
        password_is(text, no_environment, longest);

        longest[1024] = 'x';
        longest[1025] = '\0';
        file_write("secret", longest);
        refused_file(text, no_environment,
                     "mirrors.yaml:1: a.password_file: is longer than the most, 1024 bytes");
        file_write("secret", "\n");
        refused_file(text, no_environment, "mirrors.yaml:1: a.password_file: must not be empty");
        file_write("secret", "a\nb\n");
        refused_file(text, no_environment,
                     "mirrors.yaml:1: a.password_file: holds a control character, such as a line break");
        refused_file("a: {" REDIS ", password_file: none}\n", no_environment,
                     "mirrors.yaml:1: a.password_file: none cannot be read: No such file or directory");
        refused_file("a: {" REDIS ", password_file: .}\n", no_environment,
                     "mirrors.yaml:1: a.password_file: . cannot be read: Is a directory");
}

static void test_a_secret_stands_in_one_place(void **state _unused_) {
        refused_file("a:\n  kind: redis\n  endpoints: a:1\n  password: x\n  password_file: y\n",
                     no_environment,
                     "mirrors.yaml:5: a.password_file: does not go together with password in line 4");
        refused_file("a: {" HTTP ", secret_file: x, secret: y}\n", no_environment,
                     "mirrors.yaml:1: a.secret: does not go together with secret_file in line 1");
}

static void test_the_environment_wins(void **state _unused_) {
        _cleanup_(mirrors_file_deinit) MirrorsFile mirrors = MIRRORS_FILE_NULL;

        password_is("redis-main: {" REDIS "}\n", ENVIRONMENT("CONFER_MIRROR_REDIS_MAIN_PASSWORD=a=b"), "a=b");
        password_is("redis-main: {" REDIS ", password: x}\n",
                    ENVIRONMENT("HOME=/", "CONFER_MIRROR_REDIS_MAIN_PASSWORD=y"), "y");

        read_file("a: {" HTTP "}\na-secret: {" HTTP "}\n",
                  ENVIRONMENT("CONFER_MIRROR_A_SECRET=1", "CONFER_MIRROR_A_SECRET_SECRET=2"), &mirrors);
        assert_string_equal(mirrors.items[0].secret, "1");
        assert_string_equal(mirrors.items[1].secret, "2");
}

static void test_a_variable_of_no_mirror_is_refused(void **state _unused_) {
        MirrorsFile mirrors;
        Problem problem;

        refused_file("a: {" REDIS "}\n", ENVIRONMENT("CONFER_MIRROR_B_PASSWORD=x"),
                     "CONFER_MIRROR_B_PASSWORD: there is no mirror of this name");
        refused_file("a: {" REDIS "}\n", ENVIRONMENT("CONFER_MIRROR_PASSWORD=x"),
                     "CONFER_MIRROR_PASSWORD: there is no mirror of this name");
        refused_file("a: {" REDIS "}\n", ENVIRONMENT("CONFER_MIRROR_A_SECRET=x"),
                     "CONFER_MIRROR_A_SECRET: the mirror a is of the kind redis, which has no secret");
        refused_file("a: {" REDIS "}\n", ENVIRONMENT("CONFER_MIRROR_A_PASSWORD="),
                     "CONFER_MIRROR_A_PASSWORD: must not be empty");
        assert_int_not_equal(
                mirrors_file_read("", ENVIRONMENT("CONFER_MIRROR_A_PASSWORD=x"), &mirrors, &problem), 0);
        assert_string_equal(problem.text, "CONFER_MIRROR_A_PASSWORD: there is no mirror of this name");
}

static void test_variables_of_others_are_left_alone(void **state _unused_) {
        _cleanup_(mirrors_file_deinit) MirrorsFile mirrors = MIRRORS_FILE_NULL;

        read_file("a: {" REDIS "}\n",
                  ENVIRONMENT("CONFER_MIRRORS=mirrors.yaml", "CONFER_MIRROR_SERVICE_HOST=10.0.0.7",
                              "CONFER_MIRROR_A_PASSWORD", "CONFER_MIRROR_=x"),
                  &mirrors);
        assert_string_equal(mirrors.items[0].password, "");
}

static void test_no_message_shows_a_secret(void **state _unused_) {
        static const char *const texts[] = {
                "a: {" REDIS ", password: \"hunter2\\n\"}\n",
                "a: {" HTTP ", secret: \"hunter2\\0\"}\n",
                "a: {" HTTP ", headers: hunter2}\n",
                "a: {" HTTP ", headers: \"Authorization: hunter2\\n\"}\n",
                "a: {kind: etcd, endpoints: 'http://root:hunter2@etcd'}\n",
                "a: {kind: etcd, endpoints: 'root:hunter2@etcd'}\n",
        };
        MirrorsFile mirrors;
        Problem problem;

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                file_write("mirrors.yaml", texts[i]);
                assert_int_not_equal(mirrors_file_read("mirrors.yaml", no_environment, &mirrors, &problem),
                                     0);
                assert_null(strstr(problem.text, "hunter2"));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_secret_may_have_a_file_of_its_own),
                cmocka_unit_test(test_a_secret_stands_in_one_place),
                cmocka_unit_test(test_the_environment_wins),
                cmocka_unit_test(test_a_variable_of_no_mirror_is_refused),
                cmocka_unit_test(test_variables_of_others_are_left_alone),
                cmocka_unit_test(test_no_message_shows_a_secret),
        };

        return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
