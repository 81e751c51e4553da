/*
 * The network thread: attempts to connect, one server after another, and the waiting between them.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backoff.h"
#include "confer/confer.h"
#include "transport.h"

typedef struct Network {
        const TransportType *type;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t woken;
        Transport *transport; /* of the attempt that is under way; under the lock, for waking */
        bool is_woken;
        Backoff backoff;
        size_t server;   /* the one to try next */
        size_t n_faults; /* attempts in a row that failed for what somebody has to mend */
        uint64_t random;
} Network;

void network_init(Network *network, const TransportType *type, size_t n_servers);
void network_deinit(Network *network);

/* Return: 0 or -errno: there is no thread. */
int network_start(confer_client *client);
/* After is_closing was set. */
void network_join(confer_client *client);

/* Makes the thread look at what is due. Any thread. */
void network_wake(Network *network);

/* A thread that blocks all signals. Return: 0 or -errno. */
int network_make_thread(pthread_t *ret_thread, void *(*main)(void *context), void *context);
