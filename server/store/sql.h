/*
 * A thin layer over SQLite: connections with our pragmas, prepared statements, typed binding, errno-style
 * errors.
 *
 * Only files in server/store/ include this.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"

/* Marks a file as Confer's store: "Cnfr". */
#define SQL_APPLICATION_ID 0x436e6672

/* SQLite's default, set explicitly when the file is made. */
#define SQL_PAGE_BYTES 4096

/* How long a connection waits for a lock. Only recovery after a crash and backups ever hold one against us.
 */
#define SQL_BUSY_TIMEOUT_MS 5000

typedef enum SqlMode {
        SQL_MODE_WRITER, /* creates the file when there is none */
        SQL_MODE_READER, /* query_only; never waits for the writer */
} SqlMode;

typedef enum SqlType {
        SQL_TYPE_NULL,
        SQL_TYPE_I64,
        SQL_TYPE_TEXT,
        SQL_TYPE_BLOB,
} SqlType;

typedef struct SqlValue {
        SqlType type;
        int64_t number;
        Span bytes; /* borrowed until the statement is reset */
} SqlValue;

static inline SqlValue sql_null(void) {
        return (SqlValue){ .type = SQL_TYPE_NULL };
}

static inline SqlValue sql_i64(int64_t number) {
        return (SqlValue){ .type = SQL_TYPE_I64, .number = number };
}

/* NULL when @number is 0, for counters that begin at 1. */
static inline SqlValue sql_i64_or_null(int64_t number) {
        return number ? sql_i64(number) : sql_null();
}

/* NULL when @text is absent. */
static inline SqlValue sql_text(Span text) {
        return (SqlValue){ .type = text.data ? SQL_TYPE_TEXT : SQL_TYPE_NULL, .bytes = text };
}

static inline SqlValue sql_blob(const void *data, size_t size) {
        return (SqlValue){ .type = SQL_TYPE_BLOB, .bytes = { data, size } };
}

/*
 * sql_open() - open @path and set the pragmas: synchronous FULL, foreign keys, no checkpoint but those we
 * make
 * @ret_problem: filled on failure
 * Return: 0, -ENOENT, -EBADMSG (no database, or damaged), -EROFS, -ENOSPC, -EIO …
 */
int sql_open(const char *path, SqlMode mode, sqlite3 **ret_database, Problem *ret_problem);
sqlite3 *sql_close(sqlite3 *database);

/* Turns the write-ahead log on. It changes the file, so not before the file is known to be ours. */
int sql_use_wal(sqlite3 *database);

/* Leaves all of the database in its file, and the log empty. */
int sql_write_back_log(sqlite3 *database);

/* Prepares @n statements that live as long as the connection. On failure none is left. */
int sql_prepare(sqlite3 *database, const char *const *texts, sqlite3_stmt **ret_statements, size_t n);
void sql_finalize(sqlite3_stmt **statements, size_t n);

/* Runs statements that return no rows and have no parameters. */
int sql_execute(sqlite3 *database, const char *text);

/* Binds the parameters ?1, ?2 … in order. */
int sql_bind_values(sqlite3_stmt *statement, const SqlValue *values, size_t n);
#define SQL_BIND(statement, ...)                                                                             \
        sql_bind_values((statement), (const SqlValue[]){ __VA_ARGS__ },                                      \
                        ARRAY_SIZE(((const SqlValue[]){ __VA_ARGS__ })))

/* Return: 1 with a row, 0 when there is none left (the statement is reset then), negative errno (reset too).
 */
int sql_step(sqlite3_stmt *statement);

/* Binds, runs to the end and resets a statement that returns no rows. */
#define SQL_RUN(statement, ...)                                                                              \
        sql_run_values((statement), (const SqlValue[]){ __VA_ARGS__ },                                       \
                       ARRAY_SIZE(((const SqlValue[]){ __VA_ARGS__ })))
int sql_run_values(sqlite3_stmt *statement, const SqlValue *values, size_t n);

/* Binds, and takes the first step of a statement that has a row to return. Return: 0; -EBADMSG when there is
 * none, or another negative errno */
#define SQL_NEED_ROW(statement, ...)                                                                         \
        sql_need_row((statement), (const SqlValue[]){ __VA_ARGS__ },                                         \
                     ARRAY_SIZE(((const SqlValue[]){ __VA_ARGS__ })))
int sql_need_row(sqlite3_stmt *statement, const SqlValue *values, size_t n);

/* Binds, takes the number in the first column of a statement that always returns a row, such as a count, and
 * resets it. Return: 0, or negative errno */
#define SQL_GET_I64(statement, ret_number, ...)                                                              \
        sql_get_i64((statement), (ret_number), (const SqlValue[]){ __VA_ARGS__ },                            \
                    ARRAY_SIZE(((const SqlValue[]){ __VA_ARGS__ })))
int sql_get_i64(sqlite3_stmt *statement, int64_t *ret_number, const SqlValue *values, size_t n);

/* Frees the row's texts and the read lock; to be called after the last sql_step() that returned 1. */
void sql_reset(sqlite3_stmt *statement);

static inline int64_t sql_column_i64(sqlite3_stmt *statement, int column) {
        return sqlite3_column_int64(statement, column);
}

static inline bool sql_column_is_null(sqlite3_stmt *statement, int column) {
        return sqlite3_column_type(statement, column) == SQLITE_NULL;
}

/* Borrowed until the next step or reset; absent for NULL. */
Span sql_column_text(sqlite3_stmt *statement, int column);
Span sql_column_blob(sqlite3_stmt *statement, int column);

/* The errno-style value of an SQLite result code; 0 for SQLITE_OK, ROW and DONE. */
int sql_error(int code);
