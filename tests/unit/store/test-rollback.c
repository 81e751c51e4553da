/*
 * Going back to an older version, by its number and step by step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "store/store.h"
#include "suite.h"

/*
 * Rolling back.
 */

static void publish_versions(int n) {
        static const char *const contents[] = { "1", "2", "3", "4", "5" };

        assert_changes(create_namespace("prod"));
        for (int i = 0; i < n; i++)
                assert_changes(save_and_publish("prod", "app", contents[i]));
}

static int64_t restores(void) {
        return fixture_number(suite.fixture,
                              "SELECT ifnull(restores, 0) FROM releases ORDER BY id DESC LIMIT 1");
}

static void assert_rolled_back(Operation operation, int64_t version, int64_t restored_event) {
        assert_changes(operation);
        assert_int_equal(RESULT.version, version);
        assert_false(RESULT.created);
        assert_served("prod", "app", version);
        assert_int_equal(restores(), restored_event);
}

static void test_a_rollback_names_the_newest_release_of_its_version(void **state _unused_) {
        publish_versions(3);
        assert_rolled_back(roll_back("prod", "app", 1), 1, 1);
        assert_audited("config.rollback prod/app 1 5");
        assert_rolled_back(roll_back("prod", "app", 3), 3, 3);
        assert_rolled_back(roll_back("prod", "app", 1), 1, 4);
}

static void test_a_rollback_to_what_never_was_released_restores_nothing(void **state _unused_) {
        publish_versions(1);
        assert_changes(save("prod", "app", "2"));
        assert_rolled_back(roll_back("prod", "app", 2), 2, 0);
        assert_rolled_back(roll_back("prod", "app", 0), 1, 1);
}

static void test_a_rollback_to_what_is_in_force_is_no_change(void **state _unused_) {
        publish_versions(2);
        assert_no_op(roll_back("prod", "app", 2));
        assert_int_equal(RESULT.version, 2);
}

static void test_walking_back_goes_step_by_step_to_the_first_release(void **state _unused_) {
        publish_versions(4);
        assert_rolled_back(roll_back("prod", "app", 0), 3, 3);
        assert_rolled_back(roll_back("prod", "app", 0), 2, 2);
        assert_rolled_back(roll_back("prod", "app", 0), 1, 1);
        assert_refused(roll_back("prod", "app", 0), STORE_E_NOTHING_TO_ROLL_BACK);
}

static void test_walking_back_goes_on_from_a_publish_in_between(void **state _unused_) {
        publish_versions(3);
        assert_rolled_back(roll_back("prod", "app", 0), 2, 2);
        assert_changes(publish("prod", "app", 3));
        assert_rolled_back(roll_back("prod", "app", 0), 2, 4);
}

static void test_walking_back_goes_on_before_what_a_rollback_restored(void **state _unused_) {
        publish_versions(3);
        assert_rolled_back(roll_back("prod", "app", 2), 2, 2);
        assert_rolled_back(roll_back("prod", "app", 0), 1, 1);
}

static void test_after_a_delete_walking_back_brings_back_what_was_in_force(void **state _unused_) {
        publish_versions(2);
        assert_changes(delete ("prod", "app"));
        assert_rolled_back(roll_back("prod", "app", 0), 2, 2);
        assert_rolled_back(roll_back("prod", "app", 0), 1, 1);
}

static void test_deletes_are_no_steps(void **state _unused_) {
        publish_versions(1);
        assert_changes(delete ("prod", "app"));
        assert_changes(save_and_publish("prod", "app", "2"));
        assert_rolled_back(roll_back("prod", "app", 0), 1, 1);
        assert_refused(roll_back("prod", "app", 0), STORE_E_NOTHING_TO_ROLL_BACK);
}

static void test_there_is_nothing_to_roll_back_where_nothing_was_published(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_refused(roll_back("prod", "app", 0), STORE_E_NOTHING_TO_ROLL_BACK);
        assert_changes(delete ("prod", "app"));
        assert_refused(roll_back("prod", "app", 0), STORE_E_NOTHING_TO_ROLL_BACK);
}

