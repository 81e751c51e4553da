#include <errno.h>

#include "store/lookup.h"
#include "store/spine.h"
#include "store/sql.h"

static int read_pointers(sqlite3_stmt *statement, const VersionPlace *at, int64_t *ret_previous_id,
                         int64_t *ret_jump_id) {
        int r;

        r = SQL_NEED_ROW(statement, sql_i64(at->id), sql_i64(at->config_id), sql_i64(at->version));
        if (r)
                return r;

        *ret_previous_id = sql_column_i64(statement, 0);
        *ret_jump_id = sql_column_i64(statement, 1);
        sql_reset(statement);
        return 0;
}

/* Jumps as long as that does not lead too far. */
static void move_back(VersionPlace *at, int64_t version, int64_t previous_id, int64_t jump_id) {
        int64_t jump = spine_jump(at->version);

        if (jump >= version) {
                at->version = jump;
                at->id = jump_id;
        } else {
                at->version--;
                at->id = previous_id;
        }
}

int lookup_version(sqlite3_stmt *statement, const VersionPlace *newest, int64_t version, int64_t *ret_id) {
        VersionPlace at = *newest;

        if (version < 1 || version > newest->version)
                return 0;

        for (;;) {
                int64_t previous_id, jump_id;
                int r;

                r = read_pointers(statement, &at, &previous_id, &jump_id);
                if (r)
                        return r;
                if (at.version == version)
                        break;
                move_back(&at, version, previous_id, jump_id);
        }

        *ret_id = at.id;
        return 1;
}
