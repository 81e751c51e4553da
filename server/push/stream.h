/*
 * One WebSocket connection of the stream, from the upgrade to the last byte.
 *
 *      open --- a breach, a limit, the server's stop ---> closing --- our close frame is out ---> shut
 *        '----- the client's close frame ---------------> closing --- our answer is out --------> gone
 *
 * Shut means that we have ended our side: what still comes in is passed over, until the client ends its own
 * or does not in time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/access.h"
#include "http/exchange.h"
#include "model/frame.h"
#include "push/channel.h"
#include "push/frame_reader.h"
#include "push/instance.h"

typedef enum StreamState {
        STREAM_OPEN,
        STREAM_CLOSING,
        STREAM_SHUT,
} StreamState;

struct Stream {
        Channel channel; /* first */
        h2o_linklist_t link;
        h2o_socket_t *socket;
        FrameReader *reader;
        StreamState state;
        bool client_has_closed; /* its close frame came */
        bool is_admin;
        Span user; /* lives as long as the server */
        uint64_t serial;
        int64_t connected_at_ms; /* wall clock; the others are monotonic */
        int64_t began_at_us;
        int64_t heard_at_ms;
        int64_t pinged_at_ms;
        int64_t closing_at_ms;
        size_t bytes_before; /* written before it was ours */
        Instance *instance;  /* NULL before the first subscribe */
        InstanceResults results;
};

/* Makes a stream of a request for one, which was checked. The connection counts already. */
void stream_begin(Hub *hub, Exchange *exchange);

/* A message from the client. @text is UTF-8. */
void stream_receive(Stream *stream, Span text);

/* Begins the closing handshake. @reason: a short text */
void stream_close(Stream *stream, CloseCode code, const char *reason);

const char *stream_address(const Stream *stream);
