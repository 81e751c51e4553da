#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "states.h"

#define D CONFER_STATE_DISCONNECTED
#define C CONFER_STATE_CONNECTING
#define U CONFER_STATE_CONNECTED
#define R CONFER_STATE_RECONNECTING

static void the_moves_are_those_of_the_diagram_and_no_others(void **state) {
        static const bool allowed[CONFER_STATE_N][CONFER_STATE_N] = {
                [D] = { [C] = true },
                [C] = { [U] = true, [R] = true, [D] = true },
                [U] = { [R] = true, [D] = true },
                [R] = { [U] = true, [D] = true },
        };

        (void)state;
        for (int from = 0; from < CONFER_STATE_N; from++)
                for (int to = 0; to < CONFER_STATE_N; to++)
                        assert_int_equal(state_may_move((confer_state)from, (confer_state)to),
                                         allowed[from][to]);
        assert_false(state_may_move(D, CONFER_STATE_N));
        assert_false(state_may_move(CONFER_STATE_N, D));
}

static void every_state_has_a_name(void **state) {
        (void)state;
        assert_string_equal(confer_state_to_string(U), "connected");
        assert_string_equal(confer_state_to_string(R), "reconnecting");
        assert_string_equal(confer_state_to_string((confer_state)99), "unknown state");
}

static void moves_come_out_in_order(void **state) {
        Moves moves = MOVES_NULL;
        Move move;

        (void)state;
        moves_add(&moves, D, C);
        moves_add(&moves, C, U);
        assert_true(moves_take(&moves, &move));
        assert_int_equal(move.to, C);
        assert_true(moves_take(&moves, &move));
        assert_int_equal(move.to, U);
        assert_false(moves_take(&moves, &move));
}

static void too_many_moves_still_make_a_chain_that_ends_at_the_state(void **state) {
        Moves moves = MOVES_NULL;
        confer_state at = D, heard = D;
        size_t n_heard = 0;
        Move move;

        (void)state;
        for (int i = 0; i < 1001; i++) {
                confer_state to = i == 0 ? C : at == U ? R : U;

                moves_add(&moves, at, to);
                at = to;
        }
        for (; moves_take(&moves, &move); n_heard++) {
                assert_int_equal(move.from, heard);
                assert_int_not_equal(move.from, move.to);
                heard = move.to;
        }
        assert_int_equal(heard, at);
        assert_in_range(n_heard, MOVES_MAX - 2, MOVES_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_moves_are_those_of_the_diagram_and_no_others),
                cmocka_unit_test(every_state_has_a_name),
                cmocka_unit_test(moves_come_out_in_order),
                cmocka_unit_test(too_many_moves_still_make_a_chain_that_ends_at_the_state),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
