#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "model/macros.h"
#include "util/metrics.h"

#define FAMILY_SERIES_MAX 4

typedef enum FamilyType {
        FAMILY_COUNTER,
        FAMILY_GAUGE,
        FAMILY_HISTOGRAM,
        FAMILY_TYPE_N,
} FamilyType;

/* The series of one name. Its unit is in the name, as Prometheus has it. */
typedef struct Family {
        const char *name;
        FamilyType type;
        int first;                             /* a Metric or MetricHistogram; the other series follow it */
        const char *label;                     /* what tells the series apart; NULL when there is but one */
        const char *values[FAMILY_SERIES_MAX]; /* of the label, one a series */
        const char *sentence;
} Family;

#define COUNTER(name_, first_)   .name = (name_), .type = FAMILY_COUNTER, .first = (first_)
#define GAUGE(name_, first_)     .name = (name_), .type = FAMILY_GAUGE, .first = (first_)
#define HISTOGRAM(name_, first_) .name = (name_), .type = FAMILY_HISTOGRAM, .first = (first_)

static const Family families[] = {
        {
                COUNTER("confer_http_requests_total", METRIC_HTTP_REQUESTS_2XX),
                .label = "class",
                .values = { "2xx", "3xx", "4xx", "5xx" },
                .sentence = "Requests answered, by class of status.",
        },
        {
                GAUGE("confer_http_connections", METRIC_HTTP_CONNECTIONS),
                .sentence = "Connections that are open.",
        },
        {
                COUNTER("confer_http_connections_refused_total", METRIC_HTTP_CONNECTIONS_REFUSED),
                .sentence = "Connections closed at once, because connections_max were open.",
        },
        {
                COUNTER("confer_http_sent_bytes_total", METRIC_HTTP_SENT_BYTES),
                .sentence = "Bytes of answers handed to connections.",
        },
        {
                COUNTER("confer_access_denied_total", METRIC_ACCESS_DENIED),
                .sentence = "Requests refused for their credentials or for want of a right.",
        },
        {
                COUNTER("confer_store_commits_total", METRIC_STORE_COMMITS),
                .sentence = "Transactions committed to the disk; one may hold several commands.",
        },
        {
                COUNTER("confer_store_commands_total", METRIC_STORE_COMMANDS_OK),
                .label = "outcome",
                .values = { "ok", "refused", "failed" },
                .sentence = "Commands that the writer has done with, by outcome.",
        },
        {
                COUNTER("confer_store_busy_total", METRIC_STORE_BUSY),
                .sentence = "Commands turned away because the writer's queue was full.",
        },
        {
                COUNTER("confer_store_checkpoints_total", METRIC_STORE_CHECKPOINTS),
                .sentence = "Checkpoints, which move the write-ahead log into the database.",
        },
        {
                GAUGE("confer_store_wal_bytes", METRIC_STORE_WAL_BYTES),
                .sentence = "Size of the write-ahead log.",
        },
        {
                GAUGE("confer_store_queue", METRIC_STORE_QUEUE),
                .sentence = "Commands that wait for the writer.",
        },
        {
                GAUGE("confer_store_revision", METRIC_STORE_REVISION),
                .sentence = "Revision of the newest change.",
        },
        {
                GAUGE("confer_catalog_configs", METRIC_CATALOG_CONFIGS),
                .sentence = "Configs in force.",
        },
        {
                GAUGE("confer_catalog_namespaces", METRIC_CATALOG_NAMESPACES),
                .sentence = "Namespaces.",
        },
        {
                COUNTER("confer_query_timeouts_total", METRIC_QUERY_TIMEOUTS),
                .sentence = "Queries of the store given up after query_timeout_ms.",
        },
        {
                COUNTER("confer_query_busy_total", METRIC_QUERY_BUSY),
                .sentence = "Queries of the store turned away because their queue was full.",
        },
        {
                GAUGE("confer_stream_connections", METRIC_STREAM_WEBSOCKETS),
                .label = "kind",
                .values = { "websocket", "events", "poll" },
                .sentence = "Connections that follow changes, by kind; polls while they wait.",
        },
        {
                COUNTER("confer_stream_frames_total", METRIC_STREAM_FRAMES),
                .sentence = "Frames handed to connections of the stream.",
        },
        {
                COUNTER("confer_stream_sent_bytes_total", METRIC_STREAM_SENT_BYTES),
                .sentence = "Bytes of these frames.",
        },
        {
                COUNTER("confer_stream_encoded_total", METRIC_STREAM_ENCODED),
                .sentence = "Frames of changes and snapshots that were encoded; the others were shared.",
        },
        {
                COUNTER("confer_stream_snapshots_total", METRIC_STREAM_SNAPSHOTS),
                .sentence = "Snapshots sent, after a subscription or a full queue.",
        },
        {
                COUNTER("confer_stream_resumes_total", METRIC_STREAM_RESUMES),
                .sentence = "Subscriptions that went on where they had been, without a snapshot.",
        },
        {
                COUNTER("confer_stream_overflows_total", METRIC_STREAM_OVERFLOWS),
                .sentence =
                        "Queues of slow readers that were full and dropped, to be replaced by a snapshot.",
        },
        {
                COUNTER("confer_stream_refused_total", METRIC_STREAM_REFUSED_CONNECTIONS),
                .label = "what",
                .values = { "connection", "namespaces", "frame" },
                .sentence = "What was refused: connections above stream_connections_max, subscriptions above "
                            "stream_namespaces_max, frames answered with an error (these included).",
        },
        {
                COUNTER("confer_stream_closed_total", METRIC_STREAM_CLOSED_MEMORY),
                .label = "reason",
                .values = { "memory", "silent", "protocol" },
                .sentence = "Streams closed by the server: past stream_memory_max_bytes, silent for "
                            "stream_silence_ms, in breach of the protocol.",
        },
        {
                COUNTER("confer_stream_results_dropped_total", METRIC_STREAM_RESULTS_DROPPED),
                .sentence = "Results of instances that were not kept, because one reported too many.",
        },
        {
                GAUGE("confer_stream_tail_changes", METRIC_STREAM_TAIL_CHANGES),
                .sentence = "Changes kept for those who come back.",
        },
        {
                GAUGE("confer_stream_tail_bytes", METRIC_STREAM_TAIL_BYTES),
                .sentence = "Memory that these changes take at most.",
        },
        {
                GAUGE("confer_stream_memory_bytes", METRIC_STREAM_MEMORY_BYTES),
                .sentence = "Memory of all encoded frames.",
        },
        {
                GAUGE("confer_ramps", METRIC_RAMPS_RUNNING),
                .label = "state",
                .values = { "running", "paused" },
                .sentence = "Ramps of gray releases that are not done, by state.",
        },
        {
                COUNTER("confer_ramp_moves_total", METRIC_RAMP_STEPS),
                .label = "move",
                .values = { "step", "promote", "abort", "done" },
                .sentence = "What ramps did by themselves: a step, or their end, by its kind.",
        },
        {
                HISTOGRAM("confer_http_request_seconds", HISTOGRAM_READ_SECONDS),
                .label = "kind",
                .values = { "read", "query", "write" },
                .sentence = "Time from a request to its answer: read from memory, query from the store, "
                            "write to the disk.",
        },
        {
                HISTOGRAM("confer_store_commit_seconds", HISTOGRAM_COMMIT_SECONDS),
                .sentence = "Time that one transaction takes.",
        },
};

