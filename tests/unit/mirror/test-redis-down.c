/*
 * Servers that are gone, full, read-only, starting, too busy, or no Redis at all.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "redis-suite.h"
#include "util/clock.h"

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

static void test_nothing_is_done_without_a_connection(void **state _unused_) {
        TargetItem item = TEXT_ITEM("k", "x");
        TargetScan scan = { .prefix = SPAN_LITERAL(""), .position = BUF_NULL };

        target_redis.disconnect(mirror.target);
        target_redis.disconnect(mirror.target);
        assert_int_equal(redis_mirror_try(&mirror, item), TARGET_E_DOWN);
        assert_int_equal(target_redis.read_back(mirror.target, &item, 1, &mirror.error), TARGET_E_DOWN);
        assert_int_equal(target_redis.scan(mirror.target, &scan, NULL, NULL, &mirror.error), TARGET_E_DOWN);
        mirror_assert_said(&mirror, "there is no connection");
}

static void test_a_server_that_is_killed_is_down_until_it_is_back_empty(void **state _unused_) {
        TargetItem item = JSON_ITEM("k", "{\"a\":1}");

        assert_int_equal(mirror_put(&mirror, item), TARGET_OK);
        child_kill(&server.child);
        assert_int_equal(redis_mirror_try(&mirror, item), TARGET_E_DOWN);
        assert_int_equal(redis_mirror_try(&mirror, item), TARGET_E_DOWN);
        assert_int_equal(target_redis.connect(mirror.target, &mirror.error), TARGET_E_DOWN);
        mirror_assert_said(&mirror, "Connection refused");

        redis_server_start_again(&server);
        mirror_connect(&mirror);
        assert_int_equal(mirror_find(&mirror, item), TARGET_MISSING);
        assert_int_equal(mirror_put(&mirror, item), TARGET_OK);
        assert_int_equal(mirror_find(&mirror, item), TARGET_SAME);
}

static void *stop_soon(void *context) {
        (void)poll(NULL, 0, 50);
        waker_stop(context);
        return NULL;
}

static void test_stopping_ends_the_wait_for_a_frozen_server(void **state _unused_) {
        pthread_t thread;
        int64_t begin_ms;

        mirror.options.timeout_ms = 60000;
        mirror_connect(&mirror);
        child_freeze(&server.child);
        assert_int_equal(pthread_create(&thread, NULL, stop_soon, &mirror.waker), 0);
        begin_ms = clock_monotonic_ms();
        assert_int_equal(redis_mirror_try(&mirror, TEXT_ITEM("k", "x")), TARGET_E_STOPPED);
        assert_in_range(clock_monotonic_ms() - begin_ms, 0, 2000);
        (void)pthread_join(thread, NULL);
        assert_int_equal(target_redis.connect(mirror.target, &mirror.error), TARGET_E_STOPPED);
}

/*
 * A server that is full.
 */

static void test_a_full_server_is_down_and_goes_on_when_it_is_not(void **state _unused_) {
        redis_server_tell(&server, "CONFIG SET maxmemory 1");
        assert_int_equal(redis_mirror_try(&mirror, TEXT_ITEM("k", "x")), TARGET_E_DOWN);
        mirror_assert_said(&mirror, "the server is full");
        assert_int_equal(redis_mirror_try(&mirror, JSON_ITEM("h", "{\"a\":1}")), TARGET_E_DOWN);
        mirror_assert_said(&mirror, "the server is full");
        assert_int_equal(mirror_put(&mirror, TEXT_ITEM("k", NULL)), TARGET_OK);

        redis_server_tell(&server, "CONFIG SET maxmemory 0");
        assert_int_equal(mirror_put(&mirror, TEXT_ITEM("k", "x")), TARGET_OK);
        assert_int_equal(mirror_put(&mirror, JSON_ITEM("h", "{\"a\":1}")), TARGET_OK);
}

