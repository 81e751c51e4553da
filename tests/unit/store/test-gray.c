/*
 * Gray releases in the store: what each command makes of them, and what of them a server finds when it
 * starts.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/buf.h"
#include "model/gray_release.h"
#include "store/maintenance.h"
#include "store/reader.h"
#include "suite.h"

#define VERSION_2 "[{\"split\":[{\"version\":2,\"weight\":100}]}]"
#define VERSIONS_2_3                                                                                         \
        "[{\"match\":{\"ring\":[\"canary\"]},\"split\":[{\"version\":2,\"weight\":100}]},"                   \
        "{\"split\":[{\"version\":2,\"weight\":5},{\"version\":3,\"weight\":10.5}]}]"
#define TWO_ARMS "[{\"split\":[{\"version\":2,\"weight\":1},{\"version\":3,\"weight\":50}]}]"
#define PLAN                                                                                                 \
        "{\"steps\":[{\"weight\":1,\"hold\":\"10m\"},{\"weight\":10.5,\"hold\":\"30m\"},{\"weight\":50}]}"
#define PLAN_TOO_HEAVY "{\"steps\":[{\"weight\":1,\"hold\":\"10m\"},{\"weight\":50.001}]}"

/*
 * Operations.
 */

static Operation salted(Operation operation, const char *salt, const char *fresh_salt) {
        operation.gray_set.salt = span(salt);
        operation.gray_set.fresh_salt = span(fresh_salt);
        return operation;
}

/* Good until the next one is planned. */
static Operation planned(Operation operation, const char *plan) {
        _cleanup_(gray_freep) Gray *rules = NULL;
        static Ramp ramp;
        Problem problem;

        if (gray_new(operation.gray_set.rules, SPAN_LITERAL("any"), &rules, &problem) ||
            ramp_parse(span(plan), gray_n_rules(rules), &ramp, &problem))
                fail_msg("%s: %s", problem.field, problem.text);
        operation.gray_set.ramp = &ramp;
        operation.gray_set.plan = span(plan);
        return operation;
}

static Operation move(GrayMove move) {
        return (Operation){ .type = OPERATION_GRAY_MOVE,
                            .namespace = SPAN_LITERAL("prod"),
                            .key = SPAN_LITERAL("app"),
                            .comment = SPAN_LITERAL("move"),
                            .gray_move = { .move = move } };
}

/* Version 1 is in force, up to @n are saved. */
static void publish_and_save(int n) {
        static const char *const contents[] = { "one", "two", "three", "four" };

        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", contents[0]));
        for (int i = 1; i < n; i++)
                assert_changes(save("prod", "app", contents[i]));
}

/*
 * What is to be seen.
 */

static const GrayRelease *gray(void) {
        const Release *release = served("prod", "app");

        assert_non_null(release);
        return release->gray;
}

static Span salt(void) {
        assert_non_null(gray());
        return gray_salt(gray()->rules);
}

static void assert_salt(const char *expected) {
        assert_true(span_equal_string(salt(), expected));
}

/* The weight of the first arm, in thousandths of a percent. */
static void assert_first_weight(uint32_t expected) {
        const GrayArm *arms;

        assert_non_null(gray());
        arms = gray_arms(gray()->rules, &(size_t){ 0 });
        assert_int_equal(arms[0].to - arms[0].from, expected);
}

static void assert_holds(const Release *release, const char *expected) {
        Span json = release_json(release);

        if (!memmem(json.data, json.size, expected, strlen(expected)))
                fail_msg("%.*s does not hold %s", (int)json.size, json.data, expected);
}

static void assert_rows(const char *text, const char *expected) {
        char *rows = dump(&text, 1);

        assert_string_equal(rows, expected);
        free(rows);
}

#define LAST_EVENT                                                                                           \
        "SELECT kind, version, from_version, restores, revision, created_by, comment FROM releases ORDER BY" \
        " id DESC LIMIT 1"
#define LAST_OUTBOX  "SELECT revision, namespace, key, version FROM outbox ORDER BY id DESC LIMIT 1"
#define LAST_DETAILS "SELECT action, details FROM audit ORDER BY id DESC LIMIT 1"
#define GRAY_COLUMNS "SELECT config_id, event_id, salt, plan, ramp_state, ramp_step FROM grays"

