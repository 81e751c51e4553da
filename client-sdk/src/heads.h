/*
 * Memory for the heads of values: what a lookup reads of one.
 *
 * Spread among contents they would lie in as many pages as there are values, and finding a page costs more
 * than reading it. Here a page holds 32 of them.
 *
 * Each head has counters, one for every processor up to N_STRIPES. They lie behind the heads, those of one
 * processor together: whoever counts takes no line away from those who read.
 *
 * Any thread may take and give.
 */
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_SIZE 128 /* two cache lines, which processors fetch as a pair */

typedef struct HeadSlab HeadSlab;

typedef _Atomic uint32_t HeadCounter;

typedef struct Heads {
        pthread_mutex_t lock;
        HeadSlab *with_room;
        size_t n_counters; /* of each head; a power of two */
} Heads;

/* Return: 0 or a negative errno. */
int heads_init(Heads *heads);
/* When all that was taken was given back. */
void heads_deinit(Heads *heads);

/* HEAD_SIZE bytes, aligned to as many, and counters that are 0; NULL for want of memory. */
void *heads_take(Heads *heads);
void heads_give(Heads *heads, void *head);

/* What is counted on @stripe; several stripes may have one counter. */
HeadCounter *heads_counter(void *head, size_t stripe);
size_t heads_n_counters(void *head);