/* 1, 2.5, 5 in each decade, from the quickest answer out of memory to what nobody waits for. */
static const uint64_t bounds_us[] = {
        25,    50,    100,    250,    500,    1000,    2500,    5000,    10000,
        25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
};

static_assert(ARRAY_SIZE(bounds_us) + 1 == HISTOGRAM_BUCKETS, "the last bucket has no bound");

void metric_observe_us(MetricSet *set, MetricHistogram histogram, uint64_t duration_us) {
        size_t bucket = 0;

        while (bucket < ARRAY_SIZE(bounds_us) && duration_us > bounds_us[bucket])
                bucket++;
        metric_count(&set->histograms[histogram].buckets[bucket], 1);
        metric_count(&set->histograms[histogram].sum_us, duration_us);
}

/* The sum over the sets of the value that lies at @offset in each. */
static uint64_t sum_at(const MetricSet *const *sets, size_t n_sets, size_t offset) {
        uint64_t sum = 0;

        for (size_t i = 0; i < n_sets; i++) {
                const _Atomic uint64_t *value = (const void *)((const char *)sets[i] + offset);

                sum += atomic_load_explicit(value, memory_order_relaxed);
        }
        return sum;
}

/* Exact to the microsecond, without zeros at the end: "0.000025", "2.5", "10". */
static void append_seconds(Buf *buf, uint64_t us) {
        char text[32];
        size_t size = (size_t)snprintf(text, sizeof(text), "%" PRIu64 ".%06u", us / 1000000,
                                       (unsigned)(us % 1000000));

        while (text[size - 1] == '0')
                size--;
        if (text[size - 1] == '.')
                size--;
        buf_append(buf, text, size);
}

