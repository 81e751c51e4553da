#include <errno.h>
#include <string.h>

#include "store/sql.h"

/*
 * The page cache, in KiB, of each connection. The writer adds to the ends of its tables and looks nothing up
 * that it remembers; with 16 MiB it was no faster, with 100,000 configs and with contents of 30 KB.
 */
#define PRAGMAS                                                                                              \
        "PRAGMA foreign_keys = ON;"                                                                          \
        "PRAGMA synchronous = FULL;"                                                                         \
        "PRAGMA wal_autocheckpoint = 0;"                                                                     \
        "PRAGMA trusted_schema = OFF;"                                                                       \
        "PRAGMA temp_store = MEMORY;"                                                                        \
        "PRAGMA cache_size = -4096;"
#define READ_SOMETHING                                                                                       \
        "SELECT count(*) FROM sqlite_schema;" /* so that a damaged file is refused here, not later */
#define PRAGMAS_WRITER PRAGMAS "PRAGMA page_size = 4096; PRAGMA secure_delete = OFF;" READ_SOMETHING
#define PRAGMAS_READER PRAGMAS "PRAGMA query_only = ON;" READ_SOMETHING

int sql_error(int code) {
        switch (code & 0xff) {
        case SQLITE_OK:
        case SQLITE_ROW:
        case SQLITE_DONE:
                return 0;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EBADMSG;
        case SQLITE_READONLY:
        case SQLITE_PERM:
                return -EROFS;
        case SQLITE_CANTOPEN:
                return -ENOENT;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_INTERRUPT:
                return -ETIMEDOUT;
        case SQLITE_CONSTRAINT:
        case SQLITE_MISUSE:
        case SQLITE_ERROR:
                return -EINVAL;
        default:
                return -EIO;
        }
}

int sql_open(const char *path, SqlMode mode, sqlite3 **ret_database, Problem *ret_problem) {
        int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE |
                    (mode == SQL_MODE_WRITER ? SQLITE_OPEN_CREATE : 0);
        sqlite3 *database = NULL;
        int code;

        code = sqlite3_open_v2(path, &database, flags, NULL);
        if (code == SQLITE_OK) {
                /* The last connection to close would write the log of a damaged store into its file. */
                (void)sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
                (void)sqlite3_busy_timeout(database, SQL_BUSY_TIMEOUT_MS);
                code = sqlite3_exec(database, mode == SQL_MODE_WRITER ? PRAGMAS_WRITER : PRAGMAS_READER, NULL,
                                    NULL, NULL);
        }
        if (code != SQLITE_OK) {
                problem_set(ret_problem, NULL, "%s cannot be opened: %s", path,
                            database ? sqlite3_errmsg(database) : sqlite3_errstr(code));
                sql_close(database);
                return sql_error(code);
        }

        *ret_database = database;
        return 0;
}

int sql_use_wal(sqlite3 *database) {
        return sql_execute(database, "PRAGMA journal_mode = WAL");
}

int sql_write_back_log(sqlite3 *database) {
        return sql_error(sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
}

sqlite3 *sql_close(sqlite3 *database) {
        (void)sqlite3_close(database);
        return NULL;
}

int sql_prepare(sqlite3 *database, const char *const *texts, sqlite3_stmt **ret_statements, size_t n) {
        for (size_t i = 0; i < n; i++) {
                int code = sqlite3_prepare_v3(database, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                              &ret_statements[i], NULL);

                if (code != SQLITE_OK) {
                        sql_finalize(ret_statements, i);
                        return sql_error(code);
                }
        }
        return 0;
}

void sql_finalize(sqlite3_stmt **statements, size_t n) {
        for (size_t i = 0; i < n; i++) {
                (void)sqlite3_finalize(statements[i]);
                statements[i] = NULL;
        }
}

int sql_execute(sqlite3 *database, const char *text) {
        return sql_error(sqlite3_exec(database, text, NULL, NULL, NULL));
}

static int bind_value(sqlite3_stmt *statement, int place, const SqlValue *value) {
        switch (value->type) {
        case SQL_TYPE_I64:
                return sqlite3_bind_int64(statement, place, value->number);
        case SQL_TYPE_TEXT:
                return sqlite3_bind_text64(statement, place, value->bytes.data, value->bytes.size,
                                           SQLITE_STATIC, SQLITE_UTF8);
        case SQL_TYPE_BLOB:
                return sqlite3_bind_blob64(statement, place, value->bytes.data, value->bytes.size,
                                           SQLITE_STATIC);
        case SQL_TYPE_NULL:
        default:
                return sqlite3_bind_null(statement, place);
        }
}

int sql_bind_values(sqlite3_stmt *statement, const SqlValue *values, size_t n) {
        for (size_t i = 0; i < n; i++) {
                int code = bind_value(statement, (int)i + 1, &values[i]);

                if (code != SQLITE_OK)
                        return sql_error(code);
        }
        return 0;
}

int sql_step(sqlite3_stmt *statement) {
        int code = sqlite3_step(statement);

        if (code == SQLITE_ROW)
                return 1;

        (void)sqlite3_reset(statement);
        return sql_error(code);
}

int sql_run_values(sqlite3_stmt *statement, const SqlValue *values, size_t n) {
        int r;

        r = sql_bind_values(statement, values, n);
        if (r)
                return r;

        r = sql_step(statement);
        if (r > 0)
                sql_reset(statement);
        return r < 0 ? r : 0;
}

int sql_need_row(sqlite3_stmt *statement, const SqlValue *values, size_t n) {
        int r;

        r = sql_bind_values(statement, values, n);
        if (r)
                return r;

        r = sql_step(statement);
        if (r > 0)
                return 0;
        return r ? r : -EBADMSG;
}

int sql_get_i64(sqlite3_stmt *statement, int64_t *ret_number, const SqlValue *values, size_t n) {
        int r;

        r = sql_need_row(statement, values, n);
        if (r)
                return r;

        *ret_number = sql_column_i64(statement, 0);
        sql_reset(statement);
        return 0;
}

void sql_reset(sqlite3_stmt *statement) {
        (void)sqlite3_reset(statement);
}

Span sql_column_text(sqlite3_stmt *statement, int column) {
        const char *data = (const char *)sqlite3_column_text(statement, column);

        return (Span){ data, data ? (size_t)sqlite3_column_bytes(statement, column) : 0 };
}

Span sql_column_blob(sqlite3_stmt *statement, int column) {
        const char *data = sqlite3_column_blob(statement, column);

        return (Span){ data, data ? (size_t)sqlite3_column_bytes(statement, column) : 0 };
}
