/*
 * The client's catalog, for any number of readers and one writer.
 *
 * There are two catalogs that hold the same. Readers use the one that is active; the writer changes the
 * other, makes it the active one, waits until the last reader has left the first, and changes that too. So
 * readers never wait, for the writer or for each other, and the writer waits only for lookups under way.
 *
 * Readers count themselves in and out on a cache line that they share with few: one for each of N_STRIPES
 * processors. The cost is a second table of pointers, and these lines. The values are shared.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/catalog.h"
#include "model/span.h"
#include "value.h"

#define N_STRIPES 32

/* One config that changes. */
typedef struct Edit {
        confer_value *before; /* a reference; NULL: there is none yet */
        confer_value *after;  /* a reference; NULL: it is removed */
        uint64_t revision;    /* of the change */
} Edit;

typedef struct Edits {
        Edit *items;
        size_t n;
} Edits;

#define EDITS_NULL ((Edits){ NULL, 0 })

/* Takes references of its own. One of both may be NULL. Return: 0 or -ENOMEM. */
int edits_add(Edits *edits, confer_value *before, confer_value *after, uint64_t revision);
void edits_sort(Edits *edits); /* by revision */
void edits_deinit(Edits *edits);

static inline Span edit_namespace(const Edit *edit) {
        return release_namespace(&(edit->after ? edit->after : edit->before)->release);
}

static inline Span edit_key(const Edit *edit) {
        return release_key(&(edit->after ? edit->after : edit->before)->release);
}

typedef struct Stripe {
        _Alignas(CACHE_LINE_SIZE) _Atomic uint64_t n_readers;
} Stripe;

typedef struct Replica {
        Stripe readers[2][N_STRIPES]; /* of each catalog */
        _Alignas(CACHE_LINE_SIZE) _Atomic unsigned active;
        _Alignas(CACHE_LINE_SIZE) Catalog catalogs[2];
        bool is_broken[2]; /* this one lacks something, and is made anew before it is used */
} Replica;

void replica_init(Replica *replica);
/* No reader may be left. */
void replica_deinit(Replica *replica);

/* The nearest value on the way up, with a reference for the caller; NULL: none. Any thread. */
confer_value *replica_find(Replica *replica, Span namespace, Span key);

/* Enters the active catalog, and leaves it again with what replica_enter() gave. Meanwhile the writer waits:
 * nothing slow may happen, and nobody else's code run. Any thread. */
typedef struct Visit {
        const Catalog *catalog;
        Stripe *stripe;
} Visit;

Visit replica_enter(Replica *replica);
void replica_leave(Visit visit);

/*
 * replica_apply() - make all edits at once, as readers see it
 *
 * Only one thread writes. Return: 0; -ENOMEM, and no reader saw anything.
 */
int replica_apply(Replica *replica, const Edits *edits);

/* What the writer may read without entering. */
const Catalog *replica_catalog(const Replica *replica);
