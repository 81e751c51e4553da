/*
 * The writer thread, and the queue before it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/checkpoint.h"
#include "store/load.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/store.h"
#include "store/transaction.h"
#include "util/clock.h"
#include "util/log.h"

/* How many commands one transaction may take: bounds the time that the first of them waits. */
#define COMMANDS_PER_COMMIT_MAX 512

/* The outbox is trimmed once in so many rows, so that trimming costs nothing per publish. */
#define OUTBOX_TRIM_EVERY 4096

typedef struct Queue {
        Command *first;
        Command **end; /* where the next one goes */
        size_t n;
} Queue;

struct Store {
        StoreOptions options;
        char *path;
        sqlite3 *database;
        Transaction transaction;
        Checkpointer *checkpointer;
        MetricSet metrics;
        uint64_t wal_bytes; /* as of the last commit */

        pthread_t thread;
        bool is_started;
        pthread_mutex_t lock; /* guards what follows */
        pthread_cond_t not_empty;
        Queue queue;
        bool is_stopping;
};

static int remember_wal_size(void *context, _unused_ sqlite3 *database, _unused_ const char *name,
                             int n_frames) {
        Store *store = context;

        store->wal_bytes = (uint64_t)n_frames * SQL_PAGE_BYTES;
        return SQLITE_OK;
}

static int open_database(Store *store, Problem *ret_problem) {
        Problem reason = PROBLEM_NULL;
        int r;

        r = sql_open(store->path, SQL_MODE_WRITER, &store->database, ret_problem);
        if (r)
                return r;
        r = schema_migrate(store->database, &reason);
        if (r) {
                problem_set(ret_problem, NULL, "%s: %s", store->path, reason.text);
                return r;
        }

        r = sql_use_wal(store->database);
        if (r == 0)
                r = transaction_init(&store->transaction, store->database, store->options.head_log_max_rows);
        if (r)
                problem_set(ret_problem, NULL, "%s cannot be read: %s", store->path,
                            sqlite3_errmsg(store->database));
        store->transaction.n_outbox_rows_added =
                OUTBOX_TRIM_EVERY; /* what earlier runs left is trimmed first */
        (void)sqlite3_wal_hook(store->database, remember_wal_size, store);
        return r;
}

int store_open(const StoreOptions *options, Store **ret_store, Problem *ret_problem) {
        Store *store = calloc(1, sizeof(*store));
        int r;

        if (!store)
                return -ENOMEM;

        store->options = *options;
        store->queue.end = &store->queue.first;
        pthread_mutex_init(&store->lock, NULL);
        pthread_cond_init(&store->not_empty, NULL);
        store->path = strdup(options->path);

        r = store->path ? open_database(store, ret_problem) : -ENOMEM;
        if (r) {
                store_close(store);
                return r;
        }

        *ret_store = store;
        return 0;
}

Store *store_close(Store *store) {
        if (!store)
                return NULL;

        transaction_deinit(&store->transaction);
        sql_close(store->database);
        pthread_cond_destroy(&store->not_empty);
        pthread_mutex_destroy(&store->lock);
        free(store->path);
        free(store);
        return NULL;
}

int store_load(Store *store, Catalog *catalog, Problem *ret_problem) {
        int r;

        r = load_all(store->path, store->transaction.heads, store_epoch(store),
                     store->transaction.state.revision, catalog);
        if (r)
                problem_set(ret_problem, NULL,
                            "%s cannot be loaded: %s; conferd --verify says where it is damaged", store->path,
                            strerror(-r));
        return r;
}

Span store_epoch(const Store *store) {
        return (Span){ store->transaction.epoch, EPOCH_SIZE };
}

const MetricSet *store_metrics(const Store *store) {
        return &store->metrics;
}

int store_submit(Store *store, Command *command) {
        bool was_empty, is_full;

        command->next = NULL;

        pthread_mutex_lock(&store->lock);
        is_full = store->queue.n >= store->options.queue_max || store->is_stopping;
        was_empty = store->queue.n == 0;
        if (!is_full) {
                *store->queue.end = command;
                store->queue.end = &command->next;
                store->queue.n++;
        }
        if (was_empty)
                pthread_cond_signal(&store->not_empty);
        pthread_mutex_unlock(&store->lock);

        return is_full ? STORE_E_BUSY : 0;
}

/* Waits for commands and takes as many as one transaction may have; NULL when it is time to stop. */
static Command *take_commands(Store *store) {
        Command *first, **last;
        size_t n = 0;

        pthread_mutex_lock(&store->lock);
        while (store->queue.n == 0 && !store->is_stopping)
                pthread_cond_wait(&store->not_empty, &store->lock);

        first = store->queue.first;
        for (last = &first; *last && n < COMMANDS_PER_COMMIT_MAX; n++)
                last = &(*last)->next;
        store->queue.first = *last;
        store->queue.n -= n;
        if (!store->queue.first)
                store->queue.end = &store->queue.first;
        *last = NULL;
        metric_set(&store->metrics, METRIC_STORE_QUEUE, store->queue.n);
        pthread_mutex_unlock(&store->lock);

        return first;
}

