/*
 * Attaching schemas, and detaching them. Neither moves what a config serves: no revision, and nothing for
 * replicas.
 */
#include <errno.h>

#include "model/json.h"
#include "store/attachments.h"
#include "store/config.h"
#include "store/operation.h"
#include "store/sql.h"

/* The key of an attachment's row; that of a namespace's is empty. */
static SqlValue row_key(const Operation *operation) {
        return sql_text(operation->key.data ? operation->key : SPAN_LITERAL(""));
}

static int find_namespace(Transaction *transaction, Span name, int64_t *ret_id, Problem *problem) {
        Config config;
        int r;

        r = config_find(transaction, name, SPAN_LITERAL(""), &config, problem);
        if (r)
                return r;

        *ret_id = config.namespace_id;
        return 0;
}

static int audit(Transaction *transaction, const Operation *operation, Span action, Span details) {
        return transaction_audit(transaction, &(AuditEntry){
                                                      .action = action,
                                                      .namespace = operation->namespace,
                                                      .key = operation->key,
                                                      .comment = operation->comment,
                                                      .details = details,
                                              });
}

static int audit_attach(Transaction *transaction, const Operation *operation, const Config *schema) {
        _cleanup_(buf_deinit) Buf details = BUF_NULL;

        buf_append_literal(&details, "{\"schema\":{\"namespace\":");
        json_append_string(&details, schema->namespace);
        buf_append_literal(&details, ",\"key\":");
        json_append_string(&details, schema->key);
        buf_append_literal(&details, ",\"version\":");
        buf_append_i64(&details, schema->stable);
        buf_append_literal(&details, "}}");
        if (buf_failed(&details))
                return -ENOMEM;
        return audit(transaction, operation, SPAN_LITERAL("schema.attach"), buf_span(&details));
}

int operation_schema_attach(Transaction *transaction, Operation *operation, Problem *problem) {
        int64_t namespace_id;
        Config schema;
        int r;

        r = find_namespace(transaction, operation->namespace, &namespace_id, problem);
        if (r)
                return r;
        r = config_get(transaction, operation->schema.namespace, operation->schema.key, &schema, problem);
        if (r)
                return r;
        r = attachments_check_schema(transaction, &schema, problem);
        if (r)
                return r;

        transaction->attachments.is_stale = true;
        r = SQL_RUN(transaction_statement(transaction, STATEMENT_ATTACH_SCHEMA), sql_i64(namespace_id),
                    row_key(operation), sql_i64(schema.id), sql_i64(transaction->now_ms),
                    sql_text(transaction->command->actor));
        if (r)
                return r;
        operation->result.version = schema.stable;
        return audit_attach(transaction, operation, &schema);
}

int operation_schema_detach(Transaction *transaction, Operation *operation, Problem *problem) {
        int64_t namespace_id;
        int r;

        r = find_namespace(transaction, operation->namespace, &namespace_id, problem);
        if (r)
                return r;

        transaction->attachments.is_stale = true;
        r = SQL_RUN(transaction_statement(transaction, STATEMENT_DETACH_SCHEMA), sql_i64(namespace_id),
                    row_key(operation));
        if (r)
                return r;
        if (sqlite3_changes(transaction->database) == 0) {
                problem_set(problem, NULL,
                            operation->key.data ? "no schema is attached to this key here"
                                                : "no schema is attached to this namespace");
                return STORE_E_SCHEMA_UNKNOWN;
        }
        return audit(transaction, operation, SPAN_LITERAL("schema.detach"), SPAN_NULL);
}
