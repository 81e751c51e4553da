/*
 * What ends a gray release: a promotion, an abort, a rollback that is to, a delete.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gray-suite.h"

static void test_where_none_runs_there_is_nothing_to_move_or_end(void **state _unused_) {
        publish_and_save(2);
        assert_refused(promote(0), STORE_E_GRAY_UNKNOWN);
        assert_refused(abort_gray(), STORE_E_GRAY_UNKNOWN);
        assert_refused(move(GRAY_MOVE_PAUSE), STORE_E_GRAY_UNKNOWN);
        assert_changes(set_gray(VERSION_2));
        assert_changes(abort_gray());
        assert_refused(abort_gray(), STORE_E_GRAY_UNKNOWN);
}

static void test_promoting_publishes_the_gray_version_and_ends_it(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_changes(promote(0));
        assert_int_equal(RESULT.version, 2);
        assert_served("prod", "app", 2);
        assert_null(gray());
        assert_holds(served("prod", "app"), "\"comment\":\"promote\"");
        assert_audited("gray.promote prod/app 2 5");
        assert_rows(LAST_EVENT, "4|2|1|(null)|5|user:admin|promote|\n");
        assert_rows(LAST_OUTBOX, "5|prod|app|2|\n");
        assert_int_equal(count("grays"), 0);
        assert_int_equal(suite.newest->n_items, 1);
}

static void test_of_several_versions_the_one_to_promote_is_named(void **state _unused_) {
        publish_and_save(4);
        assert_changes(set_gray(VERSIONS_2_3));
        assert_refused_at(promote(0), "version");
        assert_refused_at(promote(4), "version");
        assert_refused_at(promote(1), "version");
        assert_changes(promote(3));
        assert_served("prod", "app", 3);
        assert_null(gray());
}

static void test_what_is_in_force_already_is_promoted_all_the_same(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_changes(publish("prod", "app", 2));
        assert_changes(promote(0));
        assert_rows(LAST_EVENT, "4|2|2|(null)|6|user:admin|promote|\n");
        assert_null(gray());
}

static void test_a_promotion_is_a_step_of_walking_back(void **state _unused_) {
        publish_and_save(3);
        assert_changes(set_gray(VERSION_2));
        assert_changes(promote(0));
        assert_changes(publish("prod", "app", 3));
        assert_changes(roll_back("prod", "app", 0));
        assert_served("prod", "app", 2);
        assert_changes(roll_back("prod", "app", 0));
        assert_served("prod", "app", 1);
        assert_refused(roll_back("prod", "app", 0), STORE_E_NOTHING_TO_ROLL_BACK);
}

static void test_an_abort_leaves_what_is_in_force(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_changes(abort_gray());
        assert_int_equal(RESULT.version, 1);
        assert_served("prod", "app", 1);
        assert_null(gray());
        assert_int_equal(release_revision(served("prod", "app")), revision());
        assert_holds(served("prod", "app"), "\"comment\":\"put\"");
        assert_audited("gray.abort prod/app 2 5");
        assert_rows(LAST_EVENT, "5|2|(null)|(null)|5|user:admin|abort|\n");
        assert_rows(LAST_OUTBOX, "5|prod|app|1|\n");
        assert_int_equal(count("grays"), 0);
}

static void test_a_rollback_ends_it_when_asked_to(void **state _unused_) {
        publish_and_save(2);
        assert_changes(publish("prod", "app", 2));
        assert_changes(set_gray(VERSION_2));
        assert_changes(ending_gray(roll_back("prod", "app", 0)));
        assert_served("prod", "app", 1);
        assert_null(gray());
        assert_rows(LAST_DETAILS, "config.rollback|{\"end_gray\":true}|\n");
        assert_rows(LAST_EVENT, "1|1|2|1|6|user:admin|rollback|\n");
        assert_int_equal(count("grays"), 0);
}

static void test_a_rollback_to_what_is_in_force_may_end_it_alone(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_no_op(roll_back("prod", "app", 1));
        assert_non_null(RESULT.release->gray);
        assert_changes(ending_gray(roll_back("prod", "app", 1)));
        assert_audited("gray.abort prod/app 2 5");
        assert_rows(LAST_EVENT, "5|2|(null)|(null)|5|user:admin|rollback|\n");
        assert_null(gray());
        assert_no_op(ending_gray(roll_back("prod", "app", 1)));
}

static void test_a_rollback_that_finds_none_ends_none(void **state _unused_) {
        publish_and_save(2);
        assert_changes(publish("prod", "app", 2));
        assert_changes(ending_gray(roll_back("prod", "app", 1)));
        assert_rows(LAST_DETAILS, "config.rollback|(null)|\n");
}

static void test_a_refused_rollback_ends_none(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_refused(ending_gray(roll_back("prod", "app", 0)), STORE_E_NOTHING_TO_ROLL_BACK);
        assert_refused(ending_gray(roll_back("prod", "app", 9)), STORE_E_VERSION_UNKNOWN);
}

static void test_a_delete_ends_it(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_changes(delete ("prod", "app"));
        assert_served("prod", "app", 0);
        assert_int_equal(count("grays"), 0);
        assert_rows(LAST_EVENT, "2|(null)|1|(null)|5|user:admin|delete|\n");
        assert_refused(abort_gray(), STORE_E_GRAY_UNKNOWN);
        assert_changes(roll_back("prod", "app", 0));
        assert_served("prod", "app", 1);
        assert_null(gray());
}

static void test_a_namespace_takes_gray_releases_with_it(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_changes(delete_namespace("prod", true));
        assert_int_equal(count("grays"), 0);
        assert_changes(create_namespace("prod"));
        assert_changes(publish("prod", "app", 2));
        assert_null(gray());
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_where_none_runs_there_is_nothing_to_move_or_end),
                TEST(test_promoting_publishes_the_gray_version_and_ends_it),
                TEST(test_of_several_versions_the_one_to_promote_is_named),
                TEST(test_what_is_in_force_already_is_promoted_all_the_same),
                TEST(test_a_promotion_is_a_step_of_walking_back),
                TEST(test_an_abort_leaves_what_is_in_force),
                TEST(test_a_rollback_ends_it_when_asked_to),
                TEST(test_a_rollback_to_what_is_in_force_may_end_it_alone),
                TEST(test_a_rollback_that_finds_none_ends_none),
                TEST(test_a_refused_rollback_ends_none),
                TEST(test_a_delete_ends_it),
                TEST(test_a_namespace_takes_gray_releases_with_it),
        };

        return cmocka_run_group_tests_name("store gray-end", tests, silence_log, NULL);
}
