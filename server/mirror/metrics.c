/*
 * The mirrors' metrics, as Prometheus reads them: each with the name of its mirror, which the operator gave.
 */
#include <inttypes.h>

#include "mirror/mirror.h"
#include "util/metric_family.h"

#define VALUE(name, expression)                                                                              \
        static uint64_t name(const void *context) {                                                          \
                const MirrorStatus *status = context;                                                        \
                                                                                                             \
                return (uint64_t)(expression);                                                               \
        }

VALUE(n_put, status->n_put)
VALUE(n_deleted, status->n_deleted)
VALUE(n_down, status->n_errors[TARGET_E_DOWN])
VALUE(n_failed, status->n_errors[TARGET_E_FAILED])
VALUE(n_refused, status->n_errors[TARGET_E_REFUSED])
VALUE(n_denied, status->n_errors[TARGET_E_DENIED])
VALUE(last_success_s, status->last_success_at_ms / 1000)
VALUE(n_waiting, status->n_waiting)
VALUE(n_dead_letters, status->n_dead_letters)
VALUE(is_connected, status->state <= MIRROR_COMPARING)
VALUE(n_comparisons, status->n_comparisons)
VALUE(n_missing, status->drift_total.n_missing)
VALUE(n_stale, status->drift_total.n_stale)
VALUE(n_foreign, status->drift.n_foreign)
VALUE(n_repaired, status->drift_total.n_repaired)
VALUE(n_pruned, status->drift_total.n_pruned)

static const MetricFamily families[] = {
        { "confer_mirror_events_total",
          "counter",
          "Keys of the target that were written or removed.",
          { { ",op=\"put\"", n_put }, { ",op=\"delete\"", n_deleted } } },
        { "confer_mirror_errors_total",
          "counter",
          "Calls that the target did not do, and keys that it failed or refused.",
          { { ",kind=\"down\"", n_down },
            { ",kind=\"failed\"", n_failed },
            { ",kind=\"refused\"", n_refused },
            { ",kind=\"denied\"", n_denied } } },
        { "confer_mirror_last_success_timestamp_seconds",
          "gauge",
          "When a key was written or removed last; 0 before.",
          { { "", last_success_s } } },
        { "confer_mirror_connected",
          "gauge",
          "1 while the target takes what is sent.",
          { { "", is_connected } } },
        { "confer_mirror_backlog_rows",
          "gauge",
          "Changes in the outbox that the mirror has not come to.",
          { { "", n_waiting } } },
        { "confer_mirror_dead_letters",
          "gauge",
          "Configs that could not be delivered and are put aside.",
          { { "", n_dead_letters } } },
        { "confer_mirror_comparisons_total",
          "counter",
          "Full comparisons that were finished.",
          { { "", n_comparisons } } },
        { "confer_mirror_drift_total",
          "counter",
          "Keys that full comparisons found missing or stale.",
          { { ",what=\"missing\"", n_missing }, { ",what=\"stale\"", n_stale } } },
        { "confer_mirror_foreign_keys",
          "gauge",
          "Keys under the prefix that are none of Confer's, as the last full comparison found.",
          { { "", n_foreign } } },
        { "confer_mirror_repaired_total",
          "counter",
          "Keys that full comparisons put right.",
          { { ",what=\"written\"", n_repaired }, { ",what=\"pruned\"", n_pruned } } },
};

#define LATENCY "confer_mirror_latency_seconds"

static void append_latency(const char *name, const MirrorStatus *status, Buf *buf) {
        uint64_t n = 0;

        for (size_t i = 0; i < MIRROR_LATENCY_BUCKETS - 1; i++) {
                n += status->latency[i];
                buf_append_format(buf, LATENCY "_bucket{mirror=\"%s\",le=\"%g\"} %" PRIu64 "\n", name,
                                  (double)mirror_latency_bounds_ms[i] / 1000, n);
        }
        n += status->latency[MIRROR_LATENCY_BUCKETS - 1];
        buf_append_format(buf, LATENCY "_bucket{mirror=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name, n);
        buf_append_format(buf, LATENCY "_sum{mirror=\"%s\"} %.3f\n", name,
                          (double)status->latency_sum_ms / 1000);
        buf_append_format(buf, LATENCY "_count{mirror=\"%s\"} %" PRIu64 "\n", name, n);
}

void mirrors_append_metrics(const Mirrors *mirrors, Buf *buf) {
        MirrorStatus statuses[MIRRORS_MAX];
        MetricSubject subjects[MIRRORS_MAX];
        size_t n = mirrors_n(mirrors);

        if (n == 0)
                return;

        for (size_t i = 0; i < n; i++) {
                mirror_get_status(mirrors_get(mirrors, i), &statuses[i]);
                subjects[i] = (MetricSubject){ mirrors_get(mirrors, i)->options->name, &statuses[i] };
        }
        metric_families_append(families, ARRAY_SIZE(families), "mirror", subjects, n, buf);

        buf_append_literal(buf, "# HELP " LATENCY " From the commit of a change to its key in the target.\n"
                                "# TYPE " LATENCY " histogram\n");
        for (size_t i = 0; i < n; i++)
                append_latency(subjects[i].name, &statuses[i], buf);
}