static void test_a_hash_in_a_full_server_stays_what_it_was(void **state _unused_) {
        assert_int_equal(mirror_put(&mirror, JSON_ITEM("h", "{\"a\":1}")), TARGET_OK);
        redis_server_tell(&server, "CONFIG SET maxmemory 1");
        assert_int_equal(redis_mirror_try(&mirror, JSON_ITEM("h", "{\"b\":2}")), TARGET_E_DOWN);
        assert_string_equal(redis_server_ask(&server, "HGETALL h"), "a 1");
}

/* Part of it is done; once there is room, doing it again ends with all of it. */
static void test_a_batch_in_which_the_server_fills_is_done_again(void **state _unused_) {
        enum { N = 1000 };
        static TargetItem items[N];
        static char keys[N][16], contents[N][4200];
        int n_same = 0;

        for (int i = 0; i < N; i++) {
                (void)snprintf(keys[i], sizeof(keys[i]), "k%d", i);
                (void)snprintf(contents[i], sizeof(contents[i]), i % 2 ? "{\"a\":%d}%*s" : "[%d]%*s", i, 4000,
                               "");
                items[i] = redis_item(keys[i], i % 2 ? FORMAT_JSON : FORMAT_TEXT, contents[i]);
        }
        redis_server_tell(&server, "CONFIG SET maxmemory 3mb");
        assert_int_equal(target_redis.apply(mirror.target, items, N, 1, &mirror.error), TARGET_E_DOWN);
        redis_server_tell(&server, "CONFIG SET maxmemory 0");
        assert_int_equal(target_redis.apply(mirror.target, items, N, 1, &mirror.error), TARGET_OK);
        assert_int_equal(target_redis.read_back(mirror.target, items, N, &mirror.error), TARGET_OK);
        for (int i = 0; i < N; i++)
                n_same += items[i].outcome == TARGET_OK && items[i].finding == TARGET_SAME;
        assert_int_equal(n_same, N);
}

/*
 * Servers that cannot take anything now.
 */

static void test_a_replica_is_down(void **state _unused_) {
        redis_server_tell(&server, "REPLICAOF 127.0.0.1 1");
        mirror_connect(&mirror);
        assert_int_equal(redis_mirror_try(&mirror, TEXT_ITEM("k", "x")), TARGET_E_DOWN);
        mirror_assert_said(&mirror, "READONLY");
        assert_int_equal(redis_mirror_try(&mirror, JSON_ITEM("k", "{\"a\":1}")), TARGET_E_DOWN);
        mirror_assert_said(&mirror, "READONLY");
        redis_server_tell(&server, "REPLICAOF NO ONE");
        assert_int_equal(mirror_put(&mirror, TEXT_ITEM("k", "x")), TARGET_OK);
}

static void test_a_server_with_too_many_clients_is_down(void **state _unused_) {
        redisContext *other = redis_server_connect(&server);

        target_redis.disconnect(mirror.target);
        freeReplyObject(redisCommand(other, "CONFIG SET maxclients 1"));
        assert_int_equal(target_redis.connect(mirror.target, &mirror.error), TARGET_E_DOWN);
        mirror_assert_said(&mirror, "max number of clients");
        redisFree(other);
}

static void *run_script(void *context) {
        freeReplyObject(redisCommand(context, "EVAL %s 0", "while true do end"));
        return NULL;
}

static bool is_busy(void *context) {
        (void)context;
        return strncmp(redis_server_ask(&server, "GET k"), "BUSY ", 5) == 0;
}

