/*
 * The audit, newest first.
 *
 * Entries are numbered without a gap and never go back in time, so that a stretch of time is a stretch of
 * ids, found by bisection. All filters are applied on the way back through them: an index would make each
 * change dearer than all questions that are ever asked. A filter that finds little walks long, some 10
 * million entries a second, and the deadline bounds it.
 */
#include <errno.h>
#include <string.h>

#include "store/columns.h"
#include "store/reader_internal.h"
#include "store/sql.h"

/*
 * What is below ?6 has names from ?7, which is ?6 and a dot, up to ?8, which is ?6 and the character after
 * the dot. The only other names between ?6 and ?8 are those that go on with "-" where the dot is.
 */
#define SELECT_AUDIT "SELECT " AUDIT_COLUMNS " FROM audit"
#define FILTERS      "id >= ?1 AND id < ?2 AND (?3 IS NULL OR actor = ?3) AND (?4 IS NULL OR action = ?4)"
#define KEY_FILTER   "(?5 IS NULL OR key = ?5)"
#define IN_SUBTREE   "(namespace = ?6 OR (namespace > ?7 AND namespace < ?8))"

const char reader_list_audit_text[] = SELECT_AUDIT " WHERE " FILTERS " AND " KEY_FILTER
                                                   " AND (?6 IS NULL OR " IN_SUBTREE ") ORDER BY id DESC";

const char reader_last_audit_entry_text[] =
        "SELECT id, created_at_ms FROM audit WHERE id <= ?1 ORDER BY id DESC LIMIT 1";

typedef struct AuditList {
        AuditEntryFn fn;
        void *context;
} AuditList;

static int hand_out(void *context, sqlite3_stmt *statement) {
        const AuditList *list = context;
        AuditEntry entry;
        int r;

        r = column_audit_entry(statement, &entry);
        if (r)
                return r;

        return list->fn(list->context, &entry) != 0;
}

/* The last entry up to @id, zeros when there is none. */
static int find_last_entry(Reader *reader, int64_t id, int64_t *ret_id, int64_t *ret_at_ms) {
        sqlite3_stmt *statement = reader->statements[READER_LAST_AUDIT_ENTRY];
        int r;

        r = SQL_BIND(statement, sql_i64(id));
        if (r)
                return r;
        r = sql_step(statement);
        if (r < 0)
                return r;

        *ret_id = r ? sql_column_i64(statement, 0) : 0;
        *ret_at_ms = r ? sql_column_i64(statement, 1) : 0;
        sql_reset(statement);
        return 0;
}

/* The first id whose entry is not before @at_ms. */
static int find_time(Reader *reader, int64_t at_ms, int64_t *ret_id) {
        int64_t low = 1, high, found, found_at_ms;
        int r;

        r = find_last_entry(reader, INT64_MAX, &found, &found_at_ms);
        if (r)
                return r;

        high = found + 1;
        while (low < high) {
                int64_t middle = low + (high - low) / 2;

                r = find_last_entry(reader, middle, &found, &found_at_ms);
                if (r)
                        return r;

                if (found && found_at_ms >= at_ms)
                        high = middle;
                else
                        low = middle + 1;
        }

        *ret_id = low;
        return 0;
}

/* The ids that page and times leave: from <= id < before. */
typedef struct AuditStretch {
        int64_t from;
        int64_t before;
} AuditStretch;

static int find_stretch(Reader *reader, const AuditQuery *query, AuditStretch *ret_stretch) {
        AuditStretch stretch = { 0, query->before ? query->before : INT64_MAX };
        int64_t until;
        int r;

        if (query->since_ms > 0) {
                r = find_time(reader, query->since_ms, &stretch.from);
                if (r)
                        return r;
        }
        if (query->until_ms != INT64_MAX) {
                r = find_time(reader, query->until_ms, &until);
                if (r)
                        return r;
                stretch.before = MIN(stretch.before, until);
        }

        *ret_stretch = stretch;
        return 0;
}

/* The names below a namespace: from < name < to. */
typedef struct Subtree {
        char from_text[NAMESPACE_SIZE_MAX + 1];
        char to_text[NAMESPACE_SIZE_MAX + 1];
        Span from;
        Span to;
} Subtree;

static void subtree_init(Subtree *subtree, Span namespace) {
        if (namespace.size) {
                memcpy(subtree->from_text, namespace.data, namespace.size);
                memcpy(subtree->to_text, namespace.data, namespace.size);
        }
        subtree->from_text[namespace.size] = '.';
        subtree->to_text[namespace.size] = '.' + 1;
        subtree->from = (Span){ subtree->from_text, namespace.size + 1 };
        subtree->to = (Span){ subtree->to_text, namespace.size + 1 };
}

static int bind_query(sqlite3_stmt *statement, const AuditQuery *query, const AuditStretch *stretch,
                      const Subtree *subtree) {
        return SQL_BIND(statement, sql_i64(stretch->from), sql_i64(stretch->before), sql_text(query->actor),
                        sql_text(query->action), sql_text(query->key), sql_text(query->namespace),
                        sql_text(subtree->from), sql_text(subtree->to));
}

int reader_list_audit(Reader *reader, const AuditQuery *query, AuditEntryFn fn, void *context,
                      bool *ret_more) {
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        sqlite3_stmt *statement = reader->statements[READER_LIST_AUDIT];
        AuditStretch stretch;
        Subtree subtree;
        int r;

        if (query->namespace.size > NAMESPACE_SIZE_MAX) {
                *ret_more = false;
                return 0;
        }
        subtree_init(&subtree, query->namespace);

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = find_stretch(reader, query, &stretch);
        if (r)
                return r;
        r = bind_query(statement, query, &stretch, &subtree);
        if (r)
                return r;

        return reader_hand_out_page(statement, query->limit, hand_out, &(AuditList){ fn, context }, ret_more);
}
