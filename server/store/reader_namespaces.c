/*
 * The namespaces.
 */
#include "store/reader_internal.h"
#include "store/sql.h"

#define SELECT_NAMESPACES                                                                                    \
        "SELECT name, description, revision, created_at_ms, created_by, updated_at_ms, updated_by"           \
        " FROM namespaces WHERE NOT deleted"

const char reader_list_namespaces_text[] = SELECT_NAMESPACES " AND name >= ?1 AND name < ?2 AND name <> ?3"
                                                             " ORDER BY name";
const char reader_get_namespace_text[] = SELECT_NAMESPACES " AND name = ?1";

typedef struct NamespaceList {
        NamespaceRowFn fn;
        void *context;
} NamespaceList;

static int hand_out(void *context, sqlite3_stmt *statement) {
        const NamespaceList *list = context;
        NamespaceRow row = {
                .name = sql_column_text(statement, 0),
                .description = sql_column_text(statement, 1),
                .revision = (uint64_t)sql_column_i64(statement, 2),
                .created_at_ms = sql_column_i64(statement, 3),
                .created_by = sql_column_text(statement, 4),
                .updated_at_ms = sql_column_i64(statement, 5),
                .updated_by = sql_column_text(statement, 6),
        };

        return list->fn(list->context, &row) != 0;
}

int reader_list_namespaces(Reader *reader, const NamespaceQuery *query, NamespaceRowFn fn, void *context,
                           bool *ret_more) {
        sqlite3_stmt *statement = reader->statements[READER_LIST_NAMESPACES];
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        ReaderRange range;
        int r;

        if (!reader_range_init(&range, query->prefix, query->after)) {
                *ret_more = false;
                return 0;
        }

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = SQL_BIND(statement, sql_text(range.low), sql_text(range.high), sql_text(range.after));
        if (r)
                return r;

        return reader_hand_out_page(statement, query->limit, hand_out, &(NamespaceList){ fn, context },
                                    ret_more);
}

int reader_get_namespace(Reader *reader, Span name, NamespaceRowFn fn, void *context) {
        sqlite3_stmt *statement = reader->statements[READER_GET_NAMESPACE];
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        int r;

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = SQL_BIND(statement, sql_text(name));
        if (r)
                return r;

        return reader_hand_out_one(statement, hand_out, &(NamespaceList){ fn, context },
                                   STORE_E_NAMESPACE_UNKNOWN);
}
