#include "model/murmur3.h"

#define BLOCK_SIZE 4

static uint32_t rotate(uint32_t value, int n_bits) {
        return value << n_bits | value >> (32 - n_bits);
}

static uint32_t scramble(uint32_t block) {
        return rotate(block * 0xcc9e2d51, 15) * 0x1b873593;
}

static uint32_t mix(uint32_t hash, uint32_t block) {
        return rotate(hash ^ scramble(block), 13) * 5 + 0xe6546b64;
}

static uint32_t little_endian(const uint8_t *at) {
        return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Bytes that make no whole word: up to three, which may fill the block that the tail began. */
static void add_rest(Murmur3 *murmur3, const uint8_t *bytes, size_t n_bytes) {
        for (size_t i = 0; i < n_bytes; i++) {
                murmur3->tail |= (uint32_t)bytes[i] << (8 * murmur3->n_tail);
                if (++murmur3->n_tail < BLOCK_SIZE)
                        continue;

                murmur3->hash = mix(murmur3->hash, murmur3->tail);
                murmur3->tail = 0;
                murmur3->n_tail = 0;
        }
}

void murmur3_add(Murmur3 *murmur3, Span text) {
        const uint8_t *bytes = (const uint8_t *)text.data;
        uint32_t hash = murmur3->hash, tail = murmur3->tail;
        size_t at = 0;

        /* A word's low bytes fill the block that the tail began, its high ones are the next tail. */
        for (; at + BLOCK_SIZE <= text.size; at += BLOCK_SIZE) {
                uint64_t both = tail | (uint64_t)little_endian(bytes + at) << (8 * murmur3->n_tail);

                hash = mix(hash, (uint32_t)both);
                tail = (uint32_t)(both >> 32);
        }

        murmur3->hash = hash;
        murmur3->tail = tail;
        murmur3->size += (uint32_t)text.size;
        if (at < text.size)
                add_rest(murmur3, bytes + at, text.size - at);
}

uint32_t murmur3_get(const Murmur3 *murmur3) {
        uint32_t hash = murmur3->hash;

        /* Without a tail this changes nothing: a block of zeros scrambles to zero. */
        hash ^= scramble(murmur3->tail);
        hash ^= murmur3->size;
        hash = (hash ^ hash >> 16) * 0x85ebca6b;
        hash = (hash ^ hash >> 13) * 0xc2b2ae35;
        return hash ^ hash >> 16;
}
