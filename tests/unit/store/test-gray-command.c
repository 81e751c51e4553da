/*
 * Gray releases together with other operations of one command.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gray-suite.h"

static void test_a_version_is_saved_and_released_to_some_in_one_command(void **state _unused_) {
        publish_and_save(1);
        assert_int_equal(EXECUTE_ALL(save("prod", "app", "two"), set_gray(VERSION_2)), STORE_OK);
        assert_int_equal(suite.last->command.revision, 3);
        assert_int_equal(suite.newest->n_items, 1);
        assert_served("prod", "app", 1);
        assert_content(gray()->arms[0], SPAN_LITERAL("two"));
}

static void test_later_operations_see_the_gray_release_of_earlier_ones(void **state _unused_) {
        publish_and_save(3);
        assert_int_equal(EXECUTE_ALL(planned(set_gray(VERSION_2), PLAN), move(GRAY_MOVE_STEP),
                                     publish("prod", "app", 3), abort_gray(), set_gray(VERSIONS_2_3),
                                     promote(2), set_gray(VERSION_2)),
                         STORE_OK);
        assert_int_equal(suite.last->command.revision, 5);
        assert_served("prod", "app", 2);
        assert_int_equal(release_revision(served("prod", "app")), 5);
        assert_non_null(gray());
        assert_int_equal(count("outbox"), 8);
}

static void test_a_command_of_which_one_operation_is_refused_leaves_the_gray_release(void **state _unused_) {
        publish_and_save(3);
        ASSERT_ALL_REFUSED(STORE_E_GRAY_UNKNOWN, 1, publish("prod", "app", 2), abort_gray());
        assert_changes(set_gray(VERSION_2));
        ASSERT_ALL_REFUSED(STORE_E_GRAY_UNKNOWN, 2, set_gray(VERSIONS_2_3), promote(3), abort_gray());
        ASSERT_ALL_REFUSED(STORE_E_GRAY_INVALID, 2, delete ("prod", "app"), publish("prod", "app", 1),
                           set_gray("[{\"split\":[{\"version\":4,\"weight\":1}]}]"));
        assert_int_equal(gray()->n_arms, 1);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_a_version_is_saved_and_released_to_some_in_one_command),
                TEST(test_later_operations_see_the_gray_release_of_earlier_ones),
                TEST(test_a_command_of_which_one_operation_is_refused_leaves_the_gray_release),
        };

        return cmocka_run_group_tests_name("store gray-command", tests, silence_log, NULL);
}
