#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "heads.h"
#include "model/macros.h"
#include "stripes.h"

/* Aligned to its size, so that a head tells its slab. Four pages: little for a client of few configs. */
#define SLAB_SIZE  16384
#define SLAB_HEADS (SLAB_SIZE / HEAD_SIZE - 1)

/* Counters of one stripe, one for each head: whole cache lines. */
#define ROW_COUNTERS (SLAB_HEADS + 1)

typedef union Head {
        union Head *next_free;
        char bytes[HEAD_SIZE];
} Head;

struct HeadSlab {
        HeadSlab *next; /* among those with room */
        HeadSlab *previous;
        Head *first_free; /* of those that were given back */
        unsigned n_used;  /* heads from here on were never taken */
        unsigned n_taken;
        size_t n_counters;
        _Alignas(HEAD_SIZE) Head heads[SLAB_HEADS];
        HeadCounter counters[]; /* n_counters of ROW_COUNTERS */
};

_Static_assert(sizeof(HeadSlab) == SLAB_SIZE, "a slab is as large as it is aligned");

static size_t count_stripes(void) {
        long n_processors = sysconf(_SC_NPROCESSORS_CONF);
        size_t n = 1;

        while (n < N_STRIPES && (long)n < n_processors)
                n *= 2;
        return n;
}

int heads_init(Heads *heads) {
        heads->with_room = NULL;
        heads->n_counters = count_stripes();
        return -pthread_mutex_init(&heads->lock, NULL);
}

void heads_deinit(Heads *heads) {
        while (heads->with_room) {
                HeadSlab *slab = heads->with_room;

                assert(slab->n_taken == 0);
                heads->with_room = slab->next;
                free(slab);
        }
        (void)pthread_mutex_destroy(&heads->lock);
}

static void link_slab(Heads *heads, HeadSlab *slab) {
        slab->previous = NULL;
        slab->next = heads->with_room;
        if (slab->next)
                slab->next->previous = slab;
        heads->with_room = slab;
}

static void unlink_slab(Heads *heads, HeadSlab *slab) {
        if (slab->previous)
                slab->previous->next = slab->next;
        else
                heads->with_room = slab->next;
        if (slab->next)
                slab->next->previous = slab->previous;
}

static HeadSlab *need_slab(Heads *heads) {
        HeadSlab *slab;
        void *block;

        if (heads->with_room)
                return heads->with_room;
        if (posix_memalign(&block, SLAB_SIZE,
                           SLAB_SIZE + heads->n_counters * ROW_COUNTERS * sizeof(HeadCounter)) != 0)
                return NULL;

        slab = block;
        slab->n_counters = heads->n_counters;
        slab->first_free = NULL;
        slab->n_used = slab->n_taken = 0;
        link_slab(heads, slab);
        return slab;
}

static Head *take_from(Heads *heads, HeadSlab *slab) {
        Head *head = slab->first_free;

        if (head)
                slab->first_free = head->next_free;
        else
                head = &slab->heads[slab->n_used++];
        if (++slab->n_taken == SLAB_HEADS)
                unlink_slab(heads, slab);
        return head;
}

void *heads_take(Heads *heads) {
        HeadSlab *slab;
        Head *head;

        (void)pthread_mutex_lock(&heads->lock);
        slab = need_slab(heads);
        head = slab ? take_from(heads, slab) : NULL;
        (void)pthread_mutex_unlock(&heads->lock);

        for (size_t i = 0; head && i < slab->n_counters; i++)
                atomic_init(heads_counter(head, i), 0);
        return head;
}

static HeadSlab *slab_of(void *head) {
        return (HeadSlab *)((char *)head - (uintptr_t)head % SLAB_SIZE);
}

HeadCounter *heads_counter(void *head, size_t stripe) {
        HeadSlab *slab = slab_of(head);

        return &slab->counters[(stripe & (slab->n_counters - 1)) * ROW_COUNTERS +
                               (size_t)((Head *)head - slab->heads)];
}

size_t heads_n_counters(void *head) {
        return slab_of(head)->n_counters;
}

/* One empty slab is kept, so that one value that comes and goes does not make and free it each time. */
static void drop_if_empty(Heads *heads, HeadSlab *slab) {
        if (slab->n_taken > 0 || (heads->with_room == slab && !slab->next))
                return;

        unlink_slab(heads, slab);
        free(slab);
}

void heads_give(Heads *heads, void *head) {
        HeadSlab *slab = slab_of(head);
        Head *given = head;

        (void)pthread_mutex_lock(&heads->lock);
        given->next_free = slab->first_free;
        slab->first_free = given;
        if (slab->n_taken-- == SLAB_HEADS)
                link_slab(heads, slab);
        drop_if_empty(heads, slab);
        (void)pthread_mutex_unlock(&heads->lock);
}
