/*
 * Who may work: the gate that each worker of a mirror, and each thread that takes configs in, asks before
 * what it does.
 *
 * Without an election it is open for good. With one it is open to the leader only, in an order: those who
 * take configs in work as soon as this server leads; the mirrors begin when all of those have caught up once
 * since then, or they would write what is old.
 *
 * Each time that this server comes to lead is a term with a number of its own. Who worked in one and finds
 * another has missed that somebody else has led in between. A term ends by the clock alone: nobody has to run
 * for that, so what a process does first after it was frozen is already refused.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mirror/waker.h"
#include "model/macros.h"

typedef struct Gate Gate;

Gate *gate_new(void);
Gate *gate_free(Gate *gate);

DEFINE_CLEANUP(Gate *, gate_free);

/*
 * Before any thread asks:
 */

/* From here on it is open to a leader only. */
void gate_guard(Gate *gate);
/* One more who has to catch up in each term before the mirrors begin. Return: its number. */
size_t gate_add_predecessor(Gate *gate);
/* @waker: of a thread that asks; borrowed. It is woken whenever the gate may have opened or closed. */
void gate_add_waker(Gate *gate, Waker *waker);

/*
 * Afterwards, @thread any; @now_ms: by clock_boot_ms().
 */

/* The term for those who take configs in; 0: this server does not lead. */
uint64_t gate_leader_term(Gate *gate, int64_t now_ms);
/* The term for mirrors; 0: they have to rest. */
uint64_t gate_mirror_term(Gate *gate, int64_t now_ms);

/* The predecessor has caught up; in a term that is over it counts for nothing. */
void gate_caught_up(Gate *gate, size_t predecessor, uint64_t term);

/* The election says that this server leads until then. Begins a term where none is under way. */
void gate_lead(Gate *gate, int64_t until_ms, int64_t now_ms);
/* It leads no more. */
void gate_step_down(Gate *gate);
