/*
 * A request on its way through the server: from libh2o's event to the reply's last byte.
 *
 *      begin -> match the route -> who asks? -> may they? -> is it well-formed?
 *                                     |                             |
 *                     a worker hashes the password     read | query | write | hold -> send
 *
 * The steps run on the loop thread that took the request in. Where a step belongs elsewhere (hashing,
 * queries, large bodies, the store), the exchange is handed over whole and comes back by a message.
 */
#pragma once

#include "access/denials.h"
#include "http/access_log.h"
#include "http/h2o.h"
#include "http/loop.h"
#include "http/request.h"
#include "util/workers.h"

typedef struct Exchange Exchange;

struct Exchange {
        Request request;
        Loop *loop;
        h2o_req_t *h2o;
        Credentials credentials;
        Span query;    /* what follows the question mark, or absent */
        bool is_large; /* its body is parsed by a worker */
        int64_t began_at_us;
        MetricHistogram histogram; /* where its duration is counted */

        /* While it is away. */
        LoopMessage message;
        Job job;
        void (*work)(Exchange *exchange, WorkerState *state); /* @thread worker */
        void (*resume)(Exchange *exchange);                   /* @thread loop */
        AccessVerdict verdict;
};

/* @thread loop */
void exchange_begin(Loop *loop, h2o_req_t *h2o);

/* Has one of @workers do @work, then calls @resume on the loop. A full queue is answered with 503. */
void exchange_offload(Exchange *exchange, Workers *workers, void (*work)(Exchange *, WorkerState *),
                      void (*resume)(Exchange *));

/* Runs the handlers of its route, once everything about the request is checked. */
void exchange_run(Exchange *exchange);

/* Calls @resume on the exchange's own loop. @thread any */
void exchange_come_back(Exchange *exchange, void (*resume)(Exchange *));

/* Sends the reply that was made; a refusal of credentials or rights goes to the audit first. */
void exchange_finish(Exchange *exchange);
void exchange_send(Exchange *exchange);

/* Writes the repeated refusals that are due at @now_ms, monotonic. @thread any */
void exchange_flush_denials(Server *server, int64_t now_ms);

/* Notes a refusal that no answer waits for; its texts are copied. @thread loop */
void exchange_note_denial(Loop *loop, const Denial *denial);

/* The exchange that a handler's request is part of; for those that hold it. */
static inline Exchange *exchange_of_request(Request *request) {
        return (Exchange *)((char *)request - offsetof(Exchange, request));
}

/* Has every loop call @run on its thread; the one that is done last calls @end. */
void exchange_visit_loops(Exchange *exchange, void (*run)(Loop *loop, void *context),
                          void (*end)(void *context), void *context);

/* Its duration says nothing of the server's speed: it waits for something to happen. */
static inline void exchange_leave_unmeasured(Exchange *exchange) {
        exchange->histogram = HISTOGRAM_N;
}

/* Writes a line to the access log, if there is one. */
void exchange_log(Loop *loop, const AccessLine *line);

/* Counts and logs a response; for those too that libh2o makes by itself. */
void exchange_account(Loop *loop, h2o_req_t *h2o, Span user, int64_t duration_us, uint64_t sent_bytes);
