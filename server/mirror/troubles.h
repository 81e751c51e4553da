/*
 * The configs that a worker could not deliver: those that it will try again, and those that it has put aside
 * as dead letters.
 *
 * Those that it will try again are here alone: so the place in the outbox that is remembered stays before the
 * row that asked for the oldest of them. Dead letters are in the store.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mirror/config_name.h"
#include "model/span.h"
#include "model/table.h"

typedef enum TroubleState {
        TROUBLE_RETRIED, /* when its time comes */
        TROUBLE_PARKED,  /* a dead letter: nothing is tried until it is asked for, or the config changes */
        TROUBLE_DROPPED, /* one that somebody has given up: likewise, and it is not listed */
} TroubleState;

typedef struct Trouble {
        ConfigName name;
        uint64_t revision;   /* of the release that was to be delivered */
        uint64_t attempts;   /* since it was noted last */
        int64_t first_at_ms; /* wall time, of the first attempt */
        TroubleState state;
        bool is_noted; /* the store has it as a dead letter, though it may be tried again now */

        /* Where it is to be tried again. */
        int64_t retry_at_ms; /* monotonic */
        int64_t outbox_id;   /* of the row that asked for it */

        char texts[];
} Trouble;

typedef struct Troubles {
        Table by_name;
        size_t n_parked;
} Troubles;

#define TROUBLES_NULL ((Troubles){ TABLE_NULL, 0 })

void troubles_deinit(Troubles *troubles);

Trouble *troubles_find(const Troubles *troubles, Span namespace, Span key);
/* Finds or adds, with nothing but its names. */
Trouble *troubles_get(Troubles *troubles, Span namespace, Span key);
void troubles_remove(Troubles *troubles, Trouble *trouble);
void troubles_set(Troubles *troubles, Trouble *trouble, TroubleState state);

/* The next one from *at on, which is moved on; NULL: there is none left. None may be added or removed
 * meanwhile. */
Trouble *troubles_next(const Troubles *troubles, size_t *at);
