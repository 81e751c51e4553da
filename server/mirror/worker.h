/*
 * A worker of a mirror: one thread that brings what the store says to one target, key by key in order.
 *
 * It reads the outbox from where it has got to, makes a batch of what those configs serve now, has the target
 * apply it, and goes on. Now and then it compares the target with the store in full, a page at a time between
 * batches. Nothing that it is about to deliver is kept over a failure: it is read from the store again, and
 * so is never older than what was delivered before.
 *
 * worker.c is its life, deliver.c a turn of delivering, compare.c a turn of comparing.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "mirror/batch.h"
#include "mirror/compare.h"
#include "mirror/mirror.h"
#include "mirror/status.h"
#include "mirror/target.h"
#include "mirror/troubles.h"
#include "mirror/waker.h"
#include "store/reader.h"

typedef struct Worker Worker;

/* What somebody asks of it, on any thread. */
typedef enum WorkerRequest {
        WORKER_RESYNC, /* compare in full, at once */
        WORKER_RETRY,  /* a dead letter, or all */
        WORKER_FORGET, /* likewise: they were dropped */
        WORKER_REQUEST_N,
} WorkerRequest;

struct Worker {
        Mirror *mirror;
        size_t index; /* of mirror->options->workers */
        pthread_t thread;
        bool is_started;
        Waker waker;

        Reader *reader;
        Target *target;
        bool is_connected;
        uint64_t term;       /* of the gate, in which it connected */
        int64_t retry_at_ms; /* monotonic: before then connecting is not tried */
        unsigned n_failures; /* one after another */
        uint64_t told;       /* which of them was told last; 0: none */

        int64_t outbox_id; /* of the last row that it has looked at, and delivered or put in troubles */
        bool has_gap;      /* rows were missed: only a full comparison makes up for them */
        Troubles troubles;
        Comparison comparison;
        int64_t compare_at_ms; /* monotonic; INT64_MAX: never */

        pthread_mutex_t lock; /* of what follows */
        MirrorStatus status;
        struct WorkerAsked *asked;
};

void worker_init(Worker *worker, Mirror *mirror, size_t index);
/* Has the target look at the options; nothing is connected yet. Return: as TargetKind.open() */
int worker_open(Worker *worker, Problem *ret_problem);
/* @path: of the database */
int worker_start(Worker *worker, const char *path, Problem *ret_problem);
/* After waker_stop(). */
void worker_join(Worker *worker);
void worker_deinit(Worker *worker);

/* @namespace, @key: of a dead letter; absent: all. @thread any */
void worker_ask(Worker *worker, WorkerRequest request, Span namespace, Span key);
void worker_get_status(Worker *worker, MirrorStatus *ret_status);

/*
 * For deliver.c and compare.c:
 */

typedef enum WorkerTurn {
        WORKER_IDLE,   /* there was nothing to do */
        WORKER_BUSY,   /* there is perhaps more */
        WORKER_FAILED, /* the target or the store did, and worker_fail() knows */
} WorkerTurn;

/* Delivers some of what has changed. */
WorkerTurn worker_deliver(Worker *worker);
/* Compares some of the target. */
WorkerTurn worker_compare(Worker *worker);

/* Has the store remember how far this worker has got, from time to time or @now. */
void worker_note_reached(Worker *worker, bool now);

/* Has the target apply @batch, and does what follows for each item. Return: false: worker_fail() was called,
 * or it may not write. */
bool worker_apply(Worker *worker, Batch *batch);

/* How long to wait after so many failures one after another: "full jitter", anything up to a bound that
 * doubles. Source: M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015. */
int64_t worker_backoff_ms(const Worker *worker, uint64_t n_failures);

/* The target did not do it: when to try again, and what is told meanwhile. */
void worker_fail(Worker *worker, TargetOutcome outcome, const TargetError *error);
/* May it write? Not where another server leads, nor over a connection of a term before. @thread worker */
bool worker_may_write(Worker *worker);
/* It did: what fails from here on is something new. */
void worker_succeed(Worker *worker);
/* The store could not be read. */
void worker_fail_to_read(Worker *worker, int error);

/* Is @namespace one of those that the mirror mirrors, and this worker's share of them? */
bool worker_serves(const Worker *worker, Span namespace);
bool worker_shares(const Worker *worker, Span namespace);

/* What of a config the mirror is after. */
static inline ServedPart worker_part(const Worker *worker) {
        return worker->mirror->options->value == MIRROR_VALUE_GRAY ? SERVED_GRAY : SERVED_STABLE;
}

MirrorStatus *worker_lock_status(Worker *worker);
void worker_unlock_status(Worker *worker);
