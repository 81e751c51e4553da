#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "store/checkpoint.h"
#include "store/sql.h"
#include "util/log.h"

/*
 * Parts of the log's bound. The thread begins late, because a page that was written many times meanwhile is
 * moved once. Where the thread does not keep up, the writer steps in while there is still room for the
 * largest transaction.
 */
#define BEGIN_AT(max) ((max) / 8 * 3)
#define WAIT_AT(max)  ((max) / 4 * 3)

/*
 * How long the writer waits for readers that hold the log's end, after each transaction past its bound. A
 * reader that stays longer (a backup of a large store) makes the log grow past the bound instead of stopping
 * all writes.
 */
#define READER_WAIT_MS 20

/*
 * The thread syncs the database file once in so many pages. Left to the end, one sync has tens of megabytes
 * before it in the disk's queue, and every commit meanwhile waits behind them.
 */
#define PAGES_PER_SYNC 64

/*
 * The thread goes on until a round has left so few pages that the writer moves them in a moment. Each round
 * is shorter than the one before it, unless writing is faster than moving.
 */
#define PAGES_LEFT_MAX 128
#define ROUNDS_MAX     8

typedef enum CheckpointState {
        CHECKPOINT_IDLE,      /* the log is small; the writer moves on to WANTED */
        CHECKPOINT_WANTED,    /* the thread is moving the bulk; it moves on to CAUGHT_UP */
        CHECKPOINT_CAUGHT_UP, /* the writer shall move the rest, and goes back to IDLE */
} CheckpointState;

struct Checkpointer {
        sqlite3 *database;                 /* the thread's own connection */
        const sqlite3_io_methods *methods; /* of its database file */
        sqlite3_io_methods paced_methods;  /* the same, but for writing */
        unsigned n_pages_moved;            /* in this round */
        uint64_t wal_max_bytes;
        pthread_t thread;
        pthread_mutex_t lock; /* guards the condition only; the state is atomic */
        pthread_cond_t changed;
        _Atomic CheckpointState state;
        _Atomic bool is_stopping;
};