static void assert_refused_at(Operation operation, const char *field) {
        assert_refused(operation, STORE_E_GRAY_VERSION);
        assert_string_equal(suite.last->command.problem.field, field);
}

/*
 * Setting.
 */

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
        assert_changes(salted(set_gray(VERSION_2), NULL, "first"));
        assert_changes(salted(set_gray(VERSIONS_2_3), NULL, "second"));
        assert_salt("first");
        assert_changes(publish("prod", "app", 3));
        assert_changes(salted(set_gray(VERSION_2), NULL, "third"));
        assert_salt("first");
        assert_int_equal(count("grays"), 1);
        assert_changes(abort_gray());
        assert_changes(salted(set_gray(VERSION_2), NULL, "fourth"));
        assert_salt("fourth");
}

static void test_a_salt_that_is_asked_for_is_taken(void **state _unused_) {
        publish_and_save(2);
        assert_changes(salted(set_gray(VERSION_2), "mine \"\\\xc3\xa9", "fresh"));
        assert_salt("mine \"\\\xc3\xa9");
        assert_changes(salted(set_gray(VERSION_2), "other", "fresh"));
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

static void test_rules_that_are_none_are_refused_by_the_store_too(void **state _unused_) {
        publish_and_save(2);
        assert_refused(set_gray("[]"), STORE_E_GRAY_VERSION);
        assert_refused(set_gray("[{\"split\":[{\"version\":2,\"weight\":101}]}]"), STORE_E_GRAY_VERSION);
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

static void test_where_none_runs_there_is_nothing_to_move_or_end(void **state _unused_) {
        publish_and_save(2);
        assert_refused(promote(0), STORE_E_GRAY_UNKNOWN);
        assert_refused(abort_gray(), STORE_E_GRAY_UNKNOWN);
        assert_refused(move(GRAY_MOVE_PAUSE), STORE_E_GRAY_UNKNOWN);
        assert_changes(set_gray(VERSION_2));
        assert_changes(abort_gray());
        assert_refused(abort_gray(), STORE_E_GRAY_UNKNOWN);
}

/*
 * Meanwhile.
 */

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

/*
 * Its ends.
 */

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

/*
 * History.
 */

static void test_walking_back_passes_over_gray_events(void **state _unused_) {
        publish_and_save(3);
        assert_changes(set_gray(VERSION_2));
        assert_changes(publish("prod", "app", 2));
        assert_changes(abort_gray());
        assert_changes(set_gray(VERSION_2));
        assert_changes(publish("prod", "app", 3));
        assert_changes(set_gray(VERSION_2));
        assert_changes(roll_back("prod", "app", 0));
        assert_served("prod", "app", 2);
        assert_changes(roll_back("prod", "app", 0));
        assert_served("prod", "app", 1);
        assert_refused(roll_back("prod", "app", 0), STORE_E_NOTHING_TO_ROLL_BACK);
}

static void test_a_rollback_restores_a_release_and_no_gray_event(void **state _unused_) {
        publish_and_save(3);
        assert_changes(set_gray(VERSION_2)); /* event 2 */
        assert_changes(abort_gray());        /* event 3 */
        assert_changes(roll_back("prod", "app", 2));
        assert_rows(LAST_EVENT, "1|2|1|(null)|7|user:admin|rollback|\n");
        assert_changes(set_gray(VERSION_2));
        assert_changes(publish("prod", "app", 3));
        assert_changes(roll_back("prod", "app", 2));
        assert_rows(LAST_EVENT, "1|2|3|4|10|user:admin|rollback|\n");
}

static void test_after_a_delete_what_was_in_force_comes_back_and_not_a_gray_event(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_changes(abort_gray());
        assert_changes(delete ("prod", "app"));
        assert_changes(roll_back("prod", "app", 0));
        assert_rows(LAST_EVENT, "1|1|(null)|1|7|user:admin|rollback|\n");
}

static int append_kind(void *context, const ReleaseRow *row) {
        buf_append_format(context, "%s %" PRId64 " %" PRId64 "\n", release_kind_to_string(row->kind),
                          row->version, row->from_version);
        return 0;
}

static int append_revision(void *context, const ConfigRow *row) {
        buf_append_format(context, "%" PRId64 " %" PRIu64 " ", row->data.version, row->data.revision);
        buf_append_span(context, row->data.comment);
        return 0;
}

static Reader *open_reader(void) {
        Reader *reader;
        Problem problem;

        if (reader_open(suite.fixture->path, &reader, &problem))
                fail_msg("%s", problem.text);
        return reader;
}

static void test_gray_events_stand_in_the_history(void **state _unused_) {
        HistoryQuery query = { .namespace = SPAN_LITERAL("prod"), .key = SPAN_LITERAL("app"), .limit = 100 };
        _cleanup_(reader_closep) Reader *reader = NULL;
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        bool more;

        publish_and_save(3);
        assert_changes(set_gray(VERSIONS_2_3));
        assert_changes(set_gray(VERSION_2));
        assert_changes(abort_gray());
        assert_changes(set_gray(VERSION_2));
        assert_changes(promote(2));

        reader = open_reader();
        assert_int_equal(reader_list_releases(reader, &query, append_kind, &text, &more), 0);
        assert_true(span_equal_string(buf_span(&text),
                                      "promote 2 1\ngray 2 0\nabort 2 0\ngray 2 0\ngray 0 0\n"
                                      "publish 1 0\n"));
}

static void
test_a_list_shows_the_revision_of_the_gray_release_and_the_comment_of_the_publish(void **state _unused_) {
        ConfigQuery query = { .namespace = SPAN_LITERAL("prod"), .limit = 100 };
        _cleanup_(reader_closep) Reader *reader = NULL;
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        bool more;

        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        reader = open_reader();
        assert_int_equal(reader_list_configs(reader, &query, append_revision, &text, &more), 0);
        assert_true(span_equal_string(buf_span(&text), "1 4 put"));
}

static void test_every_change_is_audited_in_order(void **state _unused_) {
        publish_and_save(2);
        assert_changes(planned(set_gray(VERSION_2), PLAN));
        assert_changes(move(GRAY_MOVE_PAUSE));
        assert_changes(move(GRAY_MOVE_RESUME));
        assert_changes(move(GRAY_MOVE_STEP));
        assert_changes(promote(0));
        assert_changes(set_gray(VERSION_2));
        assert_changes(abort_gray());
        assert_rows("SELECT action, version, revision, comment, details IS NOT NULL FROM audit WHERE id > 3",
                    "gray.set|2|4|canaries|1|\n"
                    "gray.pause|2|5|move|0|\n"
                    "gray.resume|2|6|move|0|\n"
                    "gray.step|2|7|move|1|\n"
                    "gray.promote|2|8|promote|0|\n"
                    "gray.set|2|9|canaries|1|\n"
                    "gray.abort|2|10|abort|0|\n");
}

/*
 * Ramps.
 */

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
        assert_rows(GRAY_COLUMNS, "1|2|fresh|" PLAN "|0|0|\n");
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

/*
 * Several operations in one command.
 */

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
        ASSERT_ALL_REFUSED(STORE_E_GRAY_VERSION, 2, delete ("prod", "app"), publish("prod", "app", 1),
                           set_gray("[{\"split\":[{\"version\":4,\"weight\":1}]}]"));
        assert_int_equal(gray()->n_arms, 1);
}

/*
 * Starts.
 */

static void damage(const char *path, const char *text) {
        sqlite3 *database;
        char *message = NULL;

        assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
        if (sqlite3_exec(database, text, NULL, NULL, &message) != SQLITE_OK)
                fail_msg("%s: %s", text, message);
        assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void test_a_start_finds_what_was_there(void **state _unused_) {
        publish_and_save(3);
        assert_changes(planned(set_gray(VERSIONS_2_3),
                               "{\"rule\":1,\"steps\":[{\"weight\":5,\"hold\":\"1s\"},{\"weight\":7}]}"));
        assert_changes(move(GRAY_MOVE_PAUSE));
        assert_changes(on("prod", "other", save_and_publish("", "", "x")));
        reopen_store();
        assert_int_equal(gray()->n_arms, 3);
        assert_int_equal(gray()->ramp->state, RAMP_PAUSED);
        assert_int_equal(release_revision(served("prod", "app")), 6);
        assert_null(served("prod", "other")->gray);
        assert_changes(move(GRAY_MOVE_RESUME));
        assert_changes(promote(3));
        reopen_store();
        assert_served("prod", "app", 3);
        assert_null(gray());
}

static void test_a_start_finds_how_long_a_step_was_held(void **state _unused_) {
        publish_and_save(2);
        assert_changes(planned(set_gray(VERSION_2), PLAN));
        close_store();
        damage(suite.fixture->path, "UPDATE grays SET ramp_held_ms = 1234, ramp_since_ms = 5678");
        catalog_deinit(&suite.catalog);
        open_store();
        start_store();
        assert_int_equal(gray()->ramp->held_ms, 1234);
        assert_int_equal(gray()->ramp->since_ms, 5678);
        assert_changes(save_and_publish("prod", "app", "three"));
        assert_int_equal(gray()->ramp->held_ms, 1234);
}

static void test_a_start_finds_the_revision_of_an_abort(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_changes(abort_gray());
        reopen_store();
        assert_int_equal(release_revision(served("prod", "app")), 5);
        assert_no_op(publish("prod", "app", 1));
        assert_int_equal(release_revision(RESULT.release), 5);
}

static void test_a_restored_backup_has_the_gray_release(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog restored = CATALOG_NULL;
        _cleanup_(store_closep) Store *store = NULL;
        StoreOptions options = suite.options;
        Problem problem = PROBLEM_NULL;
        const Release *release;
        char path[PATH_MAX];

        publish_and_save(2);
        assert_changes(planned(set_gray(VERSION_2), PLAN));
        (void)snprintf(path, sizeof(path), "%s", fixture_file(suite.fixture, "restored.db"));
        options.path = path;
        if (store_backup(suite.fixture->path, fixture_file(suite.fixture, "backup.db"), &problem) ||
            store_restore(options.path, fixture_file(suite.fixture, "backup.db"), &problem))
                fail_msg("%s", problem.text);

        assert_int_equal(store_open(&options, &store, &problem), 0);
        assert_int_equal(store_load(store, &restored, &problem), 0);
        release = catalog_get(&restored, SPAN_LITERAL("prod"), SPAN_LITERAL("app"));
        assert_non_null(release);
        assert_non_null(release->gray);
        assert_int_equal(release->gray->ramp->since_ms, gray()->ramp->since_ms);
        assert_true(span_equal(release_json(release->gray->arms[0]), release_json(gray()->arms[0])));
}

/*
 * Damage.
 */

#define SET_PLAN(text) "UPDATE grays SET plan = '" text "'"

static void copy_store(const char *to) {
        Problem problem;

        (void)remove(to);
        if (store_backup(suite.fixture->path, to, &problem))
                fail_msg("%s", problem.text);
}

static void assert_found(const char *text, const char *expected) {
        const char *path = fixture_file(suite.fixture, "damaged.db");
        VerifyReport report;
        Problem problem = PROBLEM_NULL;

        copy_store(path);
        damage(path, text);
        if (store_verify(path, &report, &problem) != -EBADMSG)
                fail_msg("this is not seen: %s", text);
        if (strcmp(problem.text, expected) != 0)
                fail_msg("%s\nis not\n%s\nafter: %s", problem.text, expected, text);
}

/* Release events of prod/app: 1 publish, 2 gray, 3 publish, 4 gray (a step); of prod/other: 5 publish. */
static void make_store_to_damage(void) {
        publish_and_save(3);
        assert_changes(planned(set_gray(TWO_ARMS), PLAN));
        assert_changes(publish("prod", "app", 2));
        assert_changes(move(GRAY_MOVE_STEP));
        assert_changes(on("prod", "other", save_and_publish("", "", "x")));
}

static void test_damage_to_a_gray_release_is_named(void **state _unused_) {
        static const struct {
                const char *text;
                const char *expected;
        } damages[] = {
                { "DELETE FROM grays",
                  "config prod/app: it has a gray release and does not say so, or the other way round" },
                { "UPDATE configs SET has_gray = 0",
                  "config prod/app: it has a gray release and does not say so, or the other way round" },
                { "UPDATE configs SET has_gray = 1",
                  "config prod/other: it has a gray release and does not say so, or the other way round" },
                { "UPDATE grays SET config_id = 9",
                  "row 9 of grays: it refers to a row of configs that does not exist" },
                { "UPDATE grays SET event_id = 9",
                  "row 1 of grays: it refers to a row of releases that does not exist" },
                { "UPDATE grays SET event_id = 3", "gray release of prod/app: the event that set it is none "
                                                   "of its config, or of another kind" },
                { "UPDATE grays SET event_id = 5", "gray release of prod/app: the event that set it is none "
                                                   "of its config, or of another kind" },
                { "UPDATE grays SET rules = '[]'",
                  "gray release of prod/app: its rules or its salt are malformed" },
                { "UPDATE grays SET salt = ''",
                  "gray release of prod/app: its rules or its salt are malformed" },
                { "UPDATE grays SET rules = replace(rules, '\"version\":3', '\"version\":4')",
                  "gray release of prod/app: its rules name a version that does not exist" },
                { SET_PLAN("{}"),
                  "gray release of prod/app: its plan is malformed, or does not go with its rules" },
                { SET_PLAN(PLAN_TOO_HEAVY),
                  "gray release of prod/app: its plan is malformed, or does not go with its rules" },
                { "UPDATE grays SET ramp_state = 3",
                  "gray release of prod/app: the state of its ramp is not a possible one" },
                { "UPDATE grays SET ramp_step = 3",
                  "gray release of prod/app: the state of its ramp is not a possible one" },
                { "UPDATE grays SET ramp_held_ms = -1",
                  "gray release of prod/app: the state of its ramp is not a possible one" },
                { "UPDATE grays SET ramp_step = 2", "gray release of prod/app: its rules do not have the "
                                                    "weight of the step that its ramp is at" },
                { "UPDATE grays SET plan = NULL", "gray release of prod/app: it has a plan and no state of "
                                                  "its ramp, or the other way round" },
                { "UPDATE grays SET ramp_since_ms = NULL", "gray release of prod/app: it has a plan and no "
                                                           "state of its ramp, or the other way round" },
        };

        make_store_to_damage();
        for (size_t i = 0; i < ARRAY_SIZE(damages); i++)
                assert_found(damages[i].text, damages[i].expected);
}

static void test_damage_to_gray_events_is_named(void **state _unused_) {
        static const struct {
                const char *text;
                const char *expected;
        } damages[] = {
                { "UPDATE releases SET kind = 6 WHERE id = 2",
                  "release event 2 of prod/app: its kind is unknown, or does not go with its version" },
                { "UPDATE releases SET version = 4 WHERE id = 2",
                  "release event 2 of prod/app: the version that it names does not exist" },
                { "UPDATE releases SET from_version = 1 WHERE id = 2",
                  "release event 2 of prod/app: it puts nothing in force, and says what was before, or what "
                  "it "
                  "restores" },
                { "UPDATE releases SET restores = 1, version = 1 WHERE id = 4",
                  "release event 4 of prod/app: it puts nothing in force, and says what was before, or what "
                  "it "
                  "restores" },
                { "UPDATE releases SET from_version = 2 WHERE id = 3",
                  "release event 3 of prod/app: what was in force before it is not what the event before it "
                  "says" },
                { "UPDATE releases SET previous = 1 WHERE id = 3",
                  "release event 3 of prod/app: the event that it says stands before it does not" },
                { "UPDATE releases SET kind = 1, restores = 2 WHERE id = 3; UPDATE releases SET version = 2 "
                  "WHERE "
                  "id = 2",
                  "release event 3 of prod/app: the event that it restores is not an earlier one of the same "
                  "version" },
                { "UPDATE releases SET kind = 4, version = 2 WHERE id = 4",
                  "config prod/app: its release event is not the last one that put a version in force" },
                { "UPDATE grays SET event_id = 2; UPDATE releases SET kind = 5 WHERE id = 4",
                  "gray release of prod/app: an event after the one that set it ended it" },
                { "UPDATE configs SET release_id = 4 WHERE id = 1",
                  "config prod/app: its release event is not the last one that put a version in force" },
                { "UPDATE configs SET last_event_id = 3 WHERE id = 1",
                  "config prod/app: its release event is not the last one that put a version in force" },
        };

        make_store_to_damage();
        for (size_t i = 0; i < ARRAY_SIZE(damages); i++)
                assert_found(damages[i].text, damages[i].expected);
}

/* Never served without what some instances are to get. */
static void test_a_gray_release_that_cannot_be_read_stops_the_start(void **state _unused_) {
        static const char *const damages[] = {
                "DELETE FROM grays",
                "UPDATE grays SET rules = '[]'",
                "UPDATE grays SET rules = replace(rules, '\"version\":3', '\"version\":4')",
                "UPDATE grays SET plan = '{}'",
                "UPDATE grays SET ramp_step = 3",
                "UPDATE versions SET sha256 = x'00' WHERE id = 3",
                "UPDATE versions SET format = 6 WHERE id = 3",
        };
        StoreOptions options = suite.options;

        make_store_to_damage();
        for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
                _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;
                _cleanup_(store_closep) Store *store = NULL;
                Problem problem = PROBLEM_NULL;

                options.path = fixture_file(suite.fixture, "damaged.db");
                copy_store(options.path);
                damage(options.path, damages[i]);
                assert_int_equal(store_open(&options, &store, &problem), 0);
                if (store_load(store, &catalog, &problem) != -EBADMSG)
                        fail_msg("this is not seen: %s", damages[i]);
        }
}

/*
 * Random sequences: whatever is done, the file holds, and a start finds what the changes made.
 */

static Operation random_operation(uint64_t *random) {
        static const char *const rules[] = { VERSION_2, VERSIONS_2_3, TWO_ARMS };
        const char *chosen = rules[next_random(random) % ARRAY_SIZE(rules)];
        int64_t version = (int64_t)(next_random(random) % 4);

        switch (next_random(random) % 10) {
        case 0:
                return planned(set_gray(TWO_ARMS), PLAN);
        case 1:
        case 2:
                return set_gray(chosen);
        case 3:
                return promote(version);
        case 4:
                return abort_gray();
        case 5:
                return publish("prod", "app", version);
        case 6:
                return ending_gray(roll_back("prod", "app", version));
        case 7:
                return next_random(random) % 4 ? roll_back("prod", "app", version) : delete ("prod", "app");
        default:
                return move((GrayMove)(next_random(random) % GRAY_MOVE_N));
        }
}

static void test_whatever_was_done_a_start_finds_it_again(void **state _unused_) {
        for (uint64_t seed = 1; seed <= 8; seed++) {
                uint64_t random = seed * 7919;

                publish_and_save(3);
                for (int i = 0; i < 60; i++)
                        (void)execute(random_operation(&random));
                replace_store();
                start_store();
        }
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
                TEST(test_rules_that_are_none_are_refused_by_the_store_too),
                TEST(test_it_lies_on_a_version_in_force_only),
                TEST(test_what_does_not_exist_has_no_gray_release),
                TEST(test_where_none_runs_there_is_nothing_to_move_or_end),
                TEST(test_a_publish_moves_stable_and_leaves_the_gray_release),
                TEST(test_what_is_in_force_is_answered_with_its_gray_release),
                TEST(test_a_save_is_shown_without_the_gray_release),
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
                TEST(test_walking_back_passes_over_gray_events),
                TEST(test_a_rollback_restores_a_release_and_no_gray_event),
                TEST(test_after_a_delete_what_was_in_force_comes_back_and_not_a_gray_event),
                TEST(test_gray_events_stand_in_the_history),
                TEST(test_a_list_shows_the_revision_of_the_gray_release_and_the_comment_of_the_publish),
                TEST(test_every_change_is_audited_in_order),
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
                TEST(test_a_version_is_saved_and_released_to_some_in_one_command),
                TEST(test_later_operations_see_the_gray_release_of_earlier_ones),
                TEST(test_a_command_of_which_one_operation_is_refused_leaves_the_gray_release),
                TEST(test_a_start_finds_what_was_there),
                TEST(test_a_start_finds_how_long_a_step_was_held),
                TEST(test_a_start_finds_the_revision_of_an_abort),
                TEST(test_a_restored_backup_has_the_gray_release),
                TEST(test_damage_to_a_gray_release_is_named),
                TEST(test_damage_to_gray_events_is_named),
                TEST(test_a_gray_release_that_cannot_be_read_stops_the_start),
                TEST(test_whatever_was_done_a_start_finds_it_again),
        };

        return cmocka_run_group_tests_name("store gray", tests, silence_log, NULL);
}
