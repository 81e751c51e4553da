/*
 * What a listener has heard last of each config, and whether what it hears next keeps the header's promises.
 */
#pragma once

#include <confer/confer.h>

typedef struct Heard {
        char *namespace; /* the one that was listened to */
        char *key;
        confer_value *value; /* a reference; NULL: removed */
        char *home;          /* where the last value lived */
        uint64_t revision;   /* of the last value */
} Heard;

typedef struct HeardTable {
        void *root; /* of tsearch() */
} HeardTable;

void heard_table_deinit(HeardTable *table);

/* Takes note of @change. Return: NULL, or the promise that it breaks; static. */
const char *heard_table_take(HeardTable *table, const confer_change *change);

void heard_table_each(const HeardTable *table, void (*visit)(const Heard *heard, void *context),
                      void *context);

/* Whether the two are the same version of the same config. */
bool heard_is_same(const confer_value *a, const confer_value *b);
