/*
 * What a mirror writes to: one table of functions for each kind of target.
 *
 * All of them run on the thread of a mirror's worker, may block there, and come back at once when the waker
 * says that the worker is to stop. They never see the store: what a key is to hold is made before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mirror/options.h"
#include "mirror/waker.h"
#include "model/macros.h"
#include "model/problem.h"
#include "model/release.h"
#include "model/span.h"

/* What became of a call, or of one item of it. */
typedef enum TargetOutcome {
        TARGET_OK,
        TARGET_E_DOWN, /* nobody answers, or it cannot take anything now (starting, full, read-only): the same
                          later, as long as it takes; nothing is known of what was done */
        TARGET_E_FAILED,  /* it answered that it has failed: later again, but not for ever */
        TARGET_E_REFUSED, /* it will never take this: too large, malformed, of the wrong type */
        TARGET_E_DENIED,  /* credentials, rights, certificates, settings: a person has to change something */
        TARGET_E_STOPPED, /* the waker said so */
        TARGET_OUTCOME_N,
} TargetOutcome;

typedef struct TargetError {
        Problem problem;        /* in words, with what the target said */
        int64_t retry_after_ms; /* that it asked for; 0: it did not */
} TargetError;

/* What a key of the target was found to hold. */
typedef enum TargetFinding {
        TARGET_SAME,    /* what it is to hold, or nothing where it is to hold nothing */
        TARGET_MISSING, /* nothing */
        TARGET_STALE,   /* something else, or something where it is to hold nothing */
} TargetFinding;

/* One key of the target, and what it is to hold. */
typedef struct TargetItem {
        Span key;
        Span value;               /* absent: the key is to be gone */
        const ConfigData *config; /* where it comes from; where it is gone, names and revision only */

        TargetOutcome outcome; /* of apply(): OK, FAILED or REFUSED */
        TargetError error;     /* where that is not OK */
        TargetFinding finding; /* of read_back() */
} TargetItem;

/* Where a scan has got to. */
typedef struct TargetScan {
        Span prefix;  /* of the keys */
        Buf position; /* the target's; empty at the beginning */
        bool is_over;
} TargetScan;

/* @key: borrowed */
typedef void (*TargetKeyFn)(void *context, Span key);

typedef struct Target Target;

typedef struct TargetKind {
        const char *name;

        /* Looks at the options and makes the target; nothing is connected yet. @worker: the number of the
         * worker that it is for: what the others have connected is left alone. @options and @waker outlive
         * it. Return: 0; -ENOMEM; -EINVAL with @ret_problem filled, whose field is the name of the option */
        int (*open)(const MirrorOptions *options, size_t worker, Waker *waker, Target **ret_target,
                    Problem *ret_problem);
        Target *(*close)(Target *target);

        /* After this, nothing that an earlier connection of this worker has sent can still be carried out. */
        TargetOutcome (*connect)(Target *target, TargetError *ret_error);
        /* Is called after each outcome that leaves the connection in doubt; connecting again is possible. */
        void (*disconnect)(Target *target);

        /* Is the connection still there, and the target the one that it was made to? Asked while there is
         * nothing to do, so that a target which was started again is compared, and one which is gone is told.
         * NULL where nobody can say. */
        TargetOutcome (*check)(Target *target, TargetError *ret_error);

        /*
         * Does all @items, in their order; keys are different. @revision is that of the newest of them. Fills
         * the outcome of each where it returns TARGET_OK; else nothing is known of any. Doing the same once
         * more gives the same.
         */
        TargetOutcome (*apply)(Target *target, TargetItem *items, size_t n, uint64_t revision,
                               TargetError *ret_error);

        /* Fills the finding of each; NULL where the kind cannot be read. */
        TargetOutcome (*read_back)(Target *target, TargetItem *items, size_t n, TargetError *ret_error);

        /* Hands out a page of the keys with @scan->prefix, each at least once; NULL where the kind cannot. */
        TargetOutcome (*scan)(Target *target, TargetScan *scan, TargetKeyFn fn, void *context,
                              TargetError *ret_error);
} TargetKind;

extern const TargetKind target_redis;
extern const TargetKind target_etcd;
extern const TargetKind target_http;
