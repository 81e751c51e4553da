/*
 * The history of a config: its versions and its release events. A config keeps both when it is deleted.
 */
#include "store/columns.h"
#include "store/reader_internal.h"
#include "store/sql.h"

/* ?3 says whether the content is wanted. */
#define SELECT_VERSIONS                                                                                      \
        "SELECT version, format, sha256, revision, created_at_ms, created_by, comment, iif(?3, content, "    \
        "NULL)"                                                                                              \
        " FROM versions WHERE config_id = ?1"

const char reader_list_versions_text[] = SELECT_VERSIONS " AND version < ?2 ORDER BY version DESC";
const char reader_get_version_text[] = SELECT_VERSIONS " AND version = ?2";

const char reader_list_releases_text[] =
        "WITH RECURSIVE walk (id) AS ("
        " SELECT iif(?2, (SELECT previous FROM releases WHERE id = ?2 AND config_id = ?1),"
        " (SELECT last_event_id FROM configs WHERE id = ?1))"
        " UNION ALL SELECT r.previous FROM walk JOIN releases r ON r.id = walk.id)"
        "SELECT r.id, r.kind, r.version, r.from_version, r.restores, r.revision, r.created_at_ms, "
        "r.created_by,"
        " r.comment FROM walk JOIN releases r ON r.id = walk.id";

/* The first page has no row before it. */
static SqlValue before_or_end(int64_t before) {
        return sql_i64(before ? before : INT64_MAX);
}

typedef struct VersionList {
        Span namespace;
        Span key;
        ConfigDataFn fn;
        void *context;
} VersionList;

static int hand_out_version(void *context, sqlite3_stmt *statement) {
        const VersionList *list = context;
        ConfigData data = {
                .namespace = list->namespace,
                .key = list->key,
                .version = sql_column_i64(statement, 0),
                .revision = (uint64_t)sql_column_i64(statement, 3),
                .updated_at_ms = sql_column_i64(statement, 4),
                .updated_by = sql_column_text(statement, 5),
                .comment = sql_column_text(statement, 6),
                .content = sql_column_text(statement, 7),
        };
        int format;
        int r;

        r = column_choice(statement, 1, FORMAT_N, &format);
        if (r)
                return r;
        r = column_sha256(statement, 2, data.sha256);
        if (r)
                return r;

        data.format = (Format)format;
        return list->fn(list->context, &data) != 0;
}

int reader_list_versions(Reader *reader, const HistoryQuery *query, bool with_content, ConfigDataFn fn,
                         void *context, bool *ret_more) {
        sqlite3_stmt *statement = reader->statements[READER_LIST_VERSIONS];
        VersionList list = { query->namespace, query->key, fn, context };
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        ReaderConfig config;
        int r;

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = reader_find_config(reader, query->namespace, query->key, &config);
        if (r)
                return r;
        r = SQL_BIND(statement, sql_i64(config.id), before_or_end(query->before), sql_i64(with_content));
        if (r)
                return r;

        return reader_hand_out_page(statement, query->limit, hand_out_version, &list, ret_more);
}

int reader_get_version(Reader *reader, Span namespace, Span key, int64_t version, ConfigDataFn fn,
                       void *context) {
        sqlite3_stmt *statement = reader->statements[READER_GET_VERSION];
        VersionList list = { namespace, key, fn, context };
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        ReaderConfig config;
        int r;

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = reader_find_config(reader, namespace, key, &config);
        if (r)
                return r;
        r = SQL_BIND(statement, sql_i64(config.id), sql_i64(version), sql_i64(true));
        if (r)
                return r;

        return reader_hand_out_one(statement, hand_out_version, &list, STORE_E_VERSION_UNKNOWN);
}

int reader_get_config(Reader *reader, Span namespace, Span key, int64_t *ret_newest, int64_t *ret_stable) {
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        ReaderConfig config;
        int r;

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = reader_find_config(reader, namespace, key, &config);
        if (r)
                return r;

        *ret_newest = config.newest;
        *ret_stable = config.stable;
        return 0;
}

typedef struct ReleaseList {
        ReleaseRowFn fn;
        void *context;
} ReleaseList;

static int hand_out_release(void *context, sqlite3_stmt *statement) {
        const ReleaseList *list = context;
        ReleaseRow row = {
                .id = sql_column_i64(statement, 0),
                .version = sql_column_i64(statement, 2),
                .from_version = sql_column_i64(statement, 3),
                .restores = sql_column_i64(statement, 4),
                .revision = (uint64_t)sql_column_i64(statement, 5),
                .created_at_ms = sql_column_i64(statement, 6),
                .created_by = sql_column_text(statement, 7),
                .comment = sql_column_text(statement, 8),
        };
        int kind;
        int r;

        r = column_choice(statement, 1, RELEASE_KIND_N, &kind);
        if (r)
                return r;

        row.kind = (ReleaseKind)kind;
        return list->fn(list->context, &row) != 0;
}

int reader_list_releases(Reader *reader, const HistoryQuery *query, ReleaseRowFn fn, void *context,
                         bool *ret_more) {
        sqlite3_stmt *statement = reader->statements[READER_LIST_RELEASES];
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        ReaderConfig config;
        int r;

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = reader_find_config(reader, query->namespace, query->key, &config);
        if (r)
                return r;
        r = SQL_BIND(statement, sql_i64(config.id), sql_i64(query->before));
        if (r)
                return r;

        return reader_hand_out_page(statement, query->limit, hand_out_release, &(ReleaseList){ fn, context },
                                    ret_more);
}
