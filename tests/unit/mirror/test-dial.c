#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/child.h"
#include "mirror/dial.h"
#include "util/clock.h"

/*
 * A resolver that hangs, for names that begin with "slow".
 */

static struct {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool hangs;
        size_t n_hanging;
} resolver = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret_found);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret_found);

static void hang(void) {
        (void)pthread_mutex_lock(&resolver.lock);
        resolver.n_hanging++;
        while (resolver.hangs)
                (void)pthread_cond_wait(&resolver.changed, &resolver.lock);
        resolver.n_hanging--;
        (void)pthread_cond_broadcast(&resolver.changed);
        (void)pthread_mutex_unlock(&resolver.lock);
}

int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
                       struct addrinfo **ret_found) {
        bool is_slow = strncmp(host, "slow", 4) == 0 && !(hints->ai_flags & AI_NUMERICHOST);

        if (is_slow)
                hang();
        return __real_getaddrinfo(is_slow ? "127.0.0.1" : host, port, hints, ret_found);
}

static void set_hanging(bool hangs) {
        (void)pthread_mutex_lock(&resolver.lock);
        resolver.hangs = hangs;
        (void)pthread_cond_broadcast(&resolver.changed);
        while (!hangs && resolver.n_hanging > 0)
                (void)pthread_cond_wait(&resolver.changed, &resolver.lock);
        (void)pthread_mutex_unlock(&resolver.lock);
}

static void assert_parsed(const char *text, const char *host, const char *port, const char *path) {
        DialAddress address;
        Problem problem = PROBLEM_NULL;

        if (!dial_parse(text, &address, &problem))
                fail_msg("%s", problem.text);
        assert_string_equal(address.host, host);
        assert_string_equal(address.port, port);
        assert_string_equal(address.path, path);
}

static void test_hosts_addresses_and_paths_are_read(void **state _unused_) {
        assert_parsed("redis.example.com:6379", "redis.example.com", "6379", "");
        assert_parsed("127.0.0.1:1", "127.0.0.1", "1", "");
        assert_parsed("[::1]:65535", "::1", "65535", "");
        assert_parsed("/run/redis.sock", "", "", "/run/redis.sock");
}

static void test_what_is_malformed_is_refused(void **state _unused_) {
        static const char *const malformed[] = {
                "",
                "host",
                ":6379",
                "host:",
                "host:0",
                "host:65536",
                "host:1x",
                "host:-1",
                "::1:6379",
                "[]:1",
                "[::1]",
                "[::1:1",
                "[x",
                "redis://host:1",
                "host/a:1",
                "host:00000000000000000001",
                "host:0000001",
        };
        char long_path[200], long_host[400];

        memset(long_path, '/', sizeof(long_path) - 1);
        long_path[sizeof(long_path) - 1] = '\0';
        (void)snprintf(long_host, sizeof(long_host), "%0300d:1", 1);
        for (size_t i = 0; i < ARRAY_SIZE(malformed) + 2; i++) {
                const char *text = i < ARRAY_SIZE(malformed)    ? malformed[i]
                                   : i == ARRAY_SIZE(malformed) ? long_path
                                                                : long_host;
                DialAddress address;
                Problem problem = PROBLEM_NULL;

                if (dial_parse(text, &address, &problem))
                        fail_msg("%s", text);
                assert_true(problem.text[0] != '\0');
        }
}

typedef struct Dialled {
        Waker waker;
        Problem problem;
        TargetOutcome outcome;
        int fd;
        int64_t took_ms;
} Dialled;

static void dial(Dialled *dialled, const char *text, int64_t timeout_ms) {
        DialAddress address;
        int64_t begin_ms = clock_monotonic_ms();

        dialled->fd = -1;
        assert_true(dial_parse(text, &address, &dialled->problem));
        dialled->outcome =
                dial_connect(&address, &dialled->waker, timeout_ms, &dialled->fd, &dialled->problem);
        dialled->took_ms = clock_monotonic_ms() - begin_ms;
        if (dialled->fd >= 0)
                (void)close(dialled->fd);
}

static int set_up(void **state) {
        static Dialled dialled;

        dialled = (Dialled){ .problem = PROBLEM_NULL };
        *state = &dialled;
        return waker_init(&dialled.waker);
}

static int tear_down(void **state) {
        waker_deinit(&((Dialled *)*state)->waker);
        return 0;
}

/* Listens on 127.0.0.1, where at most one connection waits. */
static int listen_at(char *to, size_t size) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t address_size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(listen(fd, 0), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &address_size), 0);
        (void)snprintf(to, size, "localhost:%u", ntohs(address.sin_port));
        return fd;
}

