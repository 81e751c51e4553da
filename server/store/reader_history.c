/*
 * The history of a config: its versions and its release events. A config keeps both when it is deleted.
 */
#include "store/columns.h"
#include "store/lookup.h"
#include "store/reader_internal.h"
#include "store/sql.h"

/* ?2 says whether the content is wanted. */
#define VERSION_COLUMNS                                                                                      \
        "v.version, v.format, v.sha256, v.revision, v.created_at_ms, v.created_by, v.comment,"               \
        " iif(?2, v.content, NULL)"

/* From the row ?1 on, as long as the rows are of the config ?3. */
const char reader_list_versions_text[] =
        "WITH RECURSIVE walk (id) AS ("
        " SELECT ?1 UNION ALL SELECT v.previous_id"
        " FROM walk JOIN versions v ON v.id = walk.id AND v.config_id = ?3)"
        "SELECT " VERSION_COLUMNS " FROM walk JOIN versions v ON v.id = walk.id AND v.config_id = ?3";
const char reader_get_version_text[] = "SELECT " VERSION_COLUMNS " FROM versions v WHERE v.id = ?1";

const char reader_list_releases_text[] =
        "WITH RECURSIVE walk (id) AS ("
        " SELECT iif(?2, (SELECT previous FROM releases WHERE id = ?2 AND config_id = ?1),"
        " (SELECT last_event_id FROM configs WHERE id = ?1))"
        " UNION ALL SELECT r.previous FROM walk JOIN releases r ON r.id = walk.id)"
        "SELECT r.id, r.kind, r.version, r.from_version, r.restores, r.revision, r.created_at_ms, "
        "r.created_by,"
        " r.comment FROM walk JOIN releases r ON r.id = walk.id";

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

/* Return: 1 with the row of @version, 0 when there is no such version, or a negative errno. */
static int find_version(Reader *reader, const ReaderConfig *config, int64_t version, int64_t *ret_id) {
        VersionPlace newest = { config->id, config->newest, config->newest_id };

        return lookup_version(reader->statements[READER_LOOK_UP_VERSION], &newest, version, ret_id);
}

/* The newest version of a page; 0 when it has none. */
static int64_t first_of_page(const ReaderConfig *config, int64_t before) {
        return before && before <= config->newest ? before - 1 : config->newest;
}

int reader_list_versions(Reader *reader, const HistoryQuery *query, bool with_content, ConfigDataFn fn,
                         void *context, bool *ret_more) {
        sqlite3_stmt *statement = reader->statements[READER_LIST_VERSIONS];
        VersionList list = { query->namespace, query->key, fn, context };
        _cleanup_(reader_endp) Reader *snapshot = NULL;
        int64_t first_id = 0;
        ReaderConfig config;
        int r;

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = reader_find_config(reader, query->namespace, query->key, &config);
        if (r)
                return r;
        r = find_version(reader, &config, first_of_page(&config, query->before), &first_id);
        if (r < 0)
                return r;
        r = SQL_BIND(statement, sql_i64_or_null(first_id), sql_i64(with_content), sql_i64(config.id));
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
        int64_t id;
        int r;

        r = reader_begin(reader, &snapshot);
        if (r)
                return r;
        r = reader_find_config(reader, namespace, key, &config);
        if (r)
                return r;
        r = find_version(reader, &config, version, &id);
        if (r <= 0)
                return r ? r : STORE_E_VERSION_UNKNOWN;
        r = SQL_BIND(statement, sql_i64(id), sql_i64(true));
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
