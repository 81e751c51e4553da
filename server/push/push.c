#include "push/push.h"

Push *push_new(const PushOptions *options) {
        Push *push = calloc(1, sizeof(*push));

        if (push)
                push->options = *options;
        return push;
}

Push *push_free(Push *push) {
        free(push);
        return NULL;
}

void push_set_epoch(Push *push, Span epoch) {
        push->epoch = epoch;
}
