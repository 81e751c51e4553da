/*
 * Passwords, users and commands: what a person has to set right is denied, with words for that person.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "redis-suite.h"

static RedisServer server;
static Mirror mirror;

static int set_up_password(void **state _unused_) {
        redis_server_start(&server, (const char *const[]){ "--requirepass", "open sesame", NULL });
        (void)strcpy(server.password, "open sesame");
        redis_mirror_init(&mirror, server.endpoint);
        mirror_open(&mirror);
        return 0;
}

static int set_up(void **state _unused_) {
        redis_server_start(&server, NULL);
        redis_mirror_init(&mirror, server.endpoint);
        mirror_open(&mirror);
        return 0;
}

static int tear_down(void **state _unused_) {
        mirror_close(&mirror);
        redis_server_stop(&server);
        return 0;
}

static void assert_denied(const char *part) {
        assert_int_equal(target_redis.connect(mirror.target, &mirror.error), TARGET_E_DENIED);
        mirror_assert_said(&mirror, part);
        assert_null(strstr(mirror.error.problem.text, "sesame"));
        assert_int_equal(redis_mirror_try(&mirror, TEXT_ITEM("k", "x")), TARGET_E_DOWN);
}

static void test_the_right_password_is_let_in(void **state _unused_) {
        mirror.options.password = (char *)"open sesame";
        mirror_connect(&mirror);
        assert_int_equal(mirror_put(&mirror, TEXT_ITEM("k", "x")), TARGET_OK);
}

static void test_no_password_is_denied(void **state _unused_) {
        assert_denied("set user and password");
}

static void test_a_wrong_password_is_denied(void **state _unused_) {
        mirror.options.password = (char *)"open poppy";
        assert_denied("the user or the password is wrong");
}

static void test_a_password_that_nobody_wants_is_denied(void **state _unused_) {
        mirror.options.password = (char *)"open sesame";
        assert_denied("without any password configured");
}

static void be_user(const char *rules) {
        redis_server_tell(&server, "ACL SETUSER confer on >sesame ~app:* &* %s", rules);
        mirror.options.user = (char *)"confer";
        mirror.options.password = (char *)"sesame";
}

static void test_a_user_with_the_rights_that_are_told_is_enough(void **state _unused_) {
        redis_server_tell(&server,
                          "ACL SETUSER confer on >sesame ~app:* &news -@all +client|setname "
                          "+client|list +client|kill +multi +exec +set +hset +del +getrange +exists +hlen "
                          "+hmget +scan +publish");
        mirror.options.user = (char *)"confer";
        mirror.options.password = (char *)"sesame";
        mirror.options.channel = (char *)"news";
        mirror_connect(&mirror);
        for (int i = 0; i < 2; i++) {
                TargetItem item = i ? JSON_ITEM("app:k", "{\"a\":1}") : TEXT_ITEM("app:k", "x");

                assert_int_equal(mirror_put(&mirror, item), TARGET_OK);
                assert_int_equal(mirror_find(&mirror, item), TARGET_SAME);
        }
        assert_int_equal(mirror_put(&mirror, TEXT_ITEM("app:k", NULL)), TARGET_OK);
}

static void test_an_unknown_user_is_denied(void **state _unused_) {
        mirror.options.user = (char *)"nobody";
        mirror.options.password = (char *)"sesame";
        assert_denied("the user or the password is wrong");
}

static void test_a_user_who_may_not_fence_is_denied(void **state _unused_) {
        be_user("+@all");
        redis_server_tell(&server, "ACL SETUSER confer -client|kill");
        assert_denied("a mirror needs CLIENT SETNAME, CLIENT LIST, CLIENT KILL");
        redis_server_tell(&server, "ACL SETUSER confer -client");
        assert_denied("a mirror needs CLIENT SETNAME, CLIENT LIST, CLIENT KILL");
}

static void test_a_user_without_transactions_is_denied(void **state _unused_) {
        be_user("+@all");
        redis_server_tell(&server, "ACL SETUSER confer -multi");
        assert_denied("a mirror needs");
}

static void test_a_key_that_the_user_may_not_write_is_denied(void **state _unused_) {
        be_user("+@all");
        mirror_connect(&mirror);
        assert_int_equal(mirror_put(&mirror, TEXT_ITEM("app:k", "x")), TARGET_OK);
        assert_int_equal(redis_mirror_try(&mirror, TEXT_ITEM("other:k", "x")), TARGET_E_DENIED);
        mirror_assert_said(&mirror, "the user lacks a right");
        assert_int_equal(redis_mirror_try(&mirror, JSON_ITEM("other:k", "{\"a\":1}")), TARGET_E_DENIED);
        mirror_assert_said(&mirror, "the user lacks a right");
        assert_int_equal(mirror_put(&mirror, JSON_ITEM("app:k", "{\"a\":1}")), TARGET_OK);
}

/* A Hash whose fields may not be set stays what it was. */
static void test_a_hash_is_not_deleted_by_half(void **state _unused_) {
        be_user("+@all");
        mirror_connect(&mirror);
        assert_int_equal(mirror_put(&mirror, JSON_ITEM("app:k", "{\"a\":1}")), TARGET_OK);
        redis_server_tell(&server, "ACL SETUSER confer -hset");
        assert_int_equal(redis_mirror_try(&mirror, JSON_ITEM("app:k", "{\"b\":2}")), TARGET_E_DENIED);
        assert_string_equal(redis_server_ask(&server, "HGETALL app:k"), "a 1");
}

