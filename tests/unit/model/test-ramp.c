/*
 * Plans, read and refused, and how a ramp moves. Times are arguments.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/macros.h"
#include "model/ramp.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    (24 * 60 * MINUTE_MS)

static const char three_steps[] =
        "{\"steps\": [{\"weight\": 1, \"hold\": \"10m\"}, {\"weight\": 10.5, \"hold\": \"30m\"},"
        " {\"weight\": 1e2, \"hold\": \"1h\"}], \"abort_on\": {\"refused\": 2},"
        " \"promote\": true}";

static Ramp parse(const char *plan) {
        Problem problem = PROBLEM_NULL;
        Ramp ramp;
        int r = ramp_parse(span_from_string(plan), 1, &ramp, &problem);

        if (r)
                fail_msg("%s: %s: %s", plan, problem.field, problem.text);
        return ramp;
}

/* A ramp at its first step since the time 0. */
static Ramp start(void) {
        return parse(three_steps);
}

static int64_t hold_of(const char *hold) {
        char plan[200];

        (void)snprintf(plan, sizeof(plan), "{\"steps\":[{\"weight\":1,\"hold\":\"%s\"}]}", hold);
        return parse(plan).steps[0].hold_ms;
}

static void refuses(const char *plan, size_t n_rules, const char *field) {
        Ramp ramp = { .rule = 77 }, before;
        Problem problem = PROBLEM_NULL;

        memcpy(&before, &ramp, sizeof(ramp));
        assert_int_equal(ramp_parse(span_from_string(plan), n_rules, &ramp, &problem), RAMP_E_INVALID);
        assert_string_equal(problem.field, field);
        assert_true(strlen(problem.text) > 0);
        assert_memory_equal(&ramp, &before, sizeof(ramp));
}

static void test_a_plan_is_read(void **state _unused_) {
        Ramp ramp = start();

        assert_int_equal(ramp.n_steps, 3);
        assert_int_equal(ramp.steps[0].weight, 1000);
        assert_int_equal(ramp.steps[0].hold_ms, 10 * MINUTE_MS);
        assert_int_equal(ramp.steps[1].weight, 10500);
        assert_int_equal(ramp.steps[1].hold_ms, 30 * MINUTE_MS);
        assert_int_equal(ramp.steps[2].weight, 100000);
        assert_int_equal(ramp.steps[2].hold_ms, 60 * MINUTE_MS);
        assert_int_equal(ramp.rule, 0);
        assert_int_equal(ramp.refused_max, 2);
        assert_int_equal(ramp.refused_percent_max, 0);
        assert_true(ramp.promotes);
}

static void test_a_new_ramp_is_at_its_first_step(void **state _unused_) {
        Ramp ramp = start();

        assert_int_equal(ramp.state, RAMP_RUNNING);
        assert_int_equal(ramp.step, 0);
        assert_int_equal(ramp.since_ms, 0);
        assert_int_equal(ramp.held_ms, 0);
}

static void test_all_but_the_steps_may_be_left_out(void **state _unused_) {
        Ramp ramp = parse("{\"steps\":[{\"weight\":0}]}");

        assert_int_equal(ramp.n_steps, 1);
        assert_int_equal(ramp.steps[0].hold_ms, 0);
        assert_int_equal(ramp.refused_max, 0);
        assert_int_equal(ramp.refused_percent_max, 0);
        assert_false(ramp.promotes);
}

static void test_a_hold_is_a_number_and_a_unit(void **state _unused_) {
        assert_int_equal(hold_of("0s"), 0);
        assert_int_equal(hold_of("300ms"), 300);
        assert_int_equal(hold_of("90s"), 90000);
        assert_int_equal(hold_of("5m"), 5 * MINUTE_MS);
        assert_int_equal(hold_of("2h"), 120 * MINUTE_MS);
        assert_int_equal(hold_of("365d"), 365 * DAY_MS);
        assert_int_equal(hold_of("8760h"), 365 * DAY_MS);
        assert_int_equal(hold_of("31536000000ms"), 365 * DAY_MS);
        assert_int_equal(hold_of("\\u0031s"), 1000);
}

