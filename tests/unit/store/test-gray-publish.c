/*
 * Publishes and saves while a gray release runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gray-suite.h"

static void test_a_publish_moves_stable_and_leaves_the_gray_release(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_changes(save_and_publish("prod", "app", "three"));
        assert_served("prod", "app", 3);
        assert_content(served("prod", "app"), SPAN_LITERAL("three"));
        assert_content(gray()->arms[0], SPAN_LITERAL("two"));
        assert_int_equal(release_revision(gray()->arms[0]), revision());
        assert_holds(gray()->arms[0], "\"comment\":\"canaries\"");
        assert_changes(publish("prod", "app", 2));
        assert_served("prod", "app", 2);
        assert_non_null(gray());
        assert_changes(roll_back("prod", "app", 0));
        assert_served("prod", "app", 3);
        assert_non_null(gray());
}

static void test_what_is_in_force_is_answered_with_its_gray_release(void **state _unused_) {
        publish_and_save(2);
        assert_changes(publish("prod", "app", 2));
        assert_changes(set_gray(VERSION_2));
        assert_no_op(publish("prod", "app", 2));
        assert_non_null(RESULT.release->gray);
        assert_int_equal(release_revision(RESULT.release), revision());
        assert_no_op(save_and_publish("prod", "app", "two"));
        assert_non_null(RESULT.release->gray);
}

static void test_a_save_is_shown_without_the_gray_release(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_changes(save("prod", "app", "three"));
        assert_null(RESULT.release->gray);
        assert_int_equal(suite.newest->n_items, 0);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_a_publish_moves_stable_and_leaves_the_gray_release),
                TEST(test_what_is_in_force_is_answered_with_its_gray_release),
                TEST(test_a_save_is_shown_without_the_gray_release),
        };

        return cmocka_run_group_tests_name("store gray-publish", tests, silence_log, NULL);
}
