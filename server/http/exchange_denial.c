/*
 * The end of an exchange that was refused for its credentials or rights: an entry in the audit, then the
 * answer.
 */
#include <stdlib.h>
#include <string.h>

#include "http/exchange.h"
#include "http/server_private.h"
#include "model/json.h"
#include "model/name.h"
#include "util/clock.h"

typedef struct DenialCommand {
        Command command;
        Operation operation;
        Exchange *exchange; /* that is answered once the entry is written; NULL where nobody waits */
        char text[];        /* what the operation's texts point into */
} DenialCommand;

/* @thread any loop */
static void on_written(Command *command) {
        DenialCommand *written = (DenialCommand *)((char *)command - offsetof(DenialCommand, command));

        if (written->exchange)
                exchange_come_back(written->exchange, exchange_send);
        free(written);
}

static void append_denial_details(Buf *details, const Denial *denial) {
        buf_append_format(details, "{\"status\":%d,\"reason\":", denial->status);
        json_append_string(details, denial->reason);
        buf_append_literal(details, ",\"count\":");
        buf_append_u64(details, denial->count);
        buf_append_char(details, '}');
}

static void audit_operation(Operation *operation, const Denial *denial, Span details) {
        *operation = (Operation){
                .type = OPERATION_AUDIT,
                .namespace = denial->namespace,
                .key = denial->key,
                .comment = SPAN_LITERAL(""),
                .audit = { .action = denial->action, .outcome = AUDIT_DENIED, .details = details },
        };
}

static DenialCommand *denial_command_new(const Denial *denial) {
        _cleanup_(buf_deinit) Buf details = BUF_NULL;
        DenialCommand *written;
        Denial kept = *denial;
        char *at;

        append_denial_details(&details, denial);
        written =
                calloc(1, sizeof(*written) + denial->address.size + denial->actor.size + denial->action.size +
                                  denial->namespace.size + denial->key.size + details.size);
        if (!written)
                abort();

        at = written->text;
        kept.address = span_copy(&at, denial->address);
        kept.actor = span_copy(&at, denial->actor);
        kept.action = span_copy(&at, denial->action);
        kept.namespace = span_copy(&at, denial->namespace);
        kept.key = span_copy(&at, denial->key);
        audit_operation(&written->operation, &kept, span_copy(&at, buf_span(&details)));

        written->command.actor = kept.actor;
        written->command.address = kept.address;
        written->command.operations = &written->operation;
        written->command.n_operations = 1;
        written->command.done = on_written;
        return written;
}

static void write_denial(void *context, const Denial *denial) {
        DenialCommand *written = denial_command_new(denial);
        Server *server = context;

        if (store_submit(server->parts.store, &written->command) != 0)
                free(written);
}

/* A full queue costs the entry, not the answer. */
static void write_denial_and_send(Exchange *exchange, const Denial *denial) {
        DenialCommand *written = denial_command_new(denial);

        written->exchange = exchange;
        if (store_submit(exchange->loop->server->parts.store, &written->command) == 0)
                return;

        free(written);
        exchange_send(exchange);
}

void exchange_note_denial(Loop *loop, const Denial *denial) {
        metric_add(&loop->metrics, METRIC_ACCESS_DENIED, 1);
        if (denials_note(loop->server->denials, denial, clock_monotonic_ms()))
                write_denial(loop->server, denial);
}

void exchange_flush_denials(Server *server, int64_t now_ms) {
        denials_flush(server->denials, now_ms, write_denial, server);
}

static void deny(Exchange *exchange) {
        Request *request = &exchange->request;
        Server *server = exchange->loop->server;
        Denial denial = {
                .address = request->address,
                .actor = request->principal.name.data ? request->principal.name : SPAN_LITERAL(""),
                .action = span_from_string(request->route->action),
                .status = request->reply.status,
                .reason = span_from_string(reason_to_string(request->reply.reason)),
                .count = 1,
        };

        metric_add(&exchange->loop->metrics, METRIC_ACCESS_DENIED, 1);
        if (namespace_is_valid(request_namespace(request)))
                denial.namespace = request_namespace(request);
        if (key_is_valid(request_key(request)))
                denial.key = request_key(request);

        if (denials_note(server->denials, &denial, clock_monotonic_ms()))
                write_denial_and_send(exchange, &denial);
        else
                exchange_send(exchange);
}

void exchange_finish(Exchange *exchange) {
        int status = exchange->request.reply.status;

        if (status == 401 || status == 403)
                deny(exchange);
        else
                exchange_send(exchange);
}
