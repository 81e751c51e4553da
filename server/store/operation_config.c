/*
 * Saving and deleting a config.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "store/attachments.h"
#include "store/config.h"
#include "store/operation.h"
#include "store/sql.h"

static int check_expectation(const Config *config, const Operation *operation, Problem *problem) {
        bool exists = config->id && !config->is_deleted;

        switch (operation->put.expectation) {
        case EXPECT_ABSENT:
                if (!exists)
                        return 0;
                problem_set(problem, NULL,
                            "the config was expected not to exist, its newest version is %" PRId64,
                            config->newest);
                return STORE_E_VERSION_CONFLICT;
        case EXPECT_PRESENT:
                if (exists)
                        return 0;
                problem_set(problem, NULL, "the config was expected to exist, and does not");
                return STORE_E_VERSION_CONFLICT;
        case EXPECT_VERSION:
                if (config->id && config->newest == operation->put.expected_version)
                        return 0;
                if (config->id)
                        problem_set(problem, NULL, "version %" PRId64 " was expected, the newest is %" PRId64,
                                    operation->put.expected_version, config->newest);
                else
                        problem_set(problem, NULL,
                                    "version %" PRId64 " was expected, the config does not exist",
                                    operation->put.expected_version);
                return STORE_E_VERSION_CONFLICT;
        case EXPECT_ANYTHING:
        default:
                return 0;
        }
}

static bool is_newest_content(const Config *config, const Operation *operation) {
        return config->newest && config->newest_format == operation->put.format &&
               memcmp(config->newest_sha256, operation->put.sha256, SHA256_SIZE) == 0;
}

static int add_config(Transaction *transaction, Config *config) {
        int r;

        r = SQL_RUN(transaction_statement(transaction, STATEMENT_ADD_CONFIG), sql_i64(config->namespace_id),
                    sql_text(config->key));
        if (r)
                return r;

        config->id = sqlite3_last_insert_rowid(transaction->database);
        return 0;
}

static int add_version(Transaction *transaction, Config *config, const Operation *operation) {
        Change *change = transaction_change(transaction);
        int64_t previous_id = config->newest_id;
        int r;

        spine_advance(&config->spine, config->newest, config->newest_id);
        r = SQL_RUN(transaction_statement(transaction, STATEMENT_ADD_VERSION), sql_i64(config->id),
                    sql_i64(config->newest + 1), sql_i64(operation->put.format),
                    sql_blob(operation->put.sha256, SHA256_SIZE), sql_i64((int64_t)change->revision),
                    sql_i64(transaction->now_ms), sql_text(transaction->command->actor),
                    sql_text(operation->comment), sql_text(operation->put.content),
                    sql_i64_or_null(previous_id), sql_i64_or_null(spine_jump_id(&config->spine)));
        if (r)
                return r;

        config->newest++;
        config->newest_id = sqlite3_last_insert_rowid(transaction->database);
        config->newest_format = operation->put.format;
        memcpy(config->newest_sha256, operation->put.sha256, SHA256_SIZE);
        return 0;
}

/* The end of a save without a release: the row, and an entry in the audit. */
static int finish_save(Transaction *transaction, Config *config, const Operation *operation) {
        Change *change = transaction_change(transaction);
        int r;

        config->is_deleted = false;
        r = config_store(transaction, config);
        if (r)
                return r;

        return transaction_audit(transaction, &(AuditEntry){
                                                      .action = SPAN_LITERAL("config.save"),
                                                      .namespace = config->namespace,
                                                      .key = config->key,
                                                      .version = config->newest,
                                                      .revision = change->revision,
                                                      .comment = operation->comment,
                                              });
}

static int save(Transaction *transaction, Config *config, Operation *operation) {
        int r;

        if (operation->result.created || config->is_deleted) {
                r = finish_save(transaction, config, operation);
                if (r)
                        return r;
        }
        return config_read_saved(transaction, config, &operation->result.release);
}

static int save_and_release(Transaction *transaction, Config *config, Operation *operation) {
        if (config->stable == config->newest)
                return config_read_released(transaction, config, &operation->result.release);

        return config_release(transaction, config, RELEASE_PUBLISH,
                              &(ReleaseTarget){ .version = config->newest, .version_id = config->newest_id },
                              operation);
}

int operation_put(Transaction *transaction, Operation *operation, Problem *problem) {
        Config config;
        int r;

        r = config_find(transaction, operation->namespace, operation->key, &config, problem);
        if (r)
                return r;
        r = check_expectation(&config, operation, problem);
        if (r)
                return r;

        r = attachments_check_content(transaction, &config, operation->put.format, operation->put.content,
                                      problem);
        if (r)
                return r;

        if (!config.id) {
                r = add_config(transaction, &config);
                if (r)
                        return r;
                operation->result.is_new = true;
        }

        if (!is_newest_content(&config, operation)) {
                r = add_version(transaction, &config, operation);
                if (r)
                        return r;
                operation->result.created = true;
        }

        operation->result.version = config.newest;
        return operation->put.publish ? save_and_release(transaction, &config, operation)
                                      : save(transaction, &config, operation);
}

int operation_delete(Transaction *transaction, Operation *operation, Problem *problem) {
        Config config;
        int r;

        r = config_get(transaction, operation->namespace, operation->key, &config, problem);
        if (r)
                return r;
        if (config.is_deleted) {
                problem_set(problem, NULL, "the config '%.*s' in namespace '%.*s' is deleted already",
                            (int)config.key.size, config.key.data, (int)config.namespace.size,
                            config.namespace.data);
                return STORE_E_CONFIG_UNKNOWN;
        }

        r = attachments_check_unused(transaction, &config, problem);
        if (r)
                return r;

        return config_remove(transaction, &config, operation->comment);
}
