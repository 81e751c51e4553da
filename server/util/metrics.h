/*
 * Counters, gauges and histograms, and their text for Prometheus.
 *
 * All metrics stand in one table (metrics.c): name with its unit, type, labels, sentence. Each thread counts
 * in a set of its own, so that counting is an uncontended addition; reading sums the sets. So a gauge of the
 * whole server, such as METRIC_STORE_REVISION, is set by one thread only. No metric carries names of
 * namespaces or keys.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "model/buf.h"

typedef enum Metric {
        METRIC_HTTP_REQUESTS_2XX, /* confer_http_requests_total{class="2xx"} … */
        METRIC_HTTP_REQUESTS_3XX,
        METRIC_HTTP_REQUESTS_4XX,
        METRIC_HTTP_REQUESTS_5XX,
        METRIC_HTTP_CONNECTIONS,         /* gauge: open now */
        METRIC_HTTP_CONNECTIONS_REFUSED, /* above connections_max */
        METRIC_HTTP_SENT_BYTES,
        METRIC_ACCESS_DENIED,
        METRIC_STORE_COMMITS,     /* SQLite transactions */
        METRIC_STORE_COMMANDS_OK, /* confer_store_commands_total{outcome="ok"} … */
        METRIC_STORE_COMMANDS_REFUSED,
        METRIC_STORE_COMMANDS_FAILED,
        METRIC_STORE_BUSY, /* commands turned away by a full queue */
        METRIC_STORE_CHECKPOINTS,
        METRIC_STORE_WAL_BYTES,    /* gauge */
        METRIC_STORE_QUEUE,        /* gauge: commands waiting */
        METRIC_STORE_REVISION,     /* gauge */
        METRIC_CATALOG_CONFIGS,    /* gauge */
        METRIC_CATALOG_NAMESPACES, /* gauge */
        METRIC_QUERY_TIMEOUTS,
        METRIC_QUERY_BUSY,
        METRIC_STREAM_WEBSOCKETS,    /* gauge: confer_stream_connections{kind="websocket"} … */
        METRIC_STREAM_EVENT_STREAMS, /* gauge */
        METRIC_STREAM_POLLS,         /* gauge: parked */
        METRIC_STREAM_FRAMES,        /* handed to connections */
        METRIC_STREAM_SENT_BYTES,
        METRIC_STREAM_ENCODED, /* frames with releases that had to be made */
        METRIC_STREAM_SNAPSHOTS,
        METRIC_STREAM_RESUMES,
        METRIC_STREAM_OVERFLOWS,           /* of a connection's queue */
        METRIC_STREAM_REFUSED_CONNECTIONS, /* confer_stream_refused_total{what="connection"} … */
        METRIC_STREAM_REFUSED_NAMESPACES,
        METRIC_STREAM_REFUSED_FRAMES,
        METRIC_STREAM_CLOSED_MEMORY, /* confer_stream_closed_total{reason="memory"} … */
        METRIC_STREAM_CLOSED_SILENT,
        METRIC_STREAM_CLOSED_PROTOCOL,
        METRIC_STREAM_RESULTS_DROPPED,
        METRIC_STREAM_TAIL_CHANGES, /* gauge */
        METRIC_STREAM_TAIL_BYTES,   /* gauge */
        METRIC_STREAM_MEMORY_BYTES, /* gauge */
        METRIC_RAMPS_RUNNING,       /* gauge: confer_ramps{state="running"} … */
        METRIC_RAMPS_PAUSED,        /* gauge */
        METRIC_RAMP_STEPS,          /* confer_ramp_moves_total{move="step"} … */
        METRIC_RAMP_PROMOTIONS,
        METRIC_RAMP_ABORTS,
        METRIC_RAMP_ENDS, /* done, and nothing was promoted */
        METRIC_N,
} Metric;

typedef enum MetricHistogram {
        HISTOGRAM_READ_SECONDS,   /* confer_http_request_seconds{kind="read"}: answered from memory */
        HISTOGRAM_QUERY_SECONDS,  /* {kind="query"}: answered from the store */
        HISTOGRAM_WRITE_SECONDS,  /* {kind="write"}: from the request to its durable answer */
        HISTOGRAM_COMMIT_SECONDS, /* confer_store_commit_seconds: one SQLite transaction */
        HISTOGRAM_N,
} MetricHistogram;

/* Upper bounds 25 us, 50 us, 100 us, 250 us … 10 s, see metrics.c; the last bucket is +Inf. */
#define HISTOGRAM_BUCKETS 19

typedef struct MetricSet {
        _Atomic uint64_t values[METRIC_N];
        struct {
                _Atomic uint64_t buckets[HISTOGRAM_BUCKETS]; /* not cumulative */
                _Atomic uint64_t sum_us;
        } histograms[HISTOGRAM_N];
} MetricSet;

/* Only the set's own thread writes; hence no atomic read-modify-write. */
static inline void metric_count(_Atomic uint64_t *value, uint64_t n) {
        uint64_t before = atomic_load_explicit(value, memory_order_relaxed);

        atomic_store_explicit(value, before + n, memory_order_relaxed);
}

static inline void metric_add(MetricSet *set, Metric metric, uint64_t n) {
        metric_count(&set->values[metric], n);
}

static inline void metric_set(MetricSet *set, Metric metric, uint64_t value) {
        atomic_store_explicit(&set->values[metric], value, memory_order_relaxed);
}

/* A duration on a bound belongs to the bucket below it. */
void metric_observe_us(MetricSet *set, MetricHistogram histogram, uint64_t duration_us);

/* Appends the exposition (text format 0.0.4) of the sum of @sets. */
void metrics_append(Buf *buf, const MetricSet *const *sets, size_t n_sets);
