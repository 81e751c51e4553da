/*
 * One event loop and all that belongs to its thread: listener, connections, catalog, counters.
 *
 * Other threads reach it by messages only.
 */
#pragma once

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/h2o.h"
#include "http/server.h"
#include "model/buf.h"
#include "model/catalog.h"
#include "util/metrics.h"

#define ADDRESS_SIZE_MAX 64

typedef struct Loop Loop;
typedef struct LoopMessage LoopMessage;

/* Embedded in what the message is about; whoever sent it leaves it alone until it has run. */
struct LoopMessage {
        h2o_multithread_message_t super;
        void (*run)(Loop *loop, LoopMessage *message); /* @thread loop */
};

/* An accepted socket, for as long as it is open. */
typedef struct Connection {
        h2o_linklist_t link; /* in the loop's connections */
        Loop *loop;
        int fd;
        char address[ADDRESS_SIZE_MAX]; /* of the client, without the port */
} Connection;

struct Loop {
        Server *server;
        pthread_t thread;
        sem_t started; /* posted once messages are taken */
        sem_t left;    /* posted once nobody sends any more */
        int listener_fd;
        h2o_context_t context;
        h2o_accept_ctx_t accept;
        h2o_socket_t *listener;
        h2o_multithread_queue_t *queue;
        h2o_multithread_receiver_t receiver;
        h2o_linklist_t connections;
        size_t n_connections;
        h2o_timeout_t tick;
        h2o_timeout_entry_t tick_entry;
        h2o_timeout_entry_t turn_entry; /* linked while the hooks are due */
        void (*on_tick)(Loop *loop);
        void *extension; /* what the hooks (http/hooks.h) keep for this loop */

        Catalog catalog;
        bool is_ready;    /* the catalog is loaded */
        bool is_draining; /* no new connections */
        bool is_drained;  /* and nothing under way: the server was told */
        bool is_closed;   /* nothing that comes now is done any more */
        bool is_ending;
        size_t n_in_flight; /* requests being handled */
        Buf access_lines;
        MetricSet metrics;
};

/*
 * Starts the thread, and returns when it takes messages.
 * @fd: a listening socket, taken over
 * @on_tick: called every second, @thread loop
 */
int loop_start(Loop *loop, Server *server, int fd, void (*on_tick)(Loop *loop));

/* Waits for the thread's end, which a message brought about. From here on nobody may send it anything. */
void loop_join(Loop *loop);

/* @thread any */
void loop_send(Loop *loop, LoopMessage *message);

/* Whatever signals come meanwhile. */
static inline void semaphore_wait(sem_t *semaphore) {
        while (sem_wait(semaphore) != 0)
                assert(errno == EINTR);
}

/* Called when draining begins, and whenever a request ends. @thread loop */
void loop_tell_if_drained(Loop *loop);

/* The socket's connection, as long as it is open. */
Connection *connection_of_socket(h2o_socket_t *socket);

/* The connection that a request came on. */
Connection *connection_of(h2o_req_t *req);
