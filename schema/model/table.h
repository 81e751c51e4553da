/*
 * A hash table of pointers with open addressing: the caller hashes and compares, the table finds places.
 *
 * Lookups touch one run of 16-byte slots. Removal moves later slots back, so that no tombstones gather.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct TableSlot {
        uint64_t hash;
        void *value; /* NULL: the slot is free */
} TableSlot;

typedef struct Table {
        TableSlot *slots;
        size_t n_slots; /* a power of two, or 0 */
        size_t n_values;
} Table;

#define TABLE_NULL ((Table){ NULL, 0, 0 })

typedef bool (*TableEqual)(const void *value, const void *wanted);

/* Frees the slots; the values are the caller's. */
void table_deinit(Table *table);

/* Makes room for @n_more values, so that as many table_put() calls cannot fail. Return: 0 or -ENOMEM. */
int table_reserve(Table *table, size_t n_more);

/* Begins to fetch the slot that table_get() with the same hash looks at first. */
void table_prefetch(const Table *table, uint64_t hash);

void *table_get(const Table *table, uint64_t hash, TableEqual equal, const void *wanted);

/* Stores @value in place of the one that @equal finds for @wanted. Return: the value replaced, or NULL. */
void *table_put(Table *table, uint64_t hash, TableEqual equal, const void *wanted, void *value);

/* Return: the value taken out, or NULL when there was none. */
void *table_take(Table *table, uint64_t hash, TableEqual equal, const void *wanted);
