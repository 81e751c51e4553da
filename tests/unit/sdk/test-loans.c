#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "heads.h"
#include "loans.h"
#include "stripes.h"
#include "value.h"

#define N_THREADS 4
#define N_SLOTS   8
#define N_TURNS   20000

/* Has this thread run on the processor that is @nth among those that it may run on, counted around. */
static void move_to_processor(int nth) {
        cpu_set_t allowed, one;

        assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
        nth %= CPU_COUNT(&allowed);
        for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
                if (!CPU_ISSET(cpu, &allowed) || nth-- > 0)
                        continue;
                CPU_ZERO(&one);
                CPU_SET(cpu, &one);
                assert_int_equal(pthread_setaffinity_np(pthread_self(), sizeof(one), &one), 0);
                return;
        }
}

static void *add_three(void *head) {
        move_to_processor(0);
        for (int i = 0; i < 3; i++)
                assert_true(loans_add(head));
        return NULL;
}

static void *drop_two(void *head) {
        move_to_processor(1);
        for (int i = 0; i < 2; i++)
                assert_true(loans_drop(head));
        return NULL;
}

static void run_in_thread(void *(*run)(void *), void *context) {
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, run, context), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_loans_are_added_up_over_all_processors(void **state _unused_) {
        Heads heads;
        void *head, *other;

        assert_int_equal(heads_init(&heads), 0);
        head = heads_take(&heads);
        other = heads_take(&heads);
        assert_true(loans_add(other));
        run_in_thread(add_three, head);
        run_in_thread(drop_two, head);
        assert_false(loans_are_settled(head));
        assert_int_equal(loans_settle(head), 1);
        assert_true(loans_are_settled(head));
        assert_int_equal(loans_settle(other), 1);

        heads_give(&heads, head);
        heads_give(&heads, other);
        heads_deinit(&heads);
}

static void test_what_is_settled_counts_no_more(void **state _unused_) {
        Heads heads;
        void *head;

        assert_int_equal(heads_init(&heads), 0);
        head = heads_take(&heads);
        assert_true(loans_add(head));
        assert_int_equal(loans_settle(head), 1);
        for (int i = 0; i < 3; i++) {
                assert_false(loans_drop(head));
                assert_false(loans_drop(head));
                assert_false(loans_add(head));
        }
        heads_give(&heads, head);

        /* Whoever gets the head next begins at nothing. */
        assert_ptr_equal(heads_take(&heads), head);
        assert_true(loans_add(head));
        assert_int_equal(loans_settle(head), 1);
        heads_give(&heads, head);
        heads_deinit(&heads);
}

/* A thread that counts down what others counted up goes below zero, and around. */
static void test_counters_may_wrap_around(void **state _unused_) {
        Heads heads;
        void *head;

        assert_int_equal(heads_init(&heads), 0);
        head = heads_take(&heads);
        atomic_store(heads_counter(head, 0), UINT32_MAX - 1);
        if (heads_n_counters(head) > 1)
                atomic_store(heads_counter(head, 1), 6);
        else
                atomic_fetch_add(heads_counter(head, 0), 6);
        assert_int_equal(loans_settle(head), 2);
        heads_give(&heads, head);
        heads_deinit(&heads);
}

static void test_processors_count_on_lines_of_their_own(void **state _unused_) {
        Heads heads;
        void *head;

        assert_int_equal(heads_init(&heads), 0);
        head = heads_take(&heads);
        for (size_t i = 0; i < heads_n_counters(head); i++)
                for (size_t j = 0; j < i; j++)
                        assert_true(labs((long)((char *)heads_counter(head, i) -
                                                (char *)heads_counter(head, j))) >= CACHE_LINE_SIZE);
        for (size_t i = 0; i < N_STRIPES; i++)
                assert_ptr_equal(heads_counter(head, i), heads_counter(head, i % heads_n_counters(head)));
        heads_give(&heads, head);
        heads_deinit(&heads);
}

/* ---------------------------------------------------------------------------------------------------- values
 */

static confer_value *make(Provenance *provenance, const char *content) {
        confer_value *value;

        assert_int_equal(value_new(&(ConfigData){ .namespace = SPAN_LITERAL("prod"),
                                                  .key = SPAN_LITERAL("a"),
                                                  .version = 1,
                                                  .revision = 1,
                                                  .content = span_from_string(content) },
                                   provenance, CONFER_ORIGIN_SERVER, &value, NULL),
                         0);
        return value;
}

/* Each value holds a reference to its provenance for as long as it is there. */
static uint32_t count_values(const Provenance *provenance) {
        return provenance->n_refs - 1;
}

