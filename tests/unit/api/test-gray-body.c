#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/gray_body.h"
#include "model/macros.h"
#include "model/ramp.h"

#define RULES "[{\"match\":{\"ring\":[\"canary\"]},\"split\":[{\"version\":9,\"weight\":10.5}]}]"
#define PLAN  "{\"steps\":[{\"weight\":1,\"hold\":\"10m\"},{\"weight\":100}],\"promote\":true}"

/* What a test reads a body with. */
typedef struct Attempt {
        Request request;
        json_t *rules;
        json_t *plan;
        Operation operation;
        GrayParts *parts;
} Attempt;

static bool fill(Attempt *attempt, const char *prefix, const char *rules, const char *plan, Span salt) {
        GrayBody body;

        *attempt = (Attempt){ .rules = json_loads(rules, 0, NULL) };
        attempt->plan = plan ? json_loads(plan, 0, NULL) : NULL;
        body = (GrayBody){ .rules = attempt->rules, .plan = attempt->plan, .salt = salt };
        return gray_fill(&attempt->request, prefix, &body, &attempt->operation, &attempt->parts);
}

static void attempt_deinit(Attempt *attempt) {
        json_decref(attempt->rules);
        json_decref(attempt->plan);
        gray_parts_free(attempt->parts);
        request_deinit(&attempt->request);
}

static void assert_refused(const Attempt *attempt, const char *field) {
        Span body = buf_span(&attempt->request.reply.body);
        json_auto_t *json = json_loadb(body.data, body.size, 0, NULL);
        json_t *detail = json_array_get(json_object_get(json, "details"), 0);

        assert_int_equal(attempt->request.reply.reason, REASON_INVALID_FIELD);
        assert_string_equal(json_string_value(json_object_get(detail, "field")), field);
}

static void test_rules_are_taken_as_one_line(void **state _unused_) {
        _cleanup_(attempt_deinit) Attempt attempt;

        assert_true(fill(
                &attempt, "",
                " [ {\"match\": {\"ring\": [\"canary\"]},\n\"split\": [{\"version\": 9, \"weight\": 10.5}]}]",
                NULL, SPAN_NULL));
        assert_int_equal(attempt.operation.type, OPERATION_GRAY_SET);
        assert_true(span_equal_string(gray_rules(attempt.operation.gray_set.rules), RULES));
        assert_null(attempt.operation.gray_set.ramp);
}

static void test_a_fresh_salt_is_16_digits_and_another_each_time(void **state _unused_) {
        _cleanup_(attempt_deinit) Attempt first, second;
        Span salt;

        assert_true(fill(&first, "", RULES, NULL, SPAN_NULL));
        assert_true(fill(&second, "", RULES, NULL, SPAN_NULL));
        assert_true(first.operation.gray_set.keeps_salt);
        salt = gray_salt(first.operation.gray_set.rules);
        assert_int_equal(salt.size, 16);
        for (size_t i = 0; i < salt.size; i++)
                assert_non_null(memchr("0123456789abcdef", salt.data[i], 16));
        assert_false(span_equal(salt, gray_salt(second.operation.gray_set.rules)));
}

static void test_weights_keep_their_value(void **state _unused_) {
        static const char *const weights[] = { "33.333", "0.001", "99.999", "12.3", "7" };
        char rules[128];

        for (size_t i = 0; i < ARRAY_SIZE(weights); i++) {
                _cleanup_(attempt_deinit) Attempt attempt;

                (void)snprintf(rules, sizeof(rules), "[{\"split\":[{\"version\":1,\"weight\":%s}]}]",
                               weights[i]);
                assert_true(fill(&attempt, "", rules, NULL, SPAN_LITERAL("s")));
                assert_true(span_equal_string(gray_rules(attempt.operation.gray_set.rules), rules));
                assert_true(span_equal_string(gray_salt(attempt.operation.gray_set.rules), "s"));
                assert_false(attempt.operation.gray_set.keeps_salt);
        }
}

static void test_a_plan_is_parsed(void **state _unused_) {
        _cleanup_(attempt_deinit) Attempt attempt;

        assert_true(fill(&attempt, "", RULES, PLAN, SPAN_NULL));
        assert_int_equal(attempt.operation.gray_set.ramp->n_steps, 2);
        assert_int_equal(attempt.operation.gray_set.ramp->steps[0].hold_ms, 600000);
        assert_true(attempt.operation.gray_set.ramp->promotes);
}

static void test_a_fault_is_told_with_the_operations_place(void **state _unused_) {
        static const struct {
                const char *rules;
                const char *plan;
                const char *field;
        } rows[] = {
                { "[]", NULL, "operations[3].rules" },
                { "[{\"split\":[{\"version\":1,\"weight\":-1}]}]", NULL,
                  "operations[3].rules[0].split[0].weight" },
                { RULES, "{}", "operations[3].plan.steps" },
                { RULES, "{\"steps\":[{\"weight\":1,\"hold\":\"x\"}]}", "operations[3].plan.steps[0].hold" },
                { "[{\"split\":[{\"version\":1,\"weight\":1},{\"version\":2,\"weight\":60}]}]",
                  "{\"steps\":[{\"weight\":40,\"hold\":\"1m\"},{\"weight\":41}]}",
                  "operations[3].plan.steps[1].weight" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(attempt_deinit) Attempt attempt;

                assert_false(fill(&attempt, "operations[3].", rows[i].rules, rows[i].plan, SPAN_NULL));
                assert_refused(&attempt, rows[i].field);
        }
}

static void test_a_salt_that_is_none_is_refused(void **state _unused_) {
        _cleanup_(attempt_deinit) Attempt empty, with_nul;

        assert_false(fill(&empty, "", RULES, NULL, SPAN_LITERAL("")));
        assert_refused(&empty, "salt");
        assert_false(fill(&with_nul, "", RULES, NULL, SPAN_LITERAL("a\0b")));
        assert_refused(&with_nul, "salt");
}

static void test_parts_of_several_are_freed_together(void **state _unused_) {
        json_auto_t *rules = json_loads(RULES, 0, NULL);
        GrayBody body = { .rules = rules };
        Operation operations[3] = { 0 };
        GrayParts *parts = NULL;
        Request request = { 0 };

        for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
                assert_true(gray_fill(&request, "", &body, &operations[i], &parts));
        for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
                assert_true(span_equal_string(gray_rules(operations[i].gray_set.rules), RULES));
        assert_null(gray_parts_free(parts));
        assert_null(gray_parts_free(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rules_are_taken_as_one_line),
                cmocka_unit_test(test_a_fresh_salt_is_16_digits_and_another_each_time),
                cmocka_unit_test(test_weights_keep_their_value),
                cmocka_unit_test(test_a_plan_is_parsed),
                cmocka_unit_test(test_a_fault_is_told_with_the_operations_place),
                cmocka_unit_test(test_a_salt_that_is_none_is_refused),
                cmocka_unit_test(test_parts_of_several_are_freed_together),
        };

        return cmocka_run_group_tests_name("gray-body", tests, NULL, NULL);
}
