/*
 * Gray releases: setting one, moving its ramp, promoting and aborting it.
 */
#include <errno.h>
#include <inttypes.h>

#include "model/buf.h"
#include "model/json.h"
#include "store/config.h"
#include "store/operation.h"
#include "store/sql.h"

/* By so much a step's weight may make the rules longer. */
#define WEIGHT_SIZE_MAX (sizeof("99.999") - 1)

/*
 * Setting.
 */

/* What only the store can tell of the rules, and what has to hold for it to write them with a step's weight.
 */
static int check_rules(const Config *config, const Operation *operation, const Gray *rules,
                       Problem *problem) {
        const Ramp *ramp = operation->gray_set.ramp;

        if (gray_check_versions(rules, config->newest, problem))
                return STORE_E_GRAY_INVALID;
        if (!ramp)
                return 0;
        if (gray_rules(rules).size + WEIGHT_SIZE_MAX > GRAY_RULES_SIZE_MAX) {
                problem_set(problem, "rules", "with a plan they are at most %zu bytes long",
                            GRAY_RULES_SIZE_MAX - WEIGHT_SIZE_MAX);
                return STORE_E_GRAY_INVALID;
        }

        return ramp_check(ramp, rules, problem) ? STORE_E_GRAY_INVALID : 0;
}

static void append_details(Buf *buf, const GrayState *state) {
        buf_append_literal(buf, "{\"salt\":");
        json_append_string(buf, state->salt);
        buf_append_literal(buf, ",\"rules\":");
        buf_append_span(buf, state->rules);
        buf_append_literal(buf, ",\"plan\":");
        buf_append_span(buf, state->plan.data ? state->plan : SPAN_LITERAL("null"));
        buf_append_char(buf, '}');
}

static int set_state(Transaction *transaction, Config *config, const GrayState *state, const Gray *rules,
                     Operation *operation) {
        _cleanup_(buf_deinit) Buf details = BUF_NULL;

        append_details(&details, state);
        if (buf_failed(&details))
                return -ENOMEM;

        return config_set_gray(
                transaction, config, state,
                &(ConfigChange){ SPAN_LITERAL("gray.set"), gray_only_version(rules), buf_span(&details) },
                operation);
}

/* The ramp begins now, and the rules are written with the weight of its first step. */
static int set_with_ramp(Transaction *transaction, Config *config, Span salt, const Gray *rules,
                         Operation *operation) {
        _cleanup_(buf_deinit) Buf weighted = BUF_NULL;
        Ramp ramp = *operation->gray_set.ramp;

        ramp.since_ms = transaction->now_ms;
        gray_append_rules_with_weight(rules, ramp.rule, ramp.steps[0].weight, &weighted);
        if (buf_failed(&weighted))
                return -ENOMEM;

        return set_state(transaction, config,
                         &(GrayState){ .salt = salt,
                                       .rules = buf_span(&weighted),
                                       .plan = operation->gray_set.plan,
                                       .ramp = &ramp },
                         rules, operation);
}

static int set(Transaction *transaction, Config *config, Span salt, const Gray *rules, Operation *operation) {
        if (operation->gray_set.ramp)
                return set_with_ramp(transaction, config, salt, rules, operation);
        return set_state(transaction, config,
                         &(GrayState){ .salt = salt, .rules = operation->gray_set.rules }, rules, operation);
}

/* The salt that is asked for, else that of the gray release which runs already, in @running, else a new one.
 */
static int choose_salt(Transaction *transaction, const Config *config, const Operation *operation,
                       GrayRow **running, Span *ret_salt) {
        int r;

        if (operation->gray_set.salt.data || !config->has_gray) {
                *ret_salt = operation->gray_set.salt.data ? operation->gray_set.salt
                                                          : operation->gray_set.fresh_salt;
                return 0;
        }

        r = config_read_gray(transaction, config, running);
        if (r)
                return r;
        *ret_salt = (*running)->data.salt;
        return 0;
}