static void test_what_does_not_exist_is_not_rolled_back(void **state _unused_) {
        publish_versions(1);
        assert_refused(roll_back("prod", "app", 2), STORE_E_VERSION_UNKNOWN);
        assert_refused(roll_back("prod", "none", 1), STORE_E_CONFIG_UNKNOWN);
        assert_refused(roll_back("dev", "app", 0), STORE_E_NAMESPACE_UNKNOWN);
}

/*
 * Random sequences on one config against a model of its release events.
 */

#define EVENTS_MAX 512

typedef struct Model {
        int64_t newest;
        int64_t stable;  /* 0: nothing is served */
        size_t in_force; /* event, from 1; or what was before a delete; 0: none ever */
        bool is_deleted;
        bool has_gray;
        size_t n_events;
        struct {
                int64_t version; /* 0: a delete */
                bool is_gray;    /* set or aborted: it puts nothing in force */
                size_t restores;
        } events[EVENTS_MAX + 1];
} Model;

static StoreOutcome model_release(Model *model, int64_t version, size_t restored_event) {
        model->n_events++;
        assert_true(model->n_events <= EVENTS_MAX);
        model->events[model->n_events].version = version;
        model->events[model->n_events].restores = restored_event;
        model->has_gray &= version != 0;
        model->stable = version;
        model->is_deleted = version == 0;
        if (version)
                model->in_force = model->n_events;
        return STORE_OK;
}

static StoreOutcome model_gray_event(Model *model, bool runs) {
        model->n_events++;
        assert_true(model->n_events <= EVENTS_MAX);
        model->events[model->n_events].version = 1;
        model->events[model->n_events].is_gray = true;
        model->has_gray = runs;
        return STORE_OK;
}

static StoreOutcome model_set_gray(Model *model) {
        return model->stable ? model_gray_event(model, true) : STORE_E_GRAY_NOTHING_STABLE;
}

static StoreOutcome model_abort_gray(Model *model) {
        return model->has_gray ? model_gray_event(model, false) : STORE_E_GRAY_UNKNOWN;
}

static StoreOutcome model_promote(Model *model) {
        if (!model->has_gray)
                return STORE_E_GRAY_UNKNOWN;

        model->has_gray = false;
        return model_release(model, 1, 0);
}

static StoreOutcome model_walk_back(Model *model) {
        size_t from = model->in_force, to;

        if (!from)
                return STORE_E_NOTHING_TO_ROLL_BACK;
        if (!model->stable)
                return model_release(model, model->events[from].version, from);

        to = (model->events[from].restores ? model->events[from].restores : from) - 1;
        while (to > 0 && (model->events[to].version == 0 || model->events[to].is_gray))
                to--;
        return to ? model_release(model, model->events[to].version, to) : STORE_E_NOTHING_TO_ROLL_BACK;
}

static StoreOutcome model_roll_back(Model *model, int64_t to) {
        size_t event = model->n_events;

        if (to == 0)
                return model_walk_back(model);
        if (to > model->newest)
                return STORE_E_VERSION_UNKNOWN;
        if (to == model->stable)
                return STORE_OK;

        while (event > 0 && (model->events[event].version != to || model->events[event].is_gray))
                event--;
        return model_release(model, to, event);
}

static StoreOutcome model_publish(Model *model, int64_t version) {
        if (version > model->newest)
                return STORE_E_VERSION_UNKNOWN;
        if (version == 0)
                version = model->newest;
        return version == model->stable ? STORE_OK : model_release(model, version, 0);
}

static StoreOutcome model_put(Model *model, bool and_publish) {
        model->newest++;
        model->is_deleted = false;
        return and_publish ? model_release(model, model->newest, 0) : STORE_OK;
}

static StoreOutcome model_delete(Model *model) {
        return model->is_deleted ? STORE_E_CONFIG_UNKNOWN : model_release(model, 0, 0);
}

typedef struct Step {
        Ask *ask;
        StoreOutcome outcome;
        int64_t stable;
} Step;

static char contents[EVENTS_MAX][16];

