/*
 * The HTTP server: one event loop per thread, each with its own listener on the same port and its own
 * catalog.
 *
 * Life: server_new(), server_listen(): the loops run, and answer that they are not ready; server_seed(): each
 * loop has the catalog; server_deliver() for each commit; server_drain(): no new connections, and what is
 * under way is answered; server_free(): the loops end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/access.h"
#include "access/denials.h"
#include "http/hooks.h"
#include "http/route.h"
#include "model/catalog.h"
#include "model/macros.h"
#include "model/problem.h"
#include "store/store.h"
#include "util/metrics.h"
#include "util/workers.h"

typedef struct Server Server;

typedef struct ServerOptions {
        const char *host;
        uint16_t port;    /* 0: a free one */
        size_t n_threads; /* of event loops */
        size_t connections_max;
        size_t body_max_bytes;
        size_t headers_max_bytes; /* of the request line and all header fields */
        uint64_t request_timeout_ms;
        uint64_t query_timeout_ms;
        const char *access_log; /* path, "-" for standard output, "" for none */
        const Route *routes;
        size_t n_routes;
        void *app;                  /* for the handlers */
        LoopHooks hooks[HOOKS_MAX]; /* called in this order */
} ServerOptions;

/* What a worker thread carries: the state of its jobs. */
typedef struct WorkerState {
        Reader *reader;
        MetricSet metrics;
} WorkerState;

int server_new(const ServerOptions *options, Server **ret_server, Problem *ret_problem);

/* Binds and starts the loops. */
int server_listen(Server *server, Problem *ret_problem);
uint16_t server_port(const Server *server);

/* What a request needs beside the catalog. */
typedef struct ServerParts {
        Store *store;
        Access *access;
        Workers *workers; /* their states are WorkerState */
        Workers *hasher;  /* one thread of its own, so that wrong passwords cannot hold up queries */
} ServerParts;

/* Gives every loop a copy of @catalog; from here on requests are answered. */
void server_seed(Server *server, const Catalog *catalog, const ServerParts *parts);

/* A StoreSink; @context is the server. */
void server_deliver(void *context, Commit *commit);

/* Opens the access log's file again, for log rotation. @thread any */
void server_reopen_access_log(Server *server);

/* Writes what is still to go to the audit. Return: whether all requests under way were answered in time. */
bool server_drain(Server *server, uint64_t timeout_ms);

Server *server_free(Server *server);

/*
 * Has every loop call @run on its thread; the one that is done last calls @end. Nobody waits.
 * @thread any
 */
void server_visit_loops(Server *server, void (*run)(Loop *loop, void *context), void (*end)(void *context),
                        void *context);

/* The loops' counters. @thread any */
size_t server_n_loops(const Server *server);
const MetricSet *server_loop_metrics(const Server *server, size_t index);

DEFINE_CLEANUP(Server *, server_free);
