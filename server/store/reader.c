#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/lookup.h"
#include "store/reader_internal.h"
#include "store/schema.h"
#include "store/sql.h"
#include "util/clock.h"

/* How many instructions of SQLite's machine run between looks at the clock: some 10 us of scanning rows. */
#define DEADLINE_INTERVAL 200

const char *const reader_texts[READER_STATEMENT_N] = {
        [READER_BEGIN] = "BEGIN",
        [READER_END] = "COMMIT",
        [READER_FIND_NAMESPACE] = "SELECT id FROM namespaces WHERE name = ?1 AND NOT deleted",
        [READER_FIND_CONFIG] =
                "SELECT id, newest, newest_id, stable FROM configs WHERE namespace_id = ?1 AND key = ?2",

        [READER_LIST_NAMESPACES] = reader_list_namespaces_text,
        [READER_GET_NAMESPACE] = reader_get_namespace_text,

        [READER_LIST_CONFIGS] = reader_list_configs_text,

        [READER_LOOK_UP_VERSION] = LOOKUP_TEXT,
        [READER_LIST_VERSIONS] = reader_list_versions_text,
        [READER_GET_VERSION] = reader_get_version_text,
        [READER_LIST_RELEASES] = reader_list_releases_text,

        [READER_LAST_AUDIT_ENTRY] = reader_last_audit_entry_text,
        [READER_LIST_AUDIT] = reader_list_audit_text,

        [READER_LIST_SCHEMAS] = reader_list_schemas_text,
        [READER_GET_GOVERNING] = reader_get_governing_text,

        [READER_GET_OUTBOX_ENDS] = reader_get_outbox_ends_text,
        [READER_LIST_OUTBOX] = reader_list_outbox_text,
        [READER_GET_SERVED] = reader_get_served_text,
        [READER_LIST_SERVED] = reader_list_served_text,
        [READER_GET_GRAY] = reader_get_gray_text,
        [READER_GET_GRAY_VERSION] = reader_get_gray_version_text,
        [READER_GET_MIRROR] = reader_get_mirror_text,
        [READER_LIST_DEAD_LETTERS] = reader_list_dead_letters_text,

        [READER_GET_INGEST] = reader_get_ingest_text,
        [READER_GET_INGESTED] = reader_get_ingested_text,
        [READER_LIST_INGESTED] = reader_list_ingested_text,
        [READER_GET_WITNESS] = reader_get_witness_text,
        [READER_LIST_QUARANTINE] = reader_list_quarantine_text,
        [READER_COUNT_QUARANTINE] = reader_count_quarantine_text,
        [READER_COUNT_LEFT] = reader_count_left_text,
};

int reader_open(const char *path, Reader **ret_reader, Problem *ret_problem) {
        _cleanup_(reader_closep) Reader *reader = NULL;
        int r;

        reader = calloc(1, sizeof(*reader));
        if (!reader)
                return -ENOMEM;

        r = sql_open(path, SQL_MODE_READER, &reader->database, ret_problem);
        if (r)
                return r;
        r = schema_check(reader->database, ret_problem);
        if (r)
                return r;
        r = head_log_open(reader->database, &reader->heads);
        if (r == 0)
                r = sql_prepare(reader->database, reader_texts, reader->statements, READER_STATEMENT_N);
        if (r) {
                problem_set(ret_problem, NULL, "%s cannot be read: %s", path,
                            sqlite3_errmsg(reader->database));
                return r;
        }

        *ret_reader = reader;
        reader = NULL;
        return 0;
}

Reader *reader_close(Reader *reader) {
        if (!reader)
                return NULL;

        sql_finalize(reader->statements, READER_STATEMENT_N);
        reader->heads = head_log_close(reader->heads);
        sql_close(reader->database);
        free(reader);
        return NULL;
}

void reader_set_deadline(Reader *reader, int64_t deadline_ms) {
        reader->deadline_ms = deadline_ms;
}

