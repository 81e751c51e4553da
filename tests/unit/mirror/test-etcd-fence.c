/* Nothing that an earlier connection has sent is carried out once there is a new one; and waiting ends. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "etcd-server.h"
#include "target-suite.h"
#include "util/clock.h"

static EtcdServer server;

static int start(void **state) {
        (void)state;
        etcd_server_init(&server);
        etcd_server_start(&server);
        return 0;
}

static int stop(void **state) {
        (void)state;
        etcd_server_deinit(&server);
        return 0;
}

static void start_mirror(Mirror *mirror) {
        mirror_init(mirror, &target_etcd, server.endpoint);
        mirror_open(mirror);
        mirror_connect(mirror);
}

static void assert_held(const char *key, const char *expected) {
        assert_string_equal(etcd_server_ask(&server, "get", key, "--print-value-only", NULL), expected);
}

static void assert_is_down(Mirror *mirror, TargetItem item, const char *text) {
        assert_int_equal(mirror_try(mirror, &item, 1), TARGET_E_DOWN);
        mirror_assert_said(mirror, text);
}

static void test_who_connects_later_takes_over(void **state) {
        Mirror first, second;

        (void)state;

        start_mirror(&first);
        assert_int_equal(mirror_put(&first, item("/turn", "first")), TARGET_OK);
        start_mirror(&second);
        assert_is_down(&first, item("/turn", "late"), "another server writes");
        assert_held("/turn", "first");
        assert_int_equal(mirror_put(&second, item("/turn", "second")), TARGET_OK);

        mirror_reconnect(&first);
        assert_is_down(&second, item("/turn", NULL), "another server writes");
        assert_held("/turn", "second");
        mirror_close(&first);
        mirror_close(&second);
}

static void test_mirrors_with_locks_of_their_own_do_not_meet(void **state) {
        Mirror first, second;

        (void)state;

        start_mirror(&first);
        mirror_init(&second, &target_etcd, server.endpoint);
        second.options.lock_key = "/a/lock";
        mirror_open(&second);
        mirror_connect(&second);
        assert_int_equal(mirror_put(&first, item("/two", "1")), TARGET_OK);
        assert_int_equal(mirror_put(&second, item("/two", "2")), TARGET_OK);
        assert_int_equal(mirror_put(&second, item("/a/lock", "2")), TARGET_E_REFUSED);
        mirror_close(&first);
        mirror_close(&second);
}

static void test_workers_of_one_mirror_do_not_meet(void **state) {
        Mirror first, second;

        (void)state;

        start_mirror(&first);
        mirror_init(&second, &target_etcd, server.endpoint);
        second.worker = 1;
        mirror_open(&second);
        mirror_connect(&second);
        assert_int_equal(mirror_put(&first, item("/workers/1", "1")), TARGET_OK);
        assert_int_equal(mirror_put(&second, item("/workers/2", "2")), TARGET_OK);
        assert_int_equal(mirror_put(&first, item("/confer-mirrors/test:1", "mine")), TARGET_E_REFUSED);
        assert_int_equal(mirror_put(&second, item("/workers/2", "3")), TARGET_OK);
        mirror_close(&first);
        mirror_close(&second);
}

static void connect_at_last(Mirror *mirror) {
        for (int i = 0; i < 50; i++) {
                mirror->kind->disconnect(mirror->target);
                if (mirror->kind->connect(mirror->target, &mirror->error) == TARGET_OK)
                        return;
        }
        fail_msg("it never connects: %s", mirror->error.problem.text);
}

/* What was sent lies in the socket of a server that has stood still, and is read when that goes on. */
static void test_what_a_frozen_server_was_sent_does_not_come_later(void **state) {
        Mirror mirror;
        int64_t from_ms;

        (void)state;

        start_mirror(&mirror);
        assert_int_equal(mirror_put(&mirror, item("/frozen", "before")), TARGET_OK);
        child_freeze(&server.child);
        mirror.options.timeout_ms = 200;
        from_ms = clock_monotonic_ms();
        assert_is_down(&mirror, item("/frozen", "late"), "timed out");
        assert_in_range(clock_monotonic_ms() - from_ms, 200, 1500);
        mirror.kind->disconnect(mirror.target);
        assert_int_equal(mirror.kind->connect(mirror.target, &mirror.error), TARGET_E_DOWN);
        child_thaw(&server.child);

        mirror.options.timeout_ms = 5000;
        connect_at_last(&mirror);
        assert_int_equal(mirror_put(&mirror, item("/frozen", "after")), TARGET_OK);
        for (int i = 0; i < 100; i++)
                assert_int_equal(mirror_find(&mirror, item("/frozen", "after")), TARGET_SAME);
        mirror_close(&mirror);
}

static void *stop_soon(void *context) {
        Mirror *mirror = context;

        /* Whether it waits by then makes no difference to what it has to answer. */
        (void)waker_poll(&mirror->waker, -1, 0, 100, 0);
        waker_stop(&mirror->waker);
        return NULL;
}

static void test_being_stopped_ends_a_request_at_once(void **state) {
        TargetItem change = item("/stopped", "1");
        Mirror mirror;
        pthread_t thread;
        int64_t from_ms;

        (void)state;

        start_mirror(&mirror);
        mirror.options.timeout_ms = 60000;
        child_freeze(&server.child);
        from_ms = clock_monotonic_ms();
        assert_int_equal(pthread_create(&thread, NULL, stop_soon, &mirror), 0);
        assert_int_equal(mirror_try(&mirror, &change, 1), TARGET_E_STOPPED);
        assert_true(clock_monotonic_ms() - from_ms < 5000);
        assert_int_equal(mirror.kind->connect(mirror.target, &mirror.error), TARGET_E_STOPPED);
        assert_int_equal(pthread_join(thread, NULL), 0);
        mirror_close(&mirror);
        child_thaw(&server.child);
}

static void test_news_do_not_disturb_a_request_and_are_not_lost(void **state) {
        Mirror mirror;

        (void)state;

        start_mirror(&mirror);
        waker_wake(&mirror.waker);
        assert_int_equal(mirror_put(&mirror, item("/news", "1")), TARGET_OK);
        assert_true(waker_take(&mirror.waker));
        mirror_close(&mirror);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_connects_later_takes_over),
                cmocka_unit_test(test_mirrors_with_locks_of_their_own_do_not_meet),
                cmocka_unit_test(test_workers_of_one_mirror_do_not_meet),
                cmocka_unit_test(test_what_a_frozen_server_was_sent_does_not_come_later),
                cmocka_unit_test(test_being_stopped_ends_a_request_at_once),
                cmocka_unit_test(test_news_do_not_disturb_a_request_and_are_not_lost),
        };

        if (etcd_server_is_missing()) {
                print_message("1..0 # SKIP etcd is not installed\n");
                return 0;
        }
        return cmocka_run_group_tests_name("etcd fence", tests, start, stop);
}
