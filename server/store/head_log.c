#include <stdlib.h>
#include <string.h>

#include "store/head_log.h"
#include "store/sql.h"
#include "util/allocate.h"

#define CONFIGS_MIN  1024
#define REPLACED_MIN 64

/* What a put has replaced. */
typedef struct Replaced {
        int64_t config_id;
        int64_t row;
} Replaced;

struct HeadLog {
        sqlite3 *database;
        sqlite3_stmt *read;
        int64_t read_to; /* row */
        int64_t *rows;   /* the newest of each config, by its id; 0: none */
        size_t n_rows;
        Replaced *replaced;
        size_t n_replaced;
        size_t replaced_max;
};

/* A column as the row h of the log has it, or where there is none, as the row c of configs has it. */
#define NEWEST(column) "iif(h.id IS NULL, c." column ", h." column ") AS " column ", "

static const char view_text[] = "CREATE TEMP VIEW IF NOT EXISTS configs AS SELECT " NEWEST("newest") NEWEST(
        "newest_id") NEWEST("newest_format") NEWEST("newest_sha256") NEWEST("spine") NEWEST("stable")
        NEWEST("stable_id") NEWEST("release_id") NEWEST("last_event_id") NEWEST("deleted") NEWEST(
                "has_gray") " c.id AS id, c.namespace_id AS namespace_id, c.key AS key"
                            " FROM main.configs c LEFT JOIN main.head_log h ON h.id = newest_head(c.id)";

/* Of configs that there are: what a damaged row says must not become the size of a table in memory. */
static const char read_text[] = "SELECT id, config_id FROM head_log WHERE id > ?1"
                                " AND config_id BETWEEN 1 AND (SELECT max(id) FROM main.configs) ORDER BY id";

static void newest_head(sqlite3_context *context, _unused_ int n, sqlite3_value **values) {
        int64_t row = head_log_newest(sqlite3_user_data(context), sqlite3_value_int64(values[0]));

        if (row)
                sqlite3_result_int64(context, row);
}

/* A connection that only reads may not even make a view of its own. */
static int create_view(sqlite3 *database) {
        const char *text = "PRAGMA query_only";
        sqlite3_stmt *statement;
        int64_t only_reads = 0;
        int r;

        r = sql_prepare(database, &text, &statement, 1);
        if (r)
                return r;
        r = sql_get_i64(statement, &only_reads, NULL, 0);
        sql_finalize(&statement, 1);

        if (r == 0 && only_reads)
                r = sql_execute(database, "PRAGMA query_only = OFF");
        if (r == 0)
                r = sql_execute(database, view_text);
        if (r == 0 && only_reads)
                r = sql_execute(database, "PRAGMA query_only = ON");
        return r;
}

int head_log_open(sqlite3 *database, HeadLog **ret_log) {
        _cleanup_(head_log_closep) HeadLog *log = allocate(1, sizeof(*log));
        const char *text = read_text;
        int r;

        log->database = database;
        r = sql_error(sqlite3_create_function_v2(database, "newest_head", 1, SQLITE_UTF8, log, newest_head,
                                                 NULL, NULL, NULL));
        if (r == 0)
                r = create_view(database);
        if (r == 0)
                r = sql_prepare(database, &text, &log->read, 1);
        if (r)
                return r;

        *ret_log = log;
        log = NULL;
        return 0;
}

HeadLog *head_log_close(HeadLog *log) {
        if (!log)
                return NULL;

        (void)sqlite3_create_function_v2(log->database, "newest_head", 1, SQLITE_UTF8, NULL, NULL, NULL, NULL,
                                         NULL);
        sql_finalize(&log->read, 1);
        free(log->replaced);
        free(log->rows);
        free(log);
        return NULL;
}

static void make_room(HeadLog *log, int64_t config_id) {
        size_t n = MAX(log->n_rows, (size_t)CONFIGS_MIN);

        if ((size_t)config_id < log->n_rows)
                return;

        while (n <= (size_t)config_id)
                n *= 2;
        log->rows = had(reallocarray(log->rows, n, sizeof(*log->rows)));
        memset(log->rows + log->n_rows, 0, (n - log->n_rows) * sizeof(*log->rows));
        log->n_rows = n;
}

static void set(HeadLog *log, int64_t config_id, int64_t row) {
        make_room(log, config_id);
        log->rows[config_id] = row;
}

int head_log_read(HeadLog *log) {
        int r;

        r = SQL_BIND(log->read, sql_i64(log->read_to));
        while (r == 0 && (r = sql_step(log->read)) > 0) {
                log->read_to = sql_column_i64(log->read, 0);
                set(log, sql_column_i64(log->read, 1), log->read_to);
                r = 0;
        }
        return r;
}

void head_log_copy(HeadLog *log, const HeadLog *from) {
        if (from->n_rows == 0)
                return;

        make_room(log, head_log_last_config(from));
        memcpy(log->rows, from->rows, from->n_rows * sizeof(*log->rows));
        log->read_to = from->read_to;
}

int64_t head_log_newest(const HeadLog *log, int64_t config_id) {
        return config_id > 0 && (size_t)config_id < log->n_rows ? log->rows[config_id] : 0;
}

int64_t head_log_last_config(const HeadLog *log) {
        return (int64_t)log->n_rows - 1;
}

void head_log_put(HeadLog *log, int64_t config_id, int64_t row) {
        if (log->n_replaced == log->replaced_max) {
                log->replaced_max = MAX(2 * log->replaced_max, (size_t)REPLACED_MIN);
                log->replaced = had(reallocarray(log->replaced, log->replaced_max, sizeof(*log->replaced)));
        }
        log->replaced[log->n_replaced++] = (Replaced){ config_id, head_log_newest(log, config_id) };
        set(log, config_id, row);
}

size_t head_log_mark(const HeadLog *log) {
        return log->n_replaced;
}

void head_log_undo(HeadLog *log, size_t mark) {
        while (log->n_replaced > mark) {
                const Replaced *replaced = &log->replaced[--log->n_replaced];

                log->rows[replaced->config_id] = replaced->row;
        }
}

void head_log_keep(HeadLog *log) {
        log->n_replaced = 0;
}
