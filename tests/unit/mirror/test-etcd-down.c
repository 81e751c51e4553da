/* The etcd target when etcd is away, comes back, or is full. */
#include <arpa/inet.h>
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

#include "etcd-server.h"
#include "target-suite.h"

static EtcdServer server;
static Mirror mirror;

static int start(void **state) {
        (void)state;
        etcd_server_init(&server);
        etcd_server_start(&server);
        mirror_init(&mirror, &target_etcd, server.endpoint);
        mirror_open(&mirror);
        mirror_connect(&mirror);
        return 0;
}

static int stop(void **state) {
        (void)state;
        mirror_close(&mirror);
        etcd_server_deinit(&server);
        return 0;
}

static void assert_is_down(TargetItem item) {
        assert_int_equal(mirror_try(&mirror, &item, 1), TARGET_E_DOWN);
}

static void test_a_killed_server_is_down_until_it_is_back(void **state) {
        (void)state;

        assert_int_equal(mirror_put(&mirror, item("/kept", "1")), TARGET_OK);
        child_kill(&server.child);
        assert_is_down(item("/kept", "2"));
        mirror.kind->disconnect(mirror.target);
        assert_int_equal(mirror.kind->connect(mirror.target, &mirror.error), TARGET_E_DOWN);
        mirror_assert_said(&mirror, server.endpoint);

        etcd_server_start(&server);
        mirror_connect(&mirror);
        assert_int_equal(mirror_find(&mirror, item("/kept", "1")), TARGET_SAME);
        assert_int_equal(mirror_put(&mirror, item("/kept", "2")), TARGET_OK);
}

/* The lock is gone with the rest, so that a connection that never broke notices. */
static void test_an_emptied_server_takes_nothing_before_connecting_again(void **state) {
        (void)state;

        assert_int_equal(mirror_put(&mirror, item("/lost", "1")), TARGET_OK);
        child_kill(&server.child);
        etcd_server_erase(&server);
        etcd_server_start(&server);
        assert_is_down(item("/more", "1"));
        mirror_assert_said(&mirror, "emptied");
        mirror_reconnect(&mirror);
        assert_int_equal(mirror_find(&mirror, item("/lost", "1")), TARGET_MISSING);
        assert_int_equal(mirror_find(&mirror, item("/more", "1")), TARGET_MISSING);
}

/* Not even a connection that is lost in silence stands in the way of the other endpoint. */
static void test_of_two_endpoints_the_one_that_lives_is_used(void **state) {
        char dead[64];
        Mirror other;

        (void)state;

        (void)snprintf(dead, sizeof(dead), "http://127.0.0.1:%u/", child_free_port());
        mirror_init(&other, &target_etcd, dead);
        mirror_add_endpoint(&other, server.endpoint);
        mirror_open(&other);
        mirror_connect(&other);
        assert_int_equal(mirror_put(&other, item("/other", "1")), TARGET_OK);
        mirror_close(&other);
        mirror_reconnect(&mirror);
}

static int listen_without_answering(char *endpoint, size_t size) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t address_size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 8), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &address_size), 0);
        (void)snprintf(endpoint, size, "http://127.0.0.1:%u", ntohs(address.sin_port));
        return fd;
}

static void test_an_endpoint_that_never_answers_is_left_after_the_time(void **state) {
        char silent[64];
        int fd = listen_without_answering(silent, sizeof(silent));
        Mirror other;

        (void)state;

        mirror_init(&other, &target_etcd, silent);
        mirror_add_endpoint(&other, server.endpoint);
        other.options.timeout_ms = 200;
        mirror_open(&other);
        assert_int_equal(other.kind->connect(other.target, &other.error), TARGET_E_DOWN);
        mirror_assert_said(&other, silent);
        other.options.timeout_ms = 5000;
        mirror_reconnect(&other);
        mirror_close(&other);
        (void)close(fd);
        mirror_reconnect(&mirror);
}

static void restart_with(const char *argument) {
        child_kill(&server.child);
        server.arguments[0] = argument;
        etcd_server_start(&server);
        mirror_reconnect(&mirror);
}

static void fill(void) {
        static char large[200000];
        TargetItem change;

        memset(large, 'x', sizeof(large) - 1);
        change = item("/filling", large);
        for (int i = 0; i < 200; i++)
                if (mirror_try(&mirror, &change, 1) != TARGET_OK)
                        return;
        fail_msg("it is never full");
}

static void make_room(void) {
        const char *revision = etcd_server_ask(&server, "get", "/filling", "-w", "fields", NULL);
        char digits[24];

        assert_non_null(strstr(revision, "\"Revision\" : "));
        (void)snprintf(digits, sizeof(digits), "%ld",
                       strtol(strstr(revision, "\"Revision\" : ") + 13, NULL, 10));
        (void)etcd_server_ask(&server, "compact", digits, NULL);
        (void)etcd_server_ask(&server, "defrag", NULL);
        (void)etcd_server_ask(&server, "alarm", "disarm", NULL);
}

static void test_a_full_server_is_down_until_there_is_room(void **state) {
        (void)state;

        restart_with("--quota-backend-bytes=4000000");
        fill();
        assert_is_down(item("/full", "1"));
        mirror_assert_said(&mirror, "database space exceeded");
        mirror.kind->disconnect(mirror.target);
        assert_int_equal(mirror.kind->connect(mirror.target, &mirror.error), TARGET_E_DOWN);

        make_room();
        mirror_connect(&mirror);
        assert_int_equal(mirror_put(&mirror, item("/full", "1")), TARGET_OK);
}

static void test_too_few_operations_are_for_a_person_to_mend(void **state) {
        TargetItem items[] = { item("/few/1", "1"), item("/few/2", "2"), item("/few/3", "3") };

        (void)state;

        restart_with("--max-txn-ops=2");
        assert_int_equal(mirror_try(&mirror, items, 3), TARGET_E_DENIED);
        mirror_assert_said(&mirror, "batch_max");
        mirror.options.batch_max = 2;
        assert_int_equal(mirror_try(&mirror, items, 3), TARGET_OK);
        mirror.options.batch_max = 128;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_killed_server_is_down_until_it_is_back),
                cmocka_unit_test(test_an_emptied_server_takes_nothing_before_connecting_again),
                cmocka_unit_test(test_of_two_endpoints_the_one_that_lives_is_used),
                cmocka_unit_test(test_an_endpoint_that_never_answers_is_left_after_the_time),
                cmocka_unit_test(test_a_full_server_is_down_until_there_is_room),
                cmocka_unit_test(test_too_few_operations_are_for_a_person_to_mend),
        };

        if (etcd_server_is_missing()) {
                print_message("1..0 # SKIP etcd is not installed\n");
                return 0;
        }
        return cmocka_run_group_tests_name("etcd down", tests, start, stop);
}
