/*
 * The ramp of a gray release: its plan, and the moves of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gray-suite.h"

/* PLAN as the store has it, with what it leaves out. */
#define PLAN_WRITTEN                                                                                         \
        "{\"steps\":[{\"weight\":1,\"hold\":\"10m\"},{\"weight\":10.5,\"hold\":\"30m\"},"                    \
        "{\"weight\":50,\"hold\":\"0ms\"}],\"rule\":0,\"promote\":false}"

/* The weight of the first arm, in thousandths of a percent. */
static void assert_first_weight(uint32_t expected) {
        assert_non_null(gray());
        assert_int_equal(gray_arm_weight(gray_first_arm(gray()->rules, 0)), expected);
}

static void test_a_plan_begins_with_its_first_step(void **state _unused_) {
        publish_and_save(2);
        assert_changes(planned(set_gray(VERSION_2), PLAN));
        assert_first_weight(1000);
        assert_non_null(gray()->ramp);
        assert_int_equal(gray()->ramp->state, RAMP_RUNNING);
        assert_int_equal(gray()->ramp->step, 0);
        assert_int_equal(gray()->ramp->n_steps, 3);
        assert_int_equal(gray()->ramp->held_ms, 0);
        assert_int_equal(gray()->ramp->since_ms, gray()->updated_at_ms);
        assert_rows(GRAY_COLUMNS, "1|2|fresh|" PLAN_WRITTEN "|0|0|\n");
}

static void test_a_plan_that_does_not_go_with_the_rules_is_refused(void **state _unused_) {
        publish_and_save(3);
        assert_refused_at(planned(set_gray(TWO_ARMS), PLAN_TOO_HEAVY), "plan.steps[1].weight");
        assert_changes(planned(set_gray(TWO_ARMS), PLAN));
}

/* Blanks make them as long. */
static char *rules_of_size(size_t size) {
        static const char end[] = "{\"split\":[{\"version\":2,\"weight\":1}]}]";
        char *rules = malloc(size + 1);

        assert_non_null(rules);
        memset(rules, ' ', size);
        rules[0] = '[';
        memcpy(rules + size + 1 - sizeof(end), end, sizeof(end));
        return rules;
}

static void test_with_a_plan_there_is_room_for_its_weights_in_the_rules(void **state _unused_) {
        char *rules = rules_of_size(GRAY_RULES_SIZE_MAX);

        publish_and_save(2);
        assert_changes(set_gray(rules));
        assert_refused_at(planned(set_gray(rules), PLAN), "rules");
        free(rules);

        rules = rules_of_size(GRAY_RULES_SIZE_MAX - 6);
        assert_changes(planned(set_gray(rules), "{\"steps\":[{\"weight\":99.999}]}"));
        assert_first_weight(99999);
        free(rules);
}

static void test_a_step_raises_the_weight(void **state _unused_) {
        publish_and_save(3);
        assert_changes(planned(set_gray(TWO_ARMS), PLAN));
        assert_changes(move(GRAY_MOVE_STEP));
        assert_first_weight(10500);
        assert_int_equal(gray()->ramp->step, 1);
        assert_int_equal(gray()->n_arms, 2);
        assert_audited("gray.step prod/app - 6");
        assert_rows(LAST_DETAILS, "gray.step|{\"rule\":0,\"weight\":10.5,\"step\":1}|\n");
        assert_rows(LAST_EVENT, "3|(null)|(null)|(null)|6|user:admin|move|\n");
        assert_rows(LAST_OUTBOX, "6|prod|app|1|\n");
        assert_changes(move(GRAY_MOVE_STEP));
        assert_first_weight(50000);
        assert_salt("fresh");
}

static void test_the_arms_bear_who_set_their_rules(void **state _unused_) {
        publish_and_save(2);
        assert_changes(planned(set_gray(VERSION_2), PLAN));
        assert_changes(move(GRAY_MOVE_PAUSE));
        assert_holds(gray()->arms[0], "\"comment\":\"canaries\"");
        assert_int_equal(release_revision(gray()->arms[0]), revision());
        assert_changes(move(GRAY_MOVE_RESUME));
        assert_changes(move(GRAY_MOVE_STEP));
        assert_holds(gray()->arms[0], "\"comment\":\"move\"");
        assert_changes(save_and_publish("prod", "app", "three"));
        assert_holds(gray()->arms[0], "\"comment\":\"move\"");
}

static void test_from_the_last_step_it_is_done_and_the_rules_stay(void **state _unused_) {
        publish_and_save(2);
        assert_changes(planned(set_gray(VERSION_2), PLAN));
        assert_changes(move(GRAY_MOVE_STEP));
        assert_changes(move(GRAY_MOVE_STEP));
        assert_changes(move(GRAY_MOVE_STEP));
        assert_int_equal(gray()->ramp->state, RAMP_DONE);
        assert_first_weight(50000);
        assert_refused(move(GRAY_MOVE_STEP), STORE_E_RAMP_STATE);
        assert_refused(move(GRAY_MOVE_PAUSE), STORE_E_RAMP_STATE);
        assert_refused(move(GRAY_MOVE_RESUME), STORE_E_RAMP_STATE);
        assert_changes(promote(0));
}

