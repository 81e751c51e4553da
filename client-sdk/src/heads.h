/*
 * Memory for the heads of values: what a lookup reads of one.
 *
 * Spread among contents they would lie in as many pages as there are values, and finding a page costs more
 * than reading it. Here a page holds 32 of them.
 *
 * Any thread may take and give.
 */
#pragma once

#include <pthread.h>

#define HEAD_SIZE 128 /* two cache lines, which processors fetch as a pair */

typedef struct HeadSlab HeadSlab;

typedef struct Heads {
        pthread_mutex_t lock;
        HeadSlab *with_room;
} Heads;

/* Return: 0 or a negative errno. */
int heads_init(Heads *heads);
/* When all that was taken was given back. */
void heads_deinit(Heads *heads);

/* HEAD_SIZE bytes, aligned to as many; NULL for want of memory. */
void *heads_take(Heads *heads);
void heads_give(Heads *heads, void *head);
