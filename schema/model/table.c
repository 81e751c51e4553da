#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "model/macros.h"
#include "model/table.h"

#define TABLE_SLOTS_MIN 16

void table_deinit(Table *table) {
        free(table->slots);
        *table = TABLE_NULL;
}

/* The slot that holds what is wanted, or the free one where it would go. */
static size_t find_slot(const Table *table, uint64_t hash, TableEqual equal, const void *wanted) {
        size_t at = hash & (table->n_slots - 1);

        while (table->slots[at].value) {
                if (table->slots[at].hash == hash && equal(table->slots[at].value, wanted))
                        break;
                at = (at + 1) & (table->n_slots - 1);
        }
        return at;
}

static void insert_unseen(Table *table, TableSlot slot) {
        size_t at = slot.hash & (table->n_slots - 1);

        while (table->slots[at].value)
                at = (at + 1) & (table->n_slots - 1);
        table->slots[at] = slot;
}

/* At most three quarters of the slots are taken, so that runs stay short. */
int table_reserve(Table *table, size_t n_more) {
        size_t needed = table->n_values + n_more, n_slots = MAX(table->n_slots, (size_t)TABLE_SLOTS_MIN);
        Table grown;

        while (n_slots / 4 * 3 < needed)
                n_slots *= 2;
        if (n_slots == table->n_slots)
                return 0;

        grown = (Table){ calloc(n_slots, sizeof(TableSlot)), n_slots, table->n_values };
        if (!grown.slots)
                return -ENOMEM;

        for (size_t i = 0; i < table->n_slots; i++)
                if (table->slots[i].value)
                        insert_unseen(&grown, table->slots[i]);

        free(table->slots);
        *table = grown;
        return 0;
}

void table_prefetch(const Table *table, uint64_t hash) {
        if (table->n_slots > 0)
                __builtin_prefetch(&table->slots[hash & (table->n_slots - 1)]);
}

void *table_get(const Table *table, uint64_t hash, TableEqual equal, const void *wanted) {
        if (table->n_slots == 0)
                return NULL;

        return table->slots[find_slot(table, hash, equal, wanted)].value;
}

void *table_put(Table *table, uint64_t hash, TableEqual equal, const void *wanted, void *value) {
        void *replaced;
        size_t at;

        assert(value && table->n_slots > table->n_values);

        at = find_slot(table, hash, equal, wanted);
        replaced = table->slots[at].value;
        table->slots[at] = (TableSlot){ hash, value };
        if (!replaced)
                table->n_values++;
        return replaced;
}

/* Moves each later slot of the run back into the hole, unless that would put it before its home. */
static void close_hole(Table *table, size_t hole) {
        size_t mask = table->n_slots - 1, at = hole;

        for (;;) {
                at = (at + 1) & mask;
                if (!table->slots[at].value)
                        break;
                if (((at - table->slots[at].hash) & mask) >= ((at - hole) & mask)) {
                        table->slots[hole] = table->slots[at];
                        hole = at;
                }
        }
        table->slots[hole] = (TableSlot){ 0, NULL };
}

void *table_take(Table *table, uint64_t hash, TableEqual equal, const void *wanted) {
        void *value;
        size_t at;

        if (table->n_slots == 0)
                return NULL;

        at = find_slot(table, hash, equal, wanted);
        value = table->slots[at].value;
        if (!value)
                return NULL;

        close_hole(table, at);
        table->n_values--;
        return value;
}
