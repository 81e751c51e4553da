/*
 * MurmurHash3 by Austin Appleby, variant x86, 32 bit, with seed 0: what units are put into buckets by.
 *
 * The text may come in pieces, so that what many texts begin with is hashed once: the state after it is
 * copied. It is no defence against whoever chooses the text.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/span.h"

typedef struct Murmur3 {
        uint32_t hash; /* of all whole blocks of four bytes */
        uint32_t tail; /* the bytes after them, the first in the lowest bits */
        uint32_t n_tail;
        uint32_t size;
} Murmur3;

#define MURMUR3_NULL ((Murmur3){ 0, 0, 0, 0 })

void murmur3_add(Murmur3 *murmur3, Span text);

/* The hash of all that was added. */
uint32_t murmur3_get(const Murmur3 *murmur3);
