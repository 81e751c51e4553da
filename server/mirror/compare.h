/*
 * A full comparison of a target with the store, in two walks, a page at a time.
 *
 * The first walks the configs, reads back what the target holds for each, and repairs what differs. The
 * second walks the keys of the target under the mirror's prefix, and finds those that are of no config. By
 * then the keys of all configs are known by their hashes. A config that came into being after the first walk
 * has passed is walked before a page of the second is judged, so that what a worker has written meanwhile
 * never looks foreign.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mirror/key_set.h"
#include "mirror/status.h"
#include "mirror/target.h"

typedef enum ComparisonPhase {
        COMPARISON_OFF,
        COMPARISON_CONFIGS,
        COMPARISON_KEYS,
} ComparisonPhase;

typedef struct Comparison {
        ComparisonPhase phase;
        int64_t after_config; /* id of the last one walked */
        KeySet keys;          /* of all configs, where foreign ones are looked for */
        uint64_t n_configs;   /* whose keys these are */
        TargetScan scan;
        uint64_t n_compared;
        MirrorDrift drift;
} Comparison;

typedef struct Worker Worker;

/* From the beginning. */
void comparison_begin(Worker *worker);
void comparison_end(Comparison *comparison);

static inline bool comparison_is_on(const Comparison *comparison) {
        return comparison->phase != COMPARISON_OFF;
}
