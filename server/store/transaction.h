/*
 * One SQLite transaction of the writer while it is open: executes commands, and keeps what is true of the
 * whole store.
 *
 * Only the writer thread uses it.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/change.h"
#include "store/attachments.h"
#include "store/command.h"
#include "store/head_cache.h"
#include "store/head_log.h"
#include "store/head_merge.h"
#include "store/statements.h"

#define EPOCH_SIZE 32

/* What the row of the table `store` says, and the audit's end. */
typedef struct StoreState {
        uint64_t revision;
        int64_t changed_at_ms;
        int64_t audit_id; /* of the last entry */
        uint8_t audit_hash[SHA256_SIZE];
} StoreState;

struct Transaction {
        sqlite3 *database;
        sqlite3_stmt *statements[STATEMENT_N];
        char epoch[EPOCH_SIZE];
        StoreState state;
        StoreState committed; /* the state that the file had when the transaction began */
        int64_t now_ms;       /* the time of everything in this transaction; never before an earlier one's */
        uint64_t n_outbox_rows_added;

        const Command *command; /* being executed */
        Change *change;         /* that it makes; NULL as long as it has changed nothing */

        Attachments attachments;

        HeadLog *heads;
        int64_t head_log_max_rows;
        HeadCache head_cache;
        HeadMerge head_merge;
        int64_t last_head;        /* row of head_log; never goes back, even where what it was for is undone */
        int64_t last_head_before; /* the transaction */
        bool namespaces_changed;  /* in it: made or deleted */
};

/* @head_log_max_rows: more make a merge of heads begin */
int transaction_init(Transaction *transaction, sqlite3 *database, uint64_t head_log_max_rows);
void transaction_deinit(Transaction *transaction);

/* All return 0 or a negative errno; after a failure transaction_abort() is the only way on. */
int transaction_begin(Transaction *transaction);
int transaction_commit(Transaction *transaction);
void transaction_abort(Transaction *transaction);

/*
 * transaction_execute() - do what @command says, all or nothing
 * @ret_change: the change that it made, to be unreferenced; NULL when nothing had to be changed or it was
 * refused
 *
 * A refusal is not an error: it stands in the command's outcome, and what the command had done is undone.
 */
int transaction_execute(Transaction *transaction, Command *command, Change **ret_change);

/*
 * In no transaction: writes all heads from their log to the table. It takes several transactions; @after_each
 * is called after each of them.
 */
int transaction_merge_heads(Transaction *transaction, void (*after_each)(void *context), void *context);

/* For the operations: */

/* The change of the command that is being executed; the first call takes the next revision. */
Change *transaction_change(Transaction *transaction);

/* Appends to the audit. The transaction fills in id, time, actor, address and hash. */
int transaction_audit(Transaction *transaction, AuditEntry *entry);

static inline sqlite3_stmt *transaction_statement(Transaction *transaction, StatementName name) {
        return transaction->statements[name];
}
