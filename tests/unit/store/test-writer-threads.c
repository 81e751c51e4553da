/*
 * Many threads at the store's door. Meant to run under ThreadSanitizer too.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "model/catalog.h"
#include "store/maintenance.h"
#include "store/reader.h"
#include "store/store.h"
#include "util/digest.h"

#define N_THREADS 16

/* One command of one operation, and its asker's way to wait for it. */
typedef struct Ask {
        Command command;
        Operation operation;
        pthread_mutex_t lock;
        pthread_cond_t done;
        unsigned n_dones;
        bool was_applied; /* the sink had applied the change when it called done() */
} Ask;

typedef struct Suite {
        Fixture *fixture;
        StoreOptions options;
        Store *store;
        Catalog catalog; /* @thread writer, until the store is stopped */
        bool is_out_of_order;
        _Atomic size_t n_dones;
} Suite;

static Suite suite;

/*
 * The store.
 */

/* @thread writer */
static void feed(void *context, Commit *commit) {
        Suite *s = context;

        for (size_t i = 0; i < commit->n_changes; i++) {
                if (commit->changes[i]->revision != s->catalog.revision + 1)
                        s->is_out_of_order = true;
                (void)catalog_apply(&s->catalog, commit->changes[i]);
        }
        for (Command *command = commit->commands, *next; command; command = next) {
                next = command->next;
                command->done(command);
        }
        commit_free(commit);
}

/* @thread writer */
static void on_done(Command *command) {
        Ask *ask = (Ask *)command;

        suite.n_dones++;
        pthread_mutex_lock(&ask->lock);
        ask->was_applied = suite.catalog.revision >= command->revision;
        ask->n_dones++;
        pthread_cond_signal(&ask->done);
        pthread_mutex_unlock(&ask->lock);
}

static void open_store(size_t queue_max) {
        Problem problem = PROBLEM_NULL;

        suite.options = (StoreOptions){
                .path = suite.fixture->path,
                .queue_max = queue_max,
                .wal_max_bytes = 1024 * 1024,
                .outbox_max_rows = 1000,
                .head_log_max_rows = 100,
                .sink = feed,
                .sink_context = &suite,
        };
        if (store_open(&suite.options, &suite.store, &problem) ||
            store_load(suite.store, &suite.catalog, &problem))
                fail_msg("%s", problem.text);
}

static int set_up(void **state) {
        if (fixture_set_up_directory(state) < 0)
                return -1;

        suite = (Suite){ .fixture = *state };
        return 0;
}

static int tear_down(void **state) {
        Problem problem = PROBLEM_NULL;
        VerifyReport report;
        bool sound;

        if (suite.store)
                store_stop(suite.store);
        store_close(suite.store);
        sound = !suite.is_out_of_order && store_verify(suite.fixture->path, &report, &problem) == 0 &&
                report.revision == suite.catalog.revision;
        if (!sound)
                print_error("the store is not what its changes made of it: %s\n", problem.text);
        catalog_deinit(&suite.catalog);
        return fixture_tear_down(state) < 0 || !sound ? -1 : 0;
}

/*
 * Commands.
 */

static void ask_init(Ask *ask, Operation operation) {
        *ask = (Ask){ .operation = operation,
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .done = PTHREAD_COND_INITIALIZER };
        ask->command = (Command){
                .actor = SPAN_LITERAL("user:admin"),
                .address = SPAN_LITERAL("192.0.2.1"),
                .operations = &ask->operation,
                .n_operations = 1,
                .done = on_done,
        };
}

static StoreOutcome wait_for(Ask *ask) {
        pthread_mutex_lock(&ask->lock);
        while (ask->n_dones == 0)
                pthread_cond_wait(&ask->done, &ask->lock);
        pthread_mutex_unlock(&ask->lock);
        return ask->command.outcome;
}

static void ask_deinit(Ask *ask) {
        command_deinit(&ask->command);
        pthread_cond_destroy(&ask->done);
        pthread_mutex_destroy(&ask->lock);
}

static Operation create_namespace(const char *name) {
        return (Operation){ .type = OPERATION_NAMESPACE_CREATE,
                            .namespace = span_from_string(name),
                            .comment = SPAN_LITERAL(""),
                            .namespace_edit = { .description = SPAN_LITERAL("") } };
}

static Operation put(const char *key, const char *content) {
        Operation operation = {
                .type = OPERATION_PUT,
                .namespace = SPAN_LITERAL("prod"),
                .key = span_from_string(key),
                .comment = SPAN_LITERAL(""),
                .put = { .format = FORMAT_TEXT, .content = span_from_string(content), .publish = true }
        };

        sha256(operation.put.content, operation.put.sha256);
        return operation;
}

/* @thread main */
static void assert_executed(Operation operation) {
        Ask ask;

        ask_init(&ask, operation);
        assert_int_equal(store_submit(suite.store, &ask.command), 0);
        assert_int_equal(wait_for(&ask), STORE_OK);
        ask_deinit(&ask);
}

