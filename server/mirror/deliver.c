/*
 * A turn of delivering: the outbox is read from where the worker has got to, and what those configs serve now
 * is applied. What has failed before and is due again comes first.
 */
#include "mirror/notes.h"
#include "mirror/wanted.h"
#include "mirror/worker.h"
#include "model/hash.h"
#include "util/clock.h"
#include "util/log.h"

/* Rows of the outbox that are read at once: of a config that changes all the time, only the newest counts. */
#define ROWS_MAX 4096

bool worker_serves(const Worker *worker, Span namespace) {
        Span scope = span_from_string(worker->mirror->options->namespace);

        if (scope.size == 0)
                return true;
        return span_starts_with(namespace, scope) &&
               (namespace.size == scope.size || namespace.data[scope.size] == '.');
}

bool worker_shares(const Worker *worker, Span namespace) {
        return worker_serves(worker, namespace) &&
               hash_span(0, namespace) % worker->mirror->options->workers == worker->index;
}

/* What is to be delivered. */

typedef struct Turn {
        Worker *worker;
        Wanted wanted;
        size_t n_troubles;      /* the first of those wanted, which no row asks for */
        int64_t first_id;       /* of the rows; 0: there is none */
        int64_t last_id;        /* up to which all is wanted */
        uint64_t last_revision; /* 0: not known */
        Batch batch;
} Turn;

static void deinit_turn(Turn *turn) {
        wanted_deinit(&turn->wanted);
        batch_deinit(&turn->batch);
}

static bool is_full(const Turn *turn) {
        return turn->wanted.n >= turn->worker->mirror->options->batch_max;
}

static bool is_due(const Trouble *trouble, int64_t now_ms) {
        return trouble->state == TROUBLE_RETRIED && trouble->retry_at_ms <= now_ms;
}

static void want_troubles(Turn *turn) {
        const Troubles *troubles = &turn->worker->troubles;
        int64_t now_ms = clock_monotonic_ms();
        Trouble *trouble;

        for (size_t at = 0; !is_full(turn) && (trouble = troubles_next(troubles, &at));)
                if (is_due(trouble, now_ms))
                        wanted_add(&turn->wanted, trouble->name.namespace, trouble->name.key,
                                   (BatchOrigin){ .outbox_id = trouble->outbox_id });
        turn->n_troubles = turn->wanted.n;
}

static int want_row(void *context, const OutboxRow *row) {
        Turn *turn = context;

        if (turn->first_id == 0)
                turn->first_id = row->id;
        if (worker_shares(turn->worker, row->namespace)) {
                if (is_full(turn) && !wanted_has(&turn->wanted, row->namespace, row->key))
                        return 1;
                wanted_add(&turn->wanted, row->namespace, row->key,
                           (BatchOrigin){ row->id, row->created_at_ms });
        }
        turn->last_id = row->id;
        turn->last_revision = row->revision;
        return 0;
}

/* Rows are dropped from the front only, and numbered without a gap. */
static void look_for_gap(Turn *turn) {
        Worker *worker = turn->worker;

        if (turn->first_id == 0 || turn->first_id == worker->outbox_id + 1)
                return;

        log_warning("mirror.gap",
                    "Mirror %s has missed changes that the outbox no longer has; it compares in full.",
                    worker->mirror->options->name);
        worker->has_gap = true;
        comparison_begin(worker);
}

static int want(Turn *turn) {
        Worker *worker = turn->worker;
        bool more;
        int r;

        want_troubles(turn);
        turn->last_id = worker->outbox_id;
        r = reader_list_outbox(worker->reader, worker->outbox_id, ROWS_MAX, want_row, turn, &more);
        if (r)
                return r;

        look_for_gap(turn);
        return 0;
}

/* What has failed with this very release stays where it is, until it is due. */
static bool is_to_wait(const Worker *worker, const ServedRow *row) {
        const Trouble *trouble = troubles_find(&worker->troubles, row->data.namespace, row->data.key);

        return trouble && trouble->revision == row->data.revision && !is_due(trouble, clock_monotonic_ms());
}

