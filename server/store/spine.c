#include <errno.h>
#include <string.h>

#include "store/spine.h"

/*
 * A jump is as long as the last term of what lies below the version, written as a sum of numbers 2^k - 1 with
 * the largest one taken first each time: 12 = 1 + 7 + 3 + 1 jumps to 11, that to 8, and that to 1. Only the
 * last two terms are ever equal.
 */
static int64_t largest_term(int64_t sum) {
        return (INT64_C(1) << (63 - __builtin_clzll((uint64_t)sum + 1))) - 1;
}

int64_t spine_jump(int64_t version) {
        int64_t rest = version - 1, term = 0;

        while (rest > 0) {
                term = largest_term(rest);
                rest -= term;
        }
        return version - term;
}

size_t spine_n_ids(int64_t newest) {
        size_t n = 0;

        for (int64_t rest = newest - 1; rest > 0; rest -= largest_term(rest))
                n++;
        return n;
}

int spine_read(Span bytes, int64_t newest, Spine *ret_spine) {
        if (newest < 0 || bytes.size != spine_n_ids(newest) * SPINE_ID_SIZE)
                return -EBADMSG;

        if (bytes.size)
                memcpy(ret_spine->bytes, bytes.data, bytes.size);
        ret_spine->size = bytes.size;
        return 0;
}

static void append_id(Spine *spine, int64_t id) {
        for (int shift = 56; shift >= 0; shift -= 8)
                spine->bytes[spine->size++] = (char)((uint64_t)id >> shift);
}

/* The next version jumps either to the newest one or, over two equal jumps, to where the second of them
 * leads. */
void spine_advance(Spine *spine, int64_t newest, int64_t newest_id) {
        if (newest == 0)
                return;

        if (spine_jump(newest + 1) == newest)
                append_id(spine, newest_id);
        else
                spine->size -= SPINE_ID_SIZE;
}

int64_t spine_jump_id(const Spine *spine) {
        uint64_t id = 0;

        if (spine->size == 0)
                return 0;

        for (size_t i = spine->size - SPINE_ID_SIZE; i < spine->size; i++)
                id = id << 8 | (uint8_t)spine->bytes[i];
        return (int64_t)id;
}
