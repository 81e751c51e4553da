/*
 * A WebSocket connection to one server, as the rest of the SDK sees it: whole messages in and out.
 *
 * A transport is one attempt. It is opened, run by the thread that opened it until it says that it is
 * closed, and freed; only wake() may be called by other threads. Events are called from inside run(), by the
 * same thread. This table is implemented by libwebsockets, and by tests.
 */
#pragma once

#include <stdint.h>

#include "confer/confer.h"
#include "model/span.h"
#include "options.h"

/* The longest message that is taken: a frame of a snapshot carries many configs of up to 1 MiB. */
#define MESSAGE_SIZE_MAX ((size_t)64 * 1024 * 1024)

/* How long connecting, and then the upgrade, may take. */
#define CONNECT_TIMEOUT_S 10

#define STREAM_PATH     "/api/v1/stream"
#define STREAM_PROTOCOL "confer.v1"

typedef struct Transport Transport;

typedef struct TransportEvents {
        void (*opened)(void *context);
        void (*received)(void *context, Span message);
        void (*heard)(void *context); /* a pong */
        /* The last event. CONFER_OK: an end in order. @why: for the log. */
        void (*closed)(void *context, confer_error error, const char *why);
} TransportEvents;

typedef struct TransportType {
        /* @options, which hold token and certificates, outlive the transport. Return: CONFER_OK;
         * CONFER_E_NOMEM; CONFER_E_SYSTEM; CONFER_E_NETWORK; CONFER_E_TLS: a certificate cannot be used. */
        confer_error (*open)(const Server *server, const confer_options *options,
                             const TransportEvents *events, void *context, Transport **ret_transport);
        void (*free)(Transport *transport);
        /* Both only once it is open; they go out in this order. The message is copied. Return: 0 or -ENOMEM.
         */
        int (*send)(Transport *transport, Span message);
        void (*ping)(Transport *transport);
        /* Waits for what happens next: for @timeout_ms, or until it is woken. */
        void (*run)(Transport *transport, int64_t timeout_ms);
        /* Any thread. */
        void (*wake)(Transport *transport);
} TransportType;

extern const TransportType transport_lws;
