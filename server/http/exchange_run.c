/*
 * The middle of an exchange: handlers, and the ways to other threads and back.
 */
#include "http/exchange.h"
#include "http/server_private.h"
#include "util/clock.h"

static Exchange *exchange_of_job(Job *job) {
        return (Exchange *)((char *)job - offsetof(Exchange, job));
}

static Exchange *exchange_of_message(LoopMessage *message) {
        return (Exchange *)((char *)message - offsetof(Exchange, message));
}

static Exchange *exchange_of_command(Command *command) {
        return (Exchange *)((char *)command - offsetof(Exchange, request.command));
}

static void on_message(_unused_ Loop *loop, LoopMessage *message) {
        Exchange *exchange = exchange_of_message(message);

        exchange->resume(exchange);
}

void exchange_come_back(Exchange *exchange, void (*resume)(Exchange *)) {
        exchange->resume = resume;
        exchange->message.run = on_message;
        loop_send(exchange->loop, &exchange->message);
}

void exchange_visit_loops(Exchange *exchange, void (*run)(Loop *, void *), void (*end)(void *),
                          void *context) {
        server_visit_loops(exchange->loop->server, run, end, context);
}

static void run_job(Job *job, void *state) {
        Exchange *exchange = exchange_of_job(job);

        exchange->work(exchange, state);
        exchange_come_back(exchange, exchange->resume);
}

static void reply_busy(Exchange *exchange, const char *what) {
        reply_refusal(&exchange->request, REASON_BUSY, NULL, "%s: try again in a moment", what);
        exchange_send(exchange);
}

void exchange_offload(Exchange *exchange, Workers *workers, void (*work)(Exchange *, WorkerState *),
                      void (*resume)(Exchange *)) {
        exchange->work = work;
        exchange->resume = resume;
        exchange->job.run = run_job;
        if (workers_submit(workers, &exchange->job))
                return;

        metric_add(&exchange->loop->metrics, METRIC_QUERY_BUSY, 1);
        reply_busy(exchange, "too many requests are waiting for a thread");
}

/* Queries. */

static void work_query(Exchange *exchange, WorkerState *state) {
        Request *request = &exchange->request;
        uint64_t timeout_ms = exchange->loop->server->options.query_timeout_ms;

        reader_set_deadline(state->reader, clock_monotonic_ms() + (int64_t)timeout_ms);
        request->route->query(request, state->reader);
        reader_set_deadline(state->reader, 0);
        if (request->reply.reason == REASON_QUERY_TIMEOUT && request->reply.status == 503)
                metric_add(&state->metrics, METRIC_QUERY_TIMEOUTS, 1);
}

static void hold(Exchange *exchange) {
        if (!exchange->request.route->hold(&exchange->request))
                exchange_finish(exchange);
}

static void resume_query(Exchange *exchange) {
        if (exchange->request.reply.status == 0)
                hold(exchange);
        else
                exchange_finish(exchange);
}

/* Writes. */

static void resume_write(Exchange *exchange) {
        Request *request = &exchange->request;
        Command *command = &request->command;

        if (command->outcome == STORE_OK)
                request->route->answer(request);
        else
                reply_store_outcome(request, command->outcome, &command->problem);
        exchange_finish(exchange);
}

/* @thread any loop */
static void on_done(Command *command) {
        exchange_come_back(exchange_of_command(command), resume_write);
}

static void submit(Exchange *exchange) {
        Request *request = &exchange->request;

        request->command.actor = request->principal.name;
        request->command.address = request->address;
        request->command.done = on_done;
        if (store_submit(exchange->loop->server->parts.store, &request->command) == 0)
                return;

        metric_add(&exchange->loop->metrics, METRIC_STORE_BUSY, 1);
        reply_busy(exchange, "too many changes are waiting");
}

static void resume_prepared(Exchange *exchange) {
        if (exchange->request.reply.status == 0)
                submit(exchange);
        else
                exchange_finish(exchange);
}

static void work_prepare(Exchange *exchange, _unused_ WorkerState *state) {
        (void)exchange->request.route->prepare(&exchange->request);
}

void exchange_run(Exchange *exchange) {
        Request *request = &exchange->request;
        const Route *route = request->route;
        const ServerParts *parts = &exchange->loop->server->parts;

        exchange->histogram = route->prepare ? HISTOGRAM_WRITE_SECONDS : HISTOGRAM_READ_SECONDS;
        if (route->hold && !route->query)
                hold(exchange);
        else if (route->prepare && (exchange->is_large || route->is_slow))
                exchange_offload(exchange, route->is_slow ? parts->hasher : parts->workers, work_prepare,
                                 resume_prepared);
        else if (route->prepare) {
                (void)route->prepare(request);
                resume_prepared(exchange);
        } else if (route->read && route->read(request))
                exchange_finish(exchange);
        else {
                exchange->histogram = HISTOGRAM_QUERY_SECONDS;
                exchange_offload(exchange, parts->workers, work_query,
                                 route->hold ? resume_query : exchange_finish);
        }
}
