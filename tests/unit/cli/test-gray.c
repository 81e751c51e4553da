#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/gray_input.h"
#include "cli/gray_words.h"
#include "cli/tags.h"
#include "model/macros.h"

#define LIST(...)                                                                                            \
        ((TextList){ (const char *[]){ __VA_ARGS__ },                                                        \
                     sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(const char *) })

/* @value, which is stolen, as one line. */
static void assert_json(json_t *value, const char *expected) {
        _cleanup_(freep) char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15));

        json_decref(value);
        assert_non_null(text);
        assert_string_equal(text, expected);
}

static json_t *parsed(const char *text) {
        json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

        assert_non_null(value);
        return value;
}

/*
 * Tags.
 */

static void tags_are_names_and_values(_unused_ void **state) {
        TextList tags = LIST("ring=canary", "a.b_c-9==x=", "empty=");
        Problem problem = PROBLEM_NULL;

        assert_int_equal(tags_check(&tags, &problem), 0);
        assert_json(tags_to_json(&tags), "{\"ring\":\"canary\",\"a.b_c-9\":\"=x=\",\"empty\":\"\"}");
}

static void assert_tags_refused(TextList tags, const char *text) {
        Problem problem = PROBLEM_NULL;

        assert_int_equal(tags_check(&tags, &problem), TAGS_E_INVALID);
        assert_string_equal(problem.text, text);
}

static void malformed_tags_are_refused(_unused_ void **state) {
        char longest[sizeof("a=") + 257] = "a=";

        memset(longest + 2, 'x', 257);
        assert_tags_refused(LIST("ring"), "--tag: ring is not NAME=VALUE");
        assert_tags_refused(LIST(""), "--tag:  is not NAME=VALUE");
        assert_tags_refused(LIST("=x"), "--tag:  is no name of a tag: 1 to 64 of a-z, 0-9, _, . and -");
        assert_tags_refused(LIST("a=1", "Ring=x"),
                            "--tag: Ring is no name of a tag: 1 to 64 of a-z, 0-9, _, . and -");
        assert_tags_refused(LIST(longest), "--tag: the value of a has more than 256 bytes");
        assert_tags_refused(LIST("a=1", "b=1", "a=2"), "--tag: a stands twice");
}

static void a_match_gathers_the_values_of_a_tag(_unused_ void **state) {
        TextList tags = LIST("ring=canary", "region=eu", "ring=early"), wrong = LIST("a=1", "ring");
        Problem problem = PROBLEM_NULL;
        json_t *match = NULL;

        assert_int_equal(tags_to_match(&tags, &match, &problem), 0);
        assert_json(match, "{\"ring\":[\"canary\",\"early\"],\"region\":[\"eu\"]}");
        match = NULL;
        assert_int_equal(tags_to_match(&wrong, &match, &problem), TAGS_E_INVALID);
        assert_string_equal(problem.text, "--match: ring is not NAME=VALUE");
        assert_null(match);
}

/*
 * Weights, steps and plans.
 */

static void weights_are_json_numbers_in_range(_unused_ void **state) {
        static const char *const good[] = { "0", "100", "10.5", "0.001", "1e1" };
        static const char *const bad[] = { "",        ".",      ".5", "5.",  "-1", "+1",
                                           "100.001", "0.0001", "5%", "abc", "1 2" };
        Problem problem = PROBLEM_NULL;
        json_t *weight = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                assert_int_equal(gray_input_weight("weight", good[i], &weight, &problem), 0);
                json_decref(weight);
        }
        weight = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(gray_input_weight("weight", bad[i], &weight, &problem),
                                 GRAY_INPUT_E_INVALID);
        assert_null(weight);
        assert_string_equal(problem.text,
                            "--weight: 1 2 is not a number of 0 to 100 with up to three decimals");
}

static void steps_are_weights_with_holds(_unused_ void **state) {
        Problem problem = PROBLEM_NULL;
        json_t *steps = NULL;

        assert_int_equal(gray_input_steps("1:10m,10.5:30m,100", &steps, &problem), 0);
        assert_json(steps, "[{\"weight\":1,\"hold\":\"10m\"},{\"weight\":10.5,\"hold\":\"30m\"},"
                           "{\"weight\":100}]");
        assert_int_equal(gray_input_steps("5:", &steps, &problem), 0);
        assert_json(steps, "[{\"weight\":5,\"hold\":\"\"}]");
}

static void malformed_steps_are_refused(_unused_ void **state) {
        static const char *const bad[] = { "", ",", "1:10m,", ",1:10m", "10m", "1 :10m", ":10m" };
        Problem problem = PROBLEM_NULL;
        json_t *steps = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(gray_input_steps(bad[i], &steps, &problem), GRAY_INPUT_E_INVALID);
        assert_null(steps);
        assert_string_equal(problem.text, "--steps:  is not a number of 0 to 100 with up to three decimals");
}

