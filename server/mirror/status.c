#include <string.h>

#include "mirror/status.h"

const int64_t mirror_latency_bounds_ms[MIRROR_LATENCY_BUCKETS - 1] = {
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 60000, 600000,
};

const char *mirror_state_to_string(MirrorState state) {
        static const char *const names[MIRROR_STATE_N] = {
                [MIRROR_RUNNING] = "running", [MIRROR_COMPARING] = "comparing",
                [MIRROR_STANDBY] = "standby", [MIRROR_CONNECTING] = "connecting",
                [MIRROR_WAITING] = "waiting", [MIRROR_DENIED] = "denied",
        };

        return names[state];
}

void mirror_drift_add(MirrorDrift *sum, const MirrorDrift *more) {
        sum->n_missing += more->n_missing;
        sum->n_stale += more->n_stale;
        sum->n_foreign += more->n_foreign;
        sum->n_repaired += more->n_repaired;
        sum->n_pruned += more->n_pruned;
}

void mirror_status_observe(MirrorStatus *status, int64_t latency_ms) {
        size_t bucket = 0;

        latency_ms = MAX(latency_ms, 0); /* the clock on the wall may have been set back */
        while (bucket < MIRROR_LATENCY_BUCKETS - 1 && latency_ms > mirror_latency_bounds_ms[bucket])
                bucket++;
        status->latency[bucket]++;
        status->latency_sum_ms += (uint64_t)latency_ms;
}

static void add_counters(MirrorStatus *sum, const MirrorStatus *more) {
        sum->n_put += more->n_put;
        sum->n_deleted += more->n_deleted;
        sum->n_comparisons += more->n_comparisons;
        sum->latency_sum_ms += more->latency_sum_ms;
        for (size_t i = 0; i < TARGET_OUTCOME_N; i++)
                sum->n_errors[i] += more->n_errors[i];
        for (size_t i = 0; i < MIRROR_LATENCY_BUCKETS; i++)
                sum->latency[i] += more->latency[i];
        mirror_drift_add(&sum->drift_total, &more->drift_total);
}

void mirror_status_add(MirrorStatus *sum, const MirrorStatus *more) {
        if (more->state > sum->state) {
                sum->state = more->state;
                sum->retry_at_ms = more->retry_at_ms;
                memcpy(sum->error, more->error, sizeof(sum->error));
        }
        sum->revision = MIN(sum->revision, more->revision);
        sum->n_waiting = MAX(sum->n_waiting, more->n_waiting); /* each looks at all rows */
        sum->n_dead_letters += more->n_dead_letters;
        sum->last_success_at_ms = MAX(sum->last_success_at_ms, more->last_success_at_ms);
        sum->compared_at_ms = MIN(sum->compared_at_ms, more->compared_at_ms);
        sum->n_compared += more->n_compared;
        mirror_drift_add(&sum->drift, &more->drift);
        add_counters(sum, more);
}
