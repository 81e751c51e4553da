/*
 * All that is in a scope at one revision: captured at once, as references, and encoded while it goes out.
 *
 * Those of one audience that ask at the same revision share it, and its frames as long as they are small, so
 * that many that come back at once cost one encoding. It belongs to one loop.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/catalog.h"
#include "push/audience.h"
#include "push/wire_frame.h"

/* Of one frame, about: it ends with the release that passes it. */
#define SNAPSHOT_FRAME_SIZE ((size_t)256 * 1024)

/* How far somebody has got in it. */
typedef struct SnapshotPlace {
        size_t release; /* the next one */
        size_t frame;
        bool is_done;
} SnapshotPlace;

/* @epoch: lives longer. Return: the audience's snapshot at the catalog's revision, with a reference. */
Snapshot *snapshot_get(Audience *audience, const Catalog *catalog, Span epoch, int64_t now_ms,
                       _Atomic uint64_t *account);
Snapshot *snapshot_ref(Snapshot *snapshot);
Snapshot *snapshot_unref(Snapshot *snapshot);

uint64_t snapshot_revision(const Snapshot *snapshot);

/* The frame at @place, which moves on. @ret_encoded: whether it had to be made. Return: with a reference. */
WireFrame *snapshot_next(Snapshot *snapshot, SnapshotPlace *place, bool *ret_encoded);

/* The whole as one frame's text. */
void snapshot_append(const Snapshot *snapshot, Buf *buf);

/* Forgets what the audience keeps, if nobody asked for it since @before_ms. */
void snapshot_forget(Audience *audience, int64_t before_ms);
