/*
 * What the options of the gray commands say, as the server takes it.
 */
#include <stdbool.h>
#include <string.h>

#include "cli/content.h"
#include "cli/gray_input.h"
#include "cli/memory.h"
#include "cli/message.h"
#include "cli/tags.h"
#include "model/gray.h"

static int refuse(Problem *problem, const char *text) {
        problem_set(problem, NULL, "%s", text);
        return GRAY_INPUT_E_INVALID;
}

/* Sets the member, unless @value, which is stolen, is NULL. */
static void set(json_t *object, const char *name, json_t *value) {
        if (value && json_object_set_new(object, name, value))
                (void)memory_had(NULL);
}

/*
 * Numbers.
 */

static bool is_weight(const json_t *number, const char *text) {
        uint32_t weight;

        return json_is_number(number) && gray_weight_parse(span_from_string(text), &weight);
}

int gray_input_weight(const char *option, const char *text, json_t **ret_weight, Problem *ret_problem) {
        json_auto_t *number = json_loads(text, JSON_DECODE_ANY, NULL);

        if (!is_weight(number, text)) {
                problem_set(ret_problem, NULL,
                            "--%s: %.48s is not a number of 0 to 100 with up to three decimals", option,
                            text);
                return GRAY_INPUT_E_INVALID;
        }

        *ret_weight = json_incref(number);
        return 0;
}

/* The index of a rule; they are counted from 0, as the server's messages do. */
static int read_index(const char *text, json_t **ret_index, Problem *ret_problem) {
        json_auto_t *number = json_loads(text, JSON_DECODE_ANY, NULL);

        if (!json_is_integer(number) || json_integer_value(number) < 0) {
                problem_set(ret_problem, NULL,
                            "--rule: %.48s is not the index of a rule, the first one's is 0", text);
                return GRAY_INPUT_E_INVALID;
        }

        *ret_index = json_incref(number);
        return 0;
}

/*
 * Plans.
 */

/* "10:30m" or "10". */
static int add_step(json_t *steps, char *text, Problem *ret_problem) {
        json_t *weight, *step = memory_had(json_object());
        char *colon = strchr(text, ':');
        int r;

        if (json_array_append_new(steps, step))
                (void)memory_had(NULL);
        if (colon)
                *colon = '\0';
        r = gray_input_weight("steps", text, &weight, ret_problem);
        if (r)
                return r;

        set(step, "weight", weight);
        set(step, "hold", colon ? memory_had(json_string(colon + 1)) : NULL);
        return 0;
}

int gray_input_steps(const char *text, json_t **ret_steps, Problem *ret_problem) {
        _cleanup_(freep) char *copy = memory_copy(text);
        json_auto_t *steps = memory_had(json_array());
        char *rest = copy, *step;

        while ((step = strsep(&rest, ","))) {
                int r = add_step(steps, step, ret_problem);

                if (r)
                        return r;
        }

        *ret_steps = json_incref(steps);
        return 0;
}

static int add_limits(json_t *plan, const Options *options, Problem *ret_problem) {
        json_auto_t *limits = memory_had(json_object());
        json_t *percent = NULL;
        int r;

        if (options->abort_refused)
                set(limits, "refused", memory_had(json_integer(options->abort_refused)));
        if (options->abort_percent) {
                r = gray_input_weight("abort-percent", options->abort_percent, &percent, ret_problem);
                if (r)
                        return r;
                set(limits, "refused_percent", percent);
        }
        set(plan, "abort_on", json_object_size(limits) ? json_incref(limits) : NULL);
        return 0;
}

