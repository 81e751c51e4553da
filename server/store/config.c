#include <errno.h>
#include <string.h>

#include "store/config.h"
#include "store/sql.h"

/* Return: 0, or -EBADMSG when the spine is not of the newest version. */
static int fill_from_row(sqlite3_stmt *row, Config *config) {
        Span sha256 = sql_column_blob(row, 9);

        config->namespace_id = sql_column_i64(row, 0);
        config->id = sql_column_i64(row, 1);
        config->newest = sql_column_i64(row, 2);
        config->newest_id = sql_column_i64(row, 3);
        config->stable = sql_column_i64(row, 4);
        config->stable_id = sql_column_i64(row, 5);
        config->release_id = sql_column_i64(row, 6);
        config->is_deleted = sql_column_i64(row, 7) != 0;
        config->newest_format = (Format)sql_column_i64(row, 8);
        config->last_event_id = sql_column_i64(row, 10);
        if (sha256.size == SHA256_SIZE)
                memcpy(config->newest_sha256, sha256.data, SHA256_SIZE);
        return spine_read(sql_column_blob(row, 11), config->newest, &config->spine);
}

int config_find(Transaction *transaction, Span namespace, Span key, Config *ret_config, Problem *problem) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_CONFIG);
        Config config = { .namespace = namespace, .key = key };
        int r;

        r = SQL_BIND(statement, sql_text(namespace), sql_text(key));
        if (r)
                return r;

        r = sql_step(statement);
        if (r < 0)
                return r;
        if (r == 0) {
                problem_set(problem, NULL, "there is no namespace '%.*s'", (int)namespace.size,
                            namespace.data);
                return STORE_E_NAMESPACE_UNKNOWN;
        }

        r = fill_from_row(statement, &config);
        sql_reset(statement);
        if (r)
                return r;

        *ret_config = config;
        return 0;
}

int config_get(Transaction *transaction, Span namespace, Span key, Config *ret_config, Problem *problem) {
        Config config;
        int r;

        r = config_find(transaction, namespace, key, &config, problem);
        if (r)
                return r;
        if (!config.id) {
                problem_set(problem, NULL, "there is no config '%.*s' in namespace '%.*s'", (int)key.size,
                            key.data, (int)namespace.size, namespace.data);
                return STORE_E_CONFIG_UNKNOWN;
        }

        *ret_config = config;
        return 0;
}

int config_store(Transaction *transaction, const Config *config) {
        return SQL_RUN(transaction_statement(transaction, STATEMENT_SET_CONFIG), sql_i64(config->id),
                       sql_i64(config->newest), sql_i64(config->newest_id), sql_i64_or_null(config->stable),
                       sql_i64_or_null(config->stable_id), sql_i64_or_null(config->release_id),
                       sql_i64(config->is_deleted), sql_i64_or_null(config->last_event_id),
                       sql_i64(config->newest_format), sql_blob(config->newest_sha256, SHA256_SIZE),
                       sql_blob(config->spine.bytes, config->spine.size));
}

/* Makes a release from a row of STATEMENT_GET_SAVED or STATEMENT_GET_RELEASED, and resets the statement. */
static int release_from_row(Transaction *transaction, const Config *config, sqlite3_stmt *statement,
                            Release **ret_release) {
        ConfigData data = { .namespace = config->namespace, .key = config->key };
        Span sha256;
        int r;

        r = sql_step(statement);
        if (r <= 0)
                return r ? r : -EBADMSG;

        data.version = sql_column_i64(statement, 0);
        data.format = (Format)sql_column_i64(statement, 1);
        sha256 = sql_column_blob(statement, 2);
        if (sha256.size == SHA256_SIZE)
                memcpy(data.sha256, sha256.data, SHA256_SIZE);
        data.content = sql_column_text(statement, 3);
        data.revision = (uint64_t)sql_column_i64(statement, 4);
        data.updated_at_ms = sql_column_i64(statement, 5);
        data.updated_by = sql_column_text(statement, 6);
        data.comment = sql_column_text(statement, 7);

        *ret_release = release_new(&data, (Span){ transaction->epoch, EPOCH_SIZE });
        sql_reset(statement);
        return *ret_release ? 0 : -ENOMEM;
}

int config_read_released(Transaction *transaction, const Config *config, Release **ret_release) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_RELEASED);
        int r;

        r = SQL_BIND(statement, sql_i64(config->stable_id), sql_i64(config->release_id));
        if (r)
                return r;
        return release_from_row(transaction, config, statement, ret_release);
}