static void test_a_hold_of_another_form_is_refused(void **state _unused_) {
        static const char *const holds[] = {
                "\"\"",
                "\"10\"",
                "\"s\"",
                "\"10 s\"",
                "\" 10s\"",
                "\"10s \"",
                "\"-1s\"",
                "\"1.5s\"",
                "\"10min\"",
                "\"10S\"",
                "\"1h30m\"",
                "\"366d\"",
                "\"8761h\"",
                "\"31536000001ms\"",
                "\"99999999999999999999999999999999ms\"",
                "\"1s\\u0000\"",
        };
        char plan[200];

        for (size_t i = 0; i < ARRAY_SIZE(holds); i++) {
                (void)snprintf(plan, sizeof(plan),
                               "{\"steps\":[{\"weight\":1,\"hold\":\"1s\"},{\"weight\":1,\"hold\":%s}]}",
                               holds[i]);
                refuses(plan, 1, "plan.steps[1].hold");
        }
}

static void test_there_are_1_to_32_steps(void **state _unused_) {
        _cleanup_(buf_deinit) Buf plan = BUF_NULL;
        Problem problem = PROBLEM_NULL;
        Ramp ramp;

        refuses("{\"steps\":[]}", 1, "plan.steps");
        for (size_t n = 32; n <= 33; n++) {
                buf_clear(&plan);
                buf_append_literal(&plan, "{\"steps\":[");
                for (size_t i = 0; i < n; i++)
                        buf_append_string(&plan, i ? ",{\"weight\":1,\"hold\":\"1s\"}"
                                                   : "{\"weight\":1,\"hold\":\"1s\"}");
                buf_append_literal(&plan, "]}");
                assert_int_equal(ramp_parse(buf_span(&plan), 1, &ramp, &problem),
                                 n == 32 ? 0 : RAMP_E_INVALID);
        }
        assert_int_equal(ramp.n_steps, 32);
        assert_string_equal(problem.field, "plan.steps");
}

static void test_a_fault_is_told_with_its_path(void **state _unused_) {
        refuses("", 1, "plan");
        refuses("{\"steps\":", 1, "plan");
        refuses("[]", 1, "plan");
        refuses("[[[[[]]]]]", 1, "plan");
        refuses("{}", 1, "plan.steps");
        refuses("{\"steps\":{}}", 1, "plan.steps");
        refuses("{\"steps\":null}", 1, "plan.steps");
        refuses("{\"steps\":[{\"weight\":1}],\"steps\":[{\"weight\":1}]}", 1, "plan.steps");
        refuses("{\"steps\":[1]}", 1, "plan.steps[0]");
        refuses("{\"steps\":[{}]}", 1, "plan.steps[0].weight");
        refuses("{\"steps\":[{\"weight\":\"1\"}]}", 1, "plan.steps[0].weight");
        refuses("{\"steps\":[{\"weight\":-1}]}", 1, "plan.steps[0].weight");
        refuses("{\"steps\":[{\"weight\":100.001}]}", 1, "plan.steps[0].weight");
        refuses("{\"steps\":[{\"weight\":1.0001}]}", 1, "plan.steps[0].weight");
        refuses("{\"steps\":[{\"weight\":1},{\"weight\":2}]}", 1, "plan.steps[0].hold");
        refuses("{\"steps\":[{\"weight\":1,\"hold\":10}]}", 1, "plan.steps[0].hold");
        refuses("{\"steps\":[{\"weight\":1,\"wait\":\"1s\"}]}", 1, "plan.steps[0].wait");
        refuses("{\"steps\":[{\"weight\":1}],\"promote\":1}", 1, "plan.promote");
        refuses("{\"steps\":[{\"weight\":1}],\"abort\":{}}", 1, "plan.abort");
        refuses("{\"steps\":[{\"weight\":1}],\"abort_on\":[]}", 1, "plan.abort_on");
        refuses("{\"steps\":[{\"weight\":1}],\"abort_on\":{}}", 1, "plan.abort_on");
        refuses("{\"steps\":[{\"weight\":1}],\"abort_on\":{\"lost\":1}}", 1, "plan.abort_on.lost");
}

