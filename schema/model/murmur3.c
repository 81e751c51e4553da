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

/* One to three bytes: the first, the middle and the last one are all of them. */
static uint32_t few_bytes(const uint8_t *at, size_t n) {
        return (uint32_t)at[0] | (uint32_t)at[n / 2] << (8 * (n / 2)) | (uint32_t)at[n - 1] << (8 * (n - 1));
}

/* What is added fills the block that the tail began, and what is too much for it is the next tail. */
void murmur3_add(Murmur3 *murmur3, Span text) {
        const uint8_t *bytes = (const uint8_t *)text.data;
        uint32_t hash = murmur3->hash, n_tail = murmur3->n_tail;
        uint64_t both = murmur3->tail;
        size_t at = 0, n_left;

        for (; at + BLOCK_SIZE <= text.size; at += BLOCK_SIZE) {
                both |= (uint64_t)little_endian(bytes + at) << (8 * n_tail);
                hash = mix(hash, (uint32_t)both);
                both >>= 32;
        }

        n_left = text.size - at;
        if (n_left > 0)
                both |= (uint64_t)few_bytes(bytes + at, n_left) << (8 * n_tail);
        if (n_tail + n_left >= BLOCK_SIZE) {
                hash = mix(hash, (uint32_t)both);
                both >>= 32;
        }

        murmur3->hash = hash;
        murmur3->tail = (uint32_t)both;
        murmur3->n_tail = (uint32_t)(n_tail + n_left) % BLOCK_SIZE;
        murmur3->size += (uint32_t)text.size;
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