static void test_what_is_paused_is_resumed_and_not_stepped(void **state _unused_) {
        publish_and_save(2);
        assert_changes(planned(set_gray(VERSION_2), PLAN));
        assert_refused(move(GRAY_MOVE_RESUME), STORE_E_RAMP_STATE);
        assert_changes(move(GRAY_MOVE_PAUSE));
        assert_audited("gray.pause prod/app 2 5");
        assert_int_equal(gray()->ramp->state, RAMP_PAUSED);
        assert_refused(move(GRAY_MOVE_PAUSE), STORE_E_RAMP_STATE);
        assert_refused(move(GRAY_MOVE_STEP), STORE_E_RAMP_STATE);
        assert_changes(move(GRAY_MOVE_RESUME));
        assert_audited("gray.resume prod/app 2 6");
        assert_int_equal(gray()->ramp->state, RAMP_RUNNING);
        assert_first_weight(1000);
}

static void test_without_a_plan_there_is_nothing_to_move(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_refused(move(GRAY_MOVE_PAUSE), STORE_E_RAMP_STATE);
        assert_refused(move(GRAY_MOVE_RESUME), STORE_E_RAMP_STATE);
        assert_refused(move(GRAY_MOVE_STEP), STORE_E_RAMP_STATE);
}

static void test_rules_without_a_plan_drop_the_plan(void **state _unused_) {
        publish_and_save(2);
        assert_changes(planned(set_gray(VERSION_2), PLAN));
        assert_changes(set_gray(VERSION_2));
        assert_null(gray()->ramp);
        assert_first_weight(100000);
        assert_rows(GRAY_COLUMNS, "1|3|fresh|(null)|(null)|(null)|\n");
        assert_changes(planned(set_gray(VERSION_2), PLAN));
        assert_int_equal(gray()->ramp->step, 0);
}

static void test_the_second_rule_is_raised_where_the_plan_says_so(void **state _unused_) {
        const GrayArm *arms;

        publish_and_save(3);
        assert_changes(planned(set_gray(VERSIONS_2_3),
                               "{\"rule\":1,\"steps\":[{\"weight\":0.001,\"hold\":\"1s\"},{\"weight\":7}]}"));
        assert_changes(move(GRAY_MOVE_STEP));
        arms = gray_arms(gray()->rules, &(size_t){ 0 });
        assert_int_equal(arms[0].to, 100000);
        assert_int_equal(arms[1].to, 7000);
        assert_int_equal(arms[2].to, 17500);
        assert_rows(LAST_DETAILS, "gray.step|{\"rule\":1,\"weight\":7,\"step\":1}|\n");
}

static Operation at_revision(Operation operation, uint64_t expected) {
        if (operation.type == OPERATION_GRAY_MOVE)
                operation.gray_move.expected_revision = expected;
        else
                operation.gray_end.expected_revision = expected;
        return operation;
}

static void test_a_move_for_another_revision_is_refused(void **state _unused_) {
        const Operation moves[] = { move(GRAY_MOVE_STEP), move(GRAY_MOVE_PAUSE), promote(0), abort_gray() };

        publish_and_save(2);
        assert_changes(planned(set_gray(VERSION_2), PLAN)); /* revision 4 */
        assert_changes(create_namespace("dev"));            /* touches no release */
        for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
                assert_refused(at_revision(moves[i], 3), STORE_E_RAMP_STATE);
                assert_refused(at_revision(moves[i], 5), STORE_E_RAMP_STATE);
        }
        assert_changes(at_revision(move(GRAY_MOVE_STEP), 4));
        assert_refused(at_revision(move(GRAY_MOVE_STEP), 4), STORE_E_RAMP_STATE);
        assert_changes(publish("prod", "app", 2));
        assert_refused(at_revision(promote(0), 6), STORE_E_RAMP_STATE);
        assert_changes(at_revision(promote(0), 7));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_a_plan_begins_with_its_first_step),
                TEST(test_a_plan_that_does_not_go_with_the_rules_is_refused),
                TEST(test_with_a_plan_there_is_room_for_its_weights_in_the_rules),
                TEST(test_a_step_raises_the_weight),
                TEST(test_the_arms_bear_who_set_their_rules),
                TEST(test_from_the_last_step_it_is_done_and_the_rules_stay),
                TEST(test_what_is_paused_is_resumed_and_not_stepped),
                TEST(test_without_a_plan_there_is_nothing_to_move),
                TEST(test_rules_without_a_plan_drop_the_plan),
                TEST(test_the_second_rule_is_raised_where_the_plan_says_so),
                TEST(test_a_move_for_another_revision_is_refused),
        };

        return cmocka_run_group_tests_name("store gray-ramp", tests, silence_log, NULL);
}
