/*
 * gray set, ramp, promote, abort: what changes a gray release.
 */
#include <jansson.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/gray_input.h"
#include "cli/gray_words.h"
#include "cli/memory.h"
#include "cli/one_config.h"

/* What people are told of the gray release as it is now. */
static void tell_state(const Invocation *invocation, const OneConfig *one, json_t *data) {
        json_t *ramp = json_object_get(data, "ramp");
        _cleanup_(freep) char *sentence = NULL;
        Buf words = BUF_NULL;

        if (json_is_object(ramp)) {
                buf_append_literal(&words, "the ramp is ");
                gray_words_append_ramp(&words, ramp, json_object_get(data, "plan"));
        } else {
                buf_append_literal(&words, "the gray release is in force");
        }
        buf_append_format(&words, "; version %lld is stable",
                          (long long)json_integer_value(json_object_get(data, "stable")));
        sentence = memory_take(&words);
        one_config_tell(one, invocation, data, sentence);
}

/* The @plan may be NULL. */
static int put(const Invocation *invocation, OneConfig *one, json_t *rules, json_t *plan) {
        const Options *options = &invocation->options;
        json_auto_t *data = NULL;
        int r;

        r = api_call(one->api, "PUT", &one->path,
                     memory_had(json_pack("{s:O, s:O*, s:s*, s:s*}", "rules", rules, "plan", plan, "salt",
                                          options->salt, "comment", options->comment)),
                     &data);
        if (r)
                return r;

        tell_state(invocation, one, data);
        return EXIT_DONE;
}

int command_gray_set(const Invocation *invocation) {
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        json_auto_t *rules = NULL, *plan = NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = gray_input_read(&invocation->options, &rules, &plan, &problem);
        if (r)
                return gray_input_tell(r, &problem);

        r = one_config_init(&one, invocation, "gray");
        return r ? r : put(invocation, &one, rules, plan);
}

/*
 * ramp
 */

static int move_ramp(const Invocation *invocation, const char *rest) {
        const Options *options = &invocation->options;
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        json_auto_t *data = NULL;
        int r;

        if ((options->pause && options->resume) || options->steps || options->rule || options->rules ||
            options->version || options->match.n || options->salt || options->abort_refused ||
            options->abort_percent || options->promote)
                return fail(EXIT_USAGE, "--pause and --resume stand alone, or with --comment");

        r = one_config_init(&one, invocation, rest);
        if (r)
                return r;
        r = api_call(one.api, "POST", &one.path, memory_had(json_pack("{s:s*}", "comment", options->comment)),
                     &data);
        if (r)
                return r;

        tell_state(invocation, &one, data);
        return EXIT_DONE;
}

/* The plan, and the rules, which are NULL where those in force are meant. */
static int read_ramp(const Options *options, json_t **ret_rules, json_t **ret_plan) {
        Problem problem = PROBLEM_NULL;
        json_auto_t *plan = NULL;
        json_t *first;
        int r;

        r = gray_input_plan(options, &plan, &problem);
        if (r == 0 && !plan)
                return fail(EXIT_USAGE, "--steps is missing, such as --steps 1:10m,10:30m,100; or --pause, "
                                        "or --resume");
        if (r == 0) {
                first = json_array_get(json_object_get(plan, "steps"), 0);
                r = gray_input_rules(options, json_object_get(first, "weight"), ret_rules, &problem);
        }
        if (r)
                return gray_input_tell(r, &problem);

        *ret_plan = json_incref(plan);
        return EXIT_DONE;
}

static int ask_rules(OneConfig *one, json_t **ret_rules) {
        json_auto_t *data = NULL;
        int r;

        r = api_call(one->api, "GET", &one->path, NULL, &data);
        if (r)
                return r;

        *ret_rules = memory_had(json_incref(json_object_get(data, "rules")));
        return EXIT_DONE;
}

static int set_ramp(const Invocation *invocation) {
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        json_auto_t *rules = NULL, *plan = NULL;
        int r;

        r = read_ramp(&invocation->options, &rules, &plan);
        if (r == EXIT_DONE)
                r = one_config_init(&one, invocation, "gray");
        if (r == EXIT_DONE && !rules)
                r = ask_rules(&one, &rules);
        return r ? r : put(invocation, &one, rules, plan);
}

int command_gray_ramp(const Invocation *invocation) {
        if (invocation->options.pause)
                return move_ramp(invocation, "gray/pause");
        if (invocation->options.resume)
                return move_ramp(invocation, "gray/resume");
        return set_ramp(invocation);
}

/*
 * promote, abort
 */

int command_gray_promote(const Invocation *invocation) {
        const Options *options = &invocation->options;
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        json_auto_t *data = NULL;
        int r;

        r = one_config_init(&one, invocation, "gray/promote");
        if (r)
                return r;
        r = api_call(one.api, "POST", &one.path,
                     memory_had(json_pack("{s:o*, s:s*}", "version",
                                          options->version ? json_integer(options->version) : NULL, "comment",
                                          options->comment)),
                     &data);
        if (r)
                return r;

        one_config_print(&one, invocation, data, "is in force, and the gray release has ended");
        return EXIT_DONE;
}

int command_gray_abort(const Invocation *invocation) {
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        json_auto_t *data = NULL;
        int r;

        r = one_config_init(&one, invocation, "gray");
        if (r)
                return r;
        r = one_config_remove(&one, "abort", invocation->options.comment, &data);
        if (r)
                return r;

        one_config_tell(&one, invocation, data, "the gray release is withdrawn");
        return EXIT_DONE;
}
