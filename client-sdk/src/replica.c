#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "replica.h"

/* ---------------------------------------------------------------------------------------------------- edits
 */

int edits_add(Edits *edits, confer_value *before, confer_value *after, uint64_t revision) {
        if ((edits->n & (edits->n - 1)) == 0) {
                Edit *grown = realloc(edits->items, sizeof(*grown) * (edits->n == 0 ? 1 : 2 * edits->n));

                if (!grown)
                        return -ENOMEM;
                edits->items = grown;
        }

        edits->items[edits->n++] = (Edit){ value_ref(before), value_ref(after), revision };
        return 0;
}

static int compare_revisions(const void *a, const void *b) {
        uint64_t revision_a = ((const Edit *)a)->revision, revision_b = ((const Edit *)b)->revision;

        return (revision_a > revision_b) - (revision_a < revision_b);
}

void edits_sort(Edits *edits) {
        if (edits->n > 1)
                qsort(edits->items, edits->n, sizeof(*edits->items), compare_revisions);
}

void edits_deinit(Edits *edits) {
        for (size_t i = 0; i < edits->n; i++) {
                value_unref(edits->items[i].before);
                value_unref(edits->items[i].after);
        }
        free(edits->items);
        *edits = EDITS_NULL;
}

/* -------------------------------------------------------------------------------------------------- readers
 */

static void set_tags(ReplicaSide *side, TagSet *tags) {
        TagSet *before = side->tags;

        side->tags = tag_set_ref(tags);
        side->asker = asker_of(side->asker.unit, tags);
        tag_set_unref(before);
}

void replica_init(Replica *replica, Span unit, TagSet *tags) {
        *replica = (Replica){ .active = 0 };
        for (int i = 0; i < 2; i++) {
                replica->sides[i].catalog = CATALOG_NULL;
                replica->sides[i].asker.unit = unit;
                set_tags(&replica->sides[i], tags);
        }
}

void replica_deinit(Replica *replica) {
        for (int i = 0; i < 2; i++) {
                catalog_deinit(&replica->sides[i].catalog);
                replica->sides[i].tags = tag_set_unref(replica->sides[i].tags);
        }
}

/*
 * A reader counts itself in, and only then makes sure that the catalog is still the active one. All of it is
 * sequentially consistent, so either the writer sees the count or the reader sees the change. A reader that
 * was overtaken has touched nothing, and tries again.
 */
Visit replica_enter(Replica *replica) {
        size_t stripe = stripe_here();

        for (;;) {
                unsigned active = atomic_load_explicit(&replica->active, memory_order_acquire);
                Stripe *readers = &replica->readers[active][stripe];

                atomic_fetch_add(&readers->n_readers, 1);
                if (atomic_load(&replica->active) == active)
                        return (Visit){ &replica->sides[active], readers };
                atomic_fetch_sub_explicit(&readers->n_readers, 1, memory_order_release);
        }
}

void replica_leave(Visit visit) {
        atomic_fetch_sub_explicit(&visit.stripe->n_readers, 1, memory_order_release);
}

confer_value *replica_find(Replica *replica, Span namespace, Span key, const GrayAsker *asker) {
        Visit visit = replica_enter(replica);
        Release *release = catalog_find(&visit.side->catalog, namespace, key);
        confer_value *value = value_seen_by(value_of(release), asker ? asker : &visit.side->asker);

        confer_value_ref(value);
        replica_leave(visit);
        return value;
}

TagSet *replica_tags(Replica *replica) {
        Visit visit = replica_enter(replica);
        TagSet *tags = tag_set_ref(visit.side->tags);

        replica_leave(visit);
        return tags;
}

/* --------------------------------------------------------------------------------------------------- writer
 */

static void wait_for_readers(Stripe *readers) {
        for (size_t i = 0; i < N_STRIPES; i++)
                while (atomic_load(&readers[i].n_readers) != 0)
                        (void)sched_yield();
}

static int apply_edits(Catalog *catalog, const Edits *edits) {
        for (size_t i = 0; i < edits->n; i++) {
                const Edit *edit = &edits->items[i];
                int r;

                if (!edit->after) {
                        catalog_remove(catalog, edit_namespace(edit), edit_key(edit));
                        continue;
                }
                r = catalog_put(catalog, &edit->after->release);
                if (r)
                        return r;
        }
        return 0;
}

/* Makes the catalog of the side that nobody reads the same as the other again. */
static int mend(Replica *replica, unsigned which) {
        ReplicaSide *side = &replica->sides[which];
        int r;

        if (!side->is_broken)
                return 0;

        catalog_deinit(&side->catalog);
        r = catalog_copy(&side->catalog, &replica->sides[1 - which].catalog);
        side->is_broken = r != 0;
        return r;
}

/* The side that nobody reads, whole; NULL for want of memory. */
static ReplicaSide *begin(Replica *replica) {
        unsigned other = 1 - atomic_load(&replica->active);

        return mend(replica, other) == 0 ? &replica->sides[other] : NULL;
}

/* Lets readers see the side that was changed. Return: the one before it, which nobody reads any more. */
static ReplicaSide *change_sides(Replica *replica) {
        unsigned before = atomic_load(&replica->active);

        atomic_store(&replica->active, 1 - before);
        wait_for_readers(replica->readers[before]);
        return &replica->sides[before];
}

int replica_apply(Replica *replica, const Edits *edits, uint64_t revision) {
        ReplicaSide *side = begin(replica);
        int r;

        if (!side)
                return -ENOMEM;
        r = apply_edits(&side->catalog, edits);
        if (r) {
                side->is_broken = true;
                return r;
        }

        side = change_sides(replica);
        atomic_store(&replica->revision, revision);
        side->is_broken = apply_edits(&side->catalog, edits) != 0;
        return 0;
}

int replica_set_tags(Replica *replica, TagSet *tags) {
        ReplicaSide *side = begin(replica);

        if (!side)
                return -ENOMEM;

        set_tags(side, tags);
        set_tags(change_sides(replica), tags);
        return 0;
}

const Catalog *replica_catalog(const Replica *replica) {
        return &replica->sides[atomic_load(&replica->active)].catalog;
}

const GrayAsker *replica_asker(const Replica *replica) {
        return &replica->sides[atomic_load(&replica->active)].asker;
}
