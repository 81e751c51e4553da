#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "mirror/worker.h"
#include "model/hash.h"
#include "util/allocate.h"
#include "util/clock.h"
#include "util/digest.h"
#include "util/log.h"

/* Where a person has to change something, it is looked after that often whether they have. */
#define DENIED_RETRY_MS 60000

/* How often what waits is counted while the target is not there. */
#define COUNT_MS 1000

/* How often it is looked after whether the target is still there, while there is nothing to do. */
#define CHECK_MS 1000

/* What was asked for, in order. */
typedef struct WorkerAsked {
        struct WorkerAsked *next;
        WorkerRequest request;
        Span namespace;
        Span key;
        char texts[];
} WorkerAsked;

/* The status. */

MirrorStatus *worker_lock_status(Worker *worker) {
        pthread_mutex_lock(&worker->lock);
        return &worker->status;
}

void worker_unlock_status(Worker *worker) {
        pthread_mutex_unlock(&worker->lock);
}

void worker_get_status(Worker *worker, MirrorStatus *ret_status) {
        *ret_status = *worker_lock_status(worker);
        worker_unlock_status(worker);
}

static void set_state(Worker *worker, MirrorState state) {
        MirrorStatus *status = worker_lock_status(worker);

        status->state = state;
        status->retry_at_ms = 0;
        status->error[0] = '\0';
        worker_unlock_status(worker);
}

/* Failing. */

int64_t worker_backoff_ms(const Worker *worker, uint64_t n_failures) {
        const MirrorOptions *options = worker->mirror->options;
        uint64_t cap = options->retry_max_ms;
        uint32_t random;

        if (n_failures < 32)
                cap = MIN(cap, options->retry_min_ms << n_failures);
        random_bytes(&random, sizeof(random));
        return (int64_t)(random % (cap + 1));
}

static void disconnect(Worker *worker) {
        worker->mirror->kind->disconnect(worker->target);
        worker->is_connected = false;
}

static uint64_t term_now(const Worker *worker) {
        return gate_mirror_term(worker->mirror->gate, clock_boot_ms());
}

bool worker_may_write(Worker *worker) {
        return worker->is_connected && term_now(worker) == worker->term;
}

static int64_t wait_after(const Worker *worker, TargetOutcome outcome, const TargetError *error) {
        if (outcome == TARGET_E_DENIED)
                return DENIED_RETRY_MS;
        return MAX(worker_backoff_ms(worker, worker->n_failures), error->retry_after_ms);
}

/* Told once, not at each attempt. */
static void log_failure(const Worker *worker, TargetOutcome outcome, const char *text) {
        if (outcome == TARGET_E_DENIED)
                log_error("mirror.denied", "Mirror %s cannot go on before something is changed: %s.",
                          worker->mirror->options->name, text);
        else
                log_warning("mirror.down", "Mirror %s waits for its target: %s.",
                            worker->mirror->options->name, text);
}

/* Each thing that a person has to change is told. That a target is away has other words at each attempt. */
static uint64_t failure_id(TargetOutcome outcome, const char *text) {
        return outcome == TARGET_E_DENIED ? hash_span((uint64_t)outcome, span_from_string(text))
                                          : (uint64_t)outcome;
}

void worker_fail(Worker *worker, TargetOutcome outcome, const TargetError *error) {
        int64_t wait_ms = wait_after(worker, outcome, error);
        MirrorState state = outcome == TARGET_E_DENIED ? MIRROR_DENIED : MIRROR_WAITING;
        uint64_t told = failure_id(outcome, error->problem.text);
        MirrorStatus *status;

        disconnect(worker);
        if (outcome == TARGET_E_STOPPED)
                return;

        worker->n_failures++;
        worker->retry_at_ms = clock_monotonic_ms() + wait_ms;
        status = worker_lock_status(worker);
        status->state = state;
        status->retry_at_ms = clock_wall_ms() + wait_ms;
        status->n_errors[outcome]++;
        memcpy(status->error, error->problem.text, sizeof(status->error));
        worker_unlock_status(worker);
        if (told != worker->told)
                log_failure(worker, outcome, error->problem.text);
        worker->told = told;
}

void worker_succeed(Worker *worker) {
        worker->n_failures = 0;
        worker->told = 0;
}

void worker_fail_to_read(Worker *worker, int error_number) {
        TargetError error = { .retry_after_ms = 0 };

        problem_set(&error.problem, NULL, "the store cannot be read: %s", strerror(-error_number));
        worker_fail(worker, TARGET_E_DOWN, &error);
}

/* What is asked of it. */

void worker_ask(Worker *worker, WorkerRequest request, Span namespace, Span key) {
        WorkerAsked *asked = allocate(1, sizeof(*asked) + namespace.size + key.size), **end;
        char *at = asked->texts;

        asked->request = request;
        asked->namespace = span_copy(&at, namespace);
        asked->key = span_copy(&at, key);

        pthread_mutex_lock(&worker->lock);
        for (end = &worker->asked; *end; end = &(*end)->next)
                ;
        *end = asked;
        pthread_mutex_unlock(&worker->lock);
        waker_wake(&worker->waker);
}

