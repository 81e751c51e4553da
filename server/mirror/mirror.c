#include <errno.h>
#include <stdlib.h>

#include "mirror/mirror.h"
#include "mirror/notes.h"
#include "mirror/worker.h"
#include "util/allocate.h"
#include "util/clock.h"

/* How often the store is told how far a mirror has got that is busy. */
#define NOTE_EVERY_MS 1000

struct Mirrors {
        Mirror *mirrors;
        size_t n;
};

static const TargetKind *const kinds[MIRROR_KIND_N] = {
        [MIRROR_REDIS] = &target_redis,
        [MIRROR_ETCD] = &target_etcd,
        [MIRROR_HTTP] = &target_http,
};

/* Calls @fn for each worker. */
static void each_worker(const Mirrors *mirrors, void (*fn)(Worker *worker)) {
        for (size_t i = 0; i < mirrors->n; i++)
                for (size_t j = 0; j < mirrors->mirrors[i].options->workers; j++)
                        fn(&mirrors->mirrors[i].workers[j]);
}

static int refuse(const Mirror *mirror, int r, const Problem *problem, Problem *ret_problem) {
        problem_set(ret_problem, problem->field, "mirror %s%s%s: %s", mirror->options->name,
                    problem->field[0] ? ", " : "", problem->field, problem->text);
        return r;
}

static int open_workers(Mirror *mirror, Problem *ret_problem) {
        for (size_t i = 0; i < mirror->options->workers; i++) {
                int r = worker_open(&mirror->workers[i], ret_problem);

                if (r)
                        return r;
        }
        return 0;
}

static int make(Mirror *mirror, const MirrorOptions *options, Gate *gate, Problem *ret_problem) {
        Problem problem = PROBLEM_NULL;
        int r;

        *mirror = (Mirror){ .options = options, .kind = kinds[options->kind], .gate = gate, .noted = -1 };
        pthread_mutex_init(&mirror->lock, NULL);
        mirror->workers = allocate(options->workers, sizeof(*mirror->workers));
        mirror->outbox_ids = allocate(options->workers, sizeof(*mirror->outbox_ids));
        for (size_t i = 0; i < options->workers; i++) {
                mirror->outbox_ids[i] = -1;
                worker_init(&mirror->workers[i], mirror, i);
        }
        r = key_template_parse(span_from_string(options->key), span_from_string(options->namespace),
                               &mirror->key_template, &problem);
        if (r == 0)
                r = open_workers(mirror, &problem);
        return r ? refuse(mirror, r, &problem, ret_problem) : 0;
}

int mirrors_new(const MirrorOptions *options, size_t n, Gate *gate, Mirrors **ret_mirrors,
                Problem *ret_problem) {
        _cleanup_(mirrors_freep) Mirrors *mirrors = allocate(1, sizeof(*mirrors));

        mirrors->mirrors = allocate(n, sizeof(*mirrors->mirrors));
        while (mirrors->n < n) {
                size_t i = mirrors->n++;
                int r = make(&mirrors->mirrors[i], &options[i], gate, ret_problem);

                if (r)
                        return r;
        }

        *ret_mirrors = mirrors;
        mirrors = NULL;
        return 0;
}

Mirrors *mirrors_free(Mirrors *mirrors) {
        if (!mirrors)
                return NULL;

        each_worker(mirrors, worker_deinit);
        for (size_t i = 0; i < mirrors->n; i++) {
                key_template_deinit(&mirrors->mirrors[i].key_template);
                pthread_mutex_destroy(&mirrors->mirrors[i].lock);
                free(mirrors->mirrors[i].workers);
                free(mirrors->mirrors[i].outbox_ids);
        }
        free(mirrors->mirrors);
        free(mirrors);
        return NULL;
}

static int start(Mirror *mirror, Store *store, const char *path, Problem *ret_problem) {
        mirror->store = store;
        for (size_t i = 0; i < mirror->options->workers; i++) {
                int r = worker_start(&mirror->workers[i], path, ret_problem);

                if (r)
                        return r;
        }
        return 0;
}

int mirrors_start(Mirrors *mirrors, Store *store, const char *path, Problem *ret_problem) {
        for (size_t i = 0; i < mirrors->n; i++) {
                int r = start(&mirrors->mirrors[i], store, path, ret_problem);

                if (r)
                        return r;
        }
        return 0;
}

static void stop_worker(Worker *worker) {
        waker_stop(&worker->waker);
}

void mirrors_stop(Mirrors *mirrors) {
        each_worker(mirrors, stop_worker);
        each_worker(mirrors, worker_join);
}

static void wake_worker(Worker *worker) {
        waker_wake(&worker->waker);
}

void mirrors_wake(Mirrors *mirrors) {
        each_worker(mirrors, wake_worker);
}

size_t mirrors_n(const Mirrors *mirrors) {
        return mirrors->n;
}

Mirror *mirrors_get(const Mirrors *mirrors, size_t i) {
        return &mirrors->mirrors[i];
}

Mirror *mirrors_find(const Mirrors *mirrors, Span name) {
        for (size_t i = 0; i < mirrors->n; i++)
                if (span_equal_string(name, mirrors->mirrors[i].options->name))
                        return &mirrors->mirrors[i];
        return NULL;
}

void mirror_get_status(Mirror *mirror, MirrorStatus *ret_status) {
        worker_get_status(&mirror->workers[0], ret_status);
        for (size_t i = 1; i < mirror->options->workers; i++) {
                MirrorStatus more;

                worker_get_status(&mirror->workers[i], &more);
                mirror_status_add(ret_status, &more);
        }
}

static void ask(Mirror *mirror, WorkerRequest request, Span namespace, Span key) {
        for (size_t i = 0; i < mirror->options->workers; i++)
                worker_ask(&mirror->workers[i], request, namespace, key);
}

void mirror_resync(Mirror *mirror) {
        ask(mirror, WORKER_RESYNC, SPAN_NULL, SPAN_NULL);
}

void mirror_retry(Mirror *mirror, Span namespace, Span key) {
        ask(mirror, WORKER_RETRY, namespace, key);
}

void mirror_forget(Mirror *mirror, Span namespace, Span key) {
        ask(mirror, WORKER_FORGET, namespace, key);
}

static int64_t least_outbox_id(const Mirror *mirror) {
        int64_t least = INT64_MAX;

        for (size_t i = 0; i < mirror->options->workers; i++)
                least = MIN(least, mirror->outbox_ids[i]);
        return least;
}

void mirror_reached(Mirror *mirror, size_t index, int64_t outbox_id, bool now) {
        int64_t now_ms = clock_monotonic_ms(), least;

        pthread_mutex_lock(&mirror->lock);
        mirror->outbox_ids[index] = outbox_id;
        least = least_outbox_id(mirror);
        if (least > mirror->noted && (now || now_ms - mirror->noted_at_ms >= NOTE_EVERY_MS) &&
            note_reached(mirror->store, mirror->options->name, least)) {
                mirror->noted = least;
                mirror->noted_at_ms = now_ms;
        }
        pthread_mutex_unlock(&mirror->lock);
}
