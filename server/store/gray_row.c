#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/buf.h"
#include "store/columns.h"
#include "store/gray_row.h"
#include "store/sql.h"

GrayRow *gray_row_free(GrayRow *row) {
        if (!row)
                return NULL;

        gray_unref(row->rules);
        free(row->versions);
        free(row->contents);
        free(row);
        return NULL;
}

static GrayRow *copy_row(sqlite3_stmt *statement, int64_t config_id) {
        Span updated_by = sql_column_text(statement, 9), comment = sql_column_text(statement, 10);
        GrayRow *row = calloc(1, sizeof(*row) + updated_by.size + comment.size);
        char *at;

        if (!row)
                return NULL;

        at = row->texts;
        row->event_id = sql_column_i64(statement, 0);
        row->newest =
                (VersionPlace){ config_id, sql_column_i64(statement, 11), sql_column_i64(statement, 12) };
        row->data.updated_at_ms = sql_column_i64(statement, 8);
        row->data.updated_by = span_copy(&at, updated_by);
        row->data.comment = span_copy(&at, comment);
        return row;
}

static int read_rules(sqlite3_stmt *statement, Gray *likely, GrayRow *row) {
        Span salt = sql_column_text(statement, 1), rules = sql_column_text(statement, 2);
        Problem problem;
        int r;

        if (likely && gray_is_compiled_from(likely, rules, salt)) {
                row->rules = gray_ref(likely);
        } else {
                r = gray_new(rules, salt, &row->rules, &problem);
                if (r)
                        return r > 0 ? -EBADMSG : r;
        }

        row->data.compiled = row->rules;
        row->data.salt = gray_salt(row->rules);
        row->data.rules = gray_rules(row->rules);
        return 0;
}

static int read_ramp(sqlite3_stmt *statement, GrayRow *row) {
        Problem problem;
        int state, step;

        if (sql_column_is_null(statement, 3))
                return 0;
        if (ramp_parse(sql_column_text(statement, 3), gray_n_rules(row->rules), &row->ramp, &problem) ||
            column_choice(statement, 4, RAMP_STATE_N, &state) ||
            column_choice(statement, 5, (int)row->ramp.n_steps, &step))
                return -EBADMSG;

        row->ramp.state = (RampState)state;
        row->ramp.step = (size_t)step;
        row->ramp.since_ms = sql_column_i64(statement, 6);
        row->ramp.held_ms = sql_column_i64(statement, 7);
        row->data.ramp = &row->ramp;
        return 0;
}

int gray_row_read(sqlite3_stmt *statement, int64_t config_id, Gray *likely, GrayRow **ret_row) {
        _cleanup_(gray_row_freep) GrayRow *row = NULL;
        int r;

        r = SQL_NEED_ROW(statement, sql_i64(config_id));
        if (r)
                return r;

        row = copy_row(statement, config_id);
        r = row ? read_rules(statement, likely, row) : -ENOMEM;
        if (r == 0)
                r = read_ramp(statement, row);
        sql_reset(statement);
        if (r)
                return r;

        *ret_row = row;
        row = NULL;
        return 0;
}

/* Reads the version in the row @id of versions; its content goes to @contents, from where it is pointed at
 * later. */
static int read_version(sqlite3_stmt *get, int64_t id, GrayVersion *version, Buf *contents) {
        int format;
        Span content;
        int r;

        r = SQL_NEED_ROW(get, sql_i64(id));
        if (r)
                return r;

        r = column_choice(get, 0, FORMAT_N, &format);
        if (r == 0)
                r = column_sha256(get, 1, version->sha256);
        content = sql_column_text(get, 2);
        buf_append_span(contents, content);
        sql_reset(get);
        if (r)
                return r;

        version->format = (Format)format;
        version->content.size = content.size;
        return buf_failed(contents) ? -ENOMEM : 0;
}

static int find_and_read_version(const GrayStatements *statements, GrayRow *row, int64_t number,
                                 Buf *contents) {
        GrayVersion version = { .version = number };
        int64_t id;
        int r;

        if (gray_data_find(&row->data, number))
                return 0;

        r = lookup_version(statements->look_up, &row->newest, number, &id);
        if (r <= 0)
                return r ? r : -EBADMSG;
        r = read_version(statements->get_version, id, &version, contents);
        if (r)
                return r;

        row->versions[row->data.n_versions++] = version;
        return 0;
}

static void point_at_contents(GrayRow *row, Buf *contents) {
        char *at = buf_take_string(contents);

        row->contents = at;
        for (size_t i = 0; i < row->data.n_versions; i++) {
                row->versions[i].content.data = at;
                at += row->versions[i].content.size;
        }
}

static int read_versions(const GrayStatements *statements, GrayRow *row) {
        _cleanup_(buf_deinit) Buf contents = BUF_NULL;
        size_t n_arms;
        const GrayArm *arms = gray_arms(row->rules, &n_arms);
        int r;

        row->versions = calloc(n_arms, sizeof(*row->versions));
        if (!row->versions)
                return -ENOMEM;

        row->data.versions = row->versions;
        for (size_t i = 0; i < n_arms; i++) {
                r = find_and_read_version(statements, row, arms[i].version, &contents);
                if (r)
                        return r;
        }
        point_at_contents(row, &contents);
        return row->contents ? 0 : -ENOMEM;
}

int gray_row_read_whole(const GrayStatements *statements, int64_t config_id, Gray *likely,
                        GrayRow **ret_row) {
        _cleanup_(gray_row_freep) GrayRow *row = NULL;
        int r;

        r = gray_row_read(statements->get, config_id, likely, &row);
        if (r)
                return r;
        r = read_versions(statements, row);
        if (r)
                return r;

        *ret_row = row;
        row = NULL;
        return 0;
}
