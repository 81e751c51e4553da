/*
 * Setting a gray release: what it lies on, its salt, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gray-suite.h"

static Operation salted(Operation operation, const char *salt, bool is_asked_for) {
        operation.gray_set.rules = compile_rules(gray_rules(operation.gray_set.rules), salt);
        operation.gray_set.keeps_salt = !is_asked_for;
        return operation;
}

static void test_a_gray_release_lies_on_the_version_in_force(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_served("prod", "app", 1);
        assert_int_equal(RESULT.version, 1);
        assert_false(RESULT.created);
        assert_true(span_equal(release_json(RESULT.release), release_json(served("prod", "app"))));
        assert_int_equal(gray()->n_arms, 1);
        assert_int_equal(release_version(gray()->arms[0]), 2);
        assert_content(gray()->arms[0], SPAN_LITERAL("two"));
        assert_null(gray()->ramp);
        assert_salt("fresh");
}

static void test_setting_it_moves_the_revision_and_leaves_the_publish(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_int_equal(release_revision(served("prod", "app")), revision());
        assert_holds(served("prod", "app"), "\"updated_by\":\"user:admin\",\"comment\":\"put\"");
        assert_int_equal(release_revision(gray()->arms[0]), revision());
        assert_holds(gray()->arms[0], "\"updated_by\":\"user:admin\",\"comment\":\"canaries\"");
}

static void test_setting_it_is_written_down_everywhere(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_audited("gray.set prod/app 2 4");
        assert_rows(LAST_DETAILS, "gray.set|{\"salt\":\"fresh\",\"rules\":" VERSION_2 ",\"plan\":null}|\n");
        assert_rows(LAST_EVENT, "3|2|(null)|(null)|4|user:admin|canaries|\n");
        assert_rows(LAST_OUTBOX, "4|prod|app|1|\n");
        assert_rows(GRAY_COLUMNS, "1|2|fresh|(null)|(null)|(null)|\n");
        assert_int_equal(suite.newest->n_items, 1);
        assert_true(suite.newest->items[0].release->gray != NULL);
}

static void test_rules_of_several_versions_are_of_none_in_the_history(void **state _unused_) {
        publish_and_save(3);
        assert_changes(set_gray(VERSIONS_2_3));
        assert_audited("gray.set prod/app - 5");
        assert_rows(LAST_EVENT, "3|(null)|(null)|(null)|5|user:admin|canaries|\n");
        assert_int_equal(gray()->n_arms, 3);
        assert_ptr_equal(gray()->arms[0], gray()->arms[1]);
        assert_content(gray()->arms[2], SPAN_LITERAL("three"));
}

static void test_an_empty_content_is_served_by_an_arm(void **state _unused_) {
        publish_and_save(1);
        assert_changes(save("prod", "app", ""));
        assert_changes(set_gray(VERSION_2));
        assert_content(gray()->arms[0], SPAN_LITERAL(""));
}

static void test_the_salt_stays_as_long_as_it_runs(void **state _unused_) {
        publish_and_save(3);
        assert_changes(salted(set_gray(VERSION_2), "first", false));
        assert_changes(salted(set_gray(VERSIONS_2_3), "second", false));
        assert_salt("first");
        assert_changes(publish("prod", "app", 3));
        assert_changes(salted(set_gray(VERSION_2), "third", false));
        assert_salt("first");
        assert_int_equal(count("grays"), 1);
        assert_changes(abort_gray());
        assert_changes(salted(set_gray(VERSION_2), "fourth", false));
        assert_salt("fourth");
}

static void test_a_salt_that_is_asked_for_is_taken(void **state _unused_) {
        publish_and_save(2);
        assert_changes(salted(set_gray(VERSION_2), "mine \"\\\xc3\xa9", true));
        assert_salt("mine \"\\\xc3\xa9");
        assert_changes(salted(set_gray(VERSION_2), "other", true));
        assert_salt("other");
}

static void test_a_version_that_does_not_exist_is_named_by_its_path(void **state _unused_) {
        publish_and_save(2);
        assert_refused_at(set_gray("[{\"split\":[{\"version\":3,\"weight\":1}]}]"),
                          "rules[0].split[0].version");
        assert_refused_at(set_gray(VERSIONS_2_3), "rules[1].split[1].version");
        assert_changes(set_gray(VERSION_2));
        assert_refused_at(set_gray(VERSIONS_2_3), "rules[1].split[1].version");
}

static void test_rules_that_are_written_as_they_came_are_not_compiled_anew(void **state _unused_) {
        Operation operation;

        publish_and_save(2);
        operation = set_gray(VERSION_2);
        assert_changes(operation);
        assert_ptr_equal(gray()->rules, operation.gray_set.rules);

        operation = salted(set_gray(VERSION_2), "other", false);
        assert_changes(operation);
        assert_ptr_not_equal(gray()->rules, operation.gray_set.rules);
        assert_salt("fresh");
}

static void test_it_lies_on_a_version_in_force_only(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(save("prod", "app", "2"));
        assert_refused(set_gray(VERSION_2), STORE_E_GRAY_NOTHING_STABLE);
        assert_changes(publish("prod", "app", 1));
        assert_changes(delete ("prod", "app"));
        assert_refused(set_gray(VERSION_2), STORE_E_GRAY_NOTHING_STABLE);
}

static void test_what_does_not_exist_has_no_gray_release(void **state _unused_) {
        publish_and_save(2);
        assert_refused(on("prod", "none", set_gray(VERSION_2)), STORE_E_CONFIG_UNKNOWN);
        assert_refused(on("dev", "app", set_gray(VERSION_2)), STORE_E_NAMESPACE_UNKNOWN);
        assert_refused(on("prod", "none", abort_gray()), STORE_E_CONFIG_UNKNOWN);
        assert_refused(on("dev", "app", promote(0)), STORE_E_NAMESPACE_UNKNOWN);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_a_gray_release_lies_on_the_version_in_force),
                TEST(test_setting_it_moves_the_revision_and_leaves_the_publish),
                TEST(test_setting_it_is_written_down_everywhere),
                TEST(test_rules_of_several_versions_are_of_none_in_the_history),
                TEST(test_an_empty_content_is_served_by_an_arm),
                TEST(test_the_salt_stays_as_long_as_it_runs),
                TEST(test_a_salt_that_is_asked_for_is_taken),
                TEST(test_a_version_that_does_not_exist_is_named_by_its_path),
                TEST(test_rules_that_are_written_as_they_came_are_not_compiled_anew),
                TEST(test_it_lies_on_a_version_in_force_only),
                TEST(test_what_does_not_exist_has_no_gray_release),
        };

        return cmocka_run_group_tests_name("store gray-set", tests, silence_log, NULL);
}
