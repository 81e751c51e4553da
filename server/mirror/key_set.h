/*
 * A set of texts by their hashes alone: 16 bytes for each of them at most, whatever their length. Two texts
 * of one hash count as one, which happens to two of a million in one case of ten million.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/span.h"

typedef struct KeySet {
        uint64_t *slots; /* 0: free */
        size_t n_slots;  /* a power of two, or 0 */
        size_t n;
} KeySet;

#define KEY_SET_NULL ((KeySet){ NULL, 0, 0 })

void key_set_deinit(KeySet *set);

bool key_set_has(const KeySet *set, Span text);
/* Return: false: it was there. */
bool key_set_add(KeySet *set, Span text);
