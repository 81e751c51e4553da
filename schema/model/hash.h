/*
 * A fast, seedless 64-bit hash for tables in memory and for entity tags. It is no defence against chosen
 * collisions: what is hashed are names that their writers were given the right to make.
 */
#pragma once

#include <stdint.h>
#include <string.h>

#include "model/span.h"

static inline uint64_t hash_mix(uint64_t value) {
        __uint128_t product =
                (__uint128_t)(value ^ UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);

        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Goes on from @hash, so that hash_span(hash_span(0, a), b) covers both; where a ends and b begins counts
 * too. */
static inline uint64_t hash_span(uint64_t hash, Span text) {
        uint64_t word;
        size_t at = 0;

        hash ^= text.size;
        for (; at + sizeof(word) <= text.size; at += sizeof(word)) {
                memcpy(&word, text.data + at, sizeof(word));
                hash = hash_mix(hash ^ word);
        }

        word = 0;
        if (at < text.size)
                memcpy(&word, text.data + at, text.size - at);
        return hash_mix(hash ^ word);
}

/* Of a config's name. */
static inline uint64_t hash_config(Span namespace, Span key) {
        return hash_span(hash_span(0, namespace), key);
}
