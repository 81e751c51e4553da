/*
 * A pool of threads for what may block or take long: queries, password hashing, parsing large bodies.
 *
 * Jobs start in the order in which they came. The queue is bounded; whoever finds it full tells its client to
 * come again later.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/macros.h"

typedef struct Workers Workers;
typedef struct Job Job;

/* Embedded in what the job is about. */
struct Job {
        void (*run)(Job *job, void *state); /* @thread worker; @state is that worker's own */
        Job *next;
};

/* @states: one pointer per thread, copied; what they point to is the caller's and outlives the pool. */
int workers_start(void *const *states, size_t n_threads, size_t queue_max, Workers **ret_workers);

/* Runs all that waits, then ends the threads. */
Workers *workers_stop(Workers *workers);

/* Return: false when the queue is full, or the pool is being stopped. @thread any */
bool workers_submit(Workers *workers, Job *job);

DEFINE_CLEANUP(Workers *, workers_stop);
