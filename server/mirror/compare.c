#include <inttypes.h>

#include "mirror/worker.h"
#include "util/clock.h"
#include "util/log.h"

/* Configs that are walked at once only for the names of their keys. */
#define NAMES_MAX 1000

void comparison_end(Comparison *comparison) {
        key_set_deinit(&comparison->keys);
        buf_deinit(&comparison->scan.position);
        *comparison = (Comparison){ .phase = COMPARISON_OFF };
}

void comparison_begin(Worker *worker) {
        comparison_end(&worker->comparison);
        worker->comparison.phase = COMPARISON_CONFIGS;
        worker->comparison.scan.prefix = key_template_prefix(&worker->mirror->key_template);
}

/* The first of the workers alone looks for foreign keys, and so has to know the keys of all. */
static bool looks_for_foreign(const Worker *worker) {
        return worker->index == 0 && worker->mirror->kind->scan;
}

/* The first walk. */

typedef struct Page {
        Worker *worker;
        Batch batch;
        int64_t last_config;
        bool is_cut; /* before the rows were over */
} Page;

static void deinit_page(Page *page) {
        batch_deinit(&page->batch);
}

static void know_key(Worker *worker, const ServedRow *row) {
        _cleanup_(buf_deinit) Buf key = BUF_NULL;

        key_template_append(&worker->mirror->key_template, row->data.namespace, row->data.key, &key);
        (void)key_set_add(&worker->comparison.keys, buf_span(&key));
        worker->comparison.n_configs++;
}

/* One that was never released has no key in the target yet. A dead letter is left alone. */
static bool is_compared(const Worker *worker, const ServedRow *row) {
        const Trouble *trouble;

        if (row->data.revision == 0 || !worker_shares(worker, row->data.namespace))
                return false;
        trouble = troubles_find(&worker->troubles, row->data.namespace, row->data.key);
        return !trouble || trouble->revision != row->data.revision;
}

static int take_config(void *context, const ServedRow *row) {
        Page *page = context;
        Worker *worker = page->worker;
        const MirrorOptions *options = worker->mirror->options;

        page->is_cut = page->batch.n_bytes >= options->batch_max_bytes;
        if (page->is_cut)
                return 1;

        if (looks_for_foreign(worker))
                know_key(worker, row);
        if (is_compared(worker, row))
                batch_add(&page->batch, options, &worker->mirror->key_template, row, (BatchOrigin){ 0, 0 });
        page->last_config = row->config_id;
        return 0;
}

/* A target that cannot be read is sent everything. */
static bool read_back(Worker *worker, Batch *batch) {
        TargetError error = { .retry_after_ms = 0 };
        TargetOutcome outcome;

        if (!worker->mirror->kind->read_back) {
                for (size_t i = 0; i < batch->n; i++)
                        batch->items[i].finding = TARGET_STALE;
                return true;
        }
        if (batch->n == 0)
                return true;

        outcome = worker->mirror->kind->read_back(worker->target, batch->items, batch->n, &error);
        if (outcome != TARGET_OK)
                worker_fail(worker, outcome, &error);
        return outcome == TARGET_OK;
}

static MirrorDrift drift_of(const Batch *batch) {
        MirrorDrift drift = { .n_missing = 0 };

        for (size_t i = 0; i < batch->n; i++) {
                drift.n_missing += batch->items[i].finding == TARGET_MISSING;
                drift.n_stale += batch->items[i].finding == TARGET_STALE;
        }
        return drift;
}

static bool repair(Worker *worker, Batch *batch) {
        MirrorDrift drift = drift_of(batch);

        batch_drop_same(batch);
        if (!worker_apply(worker, batch))
                return false;

        for (size_t i = 0; i < batch->n; i++)
                drift.n_repaired += batch->items[i].outcome == TARGET_OK;
        mirror_drift_add(&worker->comparison.drift, &drift);
        return true;
}

/* The configs that come after those walked. */
static ServedQuery query_from_here(const Worker *worker, unsigned limit) {
        const char *namespace = worker->mirror->options->namespace;

        return (ServedQuery){
                .namespace = namespace[0] ? span_from_string(namespace) : SPAN_NULL,
                .part = worker_part(worker),
                .after_config = worker->comparison.after_config,
                .limit = limit,
        };
}

static void finish(Worker *worker) {
        Comparison *comparison = &worker->comparison;
        const MirrorOptions *options = worker->mirror->options;
        const MirrorDrift *drift = &comparison->drift;
        MirrorStatus *status = worker_lock_status(worker);

        status->compared_at_ms = clock_wall_ms();
        status->n_compared = comparison->n_compared;
        status->drift = *drift;
        status->n_comparisons++;
        mirror_drift_add(&status->drift_total, drift);
        worker_unlock_status(worker);

        if (drift->n_missing || drift->n_stale || drift->n_foreign)
                log_info("mirror.compared",
                         "Mirror %s was compared: of %" PRIu64 " keys %" PRIu64 " were missing and %" PRIu64
                         " stale, %" PRIu64 " are repaired; %" PRIu64 " are foreign, %" PRIu64
                         " were removed.",
                         options->name, comparison->n_compared, drift->n_missing, drift->n_stale,
                         drift->n_repaired, drift->n_foreign, drift->n_pruned);
        worker->has_gap = false;
        worker->compare_at_ms = options->compare_interval_ms && worker->mirror->kind->read_back
                                        ? clock_monotonic_ms() + (int64_t)options->compare_interval_ms
                                        : INT64_MAX;
        comparison_end(comparison);
}

