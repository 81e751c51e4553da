/*
 * What of gray releases a server finds when it starts.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gray-suite.h"
#include "store/maintenance.h"

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
        fixture_damage(suite.fixture->path, "UPDATE grays SET ramp_held_ms = 1234, ramp_since_ms = 5678");
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
                TEST(test_a_start_finds_what_was_there),
                TEST(test_a_start_finds_how_long_a_step_was_held),
                TEST(test_a_start_finds_the_revision_of_an_abort),
                TEST(test_a_restored_backup_has_the_gray_release),
                TEST(test_whatever_was_done_a_start_finds_it_again),
        };

        return cmocka_run_group_tests_name("store gray-load", tests, silence_log, NULL);
}
