/*
 * Rights: their names, and who has which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "access/access.h"

static void test_rights_have_names(void **state) {
        (void)state;

        assert_string_equal(right_to_string(RIGHT_READER), "reader");
        assert_string_equal(right_to_string(RIGHT_EDITOR), "editor");
        assert_string_equal(right_to_string(RIGHT_PUBLISHER), "publisher");
        assert_string_equal(right_to_string(RIGHT_ADMIN), "admin");
        for (int right = 0; right < RIGHT_N; right++)
                assert_non_null(right_to_string((Right)right));
}

static void test_nobody_may_what_is_not_public(void **state) {
        const Principal empty = { .is_admin = false };
        const Principal known = { .name = SPAN_LITERAL("user:reader") };

        (void)state;

        for (int right = 0; right < RIGHT_N; right++) {
                assert_int_equal(access_allows(NULL, (Right)right, SPAN_LITERAL("*")), right == RIGHT_PUBLIC);
                assert_int_equal(access_allows(&empty, (Right)right, SPAN_LITERAL("*")),
                                 right == RIGHT_PUBLIC);
                assert_int_equal(access_allows(&known, (Right)right, SPAN_LITERAL("prod")),
                                 right == RIGHT_PUBLIC || right == RIGHT_AUTHENTICATED);
        }
}

static void test_the_administrator_may_everything_that_somebody_decided(void **state) {
        const Principal admin = { .name = SPAN_LITERAL("user:admin"), .is_admin = true };

        (void)state;

        for (int right = 0; right < RIGHT_N; right++)
                assert_int_equal(access_allows(&admin, (Right)right, SPAN_NULL), right != RIGHT_UNSET);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rights_have_names),
                cmocka_unit_test(test_nobody_may_what_is_not_public),
                cmocka_unit_test(test_the_administrator_may_everything_that_somebody_decided),
        };

        return cmocka_run_group_tests_name("right", tests, NULL, NULL);
}
