/*
 * A command that is run again and again, one at a time: a new run ends the one before.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cli/run.h"

#define RUNNER_VARIABLES_MAX 8

typedef struct Runner {
        char **argv;                               /* of one word: for /bin/sh -c. Borrowed */
        char *variables[RUNNER_VARIABLES_MAX + 1]; /* "NAME=value"; ends with NULL */
        Child child;
        int status;     /* of the run that ended last */
        bool is_ending; /* the run was told to end */
        bool is_wanted; /* and another one shall follow */
        int64_t kill_at_ms;
} Runner;

#define RUNNER_NULL ((Runner){ .child = CHILD_NULL })

void runner_deinit(Runner *runner);

/* What the next run has in its environment. */
void runner_set(Runner *runner, const char *name, const char *value);

/* Starts a run; one that is under way is ended first, which may take a while. */
void runner_run(Runner *runner);

/* When runner_step() has something to do, though nothing happens; negative: never. */
int64_t runner_timeout_ms(const Runner *runner);

/* Sees to a run that has ended, or would not. */
void runner_step(Runner *runner);

/* Ends the run under way, if there is one, and waits for it. */
void runner_end(Runner *runner);
