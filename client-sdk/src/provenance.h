/*
 * How sure a client is of what it knows: whether a server vouches for it now, or since when none does.
 *
 * Shared by the client and all of its values, which may outlive it; so it also keeps the memory that those
 * share. Written by the client's network thread, read by any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "heads.h"
#include "model/macros.h"

typedef struct Provenance {
        _Atomic uint32_t n_refs;
        Heads heads;             /* where its values lie */
        _Atomic bool is_current; /* connected and up to date: what is known is confirmed at all times */
        _Atomic int64_t confirmed_at_ms; /* of clock_now_ms(); INT64_MIN: never. While it is not current */
} Provenance;

/* Return: one reference, or NULL for want of memory. */
Provenance *provenance_new(void);
Provenance *provenance_ref(Provenance *provenance);
Provenance *provenance_unref(Provenance *provenance);

void provenance_set_current(Provenance *provenance);
/* It is no longer current; somebody vouched for it last at @at_ms. */
void provenance_set_confirmed(Provenance *provenance, int64_t at_ms);

/* The last moment of which it is certain that what is known was current; INT64_MIN: none. */
int64_t provenance_confirmed_ms(const Provenance *provenance, int64_t now_ms);

DEFINE_CLEANUP(Provenance *, provenance_unref);
