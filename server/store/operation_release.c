/*
 * Publishing a version, and going back to an older one.
 */
#include <errno.h>

#include "store/attachments.h"
#include "store/config.h"
#include "store/operation.h"
#include "store/sql.h"

/*
 * Asking by number for what is in force changes nothing, but that a gray release on top may end; a step back
 * is a step, even to an equal version.
 */
static int release_target(Transaction *transaction, Config *config, ReleaseKind kind,
                          const ReleaseTarget *target, Operation *operation, Problem *problem) {
        bool is_step = operation->type == OPERATION_ROLLBACK && !operation->rollback.to;
        int r;

        if (target->version != config->stable || is_step) {
                r = attachments_check_version(transaction, config, target->version_id, problem);
                return r ? r : config_release(transaction, config, kind, target, operation);
        }
        if (target->ends_gray && config->has_gray)
                return config_abort_gray(transaction, config, operation);

        operation->result.version = target->version;
        return config_read_released(transaction, config, &operation->result.release);
}

int operation_publish(Transaction *transaction, Operation *operation, Problem *problem) {
        ReleaseTarget target = { 0 };
        Config config;
        int r;

        r = config_get(transaction, operation->namespace, operation->key, &config, problem);
        if (r)
                return r;

        target.version = operation->publish_version ? operation->publish_version : config.newest;
        r = config_find_version(transaction, &config, target.version, &target.version_id, problem);
        if (r)
                return r;

        return release_target(transaction, &config, RELEASE_PUBLISH, &target, operation, problem);
}

/* One release event, as far as walking back looks at it. */
typedef struct Step {
        int64_t id;
        ReleaseKind kind;
        int64_t version;
        int64_t restores;
} Step;

/* Return: 1 with a step, 0 when there is none, or a negative errno. */
static int read_step(sqlite3_stmt *statement, Step *ret_step) {
        int r;

        r = sql_step(statement);
        if (r <= 0)
                return r;

        *ret_step = (Step){
                .id = sql_column_i64(statement, 0),
                .kind = (ReleaseKind)sql_column_i64(statement, 1),
                .version = sql_column_i64(statement, 2),
                .restores = sql_column_i64(statement, 3),
        };
        sql_reset(statement);
        return 1;
}

static int get_step(Transaction *transaction, int64_t id, Step *ret_step) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_RELEASE);
        int r;

        r = SQL_BIND(statement, sql_i64(id));
        return r ? r : read_step(statement, ret_step);
}

static int get_step_before(Transaction *transaction, int64_t id, Step *ret_step) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_RELEASE_BEFORE);
        int r;

        r = SQL_BIND(statement, sql_i64(id));
        return r ? r : read_step(statement, ret_step);
}

/*
 * Where one step back leads: to what was in force, after a delete; else to the event before the one in force,
 * or, when that one is a rollback, before the one that it restores. Since a step restores the very event that
 * it leads to, the place walked from only ever moves to older events: walking back ends, and never goes to
 * and fro.
 */
static int walk_back(Transaction *transaction, const Config *config, Step *ret_step) {
        Step in_force = { 0 };
        int r;

        if (!config->release_id)
                return 0;

        r = get_step(transaction, config->release_id, &in_force);
        if (r <= 0)
                return r ? r : -EBADMSG;

        if (!config->stable) {
                *ret_step = in_force;
                return 1;
        }
        return get_step_before(transaction, in_force.restores ? in_force.restores : in_force.id, ret_step);
}

static int target_one_step_back(Transaction *transaction, const Config *config, ReleaseTarget *ret_target,
                                Problem *problem) {
        Step step = { 0 };
        int r;

        r = walk_back(transaction, config, &step);
        if (r < 0)
                return r;
        if (r == 0) {
                problem_set(problem, NULL,
                            config->release_id ? "there is no release before the one in force"
                                               : "nothing was ever published");
                return STORE_E_NOTHING_TO_ROLL_BACK;
        }

        ret_target->version = step.version;
        ret_target->restores = step.id;
        return config_find_version(transaction, config, step.version, &ret_target->version_id, problem);
}

static int target_version(Transaction *transaction, const Config *config, int64_t version,
                          ReleaseTarget *ret_target, Problem *problem) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_RELEASE_OF_VERSION);
        int r;

        r = config_find_version(transaction, config, version, &ret_target->version_id, problem);
        if (r)
                return r;
        ret_target->version = version;

        r = SQL_BIND(statement, sql_i64_or_null(config->last_event_id), sql_i64(version));
        if (r)
                return r;
        r = sql_step(statement);
        if (r > 0) {
                ret_target->restores = sql_column_i64(statement, 0);
                sql_reset(statement);
        }
        return r < 0 ? r : 0;
}

int operation_rollback(Transaction *transaction, Operation *operation, Problem *problem) {
        ReleaseTarget target = { 0 };
        Config config;
        int r;

        r = config_get(transaction, operation->namespace, operation->key, &config, problem);
        if (r)
                return r;

        if (operation->rollback.to)
                r = target_version(transaction, &config, operation->rollback.to, &target, problem);
        else
                r = target_one_step_back(transaction, &config, &target, problem);
        if (r)
                return r;

        target.ends_gray = operation->rollback.end_gray;
        if (target.ends_gray && config.has_gray)
                target.details = SPAN_LITERAL("{\"end_gray\":true}");
        return release_target(transaction, &config, RELEASE_ROLLBACK, &target, operation, problem);
}
