#include "states.h"
#include "model/macros.h"

#define TO(state) (1u << CONFER_STATE_##state)

/* Any state may be left by stopping. */
static const unsigned allowed[CONFER_STATE_N] = {
        [CONFER_STATE_DISCONNECTED] = TO(CONNECTING),
        [CONFER_STATE_CONNECTING] = TO(CONNECTED) | TO(RECONNECTING) | TO(DISCONNECTED),
        [CONFER_STATE_CONNECTED] = TO(RECONNECTING) | TO(DISCONNECTED),
        [CONFER_STATE_RECONNECTING] = TO(CONNECTED) | TO(DISCONNECTED),
};

bool state_may_move(confer_state from, confer_state to) {
        return (unsigned)from < CONFER_STATE_N && (unsigned)to < CONFER_STATE_N &&
               (allowed[from] & (1u << to)) != 0;
}

_public_ const char *confer_state_to_string(confer_state state) {
        static const char *const names[CONFER_STATE_N] = {
                [CONFER_STATE_DISCONNECTED] = "disconnected",
                [CONFER_STATE_CONNECTING] = "connecting",
                [CONFER_STATE_CONNECTED] = "connected",
                [CONFER_STATE_RECONNECTING] = "reconnecting",
        };

        return (unsigned)state < CONFER_STATE_N ? names[state] : "unknown state";
}

static Move *last_of(Moves *moves) {
        return &moves->waiting[(moves->first + moves->n - 1) % MOVES_MAX];
}

void moves_add(Moves *moves, confer_state from, confer_state to) {
        if (moves->n < MOVES_MAX) {
                moves->n++;
                *last_of(moves) = (Move){ from, to };
                return;
        }

        last_of(moves)->to = to;
        if (last_of(moves)->from == to)
                moves->n--;
}

bool moves_take(Moves *moves, Move *ret_move) {
        if (moves->n == 0)
                return false;

        *ret_move = moves->waiting[moves->first];
        moves->first = (moves->first + 1) % MOVES_MAX;
        moves->n--;
        return true;
}
