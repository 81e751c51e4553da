/*
 * The gate: open for good, or to a leader, for a time, in an order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mirror/gate.h"

static Gate *gate;

static int set_up(void **state _unused_) {
        gate = gate_new();
        return 0;
}

static int tear_down(void **state _unused_) {
        gate = gate_free(gate);
        return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void without_an_election_it_is_open(void **state _unused_) {
        assert_int_equal(gate_leader_term(gate, 0), 1);
        assert_int_equal(gate_mirror_term(gate, INT64_MAX - 1), 1);
}

static void with_one_it_is_closed_until_this_server_leads(void **state _unused_) {
        gate_guard(gate);
        assert_int_equal(gate_leader_term(gate, 0), 0);
        assert_int_equal(gate_mirror_term(gate, 0), 0);
        gate_lead(gate, 100, 0);
        assert_int_equal(gate_leader_term(gate, 99), 1);
        assert_int_equal(gate_mirror_term(gate, 99), 1);
}

static void it_closes_by_the_clock(void **state _unused_) {
        gate_guard(gate);
        gate_lead(gate, 100, 0);
        assert_int_equal(gate_mirror_term(gate, 100), 0);
        assert_int_equal(gate_leader_term(gate, 100), 0);
}

static void a_renewal_is_the_same_term(void **state _unused_) {
        gate_guard(gate);
        gate_lead(gate, 100, 0);
        gate_lead(gate, 150, 50);
        assert_int_equal(gate_mirror_term(gate, 149), 1);
}

static void a_renewal_that_comes_too_late_is_a_term_of_its_own(void **state _unused_) {
        gate_guard(gate);
        gate_lead(gate, 100, 0);
        gate_lead(gate, 200, 100);
        assert_int_equal(gate_mirror_term(gate, 150), 2);
}

static void who_steps_down_and_leads_again_is_in_another_term(void **state _unused_) {
        gate_guard(gate);
        gate_lead(gate, 100, 0);
        gate_step_down(gate);
        assert_int_equal(gate_mirror_term(gate, 50), 0);
        gate_lead(gate, 150, 50);
        assert_int_equal(gate_mirror_term(gate, 60), 2);
}

static void mirrors_wait_for_all_who_are_before_them(void **state _unused_) {
        size_t a = gate_add_predecessor(gate), b = gate_add_predecessor(gate);

        gate_guard(gate);
        gate_lead(gate, 100, 0);
        assert_int_equal(gate_leader_term(gate, 1), 1);
        assert_int_equal(gate_mirror_term(gate, 1), 0);
        gate_caught_up(gate, b, 1);
        assert_int_equal(gate_mirror_term(gate, 1), 0);
        gate_caught_up(gate, a, 1);
        assert_int_equal(gate_mirror_term(gate, 1), 1);
}

static void they_wait_again_in_each_term(void **state _unused_) {
        size_t a = gate_add_predecessor(gate);

        gate_guard(gate);
        gate_lead(gate, 100, 0);
        gate_caught_up(gate, a, 1);
        gate_step_down(gate);
        gate_lead(gate, 100, 0);
        assert_int_equal(gate_leader_term(gate, 1), 2);
        assert_int_equal(gate_mirror_term(gate, 1), 0);
        gate_caught_up(gate, a, 1); /* of a term that is over */
        assert_int_equal(gate_mirror_term(gate, 1), 0);
        gate_caught_up(gate, a, 2);
        assert_int_equal(gate_mirror_term(gate, 1), 2);
}

static void without_an_election_they_wait_once(void **state _unused_) {
        size_t a = gate_add_predecessor(gate);

        assert_int_equal(gate_mirror_term(gate, 0), 0);
        gate_caught_up(gate, a, gate_leader_term(gate, 0));
        assert_int_equal(gate_mirror_term(gate, 0), 1);
}

static void those_who_ask_are_woken_when_it_moves(void **state _unused_) {
        size_t a = gate_add_predecessor(gate);
        Waker waker;

        assert_int_equal(waker_init(&waker), 0);
        gate_guard(gate);
        gate_add_waker(gate, &waker);
        gate_lead(gate, 100, 0);
        assert_true(waker_take(&waker));
        gate_lead(gate, 150, 50); /* nothing has moved */
        assert_false(waker_take(&waker));
        gate_caught_up(gate, a, 1);
        assert_true(waker_take(&waker));
        gate_step_down(gate);
        assert_true(waker_take(&waker));
        waker_deinit(&waker);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(without_an_election_it_is_open),
                TEST(with_one_it_is_closed_until_this_server_leads),
                TEST(it_closes_by_the_clock),
                TEST(a_renewal_is_the_same_term),
                TEST(a_renewal_that_comes_too_late_is_a_term_of_its_own),
                TEST(who_steps_down_and_leads_again_is_in_another_term),
                TEST(mirrors_wait_for_all_who_are_before_them),
                TEST(they_wait_again_in_each_term),
                TEST(without_an_election_they_wait_once),
                TEST(those_who_ask_are_woken_when_it_moves),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
