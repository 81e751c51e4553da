/*
 * What the mirrors remember. None of it is a change: no revision, and nothing for the mirrors themselves.
 */
#include <errno.h>
#include <inttypes.h>

#include "model/json.h"
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

static int count_dead_letters(Transaction *transaction, const Operation *operation, int64_t *ret_n) {
        return SQL_GET_I64(transaction_statement(transaction, STATEMENT_COUNT_DEAD_LETTERS), ret_n,
                           sql_text(operation->dead_letters.mirror), sql_text(operation->namespace),
                           sql_text(operation->key));
}

static int drop_dead_letters(Transaction *transaction, const Operation *operation) {
        return SQL_RUN(transaction_statement(transaction, STATEMENT_DROP_DEAD_LETTERS),
                       sql_text(operation->dead_letters.mirror), sql_text(operation->namespace),
                       sql_text(operation->key));
}

static int audit_dead_letters(Transaction *transaction, const Operation *operation) {
        _cleanup_(buf_deinit) Buf details = BUF_NULL;

        buf_append_literal(&details, "{\"mirror\":");
        json_append_string(&details, operation->dead_letters.mirror);
        buf_append_format(&details, ",\"dead_letters\":%" PRIu64 "}", operation->result.n_deleted);
        if (buf_failed(&details))
                return -ENOMEM;

        return transaction_audit(transaction, &(AuditEntry){
                                                      .action = operation->dead_letters.drop
                                                                        ? SPAN_LITERAL("mirror.drop")
                                                                        : SPAN_LITERAL("mirror.retry"),
                                                      .namespace = operation->namespace,
                                                      .key = operation->key,
                                                      .comment = operation->comment,
                                                      .details = buf_span(&details),
                                              });
}

int operation_dead_letters(Transaction *transaction, Operation *operation, Problem *problem) {
        int64_t n;
        int r;

        r = count_dead_letters(transaction, operation, &n);
        if (r)
                return r;

        operation->result.n_deleted = (uint64_t)n;
        if (operation->result.n_deleted == 0 && operation->key.data) {
                problem_set(problem, NULL, "the mirror has no dead letter of '%.*s' in namespace '%.*s'",
                            (int)operation->key.size, operation->key.data, (int)operation->namespace.size,
                            operation->namespace.data);
                return STORE_E_DEAD_LETTER_UNKNOWN;
        }
        if (operation->result.n_deleted == 0)
                return 0;

        r = operation->dead_letters.drop ? drop_dead_letters(transaction, operation) : 0;
        return r ? r : audit_dead_letters(transaction, operation);
}
