/*
 * gray show, preview, evaluate: what a gray release does, or would do.
 */
#include <jansson.h>
#include <stdio.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "cli/gray_input.h"
#include "cli/gray_words.h"
#include "cli/memory.h"
#include "cli/one_config.h"
#include "cli/table.h"
#include "cli/tags.h"

static void add_words(TextTable *table, Buf *words) {
        _cleanup_(freep) char *text = memory_take(words);

        text_table_add(table, text);
}

/*
 * show
 */

static void print_summary(const OneConfig *one, json_t *data) {
        _cleanup_(freep) char *config = memory_format("%s/%s", one->namespace_, one->key);
        _cleanup_(text_table_deinit) TextTable table = TEXT_TABLE("CONFIG", config);
        static const char *const names[] = { "stable", "salt", "updated_at", "updated_by", "comment" };
        json_t *plan = json_object_get(data, "plan");
        Buf words = BUF_NULL;

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                text_table_add(&table, names[i]);
                text_table_add_time(&table, data, names[i]);
        }
        if (json_is_object(plan)) {
                text_table_add(&table, "plan");
                gray_words_append_plan(&words, plan);
                add_words(&table, &words);
                text_table_add(&table, "ramp");
                gray_words_append_ramp(&words, json_object_get(data, "ramp"), plan);
                add_words(&table, &words);
        }
        text_table_print(&table);
}

static void add_counts(TextTable *table, json_t *counts) {
        text_table_add_member(table, counts, "connected");
        text_table_add_member(table, counts, "applied");
        text_table_add_member(table, counts, "refused");
}

static void add_arm(TextTable *table, json_t *arm, json_t *rules) {
        size_t index = (size_t)json_integer_value(json_object_get(arm, "rule"));
        Buf words = BUF_NULL;

        text_table_add_member(table, arm, "rule");
        text_table_add_member(table, arm, "version");
        gray_words_append_weight(&words, json_object_get(arm, "weight"));
        add_words(table, &words);
        add_counts(table, arm);
        gray_words_append_match(&words, json_object_get(json_array_get(rules, index), "match"));
        add_words(table, &words);
}

static void print_arms(json_t *data) {
        _cleanup_(text_table_deinit) TextTable table =
                TEXT_TABLE("RULE", "VERSION", "WEIGHT", "CONNECTED", "APPLIED", "REFUSED", "WHO");
        json_t *instances = json_object_get(data, "instances"),
               *stable = json_object_get(instances, "stable"), *arm;
        size_t i;

        json_array_foreach(json_object_get(instances, "arms"), i, arm) {
                add_arm(&table, arm, json_object_get(data, "rules"));
        }
        text_table_add(&table, NULL);
        text_table_add_member(&table, stable, "version");
        text_table_add(&table, NULL);
        add_counts(&table, stable);
        text_table_add(&table, "the others");
        text_table_print(&table);
}

static void print_refusals(json_t *refusals) {
        _cleanup_(text_table_deinit) TextTable table =
                TEXT_TABLE("INSTANCE", "VERSION", "REFUSED IT BECAUSE");
        json_t *refusal;
        size_t i;

        if (json_array_size(refusals) == 0)
                return;

        json_array_foreach(refusals, i, refusal) {
                text_table_add_member(&table, refusal, "id");
                text_table_add_member(&table, refusal, "version");
                text_table_add_member(&table, refusal, "error");
        }
        (void)putchar('\n');
        text_table_print(&table);
}

int command_gray_show(const Invocation *invocation) {
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        json_auto_t *data = NULL;
        int r;

        r = one_config_init(&one, invocation, "gray");
        if (r)
                return r;
        r = api_call(one.api, "GET", &one.path, NULL, &data);
        if (r)
                return r;

        if (invocation->options.output == OUTPUT_JSON) {
                print_json(data);
                return EXIT_DONE;
        }

        print_summary(&one, data);
        (void)putchar('\n');
        print_arms(data);
        print_refusals(json_object_get(json_object_get(data, "instances"), "refusals"));
        return EXIT_DONE;
}

/*
 * preview
 */

static void print_moves(json_t *items) {
        _cleanup_(text_table_deinit) TextTable table =
                TEXT_TABLE("INSTANCE", "APP", "ADDRESS", "FROM", "TO", "RULE", "BUCKET");
        json_t *item;
        size_t i;

        json_array_foreach(items, i, item) {
                text_table_add_member(&table, item, "id");
                text_table_add_member(&table, item, "app");
                text_table_add_member(&table, item, "address");
                text_table_add_member(&table, item, "from");
                text_table_add_member(&table, item, "to");
                text_table_add_member(&table, item, "rule");
                text_table_add_member(&table, item, "bucket");
        }
        text_table_print(&table);
}

static void preview_print(json_t *data) {
        _cleanup_(freep) char *salt = text_tame(json_string_value(json_object_get(data, "salt")));
        json_int_t n_changing = json_integer_value(json_object_get(data, "changing"));
        json_t *items = json_object_get(data, "items");

        printf("%lld of %lld connected instances would change; the salt is %s\n", (long long)n_changing,
               (long long)json_integer_value(json_object_get(data, "instances")), salt);
        print_moves(items);
        if ((size_t)n_changing > json_array_size(items))
                note("%zu of the %lld are listed, see --limit", json_array_size(items),
                     (long long)n_changing);
}

int command_gray_preview(const Invocation *invocation) {
        const Options *options = &invocation->options;
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        json_auto_t *rules = NULL, *plan = NULL, *data = NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = gray_input_read(options, &rules, &plan, &problem);
        if (r)
                return gray_input_tell(r, &problem);
        r = one_config_init(&one, invocation, "gray/preview");
        if (r)
                return r;

        api_query_number(&one.path, "limit", options->limit);
        r = api_call(one.api, "POST", &one.path,
                     memory_had(json_pack("{s:O, s:s*}", "rules", rules, "salt", options->salt)), &data);
        if (r)
                return r;

        if (options->output == OUTPUT_JSON)
                print_json(data);
        else
                preview_print(data);
        return EXIT_DONE;
}

/*
 * evaluate
 */

static void evaluate_print(const OneConfig *one, json_t *data) {
        _cleanup_(freep) char *sentence = NULL, *tame = NULL;
        Buf words = BUF_NULL;

        gray_words_append_verdict(&words, data);
        sentence = memory_take(&words);
        tame = text_tame(sentence);
        printf("%s/%s: %s\n", one->namespace_, one->key, tame);
}

int command_gray_evaluate(const Invocation *invocation) {
        const Options *options = &invocation->options;
        _cleanup_(one_config_deinit) OneConfig one = ONE_CONFIG_NULL;
        Problem problem = PROBLEM_NULL;
        json_auto_t *data = NULL;
        int r;

        if (tags_check(&options->tags, &problem))
                return fail(EXIT_USAGE, "%s", problem.text);
        r = one_config_init(&one, invocation, "evaluate");
        if (r)
                return r;
        r = api_call(one.api, "POST", &one.path,
                     memory_had(json_pack("{s:s*, s:o}", "unit", options->unit, "tags",
                                          tags_to_json(&options->tags))),
                     &data);
        if (r)
                return r;

        if (options->output == OUTPUT_JSON)
                print_json(data);
        else
                evaluate_print(&one, data);
        return EXIT_DONE;
}
