#include <stdlib.h>

#include "mirror/key_set.h"
#include "model/hash.h"
#include "util/allocate.h"

#define SLOTS_MIN 1024

void key_set_deinit(KeySet *set) {
        free(set->slots);
        *set = KEY_SET_NULL;
}

static uint64_t hash_key(Span text) {
        uint64_t hash = hash_span(0, text);

        return hash ? hash : 1; /* 0 stands for a free slot */
}

/* The slot that has @hash, or the free one where it belongs. */
static uint64_t *find_slot(const KeySet *set, uint64_t hash) {
        size_t at = hash & (set->n_slots - 1);

        while (set->slots[at] && set->slots[at] != hash)
                at = (at + 1) & (set->n_slots - 1);
        return &set->slots[at];
}

static void grow(KeySet *set) {
        KeySet larger = { .n_slots = set->n_slots ? 2 * set->n_slots : SLOTS_MIN, .n = set->n };

        larger.slots = allocate(larger.n_slots, sizeof(*larger.slots));
        for (size_t i = 0; i < set->n_slots; i++)
                if (set->slots[i])
                        *find_slot(&larger, set->slots[i]) = set->slots[i];
        free(set->slots);
        *set = larger;
}

bool key_set_has(const KeySet *set, Span text) {
        return set->n > 0 && *find_slot(set, hash_key(text)) != 0;
}

bool key_set_add(KeySet *set, Span text) {
        uint64_t hash = hash_key(text), *slot;

        if (set->n * 4 >= set->n_slots * 3)
                grow(set);

        slot = find_slot(set, hash);
        if (*slot)
                return false;
        *slot = hash;
        set->n++;
        return true;
}
