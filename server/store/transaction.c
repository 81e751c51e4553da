#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/operation.h"
#include "store/sql.h"
#include "store/transaction.h"
#include "util/clock.h"

/* Of a merge that has a transaction for itself: some MiB of SQLite's log. */
#define STEPS_PER_TRANSACTION 4096

/*
 * Of a merge among the changes of others, for each row that they add to the log. With one step the log would
 * grow without bound where each row is of another config: a merge takes a step to write each, and then some
 * to delete them.
 */
#define STEPS_PER_ROW 2

static const OperationFn operations[OPERATION_TYPE_N] = {
        [OPERATION_NAMESPACE_CREATE] = operation_namespace_create,
        [OPERATION_NAMESPACE_UPDATE] = operation_namespace_update,
        [OPERATION_NAMESPACE_DELETE] = operation_namespace_delete,
        [OPERATION_PUT] = operation_put,
        [OPERATION_PUBLISH] = operation_publish,
        [OPERATION_ROLLBACK] = operation_rollback,
        [OPERATION_DELETE] = operation_delete,
        [OPERATION_GRAY_SET] = operation_gray_set,
        [OPERATION_GRAY_MOVE] = operation_gray_move,
        [OPERATION_GRAY_PROMOTE] = operation_gray_promote,
        [OPERATION_GRAY_ABORT] = operation_gray_abort,
        [OPERATION_MIRROR_REACHED] = operation_mirror_reached,
        [OPERATION_DEAD_LETTER_PUT] = operation_dead_letter_put,
        [OPERATION_DEAD_LETTER_REMOVE] = operation_dead_letter_remove,
        [OPERATION_DEAD_LETTERS] = operation_dead_letters,
        [OPERATION_INGEST_KEY] = operation_ingest_key,
        [OPERATION_INGEST_FORGET] = operation_ingest_forget,
        [OPERATION_INGEST_REACHED] = operation_ingest_reached,
        [OPERATION_QUARANTINE] = operation_quarantine,
        [OPERATION_SCHEMA_ATTACH] = operation_schema_attach,
        [OPERATION_SCHEMA_DETACH] = operation_schema_detach,
        [OPERATION_AUDIT] = operation_audit,
};

static int run(Transaction *transaction, StatementName name) {
        int r = sql_step(transaction_statement(transaction, name));

        return r < 0 ? r : 0;
}

static int read_store_row(Transaction *transaction) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_STORE);
        Span epoch, hash;
        int r;

        r = sql_need_row(statement, NULL, 0);
        if (r)
                return r;

        epoch = sql_column_text(statement, 0);
        hash = sql_column_blob(statement, 3);
        r = epoch.size == EPOCH_SIZE && hash.size == SHA256_SIZE ? 0 : -EBADMSG;
        if (r == 0) {
                memcpy(transaction->epoch, epoch.data, EPOCH_SIZE);
                memcpy(transaction->state.audit_hash, hash.data, SHA256_SIZE);
                transaction->state.revision = (uint64_t)sql_column_i64(statement, 1);
                transaction->state.changed_at_ms = sql_column_i64(statement, 2);
                transaction->last_head = sql_column_i64(statement, 4);
        }
        sql_reset(statement);
        return r;
}

static int read_last_audit_id(Transaction *transaction) {
        return sql_get_i64(transaction_statement(transaction, STATEMENT_GET_LAST_AUDIT_ID),
                           &transaction->state.audit_id, NULL, 0);
}

static int open_heads(Transaction *transaction) {
        int r;

        r = head_log_open(transaction->database, &transaction->heads);
        if (r == 0)
                r = head_log_read(transaction->heads);
        (void)sqlite3_db_release_memory(transaction->database); /* pages of the log that was read */
        return r ? r
                 : head_merge_init(&transaction->head_merge, transaction->database, transaction->heads,
                                   &transaction->head_cache);
}

