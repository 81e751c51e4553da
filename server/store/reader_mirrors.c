/*
 * What the mirrors read: the outbox, what configs serve, and what they remembered themselves.
 */
#include <errno.h>
#include <string.h>

#include "store/columns.h"
#include "store/gray_row.h"
#include "store/reader_internal.h"
#include "store/sql.h"

const char reader_get_outbox_ends_text[] = "SELECT min(id), (SELECT max(id) FROM outbox) FROM outbox";
const char reader_list_outbox_text[] =
        "SELECT id, revision, created_at_ms, namespace, key FROM outbox WHERE id > ?1 ORDER BY id";

#define SELECT_SERVED                                                                                        \
        "SELECT c.id, n.name, c.key, e.revision, v.version, v.format, v.sha256, r.created_at_ms,"            \
        " r.created_by, r.comment, v.content, c.has_gray FROM configs c"                                     \
        " CROSS JOIN namespaces n ON n.id = c.namespace_id"                                                  \
        " LEFT JOIN releases e ON e.id = c.last_event_id"                                                    \
        " LEFT JOIN versions v ON v.id = c.stable_id"                                                        \
        " LEFT JOIN releases r ON r.id = iif(c.stable IS NULL, NULL, c.release_id)"

const char reader_get_served_text[] =
        SELECT_SERVED " WHERE c.namespace_id = (SELECT id FROM namespaces WHERE name = ?1) AND c.key = ?2";

/* No character of a name stands between the dot and the slash. */
const char reader_list_served_text[] =
        SELECT_SERVED " WHERE c.id > ?1"
                      " AND (?2 IS NULL OR n.name = ?2 OR (n.name > ?2 || '.' AND n.name < ?2 || '/'))"
                      " ORDER BY c.id";

const char reader_get_gray_text[] = GRAY_ROW_TEXT;
const char reader_get_gray_version_text[] = GRAY_ROW_VERSION_TEXT;

const char reader_get_mirror_text[] = "SELECT outbox_id FROM mirrors WHERE name = ?1";
const char reader_list_dead_letters_text[] =
        "SELECT id, namespace, key, revision, reason, attempts, first_at_ms, last_at_ms, dropped"
        " FROM dead_letters NOT INDEXED WHERE mirror = ?1 AND id > ?2 AND (?3 OR NOT dropped) ORDER BY id";

int reader_get_outbox_ends(Reader *reader, int64_t *ret_first, int64_t *ret_last) {
        sqlite3_stmt *statement = reader->statements[READER_GET_OUTBOX_ENDS];
        int r;

        r = sql_need_row(statement, NULL, 0);
        if (r)
                return r;

        *ret_first = sql_column_i64(statement, 0);
        *ret_last = sql_column_i64(statement, 1);
        sql_reset(statement);
        return 0;
}

/* The outbox. */

typedef struct OutboxList {
        OutboxRowFn fn;
        void *context;
} OutboxList;

static int hand_out_outbox(void *context, sqlite3_stmt *statement) {
        const OutboxList *list = context;
        OutboxRow row = {
                .id = sql_column_i64(statement, 0),
                .revision = (uint64_t)sql_column_i64(statement, 1),
                .created_at_ms = sql_column_i64(statement, 2),
                .namespace = sql_column_text(statement, 3),
                .key = sql_column_text(statement, 4),
        };

        return list->fn(list->context, &row) != 0;
}

int reader_list_outbox(Reader *reader, int64_t after, unsigned limit, OutboxRowFn fn, void *context,
                       bool *ret_more) {
        sqlite3_stmt *statement = reader->statements[READER_LIST_OUTBOX];
        int r;

        r = SQL_BIND(statement, sql_i64(after));
        if (r)
                return r;
        return reader_hand_out_page(statement, limit, hand_out_outbox, &(OutboxList){ fn, context },
                                    ret_more);
}

/* What configs serve. */

typedef struct ServedList {
        Reader *reader;
        ServedPart part;
        ServedRowFn fn;
        void *context;
} ServedList;

static int read_version(sqlite3_stmt *statement, ConfigData *data) {
        int format;
        int r;

        r = column_choice(statement, 5, FORMAT_N, &format);
        if (r)
                return r;

        data->version = sql_column_i64(statement, 4);
        data->format = (Format)format;
        data->updated_at_ms = sql_column_i64(statement, 7);
        data->updated_by = sql_column_text(statement, 8);
        data->comment = sql_column_text(statement, 9);
        data->content = sql_column_text(statement, 10);
        return column_sha256(statement, 6, data->sha256);
}