static WorkerAsked *take_asked(Worker *worker) {
        WorkerAsked *asked;

        pthread_mutex_lock(&worker->lock);
        asked = worker->asked;
        worker->asked = NULL;
        pthread_mutex_unlock(&worker->lock);
        return asked;
}

static void answer_for_letter(Worker *worker, WorkerRequest request, Trouble *trouble) {
        if (trouble->state == TROUBLE_RETRIED ||
            (trouble->state == TROUBLE_DROPPED && request == WORKER_RETRY))
                return;

        trouble->retry_at_ms = 0;
        troubles_set(&worker->troubles, trouble, request == WORKER_RETRY ? TROUBLE_RETRIED : TROUBLE_DROPPED);
}

static void answer_for_letters(Worker *worker, const WorkerAsked *asked) {
        Trouble *trouble;

        if (asked->key.data) {
                trouble = troubles_find(&worker->troubles, asked->namespace, asked->key);
                if (trouble)
                        answer_for_letter(worker, asked->request, trouble);
                return;
        }
        for (size_t at = 0; (trouble = troubles_next(&worker->troubles, &at));)
                answer_for_letter(worker, asked->request, trouble);
}

static void answer(Worker *worker) {
        WorkerAsked *asked = take_asked(worker), *next;

        for (; asked; asked = next) {
                next = asked->next;
                worker->retry_at_ms = 0;
                if (asked->request == WORKER_RESYNC)
                        comparison_begin(worker);
                else
                        answer_for_letters(worker, asked);
                free(asked);
        }
}

/* Its life. */

static int take_dead_letter(void *context, const DeadLetterRow *row) {
        Worker *worker = context;
        Trouble *trouble;

        if (!worker_shares(worker, row->namespace))
                return 0;

        trouble = troubles_get(&worker->troubles, row->namespace, row->key);
        trouble->revision = row->revision;
        trouble->first_at_ms = row->first_at_ms;
        trouble->is_noted = true;
        troubles_set(&worker->troubles, trouble, row->is_dropped ? TROUBLE_DROPPED : TROUBLE_PARKED);
        return 0;
}

/* From where it goes on. Without a place of its own it has missed whatever there was. */
static int remember(Worker *worker) {
        DeadLetterQuery query = {
                .mirror = span_from_string(worker->mirror->options->name),
                .with_dropped = true,
                .limit = UINT_MAX,
        };
        int64_t first, last, noted;
        bool more;
        int r;

        r = reader_list_dead_letters(worker->reader, &query, take_dead_letter, worker, &more);
        if (r)
                return r;
        r = reader_get_mirror(worker->reader, query.mirror, &noted);
        if (r)
                return r;
        r = reader_get_outbox_ends(worker->reader, &first, &last);
        if (r)
                return r;

        worker->has_gap = noted < 0 || noted > last;
        worker->outbox_id = worker->has_gap ? last : noted;
        if (worker->has_gap)
                comparison_begin(worker);
        return 0;
}

/* Connecting ends what others have under way, so the term is of before. */
static void connect_target(Worker *worker) {
        TargetError error = { .retry_after_ms = 0 };
        TargetOutcome outcome;

        worker->term = term_now(worker);
        if (worker->term == 0)
                return;
        if (worker->n_failures == 0)
                set_state(worker, MIRROR_CONNECTING);
        outcome = worker->mirror->kind->connect(worker->target, &error);
        if (outcome != TARGET_OK) {
                worker_fail(worker, outcome, &error);
                return;
        }

        worker->is_connected = true;
        if (worker->mirror->kind->read_back)
                comparison_begin(worker);
        log_info("mirror.connected", "Mirror %s is connected.", worker->mirror->options->name);
}

/* A row of the outbox that is not of this worker waits for nobody, but is counted until it is passed. */
static void count_waiting(Worker *worker) {
        int64_t first, last;
        MirrorStatus *status;

        if (reader_get_outbox_ends(worker->reader, &first, &last) != 0)
                return;

        status = worker_lock_status(worker);
        status->n_waiting = (uint64_t)MAX(last - worker->outbox_id, 0);
        status->n_dead_letters = worker->troubles.n_parked;
        worker_unlock_status(worker);
}

static void wait_for_target(Worker *worker) {
        int64_t left_ms = worker->retry_at_ms - clock_monotonic_ms();

        (void)waker_take(&worker->waker);
        count_waiting(worker);
        if (left_ms > 0)
                (void)waker_poll(&worker->waker, -1, 0, MIN(left_ms, COUNT_MS), 0);
}

/* When there will be something to do without anybody's asking. */
static int64_t next_ms(const Worker *worker) {
        int64_t next = worker->compare_at_ms;
        const Trouble *trouble;

        for (size_t at = 0; (trouble = troubles_next(&worker->troubles, &at));)
                if (trouble->state == TROUBLE_RETRIED)
                        next = MIN(next, trouble->retry_at_ms);
        return next;
}

