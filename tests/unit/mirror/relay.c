#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/buf.h"
#include "relay.h"

#define N_PAIRS_MAX 8

/* Descriptors are -1 where that side has gone. */
typedef struct Pair {
        int client;
        int target;
        bool is_held;
        Buf held;
} Pair;

struct Relay {
        pthread_t thread;
        int listener;
        int news; /* an eventfd: something is wanted */
        struct sockaddr_in from, to;
        Pair pairs[N_PAIRS_MAX];
        size_t n_pairs;

        pthread_mutex_t lock; /* of the rest */
        pthread_cond_t done;
        enum { NOTHING, HOLD, DELIVER, STOP } wanted;
        bool is_delivering;
};

static void close_side(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
        *fd = -1;
}

static void accept_one(Relay *relay) {
        Pair *pair = &relay->pairs[relay->n_pairs];

        if (relay->n_pairs++ == N_PAIRS_MAX)
                abort();
        *pair = (Pair){ .client = accept(relay->listener, NULL, NULL),
                        .target = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                        .held = BUF_NULL };
        if (connect(pair->target, (struct sockaddr *)&relay->to, sizeof(relay->to)) < 0)
                close_side(&pair->target);
}

static void send_all(int fd, Span bytes) {
        while (bytes.size > 0) {
                ssize_t n = send(fd, bytes.data, bytes.size, MSG_NOSIGNAL);

                if (n <= 0)
                        return;
                span_drop(&bytes, (size_t)n);
        }
}

static void take_from_client(Pair *pair) {
        char bytes[4096];
        ssize_t n = recv(pair->client, bytes, sizeof(bytes), 0);

        if (n <= 0) {
                close_side(&pair->client);
                if (!pair->is_held)
                        close_side(&pair->target);
        } else if (pair->is_held)
                buf_append(&pair->held, bytes, (size_t)n);
        else
                send_all(pair->target, (Span){ bytes, (size_t)n });
}

static void take_from_target(Pair *pair) {
        char bytes[4096];
        ssize_t n = recv(pair->target, bytes, sizeof(bytes), 0);

        if (n <= 0) {
                close_side(&pair->target);
                close_side(&pair->client);
        } else if (pair->client >= 0)
                send_all(pair->client, (Span){ bytes, (size_t)n });
}

static void hold(Relay *relay) {
        for (size_t i = 0; i < relay->n_pairs; i++)
                relay->pairs[i].is_held = true;
}

/* The target ends the connection when it has read, and carried out, all of it. */
static void deliver(Relay *relay) {
        relay->is_delivering = true;
        for (size_t i = 0; i < relay->n_pairs; i++) {
                Pair *pair = &relay->pairs[i];

                if (!pair->is_held || pair->target < 0)
                        continue;
                send_all(pair->target, buf_span(&pair->held));
                (void)shutdown(pair->target, SHUT_WR);
        }
}

static bool is_delivered(const Relay *relay) {
        for (size_t i = 0; i < relay->n_pairs; i++)
                if (relay->pairs[i].is_held && relay->pairs[i].target >= 0)
                        return false;
        return true;
}

/* Return: whether to go on. */
static bool do_wanted(Relay *relay) {
        bool goes_on;

        (void)pthread_mutex_lock(&relay->lock);
        goes_on = relay->wanted != STOP;
        if (relay->wanted == HOLD)
                hold(relay);
        if (relay->wanted == DELIVER)
                deliver(relay);
        relay->wanted = goes_on ? NOTHING : STOP;
        if (relay->is_delivering && is_delivered(relay))
                relay->is_delivering = false;
        (void)pthread_cond_broadcast(&relay->done);
        (void)pthread_mutex_unlock(&relay->lock);
        return goes_on;
}

static void move_all(Relay *relay) {
        struct pollfd fds[2 + 2 * N_PAIRS_MAX] = { { relay->listener, POLLIN, 0 },
                                                   { relay->news, POLLIN, 0 } };
        size_t n_pairs = relay->n_pairs;

        for (size_t i = 0; i < n_pairs; i++) {
                fds[2 + 2 * i] = (struct pollfd){ relay->pairs[i].client, POLLIN, 0 };
                fds[3 + 2 * i] = (struct pollfd){ relay->pairs[i].target, POLLIN, 0 };
        }
        (void)poll(fds, 2 + 2 * n_pairs, -1);

        if (fds[1].revents)
                (void)!read(relay->news, &(uint64_t){ 0 }, sizeof(uint64_t));
        for (size_t i = 0; i < n_pairs; i++) {
                if (fds[2 + 2 * i].revents)
                        take_from_client(&relay->pairs[i]);
                if (fds[3 + 2 * i].revents && relay->pairs[i].target >= 0)
                        take_from_target(&relay->pairs[i]);
        }
        if (fds[0].revents)
                accept_one(relay);
}

static void *run(void *context) {
        Relay *relay = context;

        while (do_wanted(relay))
                move_all(relay);
        return NULL;
}

Relay *relay_start(uint16_t to_port) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t size = sizeof(address);
        Relay *relay = calloc(1, sizeof(*relay));

        assert_non_null(relay);
        relay->from = relay->to = address;
        relay->to.sin_port = htons(to_port);
        relay->news = eventfd(0, EFD_CLOEXEC);
        relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(relay->listener, (struct sockaddr *)&relay->from, size), 0);
        assert_int_equal(listen(relay->listener, N_PAIRS_MAX), 0);
        assert_int_equal(getsockname(relay->listener, (struct sockaddr *)&relay->from, &size), 0);
        (void)pthread_mutex_init(&relay->lock, NULL);
        (void)pthread_cond_init(&relay->done, NULL);
        assert_int_equal(pthread_create(&relay->thread, NULL, run, relay), 0);
        return relay;
}

uint16_t relay_port(const Relay *relay) {
        return ntohs(relay->from.sin_port);
}

static void want(Relay *relay, int what) {
        (void)pthread_mutex_lock(&relay->lock);
        relay->wanted = what;
        (void)!write(relay->news, &(uint64_t){ 1 }, sizeof(uint64_t));
        while (what != STOP && (relay->wanted != NOTHING || relay->is_delivering))
                (void)pthread_cond_wait(&relay->done, &relay->lock);
        (void)pthread_mutex_unlock(&relay->lock);
}

void relay_hold(Relay *relay) {
        want(relay, HOLD);
}

void relay_deliver(Relay *relay) {
        want(relay, DELIVER);
}

void relay_stop(Relay *relay) {
        want(relay, STOP);
        (void)pthread_join(relay->thread, NULL);
        for (size_t i = 0; i < relay->n_pairs; i++) {
                close_side(&relay->pairs[i].client);
                close_side(&relay->pairs[i].target);
                buf_deinit(&relay->pairs[i].held);
        }
        close_side(&relay->listener);
        close_side(&relay->news);
        (void)pthread_mutex_destroy(&relay->lock);
        (void)pthread_cond_destroy(&relay->done);
        free(relay);
}
