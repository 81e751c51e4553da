#include "http/hooks.h"
#include "http/server_private.h"

static const LoopHooks *hooks_of(const Loop *loop) {
        return &loop->server->options.hooks;
}

void hooks_started(Loop *loop) {
        if (hooks_of(loop)->started)
                hooks_of(loop)->started(loop, hooks_of(loop)->context);
}

void hooks_seeded(Loop *loop) {
        if (hooks_of(loop)->seeded)
                hooks_of(loop)->seeded(loop);
}

void hooks_tick(Loop *loop) {
        if (hooks_of(loop)->tick)
                hooks_of(loop)->tick(loop);
}

void hooks_draining(Loop *loop) {
        if (hooks_of(loop)->draining)
                hooks_of(loop)->draining(loop);
}

void hooks_ended(Loop *loop) {
        if (hooks_of(loop)->ended)
                hooks_of(loop)->ended(loop);
}

bool hooks_turn(Loop *loop) {
        return hooks_of(loop)->turn && hooks_of(loop)->turn(loop);
}

void *hooks_committed(const LoopHooks *hooks, const Commit *commit) {
        return hooks->committed ? hooks->committed(hooks->context, commit) : NULL;
}

void hooks_applied(Loop *loop, void *made) {
        if (hooks_of(loop)->applied)
                hooks_of(loop)->applied(loop, made);
}

void hooks_delivered(const LoopHooks *hooks, void *made) {
        if (hooks->delivered)
                hooks->delivered(made);
}
