/*
 * A timer of one loop, which runs once each time that it is set. It belongs to the loop's thread.
 */
#pragma once

#include <stdint.h>

#include "http/h2o.h"
#include "http/loop.h"

typedef struct LoopTimer LoopTimer;

struct LoopTimer {
        Loop *loop;
        h2o_timeout_t timeout; /* its own, since a timeout of libh2o has one duration for all its entries */
        h2o_timeout_entry_t entry;
        void (*run)(LoopTimer *timer);
};

void loop_timer_init(LoopTimer *timer, Loop *loop, void (*run)(LoopTimer *timer));
void loop_timer_deinit(LoopTimer *timer);

/* Runs after @delay_ms, and no longer when it was set to before. It may be a little early. */
void loop_timer_set(LoopTimer *timer, uint64_t delay_ms);
