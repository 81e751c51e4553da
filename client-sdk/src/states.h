/*
 * The states of a client, and the moves that are allowed from one to another.
 *
 * Moves wait here, in order, until the state callback was told of them. There is room for MOVES_MAX; when it
 * is used up, the last one waiting takes in the new one, and where the two lead back to where they began,
 * both are left out. What is told is always a chain of states without a gap.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "confer/confer.h"

#define MOVES_MAX 64

typedef struct Move {
        confer_state from;
        confer_state to;
} Move;

typedef struct Moves {
        Move waiting[MOVES_MAX];
        size_t first;
        size_t n;
} Moves;

#define MOVES_NULL ((Moves){ .n = 0 })

bool state_may_move(confer_state from, confer_state to);

void moves_add(Moves *moves, confer_state from, confer_state to);
bool moves_take(Moves *moves, Move *ret_move);
