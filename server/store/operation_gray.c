/*
 * Gray releases: setting one, moving its ramp, promoting and aborting it.
 */
#include <errno.h>
#include <inttypes.h>

#include "model/buf.h"
#include "model/json.h"
#include "store/attachments.h"
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
static int check_rules(const Config *config, const Operation *operation, Problem *problem) {
        const Gray *rules = operation->gray_set.rules;
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

/* Each version that the rules name is held against the schema that governs it. */
static int check_schema(Transaction *transaction, const Config *config, const Operation *operation,
                        Problem *problem) {
        int64_t version, version_id;
        int r;

        r = attachments_read(transaction);
        if (r || transaction->attachments.n == 0)
                return r;

        for (size_t i = 0; (version = gray_arm_version(operation->gray_set.rules, i)) != 0; i++) {
                r = config_find_version(transaction, config, version, &version_id, problem);
                if (r == 0)
                        r = attachments_check_version(transaction, config, version_id, problem);
                if (r)
                        return r;
        }
        return 0;
}

/* Appends the salt of the gray release that runs. */
static int append_running_salt(Transaction *transaction, const Config *config, Buf *buf) {
        sqlite3_stmt *statement = transaction_statement(transaction, STATEMENT_GET_GRAY_SALT);
        int r;

        r = SQL_NEED_ROW(statement, sql_i64(config->id));
        if (r)
                return r;

        buf_append_span(buf, sql_column_text(statement, 0));
        sql_reset(statement);
        return buf_failed(buf) ? -ENOMEM : 0;
}

/* Makes of @rules those with another salt, and with the weight of the step that @ramp is at, if there is one.
 * Where nothing is other than it was, that is a reference to @rules. */
static int derive_rules(Gray *rules, Span salt, const Ramp *ramp, Gray **ret_rules) {
        _cleanup_(buf_deinit) Buf weighted = BUF_NULL;
        Span text = gray_rules(rules);
        Problem problem;
        int r;

        if (ramp) {
                gray_append_rules_with_weight(rules, ramp->rule, ramp->steps[ramp->step].weight, &weighted);
                if (buf_failed(&weighted))
                        return -ENOMEM;
                text = buf_span(&weighted);
        }
        if (gray_is_compiled_from(rules, text, salt)) {
                *ret_rules = gray_ref(rules);
                return 0;
        }

        r = gray_new(text, salt, ret_rules, &problem);
        return r > 0 ? -EBADMSG : r;
}

/* The rules as they are to be in force from now on. */
static int make_rules(Transaction *transaction, const Config *config, const Operation *operation,
                      Gray **ret_rules) {
        _cleanup_(buf_deinit) Buf running = BUF_NULL;
        Gray *rules = operation->gray_set.rules;
        Span salt = gray_salt(rules);

        if (operation->gray_set.keeps_salt && config->has_gray) {
                int r = append_running_salt(transaction, config, &running);

                if (r)
                        return r;
                salt = buf_span(&running);
        }
        return derive_rules(rules, salt, operation->gray_set.ramp, ret_rules);
}

static void append_details(Buf *buf, const GrayState *state) {
        buf_append_literal(buf, "{\"salt\":");
        json_append_string(buf, gray_salt(state->rules));
        buf_append_literal(buf, ",\"rules\":");
        buf_append_span(buf, gray_rules(state->rules));
        buf_append_literal(buf, ",\"plan\":");
        if (state->ramp)
                ramp_append_plan(buf, state->ramp);
        else
                buf_append_literal(buf, "null");
        buf_append_char(buf, '}');
}

/* A ramp begins now. */
static int store_rules(Transaction *transaction, Config *config, Gray *rules, Operation *operation) {
        _cleanup_(buf_deinit) Buf details = BUF_NULL;
        GrayState state = { .rules = rules };
        Ramp ramp;

        if (operation->gray_set.ramp) {
                ramp = *operation->gray_set.ramp;
                ramp.since_ms = transaction->now_ms;
                state.ramp = &ramp;
        }
        append_details(&details, &state);
        if (buf_failed(&details))
                return -ENOMEM;

        return config_set_gray(
                transaction, config, &state,
                &(ConfigChange){ SPAN_LITERAL("gray.set"), gray_only_version(rules), buf_span(&details) },
                operation);
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
        _cleanup_(gray_unrefp) Gray *rules = NULL;
        Config config;
        int r;

        r = get_config(transaction, operation, &config, problem);
        if (r)
                return r;
        r = check_rules(&config, operation, problem);
        if (r)
                return r;
        r = check_schema(transaction, &config, operation, problem);
        if (r)
                return r;
        r = make_rules(transaction, &config, operation, &rules);
        if (r)
                return r;

        return store_rules(transaction, &config, rules, operation);
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

        r = SQL_NEED_ROW(statement, sql_i64(config->last_event_id));
        if (r)
                return r;
        revision = (uint64_t)sql_column_i64(statement, 0);
        sql_reset(statement);
        if (revision == expected)
                return 0;

        problem_set(problem, NULL, "revision %" PRIu64 " was expected, the release is at %" PRIu64, expected,
                    revision);
        return STORE_E_RAMP_STATE;
}

/* @expected_revision: of the release, or 0. */
static int find_running(Transaction *transaction, const Operation *operation, uint64_t expected_revision,
                        Config *ret_config, Problem *problem) {
        Config config;
        int r;

        r = config_get(transaction, operation->namespace, operation->key, &config, problem);
        if (r)
                return r;
        if (!config.has_gray) {
                problem_set(problem, NULL, "there is no gray release on '%.*s' in namespace '%.*s'",
                            (int)config.key.size, config.key.data, (int)config.namespace.size,
                            config.namespace.data);
                return STORE_E_GRAY_UNKNOWN;
        }
        r = check_revision(transaction, &config, expected_revision, problem);
        if (r)
                return r;

        *ret_config = config;
        return 0;
}

static int read_running(Transaction *transaction, const Operation *operation, uint64_t expected_revision,
                        Config *ret_config, GrayRow **ret_row, Problem *problem) {
        int r;

        r = find_running(transaction, operation, expected_revision, ret_config, problem);
        return r ? r : config_read_gray(transaction, ret_config, ret_row);
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
        _cleanup_(buf_deinit) Buf details = BUF_NULL;
        _cleanup_(gray_unrefp) Gray *rules = NULL;
        GrayState state = { .ramp = &row->ramp };
        ConfigChange what = { actions[operation->gray_move.move], gray_only_version(row->rules), SPAN_NULL };
        bool is_step = operation->gray_move.move == GRAY_MOVE_STEP;
        int r;

        r = derive_rules(row->rules, gray_salt(row->rules), &row->ramp, &rules);
        if (r)
                return r;
        state.rules = rules;
        state.event_id = is_step && row->ramp.state != RAMP_DONE ? 0 : row->event_id;
        if (is_step) {
                append_step(&details, &row->ramp);
                what.details = buf_span(&details);
        }
        if (buf_failed(&details))
                return -ENOMEM;

        return config_set_gray(transaction, config, &state, &what, operation);
}

int operation_gray_move(Transaction *transaction, Operation *operation, Problem *problem) {
        _cleanup_(gray_row_freep) GrayRow *row = NULL;
        GrayMove move = operation->gray_move.move;
        Config config;
        int r;

        r = read_running(transaction, operation, operation->gray_move.expected_revision, &config, &row,
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

        r = read_running(transaction, operation, operation->gray_end.expected_revision, &config, &row,
                         problem);
        if (r)
                return r;
        r = choose_version(row->rules, operation->gray_end.version, &target.version, problem);
        if (r)
                return r;
        r = config_find_version(transaction, &config, target.version, &target.version_id, problem);
        if (r)
                return r;

        r = attachments_check_version(transaction, &config, target.version_id, problem);
        if (r)
                return r;

        return config_release(transaction, &config, RELEASE_PROMOTE, &target, operation);
}

int operation_gray_abort(Transaction *transaction, Operation *operation, Problem *problem) {
        Config config;
        int r;

        r = find_running(transaction, operation, operation->gray_end.expected_revision, &config, problem);
        if (r)
                return r;

        return config_abort_gray(transaction, &config, operation);
}