int transaction_init(Transaction *transaction, sqlite3 *database, uint64_t head_log_max_rows) {
        int r;

        *transaction = (Transaction){ .database = database,
                                      .head_log_max_rows = (int64_t)head_log_max_rows,
                                      .attachments.is_stale = true };
        r = open_heads(transaction);
        if (r == 0)
                r = sql_prepare(database, statement_texts, transaction->statements, STATEMENT_N);
        if (r == 0)
                r = read_store_row(transaction);
        if (r == 0)
                r = read_last_audit_id(transaction);
        if (r == 0)
                r = attachments_read(transaction);
        if (r)
                transaction_deinit(transaction);
        return r;
}

void transaction_deinit(Transaction *transaction) {
        attachments_deinit(&transaction->attachments);
        sql_finalize(transaction->statements, STATEMENT_N);
        head_cache_deinit(&transaction->head_cache);
        head_merge_deinit(&transaction->head_merge);
        transaction->heads = head_log_close(transaction->heads);
}

int transaction_begin(Transaction *transaction) {
        transaction->now_ms = MAX(clock_wall_ms(), transaction->state.changed_at_ms);
        transaction->committed = transaction->state;
        transaction->last_head_before = transaction->last_head;
        transaction->namespaces_changed = false;
        (void)head_merge_begin(&transaction->head_merge, transaction->last_head,
                               transaction->head_log_max_rows);
        return run(transaction, STATEMENT_BEGIN);
}

int transaction_commit(Transaction *transaction) {
        const StoreState *state = &transaction->state;
        int r;

        if (state->audit_id != transaction->committed.audit_id) {
                r = SQL_RUN(transaction_statement(transaction, STATEMENT_SET_STORE),
                            sql_i64((int64_t)state->revision), sql_i64(state->changed_at_ms),
                            sql_blob(state->audit_hash, SHA256_SIZE), sql_i64(transaction->last_head));
                if (r)
                        return r;
        }
        r = head_merge_step(&transaction->head_merge,
                            STEPS_PER_ROW * (size_t)(transaction->last_head - transaction->last_head_before));
        if (r == 0)
                r = run(transaction, STATEMENT_COMMIT);
        if (r)
                return r;

        head_log_keep(transaction->heads);
        head_merge_end_transaction(&transaction->head_merge, true);
        return 0;
}

static void undo_heads(Transaction *transaction, size_t mark) {
        head_log_undo(transaction->heads, mark);
        if (transaction->namespaces_changed)
                head_cache_clear(&transaction->head_cache);
}

/* A failed statement may have ended the SQLite transaction already; then there is nothing to roll back. */
void transaction_abort(Transaction *transaction) {
        transaction->state = transaction->committed;
        transaction->attachments.is_stale = true;
        undo_heads(transaction, 0);
        head_merge_end_transaction(&transaction->head_merge, false);
        if (!sqlite3_get_autocommit(transaction->database))
                (void)run(transaction, STATEMENT_ROLLBACK);
}

int transaction_merge_heads(Transaction *transaction, void (*after_each)(void *context), void *context) {
        while (head_merge_begin(&transaction->head_merge, transaction->last_head, 0)) {
                int r;

                r = transaction_begin(transaction);
                if (r == 0)
                        r = head_merge_step(&transaction->head_merge, STEPS_PER_TRANSACTION);
                if (r == 0)
                        r = transaction_commit(transaction);
                if (r) {
                        transaction_abort(transaction);
                        return r;
                }
                after_each(context);
        }
        return 0;
}

Change *transaction_change(Transaction *transaction) {
        if (!transaction->change) {
                transaction->change = change_new(transaction->state.revision + 1);
                if (!transaction->change)
                        abort();
                transaction->state.revision++;
                transaction->state.changed_at_ms = transaction->now_ms;
        }
        return transaction->change;
}

