/*
 * The clocks, in milliseconds.
 */
#pragma once

#include <stdint.h>
#include <time.h>

static inline int64_t clock_read_us(clockid_t clock) {
        struct timespec at;

        (void)clock_gettime(clock, &at);
        return at.tv_sec * INT64_C(1000000) + at.tv_nsec / 1000;
}

/* For durations and deadlines: never steps. */
static inline int64_t clock_monotonic_us(void) {
        return clock_read_us(CLOCK_MONOTONIC);
}

static inline int64_t clock_monotonic_ms(void) {
        return clock_monotonic_us() / 1000;
}

/* For what somebody else counts too, such as a lease: it goes on while the machine sleeps. */
static inline int64_t clock_boot_ms(void) {
        return clock_read_us(CLOCK_BOOTTIME) / 1000;
}

/* For times that people read: may step. */
static inline int64_t clock_wall_ms(void) {
        return clock_read_us(CLOCK_REALTIME) / 1000;
}