static void test_a_server_that_runs_a_script_is_down(void **state _unused_) {
        redisContext *other = redis_server_connect(&server);
        pthread_t thread;

        redis_server_tell(&server, "CONFIG SET lua-time-limit 1");
        assert_int_equal(pthread_create(&thread, NULL, run_script, other), 0);
        child_wait_until(&server.child, is_busy, NULL);
        assert_int_equal(redis_mirror_try(&mirror, TEXT_ITEM("k", "x")), TARGET_E_DOWN);
        assert_int_equal(redis_mirror_try(&mirror, JSON_ITEM("k", "{\"a\":1}")), TARGET_E_DOWN);
        redis_server_tell(&server, "SCRIPT KILL");
        (void)pthread_join(thread, NULL);
        redisFree(other);
        mirror_connect(&mirror);
        assert_int_equal(mirror_put(&mirror, TEXT_ITEM("k", "x")), TARGET_OK);
}

/*
 * Clusters.
 */

/* @ret_bus_port: at which nodes talk to each other */
static void start_node(RedisServer *node, char ret_bus_port[static 8]) {
        (void)snprintf(ret_bus_port, 8, "%u", child_free_port());
        redis_server_start(node, (const char *const[]){ "--cluster-enabled", "yes", "--cluster-port",
                                                        ret_bus_port, NULL });
}

static void test_a_cluster_without_slots_is_down(void **state _unused_) {
        RedisServer node;
        Mirror of_node;
        char bus_port[8];

        start_node(&node, bus_port);
        redis_mirror_start(&of_node, node.endpoint);
        assert_int_equal(redis_mirror_try(&of_node, TEXT_ITEM("k", "x")), TARGET_E_DOWN);
        mirror_assert_said(&of_node, "CLUSTERDOWN");
        mirror_close(&of_node);
        redis_server_stop(&node);
}

static bool has_both(void *context) {
        return strstr(redis_server_ask(context, "CLUSTER SLOTS"), "8192 16383") != NULL &&
               strstr(redis_server_ask(context, "CLUSTER INFO"), "cluster_state:ok") != NULL;
}

/* The slot of "foo" is 12182. */
static void test_a_node_that_does_not_have_the_key_is_denied(void **state _unused_) {
        RedisServer nodes[2];
        Mirror of_node;
        char bus_port[8]; /* of the second */

        for (int i = 0; i < 2; i++)
                start_node(&nodes[i], bus_port);
        redis_server_tell(&nodes[0], "CLUSTER ADDSLOTSRANGE 0 8191");
        redis_server_tell(&nodes[1], "CLUSTER ADDSLOTSRANGE 8192 16383");
        redis_server_tell(&nodes[0], "CLUSTER MEET 127.0.0.1 %d %s", nodes[1].port, bus_port);
        child_wait_until(&nodes[0].child, has_both, &nodes[0]);
        redis_mirror_start(&of_node, nodes[0].endpoint);
        assert_int_equal(redis_mirror_try(&of_node, TEXT_ITEM("foo", "x")), TARGET_E_DENIED);
        mirror_assert_said(&of_node, "MOVED 12182");
        assert_int_equal(redis_mirror_try(&of_node, JSON_ITEM("foo", "{\"a\":1}")), TARGET_E_DENIED);
        mirror_assert_said(&of_node, "this is a node of a cluster that does not have the key");
        assert_int_equal(mirror_put(&of_node, JSON_ITEM("{bar}:foo", "{\"a\":1}")), TARGET_OK);
        mirror_close(&of_node);
        for (int i = 0; i < 2; i++)
                redis_server_stop(&nodes[i]);
}

/*
 * Peers that are no Redis.
 */

typedef struct Peer {
        int fd;
        char endpoint[32];
        Span says;
        pthread_t thread;
} Peer;

/* Takes one connection, says what it has to say byte by byte, and waits for its end. */
static void *be_peer(void *context) {
        Peer *peer = context;
        int fd = accept(peer->fd, NULL, NULL);
        char bytes[512];

        for (size_t i = 0; i < peer->says.size; i++)
                (void)send(fd, peer->says.data + i, 1, MSG_NOSIGNAL);
        (void)shutdown(fd, SHUT_WR);
        while (recv(fd, bytes, sizeof(bytes), 0) > 0)
                ;
        (void)close(fd);
        return NULL;
}

