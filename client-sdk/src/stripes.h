/*
 * Stripes: where many threads count the same thing, each processor has a cache line of its own to count on,
 * since one that wanders between processors costs more than all else that a lookup does.
 *
 * A thread may count up on one processor and down on another: only the sum of all stripes says anything.
 */
#pragma once

#include <sched.h>
#include <stddef.h>

#define N_STRIPES 32 /* a power of two; where there are more processors, some share */

static inline size_t stripe_here(void) {
        return (size_t)sched_getcpu() % N_STRIPES;
}