static WorkerTurn compare_configs(Worker *worker) {
        _cleanup_(deinit_page) Page page = { worker, BATCH_NULL, worker->comparison.after_config, false };
        Comparison *comparison = &worker->comparison;
        ServedQuery query = query_from_here(worker, (unsigned)worker->mirror->options->batch_max);
        bool more;
        int r;

        r = reader_list_served(worker->reader, &query, take_config, &page, &more);
        if (r) {
                worker_fail_to_read(worker, r);
                return WORKER_FAILED;
        }
        comparison->n_compared += page.batch.n;
        if (!read_back(worker, &page.batch) || !repair(worker, &page.batch))
                return WORKER_FAILED;

        comparison->after_config = page.last_config;
        if (more || page.is_cut)
                return WORKER_BUSY;
        if (looks_for_foreign(worker))
                comparison->phase = COMPARISON_KEYS;
        else
                finish(worker);
        return WORKER_BUSY;
}

/* The second walk. */

typedef struct Strangers {
        Worker *worker;
        Batch batch; /* keys that no config is known for */
} Strangers;

static void deinit_strangers(Strangers *strangers) {
        batch_deinit(&strangers->batch);
}

static void take_key(void *context, Span key) {
        Strangers *strangers = context;

        if (!key_set_has(&strangers->worker->comparison.keys, key))
                batch_add_foreign(&strangers->batch, key);
}

static int take_name(void *context, const ServedRow *row) {
        Worker *worker = context;

        know_key(worker, row);
        worker->comparison.after_config = row->config_id;
        return 0;
}

/* Walks the configs that came into being meanwhile. */
static int know_new_keys(Worker *worker) {
        bool more = true;

        while (more) {
                ServedQuery query = query_from_here(worker, NAMES_MAX);
                int r;

                r = reader_list_served(worker->reader, &query, take_name, worker, &more);
                if (r)
                        return r;
        }
        return 0;
}

/* Leaves those that are still strangers, each once, and counts them. */
static void drop_acquaintances(Strangers *strangers) {
        Comparison *comparison = &strangers->worker->comparison;
        Batch *batch = &strangers->batch;

        for (size_t i = 0; i < batch->n; i++)
                batch->items[i].finding =
                        key_set_add(&comparison->keys, batch->items[i].key) ? TARGET_STALE : TARGET_SAME;
        batch_drop_same(batch);
        comparison->drift.n_foreign += batch->n;
}

/* A store without a single config is more likely the wrong one than one whose target is to be emptied. */
static bool may_prune(const Worker *worker) {
        return worker->mirror->options->prune && worker->comparison.n_configs > 0;
}

static bool prune(Strangers *strangers) {
        Worker *worker = strangers->worker;

        if (!may_prune(worker))
                return true;
        if (!worker_apply(worker, &strangers->batch))
                return false;

        worker->comparison.drift.n_pruned += strangers->batch.n;
        return true;
}

static bool judge(Strangers *strangers) {
        int r;

        if (strangers->batch.n == 0)
                return true;

        r = know_new_keys(strangers->worker);
        if (r) {
                worker_fail_to_read(strangers->worker, r);
                return false;
        }
        drop_acquaintances(strangers);
        return prune(strangers);
}

static WorkerTurn compare_keys(Worker *worker) {
        _cleanup_(deinit_strangers) Strangers strangers = { worker, BATCH_NULL };
        TargetError error = { .retry_after_ms = 0 };
        TargetOutcome outcome;

        outcome = worker->mirror->kind->scan(worker->target, &worker->comparison.scan, take_key, &strangers,
                                             &error);
        if (outcome != TARGET_OK) {
                worker_fail(worker, outcome, &error);
                return WORKER_FAILED;
        }
        if (!judge(&strangers))
                return WORKER_FAILED;

        if (worker->comparison.scan.is_over)
                finish(worker);
        return WORKER_BUSY;
}

WorkerTurn worker_compare(Worker *worker) {
        if (clock_monotonic_ms() >= worker->compare_at_ms && !comparison_is_on(&worker->comparison))
                comparison_begin(worker);

        switch (worker->comparison.phase) {
        case COMPARISON_CONFIGS:
                return compare_configs(worker);
        case COMPARISON_KEYS:
                return compare_keys(worker);
        default:
                return WORKER_IDLE;
        }
}
