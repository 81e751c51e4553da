/*
 * One look at a ramp: a census of what the instances did with what they were given, and the change that
 * follows from it, if any.
 *
 *      move_start() -> census, on all loops -> decided, on the driver's loop -> store -> over()
 *                                                       '---- nothing is to be changed ----^
 */
#pragma once

#include <stdbool.h>

#include "http/loop.h"
#include "model/release.h"
#include "store/store.h"

typedef enum MoveKind {
        MOVE_NONE,
        MOVE_STEP,
        MOVE_PROMOTE,
        MOVE_ABORT,
        MOVE_DONE, /* the last step's hold is over, and nothing is promoted */
        MOVE_KIND_N,
} MoveKind;

typedef struct MoveOptions {
        Loop *loop; /* where it is decided */
        Store *store;
        Release *release; /* whose ramp it is; a reference is taken */
        bool is_settled;  /* else nothing is due yet, and refusals are counted but not taken in percent, as
                             those who have applied the value may not be back */

        /* On @loop. @release: that of the options. @outcome: STORE_OK where nothing had to be changed */
        void (*over)(void *context, const Release *release, StoreOutcome outcome, const Problem *problem);
        void *context;
} MoveOptions;

void move_start(const MoveOptions *options);
