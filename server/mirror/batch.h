/*
 * What a worker is about to deliver: the keys of the target, what each is to hold, and all texts of it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mirror/key_template.h"
#include "mirror/options.h"
#include "mirror/target.h"
#include "store/rows.h"

/* Where an item comes from. */
typedef struct BatchOrigin {
        int64_t outbox_id;     /* of the first row that asked for it; 0: none did */
        int64_t created_at_ms; /* of that row; 0: likewise */
} BatchOrigin;

typedef struct BatchEntry BatchEntry;

typedef struct Batch {
        TargetItem *items; /* n of them, and as many entries */
        BatchEntry **entries;
        size_t n;
        size_t capacity;
        size_t n_bytes;    /* of keys and values */
        uint64_t revision; /* of the newest */
} Batch;

#define BATCH_NULL ((Batch){ NULL, NULL, 0, 0, 0, 0 })

void batch_clear(Batch *batch);
void batch_deinit(Batch *batch);

/* What @row says is to be at the key that @key_template makes of its names. All is copied. */
void batch_add(Batch *batch, const MirrorOptions *options, const KeyTemplate *key_template,
               const ServedRow *row, BatchOrigin origin);

/* A key of the target that is to go, of no config. */
void batch_add_foreign(Batch *batch, Span key);

/* Leaves those that were not found to be as they should. */
void batch_drop_same(Batch *batch);

BatchOrigin batch_origin(const Batch *batch, size_t i);