static int write_paced(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset) {
        Checkpointer *checkpointer =
                (Checkpointer *)((char *)file->pMethods - offsetof(Checkpointer, paced_methods));
        int code = checkpointer->methods->xWrite(file, data, size, offset);

        if (code != SQLITE_OK || ++checkpointer->n_pages_moved % PAGES_PER_SYNC != 0)
                return code;
        return checkpointer->methods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

/* Has the connection write through write_paced(). */
static void pace(Checkpointer *checkpointer) {
        sqlite3_file *file = NULL;

        if (sqlite3_file_control(checkpointer->database, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
                    SQLITE_OK ||
            !file || !file->pMethods)
                return;

        checkpointer->methods = file->pMethods;
        checkpointer->paced_methods = *file->pMethods;
        checkpointer->paced_methods.xWrite = write_paced;
        file->pMethods = &checkpointer->paced_methods;
}

static bool wait_until_wanted(Checkpointer *checkpointer) {
        pthread_mutex_lock(&checkpointer->lock);
        while (!checkpointer->is_stopping && checkpointer->state != CHECKPOINT_WANTED)
                pthread_cond_wait(&checkpointer->changed, &checkpointer->lock);
        pthread_mutex_unlock(&checkpointer->lock);

        return !checkpointer->is_stopping;
}

/* A round leaves what was written while it ran. A failure is left to the writer's turn, which sees the same.
 */
static void move_bulk(Checkpointer *checkpointer) {
        for (int i = 0; i < ROUNDS_MAX; i++) {
                checkpointer->n_pages_moved = 0;
                (void)sqlite3_wal_checkpoint_v2(checkpointer->database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                                NULL);
                if (checkpointer->n_pages_moved <= PAGES_LEFT_MAX)
                        return;
        }
}

static void set_state(Checkpointer *checkpointer, CheckpointState state) {
        pthread_mutex_lock(&checkpointer->lock);
        checkpointer->state = state;
        pthread_cond_broadcast(&checkpointer->changed);
        pthread_mutex_unlock(&checkpointer->lock);
}

static void *checkpointer_main(void *context) {
        Checkpointer *checkpointer = context;

        while (wait_until_wanted(checkpointer)) {
                move_bulk(checkpointer);
                set_state(checkpointer, CHECKPOINT_CAUGHT_UP);
        }
        return NULL;
}

int checkpointer_start(const char *path, uint64_t wal_max_bytes, Checkpointer **ret_checkpointer,
                       Problem *ret_problem) {
        Checkpointer *checkpointer = calloc(1, sizeof(*checkpointer));
        int r;

        if (!checkpointer)
                return -ENOMEM;

        checkpointer->wal_max_bytes = wal_max_bytes;
        pthread_mutex_init(&checkpointer->lock, NULL);
        pthread_cond_init(&checkpointer->changed, NULL);

        r = sql_open(path, SQL_MODE_WRITER, &checkpointer->database, ret_problem);
        if (r == 0) {
                pace(checkpointer);
                r = -pthread_create(&checkpointer->thread, NULL, checkpointer_main, checkpointer);
                if (r)
                        problem_set(ret_problem, NULL, "the checkpoint thread cannot be started");
        }
        if (r) {
                sql_close(checkpointer->database);
                free(checkpointer);
                return r;
        }

        *ret_checkpointer = checkpointer;
        return 0;
}

Checkpointer *checkpointer_stop(Checkpointer *checkpointer) {
        if (!checkpointer)
                return NULL;

        checkpointer->is_stopping = true;
        set_state(checkpointer, CHECKPOINT_IDLE);
        (void)pthread_join(checkpointer->thread, NULL);

        sql_close(checkpointer->database);
        pthread_mutex_destroy(&checkpointer->lock);
        pthread_cond_destroy(&checkpointer->changed);
        free(checkpointer);
        return NULL;
}

static void move_rest(sqlite3 *writer, int mode, MetricSet *metrics) {
        int code;

        (void)sqlite3_busy_timeout(writer, READER_WAIT_MS);
        code = sqlite3_wal_checkpoint_v2(writer, NULL, mode, NULL, NULL);
        (void)sqlite3_busy_timeout(writer, SQL_BUSY_TIMEOUT_MS);

        if (code == SQLITE_OK)
                metric_add(metrics, METRIC_STORE_CHECKPOINTS, 1);
        else if (code != SQLITE_BUSY)
                log_warning("store.checkpoint-failed",
                            "The write-ahead log could not be moved into the database: %s",
                            sqlite3_errstr(code));
}

/* Only one connection can move frames at a time, so waiting is for the thread to be done. */
static void wait_until_caught_up(Checkpointer *checkpointer) {
        pthread_mutex_lock(&checkpointer->lock);
        while (checkpointer->state == CHECKPOINT_WANTED)
                pthread_cond_wait(&checkpointer->changed, &checkpointer->lock);
        pthread_mutex_unlock(&checkpointer->lock);
}

void checkpointer_after_commit(Checkpointer *checkpointer, sqlite3 *writer, uint64_t wal_bytes,
                               MetricSet *metrics) {
        bool must_wait = wal_bytes >= WAIT_AT(checkpointer->wal_max_bytes);

        if (must_wait)
                wait_until_caught_up(checkpointer);

        if (must_wait || checkpointer->state == CHECKPOINT_CAUGHT_UP) {
                move_rest(writer, must_wait ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, metrics);
                set_state(checkpointer, CHECKPOINT_IDLE);
        } else if (checkpointer->state == CHECKPOINT_IDLE &&
                   wal_bytes >= BEGIN_AT(checkpointer->wal_max_bytes))
                set_state(checkpointer, CHECKPOINT_WANTED);
}
