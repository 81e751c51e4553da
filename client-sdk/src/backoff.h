/*
 * How long to wait before the next attempt to connect: exponential, with full jitter.
 *
 * A pure rule: the random number and the clock are arguments. The first attempt of a row comes at once, the
 * n-th later one after a random time between 0 and base * 2^(n-1), up to the cap.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct BackoffPolicy {
        uint64_t base_ms;
        uint64_t cap_ms;
        uint64_t stable_ms; /* a connection that lived as long starts the row anew */
} BackoffPolicy;

#define BACKOFF_POLICY_DEFAULT ((BackoffPolicy){ .base_ms = 500, .cap_ms = 30000, .stable_ms = 30000 })

typedef struct Backoff {
        unsigned n_attempts; /* of this row, so far */
} Backoff;

#define BACKOFF_NULL ((Backoff){ 0 })

/* How long to wait before the next attempt, which is counted. @random: all 64 bits evenly spread. */
uint64_t backoff_next_ms(Backoff *backoff, const BackoffPolicy *policy, uint64_t random);

/* The next wait is drawn from the longest span: for faults that somebody has to mend. */
void backoff_slow_down(Backoff *backoff);

/* A connection that was established at @since_ms is gone at @now_ms, both of the same clock. */
void backoff_connection_lost(Backoff *backoff, const BackoffPolicy *policy, int64_t since_ms, int64_t now_ms);
