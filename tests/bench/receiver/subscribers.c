/*
 * The receiver's subscribers as a whole: connected until all are current, and disconnected.
 *
 * A limited number is on its way at any moment, fewer than a listener's queue holds, so that no connection
 * waits for the kernel to repeat what it had to drop.
 */

#include <stdio.h>
#include <stdlib.h>

#include "receiver.h"

#define CONNECTING_MAX     512
#define CONNECT_TIMEOUT_MS 120000

static bool are_current(const Receiver *receiver) {
        return receiver->n_current == receiver->n_connections;
}

void subscribers_open_more(Receiver *receiver) {
        while (receiver->n_connecting < CONNECTING_MAX && receiver->n_opened < receiver->n_connections) {
                connection_open(receiver, &receiver->connections[receiver->n_opened++]);
                receiver->n_connecting++;
        }
}

static void print_result(const Receiver *receiver, uint64_t took_ns) {
        size_t least = SIZE_MAX, most = 0;

        for (size_t i = 0; i < receiver->n_connections; i++) {
                size_t n = receiver->connections[i].n_releases;

                least = n < least ? n : least;
                most = n > most ? n : most;
        }
        printf("{\"ms\": %.3f, \"snapshots\": %zu, \"currents\": %zu, \"releases_least\": %zu, "
               "\"releases_most\": %zu, \"seq\": %ju}\n",
               (double)took_ns / 1e6, receiver->n_snapshots, receiver->n_currents, least, most,
               (uintmax_t)receiver->seq);
}

void subscribers_connect(Receiver *receiver, size_t n, bool is_resuming) {
        uint64_t start = now_ns();

        if (receiver->n_connections > 0)
                die("connected already");
        if (is_resuming && receiver->seq == 0)
                die("there is nothing to resume from");

        receiver->connections = calloc(n, sizeof(*receiver->connections));
        if (!receiver->connections)
                die("out of memory");
        for (size_t i = 0; i < n; i++)
                receiver->connections[i] = (Connection){ .fd = -1, .index = (uint32_t)i };
        receiver->n_connections = n;
        receiver->n_snapshots = receiver->n_currents = 0;
        receiver->is_resuming = is_resuming;

        subscribers_open_more(receiver);
        loop_run(receiver, are_current, CONNECT_TIMEOUT_MS, "connect");
        print_result(receiver, now_ns() - start);
}

void subscribers_disconnect(Receiver *receiver) {
        size_t n_lost = receiver->n_connections - receiver->n_current;

        for (size_t i = 0; i < receiver->n_connections; i++)
                connection_close(&receiver->connections[i]);
        free(receiver->connections);
        receiver->connections = NULL;
        receiver->n_connections = receiver->n_opened = receiver->n_connecting = receiver->n_current = 0;
        printf("{\"lost\": %zu}\n", n_lost);
}
