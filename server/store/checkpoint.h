/*
 * Moving the write-ahead log back into the database file, off the commit path, and keeping the log small.
 *
 * Left to itself SQLite does this inside COMMIT, which then takes tens of milliseconds. Left to another
 * connection alone, the log grows without bound under constant writing, because it can begin anew only when
 * every frame has been moved, and new ones keep coming. So the work is shared: a thread moves the bulk while
 * the writer goes on; when it has caught up, the writer moves the few frames that came meanwhile, between two
 * transactions, and the log begins anew. Only above its bound does the writer wait for the whole.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/macros.h"
#include "model/problem.h"
#include "util/metrics.h"

typedef struct Checkpointer Checkpointer;

int checkpointer_start(const char *path, uint64_t wal_max_bytes, Checkpointer **ret_checkpointer,
                       Problem *ret_problem);
Checkpointer *checkpointer_stop(Checkpointer *checkpointer);

/*
 * To be called by the writer on its own connection between two transactions.
 * @wal_bytes: the log's size now
 */
void checkpointer_after_commit(Checkpointer *checkpointer, sqlite3 *writer, uint64_t wal_bytes,
                               MetricSet *metrics);

DEFINE_CLEANUP(Checkpointer *, checkpointer_stop);
