/*
 * Which schemas are attached.
 */
#include "store/reader_internal.h"
#include "store/sql.h"

const char reader_list_schemas_text[] =
        "SELECT n.name, s.key, m.name, c.key, c.stable, s.created_at_ms, s.created_by FROM schemas s"
        " CROSS JOIN namespaces n ON n.id = s.namespace_id CROSS JOIN configs c ON c.id = s.config_id"
        " CROSS JOIN namespaces m ON m.id = c.namespace_id"
        " WHERE s.namespace_id = (SELECT id FROM namespaces WHERE name = ?1 AND NOT deleted) AND s.key >= ''"
        " ORDER BY s.key";

const char reader_get_governing_text[] =
        "SELECT m.name, c.key, v.version, v.content FROM schemas s CROSS JOIN configs c ON c.id = s.config_id"
        " CROSS JOIN namespaces m ON m.id = c.namespace_id CROSS JOIN versions v ON v.id = c.stable_id"
        " WHERE s.namespace_id = (SELECT id FROM namespaces WHERE name = ?1 AND NOT deleted) AND s.key = ?2";

typedef struct SchemaList {
        SchemaRowFn fn;
        void *context;
} SchemaList;

static int hand_out(void *context, sqlite3_stmt *statement) {
        const SchemaList *list = context;
        SchemaRow row = {
                .namespace = sql_column_text(statement, 0),
                .key = sql_column_text(statement, 1),
                .schema_namespace = sql_column_text(statement, 2),
                .schema_key = sql_column_text(statement, 3),
                .version = sql_column_i64(statement, 4),
                .created_at_ms = sql_column_i64(statement, 5),
                .created_by = sql_column_text(statement, 6),
        };

        return list->fn(list->context, &row) != 0;
}

int reader_list_schemas(Reader *reader, Span namespace, SchemaRowFn fn, void *context) {
        sqlite3_stmt *statement = reader->statements[READER_LIST_SCHEMAS];
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        SchemaList list = { fn, context };
        int64_t id;
        bool more;
        int r;

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = reader_find_namespace(reader, namespace, &id);
        for (; r == 0 && namespace.data; namespace = namespace_parent(namespace)) {
                r = SQL_BIND(statement, sql_text(namespace));
                if (r == 0)
                        r = reader_hand_out_page(statement, UINT32_MAX, hand_out, &list, &more);
        }
        return r;
}

/* Of one level: the key's, then the namespace's. Return: 1 with the row at hand, 0, or a negative errno. */
static int step_governing(Reader *reader, Span namespace, Span key) {
        sqlite3_stmt *statement = reader->statements[READER_GET_GOVERNING];
        int r;

        r = SQL_BIND(statement, sql_text(namespace), sql_text(key));
        return r ? r : sql_step(statement);
}

int reader_get_governing(Reader *reader, Span namespace, Span key, GoverningFn fn, void *context) {
        sqlite3_stmt *statement = reader->statements[READER_GET_GOVERNING];
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        GoverningRow row;
        int r;

        r = reader_begin(reader, &snapshot);
        for (; r == 0 && namespace.data; namespace = namespace_parent(namespace)) {
                row.is_of_key = true;
                r = step_governing(reader, namespace, key);
                if (r == 0) {
                        row.is_of_key = false;
                        r = step_governing(reader, namespace, SPAN_LITERAL(""));
                }
        }
        if (r <= 0)
                return r;

        row.namespace = sql_column_text(statement, 0);
        row.key = sql_column_text(statement, 1);
        row.version = sql_column_i64(statement, 2);
        row.content = sql_column_text(statement, 3);
        r = fn(context, &row);
        sql_reset(statement);
        return r;
}
