/*
 * What a mirror's workers tell of themselves, to people and to Prometheus.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mirror/target.h"

/* From good to bad. */
typedef enum MirrorState {
        MIRROR_RUNNING,
        MIRROR_COMPARING,
        MIRROR_STANDBY, /* another server leads, and works; or this one has yet to catch up */
        MIRROR_CONNECTING,
        MIRROR_WAITING, /* the target is not there, and is tried again */
        MIRROR_DENIED,  /* a person has to change something; tried again from time to time */
        MIRROR_STATE_N,
} MirrorState;

/* "running", … */
const char *mirror_state_to_string(MirrorState state);

/* Upper bounds in ms of the latency's buckets; the last bucket has none. */
#define MIRROR_LATENCY_BUCKETS 16
extern const int64_t mirror_latency_bounds_ms[MIRROR_LATENCY_BUCKETS - 1];

/* What a full comparison found. */
typedef struct MirrorDrift {
        uint64_t n_missing;
        uint64_t n_stale;
        uint64_t n_foreign; /* keys under the prefix that are none of Confer's */
        uint64_t n_repaired;
        uint64_t n_pruned; /* of the foreign ones */
} MirrorDrift;

typedef struct MirrorStatus {
        MirrorState state;
        char error[PROBLEM_TEXT_MAX]; /* why it is waiting or denied; "" */
        int64_t retry_at_ms;          /* wall time; 0: nothing is waited for */
        uint64_t revision;            /* up to which all is delivered or put aside; 0: not known yet */
        uint64_t n_waiting;           /* rows of the outbox that it has not come to */
        uint64_t n_dead_letters;      /* dropped ones too, until they are gone from the store */
        int64_t last_success_at_ms;   /* wall time; 0: never */
        int64_t compared_at_ms;       /* when the last full comparison ended; 0: never */
        uint64_t n_compared;          /* keys that it looked at */
        MirrorDrift drift;            /* of the last one */

        /* Since the start. */
        uint64_t n_put;
        uint64_t n_deleted;
        uint64_t n_errors[TARGET_OUTCOME_N];
        uint64_t n_comparisons;
        MirrorDrift drift_total;
        uint64_t latency[MIRROR_LATENCY_BUCKETS]; /* from the change to the target; not cumulative */
        uint64_t latency_sum_ms;
} MirrorStatus;

/* Adds what another worker of the same mirror tells: of states the worst, of times the older. */
void mirror_status_add(MirrorStatus *sum, const MirrorStatus *more);

void mirror_status_observe(MirrorStatus *status, int64_t latency_ms);

void mirror_drift_add(MirrorDrift *sum, const MirrorDrift *more);
