#include "http/timer.h"
#include "model/macros.h"

static void on_timeout(h2o_timeout_entry_t *entry) {
        LoopTimer *timer = H2O_STRUCT_FROM_MEMBER(LoopTimer, entry, entry);

        timer->run(timer);
}

void loop_timer_init(LoopTimer *timer, Loop *loop, void (*run)(LoopTimer *)) {
        *timer = (LoopTimer){ .loop = loop, .entry = { .cb = on_timeout }, .run = run };
        h2o_timeout_init(loop->context.loop, &timer->timeout, 0);
}

void loop_timer_deinit(LoopTimer *timer) {
        h2o_timeout_unlink(&timer->entry);
        h2o_timeout_dispose(timer->loop->context.loop, &timer->timeout);
}

/* Not 0: libh2o runs those that are due until there are none. */
void loop_timer_set(LoopTimer *timer, uint64_t delay_ms) {
        h2o_timeout_unlink(&timer->entry);
        timer->timeout.timeout = MAX(delay_ms, 1);
        h2o_timeout_link(timer->loop->context.loop, &timer->timeout, &timer->entry);
}
