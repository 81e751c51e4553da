/*
 * Loading the catalog: the configs that serve something, in the order of their contents on disk. Two threads
 * take a half each, with connections of their own, so that the writer's cache stays free of pages that it
 * does not need. Encoding the releases takes as long as reading them; more threads than two were no faster.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "store/gray_row.h"
#include "store/head_log.h"
#include "store/load.h"
#include "store/sql.h"

/* About the middle of the contents, by some of the configs. */
static const char middle_text[] =
        "SELECT CAST(ifnull(avg(stable_id), 0) AS INTEGER) FROM configs WHERE id % 16 = 0";

static const char namespaces_text[] = "SELECT name FROM namespaces WHERE deleted = 0";

/*
 * The limit keeps SQLite from dropping the order, CROSS JOIN from choosing another one. What few configs
 * have, an event after the one in force or a gray release, is looked up for those alone.
 */
static const char releases_text[] = "WITH c AS MATERIALIZED (SELECT namespace_id, key, stable_id, release_id,"
                                    " iif(last_event_id = release_id, NULL, last_event_id) AS later_event_id,"
                                    " iif(has_gray, id, NULL) AS gray_id FROM configs"
                                    " WHERE stable_id > ?1 AND stable_id <= ?2 ORDER BY stable_id LIMIT -1)"
                                    "SELECT n.name, c.key, v.version, v.format, v.sha256, v.content,"
                                    " iif(c.later_event_id IS NULL, r.revision,"
                                    " (SELECT revision FROM releases WHERE id = c.later_event_id)),"
                                    " r.created_at_ms, r.created_by, r.comment, c.gray_id"
                                    " FROM c CROSS JOIN versions v ON v.id = c.stable_id"
                                    " CROSS JOIN releases r ON r.id = c.release_id"
                                    " CROSS JOIN namespaces n ON n.id = c.namespace_id";

typedef enum LoadStatement {
        LOAD_RELEASES,
        LOAD_GRAY,
        LOAD_LOOK_UP_VERSION,
        LOAD_GRAY_VERSION,
        LOAD_STATEMENT_N,
} LoadStatement;

static const char *const part_texts[LOAD_STATEMENT_N] = {
        [LOAD_RELEASES] = releases_text,
        [LOAD_GRAY] = GRAY_ROW_TEXT,
        [LOAD_LOOK_UP_VERSION] = LOOKUP_TEXT,
        [LOAD_GRAY_VERSION] = GRAY_ROW_VERSION_TEXT,
};

/* What one thread loads: the configs whose contents lie after one row of versions, up to another. */
typedef struct Part {
        const char *path;
        const HeadLog *heads;
        Span epoch;
        int64_t after;
        int64_t up_to;
        Change *change;
        int error;
} Part;

static int load_namespaces(sqlite3 *database, Change *change) {
        const char *text = namespaces_text;
        sqlite3_stmt *statement;
        int r;

        r = sql_prepare(database, &text, &statement, 1);
        if (r)
                return r;

        while ((r = sql_step(statement)) > 0) {
                r = change_add_namespace(change, CHANGE_NAMESPACE, sql_column_text(statement, 0));
                if (r)
                        break;
        }
        sql_finalize(&statement, 1);
        return r;
}

static int load_release(sqlite3_stmt **statements, Span epoch, Change *change) {
        _cleanup_(release_unrefp) Release *release = NULL;
        _cleanup_(gray_row_freep) GrayRow *gray = NULL;
        sqlite3_stmt *row = statements[LOAD_RELEASES];
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
        if (!sql_column_is_null(row, 10)) {
                GrayStatements of_gray = { statements[LOAD_GRAY], statements[LOAD_LOOK_UP_VERSION],
                                           statements[LOAD_GRAY_VERSION] };
                int r = gray_row_read_whole(&of_gray, sql_column_i64(row, 10), NULL, &gray);

                if (r)
                        return r;
                data.gray = &gray->data;
        }
        release = release_new(&data, epoch);
        if (!release)
                return -ENOMEM;
        return change_add_release(change, release);
}

static int load_releases(sqlite3 *database, const Part *part) {
        sqlite3_stmt *statements[LOAD_STATEMENT_N];
        int r;

        r = sql_prepare(database, part_texts, statements, LOAD_STATEMENT_N);
        if (r)
                return r;

        r = SQL_BIND(statements[LOAD_RELEASES], sql_i64(part->after), sql_i64(part->up_to));
        while (r == 0 && (r = sql_step(statements[LOAD_RELEASES])) > 0)
                r = load_release(statements, part->epoch, part->change);
        sql_finalize(statements, LOAD_STATEMENT_N);
        return r;
}

/* Both are to be closed, whatever is returned. */
static int open_connection(const Part *part, sqlite3 **ret_database, HeadLog **ret_heads) {
        Problem problem;
        int r;

        r = sql_open(part->path, SQL_MODE_READER, ret_database, &problem);
        if (r == 0)
                r = head_log_open(*ret_database, ret_heads);
        if (r)
                return r;

        head_log_copy(*ret_heads, part->heads);
        return 0;
}

/* @thread loader */
static void *load_part(void *context) {
        Part *part = context;
        sqlite3 *database = NULL;
        HeadLog *heads = NULL;

        part->error = open_connection(part, &database, &heads);
        if (part->error == 0)
                part->error = load_releases(database, part);
        head_log_close(heads);
        sql_close(database);
        return NULL;
}

static int find_middle(sqlite3 *database, int64_t *ret_row) {
        const char *text = middle_text;
        sqlite3_stmt *statement;
        int r;

        r = sql_prepare(database, &text, &statement, 1);
        if (r)
                return r;

        r = sql_step(statement);
        if (r > 0)
                *ret_row = sql_column_i64(statement, 0);
        sql_finalize(&statement, 1);
        return r > 0 ? 0 : r;
}

/* The first part has the namespaces. */
static int prepare_parts(Part *first, Part *second) {
        sqlite3 *database = NULL;
        HeadLog *heads = NULL;
        int r;

        r = open_connection(first, &database, &heads);
        if (r == 0)
                r = load_namespaces(database, first->change);
        if (r == 0)
                r = find_middle(database, &first->up_to);
        head_log_close(heads);
        sql_close(database);
        second->after = first->up_to;
        return r;
}

static int load_parts(Part *first, Part *second) {
        pthread_t thread;
        int r;

        r = -pthread_create(&thread, NULL, load_part, second);
        if (r)
                return r;

        (void)load_part(first);
        (void)pthread_join(thread, NULL);
        return first->error ? first->error : second->error;
}

/* The first part bears the revision; the second one's releases only come to it. */
static int fill(Catalog *catalog, const Change *first, const Change *second) {
        int r;

        r = catalog_apply(catalog, first);
        for (size_t i = 0; r == 0 && i < second->n_items; i++)
                r = catalog_put(catalog, second->items[i].release);
        return r;
}

int load_all(const char *path, const HeadLog *heads, Span epoch, uint64_t revision, Catalog *catalog) {
        _cleanup_(change_unrefp) Change *first = change_new(revision), *second = change_new(revision);
        Part parts[] = {
                { .path = path, .heads = heads, .epoch = epoch, .change = first },
                { .path = path, .heads = heads, .epoch = epoch, .up_to = INT64_MAX, .change = second }
        };
        int r;

        if (!first || !second)
                return -ENOMEM;

        r = prepare_parts(&parts[0], &parts[1]);
        if (r)
                return r;
        r = load_parts(&parts[0], &parts[1]);
        if (r)
                return r;
        return fill(catalog, first, second);
}
