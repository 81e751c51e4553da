/*
 * The ingests' metrics, as Prometheus reads them: each with the name of its ingest, which the operator gave.
 */

#include "ingest/ingest.h"
#include "util/metric_family.h"

#define VALUE(name, expression)                                                                              \
        static uint64_t name(const void *context) {                                                          \
                const IngestStatus *status = context;                                                        \
                                                                                                             \
                return (uint64_t)(expression);                                                               \
        }

VALUE(n_put, status->n_put)
VALUE(n_deleted, status->n_deleted)
VALUE(n_down, status->n_errors[TARGET_E_DOWN])
VALUE(n_failed, status->n_errors[TARGET_E_FAILED] + status->n_errors[TARGET_E_REFUSED])
VALUE(n_denied, status->n_errors[TARGET_E_DENIED])
VALUE(n_refused, status->n_refused)
VALUE(n_store_errors, status->n_store_errors)
VALUE(last_success_s, status->last_success_at_ms / 1000)
VALUE(is_connected, status->state <= INGEST_READING)
VALUE(revision, status->revision)
VALUE(n_quarantined, status->n_quarantined)
VALUE(n_left, status->n_left)
VALUE(n_ignored, status->n_ignored)
VALUE(n_passed_over, status->n_passed_over)
VALUE(n_reads, status->n_reads)

static const MetricFamily families[] = {
        { "confer_ingest_events_total",
          "counter",
          "Keys of etcd that were taken in, or whose config was deleted with them.",
          { { ",op=\"put\"", n_put }, { ",op=\"delete\"", n_deleted } } },
        { "confer_ingest_errors_total",
          "counter",
          "Calls that etcd did not do, keys that were quarantined, and commands that the store did not take.",
          { { ",kind=\"down\"", n_down },
            { ",kind=\"failed\"", n_failed },
            { ",kind=\"refused\"", n_refused },
            { ",kind=\"denied\"", n_denied },
            { ",kind=\"store\"", n_store_errors } } },
        { "confer_ingest_last_success_timestamp_seconds",
          "gauge",
          "When a key was taken in last; 0 before.",
          { { "", last_success_s } } },
        { "confer_ingest_connected", "gauge", "1 while etcd answers.", { { "", is_connected } } },
        { "confer_ingest_revision",
          "gauge",
          "The revision of etcd up to which all is taken in.",
          { { "", revision } } },
        { "confer_ingest_quarantined",
          "gauge",
          "Keys that could not be taken in.",
          { { "", n_quarantined } } },
        { "confer_ingest_left",
          "gauge",
          "Keys that etcd has lost, and whose configs were left alone.",
          { { "", n_left } } },
        { "confer_ingest_ignored_total",
          "counter",
          "Changes of keys that are none of the pattern's, or that a mirror writes.",
          { { ",why=\"pattern\"", n_ignored }, { ",why=\"mirror\"", n_passed_over } } },
        { "confer_ingest_full_reads_total",
          "counter",
          "Full reads that were finished.",
          { { "", n_reads } } },
};

void ingests_append_metrics(const Ingests *ingests, Buf *buf) {
        IngestStatus statuses[MIRRORS_MAX];
        MetricSubject subjects[MIRRORS_MAX];
        size_t n = ingests_n(ingests);

        if (n == 0)
                return;

        for (size_t i = 0; i < n; i++) {
                ingest_get_status(ingests_get(ingests, i), &statuses[i]);
                subjects[i] = (MetricSubject){ ingest_options(ingests_get(ingests, i))->name, &statuses[i] };
        }
        metric_families_append(families, ARRAY_SIZE(families), "ingest", subjects, n, buf);
}
