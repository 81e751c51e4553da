#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "model/macros.h"
#include "util/workers.h"

#define N_THREADS 4
#define N_CLIENTS 16
#define N_JOBS    500 /* of each client */

typedef struct Task {
        Job job;
        unsigned n_runs;
        size_t place; /* in the order of the runs */
} Task;

static _Atomic size_t n_runs;

/* One for each worker; nobody else may touch it while the pool runs. */
typedef struct State {
        size_t n_runs;
        pthread_t thread;
} State;

static void run_task(Job *job, void *context) {
        Task *task = (Task *)job;
        State *state = context;

        task->n_runs++;
        task->place = n_runs++;
        if (state) {
                state->n_runs++;
                state->thread = pthread_self();
        }
}

static Workers *start(void *const *states, size_t n_threads, size_t queue_max) {
        Workers *workers = NULL;

        n_runs = 0;
        assert_int_equal(workers_start(states, n_threads, queue_max, &workers), 0);
        assert_non_null(workers);
        return workers;
}

/*
 * A gate that holds jobs until it is opened, and counts who stands before it.
 */

static struct {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        size_t n_waiting;
        bool is_open;
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void close_gate(void) {
        gate.n_waiting = 0;
        gate.is_open = false;
}

static void open_gate(void) {
        pthread_mutex_lock(&gate.lock);
        gate.is_open = true;
        pthread_cond_broadcast(&gate.changed);
        pthread_mutex_unlock(&gate.lock);
}

static void run_gated(Job *job, void *context) {
        pthread_mutex_lock(&gate.lock);
        gate.n_waiting++;
        pthread_cond_broadcast(&gate.changed);
        while (!gate.is_open)
                pthread_cond_wait(&gate.changed, &gate.lock);
        pthread_mutex_unlock(&gate.lock);
        run_task(job, context);
}

/* Return: false when they have not come after ten seconds. */
static bool wait_for_waiting(size_t n) {
        struct timespec deadline;
        bool have_come;
        int r = 0;

        (void)clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_sec += 10;
        pthread_mutex_lock(&gate.lock);
        while (gate.n_waiting < n && r == 0)
                r = pthread_cond_timedwait(&gate.changed, &gate.lock, &deadline);
        have_come = gate.n_waiting >= n;
        pthread_mutex_unlock(&gate.lock);
        return have_come;
}

static void test_a_job_runs_once(void **state _unused_) {
        Workers *workers = start((void *[]){ NULL }, 1, 1);
        Task task = { .job = { .run = run_task } };

        assert_true(workers_submit(workers, &task.job));
        assert_null(workers_stop(workers));
        assert_int_equal(task.n_runs, 1);
}

static void test_jobs_start_in_the_order_in_which_they_came(void **state _unused_) {
        Workers *workers = start((void *[]){ NULL }, 1, N_JOBS);
        static Task tasks[N_JOBS];

        for (size_t i = 0; i < N_JOBS; i++) {
                tasks[i] = (Task){ .job = { .run = run_task } };
                assert_true(workers_submit(workers, &tasks[i].job));
        }
        workers_stop(workers);
        for (size_t i = 0; i < N_JOBS; i++)
                assert_int_equal(tasks[i].place, i);
}

static void test_as_many_jobs_run_at_once_as_there_are_threads(void **state _unused_) {
        void *states[N_THREADS] = { NULL };
        Workers *workers = start(states, N_THREADS, 100);
        Task tasks[N_THREADS + 1];
        bool have_come;

        close_gate();
        for (size_t i = 0; i < ARRAY_SIZE(tasks); i++) {
                tasks[i] = (Task){ .job = { .run = run_gated } };
                assert_true(workers_submit(workers, &tasks[i].job));
        }
        have_come = wait_for_waiting(N_THREADS);
        assert_int_equal(gate.n_waiting, N_THREADS);
        open_gate();
        workers_stop(workers);
        assert_true(have_come);
        assert_int_equal(n_runs, N_THREADS + 1);
}

static void test_each_thread_has_its_own_state(void **state _unused_) {
        State states[N_THREADS] = { 0 };
        void *pointers[N_THREADS] = { &states[0], &states[1], &states[2], &states[3] };
        Workers *workers = start(pointers, N_THREADS, 100);
        Task tasks[N_THREADS];
        bool have_come;

        pointers[0] = NULL; /* they were copied */
        close_gate();
        for (size_t i = 0; i < N_THREADS; i++) {
                tasks[i] = (Task){ .job = { .run = run_gated } };
                assert_true(workers_submit(workers, &tasks[i].job));
        }
        have_come = wait_for_waiting(N_THREADS);
        open_gate();
        workers_stop(workers);
        assert_true(have_come);
        for (size_t i = 0; i < N_THREADS; i++) {
                assert_int_equal(states[i].n_runs, 1);
                for (size_t other = 0; other < i; other++)
                        assert_false(pthread_equal(states[i].thread, states[other].thread));
        }
}

/* What runs is no longer in the queue. */
static void test_a_full_queue_turns_jobs_away(void **state _unused_) {
        Workers *workers = start((void *[]){ NULL }, 1, 2);
        Task tasks[4];
        bool have_come;

        for (size_t i = 0; i < ARRAY_SIZE(tasks); i++)
                tasks[i] = (Task){ .job = { .run = run_gated } };
        close_gate();
        assert_true(workers_submit(workers, &tasks[0].job));
        have_come = wait_for_waiting(1);
        assert_true(workers_submit(workers, &tasks[1].job));
        assert_true(workers_submit(workers, &tasks[2].job));
        assert_false(workers_submit(workers, &tasks[3].job));
        assert_false(workers_submit(workers, &tasks[3].job));
        open_gate();
        workers_stop(workers);
        assert_true(have_come);
        assert_int_equal(n_runs, 3);
        assert_int_equal(tasks[3].n_runs, 0);
}

static void test_a_queue_that_was_full_takes_jobs_again(void **state _unused_) {
        Workers *workers = start((void *[]){ NULL }, 1, 1);
        Task first = { .job = { .run = run_gated } }, second = first, third = first;

        close_gate();
        assert_true(workers_submit(workers, &first.job));
        assert_true(wait_for_waiting(1));
        assert_true(workers_submit(workers, &second.job));
        assert_false(workers_submit(workers, &third.job));
        open_gate();
        while (!workers_submit(workers, &third.job))
                (void)sched_yield();
        workers_stop(workers);
        assert_int_equal(third.n_runs, 1);
        assert_int_equal(n_runs, 3);
}

static void test_a_stop_runs_all_that_waits(void **state _unused_) {
        Workers *workers = start((void *[]){ NULL, NULL }, 2, N_JOBS);
        static Task tasks[N_JOBS];

        close_gate();
        for (size_t i = 0; i < N_JOBS; i++) {
                tasks[i] = (Task){ .job = { .run = i < 2 ? run_gated : run_task } };
                assert_true(workers_submit(workers, &tasks[i].job));
        }
        assert_true(wait_for_waiting(2));
        open_gate();
        workers_stop(workers);
        for (size_t i = 0; i < N_JOBS; i++)
                assert_int_equal(tasks[i].n_runs, 1);
}

static void test_idle_threads_are_stopped(void **state _unused_) {
        void *states[N_THREADS] = { NULL };

        for (int i = 0; i < 50; i++)
                assert_null(workers_stop(start(states, N_THREADS, 1)));
}

static void test_no_pool_is_stopped_too(void **state _unused_) {
        assert_null(workers_stop(NULL));
}

/* A job is the pool's only until it runs: what it is embedded in may be freed by it, or go round again. */
static void run_and_free(Job *job, void *context _unused_) {
        n_runs++;
        free(job);
}

static void test_a_job_may_free_itself(void **state _unused_) {
        void *states[N_THREADS] = { NULL };
        Workers *workers = start(states, N_THREADS, N_JOBS);

        for (size_t i = 0; i < N_JOBS; i++) {
                Task *task = calloc(1, sizeof(*task));

                assert_non_null(task);
                task->job.run = run_and_free;
                assert_true(workers_submit(workers, &task->job));
        }
        workers_stop(workers);
        assert_int_equal(n_runs, N_JOBS);
}

static Workers *round_about;

static void run_again(Job *job, void *context _unused_) {
        Task *task = (Task *)job;

        if (++task->n_runs < 100) {
                if (!workers_submit(round_about, job))
                        open_gate();
        } else
                open_gate();
}

static void test_a_job_may_submit_itself_again(void **state _unused_) {
        Task task = { .job = { .run = run_again } };

        close_gate();
        round_about = start((void *[]){ NULL, NULL }, 2, 1);
        assert_true(workers_submit(round_about, &task.job));
        pthread_mutex_lock(&gate.lock);
        while (!gate.is_open)
                pthread_cond_wait(&gate.changed, &gate.lock);
        pthread_mutex_unlock(&gate.lock);
        workers_stop(round_about);
        assert_int_equal(task.n_runs, 100);
}

static bool was_turned_away;

/* Without the stop it would go on for much longer. */
static void run_until_turned_away(Job *job, void *context _unused_) {
        Task *task = (Task *)job;

        if (++task->n_runs < 10 * 1000 * 1000)
                was_turned_away = !workers_submit(round_about, job);
}

static void test_a_pool_that_is_being_stopped_takes_no_more_jobs(void **state _unused_) {
        Task task = { .job = { .run = run_until_turned_away } };

        was_turned_away = false;
        round_about = start((void *[]){ NULL }, 1, 1);
        assert_true(workers_submit(round_about, &task.job));
        workers_stop(round_about);
        assert_true(was_turned_away);
}

/*
 * Many clients.
 */

static Workers *busy;
static Task tasks_of_clients[N_CLIENTS][N_JOBS];
static bool taken[N_CLIENTS][N_JOBS];

static void *submit_all(void *number) {
        uintptr_t me = (uintptr_t)number;

        for (size_t i = 0; i < N_JOBS; i++) {
                tasks_of_clients[me][i] = (Task){ .job = { .run = run_task } };
                taken[me][i] = workers_submit(busy, &tasks_of_clients[me][i].job);
        }
        return NULL;
}

static void test_whatever_clients_do_who_is_taken_runs_once_and_who_is_not_never(void **state _unused_) {
        State states[N_THREADS] = { 0 };
        void *pointers[N_THREADS] = { &states[0], &states[1], &states[2], &states[3] };
        size_t n_taken = 0, n_of_states = 0;
        pthread_t clients[N_CLIENTS];

        busy = start(pointers, N_THREADS, 20);
        for (uintptr_t i = 0; i < N_CLIENTS; i++)
                assert_int_equal(pthread_create(&clients[i], NULL, submit_all, (void *)i), 0);
        for (size_t i = 0; i < N_CLIENTS; i++)
                assert_int_equal(pthread_join(clients[i], NULL), 0);
        workers_stop(busy);

        for (size_t client = 0; client < N_CLIENTS; client++)
                for (size_t i = 0; i < N_JOBS; i++) {
                        assert_int_equal(tasks_of_clients[client][i].n_runs, taken[client][i] ? 1 : 0);
                        n_taken += taken[client][i];
                }
        for (size_t i = 0; i < N_THREADS; i++)
                n_of_states += states[i].n_runs;
        assert_true(n_taken >= 20);
        assert_int_equal(n_runs, n_taken);
        assert_int_equal(n_of_states, n_taken);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_job_runs_once),
                cmocka_unit_test(test_jobs_start_in_the_order_in_which_they_came),
                cmocka_unit_test(test_as_many_jobs_run_at_once_as_there_are_threads),
                cmocka_unit_test(test_each_thread_has_its_own_state),
                cmocka_unit_test(test_a_full_queue_turns_jobs_away),
                cmocka_unit_test(test_a_queue_that_was_full_takes_jobs_again),
                cmocka_unit_test(test_a_stop_runs_all_that_waits),
                cmocka_unit_test(test_idle_threads_are_stopped),
                cmocka_unit_test(test_no_pool_is_stopped_too),
                cmocka_unit_test(test_a_job_may_free_itself),
                cmocka_unit_test(test_a_job_may_submit_itself_again),
                cmocka_unit_test(test_a_pool_that_is_being_stopped_takes_no_more_jobs),
                cmocka_unit_test(test_whatever_clients_do_who_is_taken_runs_once_and_who_is_not_never),
        };

        return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
