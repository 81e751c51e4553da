#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "store/config.h"
#include "store/lookup.h"
#include "store/sql.h"

/* Return: 0, or -EBADMSG when the spine is not of the newest version. */
static int fill_from_row(sqlite3_stmt *row, Config *config) {
        Span sha256 = sql_column_blob(row, 4);

        config->id = sql_column_i64(row, 0);
        config->newest = sql_column_i64(row, 1);
        config->newest_id = sql_column_i64(row, 2);
        config->newest_format = (Format)sql_column_i64(row, 3);
        config->stable = sql_column_i64(row, 6);
        config->stable_id = sql_column_i64(row, 7);
        config->release_id = sql_column_i64(row, 8);
        config->last_event_id = sql_column_i64(row, 9);
        config->is_deleted = sql_column_i64(row, 10) != 0;
        config->has_gray = sql_column_i64(row, 11) != 0;
        if (sha256.size == SHA256_SIZE)
                memcpy(config->newest_sha256, sha256.data, SHA256_SIZE);
        return spine_read(sql_column_blob(row, 5), config->newest, &config->spine);
}

static int find_namespace(Transaction *transaction, Span name, int64_t *ret_id, Problem *problem) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_FIND_NAMESPACE);
        int r;

        r = SQL_BIND(statement, sql_text(name));
        if (r)
                return r;
        r = sql_step(statement);
        if (r < 0)
                return r;
        if (r == 0) {
                problem_set(problem, NULL, "there is no namespace '%.*s'", (int)name.size, name.data);
                return STORE_E_NAMESPACE_UNKNOWN;
        }

        *ret_id = sql_column_i64(statement, 0);
        sql_reset(statement);
        return 0;
}

/* Return: 1, 0 when there never was such a config, or a negative errno. */
static int read_config(Transaction *transaction, Config *config) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_CONFIG);
        int r;

        r = SQL_BIND(statement, sql_i64(config->namespace_id), sql_text(config->key));
        if (r)
                return r;
        r = sql_step(statement);
        if (r <= 0)
                return r;

        r = fill_from_row(statement, config);
        sql_reset(statement);
        return r ? r : 1;
}

int config_find(Transaction *transaction, Span namespace, Span key, Config *ret_config, Problem *problem) {
        Config config = { .namespace = namespace, .key = key };
        int r;

        if (head_cache_get(&transaction->head_cache, transaction->heads, namespace, key, ret_config))
                return 0;

        r = find_namespace(transaction, namespace, &config.namespace_id, problem);
        if (r)
                return r;
        r = read_config(transaction, &config);
        if (r < 0)
                return r;
        if (r > 0)
                head_cache_put(&transaction->head_cache, transaction->heads, &config);

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

int config_find_version(Transaction *transaction, const Config *config, int64_t version,
                        int64_t *ret_version_id, Problem *problem) {
        VersionPlace newest = { config->id, config->newest, config->newest_id };
        int r;

        r = lookup_version(transaction_statement(transaction, STATEMENT_LOOK_UP_VERSION), &newest, version,
                           ret_version_id);
        if (r < 0)
                return r;
        if (r == 0) {
                problem_set(problem, NULL, "there is no version %" PRId64 ", the newest is %" PRId64, version,
                            config->newest);
                return STORE_E_VERSION_UNKNOWN;
        }
        return 0;
}

int config_store(Transaction *transaction, const Config *config) {
        int64_t row = ++transaction->last_head;

        head_log_put(transaction->heads, config->id, row);
        head_cache_put(&transaction->head_cache, transaction->heads, config);
        return SQL_RUN(transaction_statement(transaction, STATEMENT_ADD_HEAD), sql_i64(row),
                       sql_i64(config->id), HEAD_VALUES(config));
}

int config_read_gray(Transaction *transaction, const Config *config, GrayRow **ret_row) {
        return gray_row_read(transaction_statement(transaction, STATEMENT_GET_GRAY), config->id,
                             config->rules, ret_row);
}

/* Makes a release from a row of STATEMENT_GET_SAVED or STATEMENT_GET_RELEASED, and resets the statement. */
static int release_from_row(Transaction *transaction, const Config *config, sqlite3_stmt *statement,
                            const GrayRow *gray, Release **ret_release) {
        ConfigData data = { .namespace = config->namespace,
                            .key = config->key,
                            .gray = gray ? &gray->data : NULL };
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
        GrayStatements of_gray = { transaction_statement(transaction, STATEMENT_GET_GRAY),
                                   transaction_statement(transaction, STATEMENT_LOOK_UP_VERSION),
                                   transaction_statement(transaction, STATEMENT_GET_GRAY_VERSION) };
        _cleanup_(gray_row_freep) GrayRow *gray = NULL;
        int r;

        r = config->has_gray ? gray_row_read_whole(&of_gray, config->id, config->rules, &gray) : 0;
        if (r)
                return r;
        r = SQL_BIND(statement, sql_i64(config->stable_id), sql_i64(config->release_id),
                     sql_i64(config->last_event_id));
        if (r)
                return r;
        return release_from_row(transaction, config, statement, gray, ret_release);
}

int config_read_saved(Transaction *transaction, const Config *config, Release **ret_release) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_SAVED);
        int r;

        r = SQL_BIND(statement, sql_i64(config->newest_id));
        if (r)
                return r;
        return release_from_row(transaction, config, statement, NULL, ret_release);
}