/* Hands out what lies on top of the version instead of its content. */
static int hand_out_gray(const ServedList *list, ServedRow *row) {
        sqlite3_stmt *const *statements = list->reader->statements;
        GrayStatements of_gray = { statements[READER_GET_GRAY], statements[READER_LOOK_UP_VERSION],
                                   statements[READER_GET_GRAY_VERSION] };
        _cleanup_(gray_row_freep) GrayRow *gray = NULL;
        int r;

        r = gray_row_read_whole(&of_gray, row->config_id, NULL, &gray);
        if (r)
                return r;

        row->data.gray = &gray->data;
        row->data.content = SPAN_NULL;
        return list->fn(list->context, row) != 0;
}

static bool is_served(sqlite3_stmt *statement, ServedPart part) {
        return !sql_column_is_null(statement, 4) &&
               (part == SERVED_STABLE || sql_column_i64(statement, 11) != 0);
}

static int hand_out_served(void *context, sqlite3_stmt *statement) {
        const ServedList *list = context;
        ServedRow row = {
                .config_id = sql_column_i64(statement, 0),
                .is_served = is_served(statement, list->part),
                .data = {
                        .namespace = sql_column_text(statement, 1),
                        .key = sql_column_text(statement, 2),
                        .revision = (uint64_t)sql_column_i64(statement, 3),
                },
        };
        int r;

        r = row.is_served ? read_version(statement, &row.data) : 0;
        if (r)
                return r;
        return row.is_served && list->part == SERVED_GRAY ? hand_out_gray(list, &row)
                                                          : list->fn(list->context, &row) != 0;
}

int reader_get_served(Reader *reader, Span namespace, Span key, ServedPart part, ServedRowFn fn,
                      void *context) {
        sqlite3_stmt *statement = reader->statements[READER_GET_SERVED];
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        int r;

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = SQL_BIND(statement, sql_text(namespace), sql_text(key));
        if (r)
                return r;
        return reader_hand_out_one(statement, hand_out_served, &(ServedList){ reader, part, fn, context },
                                   STORE_E_CONFIG_UNKNOWN);
}

int reader_list_served(Reader *reader, const ServedQuery *query, ServedRowFn fn, void *context,
                       bool *ret_more) {
        sqlite3_stmt *statement = reader->statements[READER_LIST_SERVED];
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        int r;

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = SQL_BIND(statement, sql_i64(query->after_config), sql_text(query->namespace));
        if (r)
                return r;
        return reader_hand_out_page(statement, query->limit, hand_out_served,
                                    &(ServedList){ reader, query->part, fn, context }, ret_more);
}

/* What mirrors remember. */

int reader_get_mirror(Reader *reader, Span name, int64_t *ret_outbox_id) {
        sqlite3_stmt *statement = reader->statements[READER_GET_MIRROR];
        int r;

        r = SQL_BIND(statement, sql_text(name));
        if (r)
                return r;
        r = sql_step(statement);
        if (r < 0)
                return r;

        *ret_outbox_id = r ? sql_column_i64(statement, 0) : -1;
        sql_reset(statement);
        return 0;
}

typedef struct DeadLetterList {
        DeadLetterRowFn fn;
        void *context;
} DeadLetterList;

static int hand_out_dead_letter(void *context, sqlite3_stmt *statement) {
        const DeadLetterList *list = context;
        DeadLetterRow row = {
                .id = sql_column_i64(statement, 0),
                .namespace = sql_column_text(statement, 1),
                .key = sql_column_text(statement, 2),
                .revision = (uint64_t)sql_column_i64(statement, 3),
                .reason = sql_column_text(statement, 4),
                .attempts = (uint64_t)sql_column_i64(statement, 5),
                .first_at_ms = sql_column_i64(statement, 6),
                .last_at_ms = sql_column_i64(statement, 7),
                .is_dropped = sql_column_i64(statement, 8) != 0,
        };

        return list->fn(list->context, &row) != 0;
}

int reader_list_dead_letters(Reader *reader, const DeadLetterQuery *query, DeadLetterRowFn fn, void *context,
                             bool *ret_more) {
        sqlite3_stmt *statement = reader->statements[READER_LIST_DEAD_LETTERS];
        int r;

        r = SQL_BIND(statement, sql_text(query->mirror), sql_i64(query->after), sql_i64(query->with_dropped));
        if (r)
                return r;
        return reader_hand_out_page(statement, query->limit, hand_out_dead_letter,
                                    &(DeadLetterList){ fn, context }, ret_more);
}