int config_read_saved(Transaction *transaction, const Config *config, Release **ret_release) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_SAVED);
        int r;

        r = SQL_BIND(statement, sql_i64(config->newest_id));
        if (r)
                return r;
        return release_from_row(transaction, config, statement, ret_release);
}

static int add_release_event(Transaction *transaction, Config *config, ReleaseKind kind, int64_t version,
                             int64_t restores, Span comment) {
        int r;

        r = SQL_RUN(transaction_statement(transaction, STATEMENT_ADD_RELEASE), sql_i64(config->id),
                    sql_i64(kind), sql_i64_or_null(version), sql_i64_or_null(config->stable),
                    sql_i64_or_null(restores), sql_i64((int64_t)transaction->change->revision),
                    sql_i64(transaction->now_ms), sql_text(transaction->command->actor), sql_text(comment),
                    sql_i64_or_null(config->last_event_id));
        if (r)
                return r;

        config->last_event_id = sqlite3_last_insert_rowid(transaction->database);
        return 0;
}

static int add_outbox_row(Transaction *transaction, const Config *config, int64_t version) {
        transaction->n_outbox_rows_added++;
        return SQL_RUN(transaction_statement(transaction, STATEMENT_ADD_OUTBOX),
                       sql_i64((int64_t)transaction->change->revision), sql_text(config->namespace),
                       sql_text(config->key), sql_i64_or_null(version));
}

static Release *release_from_put(Transaction *transaction, const Config *config, const Operation *operation) {
        ConfigData data = {
                .namespace = config->namespace,
                .key = config->key,
                .version = config->newest,
                .revision = transaction->change->revision,
                .format = operation->put.format,
                .content = operation->put.content,
                .updated_at_ms = transaction->now_ms,
                .updated_by = transaction->command->actor,
                .comment = operation->comment,
        };

        memcpy(data.sha256, operation->put.sha256, SHA256_SIZE);
        return release_new(&data, (Span){ transaction->epoch, EPOCH_SIZE });
}

/* A put has the content at hand; every other way to release reads it. */
static int make_release(Transaction *transaction, const Config *config, const Operation *operation,
                        Release **ret_release) {
        if (operation->type != OPERATION_PUT)
                return config_read_released(transaction, config, ret_release);

        *ret_release = release_from_put(transaction, config, operation);
        return *ret_release ? 0 : -ENOMEM;
}

int config_release(Transaction *transaction, Config *config, ReleaseKind kind, const ReleaseTarget *target,
                   const Operation *operation, Release **ret_release) {
        _cleanup_(release_unrefp) Release *release = NULL;
        Change *change = transaction_change(transaction);
        int r;

        r = add_release_event(transaction, config, kind, target->version, target->restores,
                              operation->comment);
        if (r)
                return r;

        config->release_id = config->last_event_id;
        config->stable = target->version;
        config->stable_id = target->version_id;
        config->is_deleted = false;
        r = config_store(transaction, config);
        if (r)
                return r;

        r = transaction_audit(transaction,
                              &(AuditEntry){
                                      .action = kind == RELEASE_ROLLBACK ? SPAN_LITERAL("config.rollback")
                                                                         : SPAN_LITERAL("config.publish"),
                                      .namespace = config->namespace,
                                      .key = config->key,
                                      .version = target->version,
                                      .revision = change->revision,
                                      .comment = operation->comment,
                              });
        if (r)
                return r;
        r = add_outbox_row(transaction, config, target->version);
        if (r)
                return r;
        r = make_release(transaction, config, operation, &release);
        if (r)
                return r;
        r = change_add_release(change, release);
        if (r)
                return r;

        *ret_release = release;
        release = NULL;
        return 0;
}

int config_remove(Transaction *transaction, Config *config, Span comment) {
        Change *change = transaction_change(transaction);
        int64_t removed = config->stable;
        int r;

        r = add_release_event(transaction, config, RELEASE_DELETE, 0, 0, comment);
        if (r)
                return r;

        config->stable = 0;
        config->stable_id = 0;
        config->is_deleted = true;
        r = config_store(transaction, config);
        if (r)
                return r;

        r = transaction_audit(transaction, &(AuditEntry){
                                                   .action = SPAN_LITERAL("config.delete"),
                                                   .namespace = config->namespace,
                                                   .key = config->key,
                                                   .version = removed,
                                                   .revision = change->revision,
                                                   .comment = comment,
                                           });
        if (r || !removed)
                return r;

        r = add_outbox_row(transaction, config, 0);
        if (r)
                return r;
        return change_add_removal(change, config->namespace, config->key);
}
