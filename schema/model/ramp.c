/*
 * Ramps: plans are read and written here, and moved on. Nothing here knows what o'clock it is.
 */
#include <inttypes.h>
#include <stdio.h>

#include "model/gray.h"
#include "model/json_object.h"
#include "model/json_read.h"
#include "model/macros.h"
#include "model/ramp.h"
#include "model/timestamp.h"

#define DEPTH_MAX      4  /* a plan nests three deep */
#define PATH_SIZE_MAX  64 /* "plan.steps[31].weight" */
#define HOLD_SIZE_MAX  64 /* with escapes */
#define NAME_SHOWN_MAX 64 /* an unknown member's name, as long as this, is told */

/* The largest stands first, so that the first one that divides a hold writes it shortest. */
static const struct {
        const char *suffix;
        int64_t factor_ms;
} units[] = {
        { "d", INT64_C(24) * 3600 * 1000 },
        { "h", INT64_C(3600) * 1000 },
        { "m", INT64_C(60) * 1000 },
        { "s", INT64_C(1000) },
        { "ms", INT64_C(1) },
};

const char *ramp_state_to_string(RampState state) {
        static const char *const names[RAMP_STATE_N] = {
                [RAMP_RUNNING] = "running",
                [RAMP_PAUSED] = "paused",
                [RAMP_DONE] = "done",
        };

        return names[state];
}

static bool refuse(Problem *problem, const char *path, const char *name, const char *text) {
        char field[PROBLEM_FIELD_MAX];

        (void)snprintf(field, sizeof(field), "%s.%s", path, name);
        problem_set(problem, field, "%s", text);
        return false;
}

static bool refuse_unknown(Problem *problem, const char *path, Span name) {
        char shown[NAME_SHOWN_MAX + 1];

        if (name.size > NAME_SHOWN_MAX) {
                problem_set(problem, path, "it has a member that is not known here");
                return false;
        }

        (void)snprintf(shown, sizeof(shown), "%.*s", (int)name.size, name.data);
        return refuse(problem, path, shown, "there is no member of this name here");
}

static bool refuse_fault(Problem *problem, const char *path, const JsonFault *fault) {
        char text[32];

        if (fault->kind == JSON_FAULT_UNKNOWN)
                return refuse_unknown(problem, path, fault->unknown_name);
        if (fault->kind == JSON_FAULT_TWICE)
                return refuse(problem, path, fault->member->name, "it stands twice");
        if (fault->kind == JSON_FAULT_MISSING)
                return refuse(problem, path, fault->member->name, "it is missing");

        (void)snprintf(text, sizeof(text), "it must be %s", json_kind_in_words(fault->member->kind));
        return refuse(problem, path, fault->member->name, text);
}

/* Finds @members in @object, and refuses all others. @path: where the object stands. */
static bool read_members(JsonValue object, const char *path, JsonMember *members, size_t n_members,
                         Problem *problem) {
        JsonFault fault;

        return json_object_read(object, JSON_MANNER_STRICT, members, n_members, &fault) ||
               refuse_fault(problem, path, &fault);
}

/* The milliseconds that the unit @suffix stands for; 0: it is none. */
static int64_t unit_factor_ms(Span suffix) {
        for (size_t i = 0; i < ARRAY_SIZE(units); i++)
                if (span_equal_string(suffix, units[i].suffix))
                        return units[i].factor_ms;

        return 0;
}

/* "90s": digits and a unit, without anything between them. */
static bool hold_parse(Span escaped, int64_t *ret_hold_ms) {
        char text[HOLD_SIZE_MAX];
        int64_t number = 0, factor_ms;
        size_t size, at = 0;

        if (escaped.size > sizeof(text))
                return false;

        size = json_read_decode(escaped, text);
        for (; at < size && text[at] >= '0' && text[at] <= '9'; at++)
                number = MIN(number * 10 + (text[at] - '0'), RAMP_HOLD_MAX_MS + 1);
        factor_ms = unit_factor_ms((Span){ text + at, size - at });
        if (at == 0 || factor_ms == 0 || number > RAMP_HOLD_MAX_MS / factor_ms)
                return false;

        *ret_hold_ms = number * factor_ms;
        return true;
}

static bool read_step(JsonValue value, const char *path, bool is_last, RampStep *ret_step, Problem *problem) {
        JsonMember members[] = { REQUIRED("weight", NUMBER), OPTIONAL("hold", STRING) };
        const JsonMember *weight = &members[0], *hold = &members[1];

        if (value.kind != JSON_KIND_OBJECT) {
                problem_set(problem, path, "it must be an object");
                return false;
        }
        if (!read_members(value, path, members, ARRAY_SIZE(members), problem))
                return false;

        if (!gray_weight_parse(weight->value.text, &ret_step->weight))
                return refuse(problem, path, "weight",
                              "it must be a number from 0 to 100 with up to three decimals");
        if (!hold->is_present && !is_last)
                return refuse(problem, path, "hold", "it is missing; only the last step may do without it");
        if (hold->is_present && !hold_parse(hold->value.text, &ret_step->hold_ms))
                return refuse(problem, path, "hold",
                              "it must be a whole number and ms, s, m, h or d, up to 365 days");
        return true;
}