int transaction_audit(Transaction *transaction, AuditEntry *entry) {
        StoreState *state = &transaction->state;
        int r;

        entry->id = state->audit_id + 1;
        entry->created_at_ms = transaction->now_ms;
        entry->actor = transaction->command->actor;
        entry->address = transaction->command->address;
        audit_entry_hash(entry, state->audit_hash, entry->hash);

        r = SQL_RUN(transaction_statement(transaction, STATEMENT_ADD_AUDIT), sql_i64(entry->id),
                    sql_i64(entry->created_at_ms), sql_text(entry->actor), sql_text(entry->address),
                    sql_text(entry->action), sql_text(entry->namespace), sql_text(entry->key),
                    sql_i64_or_null(entry->version), sql_i64_or_null((int64_t)entry->revision),
                    sql_i64(entry->outcome), sql_text(entry->comment), sql_text(entry->details),
                    sql_blob(entry->hash, SHA256_SIZE));
        if (r)
                return r;

        state->audit_id = entry->id;
        state->changed_at_ms = entry->created_at_ms;
        memcpy(state->audit_hash, entry->hash, SHA256_SIZE);
        return 0;
}

int operation_audit(Transaction *transaction, Operation *operation, _unused_ Problem *problem) {
        return transaction_audit(transaction, &(AuditEntry){
                                                      .action = operation->audit.action,
                                                      .namespace = operation->namespace,
                                                      .key = operation->key,
                                                      .outcome = operation->audit.outcome,
                                                      .comment = operation->comment,
                                                      .details = operation->audit.details,
                                              });
}

/* Return: 0, a StoreOutcome, or a negative errno. */
static int execute_operations(Transaction *transaction, Command *command) {
        for (size_t i = 0; i < command->n_operations; i++) {
                Operation *operation = &command->operations[i];
                int r;

                assert(operation->type < OPERATION_TYPE_N);

                r = operations[operation->type](transaction, operation, &command->problem);
                if (r) {
                        command->failed_operation = i;
                        return r;
                }
        }
        return 0;
}

/*
 * An operation refuses before it writes anything; so a command of one operation has nothing to undo, and goes
 * without the savepoint, which would copy each page that it touches. Of several, a later one may refuse after
 * an earlier one has written.
 */
static bool needs_savepoint(const Command *command) {
        return command->n_operations > 1;
}

static int undo_operations(Transaction *transaction, const StoreState *before, size_t heads_before) {
        transaction->state = *before;
        undo_heads(transaction, heads_before);
        transaction->attachments.is_stale = true;
        transaction->change = change_unref(transaction->change);
        return run(transaction, STATEMENT_ROLLBACK_TO_SAVEPOINT);
}

/* Executes all operations or none. Return: 0, a StoreOutcome, or a negative errno. */
static int execute_whole(Transaction *transaction, Command *command) {
        StoreState before = transaction->state;
        size_t heads_before = head_log_mark(transaction->heads);
        int outcome, r;

        if (!needs_savepoint(command)) {
                outcome = execute_operations(transaction, command);
                assert(outcome <= 0 || transaction->state.audit_id == before.audit_id);
                return outcome;
        }

        r = run(transaction, STATEMENT_SAVEPOINT);
        if (r)
                return r;
        outcome = execute_operations(transaction, command);
        r = outcome > 0 ? undo_operations(transaction, &before, heads_before) : 0;
        if (r == 0 && outcome >= 0)
                r = run(transaction, STATEMENT_RELEASE_SAVEPOINT);
        return r ? r : outcome;
}

int transaction_execute(Transaction *transaction, Command *command, Change **ret_change) {
        int outcome;

        transaction->command = command;
        transaction->change = NULL;
        outcome = execute_whole(transaction, command);
        if (outcome)
                command_deinit(command);
        if (outcome < 0) {
                transaction->change = change_unref(transaction->change);
                return outcome;
        }

        command->outcome = (StoreOutcome)outcome;
        command->revision = transaction->state.revision;
        *ret_change = transaction->change;
        transaction->change = NULL;
        return 0;
}