/* Every put has a content of its own, so that it makes a version. */
static Step random_step(Model *model, uint64_t *random, size_t n) {
        int64_t version = (int64_t)(next_random(random) % (uint64_t)(model->newest + 2));
        bool and_publish = next_random(random) % 2;
        Operation operation;
        Step step;

        switch (model->newest ? next_random(random) % 11 : 0) {
        case 0:
                (void)snprintf(contents[n], sizeof(contents[n]), "%zu", n);
                operation = and_publish ? save_and_publish("prod", "app", contents[n])
                                        : save("prod", "app", contents[n]);
                step.outcome = model_put(model, and_publish);
                break;
        case 1:
        case 2:
                operation = publish("prod", "app", version);
                step.outcome = model_publish(model, version);
                break;
        case 3:
                operation = delete ("prod", "app");
                step.outcome = model_delete(model);
                break;
        case 4:
        case 5:
                operation = roll_back("prod", "app", version);
                step.outcome = model_roll_back(model, version);
                break;
        case 6:
                operation = set_gray("[{\"split\":[{\"version\":1,\"weight\":5}]}]");
                step.outcome = model_set_gray(model);
                break;
        case 7:
                operation = abort_gray();
                step.outcome = model_abort_gray(model);
                break;
        case 8:
                operation = promote(0);
                step.outcome = model_promote(model);
                break;
        default:
                operation = roll_back("prod", "app", 0);
                step.outcome = model_roll_back(model, 0);
        }
        step.ask = submit_one(operation);
        step.stable = model->stable;
        return step;
}

static void check_step(Step *step) {
        const Operation *operation = &step->ask->operations[0];

        wait_for(step->ask);
        assert_int_equal(step->ask->command.outcome, step->outcome);
        if (step->outcome == STORE_OK && operation->type != OPERATION_PUT)
                assert_int_equal(operation->result.version, step->stable);
        ask_free(step->ask);
}

static void assert_events(const Model *model) {
        assert_int_equal(count("releases"), model->n_events);
        for (size_t i = 1; i <= model->n_events; i++) {
                assert_int_equal(fixture_number(suite.fixture,
                                                "SELECT ifnull(version, 0) FROM releases WHERE id = %d",
                                                (int)i),
                                 model->events[i].version);
                assert_int_equal(fixture_number(suite.fixture,
                                                "SELECT ifnull(restores, 0) FROM releases WHERE id = %d",
                                                (int)i),
                                 model->events[i].restores);
        }
        assert_served("prod", "app", model->stable);
        assert_int_equal(model->stable && served("prod", "app")->gray, model->has_gray);
}

static void follow_random_sequence(uint64_t seed) {
        Model model = { 0 };
        Step steps[200], end;
        uint64_t random = seed * 7919;
        size_t n_walked = 0, n_events;

        assert_changes(create_namespace("prod"));
        for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
                steps[i] = random_step(&model, &random, i);
        for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
                check_step(&steps[i]);
        assert_events(&model);

        n_events = model.n_events;
        for (;;) {
                end.outcome = model_walk_back(&model);
                end.stable = model.stable;
                end.ask = submit_one(roll_back("prod", "app", 0));
                check_step(&end);
                if (end.outcome)
                        break;
                assert_true(++n_walked <= n_events);
        }
        assert_int_equal(end.outcome, STORE_E_NOTHING_TO_ROLL_BACK);
        assert_events(&model);
}

static void test_releases_follow_the_rules_whatever_was_done_and_walking_back_ends(void **state _unused_) {
        for (uint64_t seed = 1; seed <= 12; seed++) {
                follow_random_sequence(seed);
                replace_store();
                start_store();
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_a_rollback_names_the_newest_release_of_its_version),
                TEST(test_a_rollback_to_what_never_was_released_restores_nothing),
                TEST(test_a_rollback_to_what_is_in_force_is_no_change),
                TEST(test_walking_back_goes_step_by_step_to_the_first_release),
                TEST(test_walking_back_goes_on_from_a_publish_in_between),
                TEST(test_walking_back_goes_on_before_what_a_rollback_restored),
                TEST(test_after_a_delete_walking_back_brings_back_what_was_in_force),
                TEST(test_deletes_are_no_steps),
                TEST(test_there_is_nothing_to_roll_back_where_nothing_was_published),
                TEST(test_what_does_not_exist_is_not_rolled_back),
                TEST(test_releases_follow_the_rules_whatever_was_done_and_walking_back_ends),
        };

        return cmocka_run_group_tests_name("store rollback", tests, silence_log, NULL);
}