static int get_config(Transaction *transaction, const Operation *operation, Config *ret_config,
                      Problem *problem) {
        Config config;
        int r;

        r = config_get(transaction, operation->namespace, operation->key, &config, problem);
        if (r)
                return r;
        if (!config.stable) {
                problem_set(problem, NULL, "a gray release lies on a published version, and there is none");
                return STORE_E_GRAY_NOTHING_STABLE;
        }

        *ret_config = config;
        return 0;
}

int operation_gray_set(Transaction *transaction, Operation *operation, Problem *problem) {
        _cleanup_(gray_row_freep) GrayRow *running = NULL;
        _cleanup_(gray_freep) Gray *rules = NULL;
        Config config;
        Span salt;
        int r;

        r = get_config(transaction, operation, &config, problem);
        if (r)
                return r;
        r = choose_salt(transaction, &config, operation, &running, &salt);
        if (r)
                return r;
        r = gray_new(operation->gray_set.rules, salt, &rules, problem);
        if (r)
                return r < 0 ? r : STORE_E_GRAY_INVALID;
        r = check_rules(&config, operation, rules, problem);
        if (r)
                return r;

        return set(transaction, &config, salt, rules, operation);
}

/*
 * What is done to one that runs.
 */

/* STORE_E_RAMP_STATE when the release is not at the revision that is expected; 0 expects none. */
static int check_revision(Transaction *transaction, const Config *config, uint64_t expected,
                          Problem *problem) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_REVISION);
        uint64_t revision;
        int r;

        if (!expected)
                return 0;

        r = SQL_BIND(statement, sql_i64(config->last_event_id));
        if (r)
                return r;
        r = sql_step(statement);
        if (r <= 0)
                return r ? r : -EBADMSG;
        revision = (uint64_t)sql_column_i64(statement, 0);
        sql_reset(statement);
        if (revision == expected)
                return 0;

        problem_set(problem, NULL, "revision %" PRIu64 " was expected, the release is at %" PRIu64, expected,
                    revision);
        return STORE_E_RAMP_STATE;
}

/* @expected_revision: of the release, or 0. */
static int get_running(Transaction *transaction, const Operation *operation, uint64_t expected_revision,
                       Config *config, GrayRow **ret_row, Problem *problem) {
        int r;

        r = config_get(transaction, operation->namespace, operation->key, config, problem);
        if (r)
                return r;
        if (!config->has_gray) {
                problem_set(problem, NULL, "there is no gray release on '%.*s' in namespace '%.*s'",
                            (int)config->key.size, config->key.data, (int)config->namespace.size,
                            config->namespace.data);
                return STORE_E_GRAY_UNKNOWN;
        }
        r = check_revision(transaction, config, expected_revision, problem);
        return r ? r : config_read_gray(transaction, config, ret_row);
}

static int refuse_move(const GrayRow *row, GrayMove move, Problem *problem) {
        static const char *const wanted[GRAY_MOVE_N] = {
                [GRAY_MOVE_PAUSE] = "running",
                [GRAY_MOVE_RESUME] = "paused",
                [GRAY_MOVE_STEP] = "running",
        };

        if (!row->data.ramp)
                problem_set(problem, NULL, "the gray release has no plan");
        else
                problem_set(problem, NULL, "the ramp is %s, not %s", ramp_state_to_string(row->ramp.state),
                            wanted[move]);
        return STORE_E_RAMP_STATE;
}

static bool move_ramp(Ramp *ramp, GrayMove move, int64_t now_ms) {
        switch (move) {
        case GRAY_MOVE_PAUSE:
                return ramp_pause(ramp, now_ms);
        case GRAY_MOVE_RESUME:
                return ramp_resume(ramp, now_ms);
        default:
                return ramp_advance(ramp, now_ms);
        }
}