static bool read_steps(const JsonMember *steps, Ramp *ramp, Problem *problem) {
        Span rest = steps->value.text;
        char path[PATH_SIZE_MAX];
        JsonValue value;

        ramp->n_steps = json_read_count(steps->value);
        if (ramp->n_steps < 1 || ramp->n_steps > RAMP_STEPS_MAX)
                return refuse(problem, "plan", "steps", "it must be 1 to 32 steps");

        for (size_t i = 0; json_read_element(&rest, &value); i++) {
                (void)snprintf(path, sizeof(path), "plan.steps[%zu]", i);
                if (!read_step(value, path, i + 1 == ramp->n_steps, &ramp->steps[i], problem))
                        return false;
        }
        return true;
}

static bool read_rule(const JsonMember *rule, size_t n_rules, Ramp *ramp, Problem *problem) {
        int64_t index = 0;

        if (!rule->is_present && n_rules != 1)
                return refuse(problem, "plan", "rule", "it is missing, and the rules are not one");
        if (rule->is_present &&
            (!json_read_integer(rule->value, &index) || index < 0 || (uint64_t)index >= n_rules))
                return refuse(problem, "plan", "rule",
                              "it must be the index of a rule, the first one's is 0");

        ramp->rule = (uint32_t)index;
        return true;
}

static bool read_limits(const JsonMember *abort_on, Ramp *ramp, Problem *problem) {
        static const char path[] = "plan.abort_on";
        JsonMember members[] = { OPTIONAL("refused", NUMBER), OPTIONAL("refused_percent", NUMBER) };
        const JsonMember *refused = &members[0], *percent = &members[1];
        int64_t number = 0;

        if (!abort_on->is_present)
                return true;
        if (!read_members(abort_on->value, path, members, ARRAY_SIZE(members), problem))
                return false;

        if (!refused->is_present && !percent->is_present) {
                problem_set(problem, path, "it must have refused, refused_percent or both");
                return false;
        }
        if (refused->is_present &&
            (!json_read_integer(refused->value, &number) || number < 1 || number > UINT32_MAX))
                return refuse(problem, path, "refused", "it must be a whole number from 1");
        if (percent->is_present && (!gray_weight_parse(percent->value.text, &ramp->refused_percent_max) ||
                                    ramp->refused_percent_max == 0))
                return refuse(problem, path, "refused_percent",
                              "it must be a number above 0 and up to 100, with up to three decimals");

        ramp->refused_max = (uint32_t)number;
        return true;
}

static bool read_plan(JsonValue plan, size_t n_rules, Ramp *ramp, Problem *problem) {
        JsonMember members[] = { REQUIRED("steps", ARRAY), OPTIONAL("rule", NUMBER),
                                 OPTIONAL("abort_on", OBJECT), OPTIONAL("promote", BOOLEAN) };
        const JsonMember *promote = &members[3];

        if (!read_members(plan, "plan", members, ARRAY_SIZE(members), problem) ||
            !read_steps(&members[0], ramp, problem) || !read_rule(&members[1], n_rules, ramp, problem) ||
            !read_limits(&members[2], ramp, problem))
                return false;

        ramp->promotes = promote->is_present && span_equal_string(promote->value.text, "true");
        return true;
}

int ramp_parse(Span plan, size_t n_rules, Ramp *ret_ramp, Problem *ret_problem) {
        Ramp ramp = { .state = RAMP_RUNNING };
        const char *fault;
        JsonValue value;
        size_t at;

        if (!json_read_check(plan, DEPTH_MAX, &fault, &at)) {
                problem_set(ret_problem, "plan", "at byte %zu, %s", at, fault);
                return RAMP_E_INVALID;
        }

        value = json_read_value(plan);
        if (value.kind != JSON_KIND_OBJECT) {
                problem_set(ret_problem, "plan", "it must be an object");
                return RAMP_E_INVALID;
        }
        if (!read_plan(value, n_rules, &ramp, ret_problem))
                return RAMP_E_INVALID;

        *ret_ramp = ramp;
        return 0;
}

/* What the arms beside the one that is raised take, in their rule. */
static uint32_t weight_of_others(const Gray *gray, uint32_t rule) {
        size_t n;
        const GrayArm *arms = gray_arms_of_rule(gray, rule, &n);

        return arms[n - 1].to - arms[0].to;
}

int ramp_check(const Ramp *ramp, const Gray *gray, Problem *ret_problem) {
        uint32_t others = weight_of_others(gray, ramp->rule);
        char path[PATH_SIZE_MAX];

        for (size_t i = 0; i < ramp->n_steps; i++) {
                if (ramp->steps[i].weight + others <= GRAY_WEIGHT_MAX)
                        continue;

                (void)snprintf(path, sizeof(path), "plan.steps[%zu].weight", i);
                problem_set(ret_problem, path, "with the other arms of rule %" PRIu32 " it is more than 100",
                            ramp->rule);
                return RAMP_E_INVALID;
        }
        return 0;
}