/* Opens the line of one series: its name with @suffix and, if it has one, its label, without "}". */
static void append_series(Buf *buf, const Family *family, size_t series, const char *suffix) {
        buf_append_string(buf, family->name);
        buf_append_string(buf, suffix);
        if (family->label)
                buf_append_format(buf, "{%s=\"%s\"", family->label, family->values[series]);
}

static void append_value(Buf *buf, const Family *family, size_t series, const char *suffix, uint64_t value) {
        append_series(buf, family, series, suffix);
        buf_append_format(buf, "%s %" PRIu64 "\n", family->label ? "}" : "", value);
}

static void append_bucket(Buf *buf, const Family *family, size_t series, size_t bucket, uint64_t n) {
        append_series(buf, family, series, "_bucket");
        buf_append_string(buf, family->label ? ",le=\"" : "{le=\"");
        if (bucket < ARRAY_SIZE(bounds_us))
                append_seconds(buf, bounds_us[bucket]);
        else
                buf_append_literal(buf, "+Inf");
        buf_append_format(buf, "\"} %" PRIu64 "\n", n);
}

/* The count is that of the last bucket, not one kept beside, so that both agree while others count on. */
static void append_histogram(Buf *buf, const Family *family, size_t series, const MetricSet *const *sets,
                             size_t n_sets) {
        size_t histogram = (size_t)family->first + series;
        uint64_t n = 0;

        for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
                n += sum_at(sets, n_sets, offsetof(MetricSet, histograms[histogram].buckets[i]));
                append_bucket(buf, family, series, i, n);
        }

        append_series(buf, family, series, "_sum");
        buf_append_string(buf, family->label ? "} " : " ");
        append_seconds(buf, sum_at(sets, n_sets, offsetof(MetricSet, histograms[histogram].sum_us)));
        buf_append_char(buf, '\n');
        append_value(buf, family, series, "_count", n);
}

static void append_family(Buf *buf, const Family *family, const MetricSet *const *sets, size_t n_sets) {
        static const char *const types[FAMILY_TYPE_N] = {
                [FAMILY_COUNTER] = "counter",
                [FAMILY_GAUGE] = "gauge",
                [FAMILY_HISTOGRAM] = "histogram",
        };

        buf_append_format(buf, "# HELP %s %s\n", family->name, family->sentence);
        buf_append_format(buf, "# TYPE %s %s\n", family->name, types[family->type]);

        for (size_t i = 0; i == 0 || (i < FAMILY_SERIES_MAX && family->values[i]); i++)
                if (family->type == FAMILY_HISTOGRAM)
                        append_histogram(buf, family, i, sets, n_sets);
                else
                        append_value(
                                buf, family, i, "",
                                sum_at(sets, n_sets, offsetof(MetricSet, values[(size_t)family->first + i])));
}

void metrics_append(Buf *buf, const MetricSet *const *sets, size_t n_sets) {
        for (size_t i = 0; i < ARRAY_SIZE(families); i++)
                append_family(buf, &families[i], sets, n_sets);
}
