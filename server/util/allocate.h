/*
 * Memory of sizes that we chose: it is there, or the program ends, as libh2o's own allocations do.
 */
#pragma once

#include <stdlib.h>

/* What somebody else's function has allocated. */
static inline void *had(void *memory) {
        if (!memory)
                abort();
        return memory;
}

/* Zeroed; to be released with free(). */
static inline void *allocate(size_t n, size_t size) {
        return had(calloc(n ? n : 1, size ? size : 1));
}
