/*
 * What the server's frames do to what is known: from frames to edits of the replica. No I/O, no threads.
 *
 * Invariants:
 * 1. A release is replaced only by one of a higher revision, unless the epoch is another one.
 * 2. A config is removed by a deletion, or by a snapshot that was read to its end, of at least its revision;
 *    by nothing else.
 * 3. The revision never falls, unless the epoch is another one.
 * 4. A frame that lacks something (a wrong checksum, a wrong order) changes nothing.
 *
 * A gray release that cannot be read, since its rules are newer than this library, is left out, and the log
 * says so: the instance goes on with the stable version, and the server shows that it did not take the other.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "log.h"
#include "model/catalog.h"
#include "model/frame.h"
#include "provenance.h"
#include "replica.h"
#include "scope.h"

enum {
        APPLYING_E_DAMAGED = 1, /* a content is not what its checksum says, or frames contradict each other */
};

/* What values are made with. */
typedef struct Intake {
        const Scope *scope; /* what is not in it is passed over */
        Provenance *provenance;
        Log *log;
} Intake;

/* A snapshot on its way: it comes in one frame or several. */
typedef struct Snapshot {
        bool is_begun;
        uint64_t revision;
        char epoch[EPOCH_SIZE_MAX + 1];
        Catalog releases;
} Snapshot;

#define SNAPSHOT_NULL ((Snapshot){ .is_begun = false, .releases = CATALOG_NULL })

void snapshot_deinit(Snapshot *snapshot);

/*
 * snapshot_add() - take in one frame of a snapshot
 *
 * A frame of another snapshot than those before it begins anew: the server gives up on one when it has a
 * newer one. Return: 0; -ENOMEM; APPLYING_E_DAMAGED.
 */
int snapshot_add(Snapshot *snapshot, const Frame *frame, const Intake *intake);

/*
 * snapshot_to_edits() - what a complete snapshot changes
 * @epoch: the one known so far; "" for none
 *
 * Values that it confirms unchanged are said to be the server's. Return: 0 or -ENOMEM.
 */
int snapshot_to_edits(const Snapshot *snapshot, const Catalog *known, const char *epoch, Edits *ret_edits);

/*
 * change_to_edits() - what one committed change does; to be called in the order of their revisions
 *
 * Return: 0; -ENOMEM; APPLYING_E_DAMAGED.
 */
int change_to_edits(const Frame *frame, const Catalog *known, const Intake *intake, Edits *ret_edits);

/* A server has confirmed all that is known. */
void confirm_all(const Catalog *known);