static void test_an_unknown_name_that_is_long_is_not_told(void **state _unused_) {
        char plan[1000] = "{\"";

        memset(plan + 2, 'x', 500);
        memcpy(plan + 502, "\":1}", sizeof("\":1}"));
        refuses(plan, 1, "plan");
}

static void test_limits_of_refusals_are_read(void **state _unused_) {
        Ramp ramp = parse(
                "{\"steps\":[{\"weight\":1}],\"abort_on\":{\"refused_percent\":2.5,\"refused\":4294967295}}");

        assert_int_equal(ramp.refused_max, UINT32_MAX);
        assert_int_equal(ramp.refused_percent_max, 2500);
}

static void test_limits_out_of_range_are_refused(void **state _unused_) {
        static const char *const counts[] = { "0", "-1", "1.5", "1.0", "1e1", "4294967296" };
        static const char *const percents[] = { "0", "0.0", "-1", "100.001", "0.0001" };
        char plan[200];

        for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
                (void)snprintf(plan, sizeof(plan),
                               "{\"steps\":[{\"weight\":1}],\"abort_on\":{\"refused\":%s}}", counts[i]);
                refuses(plan, 1, "plan.abort_on.refused");
        }
        for (size_t i = 0; i < ARRAY_SIZE(percents); i++) {
                (void)snprintf(plan, sizeof(plan),
                               "{\"steps\":[{\"weight\":1}],\"abort_on\":{\"refused_percent\":%s}}",
                               percents[i]);
                refuses(plan, 1, "plan.abort_on.refused_percent");
        }
}

static void test_the_rule_is_needed_where_there_are_several(void **state _unused_) {
        static const char plan[] = "{\"steps\":[{\"weight\":1}],\"rule\":2}";
        Problem problem;
        Ramp ramp;

        refuses("{\"steps\":[{\"weight\":1}]}", 2, "plan.rule");
        refuses(plan, 2, "plan.rule");
        refuses("{\"steps\":[{\"weight\":1}],\"rule\":-1}", 2, "plan.rule");
        refuses("{\"steps\":[{\"weight\":1}],\"rule\":0.5}", 2, "plan.rule");
        assert_int_equal(ramp_parse(span_from_string(plan), 3, &ramp, &problem), 0);
        assert_int_equal(ramp.rule, 2);
}

static void test_a_plan_is_written_as_it_is_read(void **state _unused_) {
        static const char *const plans[] = {
                "{\"steps\":[{\"weight\":1,\"hold\":\"10m\"},{\"weight\":10.5,\"hold\":\"90s\"},"
                "{\"weight\":100,\"hold\":\"0ms\"}],\"rule\":1,\"abort_on\":{\"refused\":1},\"promote\":"
                "true}",
                "{\"steps\":[{\"weight\":0.001,\"hold\":\"365d\"}],\"rule\":0,\"promote\":false}",
                "{\"steps\":[{\"weight\":1,\"hold\":\"1500ms\"}],\"rule\":0,\"abort_on\":{\"refused_"
                "percent\":0.5},"
                "\"promote\":false}",
                "{\"steps\":[{\"weight\":1,\"hold\":\"2h\"}],\"rule\":0,\"abort_on\":{\"refused\":3,"
                "\"refused_percent\":100},"
                "\"promote\":false}",
        };

        for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
                _cleanup_(buf_deinit) Buf written = BUF_NULL;
                Problem problem;
                Ramp ramp;

                assert_int_equal(ramp_parse(span_from_string(plans[i]), 2 - (i > 0), &ramp, &problem), 0);
                ramp_append_plan(&written, &ramp);
                assert_int_equal(written.size, strlen(plans[i]));
                assert_memory_equal(written.data, plans[i], written.size);
        }
}

static void checks(const char *plan, const char *rules, const char *field) {
        _cleanup_(gray_unrefp) Gray *gray = NULL;
        Problem problem = PROBLEM_NULL;
        Ramp ramp;

        assert_int_equal(gray_new(span_from_string(rules), SPAN_LITERAL("salt"), &gray, &problem), 0);
        assert_int_equal(ramp_parse(span_from_string(plan), gray_n_rules(gray), &ramp, &problem), 0);
        assert_int_equal(ramp_check(&ramp, gray, &problem), field ? RAMP_E_INVALID : 0);
        assert_string_equal(problem.field, field ? field : "");
}