static void test_a_value_stays_until_the_application_gives_it_back(void **state _unused_) {
        Provenance *provenance = provenance_new();
        confer_value *value = make(provenance, "text");

        confer_value_ref(value);
        value_unref(value);
        assert_int_equal(count_values(provenance), 1);
        assert_string_equal(confer_value_content(value, NULL), "text");

        confer_value_ref(value);
        confer_value_unref(value);
        assert_int_equal(count_values(provenance), 1);
        confer_value_unref(value);
        assert_int_equal(count_values(provenance), 0);
        provenance_unref(provenance);
}

static void test_a_value_stays_until_the_sdk_needs_it_no_longer(void **state _unused_) {
        Provenance *provenance = provenance_new();
        confer_value *value = make(provenance, "text");

        confer_value_ref(value);
        confer_value_unref(value);
        assert_int_equal(count_values(provenance), 1);
        value_unref(value);
        assert_int_equal(count_values(provenance), 0);
        provenance_unref(provenance);
}

/* What other threads do as soon as the counters are closed, and before what stood in them counts again. */
static confer_value *meanwhile;

uint32_t __real_loans_settle(void *head);
uint32_t __wrap_loans_settle(void *head);

uint32_t __wrap_loans_settle(void *head) {
        uint32_t n_loans = __real_loans_settle(head);

        if (meanwhile) {
                confer_value_ref(meanwhile);
                confer_value_unref(meanwhile);
                confer_value_unref(meanwhile);
        }
        return n_loans;
}

static void test_what_comes_and_goes_while_loans_are_settled_counts(void **state _unused_) {
        Provenance *provenance = provenance_new();
        confer_value *value = make(provenance, "text");

        confer_value_ref(value);
        confer_value_ref(value);
        meanwhile = value;
        value_unref(value);
        meanwhile = NULL;
        assert_int_equal(count_values(provenance), 1);
        assert_string_equal(confer_value_content(value, NULL), "text");
        confer_value_unref(value);
        assert_int_equal(count_values(provenance), 0);

        /* The last one goes in that very moment. */
        value = make(provenance, "text");
        confer_value_ref(value);
        meanwhile = value;
        value_unref(value);
        meanwhile = NULL;
        assert_int_equal(count_values(provenance), 0);
        provenance_unref(provenance);
}

/* Values that the application's threads hand to each other. */
static _Atomic(confer_value *) slots[N_SLOTS];

/* Puts a reference to what lies in a slot into another one, over and over; what lay there is given back. */
static void *pass_around(void *context) {
        unsigned random = 1 + (unsigned)(uintptr_t)context;
        uintptr_t n_faults = 0;

        for (int i = 0; i < N_TURNS; i++) {
                confer_value *value;

                random = random * 1103515245 + 12345;
                value = atomic_exchange(&slots[random >> 16 & (N_SLOTS - 1)], NULL);
                if (!value)
                        continue;
                n_faults += strcmp(confer_value_content(value, NULL), "text") != 0;
                confer_value_unref(
                        atomic_exchange(&slots[random >> 20 & (N_SLOTS - 1)], confer_value_ref(value)));
                confer_value_unref(atomic_exchange(&slots[random >> 24 & (N_SLOTS - 1)], value));
        }
        return (void *)n_faults;
}

/* The SDK lets go of each value while the threads take and give back references to it. */
static void test_values_end_once_while_threads_pass_them_around(void **state _unused_) {
        Provenance *provenance = provenance_new();
        pthread_t threads[N_THREADS];
        void *n_faults;

        for (uintptr_t i = 0; i < N_THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, pass_around, (void *)i), 0);
        for (int i = 0; i < N_TURNS; i++) {
                confer_value *value = make(provenance, "text");

                confer_value_unref(atomic_exchange(&slots[i % N_SLOTS], confer_value_ref(value)));
                value_unref(value);
        }
        for (int i = 0; i < N_THREADS; i++) {
                pthread_join(threads[i], &n_faults);
                assert_int_equal((uintptr_t)n_faults, 0);
        }
        for (int i = 0; i < N_SLOTS; i++)
                confer_value_unref(atomic_exchange(&slots[i], NULL));
        assert_int_equal(count_values(provenance), 0);
        provenance_unref(provenance);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_loans_are_added_up_over_all_processors),
                cmocka_unit_test(test_what_is_settled_counts_no_more),
                cmocka_unit_test(test_counters_may_wrap_around),
                cmocka_unit_test(test_processors_count_on_lines_of_their_own),
                cmocka_unit_test(test_a_value_stays_until_the_application_gives_it_back),
                cmocka_unit_test(test_a_value_stays_until_the_sdk_needs_it_no_longer),
                cmocka_unit_test(test_what_comes_and_goes_while_loans_are_settled_counts),
                cmocka_unit_test(test_values_end_once_while_threads_pass_them_around),
        };

        return cmocka_run_group_tests_name("sdk/loans", tests, NULL, NULL);
}
