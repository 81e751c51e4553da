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

        edits->items[edits->n++] = (Edit){ confer_value_ref(before), confer_value_ref(after), revision };
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
                confer_value_unref(edits->items[i].before);
                confer_value_unref(edits->items[i].after);
        }
        free(edits->items);
        *edits = EDITS_NULL;
}

/* -------------------------------------------------------------------------------------------------- readers
 */

void replica_init(Replica *replica) {
        *replica = (Replica){ .active = 0 };
        replica->catalogs[0] = CATALOG_NULL;
        replica->catalogs[1] = CATALOG_NULL;
}

void replica_deinit(Replica *replica) {
        catalog_deinit(&replica->catalogs[0]);
        catalog_deinit(&replica->catalogs[1]);
}

/*
 * A reader counts itself in, and only then makes sure that the catalog is still the active one. All of it is
 * sequentially consistent, so either the writer sees the count or the reader sees the change. A reader that
 * was overtaken has touched nothing, and tries again.
 */
Visit replica_enter(Replica *replica) {
        size_t stripe = (size_t)sched_getcpu() % N_STRIPES;

        for (;;) {
                unsigned active = atomic_load_explicit(&replica->active, memory_order_acquire);
                Stripe *readers = &replica->readers[active][stripe];

                atomic_fetch_add(&readers->n_readers, 1);
                if (atomic_load(&replica->active) == active)
                        return (Visit){ &replica->catalogs[active], readers };
                atomic_fetch_sub_explicit(&readers->n_readers, 1, memory_order_release);
        }
}

void replica_leave(Visit visit) {
        atomic_fetch_sub_explicit(&visit.stripe->n_readers, 1, memory_order_release);
}

confer_value *replica_find(Replica *replica, Span namespace, Span key) {
        Visit visit = replica_enter(replica);
        Release *release = release_ref(catalog_find(visit.catalog, namespace, key));

        replica_leave(visit);
        return value_of(release);
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

/* Makes the catalog that nobody reads the same as the other again. */
static int mend(Replica *replica, unsigned which) {
        int r;

        if (!replica->is_broken[which])
                return 0;

        catalog_deinit(&replica->catalogs[which]);
        r = catalog_copy(&replica->catalogs[which], &replica->catalogs[1 - which]);
        replica->is_broken[which] = r != 0;
        return r;
}

int replica_apply(Replica *replica, const Edits *edits) {
        unsigned before = atomic_load(&replica->active), after = 1 - before;
        int r;

        r = mend(replica, after);
        if (r)
                return r;
        r = apply_edits(&replica->catalogs[after], edits);
        if (r) {
                replica->is_broken[after] = true;
                return r;
        }

        atomic_store(&replica->active, after);
        wait_for_readers(replica->readers[before]);
        replica->is_broken[before] = apply_edits(&replica->catalogs[before], edits) != 0;
        return 0;
}

const Catalog *replica_catalog(const Replica *replica) {
        return &replica->catalogs[atomic_load(&replica->active)];
}
