/*
 * Writes heads from the log to the table `configs`.
 *
 * A merge begins when the log has grown long, and takes the older half of its rows. A config that has been
 * published again since has a newer row, and is passed over; the longer the log, the more of them are. Each
 * transaction takes some steps of a merge, in proportion to the rows that it adds: first the heads are
 * written, in the order of the rows of configs, so that those of one page are written together; then the
 * rows are deleted. Until then they and the rows of `configs` say the same, so it does not matter where a
 * merge is when the server is killed: the next one begins anew.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/head_cache.h"
#include "store/head_log.h"

enum {
        HEAD_MERGE_FIND_FIRST,
        HEAD_MERGE_WRITE,
        HEAD_MERGE_COPY,
        HEAD_MERGE_DELETE,
        HEAD_MERGE_STATEMENT_N,
};

/* How far a merge has got. */
typedef struct HeadMergePlace {
        size_t n_written;
        int64_t first_row; /* that the log may have */
} HeadMergePlace;

typedef struct HeadMerge {
        sqlite3_stmt *statements[HEAD_MERGE_STATEMENT_N];
        const HeadLog *log;
        const HeadCache *cache;
        int64_t *configs; /* ids of those to be written */
        size_t n_configs;
        size_t configs_max;
        int64_t up_to; /* the last row that leaves the log; 0: there is no merge */
        HeadMergePlace place;
        HeadMergePlace committed;
} HeadMerge;

/* @log, with all rows read, and @cache are borrowed. Return: 0 or a negative errno */
int head_merge_init(HeadMerge *merge, sqlite3 *database, const HeadLog *log, const HeadCache *cache);
void head_merge_deinit(HeadMerge *merge);

/*
 * head_merge_begin() - begin a merge where there is none, if the log has more than @max_rows rows
 * @last_row: that the log has
 * @max_rows: half as many, the newest, stay in the log
 *
 * Outside of a transaction, for what is committed only. Return: is there a merge?
 */
bool head_merge_begin(HeadMerge *merge, int64_t last_row, int64_t max_rows);

/* In a transaction: goes @n_steps on with the merge that there is, if any. Return: 0 or a negative errno */
int head_merge_step(HeadMerge *merge, size_t n_steps);

/* After the transaction: whether what was done in it lasts. */
void head_merge_end_transaction(HeadMerge *merge, bool is_committed);
