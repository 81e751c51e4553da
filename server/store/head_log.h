/*
 * The log of heads, and how a connection sees it.
 *
 * The head of a config is what its row says besides its name: the newest version, the one in force, the last
 * event. The writer appends heads to the table `head_log`, and writes them to `configs` in bulk, see
 * head_merge.h. So a row of `configs` is behind where the log has one of that config.
 *
 * On a connection with a HeadLog the name `configs` stands for a view that has each config as it is; the
 * table is `main.configs` there. Which row of the log is a config's newest is no index of the file, which
 * would have a random page rewritten for each publish: each connection keeps it in memory, 8 bytes for each
 * config, and reads what was appended since it looked last. Rows that were written to `configs` and deleted
 * meanwhile need no care: the view finds nothing in the log and takes the row.
 */
#pragma once

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "model/macros.h"

typedef struct HeadLog HeadLog;

/* @database: has its tables, and is closed after the log. Return: 0 or a negative errno */
int head_log_open(sqlite3 *database, HeadLog **ret_log);
HeadLog *head_log_close(HeadLog *log);

DEFINE_CLEANUP(HeadLog *, head_log_close);

/* Reads what is new, as of the transaction that is open. Return: 0 or a negative errno */
int head_log_read(HeadLog *log);

/* Knows what @from knows, without reading it; for a transaction that is not older. */
void head_log_copy(HeadLog *log, const HeadLog *from);

/* The newest row of a config, as far as is known; 0: there is none. */
int64_t head_log_newest(const HeadLog *log, int64_t config_id);

/* Configs have ids up to this one, as far as the log had rows of them. */
int64_t head_log_last_config(const HeadLog *log);

/*
 * For the writer, which knows what it appends: @row is the newest of @config_id from now on, unless it is
 * undone. head_log_mark() is a moment to go back to; head_log_keep() makes all that was put last.
 */
void head_log_put(HeadLog *log, int64_t config_id, int64_t row);
size_t head_log_mark(const HeadLog *log);
void head_log_undo(HeadLog *log, size_t mark);
void head_log_keep(HeadLog *log);
