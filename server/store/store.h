/*
 * The store: where the order of all changes is made, and kept on disk.
 *
 * Commands go in from any thread. One writer thread takes all that wait, executes each in a savepoint of one
 * SQLite transaction, commits with an fsync, and hands the changes out in revision order. That interface is
 * all that the rest of the server knows of committing; whoever orders changes in another way has to offer no
 * more.
 *
 * Promises: a command that is answered with STORE_OK is on disk, with its audit entry and outbox rows.
 * Revisions only grow. A refused command changes nothing. When the disk refuses, all commands of that
 * transaction are answered with STORE_E_FAILED, and the next transaction tries again. Failed is not undone
 * where the fsync itself was what failed: what the disk took may still be there after a crash.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/catalog.h"
#include "model/change.h"
#include "model/macros.h"
#include "model/problem.h"
#include "store/command.h"
#include "util/metrics.h"

typedef struct Store Store;

/* What one transaction made. Owned by the sink, which calls done() of each command and then frees it. */
typedef struct Commit {
        Change **changes; /* in revision order */
        size_t n_changes;
        Command *commands; /* in the order in which they were executed; each one's next is valid until its
                              done() */
} Commit;

Commit *commit_free(Commit *commit);

typedef void (*StoreSink)(void *context, Commit *commit);

typedef struct StoreOptions {
        const char *path;       /* of the database file */
        size_t queue_max;       /* commands waiting; beyond it they are turned away */
        uint64_t wal_max_bytes; /* the write-ahead log is kept below it, if need be by making writers wait */
        uint64_t outbox_max_rows;
        uint64_t head_log_max_rows;
        StoreSink sink; /* @thread writer */
        void *sink_context;
} StoreOptions;

/* Opens or creates the file, and brings its tables up to date. */
int store_open(const StoreOptions *options, Store **ret_store, Problem *ret_problem);
/* After store_stop(), or when the store was never started. */
Store *store_close(Store *store);

/* Fills an empty catalog with all that is released. Before store_start(). */
int store_load(Store *store, Catalog *catalog, Problem *ret_problem);

int store_start(Store *store);
/* Executes all that waits, then ends the writer. What is submitted from now on is turned away. */
void store_stop(Store *store);

/*
 * Return: 0, and done() will be called; or STORE_E_BUSY, and it will not.
 * @thread any
 */
int store_submit(Store *store, Command *command);

/* 32 hex digits; constant while the store is open. @thread any */
Span store_epoch(const Store *store);

/* The writer's counters. */
const MetricSet *store_metrics(const Store *store);

DEFINE_CLEANUP(Store *, store_close);
