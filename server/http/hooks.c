#include "http/hooks.h"
#include "http/server_private.h"

/* Goes through the hooks that have @member. */
#define EACH_WITH(member, each, server)                                                                      \
        for (const LoopHooks *each = (server)->options.hooks; each < (server)->options.hooks + HOOKS_MAX;    \
             each++)                                                                                         \
                if (each->member)

void hooks_started(Loop *loop) {
        EACH_WITH (started, hooks, loop->server)
                hooks->started(loop, hooks->context);
}

void hooks_seeded(Loop *loop) {
        EACH_WITH (seeded, hooks, loop->server)
                hooks->seeded(loop, hooks->context);
}

void hooks_tick(Loop *loop) {
        EACH_WITH (tick, hooks, loop->server)
                hooks->tick(loop, hooks->context);
}

void hooks_draining(Loop *loop) {
        EACH_WITH (draining, hooks, loop->server)
                hooks->draining(loop, hooks->context);
}

void hooks_ended(Loop *loop) {
        EACH_WITH (ended, hooks, loop->server)
                hooks->ended(loop, hooks->context);
}

bool hooks_are_due(const Loop *loop) {
        EACH_WITH (is_due, hooks, loop->server)
                if (hooks->is_due(loop))
                        return true;
        return false;
}

void hooks_turn(Loop *loop) {
        EACH_WITH (turn, hooks, loop->server)
                hooks->turn(loop);
}

void hooks_committed(const Server *server, const Commit *commit, void **ret_made) {
        const LoopHooks *hooks = server->options.hooks;

        for (size_t i = 0; i < HOOKS_MAX; i++)
                ret_made[i] = hooks[i].committed ? hooks[i].committed(hooks[i].context, commit) : NULL;
}

void hooks_applied(Loop *loop, const Commit *commit, void *const *made) {
        const LoopHooks *hooks = loop->server->options.hooks;

        for (size_t i = 0; i < HOOKS_MAX; i++)
                if (hooks[i].applied)
                        hooks[i].applied(loop, hooks[i].context, commit, made[i]);
}

void hooks_delivered(const Server *server, void *const *made) {
        const LoopHooks *hooks = server->options.hooks;

        for (size_t i = 0; i < HOOKS_MAX; i++)
                if (hooks[i].delivered)
                        hooks[i].delivered(made[i]);
}
