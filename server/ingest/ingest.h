/*
 * The ingests of a server: each takes the keys of an etcd in, as versions of configs that are published at
 * once.
 *
 * Life: ingests_new() from the options; ingests_start() when the store is open; ingests_stop() while the
 * store still takes commands; ingests_free().
 */
#pragma once

#include <stddef.h>

#include "ingest/status.h"
#include "mirror/gate.h"
#include "mirror/options.h"
#include "model/buf.h"
#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"
#include "store/store.h"

typedef struct Ingests Ingests;
typedef struct Ingest Ingest;

/*
 * ingests_new() - make the ingests that are among @options
 * @options: of all mirrors and ingests, since no ingest takes in what a mirror writes; borrowed for the life
 * of the ingests
 * @content_max_bytes: of a config
 * @gate: whether they may work; borrowed likewise. Where it is guarded the mirrors wait for them in each term
 *
 * Return: 0; -EINVAL with @ret_problem; -ENOMEM
 */
int ingests_new(const MirrorOptions *options, size_t n, size_t content_max_bytes, Gate *gate,
                Ingests **ret_ingests, Problem *ret_problem);
/* @path: of the database */
int ingests_start(Ingests *ingests, Store *store, const char *path, Problem *ret_problem);
void ingests_stop(Ingests *ingests);
Ingests *ingests_free(Ingests *ingests);

size_t ingests_n(const Ingests *ingests);
Ingest *ingests_get(const Ingests *ingests, size_t i);
/* NULL: none has this name. */
Ingest *ingests_find(const Ingests *ingests, Span name);

const MirrorOptions *ingest_options(const Ingest *ingest);

/* All of these @thread any. */
void ingest_get_status(Ingest *ingest, IngestStatus *ret_status);
/* Reads in full. */
void ingest_resync(Ingest *ingest);
/* Tries a quarantined key again; absent: all. */
void ingest_retry(Ingest *ingest, Span etcd_key);
/* Some were dropped. */
void ingest_recount(Ingest *ingest);

/* For Prometheus. */
void ingests_append_metrics(const Ingests *ingests, Buf *buf);

DEFINE_CLEANUP(Ingests *, ingests_free);
