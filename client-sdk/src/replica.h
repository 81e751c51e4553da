/*
 * The client's catalog, for any number of readers and one writer.
 *
 * There are two catalogs that hold the same. Readers use the one that is active; the writer changes the
 * other, makes it the active one, waits until the last reader has left the first, and changes that too. So
 * readers never wait, for the writer or for each other, and the writer waits only for lookups under way.
 *
 * Readers count themselves in and out on stripes. The cost is a second table of pointers, and these lines.
 * The values are shared.
 *
 * With each catalog stands who this instance is, since that decides which arm of a gray release it sees. So
 * a lookup sees the configs and the tags of one moment, and tags are let go when nobody can look at them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/catalog.h"
#include "model/gray.h"
#include "model/span.h"
#include "stripes.h"
#include "tag_set.h"
#include "value.h"

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

/* What readers look at. */
typedef struct ReplicaSide {
        _Alignas(CACHE_LINE_SIZE) Catalog catalog;
        GrayAsker asker; /* this instance; the unit is borrowed */
        TagSet *tags;    /* a reference: the asker's */
        bool is_broken;  /* the catalog lacks something, and is made anew before it is used */
} ReplicaSide;

typedef struct Replica {
        Stripe readers[2][N_STRIPES]; /* of each side */
        _Atomic uint64_t revision;    /* that every lookup from here on sees, or a newer one */
        _Alignas(CACHE_LINE_SIZE) _Atomic unsigned active;
        ReplicaSide sides[2];
} Replica;

/* @unit: of this instance; must outlive the replica. @tags: referenced. */
void replica_init(Replica *replica, Span unit, TagSet *tags);
/* No reader may be left. */
void replica_deinit(Replica *replica);

/*
 * replica_find() - the nearest value on the way up, with a reference for the caller; NULL: none. Any thread
 * @asker: whom it is for; NULL: this instance
 */
confer_value *replica_find(Replica *replica, Span namespace, Span key, const GrayAsker *asker);

/* The tags of this instance, with a reference for the caller. Any thread. */
TagSet *replica_tags(Replica *replica);

/* Enters the active side, and leaves it again with what replica_enter() gave. Meanwhile the writer waits:
 * nothing slow may happen, and nobody else's code run. Any thread. */
typedef struct Visit {
        const ReplicaSide *side;
        Stripe *stripe;
} Visit;

Visit replica_enter(Replica *replica);
void replica_leave(Visit visit);

/*
 * replica_apply() - make all edits at once, as readers see it
 * @revision: what they lead to
 *
 * Only one thread writes at a time. Return: 0; -ENOMEM, and no reader saw anything.
 */
int replica_apply(Replica *replica, const Edits *edits, uint64_t revision);

/* Gives this instance other tags, which are referenced. Likewise. */
int replica_set_tags(Replica *replica, TagSet *tags);

/* What the thread that writes the catalog may read without entering; whoever sets tags leaves it alone. */
const Catalog *replica_catalog(const Replica *replica);

/* This instance. Only where nobody sets its tags meanwhile. */
const GrayAsker *replica_asker(const Replica *replica);
