#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "mirror/gate.h"
#include "util/allocate.h"

struct Gate {
        pthread_mutex_t lock; /* of what follows, but for what is set before anybody asks */
        uint64_t term;        /* the newest */
        int64_t until_ms;     /* it lasts */

        uint64_t *caught_up; /* in which term each predecessor has, last */
        size_t n_predecessors;
        Waker **wakers;
        size_t n_wakers;
};

Gate *gate_new(void) {
        Gate *gate = allocate(1, sizeof(*gate));

        pthread_mutex_init(&gate->lock, NULL);
        gate->term = 1;
        gate->until_ms = INT64_MAX;
        return gate;
}

Gate *gate_free(Gate *gate) {
        if (!gate)
                return NULL;

        pthread_mutex_destroy(&gate->lock);
        free(gate->caught_up);
        free(gate->wakers);
        free(gate);
        return NULL;
}

void gate_guard(Gate *gate) {
        gate->term = 0;
        gate->until_ms = INT64_MIN;
}

size_t gate_add_predecessor(Gate *gate) {
        gate->caught_up =
                had(reallocarray(gate->caught_up, gate->n_predecessors + 1, sizeof(*gate->caught_up)));
        gate->caught_up[gate->n_predecessors] = 0;
        return gate->n_predecessors++;
}

void gate_add_waker(Gate *gate, Waker *waker) {
        gate->wakers = had(reallocarray(gate->wakers, gate->n_wakers + 1, sizeof(Waker *)));
        gate->wakers[gate->n_wakers++] = waker;
}

static void wake_all(const Gate *gate) {
        for (size_t i = 0; i < gate->n_wakers; i++)
                waker_wake(gate->wakers[i]);
}

static uint64_t term_at(const Gate *gate, int64_t now_ms) {
        return now_ms < gate->until_ms ? gate->term : 0;
}

static bool have_all_caught_up(const Gate *gate, uint64_t term) {
        for (size_t i = 0; i < gate->n_predecessors; i++)
                if (gate->caught_up[i] != term)
                        return false;
        return true;
}

uint64_t gate_leader_term(Gate *gate, int64_t now_ms) {
        uint64_t term;

        pthread_mutex_lock(&gate->lock);
        term = term_at(gate, now_ms);
        pthread_mutex_unlock(&gate->lock);
        return term;
}

uint64_t gate_mirror_term(Gate *gate, int64_t now_ms) {
        uint64_t term;

        pthread_mutex_lock(&gate->lock);
        term = term_at(gate, now_ms);
        if (!have_all_caught_up(gate, term))
                term = 0;
        pthread_mutex_unlock(&gate->lock);
        return term;
}

void gate_caught_up(Gate *gate, size_t predecessor, uint64_t term) {
        bool is_new;

        pthread_mutex_lock(&gate->lock);
        is_new = gate->caught_up[predecessor] < term;
        if (is_new)
                gate->caught_up[predecessor] = term;
        pthread_mutex_unlock(&gate->lock);
        if (is_new)
                wake_all(gate);
}

void gate_lead(Gate *gate, int64_t until_ms, int64_t now_ms) {
        bool is_new;

        pthread_mutex_lock(&gate->lock);
        is_new = now_ms >= gate->until_ms;
        gate->term += is_new;
        gate->until_ms = until_ms;
        pthread_mutex_unlock(&gate->lock);
        if (is_new)
                wake_all(gate);
}

void gate_step_down(Gate *gate) {
        pthread_mutex_lock(&gate->lock);
        gate->until_ms = INT64_MIN;
        pthread_mutex_unlock(&gate->lock);
        wake_all(gate);
}
