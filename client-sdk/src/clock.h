/*
 * The two clocks: one that only goes forward, in sleep too, for ages and deadlines; and the wall's, for what
 * is written to the cache file. The first is never 0.
 */
#pragma once

#include <stdint.h>
#include <time.h>

static inline int64_t clock_read_ms(clockid_t clock) {
        struct timespec now;

        (void)clock_gettime(clock, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int64_t clock_now_ms(void) {
        return clock_read_ms(CLOCK_BOOTTIME) + 1;
}

static inline int64_t clock_wall_ms(void) {
        return clock_read_ms(CLOCK_REALTIME);
}
