/*
 * The ramps that are not done, by config: what the driver has to look at.
 *
 * A runner whose ramp has ended while something is under way for it is no longer found, and goes when that is
 * over.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/change.h"
#include "model/gray_release.h"
#include "model/table.h"

/* The clocks are monotonic. */
typedef struct Runner {
        Release *release; /* as it is now; a reference */
        bool is_moving;   /* something is under way for it */
        bool is_gone;
        bool is_doubted;       /* what instances refuse is to be counted */
        bool has_failed;       /* and that was logged */
        int64_t counted_at_ms; /* 0: never */
        int64_t retry_at_ms;
} Runner;

typedef struct Runners {
        Table by_config;
} Runners;

#define RUNNERS_NULL ((Runners){ TABLE_NULL })

/* When nothing is under way any more. */
void runners_deinit(Runners *runners);

/* Take in a release, or all that a change holds. Return: whether that changes anything here. */
bool runners_follow(Runners *runners, Release *release);
bool runners_follow_change(Runners *runners, const Change *change);

/* NULL: its ramp is none, or done. */
Runner *runners_find(const Runners *runners, const Release *release);

/* Walks through all: @at begins at 0. Return: NULL at the end. */
Runner *runners_next(const Runners *runners, size_t *at);

/* What was under way for @runner is over. Return: @runner; NULL: it is gone. */
Runner *runner_rest(Runner *runner);

static inline const Ramp *runner_ramp(const Runner *runner) {
        return runner->release->gray->ramp;
}
