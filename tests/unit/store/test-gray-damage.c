/*
 * Damage to gray releases in the file: it is named, and no server starts over it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gray-suite.h"
#include "store/maintenance.h"

#define SET_PLAN(text) "UPDATE grays SET plan = '" text "'"

static void assert_found(const char *text, const char *expected) {
        const char *path = copy_as_killed();

        fixture_damage(path, text);
        fixture_assert_broken(path, text, expected);
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
                { "UPDATE head_log SET has_gray = 0",
                  "config prod/app: it has a gray release and does not say so, or the other way round" },
                { "UPDATE head_log SET has_gray = 1",
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
                { "UPDATE head_log SET release_id = 4 WHERE config_id = 1",
                  "config prod/app: its release event is not the last one that put a version in force" },
                { "UPDATE head_log SET last_event_id = 3 WHERE config_id = 1",
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

                options.path = copy_as_killed();
                fixture_damage(options.path, damages[i]);
                assert_int_equal(store_open(&options, &store, &problem), 0);
                if (store_load(store, &catalog, &problem) != -EBADMSG)
                        fail_msg("this is not seen: %s", damages[i]);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_damage_to_a_gray_release_is_named),
                TEST(test_damage_to_gray_events_is_named),
                TEST(test_a_gray_release_that_cannot_be_read_stops_the_start),
        };

        return cmocka_run_group_tests_name("store gray-damage", tests, silence_log, NULL);
}
