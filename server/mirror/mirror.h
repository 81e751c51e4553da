/*
 * The mirrors of a server: each keeps a target, such as Redis or etcd, at what the store's configs serve.
 *
 * Life: mirrors_new() from the options; mirrors_start() when the store is open; mirrors_wake() after each
 * commit; mirrors_stop() while the store still takes commands; mirrors_free().
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mirror/gate.h"
#include "mirror/key_template.h"
#include "mirror/options.h"
#include "mirror/status.h"
#include "mirror/target.h"
#include "model/buf.h"
#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"
#include "store/store.h"

typedef struct Mirrors Mirrors;
typedef struct Mirror Mirror;
typedef struct Worker Worker;

struct Mirror {
        const MirrorOptions *options;
        const TargetKind *kind;
        KeyTemplate key_template;
        Store *store;
        Gate *gate;      /* borrowed */
        Worker *workers; /* options->workers */

        pthread_mutex_t lock; /* of what follows */
        int64_t *outbox_ids;  /* of each worker: all up to it need not be read again */
        int64_t noted;        /* the least of them, as the store was told last */
        int64_t noted_at_ms;  /* monotonic */
};

/* @options, @gate: borrowed for the life of the mirrors. Return: 0; -EINVAL with @ret_problem; -ENOMEM */
int mirrors_new(const MirrorOptions *options, size_t n, Gate *gate, Mirrors **ret_mirrors,
                Problem *ret_problem);
/* @path: of the database */
int mirrors_start(Mirrors *mirrors, Store *store, const char *path, Problem *ret_problem);
void mirrors_stop(Mirrors *mirrors);
Mirrors *mirrors_free(Mirrors *mirrors);

/* Something was committed. @thread any */
void mirrors_wake(Mirrors *mirrors);

size_t mirrors_n(const Mirrors *mirrors);
Mirror *mirrors_get(const Mirrors *mirrors, size_t i);
/* NULL: none has this name. */
Mirror *mirrors_find(const Mirrors *mirrors, Span name);

/* All of these @thread any. */
void mirror_get_status(Mirror *mirror, MirrorStatus *ret_status);
void mirror_resync(Mirror *mirror);
/* Of a dead letter; absent names: all. */
void mirror_retry(Mirror *mirror, Span namespace, Span key);
void mirror_forget(Mirror *mirror, Span namespace, Span key);

/* For Prometheus. */
void mirrors_append_metrics(const Mirrors *mirrors, Buf *buf);

/*
 * For the workers: worker @index has no need of rows up to @outbox_id any more. The least of all workers is
 * noted in the store, from time to time or @now.
 */
void mirror_reached(Mirror *mirror, size_t index, int64_t outbox_id, bool now);

DEFINE_CLEANUP(Mirrors *, mirrors_free);
