/*
 * One loop's part of the change stream: who follows what, the last changes, and who has something to write.
 *
 * A change is only put into queues when it comes. The queues are emptied in slices, one per turn of the loop,
 * so that however many followers there are, requests are answered in between.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/loop.h"
#include "push/audience.h"
#include "push/push.h"
#include "push/tail.h"

typedef struct Channel Channel;
typedef struct Poll Poll;
typedef struct Stream Stream;

typedef struct Hub {
        Loop *loop;
        Push *push;
        bool speaks; /* for all loops, where a metric is of the whole server */
        bool is_draining;
        AudienceSet audiences;
        Tail tail;
        h2o_linklist_t channels; /* all of them */
        h2o_linklist_t flushes;  /* channels that have something to write, the first come first */
        h2o_linklist_t polls;    /* parked */
        h2o_linklist_t woken;    /* polls that a change has reached */
        h2o_linklist_t streams;  /* WebSocket; those that are closing too */
        unsigned n_ticks;
} Hub;

static inline Hub *hub_of(const Loop *loop) {
        return loop->extension;
}

static inline MetricSet *hub_metrics(Hub *hub) {
        return &hub->loop->metrics;
}

/* Counts one more connection; false when there are as many as may be, or the server is stopping. */
bool hub_admit(Hub *hub);
void hub_release(Hub *hub);

/* Whether the frames of all loops take more than they may. */
bool hub_is_over_memory(const Hub *hub);

/* Has the loop write what waits in @channel, in its turn. */
void hub_schedule(Hub *hub, Channel *channel);

/* The audience of a scope, which is taken over. */
Audience *hub_audience(Hub *hub, Scope *asked);