typedef struct Reading {
        Turn *turn;
        const WantedConfig *config;
} Reading;

static int add_row(void *context, const ServedRow *row) {
        const Reading *reading = context;
        Worker *worker = reading->turn->worker;

        if (!is_to_wait(worker, row))
                batch_add(&reading->turn->batch, worker->mirror->options, &worker->mirror->key_template, row,
                          reading->config->origin);
        return 0;
}

/* Where the batch is full before all are read, the rows from there on are left for the next turn. */
static void stop_before(Turn *turn, size_t i) {
        turn->last_id = i < turn->n_troubles ? turn->worker->outbox_id
                                             : turn->wanted.configs[i]->origin.outbox_id - 1;
        turn->last_revision = 0;
}

static int read_wanted(Turn *turn) {
        Worker *worker = turn->worker;

        for (size_t i = 0; i < turn->wanted.n; i++) {
                const WantedConfig *config = turn->wanted.configs[i];
                int r;

                if (turn->batch.n_bytes >= worker->mirror->options->batch_max_bytes) {
                        stop_before(turn, i);
                        return 0;
                }
                r = reader_get_served(worker->reader, config->name.namespace, config->name.key,
                                      worker_part(worker), add_row, &(Reading){ turn, config });
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What became of it. */

/* Where the store cannot take the note now, it is tried again as what only failed is. */
static void park(Worker *worker, Trouble *trouble, Span reason) {
        const MirrorOptions *options = worker->mirror->options;

        if (!note_dead_letter(worker->mirror->store, options->name, trouble, reason, clock_wall_ms()))
                return;

        trouble->is_noted = true;
        trouble->attempts = 0;
        troubles_set(&worker->troubles, trouble, TROUBLE_PARKED);
        log_warning("mirror.dead-letter", "Mirror %s puts %.*s/%.*s aside: %.*s.", options->name,
                    (int)trouble->name.namespace.size, trouble->name.namespace.data,
                    (int)trouble->name.key.size, trouble->name.key.data, (int)reason.size, reason.data);
}

/* What is known of an older release counts no more. */
static void renew(Troubles *troubles, Trouble *trouble, const TargetItem *item, BatchOrigin origin) {
        if (trouble->revision == item->config->revision)
                return;

        troubles_set(troubles, trouble, TROUBLE_RETRIED);
        trouble->revision = item->config->revision;
        trouble->attempts = 0;
        trouble->first_at_ms = clock_wall_ms();
        trouble->outbox_id = origin.outbox_id;
}

static void note_failure(Worker *worker, const TargetItem *item, BatchOrigin origin) {
        const MirrorOptions *options = worker->mirror->options;
        Trouble *trouble = troubles_get(&worker->troubles, item->config->namespace, item->config->key);

        renew(&worker->troubles, trouble, item, origin);
        trouble->attempts++;
        trouble->retry_at_ms = clock_monotonic_ms() + worker_backoff_ms(worker, trouble->attempts);
        if (item->outcome == TARGET_E_REFUSED || trouble->attempts >= options->attempts_max)
                park(worker, trouble, span_from_string(item->error.problem.text));
}

static void note_success(Worker *worker, const TargetItem *item) {
        Trouble *trouble = troubles_find(&worker->troubles, item->config->namespace, item->config->key);

        if (!trouble)
                return;
        if (trouble->is_noted &&
            !note_delivered(worker->mirror->store, worker->mirror->options->name, trouble))
                return;
        troubles_remove(&worker->troubles, trouble);
}

static void count(Worker *worker, const Batch *batch) {
        MirrorStatus *status = worker_lock_status(worker);
        int64_t now_ms = clock_wall_ms();

        for (size_t i = 0; i < batch->n; i++) {
                const TargetItem *item = &batch->items[i];
                BatchOrigin origin = batch_origin(batch, i);

                if (item->outcome != TARGET_OK) {
                        status->n_errors[item->outcome]++;
                        continue;
                }
                status->last_success_at_ms = now_ms;
                status->n_put += item->value.data != NULL;
                status->n_deleted += item->value.data == NULL;
                if (origin.created_at_ms)
                        mirror_status_observe(status, now_ms - origin.created_at_ms);
        }
        status->n_dead_letters = worker->troubles.n_parked;
        worker_unlock_status(worker);
}

bool worker_apply(Worker *worker, Batch *batch) {
        TargetError error = { .retry_after_ms = 0 };
        TargetOutcome outcome;

        if (batch->n == 0)
                return true;
        if (!worker_may_write(worker))
                return false;

        outcome =
                worker->mirror->kind->apply(worker->target, batch->items, batch->n, batch->revision, &error);
        if (outcome != TARGET_OK) {
                worker_fail(worker, outcome, &error);
                return false;
        }

        worker_succeed(worker);
        for (size_t i = 0; i < batch->n; i++) {
                const TargetItem *item = &batch->items[i];

                if (!item->config)
                        continue;
                if (item->outcome == TARGET_OK)
                        note_success(worker, item);
                else
                        note_failure(worker, item, batch_origin(batch, i));
        }
        count(worker, batch);
        return true;
}

/* All rows up to here need not be read again, but for those that troubles have come from. */
static int64_t safe_outbox_id(const Worker *worker) {
        int64_t safe = worker->outbox_id;
        const Trouble *trouble;

        for (size_t at = 0; (trouble = troubles_next(&worker->troubles, &at));)
                if (trouble->state == TROUBLE_RETRIED && trouble->outbox_id > 0)
                        safe = MIN(safe, trouble->outbox_id - 1);
        return safe;
}

/* What a comparison sent in vain is asked for by no row: until it is delivered or a dead letter, the gap that
 * was compared for is one. */
static bool owes_without_row(const Worker *worker) {
        const Trouble *trouble;

        for (size_t at = 0; (trouble = troubles_next(&worker->troubles, &at));)
                if (trouble->state == TROUBLE_RETRIED && trouble->outbox_id == 0 && !trouble->is_noted)
                        return true;
        return false;
}

void worker_note_reached(Worker *worker, bool now) {
        if (!worker->has_gap && !owes_without_row(worker))
                mirror_reached(worker->mirror, worker->index, safe_outbox_id(worker), now);
}

static void advance(const Turn *turn) {
        Worker *worker = turn->worker;
        MirrorStatus *status;

        worker->outbox_id = turn->last_id;
        status = worker_lock_status(worker);
        if (turn->last_revision)
                status->revision = turn->last_revision;
        worker_unlock_status(worker);
}

/* So many are a sign that something else is wrong. */
static bool has_too_many_dead_letters(Worker *worker) {
        TargetError error = { .retry_after_ms = 0 };

        if (worker->troubles.n_parked < worker->mirror->options->dead_letters_max)
                return false;

        problem_set(&error.problem, "dead_letters_max",
                    "there are %zu dead letters, and no more are taken: retry or drop them",
                    worker->troubles.n_parked);
        worker_fail(worker, TARGET_E_DENIED, &error);
        return true;
}

WorkerTurn worker_deliver(Worker *worker) {
        _cleanup_(deinit_turn) Turn turn = { .worker = worker, .wanted = WANTED_NULL, .batch = BATCH_NULL };
        bool is_idle;
        int r;

        if (has_too_many_dead_letters(worker))
                return WORKER_FAILED;

        r = want(&turn);
        if (r == 0)
                r = read_wanted(&turn);
        if (r) {
                worker_fail_to_read(worker, r);
                return WORKER_FAILED;
        }
        if (!worker_apply(worker, &turn.batch))
                return WORKER_FAILED;

        is_idle = turn.wanted.n == 0 && turn.last_id == worker->outbox_id;
        advance(&turn);
        worker_note_reached(worker, false);
        return is_idle ? WORKER_IDLE : WORKER_BUSY;
}
