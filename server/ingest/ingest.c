#include <errno.h>
#include <stdlib.h>

#include "ingest/ingest.h"
#include "ingest/overlap.h"
#include "ingest/worker.h"
#include "util/allocate.h"

struct Ingests {
        Ingest *ingests;
        size_t n;
        Overlap overlap;
};

static int refuse(const MirrorOptions *options, int r, const Problem *problem, Problem *ret_problem) {
        problem_set(ret_problem, problem->field, "ingest %s%s%s: %s", options->name,
                    problem->field[0] ? ", " : "", problem->field, problem->text);
        return r;
}

static int check_overlap(const Ingest *ingest, Problem *ret_problem) {
        const char *mirror = overlap_of_prefix(ingest->overlap, key_pattern_prefix(&ingest->pattern));

        if (!mirror)
                return 0;

        problem_set(ret_problem, "from",
                    "the mirror %s writes all of these keys, and what a mirror wrote is not taken in",
                    mirror);
        return -EINVAL;
}

static int make(Ingests *ingests, const MirrorOptions *options, size_t content_max_bytes, Gate *gate,
                Problem *ret_problem) {
        Ingest *ingest = &ingests->ingests[ingests->n++];
        Problem problem = PROBLEM_NULL;
        int r;

        r = ingest_init(ingest, options, &ingests->overlap, gate, &problem);
        ingest->content_max_bytes = content_max_bytes;
        if (r == 0)
                r = check_overlap(ingest, &problem);
        return r ? refuse(options, r, &problem, ret_problem) : 0;
}

int ingests_new(const MirrorOptions *options, size_t n, size_t content_max_bytes, Gate *gate,
                Ingests **ret_ingests, Problem *ret_problem) {
        _cleanup_(ingests_freep) Ingests *ingests = allocate(1, sizeof(*ingests));
        int r;

        ingests->ingests = allocate(n, sizeof(*ingests->ingests));
        r = overlap_init(&ingests->overlap, options, n);
        for (size_t i = 0; r == 0 && i < n; i++)
                if (options[i].kind == MIRROR_INGEST)
                        r = make(ingests, &options[i], content_max_bytes, gate, ret_problem);
        if (r)
                return r;

        *ret_ingests = ingests;
        ingests = NULL;
        return 0;
}

Ingests *ingests_free(Ingests *ingests) {
        if (!ingests)
                return NULL;

        for (size_t i = 0; i < ingests->n; i++)
                ingest_deinit(&ingests->ingests[i]);
        overlap_deinit(&ingests->overlap);
        free(ingests->ingests);
        free(ingests);
        return NULL;
}

int ingests_start(Ingests *ingests, Store *store, const char *path, Problem *ret_problem) {
        for (size_t i = 0; i < ingests->n; i++) {
                int r;

                ingests->ingests[i].store = store;
                r = ingest_start(&ingests->ingests[i], path, ret_problem);
                if (r)
                        return r;
        }
        return 0;
}

void ingests_stop(Ingests *ingests) {
        for (size_t i = 0; i < ingests->n; i++)
                waker_stop(&ingests->ingests[i].waker);
        for (size_t i = 0; i < ingests->n; i++)
                ingest_join(&ingests->ingests[i]);
}

size_t ingests_n(const Ingests *ingests) {
        return ingests->n;
}

Ingest *ingests_get(const Ingests *ingests, size_t i) {
        return &ingests->ingests[i];
}

Ingest *ingests_find(const Ingests *ingests, Span name) {
        for (size_t i = 0; i < ingests->n; i++)
                if (span_equal_string(name, ingests->ingests[i].options->name))
                        return &ingests->ingests[i];
        return NULL;
}

const MirrorOptions *ingest_options(const Ingest *ingest) {
        return ingest->options;
}

void ingest_get_status(Ingest *ingest, IngestStatus *ret_status) {
        *ret_status = *ingest_lock_status(ingest);
        ingest_unlock_status(ingest);
}

void ingest_resync(Ingest *ingest) {
        ingest_ask(ingest, INGEST_RESYNC, SPAN_NULL);
}

void ingest_retry(Ingest *ingest, Span etcd_key) {
        ingest_ask(ingest, INGEST_RETRY, etcd_key);
}

void ingest_recount(Ingest *ingest) {
        ingest_ask(ingest, INGEST_RECOUNT, SPAN_NULL);
}
