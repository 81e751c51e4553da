/*
 * Loading the catalog: one pass over the configs that serve something, in the order of their contents on
 * disk.
 */
#include <errno.h>
#include <string.h>

#include "store/load.h"
#include "store/sql.h"

enum { LOAD_NAMESPACES, LOAD_RELEASES, LOAD_N };

static const char *const load_texts[LOAD_N] = {
        [LOAD_NAMESPACES] = "SELECT name FROM namespaces WHERE deleted = 0",
        /* The limit keeps SQLite from dropping the order, CROSS JOIN from choosing another one. */
        [LOAD_RELEASES] =
                "WITH c AS MATERIALIZED (SELECT namespace_id, key, stable_id, release_id FROM configs"
                " WHERE stable_id IS NOT NULL ORDER BY stable_id LIMIT -1)"
                "SELECT n.name, c.key, v.version, v.format, v.sha256, v.content, r.revision,"
                " r.created_at_ms, r.created_by, r.comment"
                " FROM c CROSS JOIN versions v ON v.id = c.stable_id"
                " CROSS JOIN releases r ON r.id = c.release_id"
                " CROSS JOIN namespaces n ON n.id = c.namespace_id",
};

static int load_namespaces(sqlite3_stmt *statement, Change *change) {
        int r;

        while ((r = sql_step(statement)) > 0) {
                r = change_add_namespace(change, CHANGE_NAMESPACE, sql_column_text(statement, 0));
                if (r)
                        return r;
        }
        return r;
}

static int load_release(sqlite3_stmt *row, Span epoch, Change *change) {
        _cleanup_(release_unrefp) Release *release = NULL;
        Span sha256 = sql_column_blob(row, 4);
        ConfigData data = {
                .namespace = sql_column_text(row, 0),
                .key = sql_column_text(row, 1),
                .version = sql_column_i64(row, 2),
                .format = (Format)sql_column_i64(row, 3),
                .content = sql_column_text(row, 5),
                .revision = (uint64_t)sql_column_i64(row, 6),
                .updated_at_ms = sql_column_i64(row, 7),
                .updated_by = sql_column_text(row, 8),
                .comment = sql_column_text(row, 9),
        };

        if (sha256.size != SHA256_SIZE || data.format >= FORMAT_N)
                return -EBADMSG;

        memcpy(data.sha256, sha256.data, SHA256_SIZE);
        release = release_new(&data, epoch);
        if (!release)
                return -ENOMEM;
        return change_add_release(change, release);
}

static int load_releases(sqlite3_stmt *statement, Span epoch, Change *change) {
        int r;

        while ((r = sql_step(statement)) > 0) {
                r = load_release(statement, epoch, change);
                if (r)
                        return r;
        }
        return r;
}

int load_all(sqlite3 *database, Span epoch, Change *change) {
        sqlite3_stmt *statements[LOAD_N];
        int r;

        r = sql_prepare(database, load_texts, statements, LOAD_N);
        if (r)
                return r;

        r = load_namespaces(statements[LOAD_NAMESPACES], change);
        if (r == 0)
                r = load_releases(statements[LOAD_RELEASES], epoch, change);
        sql_finalize(statements, LOAD_N);
        return r;
}