static void start_peer(Peer *peer, Span says) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t size = sizeof(address);

        peer->says = says;
        peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(peer->fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(peer->fd, 1), 0);
        assert_int_equal(getsockname(peer->fd, (struct sockaddr *)&address, &size), 0);
        (void)snprintf(peer->endpoint, sizeof(peer->endpoint), "127.0.0.1:%u", ntohs(address.sin_port));
        assert_int_equal(pthread_create(&peer->thread, NULL, be_peer, peer), 0);
}

static void assert_peer(Span says, TargetOutcome outcome, const char *part) {
        Peer peer;
        Mirror of_peer;

        start_peer(&peer, says);
        redis_mirror_init(&of_peer, peer.endpoint);
        mirror_open(&of_peer);
        assert_int_equal(target_redis.connect(of_peer.target, &of_peer.error), outcome);
        mirror_assert_said(&of_peer, part);
        mirror_close(&of_peer);
        (void)pthread_join(peer.thread, NULL);
        (void)close(peer.fd);
}

static void test_what_breaks_the_protocol_is_down(void **state _unused_) {
        assert_peer(SPAN_LITERAL("HTTP/1.1 400 Bad Request\r\n\r\n"), TARGET_E_DOWN, "Protocol error");
        assert_peer(SPAN_LITERAL("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n"),
                    TARGET_E_DOWN, "");
        assert_peer(SPAN_LITERAL("+OK\r\n*2000000\r\n"), TARGET_E_DOWN, "");
        assert_peer(SPAN_LITERAL("+OK\r\n*-2\r\n"), TARGET_E_DOWN, "");
        assert_peer(SPAN_LITERAL("+OK\r\n$99999999999999999999\r\n"), TARGET_E_DOWN, "");
}

static void test_a_connection_that_ends_is_down(void **state _unused_) {
        assert_peer(SPAN_LITERAL(""), TARGET_E_DOWN, "closed the connection");
        assert_peer(SPAN_LITERAL("+OK\r\n$100\r\nid=1"), TARGET_E_DOWN, "closed the connection");
        assert_peer(SPAN_LITERAL("+OK\r\n*3\r\n*2\r\n+a\r\n$1\r\nb\r\n:1\r\n"), TARGET_E_DOWN,
                    "closed the connection");
}

static void test_what_is_no_redis_is_denied(void **state _unused_) {
        assert_peer(SPAN_LITERAL("+OK\r\n+OK\r\n"), TARGET_E_DENIED, "CLIENT LIST");
        assert_peer(SPAN_LITERAL("+OK\r\n$-1\r\n"), TARGET_E_DENIED, "CLIENT LIST");
        assert_peer(SPAN_LITERAL("-DENIED Redis is running in protected mode\r\n"), TARGET_E_DENIED,
                    "protected mode");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_nothing_is_done_without_a_connection),
                TEST(test_a_server_that_is_killed_is_down_until_it_is_back_empty),
                TEST(test_stopping_ends_the_wait_for_a_frozen_server),
                TEST(test_a_full_server_is_down_and_goes_on_when_it_is_not),
                TEST(test_a_hash_in_a_full_server_stays_what_it_was),
                TEST(test_a_batch_in_which_the_server_fills_is_done_again),
                TEST(test_a_replica_is_down),
                TEST(test_a_server_with_too_many_clients_is_down),
                TEST(test_a_server_that_runs_a_script_is_down),
                cmocka_unit_test(test_a_cluster_without_slots_is_down),
                cmocka_unit_test(test_a_node_that_does_not_have_the_key_is_denied),
                cmocka_unit_test(test_what_breaks_the_protocol_is_down),
                cmocka_unit_test(test_a_connection_that_ends_is_down),
                cmocka_unit_test(test_what_is_no_redis_is_denied),
        };

        return redis_suite_skips() ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