static void test_a_channel_that_the_user_may_not_use_is_denied(void **state _unused_) {
        redis_server_tell(&server, "ACL SETUSER confer on >sesame ~* resetchannels +@all");
        mirror.options.user = (char *)"confer";
        mirror.options.password = (char *)"sesame";
        mirror.options.channel = (char *)"news";
        mirror_connect(&mirror);
        assert_int_equal(redis_mirror_try(&mirror, TEXT_ITEM("k", "x")), TARGET_E_DENIED);
        mirror_assert_said(&mirror, "NOPERM");
}

static int set_up_renamed(void **state _unused_) {
        redis_server_start(&server, (const char *const[]){ "--rename-command", "HSET", "", NULL });
        redis_mirror_start(&mirror, server.endpoint);
        return 0;
}

static void test_a_command_that_is_renamed_is_denied(void **state _unused_) {
        assert_int_equal(mirror_put(&mirror, TEXT_ITEM("k", "x")), TARGET_OK);
        assert_int_equal(redis_mirror_try(&mirror, JSON_ITEM("k", "{\"a\":\"secret\"}")), TARGET_E_DENIED);
        mirror_assert_said(&mirror, "does not have a command");
        assert_null(strstr(mirror.error.problem.text, "secret"));
        assert_string_equal(redis_server_ask(&server, "GET k"), "x");
}

#define TEST(name)          cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_PASSWORD(name) cmocka_unit_test_setup_teardown(name, set_up_password, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST_PASSWORD(test_the_right_password_is_let_in),
                TEST_PASSWORD(test_no_password_is_denied),
                TEST_PASSWORD(test_a_wrong_password_is_denied),
                TEST(test_a_password_that_nobody_wants_is_denied),
                TEST(test_a_user_with_the_rights_that_are_told_is_enough),
                TEST(test_an_unknown_user_is_denied),
                TEST(test_a_user_who_may_not_fence_is_denied),
                TEST(test_a_user_without_transactions_is_denied),
                TEST(test_a_key_that_the_user_may_not_write_is_denied),
                TEST(test_a_hash_is_not_deleted_by_half),
                TEST(test_a_channel_that_the_user_may_not_use_is_denied),
                cmocka_unit_test_setup_teardown(test_a_command_that_is_renamed_is_denied, set_up_renamed,
                                                tear_down),
        };

        return redis_suite_skips() ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
