/*
 * What the ingests remember. None of it is a change; it stands in the transaction of the changes that it is
 * about.
 */
#include <errno.h>
#include <inttypes.h>

#include "model/json.h"
#include "store/operation.h"
#include "store/sql.h"

/* A key of etcd is of any bytes. */
static SqlValue bytes_or_null(Span bytes) {
        return bytes.data ? sql_blob(bytes.data, bytes.size) : sql_null();
}

int operation_ingest_key(Transaction *transaction, Operation *operation, _unused_ Problem *problem) {
        return SQL_RUN(transaction_statement(transaction, STATEMENT_PUT_INGESTED),
                       sql_text(operation->ingest_key.ingest), bytes_or_null(operation->ingest_key.etcd_key),
                       sql_text(operation->namespace), sql_text(operation->key),
                       sql_i64(operation->ingest_key.mod_revision), sql_i64(operation->ingest_key.generation),
                       sql_text(operation->ingest_key.reason), sql_i64(transaction->now_ms));
}

int operation_ingest_forget(Transaction *transaction, Operation *operation, _unused_ Problem *problem) {
        return SQL_RUN(transaction_statement(transaction, STATEMENT_REMOVE_INGESTED),
                       sql_text(operation->ingest_key.ingest), bytes_or_null(operation->ingest_key.etcd_key));
}

int operation_ingest_reached(Transaction *transaction, Operation *operation, _unused_ Problem *problem) {
        return SQL_RUN(
                transaction_statement(transaction, STATEMENT_SET_INGEST),
                sql_text(operation->ingest_reached.ingest), sql_text(operation->ingest_reached.cluster_id),
                sql_text(operation->ingest_reached.mapping), sql_i64(operation->ingest_reached.generation),
                sql_i64(operation->ingest_reached.revision));
}

static int count_quarantined(Transaction *transaction, const Operation *operation, int64_t *ret_n) {
        return SQL_GET_I64(transaction_statement(transaction, STATEMENT_COUNT_QUARANTINED), ret_n,
                           sql_text(operation->quarantine.ingest),
                           bytes_or_null(operation->quarantine.etcd_key));
}

static int drop_quarantined(Transaction *transaction, const Operation *operation) {
        return SQL_RUN(transaction_statement(transaction, STATEMENT_DROP_QUARANTINED),
                       sql_text(operation->quarantine.ingest), bytes_or_null(operation->quarantine.etcd_key));
}

static int audit_quarantine(Transaction *transaction, const Operation *operation) {
        _cleanup_(buf_deinit) Buf details = BUF_NULL;

        buf_append_literal(&details, "{\"ingest\":");
        json_append_string(&details, operation->quarantine.ingest);
        buf_append_literal(&details, ",\"etcd_key\":");
        if (operation->quarantine.etcd_key.data)
                json_append_lossy_string(&details, operation->quarantine.etcd_key);
        else
                buf_append_literal(&details, "null");
        buf_append_format(&details, ",\"keys\":%" PRIu64 "}", operation->result.n_deleted);
        if (buf_failed(&details))
                return -ENOMEM;

        return transaction_audit(transaction,
                                 &(AuditEntry){
                                         .action = operation->quarantine.drop ? SPAN_LITERAL("ingest.drop")
                                                                              : SPAN_LITERAL("ingest.retry"),
                                         .comment = operation->comment,
                                         .details = buf_span(&details),
                                 });
}

int operation_quarantine(Transaction *transaction, Operation *operation, Problem *problem) {
        int64_t n;
        int r;

        r = count_quarantined(transaction, operation, &n);
        if (r)
                return r;

        operation->result.n_deleted = (uint64_t)n;
        if (operation->result.n_deleted == 0 && operation->quarantine.etcd_key.data) {
                problem_set(problem, NULL, "the ingest has no such quarantined key");
                return STORE_E_QUARANTINE_UNKNOWN;
        }
        if (operation->result.n_deleted == 0)
                return 0;

        r = operation->quarantine.drop ? drop_quarantined(transaction, operation) : 0;
        return r ? r : audit_quarantine(transaction, operation);
}
