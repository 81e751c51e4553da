/*
 * What the arms of rules say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gray_fixture.h"
#include "model/gray.h"
#include "model/macros.h"

/* Two rules: arms 0 and 1, arms 2 to 4. */
#define TWO_RULES                                                                                            \
        "[{\"split\":[{\"version\":7,\"weight\":0},{\"version\":8,\"weight\":33.333}]},"                     \
        "{\"split\":[{\"version\":9,\"weight\":50},{\"version\":8,\"weight\":0.5},"                          \
        "{\"version\":7,\"weight\":1}]}]"
#define ONE_VERSION "[{\"split\":[{\"version\":3,\"weight\":1}]},{\"split\":[{\"version\":3,\"weight\":2}]}]"

static void test_each_rule_has_its_arms(void **state _unused_) {
        static const size_t indexes[] = { 0, 1, 0, 1, 2 };
        _cleanup_(gray_unrefp) Gray *gray = compile(TWO_RULES);
        size_t n_arms, n;
        const GrayArm *arms = gray_arms(gray, &n_arms);

        assert_int_equal(gray_n_rules(gray), 2);
        assert_int_equal(n_arms, ARRAY_SIZE(indexes));
        for (size_t i = 0; i < n_arms; i++)
                assert_int_equal(gray_arm_index(gray, i), indexes[i]);

        assert_ptr_equal(gray_arms_of_rule(gray, 0, &n), arms);
        assert_int_equal(n, 2);
        assert_ptr_equal(gray_arms_of_rule(gray, 1, &n), arms + 2);
        assert_int_equal(n, 3);
        assert_ptr_equal(gray_first_arm(gray, 0), arms);
        assert_ptr_equal(gray_first_arm(gray, 1), arms + 2);
}

static void test_a_weight_is_that_of_the_arm_alone(void **state _unused_) {
        _cleanup_(gray_unrefp) Gray *gray = compile(TWO_RULES);
        const GrayArm *arms = gray_arms(gray, &(size_t){ 0 });

        assert_int_equal(gray_arm_weight(&arms[0]), 0);
        assert_int_equal(gray_arm_weight(&arms[1]), 33333);
        assert_int_equal(gray_arm_weight(&arms[3]), 500);
}

static void test_versions_are_those_of_all_rules(void **state _unused_) {
        _cleanup_(gray_unrefp) Gray *several = compile(TWO_RULES), *one = compile(ONE_VERSION);

        assert_true(gray_names_version(several, 7));
        assert_true(gray_names_version(several, 9));
        assert_false(gray_names_version(several, 6));
        assert_int_equal(gray_only_version(several), 0);
        assert_int_equal(gray_only_version(one), 3);
}

static void test_a_version_that_is_not_there_is_told_with_its_path(void **state _unused_) {
        _cleanup_(gray_unrefp) Gray *gray = compile(TWO_RULES);
        Problem problem = PROBLEM_NULL;

        assert_int_equal(gray_check_versions(gray, 9, &problem), 0);
        assert_string_equal(problem.field, "");

        assert_int_equal(gray_check_versions(gray, 8, &problem), GRAY_E_INVALID);
        assert_string_equal(problem.field, "rules[1].split[0].version");
        assert_string_equal(problem.text, "there is no version 9, the newest is 8");

        assert_int_equal(gray_check_versions(gray, 7, &problem), GRAY_E_INVALID);
        assert_string_equal(problem.field, "rules[0].split[1].version");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_rule_has_its_arms),
                cmocka_unit_test(test_a_weight_is_that_of_the_arm_alone),
                cmocka_unit_test(test_versions_are_those_of_all_rules),
                cmocka_unit_test(test_a_version_that_is_not_there_is_told_with_its_path),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