Commit *commit_free(Commit *commit) {
        if (!commit)
                return NULL;

        for (size_t i = 0; i < commit->n_changes; i++)
                change_unref(commit->changes[i]);
        free(commit->changes);
        free(commit);
        return NULL;
}

static Commit *commit_new(Command *commands) {
        Commit *commit = calloc(1, sizeof(*commit));
        size_t n = 0;

        for (Command *command = commands; command; command = command->next)
                n++;
        if (!commit || !(commit->changes = calloc(n, sizeof(Change *))))
                abort();

        commit->commands = commands;
        return commit;
}

static int execute_commands(Transaction *transaction, Commit *commit) {
        for (Command *command = commit->commands; command; command = command->next) {
                Change *change = NULL;
                int r;

                r = transaction_execute(transaction, command, &change);
                if (r)
                        return r;
                if (change)
                        commit->changes[commit->n_changes++] = change;
        }
        return 0;
}

static int trim_outbox(Store *store) {
        if (store->transaction.n_outbox_rows_added < OUTBOX_TRIM_EVERY)
                return 0;

        store->transaction.n_outbox_rows_added = 0;
        return SQL_RUN(transaction_statement(&store->transaction, STATEMENT_TRIM_OUTBOX),
                       sql_i64((int64_t)store->options.outbox_max_rows));
}

static int commit_commands(Store *store, Commit *commit) {
        int r;

        r = transaction_begin(&store->transaction);
        if (r)
                return r;
        r = execute_commands(&store->transaction, commit);
        if (r)
                return r;
        r = trim_outbox(store);
        if (r)
                return r;
        return transaction_commit(&store->transaction);
}

/* Nothing of this transaction is on disk: every command in it is answered so. */
static void fail_commands(Store *store, Commit *commit, int error) {
        log_error("store.write-failed", "No change can be written: %s (%s); all are refused until it can",
                  error == -ENOSPC ? "the disk is full" : strerror(-error), sqlite3_errmsg(store->database));
        transaction_abort(&store->transaction);

        for (size_t i = 0; i < commit->n_changes; i++)
                change_unref(commit->changes[i]);
        commit->n_changes = 0;

        for (Command *command = commit->commands; command; command = command->next) {
                command_deinit(command);
                command->outcome = STORE_E_FAILED;
                problem_set(&command->problem, NULL, "the change could not be written to disk: %s",
                            error == -ENOSPC ? "the disk is full" : strerror(-error));
        }
}

static void count_commands(Store *store, const Commit *commit) {
        for (const Command *command = commit->commands; command; command = command->next)
                metric_add(&store->metrics,
                           command->outcome == STORE_OK         ? METRIC_STORE_COMMANDS_OK
                           : command->outcome == STORE_E_FAILED ? METRIC_STORE_COMMANDS_FAILED
                                                                : METRIC_STORE_COMMANDS_REFUSED,
                           1);

        metric_set(&store->metrics, METRIC_STORE_REVISION, store->transaction.state.revision);
        metric_set(&store->metrics, METRIC_STORE_WAL_BYTES, store->wal_bytes);
}

static void move_log(void *context) {
        Store *store = context;

        checkpointer_after_commit(store->checkpointer, store->database, store->wal_bytes, &store->metrics);
}

static void process(Store *store, Command *commands) {
        Commit *commit = commit_new(commands);
        int64_t began_at_us = clock_monotonic_us();
        int r;

        r = commit_commands(store, commit);
        if (r)
                fail_commands(store, commit, r);
        else {
                metric_add(&store->metrics, METRIC_STORE_COMMITS, 1);
                metric_observe_us(&store->metrics, HISTOGRAM_COMMIT_SECONDS,
                                  (uint64_t)(clock_monotonic_us() - began_at_us));
        }

        count_commands(store, commit);
        store->options.sink(store->options.sink_context, commit);
        if (r == 0)
                move_log(store);
}

/* What cannot be merged stays in the log of heads, where the next start finds it. */
static void *writer_main(void *context) {
        Store *store = context;
        Command *commands;

        while ((commands = take_commands(store)))
                process(store, commands);
        (void)transaction_merge_heads(&store->transaction, move_log, store);
        return NULL;
}

int store_start(Store *store) {
        Problem problem;
        int r;

        metric_set(&store->metrics, METRIC_STORE_REVISION, store->transaction.state.revision);
        r = checkpointer_start(store->path, store->options.wal_max_bytes, &store->checkpointer, &problem);
        if (r)
                return r;

        r = -pthread_create(&store->thread, NULL, writer_main, store);
        if (r) {
                store->checkpointer = checkpointer_stop(store->checkpointer);
                return r;
        }
        store->is_started = true;
        return 0;
}

void store_stop(Store *store) {
        if (!store->is_started)
                return;

        pthread_mutex_lock(&store->lock);
        store->is_stopping = true;
        pthread_cond_signal(&store->not_empty);
        pthread_mutex_unlock(&store->lock);

        (void)pthread_join(store->thread, NULL);
        store->checkpointer = checkpointer_stop(store->checkpointer);
        (void)sql_write_back_log(store->database); /* where it cannot, the next start reads the log */
        store->is_started = false;
}