static int is_past_deadline(void *context) {
        const Reader *reader = context;

        return clock_monotonic_ms() >= reader->deadline_ms;
}

int reader_begin(Reader *reader, Reader **ret_snapshot) {
        int r;

        r = sql_step(reader->statements[READER_BEGIN]);
        if (r)
                return r;
        r = head_log_read(reader->heads);
        if (r) {
                reader_end(reader);
                return r;
        }

        if (reader->deadline_ms)
                sqlite3_progress_handler(reader->database, DEADLINE_INTERVAL, is_past_deadline, reader);
        *ret_snapshot = reader;
        return 0;
}

/* Ending is exempt from the deadline: a COMMIT that was interrupted would leave the snapshot open. */
void reader_end(Reader *reader) {
        sqlite3_progress_handler(reader->database, 0, NULL, NULL);
        (void)sql_step(reader->statements[READER_END]);
}

int reader_find_namespace(Reader *reader, Span name, int64_t *ret_id) {
        sqlite3_stmt *statement = reader->statements[READER_FIND_NAMESPACE];
        int r;

        r = SQL_BIND(statement, sql_text(name));
        if (r)
                return r;
        r = sql_step(statement);
        if (r <= 0)
                return r ? r : STORE_E_NAMESPACE_UNKNOWN;

        *ret_id = sql_column_i64(statement, 0);
        sql_reset(statement);
        return 0;
}

int reader_find_config(Reader *reader, Span namespace, Span key, ReaderConfig *ret_config) {
        sqlite3_stmt *statement = reader->statements[READER_FIND_CONFIG];
        int64_t namespace_id;
        int r;

        r = reader_find_namespace(reader, namespace, &namespace_id);
        if (r)
                return r;
        r = SQL_BIND(statement, sql_i64(namespace_id), sql_text(key));
        if (r)
                return r;
        r = sql_step(statement);
        if (r <= 0)
                return r ? r : STORE_E_CONFIG_UNKNOWN;

        *ret_config = (ReaderConfig){
                .id = sql_column_i64(statement, 0),
                .newest = sql_column_i64(statement, 1),
                .newest_id = sql_column_i64(statement, 2),
                .stable = sql_column_i64(statement, 3),
        };
        sql_reset(statement);
        return 0;
}

int reader_hand_out_page(sqlite3_stmt *statement, unsigned limit, ReaderHandOut hand_out, void *context,
                         bool *ret_more) {
        unsigned n_left = limit;
        int r;

        while ((r = sql_step(statement)) > 0) {
                if (n_left == 0)
                        break;

                n_left--;
                r = hand_out(context, statement);
                if (r < 0)
                        break;
                if (r > 0)
                        n_left = 0;
        }
        sql_reset(statement);
        if (r < 0)
                return r;

        *ret_more = r > 0;
        return 0;
}

int reader_hand_out_one(sqlite3_stmt *statement, ReaderHandOut hand_out, void *context,
                        StoreOutcome unknown) {
        int r;

        r = sql_step(statement);
        if (r <= 0)
                return r ? r : (int)unknown;

        r = hand_out(context, statement);
        sql_reset(statement);
        return MIN(r, 0);
}

static bool comes_after(Span a, Span b) {
        int order = memcmp(a.data, b.data, MIN(a.size, b.size));

        return order ? order > 0 : a.size > b.size;
}

bool reader_range_init(ReaderRange *range, Span prefix, Span after) {
        Span from = prefix.data ? prefix : SPAN_LITERAL("");

        if (from.size > READER_NAME_SIZE_MAX)
                return false;

        /* No character of a name sorts as high as DEL. */
        memcpy(range->high_text, from.data, from.size);
        range->high_text[from.size] = '\x7f';
        range->high = (Span){ range->high_text, from.size + 1 };
        range->after = after.data ? after : SPAN_LITERAL("");
        range->low = comes_after(range->after, from) ? after : from;
        return true;
}
