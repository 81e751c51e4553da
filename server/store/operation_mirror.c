/*
 * What the mirrors remember. None of it is a change: no revision, and nothing for the mirrors themselves.
 */
#include <inttypes.h>

#include "store/operation.h"
#include "store/sql.h"

int operation_mirror_reached(Transaction *transaction, Operation *operation, _unused_ Problem *problem) {
        return SQL_RUN(transaction_statement(transaction, STATEMENT_SET_MIRROR),
                       sql_text(operation->reached.mirror), sql_i64(operation->reached.outbox_id));
}

int operation_dead_letter_put(Transaction *transaction, Operation *operation, _unused_ Problem *problem) {
        return SQL_RUN(
                transaction_statement(transaction, STATEMENT_PUT_DEAD_LETTER),
                sql_text(operation->dead_letter.mirror), sql_text(operation->namespace),
                sql_text(operation->key), sql_i64((int64_t)operation->dead_letter.revision),
                sql_text(operation->dead_letter.reason), sql_i64((int64_t)operation->dead_letter.attempts),
                sql_i64(operation->dead_letter.first_at_ms), sql_i64(operation->dead_letter.last_at_ms));
}

int operation_dead_letter_remove(Transaction *transaction, Operation *operation, _unused_ Problem *problem) {
        return SQL_RUN(transaction_statement(transaction, STATEMENT_REMOVE_DEAD_LETTER),
                       sql_text(operation->dead_letter.mirror), sql_text(operation->namespace),
                       sql_text(operation->key));
}

int operation_dead_letters_drop(Transaction *transaction, Operation *operation, Problem *problem) {
        int64_t id = operation->dead_letters.id;
        int r;

        r = SQL_RUN(transaction_statement(transaction, STATEMENT_DROP_DEAD_LETTERS),
                    sql_text(operation->dead_letters.mirror), sql_i64_or_null(id));
        if (r)
                return r;

        operation->result.n_deleted = (uint64_t)sqlite3_changes(transaction->database);
        if (id && operation->result.n_deleted == 0) {
                problem_set(problem, NULL, "the mirror has no dead letter %" PRId64, id);
                return STORE_E_DEAD_LETTER_UNKNOWN;
        }
        return 0;
}