static void append_hold(Buf *buf, int64_t hold_ms) {
        size_t i = 0;

        while (hold_ms % units[i].factor_ms != 0)
                i++;
        if (hold_ms == 0)
                i = ARRAY_SIZE(units) - 1;
        buf_append_format(buf, "\"%" PRId64 "%s\"", hold_ms / units[i].factor_ms, units[i].suffix);
}

static void append_limits(Buf *buf, const Ramp *ramp) {
        if (ramp->refused_max == 0 && ramp->refused_percent_max == 0)
                return;

        buf_append_literal(buf, ",\"abort_on\":{");
        if (ramp->refused_max)
                buf_append_format(buf, "\"refused\":%" PRIu32, ramp->refused_max);
        if (ramp->refused_max && ramp->refused_percent_max)
                buf_append_char(buf, ',');
        if (ramp->refused_percent_max) {
                buf_append_literal(buf, "\"refused_percent\":");
                gray_append_weight(buf, ramp->refused_percent_max);
        }
        buf_append_char(buf, '}');
}

void ramp_append_plan(Buf *buf, const Ramp *ramp) {
        buf_append_literal(buf, "{\"steps\":[");
        for (size_t i = 0; i < ramp->n_steps; i++) {
                buf_append_string(buf, i ? ",{\"weight\":" : "{\"weight\":");
                gray_append_weight(buf, ramp->steps[i].weight);
                buf_append_literal(buf, ",\"hold\":");
                append_hold(buf, ramp->steps[i].hold_ms);
                buf_append_char(buf, '}');
        }
        buf_append_format(buf, "],\"rule\":%" PRIu32, ramp->rule);
        append_limits(buf, ramp);
        buf_append_string(buf, ramp->promotes ? ",\"promote\":true}" : ",\"promote\":false}");
}

static void append_progress(Buf *buf, const Ramp *ramp) {
        int64_t due_at_ms = ramp_due_at_ms(ramp);

        buf_append_literal(buf, "{\"state\":\"");
        buf_append_string(buf, ramp_state_to_string(ramp->state));
        buf_append_literal(buf, "\",\"step\":");
        buf_append_u64(buf, ramp->step);
        buf_append_literal(buf, ",\"weight\":");
        gray_append_weight(buf, ramp->steps[ramp->step].weight);
        buf_append_literal(buf, ",\"next_at\":");
        if (due_at_ms == INT64_MAX) {
                buf_append_literal(buf, "null}");
                return;
        }
        buf_append_char(buf, '"');
        timestamp_append(buf, due_at_ms);
        buf_append_literal(buf, "\"}");
}

void ramp_append_members(Buf *buf, const Ramp *ramp) {
        if (!ramp) {
                buf_append_literal(buf, ",\"plan\":null,\"ramp\":null");
                return;
        }
        buf_append_literal(buf, ",\"plan\":");
        ramp_append_plan(buf, ramp);
        buf_append_literal(buf, ",\"ramp\":");
        append_progress(buf, ramp);
}

int64_t ramp_due_at_ms(const Ramp *ramp) {
        if (ramp->state != RAMP_RUNNING)
                return INT64_MAX;

        return ramp->since_ms + ramp->steps[ramp->step].hold_ms - ramp->held_ms;
}

bool ramp_is_to_abort(const Ramp *ramp, size_t n_applied, size_t n_refused) {
        if (ramp->state == RAMP_DONE || n_refused == 0)
                return false;
        if (ramp->refused_max && n_refused >= ramp->refused_max)
                return true;

        return ramp->refused_percent_max &&
               (uint64_t)n_refused * GRAY_WEIGHT_MAX >=
                       (uint64_t)ramp->refused_percent_max * ((uint64_t)n_applied + n_refused);
}

bool ramp_pause(Ramp *ramp, int64_t now_ms) {
        if (ramp->state != RAMP_RUNNING)
                return false;

        /* A wall clock may have been set back. */
        ramp->held_ms += MAX(now_ms - ramp->since_ms, 0);
        ramp->state = RAMP_PAUSED;
        return true;
}

bool ramp_resume(Ramp *ramp, int64_t now_ms) {
        if (ramp->state != RAMP_PAUSED)
                return false;

        ramp->since_ms = now_ms;
        ramp->state = RAMP_RUNNING;
        return true;
}

bool ramp_advance(Ramp *ramp, int64_t now_ms) {
        if (ramp->state != RAMP_RUNNING)
                return false;

        if (ramp_is_at_last_step(ramp)) {
                ramp->state = RAMP_DONE;
                return true;
        }
        ramp->step++;
        ramp->since_ms = now_ms;
        ramp->held_ms = 0;
        return true;
}
