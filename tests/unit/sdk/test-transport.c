/*
 * The transport waits no longer than it is told, however slowly its thread gets on. The linker sends the
 * library's calls of lws_service() here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "model/macros.h"
#include "transport.h"

struct lws_context;

int __real_lws_service(struct lws_context *context, int timeout_ms);
int __wrap_lws_service(struct lws_context *context, int timeout_ms);

/* Where a wait never ends, the test does. */
#define STUCK_S 20

static bool is_slow;

/* The thread loses the processor between setting its timer and waiting. */
int __wrap_lws_service(struct lws_context *context, int timeout_ms) {
        if (is_slow)
                (void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
        return __real_lws_service(context, timeout_ms);
}

static void nothing(void *context _unused_) {
}

static void nothing_received(void *context _unused_, Span message _unused_) {
}

static void nothing_closed(void *context _unused_, confer_error error _unused_, const char *why _unused_) {
}

static const TransportEvents events = { nothing, nothing_received, nothing, nothing_closed };

/* A server that accepts connections and says nothing. */
static int listen_silently(uint16_t *ret_port) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        socklen_t size = sizeof(address);

        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        *ret_port = ntohs(address.sin_port);
        return fd;
}

static void test_a_timer_that_is_over_before_the_wait_ends_it(void **state _unused_) {
        confer_options *options = NULL;
        Transport *transport = NULL;
        Server server = { .host = (char[]){ "127.0.0.1" } };
        int fd = listen_silently(&server.port);

        assert_int_equal(confer_options_new(&options), CONFER_OK);
        assert_int_equal(transport_lws.open(&server, options, &events, NULL, &transport), CONFER_OK);
        (void)alarm(STUCK_S);
        is_slow = true;
        for (int i = 0; i < 50; i++)
                transport_lws.run(transport, 1);
        is_slow = false;
        (void)alarm(0);

        transport_lws.free(transport);
        confer_options_free(options);
        (void)close(fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_timer_that_is_over_before_the_wait_ends_it),
        };

        return cmocka_run_group_tests_name("sdk/transport", tests, NULL, NULL);
}