static void test_a_weight_needs_room_beside_the_other_arms(void **state _unused_) {
        static const char one_arm[] = "[{\"split\":[{\"version\":2,\"weight\":1}]}]";
        static const char three_arms[] =
                "[{\"match\":{\"a\":[\"b\"]},\"split\":[{\"version\":2,\"weight\":100}]},"
                "{\"split\":[{\"version\":2,\"weight\":1},{\"version\":3,\"weight\":20},"
                "{\"version\":4,\"weight\":9.5}]}]";

        checks("{\"steps\":[{\"weight\":1,\"hold\":\"1s\"},{\"weight\":100}]}", one_arm, NULL);
        checks("{\"steps\":[{\"weight\":1,\"hold\":\"1s\"},{\"weight\":70.5}],\"rule\":1}", three_arms, NULL);
        checks("{\"steps\":[{\"weight\":1,\"hold\":\"1s\"},{\"weight\":70.501}],\"rule\":1}", three_arms,
               "plan.steps[1].weight");
        checks("{\"steps\":[{\"weight\":100}],\"rule\":0}", three_arms, NULL);
}

static void test_a_step_is_due_after_its_hold(void **state _unused_) {
        Ramp ramp = start();

        ramp.since_ms = 1000;
        assert_int_equal(ramp_due_at_ms(&ramp), 1000 + 10 * MINUTE_MS);
        assert_false(ramp_is_at_last_step(&ramp));

        assert_true(ramp_advance(&ramp, 5000));
        assert_int_equal(ramp.step, 1);
        assert_int_equal(ramp_due_at_ms(&ramp), 5000 + 30 * MINUTE_MS);
}

static void test_after_the_last_step_it_is_done(void **state _unused_) {
        Ramp ramp = start();

        assert_true(ramp_advance(&ramp, 1));
        assert_true(ramp_advance(&ramp, 2));
        assert_true(ramp_is_at_last_step(&ramp));
        assert_int_equal(ramp_due_at_ms(&ramp), 2 + 60 * MINUTE_MS);

        assert_true(ramp_advance(&ramp, 3));
        assert_int_equal(ramp.state, RAMP_DONE);
        assert_int_equal(ramp.step, 2);
        assert_true(ramp_due_at_ms(&ramp) == INT64_MAX);
        assert_false(ramp_advance(&ramp, 4));
        assert_false(ramp_pause(&ramp, 4));
        assert_false(ramp_resume(&ramp, 4));
}

static void test_a_pause_stops_the_clock(void **state _unused_) {
        Ramp ramp = start();

        assert_true(ramp_pause(&ramp, 4 * MINUTE_MS));
        assert_int_equal(ramp.state, RAMP_PAUSED);
        assert_true(ramp_due_at_ms(&ramp) == INT64_MAX);

        assert_true(ramp_resume(&ramp, 100 * MINUTE_MS));
        assert_int_equal(ramp_due_at_ms(&ramp), 106 * MINUTE_MS);

        assert_true(ramp_pause(&ramp, 101 * MINUTE_MS));
        assert_true(ramp_resume(&ramp, 200 * MINUTE_MS));
        assert_int_equal(ramp_due_at_ms(&ramp), 205 * MINUTE_MS);

        assert_true(ramp_advance(&ramp, 300 * MINUTE_MS));
        assert_int_equal(ramp_due_at_ms(&ramp), 330 * MINUTE_MS);
}

static void test_what_does_not_run_cannot_pause_or_advance(void **state _unused_) {
        Ramp ramp = start(), before;

        assert_false(ramp_resume(&ramp, 1));
        assert_true(ramp_pause(&ramp, 2));
        memcpy(&before, &ramp, sizeof(ramp));
        assert_false(ramp_pause(&ramp, 3));
        assert_false(ramp_advance(&ramp, 3));
        assert_memory_equal(&ramp, &before, sizeof(ramp));
}

static void test_a_clock_set_back_takes_nothing_from_what_was_held(void **state _unused_) {
        Ramp ramp = start();

        ramp.since_ms = 1000;
        ramp.held_ms = 500;
        assert_true(ramp_pause(&ramp, 10));
        assert_int_equal(ramp.held_ms, 500);
}

