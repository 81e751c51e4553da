/*
 * The door for what lives on the loops beside requests: it is told what happens to each loop. One of those
 * who come through keeps what it needs on each loop in loop->extension; the others have their context.
 *
 * http/ knows nothing of who they are. All members may be NULL. Those that take a loop are called on its
 * thread.
 */
#pragma once

#include <stdbool.h>

#include "store/store.h"

typedef struct Loop Loop;
typedef struct Server Server;

/* As many may come through. */
#define HOOKS_MAX 2

typedef struct LoopHooks {
        void *context; /* shared by all loops; theirs to look at */

        void (*started)(Loop *loop,
                        void *context);            /* before the loop takes its first message; loop by loop */
        void (*seeded)(Loop *loop, void *context); /* it has the catalog, and requests are answered */
        void (*tick)(Loop *loop, void *context);   /* every second */
        void (*draining)(Loop *loop,
                         void *context); /* stopping: what it holds is to be answered or closed now */
        void (*ended)(Loop *loop, void *context); /* all its connections are closed */

        /* Whether there is something for turn() to do; asked after the events of each turn. */
        bool (*is_due)(const Loop *loop);
        /* Called in the next turn, which then comes at once, after its events: what takes long is cut in
         * slices, and requests are answered in between. */
        void (*turn)(Loop *loop);

        /* Of a commit: made of it once, then given to each loop after it has applied the changes, and
         * released when all have. @thread the store's writer, the loops, the last loop */
        void *(*committed)(void *context, const Commit *commit);
        void (*applied)(Loop *loop, void *context, const Commit *commit, void *made);
        void (*delivered)(void *made);
} LoopHooks;

/* Call a hook of all who have it. */
void hooks_started(Loop *loop);
void hooks_seeded(Loop *loop);
void hooks_tick(Loop *loop);
void hooks_draining(Loop *loop);
void hooks_ended(Loop *loop);
bool hooks_are_due(const Loop *loop);
void hooks_turn(Loop *loop);

/* @made: HOOKS_MAX of them, one for each who comes through */
void hooks_committed(const Server *server, const Commit *commit, void **ret_made);
void hooks_applied(Loop *loop, const Commit *commit, void *const *made);
void hooks_delivered(const Server *server, void *const *made);
