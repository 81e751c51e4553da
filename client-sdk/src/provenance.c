#include <stdatomic.h>
#include <stdlib.h>

#include "provenance.h"

Provenance *provenance_new(void) {
        Provenance *provenance = malloc(sizeof(*provenance));

        if (!provenance)
                return NULL;

        *provenance = (Provenance){ .n_refs = 1, .confirmed_at_ms = INT64_MIN };
        if (heads_init(&provenance->heads) != 0) {
                free(provenance);
                return NULL;
        }
        return provenance;
}

Provenance *provenance_ref(Provenance *provenance) {
        if (provenance)
                atomic_fetch_add_explicit(&provenance->n_refs, 1, memory_order_relaxed);
        return provenance;
}

Provenance *provenance_unref(Provenance *provenance) {
        if (!provenance || atomic_fetch_sub_explicit(&provenance->n_refs, 1, memory_order_acq_rel) != 1)
                return NULL;

        heads_deinit(&provenance->heads);
        free(provenance);
        return NULL;
}

void provenance_set_current(Provenance *provenance) {
        atomic_store(&provenance->is_current, true);
}

/* In this order, so that a reader who finds it no longer current finds the new time. */
void provenance_set_confirmed(Provenance *provenance, int64_t at_ms) {
        atomic_store(&provenance->confirmed_at_ms, at_ms);
        atomic_store(&provenance->is_current, false);
}

int64_t provenance_confirmed_ms(const Provenance *provenance, int64_t now_ms) {
        if (atomic_load(&provenance->is_current))
                return now_ms;
        return atomic_load(&provenance->confirmed_at_ms);
}