static void a_plan_has_what_was_asked_for(_unused_ void **state) {
        Options options = {
                .steps = "1:1h,100", .rule = "0", .abort_refused = 2, .abort_percent = "2.5", .promote = true
        };
        Problem problem = PROBLEM_NULL;
        json_t *plan = NULL;

        assert_int_equal(gray_input_plan(&options, &plan, &problem), 0);
        assert_json(plan, "{\"steps\":[{\"weight\":1,\"hold\":\"1h\"},{\"weight\":100}],\"rule\":0,"
                          "\"promote\":true,\"abort_on\":{\"refused\":2,\"refused_percent\":2.5}}");
        options = (Options){ .steps = "100" };
        assert_int_equal(gray_input_plan(&options, &plan, &problem), 0);
        assert_json(plan, "{\"steps\":[{\"weight\":100}]}");
        options = (Options){ .steps = NULL };
        assert_int_equal(gray_input_plan(&options, &plan, &problem), 0);
        assert_null(plan);
}

static void a_plan_is_whole_or_refused(_unused_ void **state) {
        static const struct {
                Options options;
                const char *text;
        } rows[] = {
                { { .promote = true },
                  "--rule, --abort-refused, --abort-percent and --promote need --steps" },
                { { .rule = "0" }, "--rule, --abort-refused, --abort-percent and --promote need --steps" },
                { { .steps = "1", .rule = "-1" },
                  "--rule: -1 is not the index of a rule, the first one's is 0" },
                { { .steps = "1", .rule = "x" },
                  "--rule: x is not the index of a rule, the first one's is 0" },
                { { .steps = "1", .abort_percent = "101" },
                  "--abort-percent: 101 is not a number of 0 to 100 with up to three decimals" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                Problem problem = PROBLEM_NULL;
                json_t *plan = NULL;

                assert_int_equal(gray_input_plan(&rows[i].options, &plan, &problem), GRAY_INPUT_E_INVALID);
                assert_string_equal(problem.text, rows[i].text);
                assert_null(plan);
        }
}

/*
 * Rules.
 */

static void one_rule_comes_from_options(_unused_ void **state) {
        Options options = { .version = 9, .weight = "5.25", .match = LIST("ring=canary") };
        json_t *rules = NULL, *plan = NULL;
        Problem problem = PROBLEM_NULL;

        assert_int_equal(gray_input_read(&options, &rules, &plan, &problem), 0);
        assert_json(rules,
                    "[{\"split\":[{\"version\":9,\"weight\":5.25}],\"match\":{\"ring\":[\"canary\"]}}]");
        assert_null(plan);
        options.match = (TextList){ NULL, 0 };
        assert_int_equal(gray_input_read(&options, &rules, &plan, &problem), 0);
        assert_json(rules, "[{\"split\":[{\"version\":9,\"weight\":5.25}]}]");
}

static void rules_are_given_in_one_way(_unused_ void **state) {
        static const struct {
                Options options;
                const char *text;
        } rows[] = {
                { { .salt = "x" }, "the rules are missing: --version N --weight W, or --rules FILE" },
                { { .version = 9 }, "--version needs --weight" },
                { { .weight = "5" }, "--weight and --match need --version" },
                { { .rules = "-", .version = 9 }, "--rules excludes --version, --weight and --match" },
                { { .rules = "-", .weight = "5" }, "--rules excludes --version, --weight and --match" },
                { { .rules = "-", .plan = "-" }, "only one of --rules and --plan can be the standard input" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                json_t *rules = NULL, *plan = NULL;
                Problem problem = PROBLEM_NULL;

                assert_int_equal(gray_input_read(&rows[i].options, &rules, &plan, &problem),
                                 GRAY_INPUT_E_INVALID);
                assert_string_equal(problem.text, rows[i].text);
                assert_null(rules);
                assert_null(plan);
        }
}

/*
 * Words.
 */

static void assert_words(void (*append)(Buf *to, json_t *value), const char *json, const char *expected) {
        _cleanup_(buf_deinit) Buf words = BUF_NULL;
        json_t *value = parsed(json);

        append(&words, value);
        buf_append_char(&words, '\0');
        json_decref(value);
        assert_string_equal(words.data, expected);
}

static void a_match_has_words(_unused_ void **state) {
        static const char *const rows[][2] = {
                { "null", "everyone" },
                { "{}", "everyone" },
                { "{\"ring\": [\"canary\"]}", "ring is canary" },
                { "{\"region\": [\"eu\", \"us\"]}", "region is one of eu, us" },
                { "{\"a\": {\"not_in\": [\"x\"]}, \"b\": {\"not_in\": [\"x\", \"y\"]}}",
                  "a is not x and b is none of x, y" },
                { "{\"a\": {\"prefix\": \"x\"}}", "a begins with x" },
                { "{\"a\": {\"prefix\": [\"x\", \"y\"], \"exists\": true}}",
                  "a begins with one of x, y and a is there" },
                { "{\"v\": {\"semver\": \">=2.1.0 <3.0.0\"}}", "v is a version \">=2.1.0 <3.0.0\"" },
                { "{\"v\": {\"semver\": \"^2.1.0\"}}", "v is a version ^2.1.0" },
                { "{\"ip\": {\"cidr\": [\"10.0.0.0/8\", \"::1\"]}}",
                  "ip is an address in one of 10.0.0.0/8, ::1" },
                { "{\"a\": {\"exists\": false}}", "a is not there" },
                { "{\"a\": [\"\", \"x, y\", \"\\\"\"]}", "a is one of \"\", \"x, y\", \"\\\"\"" },
                { "{\"a\": [\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\"]}",
                  "a is one of 1, 2, 3, 4, 5 and 2 more" },
                { "{\"a\": {\"near\": {\"x\": 10.1}}}", "a near {\"x\":10.1}" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                assert_words(gray_words_append_match, rows[i][0], rows[i][1]);
}

static void a_plan_has_words(_unused_ void **state) {
        assert_words(
                gray_words_append_plan,
                "{\"steps\": [{\"weight\": 1, \"hold\": \"10m\"}, {\"weight\": 10.125, \"hold\": \"1h\"}, "
                "{\"weight\": 100, \"hold\": \"0ms\"}], \"rule\": 0, "
                "\"abort_on\": {\"refused\": 2, \"refused_percent\": 5}, \"promote\": true}",
                "1 % for 10m, 10.125 % for 1h, 100 %; withdrawn when 2 or 5 % refuse it; then promoted");
        assert_words(gray_words_append_plan,
                     "{\"steps\": [{\"weight\": 100}], \"abort_on\": {\"refused_percent\": 0.5}}",
                     "100 %; withdrawn when 0.5 % refuse it");
        assert_words(gray_words_append_plan, "{\"steps\": [{\"weight\": 100}], \"promote\": false}", "100 %");
}

static void assert_ramp(const char *json, const char *expected) {
        _cleanup_(buf_deinit) Buf words = BUF_NULL;
        json_auto_t *ramp = parsed(json), *plan = parsed("{\"steps\": [{}, {}, {}]}");

        gray_words_append_ramp(&words, ramp, plan);
        buf_append_char(&words, '\0');
        assert_string_equal(words.data, expected);
}

static void a_ramp_has_words(_unused_ void **state) {
        assert_ramp("{\"state\": \"running\", \"step\": 1, \"weight\": 10, "
                    "\"next_at\": \"2026-01-31T09:05:00.000Z\"}",
                    "running, step 2 of 3 at 10 % until 2026-01-31 09:05:00");
        assert_ramp("{\"state\": \"paused\", \"step\": 0, \"weight\": 0.5, \"next_at\": null}",
                    "paused, step 1 of 3 at 0.5 %");
}

static void a_verdict_has_words(_unused_ void **state) {
        static const char *const rows[][2] = {
                { "{\"version\": 9, \"rule\": 1, \"bucket\": 1234, \"reason\": \"arm\"}",
                  "version 9: an arm of rule 1 chose it, bucket 1234" },
                { "{\"version\": 9, \"rule\": 1, \"bucket\": null, \"reason\": \"arm\"}",
                  "version 9: an arm of rule 1 chose it" },
                { "{\"version\": 8, \"rule\": 0, \"bucket\": 99999, \"reason\": \"outside_split\"}",
                  "version 8: rule 0 left the stable one, outside of its arms, bucket 99999" },
                { "{\"version\": 8, \"rule\": 0, \"bucket\": null, \"reason\": \"no_unit\"}",
                  "version 8: rule 0 left the stable one, for want of a unit" },
                { "{\"version\": 8, \"rule\": null, \"bucket\": null, \"reason\": \"no_match\"}",
                  "version 8: no rule holds, the stable one is left" },
                { "{\"version\": 8, \"rule\": null, \"bucket\": null, \"reason\": \"no_gray_release\"}",
                  "version 8: there is no gray release" },
                { "{\"version\": 8, \"reason\": \"whim\"}", "version 8: whim" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                assert_words(gray_words_append_verdict, rows[i][0], rows[i][1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(tags_are_names_and_values),
                cmocka_unit_test(malformed_tags_are_refused),
                cmocka_unit_test(a_match_gathers_the_values_of_a_tag),
                cmocka_unit_test(weights_are_json_numbers_in_range),
                cmocka_unit_test(steps_are_weights_with_holds),
                cmocka_unit_test(malformed_steps_are_refused),
                cmocka_unit_test(a_plan_has_what_was_asked_for),
                cmocka_unit_test(a_plan_is_whole_or_refused),
                cmocka_unit_test(one_rule_comes_from_options),
                cmocka_unit_test(rules_are_given_in_one_way),
                cmocka_unit_test(a_match_has_words),
                cmocka_unit_test(a_plan_has_words),
                cmocka_unit_test(a_ramp_has_words),
                cmocka_unit_test(a_verdict_has_words),
        };

        (void)setenv("TZ", "UTC", 1);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
