/*
 * What is known of the server's stream, and what one connection's frames do to it.
 *
 * The follower lives as long as the client; a Stream is one connection. Only the network thread uses them
 * once the client is started. Nothing here knows sockets: messages come in, messages go out through the
 * transport, and the time is an argument.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "applying.h"
#include "confer/confer.h"
#include "model/frame.h"
#include "tag_set.h"
#include "transport.h"

/* The server pings every 15 s, and so do we; after three times that, silence is death. */
#define PING_INTERVAL_MS 15000
#define SILENCE_MAX_MS   45000

/* How long a connection may take until it is open: the upgrade, and TLS before it, in which libwebsockets'
 * own limits do not hold. */
#define OPENING_MAX_MS 10000

/* A client that comes back is first sent what it missed, and then the pong to the ping behind its subscribe.
 * Where there is no pong, it counts as current after this time. */
#define CATCH_UP_MAX_MS 1000

/* Verdicts are gathered for so long, so that a burst of changes makes few frames. */
#define ACK_DELAY_MS 50

/* A subscribe that is longer asks for its namespaces whole; the server takes at most 256 KiB. */
#define SUBSCRIBE_SIZE_MAX ((size_t)200 * 1024)

typedef struct Follower {
        char epoch[EPOCH_SIZE_MAX + 1]; /* "": none is known */
        bool is_complete;               /* all that is wanted is known as of the replica's revision */
} Follower;

typedef struct Stream {
        confer_client *client;
        const TransportType *type;
        Transport *transport;
        int64_t now_ms;
        int64_t heard_at_ms;
        int64_t pinged_at_ms;
        int64_t answer_at_ms; /* the last message while there is no answer: it must go on */
        int64_t began_at_ms;
        int64_t opened_at_ms;   /* 0: not yet */
        int64_t current_at_ms;  /* since when it is current; 0: not yet */
        int64_t acks_due_at_ms; /* 0: none */
        uint64_t since;         /* what was subscribed with */
        uint64_t floor;         /* changes up to here are in what the server sent before */
        uint64_t last_change;
        bool has_resumed; /* an answer that is no snapshot has begun */
        int64_t resumed_at_ms;
        bool has_pong;
        TagSet *tags;     /* a reference: those that the server was told of */
        size_t n_current; /* names of which the server said that they are current */
        Snapshot snapshot;
        bool is_ended;
        confer_error error; /* why it ended */
        char why[160];
} Stream;

void stream_init(Stream *stream, confer_client *client, const TransportType *type, int64_t now_ms);
void stream_deinit(Stream *stream);

/* For TransportType.open(), with the stream as context. */
extern const TransportEvents stream_events;

/* What is due by the time: pings, verdicts, giving up. */
void stream_tick(Stream *stream, int64_t now_ms);
/* How long nothing is due, unless something happens. */
int64_t stream_timeout_ms(Stream *stream, int64_t now_ms);

/* Applies what the cache file holds. @revision: 0 when something may be missing. Return: 0 or -ENOMEM. */
int follower_load(confer_client *client, const Catalog *releases, uint64_t revision, const char *epoch,
                  const bool *is_known);
