/*
 * The last changes, so that a follower who was away for a while gets only what it missed.
 *
 * It holds every change with items after a revision, its floor; changes without items are none that anybody
 * could miss. Bounded by number and by size: the oldest go first, and the floor rises.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "push/event.h"

typedef struct Tail {
        size_t n_max;
        size_t bytes_max;
        Event **events; /* a ring */
        size_t first;
        size_t n;
        size_t n_slots;
        size_t bytes;
        uint64_t floor; /* what happened at or before it is not told any more */
} Tail;

void tail_init(Tail *tail, size_t n_max, size_t bytes_max);
void tail_deinit(Tail *tail);

/* From here on all changes come in; what was before @revision is in the catalog. */
void tail_begin(Tail *tail, uint64_t revision);
/* Takes a reference. */
void tail_add(Tail *tail, Event *event);

/* Whether all that happened after @since is here. */
bool tail_reaches(const Tail *tail, uint64_t since);

/* The place of the first change after @since; tail->n when there is none. */
size_t tail_find(const Tail *tail, uint64_t since);
Event *tail_get(const Tail *tail, size_t place);
