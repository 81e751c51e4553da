#include <stdatomic.h>

#include "heads.h"
#include "loans.h"
#include "stripes.h"

/* What is added to a counter. The bit below stays as it is, so that the same step that counts tells whether
 * it still counts here. Counters wrap around, and so does their sum, which is right again. */
#define ONE     2U
#define SETTLED 1U

/* Whoever adds is kept from the end of the value by another reference, and so needs no order. */
bool loans_add(void *head) {
        HeadCounter *counter = heads_counter(head, stripe_here());

        return !(atomic_fetch_add_explicit(counter, ONE, memory_order_relaxed) & SETTLED);
}

/* What was read of the value was read before. */
bool loans_drop(void *head) {
        HeadCounter *counter = heads_counter(head, stripe_here());

        return !(atomic_fetch_sub_explicit(counter, ONE, memory_order_release) & SETTLED);
}

uint32_t loans_settle(void *head) {
        uint32_t sum = 0;

        for (size_t i = 0; i < heads_n_counters(head); i++)
                sum += atomic_exchange_explicit(heads_counter(head, i), SETTLED, memory_order_acq_rel);
        return sum / ONE;
}

bool loans_are_settled(void *head) {
        return atomic_load_explicit(heads_counter(head, 0), memory_order_relaxed) & SETTLED;
}