static void test_refusals_are_counted(void **state _unused_) {
        Ramp ramp = start();

        assert_false(ramp_is_to_abort(&ramp, 0, 0));
        assert_false(ramp_is_to_abort(&ramp, 0, 1));
        assert_true(ramp_is_to_abort(&ramp, 1000000, 2));
}

static void test_refusals_are_taken_in_percent(void **state _unused_) {
        Ramp ramp = parse("{\"steps\":[{\"weight\":1}],\"abort_on\":{\"refused_percent\":2.5}}");

        assert_false(ramp_is_to_abort(&ramp, 0, 0));
        assert_true(ramp_is_to_abort(&ramp, 39, 1));
        assert_false(ramp_is_to_abort(&ramp, 40, 1));
        assert_true(ramp_is_to_abort(&ramp, 0, 1));
}

static void test_whichever_limit_is_reached_first_counts(void **state _unused_) {
        Ramp ramp = parse("{\"steps\":[{\"weight\":1}],\"abort_on\":{\"refused\":3,\"refused_percent\":50}}");

        assert_false(ramp_is_to_abort(&ramp, 3, 2));
        assert_true(ramp_is_to_abort(&ramp, 2, 2));
        assert_true(ramp_is_to_abort(&ramp, 100, 3));
}

static void test_a_paused_ramp_is_guarded_and_one_that_is_done_is_not(void **state _unused_) {
        Ramp ramp = start();

        assert_true(ramp_pause(&ramp, 1));
        assert_true(ramp_is_to_abort(&ramp, 0, 2));
        ramp.state = RAMP_DONE;
        assert_false(ramp_is_to_abort(&ramp, 0, 2));
}

static void test_without_limits_nothing_aborts(void **state _unused_) {
        Ramp ramp = parse("{\"steps\":[{\"weight\":1}]}");

        assert_false(ramp_is_to_abort(&ramp, 0, 1000));
}

static void test_states_have_names(void **state _unused_) {
        assert_string_equal(ramp_state_to_string(RAMP_RUNNING), "running");
        assert_string_equal(ramp_state_to_string(RAMP_PAUSED), "paused");
        assert_string_equal(ramp_state_to_string(RAMP_DONE), "done");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_plan_is_read),
                cmocka_unit_test(test_a_new_ramp_is_at_its_first_step),
                cmocka_unit_test(test_all_but_the_steps_may_be_left_out),
                cmocka_unit_test(test_a_hold_is_a_number_and_a_unit),
                cmocka_unit_test(test_a_hold_of_another_form_is_refused),
                cmocka_unit_test(test_there_are_1_to_32_steps),
                cmocka_unit_test(test_a_fault_is_told_with_its_path),
                cmocka_unit_test(test_an_unknown_name_that_is_long_is_not_told),
                cmocka_unit_test(test_limits_of_refusals_are_read),
                cmocka_unit_test(test_limits_out_of_range_are_refused),
                cmocka_unit_test(test_the_rule_is_needed_where_there_are_several),
                cmocka_unit_test(test_a_plan_is_written_as_it_is_read),
                cmocka_unit_test(test_a_weight_needs_room_beside_the_other_arms),
                cmocka_unit_test(test_a_step_is_due_after_its_hold),
                cmocka_unit_test(test_after_the_last_step_it_is_done),
                cmocka_unit_test(test_a_pause_stops_the_clock),
                cmocka_unit_test(test_what_does_not_run_cannot_pause_or_advance),
                cmocka_unit_test(test_a_clock_set_back_takes_nothing_from_what_was_held),
                cmocka_unit_test(test_refusals_are_counted),
                cmocka_unit_test(test_refusals_are_taken_in_percent),
                cmocka_unit_test(test_whichever_limit_is_reached_first_counts),
                cmocka_unit_test(test_a_paused_ramp_is_guarded_and_one_that_is_done_is_not),
                cmocka_unit_test(test_without_limits_nothing_aborts),
                cmocka_unit_test(test_states_have_names),
        };

        return cmocka_run_group_tests_name("ramp", tests, NULL, NULL);
}
