/*
 * The jump pointers by which a version is found by its number, without an index.
 *
 * Each version but the first points at the version before it and jumps to an older one: skew-binary jumps, as
 * in Myers, "An applicative random-access stack" (1983). With J(1) = 1 and p the version before n, J(n) is
 * J(J(p)) when p - J(p) = J(p) - J(J(p)), else p: from version 2 on 1, 2, 1, 4, 5, 4, 1, 8, 9. From version
 * n, every older one is at most 3 log2(n) steps away, 30 from version 1,024. What a version jumps to is a
 * function of its number; only the rows have to be known.
 *
 * The spine of a config is what its newest version jumps to, what that one jumps to, and so on to the first
 * version. It is all that the next version needs for its jump, so that saving reads no older version.
 *
 * Pure: no database. Numbers are not negative, ids are those of rows in the table `versions`, 0 for none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/span.h"

/* No 64-bit number is more jumps away from version 1. */
#define SPINE_IDS_MAX 63
#define SPINE_ID_SIZE 8

typedef struct Spine {
        size_t size;
        char bytes[SPINE_IDS_MAX * SPINE_ID_SIZE]; /* big-endian ids, that of version 1 first */
} Spine;

/* The version that @version jumps to: 1 for itself, an older one for every other. */
int64_t spine_jump(int64_t version);

/* How many ids the spine of @newest has. */
size_t spine_n_ids(int64_t newest);

/* Return: 0, or -EBADMSG when @bytes are of another size than the spine of @newest. */
int spine_read(Span bytes, int64_t newest, Spine *ret_spine);

static inline Span spine_bytes(const Spine *spine) {
        return (Span){ spine->bytes, spine->size };
}

/* Makes the spine of @newest into that of @newest + 1; 0 is a config without versions. */
void spine_advance(Spine *spine, int64_t newest, int64_t newest_id);

/* The row that the newest version jumps to; 0 for version 1. */
int64_t spine_jump_id(const Spine *spine);
