/*
 * The change stream: what is committed reaches everybody who follows it, by WebSocket (/stream), long poll or
 * server-sent events (/changes).
 *
 * Each loop has a hub with its own followers, audiences and tail. Loops share only what is immutable and
 * counted by reference: changes and the frames made of them.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "http/hooks.h"
#include "model/macros.h"
#include "model/release.h"
#include "model/span.h"

typedef struct PushOptions {
        size_t connections_max; /* streams, event streams and polls together */
        size_t namespaces_max;  /* that one connection may follow */
        size_t queue_max_bytes; /* that wait for one connection */
        size_t memory_max_bytes;
        size_t tail_max_changes; /* of each loop, all sharing the changes */
        size_t tail_max_bytes;
        size_t message_max_bytes; /* from a client */
        int64_t ping_interval_ms;
        int64_t silence_ms;

        /* An instance says that it refuses @version of @release, which is the config's own or one of its
         * gray release. @thread any loop; NULL: nobody wants to know */
        void (*refused)(void *context, Release *release, int64_t version);
        void *refused_context;
} PushOptions;

typedef struct Push {
        PushOptions options;
        Span epoch;                   /* of the store */
        _Atomic size_t n_connections; /* of all loops together */
        _Atomic size_t n_hubs;
        _Atomic uint64_t memory_bytes; /* of all frames that live */
        _Atomic uint64_t last_serial;  /* of streams */
} Push;

/* Return: NULL for want of memory. */
Push *push_new(const PushOptions *options);
/* When the loops have ended. */
Push *push_free(Push *push);

/* Before the loops get the catalog. @epoch lives as long as the loops. */
void push_set_epoch(Push *push, Span epoch);

/* What the server is to call. */
LoopHooks push_hooks(Push *push);

DEFINE_CLEANUP(Push *, push_free);