int gray_input_plan(const Options *options, json_t **ret_plan, Problem *ret_problem) {
        json_auto_t *plan = memory_had(json_object());
        json_t *steps, *rule = NULL;
        int r;

        if (!options->steps) {
                if (options->rule || options->abort_refused || options->abort_percent || options->promote)
                        return refuse(ret_problem, "--rule, --abort-refused, --abort-percent and --promote "
                                                   "need --steps");
                *ret_plan = NULL;
                return 0;
        }

        r = gray_input_steps(options->steps, &steps, ret_problem);
        if (r)
                return r;
        set(plan, "steps", steps);
        if (options->rule) {
                r = read_index(options->rule, &rule, ret_problem);
                if (r)
                        return r;
                set(plan, "rule", rule);
        }

        set(plan, "promote", options->promote ? json_true() : NULL);
        r = add_limits(plan, options, ret_problem);
        if (r)
                return r;

        *ret_plan = json_incref(plan);
        return 0;
}

/*
 * Files.
 */

/* A name that stands twice in an object is refused: one of the two would be lost on the way. */
static int read_json(const char *file, json_t **ret_value, Problem *ret_problem) {
        const char *path = strcmp(file, "-") != 0 ? file : NULL;
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        json_error_t error;
        json_t *value;

        if (content_read(path, &text, ret_problem))
                return GRAY_INPUT_E_FILE;

        value = json_loadb(buf_span(&text).data, text.size, JSON_REJECT_DUPLICATES, &error);
        if (!value) {
                problem_set(ret_problem, NULL, "%.160s: line %d, column %d: %s",
                            path ? path : "the standard input", error.line, error.column, error.text);
                return GRAY_INPUT_E_FILE;
        }

        *ret_value = value;
        return 0;
}

/*
 * Rules.
 */

static int make_rules(const Options *options, json_t *weight, json_t **ret_rules, Problem *ret_problem) {
        json_auto_t *match = NULL;
        json_t *rule;
        int r;

        r = tags_to_match(&options->match, &match, ret_problem);
        if (r)
                return GRAY_INPUT_E_INVALID;

        rule = memory_had(json_pack("{s:[{s:I, s:O}]}", "split", "version", (json_int_t)options->version,
                                    "weight", weight));
        set(rule, "match", options->match.n ? json_incref(match) : NULL);
        *ret_rules = memory_had(json_pack("[o]", rule));
        return 0;
}

int gray_input_rules(const Options *options, json_t *weight, json_t **ret_rules, Problem *ret_problem) {
        if (options->rules && (options->version || options->weight || options->match.n))
                return refuse(ret_problem, "--rules excludes --version, --weight and --match");
        if (options->rules)
                return read_json(options->rules, ret_rules, ret_problem);

        if (options->version)
                return weight ? make_rules(options, weight, ret_rules, ret_problem)
                              : refuse(ret_problem, "--version needs --weight");
        if (options->weight || options->match.n)
                return refuse(ret_problem, "--weight and --match need --version");

        *ret_rules = NULL;
        return 0;
}

static int read_rules(const Options *options, json_t **ret_rules, Problem *ret_problem) {
        json_auto_t *weight = NULL;
        int r = 0;

        if (options->weight)
                r = gray_input_weight("weight", options->weight, &weight, ret_problem);
        if (r == 0)
                r = gray_input_rules(options, weight, ret_rules, ret_problem);
        if (r == 0 && !*ret_rules)
                r = refuse(ret_problem, "the rules are missing: --version N --weight W, or --rules FILE");
        return r;
}

int gray_input_read(const Options *options, json_t **ret_rules, json_t **ret_plan, Problem *ret_problem) {
        json_auto_t *rules = NULL;
        json_t *plan = NULL;
        int r;

        if (options->rules && options->plan && strcmp(options->rules, "-") == 0 &&
            strcmp(options->plan, "-") == 0)
                return refuse(ret_problem, "only one of --rules and --plan can be the standard input");

        r = read_rules(options, &rules, ret_problem);
        if (r == 0 && options->plan)
                r = read_json(options->plan, &plan, ret_problem);
        if (r)
                return r;

        *ret_rules = json_incref(rules);
        *ret_plan = plan;
        return 0;
}

int gray_input_tell(int outcome, const Problem *problem) {
        return fail(outcome == GRAY_INPUT_E_FILE ? EXIT_REFUSED : EXIT_USAGE, "%s", problem->text);
}
