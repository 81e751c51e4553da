#include <stdlib.h>

#include "store/config.h"
#include "store/head_merge.h"
#include "store/sql.h"
#include "util/allocate.h"

/* Deleting takes the rows as they lie, and costs a fraction of what writing a head does. */
#define DELETES_PER_STEP 4

#define CONFIGS_MIN 1024

static const char *const texts[HEAD_MERGE_STATEMENT_N] = {
        [HEAD_MERGE_FIND_FIRST] = "SELECT ifnull(min(id), (SELECT last_head + 1 FROM store)) FROM head_log",
        [HEAD_MERGE_WRITE] = "UPDATE main.configs SET (" HEAD_COLUMNS ")"
                             " = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) WHERE id = ?1",
        [HEAD_MERGE_COPY] = "UPDATE main.configs SET (" HEAD_COLUMNS ")"
                            " = (SELECT " HEAD_COLUMNS " FROM head_log WHERE id = ?2)"
                            " WHERE id = ?1 AND EXISTS (SELECT 1 FROM head_log WHERE id = ?2)",
        [HEAD_MERGE_DELETE] = "DELETE FROM head_log WHERE id <= ?1",
};

int head_merge_init(HeadMerge *merge, sqlite3 *database, const HeadLog *log, const HeadCache *cache) {
        int r;

        *merge = (HeadMerge){ .log = log, .cache = cache };
        r = sql_prepare(database, texts, merge->statements, HEAD_MERGE_STATEMENT_N);
        if (r)
                return r;
        r = sql_get_i64(merge->statements[HEAD_MERGE_FIND_FIRST], &merge->place.first_row, NULL, 0);
        merge->committed = merge->place;
        return r;
}

void head_merge_deinit(HeadMerge *merge) {
        sql_finalize(merge->statements, HEAD_MERGE_STATEMENT_N);
        free(merge->configs);
        merge->configs = NULL;
}

static void add_config(HeadMerge *merge, int64_t config_id) {
        if (merge->n_configs == merge->configs_max) {
                merge->configs_max = MAX(2 * merge->configs_max, (size_t)CONFIGS_MIN);
                merge->configs =
                        had(reallocarray(merge->configs, merge->configs_max, sizeof(*merge->configs)));
        }
        merge->configs[merge->n_configs++] = config_id;
}

bool head_merge_begin(HeadMerge *merge, int64_t last_row, int64_t max_rows) {
        if (merge->up_to)
                return true;
        if (last_row - merge->place.first_row + 1 <= max_rows)
                return false;

        merge->up_to = last_row - max_rows / 2;
        merge->n_configs = 0;
        for (int64_t id = 1; id <= head_log_last_config(merge->log); id++) {
                int64_t row = head_log_newest(merge->log, id);

                if (row >= merge->place.first_row && row <= merge->up_to)
                        add_config(merge, id);
        }
        merge->place.n_written = merge->committed.n_written = 0;
        return true;
}

/* From memory where it can, for the rows of the log lie in another order than those of configs. */
static int write_head(const HeadMerge *merge, int64_t config_id) {
        Config config;

        if (head_cache_get_by_id(merge->cache, merge->log, config_id, &config))
                return SQL_RUN(merge->statements[HEAD_MERGE_WRITE], sql_i64(config_id), HEAD_VALUES(&config));
        return SQL_RUN(merge->statements[HEAD_MERGE_COPY], sql_i64(config_id),
                       sql_i64(head_log_newest(merge->log, config_id)));
}

static int delete_rows(HeadMerge *merge, size_t n) {
        int64_t up_to = MIN(merge->place.first_row - 1 + (int64_t)n, merge->up_to);

        merge->place.first_row = up_to + 1;
        return SQL_RUN(merge->statements[HEAD_MERGE_DELETE], sql_i64(up_to));
}

int head_merge_step(HeadMerge *merge, size_t n_steps) {
        if (!merge->up_to)
                return 0;

        for (; n_steps > 0 && merge->place.n_written < merge->n_configs; n_steps--) {
                int r = write_head(merge, merge->configs[merge->place.n_written++]);

                if (r)
                        return r;
        }
        return n_steps ? delete_rows(merge, n_steps * DELETES_PER_STEP) : 0;
}

void head_merge_end_transaction(HeadMerge *merge, bool is_committed) {
        if (!is_committed) {
                merge->place = merge->committed;
                return;
        }

        merge->committed = merge->place;
        if (merge->place.first_row > merge->up_to)
                merge->up_to = 0;
}
