/*
 * Making, describing and deleting namespaces.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/buf.h"
#include "model/name.h"
#include "store/attachments.h"
#include "store/config.h"
#include "store/operation.h"
#include "store/sql.h"

typedef struct Namespace {
        int64_t id; /* 0: there never was one of that name */
        bool is_deleted;
        int64_t created_at_ms;
        char *created_by; /* owned */
} Namespace;

static void namespace_deinit(Namespace *namespace) {
        free(namespace->created_by);
}

static int find_namespace(Transaction *transaction, Span name, Namespace *ret_namespace) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_NAMESPACE);
        Span created_by;
        int r;

        r = SQL_BIND(statement, sql_text(name));
        if (r)
                return r;
        r = sql_step(statement);
        if (r <= 0)
                return r;

        created_by = sql_column_text(statement, 3);
        ret_namespace->id = sql_column_i64(statement, 0);
        ret_namespace->is_deleted = sql_column_i64(statement, 1) != 0;
        ret_namespace->created_at_ms = sql_column_i64(statement, 2);
        ret_namespace->created_by = strndup(created_by.data, created_by.size);
        sql_reset(statement);
        return ret_namespace->created_by ? 0 : -ENOMEM;
}

static int get_namespace(Transaction *transaction, Span name, Namespace *ret_namespace, Problem *problem) {
        int r;

        r = find_namespace(transaction, name, ret_namespace);
        if (r)
                return r;
        if (!ret_namespace->id || ret_namespace->is_deleted) {
                problem_set(problem, NULL, "there is no namespace '%.*s'", (int)name.size, name.data);
                return STORE_E_NAMESPACE_UNKNOWN;
        }
        return 0;
}

static int audit_namespace(Transaction *transaction, const Operation *operation, Span action, Span details) {
        return transaction_audit(transaction, &(AuditEntry){
                                                      .action = action,
                                                      .namespace = operation->namespace,
                                                      .revision = transaction->change->revision,
                                                      .comment = operation->comment,
                                                      .details = details,
                                              });
}

static void set_result(Transaction *transaction, Operation *operation) {
        operation->result.namespace_row = (NamespaceRow){
                .name = operation->namespace,
                .description = operation->namespace_edit.description,
                .revision = transaction->change->revision,
                .created_at_ms = transaction->now_ms,
                .created_by = transaction->command->actor,
                .updated_at_ms = transaction->now_ms,
                .updated_by = transaction->command->actor,
        };
}

int operation_namespace_create(Transaction *transaction, Operation *operation, Problem *problem) {
        _cleanup_(namespace_deinit) Namespace namespace = { 0 };
        Change *change;
        int r;

        r = find_namespace(transaction, operation->namespace, &namespace);
        if (r)
                return r;
        if (namespace.id && !namespace.is_deleted) {
                problem_set(problem, NULL, "the namespace '%.*s' exists already",
                            (int)operation->namespace.size, operation->namespace.data);
                return STORE_E_NAMESPACE_EXISTS;
        }

        transaction->namespaces_changed = true;
        change = transaction_change(transaction);
        r = SQL_RUN(transaction_statement(transaction, namespace.id ? STATEMENT_REVIVE_NAMESPACE
                                                                    : STATEMENT_ADD_NAMESPACE),
                    sql_text(operation->namespace), sql_text(operation->namespace_edit.description),
                    sql_i64((int64_t)change->revision), sql_i64(transaction->now_ms),
                    sql_text(transaction->command->actor));
        if (r)
                return r;
        r = audit_namespace(transaction, operation, SPAN_LITERAL("namespace.create"), SPAN_NULL);
        if (r)
                return r;

        set_result(transaction, operation);
        return change_add_namespace(change, CHANGE_NAMESPACE, operation->namespace);
}

