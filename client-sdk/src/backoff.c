#include "backoff.h"
#include "model/macros.h"

/* The cap is at most 600 s and the base at least 1 ms, so that 2^20 steps past it are out of reach. */
#define DOUBLINGS_MAX 20

static uint64_t span_ms(unsigned n_attempts, const BackoffPolicy *policy) {
        uint64_t span = policy->base_ms << MIN(n_attempts - 1, (unsigned)DOUBLINGS_MAX);

        return MIN(span, policy->cap_ms);
}

uint64_t backoff_next_ms(Backoff *backoff, const BackoffPolicy *policy, uint64_t random) {
        unsigned n_attempts = backoff->n_attempts;

        if (n_attempts <= DOUBLINGS_MAX)
                backoff->n_attempts++;
        return n_attempts == 0 ? 0 : random % (span_ms(n_attempts, policy) + 1);
}

void backoff_slow_down(Backoff *backoff) {
        backoff->n_attempts = DOUBLINGS_MAX + 1;
}

void backoff_connection_lost(Backoff *backoff, const BackoffPolicy *policy, int64_t since_ms,
                             int64_t now_ms) {
        if (now_ms - since_ms >= (int64_t)policy->stable_ms)
                backoff->n_attempts = 0;
}