static void append_step(Buf *buf, const Ramp *ramp) {
        buf_append_format(buf, "{\"rule\":%" PRIu32 ",\"weight\":", ramp->rule);
        gray_append_weight(buf, ramp->steps[ramp->step].weight);
        buf_append_format(buf, ",\"step\":%zu}", ramp->step);
}

/* Writes the ramp as it is now, and with a step the rules; who set them is then whoever makes the step. */
static int store_move(Transaction *transaction, Config *config, const GrayRow *row, Operation *operation) {
        static const Span actions[GRAY_MOVE_N] = {
                [GRAY_MOVE_PAUSE] = SPAN_LITERAL("gray.pause"),
                [GRAY_MOVE_RESUME] = SPAN_LITERAL("gray.resume"),
                [GRAY_MOVE_STEP] = SPAN_LITERAL("gray.step"),
        };
        _cleanup_(buf_deinit) Buf rules = BUF_NULL, details = BUF_NULL;
        GrayState state = { row->event_id, row->data.salt, row->data.rules, row->plan, &row->ramp };
        ConfigChange what = { actions[operation->gray_move.move], gray_only_version(row->rules), SPAN_NULL };

        if (operation->gray_move.move == GRAY_MOVE_STEP) {
                append_step(&details, &row->ramp);
                what.details = buf_span(&details);
        }
        if (operation->gray_move.move == GRAY_MOVE_STEP && row->ramp.state != RAMP_DONE) {
                gray_append_rules_with_weight(row->rules, row->ramp.rule,
                                              row->ramp.steps[row->ramp.step].weight, &rules);
                state.rules = buf_span(&rules);
                state.event_id = 0;
        }
        if (buf_failed(&rules) || buf_failed(&details))
                return -ENOMEM;

        return config_set_gray(transaction, config, &state, &what, operation);
}

int operation_gray_move(Transaction *transaction, Operation *operation, Problem *problem) {
        _cleanup_(gray_row_freep) GrayRow *row = NULL;
        GrayMove move = operation->gray_move.move;
        Config config;
        int r;

        r = get_running(transaction, operation, operation->gray_move.expected_revision, &config, &row,
                        problem);
        if (r)
                return r;
        if (!row->data.ramp || !move_ramp(&row->ramp, move, transaction->now_ms))
                return refuse_move(row, move, problem);

        return store_move(transaction, &config, row, operation);
}

static int choose_version(const Gray *rules, int64_t version, int64_t *ret_version, Problem *problem) {
        if (!version)
                version = gray_only_version(rules);
        if (!version) {
                problem_set(problem, "version", "the rules name several versions, say which one");
                return STORE_E_GRAY_INVALID;
        }
        if (!gray_names_version(rules, version)) {
                problem_set(problem, "version", "the rules do not name version %" PRId64, version);
                return STORE_E_GRAY_INVALID;
        }

        *ret_version = version;
        return 0;
}

int operation_gray_promote(Transaction *transaction, Operation *operation, Problem *problem) {
        _cleanup_(gray_row_freep) GrayRow *row = NULL;
        ReleaseTarget target = { .ends_gray = true };
        Config config;
        int r;

        r = get_running(transaction, operation, operation->gray_end.expected_revision, &config, &row,
                        problem);
        if (r)
                return r;
        r = choose_version(row->rules, operation->gray_end.version, &target.version, problem);
        if (r)
                return r;
        r = config_find_version(transaction, &config, target.version, &target.version_id, problem);
        if (r)
                return r;

        return config_release(transaction, &config, RELEASE_PROMOTE, &target, operation);
}

int operation_gray_abort(Transaction *transaction, Operation *operation, Problem *problem) {
        _cleanup_(gray_row_freep) GrayRow *row = NULL;
        Config config;
        int r;

        r = get_running(transaction, operation, operation->gray_end.expected_revision, &config, &row,
                        problem);
        if (r)
                return r;

        return config_abort_gray(transaction, &config, operation);
}