int operation_namespace_update(Transaction *transaction, Operation *operation, Problem *problem) {
        _cleanup_(namespace_deinit) Namespace namespace = { 0 };
        Change *change;
        int r;

        r = get_namespace(transaction, operation->namespace, &namespace, problem);
        if (r)
                return r;

        change = transaction_change(transaction);
        r = SQL_RUN(transaction_statement(transaction, STATEMENT_EDIT_NAMESPACE),
                    sql_text(operation->namespace), sql_text(operation->namespace_edit.description),
                    sql_i64((int64_t)change->revision), sql_i64(transaction->now_ms),
                    sql_text(transaction->command->actor));
        if (r)
                return r;
        r = audit_namespace(transaction, operation, SPAN_LITERAL("namespace.update"), SPAN_NULL);
        if (r)
                return r;

        set_result(transaction, operation);
        operation->result.namespace_row.created_at_ms = namespace.created_at_ms;
        operation->result.namespace_text = namespace.created_by;
        operation->result.namespace_row.created_by = span_from_string(namespace.created_by);
        namespace.created_by = NULL;
        return 0;
}

/* Fills @ret_key with the first key after @after. Return: 1, 0 when there is none, or a negative errno. */
static int next_key(Transaction *transaction, int64_t namespace_id, Span after, Buf *ret_key) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_NEXT_CONFIG_OF_NAMESPACE);
        Span key;
        int r;

        r = SQL_BIND(statement, sql_i64(namespace_id), sql_text(after));
        if (r)
                return r;
        r = sql_step(statement);
        if (r <= 0)
                return r;

        key = sql_column_text(statement, 0);
        buf_clear(ret_key);
        buf_append_span(ret_key, key);
        sql_reset(statement);
        return buf_failed(ret_key) ? -ENOMEM : 1;
}

static int remove_configs(Transaction *transaction, const Namespace *namespace, Operation *operation,
                          Problem *problem) {
        _cleanup_(buf_deinit) Buf key = BUF_NULL;
        Config config;
        int r;

        for (;;) {
                r = next_key(transaction, namespace->id, buf_span(&key), &key);
                if (r <= 0)
                        return r;

                r = config_get(transaction, operation->namespace, buf_span(&key), &config, problem);
                if (r)
                        return r;
                r = config_remove(transaction, &config, operation->comment);
                if (r)
                        return r;
                operation->result.n_deleted++;
        }
}

static int check_empty(Transaction *transaction, const Namespace *namespace, const Operation *operation,
                       Problem *problem) {
        _cleanup_(buf_deinit) Buf key = BUF_NULL;
        int r;

        r = next_key(transaction, namespace->id, SPAN_LITERAL(""), &key);
        if (r <= 0)
                return r;

        problem_set(problem, NULL,
                    "the namespace '%.*s' still has configs: delete them first, or ask with recursive=true",
                    (int)operation->namespace.size, operation->namespace.data);
        return STORE_E_NAMESPACE_NOT_EMPTY;
}

static int detach_schemas(Transaction *transaction, const Namespace *namespace) {
        transaction->attachments.is_stale |= transaction->attachments.n > 0;
        return SQL_RUN(transaction_statement(transaction, STATEMENT_DETACH_SCHEMAS_OF_NAMESPACE),
                       sql_i64(namespace->id));
}

int operation_namespace_delete(Transaction *transaction, Operation *operation, Problem *problem) {
        _cleanup_(namespace_deinit) Namespace namespace = { 0 };
        _cleanup_(buf_deinit) Buf details = BUF_NULL;
        Change *change;
        int r;

        r = get_namespace(transaction, operation->namespace, &namespace, problem);
        if (r)
                return r;

        r = attachments_check_namespace_unused(transaction, operation->namespace, problem);
        if (r)
                return r;
        r = operation->namespace_edit.recursive ? remove_configs(transaction, &namespace, operation, problem)
                                                : check_empty(transaction, &namespace, operation, problem);
        if (r)
                return r;

        r = detach_schemas(transaction, &namespace);
        if (r)
                return r;

        transaction->namespaces_changed = true;
        head_cache_clear(&transaction->head_cache);
        change = transaction_change(transaction);
        r = SQL_RUN(transaction_statement(transaction, STATEMENT_DELETE_NAMESPACE),
                    sql_text(operation->namespace), sql_i64((int64_t)change->revision),
                    sql_i64(transaction->now_ms), sql_text(transaction->command->actor));
        if (r)
                return r;

        buf_append_format(&details, "{\"configs\":%" PRIu64 "}", operation->result.n_deleted);
        r = audit_namespace(transaction, operation, SPAN_LITERAL("namespace.delete"), buf_span(&details));
        if (r)
                return r;
        return change_add_namespace(change, CHANGE_NAMESPACE_REMOVAL, operation->namespace);
}