/* Runs @main in N_THREADS threads with the numbers from 0 on. cmocka's checks are for the main thread only.
 */
static void run_threads(void *(*main)(void *number)) {
        pthread_t threads[N_THREADS];

        for (uintptr_t i = 0; i < N_THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, main, (void *)i), 0);
        for (size_t i = 0; i < N_THREADS; i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/*
 * Races for one version.
 */

#define N_ROUNDS 40

static pthread_barrier_t barrier;
static _Atomic int n_winners[N_ROUNDS], n_losers[N_ROUNDS], n_others;

/* Everyone expects the version that the round begins with, and has a content of his own. */
static void *race(void *number) {
        for (int64_t round = 0; round < N_ROUNDS; round++) {
                char content[32];
                Ask ask;

                (void)snprintf(content, sizeof(content), "%d in round %d", (int)(uintptr_t)number,
                               (int)round);
                ask_init(&ask, put("app", content));
                ask.operation.put.expectation = EXPECT_VERSION;
                ask.operation.put.expected_version = round + 1;

                (void)pthread_barrier_wait(&barrier);
                if (store_submit(suite.store, &ask.command) != 0)
                        n_others++;
                else if (wait_for(&ask) == STORE_OK && ask.operation.result.version == round + 2 &&
                         ask.was_applied)
                        n_winners[round]++;
                else if (ask.command.outcome == STORE_E_VERSION_CONFLICT && !ask.operation.result.release)
                        n_losers[round]++;
                else
                        n_others++;
                ask_deinit(&ask);
        }
        return NULL;
}

static void test_of_all_who_expect_one_version_exactly_one_wins_each_round(void **state _unused_) {
        open_store(1000);
        assert_int_equal(store_start(suite.store), 0);
        assert_executed(create_namespace("prod"));
        assert_executed(put("app", "first"));
        assert_int_equal(pthread_barrier_init(&barrier, NULL, N_THREADS), 0);
        run_threads(race);
        (void)pthread_barrier_destroy(&barrier);

        assert_int_equal(n_others, 0);
        for (int round = 0; round < N_ROUNDS; round++) {
                assert_int_equal(n_winners[round], 1);
                assert_int_equal(n_losers[round], N_THREADS - 1);
        }
        store_stop(suite.store);
        assert_int_equal(suite.catalog.revision, 2 + N_ROUNDS);
}

/*
 * Many writers of many configs.
 */

#define N_PUTS 100

static uint64_t revisions[N_THREADS][N_PUTS];
static _Atomic int n_faults;

/* Each has a config of his own: his versions count up, and so do the revisions that he is told. */
static void *write_alone(void *number) {
        uintptr_t me = (uintptr_t)number;
        char key[16], content[16];
        uint64_t before = 0;

        (void)snprintf(key, sizeof(key), "key%d", (int)me);
        for (int i = 0; i < N_PUTS; i++) {
                Ask ask;

                (void)snprintf(content, sizeof(content), "%d", i);
                ask_init(&ask, put(key, content));
                if (store_submit(suite.store, &ask.command) || wait_for(&ask) || !ask.was_applied ||
                    ask.n_dones != 1 || ask.operation.result.version != i + 1 ||
                    release_version(ask.operation.result.release) != i + 1 || ask.command.revision <= before)
                        n_faults++;
                before = ask.command.revision;
                revisions[me][i] = before;
                ask_deinit(&ask);
        }
        return NULL;
}

static void test_no_two_changes_of_any_threads_share_a_revision(void **state _unused_) {
        static bool seen[N_THREADS * N_PUTS + 2];

        open_store(1000);
        assert_int_equal(store_start(suite.store), 0);
        assert_executed(create_namespace("prod"));
        run_threads(write_alone);
        assert_int_equal(n_faults, 0);

        for (size_t thread = 0; thread < N_THREADS; thread++)
                for (size_t i = 0; i < N_PUTS; i++) {
                        uint64_t revision = revisions[thread][i];

                        assert_in_range(revision, 2, N_THREADS * N_PUTS + 1);
                        assert_false(seen[revision]);
                        seen[revision] = true;
                }
        store_stop(suite.store);
        assert_int_equal(suite.catalog.revision, N_THREADS * N_PUTS + 1);
        assert_int_equal(catalog_n_releases(&suite.catalog), N_THREADS);
}

/*
 * Readers beside the writer.
 */

#define N_READ_PUTS 30

/* Writes, and reads on a connection of his own what was answered; others write meanwhile. */
static void *write_and_read(void *number) {
        Problem problem = PROBLEM_NULL;
        Reader *reader = NULL;
        char key[16], content[16];

        (void)snprintf(key, sizeof(key), "key%d", (int)(uintptr_t)number);
        if (reader_open(suite.fixture->path, &reader, &problem)) {
                n_faults++;
                return NULL;
        }
        for (int i = 0; i < N_READ_PUTS; i++) {
                int64_t newest = 0, stable = 0;
                Ask ask;

                (void)snprintf(content, sizeof(content), "%d", i);
                ask_init(&ask, put(key, content));
                if (store_submit(suite.store, &ask.command) || wait_for(&ask) ||
                    reader_get_config(reader, SPAN_LITERAL("prod"), span_from_string(key), &newest,
                                      &stable) ||
                    newest != i + 1 || stable != i + 1)
                        n_faults++;
                ask_deinit(&ask);
        }
        reader_close(reader);
        return NULL;
}

static void test_whoever_was_answered_reads_his_change_from_the_file(void **state _unused_) {
        n_faults = 0;
        open_store(1000);
        assert_int_equal(store_start(suite.store), 0);
        assert_executed(create_namespace("prod"));
        run_threads(write_and_read);
        assert_int_equal(n_faults, 0);
}

/*
 * The queue.
 */

#define N_SUBMITS 50
#define QUEUE_MAX 300 /* fewer than all together submit */

static Ask asks[N_THREADS][N_SUBMITS];
static int submitted[N_THREADS][N_SUBMITS]; /* what store_submit() said */

static void *submit_without_waiting(void *number) {
        uintptr_t me = (uintptr_t)number;

        for (size_t i = 0; i < N_SUBMITS; i++) {
                ask_init(&asks[me][i], put("app", i % 2 ? "odd" : "even"));
                submitted[me][i] = store_submit(suite.store, &asks[me][i].command);
        }
        return NULL;
}

/* Return: how many were taken. Whoever was taken is answered once, whoever was turned away is not. */
static size_t count_taken(void) {
        size_t n_taken = 0;

        for (size_t thread = 0; thread < N_THREADS; thread++)
                for (size_t i = 0; i < N_SUBMITS; i++) {
                        assert_true(submitted[thread][i] == 0 || submitted[thread][i] == STORE_E_BUSY);
                        assert_int_equal(asks[thread][i].n_dones, submitted[thread][i] == 0 ? 1 : 0);
                        n_taken += submitted[thread][i] == 0;
                        ask_deinit(&asks[thread][i]);
                }
        return n_taken;
}

static void test_a_full_queue_turns_away_exactly_those_for_whom_it_has_no_place(void **state _unused_) {
        open_store(QUEUE_MAX);
        run_threads(submit_without_waiting);
        assert_int_equal(suite.n_dones, 0);
        assert_int_equal(store_start(suite.store), 0);
        store_stop(suite.store);
        assert_int_equal(suite.n_dones, QUEUE_MAX);
        assert_int_equal(count_taken(), QUEUE_MAX);
}

static void test_a_stop_executes_all_that_waits(void **state _unused_) {
        open_store(N_THREADS * N_SUBMITS + 1);
        assert_int_equal(store_start(suite.store), 0);
        assert_executed(create_namespace("prod"));
        run_threads(submit_without_waiting);
        store_stop(suite.store);
        assert_int_equal(count_taken(), N_THREADS * N_SUBMITS);
        assert_int_equal(suite.n_dones, N_THREADS * N_SUBMITS + 1);
        assert_true(suite.catalog.revision > 1);
}

static void *stop_store(void *context _unused_) {
        store_stop(suite.store);
        return NULL;
}

/* Who is taken while the store stops is executed, who comes later is turned away; nobody waits in vain. */
static void test_whoever_comes_during_a_stop_is_answered_or_turned_away(void **state _unused_) {
        pthread_t stopper;

        open_store(N_THREADS * N_SUBMITS);
        assert_int_equal(store_start(suite.store), 0);
        assert_int_equal(pthread_create(&stopper, NULL, stop_store, NULL), 0);
        run_threads(submit_without_waiting);
        assert_int_equal(pthread_join(stopper, NULL), 0);
        assert_int_equal(suite.n_dones, count_taken());
}

static void test_after_a_stop_everyone_is_turned_away(void **state _unused_) {
        Ask ask;

        open_store(10);
        assert_int_equal(store_start(suite.store), 0);
        store_stop(suite.store);
        ask_init(&ask, create_namespace("prod"));
        assert_int_equal(store_submit(suite.store, &ask.command), STORE_E_BUSY);
        assert_int_equal(ask.n_dones, 0);
        ask_deinit(&ask);
}

static void test_a_store_that_was_never_started_is_stopped_and_closed(void **state _unused_) {
        open_store(10);
        store_stop(suite.store);
        suite.store = store_close(suite.store);
        assert_null(suite.store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_of_all_who_expect_one_version_exactly_one_wins_each_round),
                TEST(test_no_two_changes_of_any_threads_share_a_revision),
                TEST(test_whoever_was_answered_reads_his_change_from_the_file),
                TEST(test_a_full_queue_turns_away_exactly_those_for_whom_it_has_no_place),
                TEST(test_a_stop_executes_all_that_waits),
                TEST(test_whoever_comes_during_a_stop_is_answered_or_turned_away),
                TEST(test_after_a_stop_everyone_is_turned_away),
                TEST(test_a_store_that_was_never_started_is_stopped_and_closed),
        };

        return cmocka_run_group_tests_name("writer with threads", tests, NULL, NULL);
}
