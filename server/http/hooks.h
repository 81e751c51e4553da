/*
 * The door for what lives on the loops beside requests: it is told what happens to each loop, and keeps what
 * it needs there in loop->extension.
 *
 * http/ knows nothing of who comes through. All members may be NULL. Those that take a loop are called on its
 * thread.
 */
#pragma once

#include <stdbool.h>

#include "store/store.h"

typedef struct Loop Loop;

typedef struct LoopHooks {
        void *context; /* shared by all loops; theirs to look at */

        void (*started)(Loop *loop, void *context); /* before the loop takes its first message */
        void (*seeded)(Loop *loop);                 /* it has the catalog, and requests are answered */
        void (*tick)(Loop *loop);                   /* every second */
        void (*draining)(Loop *loop); /* stopping: what it holds is to be answered or closed now */
        void (*ended)(Loop *loop);    /* all its connections are closed */

        /* Called after the events of each turn. Return: whether there is more to do, so that the next turn
         * comes at once: what takes long is cut in slices, and requests are answered in between. */
        bool (*turn)(Loop *loop);

        /* Of a commit: made of it once, then given to each loop after it has applied the changes, and
         * released when all have. @thread the store's writer, the loops, the last loop */
        void *(*committed)(void *context, const Commit *commit);
        void (*applied)(Loop *loop, void *made);
        void (*delivered)(void *made);
} LoopHooks;

/* Call a hook, if it is set. */
void hooks_started(Loop *loop);
void hooks_seeded(Loop *loop);
void hooks_tick(Loop *loop);
void hooks_draining(Loop *loop);
void hooks_ended(Loop *loop);
bool hooks_turn(Loop *loop);
void *hooks_committed(const LoopHooks *hooks, const Commit *commit);
void hooks_applied(Loop *loop, void *made);
void hooks_delivered(const LoopHooks *hooks, void *made);