static void check_target(Worker *worker) {
        TargetError error = { .retry_after_ms = 0 };
        TargetOutcome outcome = worker->mirror->kind->check(worker->target, &error);

        if (outcome != TARGET_OK)
                worker_fail(worker, outcome, &error);
}

static int64_t ms_until(int64_t at_ms) {
        return at_ms == INT64_MAX ? INT64_MAX : MAX(at_ms - clock_monotonic_ms(), 0);
}

static void wait_for_news(Worker *worker) {
        bool is_checked = worker->mirror->kind->check;
        int64_t wait_ms = ms_until(next_ms(worker));

        worker_note_reached(worker, true);
        worker_succeed(worker);
        if (is_checked)
                wait_ms = MIN(wait_ms, CHECK_MS);
        (void)waker_poll(&worker->waker, -1, 0, wait_ms == INT64_MAX ? -1 : wait_ms, WAIT_FOR_NEWS);
        if (is_checked && !waker_has_news(&worker->waker) && !waker_is_stopping(&worker->waker))
                check_target(worker);
}

/* More changes may come while a batch is gathered. The news are taken away before what they are about is
 * looked at. */
static void gather(Worker *worker) {
        uint64_t wait_ms = worker->mirror->options->batch_wait_ms;

        if (wait_ms && waker_take(&worker->waker))
                (void)waker_poll(&worker->waker, -1, 0, (int64_t)wait_ms, 0);
        (void)waker_take(&worker->waker);
}

/* Changes come first, but a comparison gets on beside them. */
static void work(Worker *worker) {
        WorkerTurn delivered, compared;

        delivered = worker_deliver(worker);
        if (delivered == WORKER_FAILED)
                return;

        compared = worker_compare(worker);
        if (compared == WORKER_FAILED)
                return;
        count_waiting(worker);
        set_state(worker, compared == WORKER_BUSY ? MIRROR_COMPARING : MIRROR_RUNNING);
        if (delivered == WORKER_IDLE && compared == WORKER_IDLE)
                wait_for_news(worker);
}

/* Another server works. What is asked for, and what changes, is kept for when it is this one's turn. */
static void stand_by(Worker *worker) {
        if (worker->is_connected) {
                log_info("mirror.standby", "Mirror %s rests: this server does not lead.",
                         worker->mirror->options->name);
                disconnect(worker);
        }
        worker_succeed(worker);
        worker->retry_at_ms = 0;
        set_state(worker, MIRROR_STANDBY);
        (void)waker_take(&worker->waker);
        answer(worker);
        count_waiting(worker);
        if (term_now(worker) == 0)
                (void)waker_poll(&worker->waker, -1, 0, -1, WAIT_FOR_NEWS);
}

static void *run(void *context) {
        Worker *worker = context;

        while (!waker_is_stopping(&worker->waker)) {
                if (term_now(worker) == 0) {
                        stand_by(worker);
                        continue;
                }
                if (worker->is_connected && !worker_may_write(worker))
                        disconnect(worker);
                if (worker->is_connected)
                        gather(worker);
                answer(worker);
                if (worker->is_connected)
                        work(worker);
                else if (clock_monotonic_ms() < worker->retry_at_ms)
                        wait_for_target(worker);
                else
                        connect_target(worker);
        }
        worker_note_reached(worker, true);
        if (worker->is_connected)
                disconnect(worker);
        return NULL;
}

void worker_init(Worker *worker, Mirror *mirror, size_t index) {
        *worker = (Worker){
                .mirror = mirror,
                .index = index,
                .waker = { .fd = -1 },
                .compare_at_ms = INT64_MAX,
                .status = { .state = MIRROR_CONNECTING },
        };
        pthread_mutex_init(&worker->lock, NULL);
}

int worker_open(Worker *worker, Problem *ret_problem) {
        const Mirror *mirror = worker->mirror;
        int r;

        r = waker_init(&worker->waker);
        if (r)
                return r;
        gate_add_waker(mirror->gate, &worker->waker);
        return mirror->kind->open(mirror->options, worker->index, &worker->waker, &worker->target,
                                  ret_problem);
}

int worker_start(Worker *worker, const char *path, Problem *ret_problem) {
        int r;

        r = reader_open(path, &worker->reader, ret_problem);
        if (r)
                return r;
        r = remember(worker);
        if (r)
                return r;

        r = -pthread_create(&worker->thread, NULL, run, worker);
        worker->is_started = r == 0;
        return r;
}

void worker_join(Worker *worker) {
        if (worker->is_started)
                (void)pthread_join(worker->thread, NULL);
        worker->is_started = false;
}

static void forget_asked(Worker *worker) {
        WorkerAsked *asked = take_asked(worker), *next;

        for (; asked; asked = next) {
                next = asked->next;
                free(asked);
        }
}

void worker_deinit(Worker *worker) {
        forget_asked(worker);
        comparison_end(&worker->comparison);
        troubles_deinit(&worker->troubles);
        if (worker->target)
                worker->mirror->kind->close(worker->target);
        reader_close(worker->reader);
        waker_deinit(&worker->waker);
        pthread_mutex_destroy(&worker->lock);
}
