#include "http/hooks.h"
#include "http/server_private.h"

static const LoopHooks *hooks_of(const Server *server, size_t i) {
        return &server->options.hooks[i];
}

void hooks_started(Loop *loop) {
        for (size_t i = 0; i < HOOKS_MAX; i++)
                if (hooks_of(loop->server, i)->started)
                        hooks_of(loop->server, i)->started(loop, hooks_of(loop->server, i)->context);
}

void hooks_seeded(Loop *loop) {
        for (size_t i = 0; i < HOOKS_MAX; i++)
                if (hooks_of(loop->server, i)->seeded)
                        hooks_of(loop->server, i)->seeded(loop, hooks_of(loop->server, i)->context);
}

void hooks_tick(Loop *loop) {
        for (size_t i = 0; i < HOOKS_MAX; i++)
                if (hooks_of(loop->server, i)->tick)
                        hooks_of(loop->server, i)->tick(loop, hooks_of(loop->server, i)->context);
}

void hooks_draining(Loop *loop) {
        for (size_t i = 0; i < HOOKS_MAX; i++)
                if (hooks_of(loop->server, i)->draining)
                        hooks_of(loop->server, i)->draining(loop, hooks_of(loop->server, i)->context);
}

void hooks_ended(Loop *loop) {
        for (size_t i = 0; i < HOOKS_MAX; i++)
                if (hooks_of(loop->server, i)->ended)
                        hooks_of(loop->server, i)->ended(loop, hooks_of(loop->server, i)->context);
}

bool hooks_are_due(const Loop *loop) {
        for (size_t i = 0; i < HOOKS_MAX; i++)
                if (hooks_of(loop->server, i)->is_due && hooks_of(loop->server, i)->is_due(loop))
                        return true;
        return false;
}

void hooks_turn(Loop *loop) {
        for (size_t i = 0; i < HOOKS_MAX; i++)
                if (hooks_of(loop->server, i)->turn)
                        hooks_of(loop->server, i)->turn(loop);
}

void hooks_committed(const Server *server, const Commit *commit, void **ret_made) {
        for (size_t i = 0; i < HOOKS_MAX; i++) {
                const LoopHooks *hooks = hooks_of(server, i);

                ret_made[i] = hooks->committed ? hooks->committed(hooks->context, commit) : NULL;
        }
}

void hooks_applied(Loop *loop, const Commit *commit, void *const *made) {
        for (size_t i = 0; i < HOOKS_MAX; i++) {
                const LoopHooks *hooks = hooks_of(loop->server, i);

                if (hooks->applied)
                        hooks->applied(loop, hooks->context, commit, made[i]);
        }
}

void hooks_delivered(const Server *server, void *const *made) {
        for (size_t i = 0; i < HOOKS_MAX; i++)
                if (hooks_of(server, i)->delivered)
                        hooks_of(server, i)->delivered(made[i]);
}