/* The name has an IPv6 address, too, at which nobody listens. */
static void test_each_address_of_a_name_is_tried(void **state) {
        Dialled *dialled = *state;
        char at[32];
        int fd = listen_at(at, sizeof(at));

        dial(dialled, at, 2000);
        assert_int_equal(dialled->outcome, TARGET_OK);
        (void)close(fd);
}

static void test_a_refused_connection_is_down(void **state) {
        Dialled *dialled = *state;
        char at[32];

        (void)snprintf(at, sizeof(at), "127.0.0.1:%u", child_free_port());
        dial(dialled, at, 2000);
        assert_int_equal(dialled->outcome, TARGET_E_DOWN);
        assert_non_null(strstr(dialled->problem.text, at));
        assert_non_null(strstr(dialled->problem.text, "Connection refused"));
}

static void test_a_missing_socket_is_down(void **state) {
        Dialled *dialled = *state;

        dial(dialled, "/nonexistent/socket", 2000);
        assert_int_equal(dialled->outcome, TARGET_E_DOWN);
        assert_non_null(strstr(dialled->problem.text, "/nonexistent/socket cannot be reached"));
}

static void test_an_unknown_name_is_down(void **state) {
        Dialled *dialled = *state;

        dial(dialled, "no-such-host.invalid:1", 5000);
        assert_int_equal(dialled->outcome, TARGET_E_DOWN);
        assert_non_null(strstr(dialled->problem.text, "no-such-host.invalid"));
}

/* One whose queue is full takes no more, and says nothing. */
static int listen_full(char *at, size_t at_size, int *fds, size_t n) {
        int listener = listen_at(at, at_size);
        struct sockaddr_in address;
        socklen_t size = sizeof(address);

        assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
        for (size_t i = 0; i < n; i++) {
                fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                (void)connect(fds[i], (struct sockaddr *)&address, size);
        }
        return listener;
}

static void test_a_server_that_does_not_answer_is_down_in_time(void **state) {
        Dialled *dialled = *state;
        char at[32];
        int fds[4], listener = listen_full(at, sizeof(at), fds, ARRAY_SIZE(fds));

        dial(dialled, at, 200);
        assert_int_equal(dialled->outcome, TARGET_E_DOWN);
        assert_in_range(dialled->took_ms, 90, 1500);
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
                (void)close(fds[i]);
        (void)close(listener);
}

static void *stop_soon(void *context) {
        (void)poll(NULL, 0, 50);
        waker_stop(context);
        return NULL;
}

static void test_stopping_ends_it_at_once(void **state) {
        Dialled *dialled = *state;
        char at[32];
        int fds[4], listener = listen_full(at, sizeof(at), fds, ARRAY_SIZE(fds));
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, stop_soon, &dialled->waker), 0);
        dial(dialled, at, 60000);
        (void)pthread_join(thread, NULL);
        assert_int_equal(dialled->outcome, TARGET_E_STOPPED);
        assert_in_range(dialled->took_ms, 0, 2000);
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
                (void)close(fds[i]);
        (void)close(listener);
}

static void test_who_has_stopped_looks_nothing_up(void **state) {
        Dialled *dialled = *state;

        waker_stop(&dialled->waker);
        dial(dialled, "no-such-host.invalid:1", 60000);
        assert_int_equal(dialled->outcome, TARGET_E_STOPPED);
        assert_in_range(dialled->took_ms, 0, 2000);
}

static void test_a_resolver_that_hangs_is_down_in_time(void **state) {
        Dialled *dialled = *state;

        set_hanging(true);
        dial(dialled, "slow.example.com:1", 100);
        assert_int_equal(dialled->outcome, TARGET_E_DOWN);
        assert_non_null(strstr(dialled->problem.text, "slow.example.com takes more than 100 ms"));
        assert_in_range(dialled->took_ms, 90, 1500);
        set_hanging(false);
}

static void test_stopping_does_not_wait_for_a_resolver_that_hangs(void **state) {
        Dialled *dialled = *state;
        pthread_t thread;

        set_hanging(true);
        assert_int_equal(pthread_create(&thread, NULL, stop_soon, &dialled->waker), 0);
        dial(dialled, "slow.example.com:1", 60000);
        (void)pthread_join(thread, NULL);
        assert_int_equal(dialled->outcome, TARGET_E_STOPPED);
        assert_in_range(dialled->took_ms, 0, 2000);
        set_hanging(false);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_hosts_addresses_and_paths_are_read),
                cmocka_unit_test(test_what_is_malformed_is_refused),
                cmocka_unit_test_setup_teardown(test_each_address_of_a_name_is_tried, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_refused_connection_is_down, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_missing_socket_is_down, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_an_unknown_name_is_down, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_server_that_does_not_answer_is_down_in_time, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(test_stopping_ends_it_at_once, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_resolver_that_hangs_is_down_in_time, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(test_stopping_does_not_wait_for_a_resolver_that_hangs, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(test_who_has_stopped_looks_nothing_up, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
