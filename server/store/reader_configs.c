/*
 * The configs of a namespace, with what they inherit.
 *
 * One statement lists up to four namespaces at once, the one asked for and those above it: four walks along
 * the index of (namespace, key), merged by SQLite as they go, so that a page costs what it shows and not what
 * the namespaces hold. A search has no index; it reads every content that it passes, and the deadline bounds
 * it.
 */
#include <errno.h>
#include <string.h>

#include "model/buf.h"
#include "store/columns.h"
#include "store/reader_internal.h"
#include "store/sql.h"

/*
 * A walk along one namespace. ?1 to ?4 are the ids of the namespaces, nearest first, NULL for those that do
 * not exist. A config that is released shows the release event that put its version in force, with the
 * revision of the newest one; another config the save of its newest version.
 */
#define WALK(depth, id, condition)                                                                           \
        "SELECT c.key AS key, " depth " AS depth, c.newest, c.deleted, c.stable IS NOT NULL,"                \
        " v.version, v.format, v.sha256, ifnull(e.revision, v.revision),"                                    \
        " ifnull(r.created_at_ms, v.created_at_ms), ifnull(r.created_by, v.created_by),"                     \
        " ifnull(r.comment, v.comment), iif(?9, v.content, NULL)"                                            \
        " FROM configs c CROSS JOIN versions v ON v.id = ifnull(c.stable_id, c.newest_id)"                   \
        " LEFT JOIN releases r ON r.id = iif(c.stable IS NULL, NULL, c.release_id)"                          \
        " LEFT JOIN releases e ON e.id = iif(c.stable IS NULL, NULL, c.last_event_id)"                       \
        " WHERE c.namespace_id = " id " AND c.key >= ?5 AND c.key < ?6"                                      \
        " AND (c.key <> ?7 OR " depth " > ?8) AND " condition " AND (?11 IS NULL"                            \
        " OR c.key LIKE ?11 ESCAPE '\\' OR (c.stable IS NOT NULL AND v.content LIKE ?11 ESCAPE '\\'))"
#define IS_NEAREST(nearer)                                                                                   \
        "c.stable IS NOT NULL AND NOT EXISTS (SELECT 1 FROM configs n WHERE n.namespace_id IN (" nearer ")"  \
        " AND n.key = c.key AND n.stable IS NOT NULL)"
#define WALK_OWN              WALK("0", "?1", "(?10 OR NOT c.deleted)")
#define WALK_PARENT           WALK("1", "?2", IS_NEAREST("?1"))
#define WALK_GRANDPARENT      WALK("2", "?3", IS_NEAREST("?1, ?2"))
#define WALK_GREATGRANDPARENT WALK("3", "?4", IS_NEAREST("?1, ?2, ?3"))
#define AND_ALSO              " UNION ALL "

const char reader_list_configs_text[] =
        WALK_OWN AND_ALSO WALK_PARENT AND_ALSO WALK_GRANDPARENT AND_ALSO WALK_GREATGRANDPARENT
        " ORDER BY key, depth";

/* The namespace of a query and those above it, nearest first. */
typedef struct Lineage {
        Span names[NAMESPACE_SEGMENTS_MAX];
        int64_t ids[NAMESPACE_SEGMENTS_MAX]; /* 0: does not exist */
} Lineage;

/* Only the namespace itself has to exist, and not even that one when the ones above are looked at. */
static int find_lineage(Reader *reader, const ConfigQuery *query, Lineage *ret_lineage) {
        Lineage lineage = { .names = { query->namespace } };
        unsigned n = query->with_inherited ? NAMESPACE_SEGMENTS_MAX : 1;

        for (unsigned i = 0; i < n && lineage.names[i].data; i++) {
                int r = reader_find_namespace(reader, lineage.names[i], &lineage.ids[i]);

                if (r < 0 || (r > 0 && !query->with_inherited))
                        return r;
                if (i + 1 < n)
                        lineage.names[i + 1] = namespace_parent(lineage.names[i]);
        }

        *ret_lineage = lineage;
        return 0;
}

static bool is_special_in_pattern(char c) {
        return c == '%' || c == '_' || c == '\\';
}

/* Makes the pattern that finds @search anywhere; for an absent or empty one there is none. */
static void append_pattern(Buf *buf, Span search) {
        if (search.size == 0)
                return;

        buf_append_char(buf, '%');
        for (size_t i = 0; i < search.size; i++) {
                if (is_special_in_pattern(search.data[i]))
                        buf_append_char(buf, '\\');
                buf_append_char(buf, search.data[i]);
        }
        buf_append_char(buf, '%');
}

typedef struct ConfigList {
        const Lineage *lineage;
        ConfigRowFn fn;
        void *context;
} ConfigList;

static int hand_out(void *context, sqlite3_stmt *statement) {
        const ConfigList *list = context;
        ConfigRow row = {
                .data = {
                        .key = sql_column_text(statement, 0),
                        .version = sql_column_i64(statement, 5),
                        .revision = (uint64_t)sql_column_i64(statement, 8),
                        .updated_at_ms = sql_column_i64(statement, 9),
                        .updated_by = sql_column_text(statement, 10),
                        .comment = sql_column_text(statement, 11),
                        .content = sql_column_text(statement, 12),
                },
                .depth = (unsigned)sql_column_i64(statement, 1),
                .newest = sql_column_i64(statement, 2),
                .is_deleted = sql_column_i64(statement, 3) != 0,
                .is_released = sql_column_i64(statement, 4) != 0,
        };
        int format;
        int r;

        r = column_choice(statement, 6, FORMAT_N, &format);
        if (r)
                return r;
        r = column_sha256(statement, 7, row.data.sha256);
        if (r)
                return r;

        row.data.namespace = list->lineage->names[row.depth];
        row.data.format = (Format)format;
        return list->fn(list->context, &row) != 0;
}

static int bind_query(sqlite3_stmt *statement, const ConfigQuery *query, const Lineage *lineage,
                      const ReaderRange *range, Span pattern) {
        return SQL_BIND(statement, sql_i64_or_null(lineage->ids[0]), sql_i64_or_null(lineage->ids[1]),
                        sql_i64_or_null(lineage->ids[2]), sql_i64_or_null(lineage->ids[3]),
                        sql_text(range->low), sql_text(range->high), sql_text(range->after),
                        sql_i64(query->after_depth), sql_i64(query->with_content),
                        sql_i64(query->with_deleted), sql_text(pattern));
}

int reader_list_configs(Reader *reader, const ConfigQuery *query, ConfigRowFn fn, void *context,
                        bool *ret_more) {
        sqlite3_stmt *statement = reader->statements[READER_LIST_CONFIGS];
        _cleanup_(buf_deinit) Buf pattern = BUF_NULL;
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        Lineage lineage;
        ReaderRange range;
        int r;

        if (query->search.size > READER_SEARCH_MAX)
                return -EINVAL;
        append_pattern(&pattern, query->search);
        if (buf_failed(&pattern))
                return -ENOMEM;

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = find_lineage(reader, query, &lineage);
        if (r)
                return r;
        /* A NUL would end the pattern early; no content holds one. */
        if (!reader_range_init(&range, query->prefix, query->after_key) ||
            (pattern.size && memchr(pattern.data, '\0', pattern.size))) {
                *ret_more = false;
                return 0;
        }
        r = bind_query(statement, query, &lineage, &range, (Span){ pattern.data, pattern.size });
        if (r)
                return r;

        return reader_hand_out_page(statement, query->limit, hand_out, &(ConfigList){ &lineage, fn, context },
                                    ret_more);
}
