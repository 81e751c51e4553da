/*
 * What an earlier connection has left before a server is never carried out after what a newer one has
 * written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "redis-suite.h"
#include "relay.h"
#include "util/clock.h"

#define N_KEYS 500

static RedisServer server;
static Mirror mirror;

static int set_up(void **state _unused_) {
        redis_server_start(&server, NULL);
        redis_mirror_start(&mirror, server.endpoint);
        return 0;
}

static int tear_down(void **state _unused_) {
        mirror_close(&mirror);
        redis_server_stop(&server);
        return 0;
}

/* Puts @content to many keys, every other one a Hash. */
static TargetOutcome apply_all(const char *text, const char *object) {
        static TargetItem items[N_KEYS];
        static char keys[N_KEYS][16];

        for (int i = 0; i < N_KEYS; i++) {
                (void)snprintf(keys[i], sizeof(keys[i]), "k%d", i);
                items[i] = JSON_ITEM(keys[i], i % 2 ? text : object);
        }
        return target_redis.apply(mirror.target, items, N_KEYS, 1, &mirror.error);
}

static void assert_all(const char *text, const char *object) {
        for (int i = 0; i < N_KEYS; i++) {
                char key[16];

                (void)snprintf(key, sizeof(key), "k%d", i);
                assert_int_equal(mirror_find(&mirror, JSON_ITEM(key, i % 2 ? text : object)), TARGET_SAME);
        }
}

static void freeze_in_the_middle(void) {
        int64_t begin_ms;

        mirror.options.timeout_ms = 300;
        mirror_connect(&mirror);
        child_freeze(&server.child);
        begin_ms = clock_monotonic_ms();
        assert_int_equal(apply_all("[1]", "{\"old\":1}"), TARGET_E_DOWN);
        assert_in_range(clock_monotonic_ms() - begin_ms, 300, 3000);
        mirror_assert_said(&mirror, "has not answered for 300 ms");
}

/* A network that comes back delivers what it still had. */
static void test_what_a_network_had_never_comes_late(void **state _unused_) {
        Relay *relay = relay_start(server.port);
        Mirror through;
        char endpoint[32];

        (void)snprintf(endpoint, sizeof(endpoint), "127.0.0.1:%u", relay_port(relay));
        redis_mirror_start(&through, endpoint);
        through.options.timeout_ms = 300;
        mirror_connect(&through);
        relay_hold(relay);
        assert_int_equal(redis_mirror_try(&through, JSON_ITEM("k", "{\"old\":1}")), TARGET_E_DOWN);
        target_redis.disconnect(through.target);

        through.options.timeout_ms = 5000;
        mirror_connect(&through);
        assert_int_equal(mirror_put(&through, JSON_ITEM("k", "{\"new\":2}")), TARGET_OK);
        relay_deliver(relay);
        assert_int_equal(mirror_find(&through, JSON_ITEM("k", "{\"new\":2}")), TARGET_SAME);
        mirror_close(&through);
        relay_stop(relay);
}

/* The old batch is in the socket of the server, which reads it together with what is newer. */
static void test_what_a_frozen_server_had_before_it_never_comes_late(void **state _unused_) {
        for (int round = 0; round < 5; round++) {
                freeze_in_the_middle();
                target_redis.disconnect(mirror.target);
                child_thaw(&server.child);
                mirror.options.timeout_ms = 5000;
                mirror_connect(&mirror);
                assert_int_equal(apply_all("[2]", "{\"new\":2}"), TARGET_OK);
                assert_all("[2]", "{\"new\":2}");
        }
}

/* The connection that was cut off is still open at the other end, as after a cut of the network. */
static void test_an_open_connection_of_the_same_mirror_is_ended(void **state _unused_) {
        Mirror other;

        redis_mirror_start(&other, server.endpoint);
        assert_int_equal(redis_mirror_try(&mirror, TEXT_ITEM("k", "old")), TARGET_E_DOWN);
        assert_int_equal(mirror_put(&other, TEXT_ITEM("k", "new")), TARGET_OK);
        assert_string_equal(redis_server_ask(&server, "GET k"), "new");
        mirror_close(&other);
}

static void test_connecting_to_a_frozen_server_is_down_in_time(void **state _unused_) {
        int64_t begin_ms;

        mirror.options.timeout_ms = 300;
        child_freeze(&server.child);
        begin_ms = clock_monotonic_ms();
        assert_int_equal(target_redis.connect(mirror.target, &mirror.error), TARGET_E_DOWN);
        assert_in_range(clock_monotonic_ms() - begin_ms, 300, 3000);
        child_thaw(&server.child);
        mirror.options.timeout_ms = 5000;
        mirror_connect(&mirror);
        assert_int_equal(mirror_put(&mirror, TEXT_ITEM("k", "x")), TARGET_OK);
}

static void test_others_are_left_alone(void **state _unused_) {
        redisContext *nameless = redis_server_connect(&server), *longer = redis_server_connect(&server);
        redisContext *of_other_mirror = redis_server_connect(&server);
        redisContext *all[] = { nameless, longer, of_other_mirror };

        freeReplyObject(redisCommand(longer, "CLIENT SETNAME confer-mirror-cache2"));
        freeReplyObject(redisCommand(of_other_mirror, "CLIENT SETNAME confer-mirror-c"));
        mirror_connect(&mirror);
        for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
                redisReply *reply = redisCommand(all[i], "PING");

                assert_non_null(reply);
                freeReplyObject(reply);
                redisFree(all[i]);
        }
}

static void test_many_connections_of_the_name_are_ended(void **state _unused_) {
        redisContext *others[50];

        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                others[i] = redis_server_connect(&server);
                freeReplyObject(redisCommand(others[i], "CLIENT SETNAME confer-mirror-cache"));
        }
        mirror_connect(&mirror);
        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                assert_null(redisCommand(others[i], "PING"));
                redisFree(others[i]);
        }
        assert_int_equal(mirror_put(&mirror, TEXT_ITEM("k", "x")), TARGET_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_what_a_network_had_never_comes_late),
                TEST(test_what_a_frozen_server_had_before_it_never_comes_late),
                TEST(test_an_open_connection_of_the_same_mirror_is_ended),
                TEST(test_connecting_to_a_frozen_server_is_down_in_time),
                TEST(test_others_are_left_alone),
                TEST(test_many_connections_of_the_name_are_ended),
        };

        return redis_suite_skips() ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
