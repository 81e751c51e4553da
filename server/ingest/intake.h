/*
 * What is on its way from etcd into the store: keys are gathered, and go there as one command.
 *
 * A command has what becomes of each key, configs and what is remembered of the key alike, and how far the
 * ingest has got with that: so none of it is ever lost or done twice. It never has a key twice, so that each
 * revision of a key becomes a version of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/span.h"
#include "model/table.h"

typedef struct Ingest Ingest;
typedef struct IntakeItem IntakeItem;

typedef struct Intake {
        IntakeItem **items;
        size_t n;
        size_t capacity;
        size_t n_bytes;
        Table keys;       /* items by the keys of etcd */
        Table namespaces; /* items that create one, by its name */
        int64_t revision; /* of the newest event */
        int64_t complete; /* up to which all events are taken in, or stand in items */
} Intake;

#define INTAKE_NULL ((Intake){ .keys = TABLE_NULL, .namespaces = TABLE_NULL })

/* Forgets all that was not taken in. */
void intake_clear(Intake *intake);
void intake_deinit(Intake *intake);

/* What etcd says of a key. */
typedef struct IntakeKey {
        Span etcd_key;
        Span value; /* absent: it could not be read, which @problem tells */
        int64_t mod_revision;
        const char *problem;
        bool is_retried; /* by somebody, though it was looked at before */
} IntakeKey;

/* The following return as those of worker.h. */

bool intake_put(Ingest *ingest, const IntakeKey *key);
/* The key is gone from etcd since @revision. @is_retried: as in IntakeKey */
bool intake_delete(Ingest *ingest, Span etcd_key, int64_t revision, bool is_retried);

/*
 * intake_event() - an event of a later revision begins here: what is before it is complete
 *
 * Has the store take in what is there, where that is enough for a command. Revisions are not torn apart,
 * unless one is larger than any bound.
 */
bool intake_event(Ingest *ingest, int64_t revision);

/* All events up to @revision are there. */
void intake_complete(Ingest *ingest, int64_t revision);

/* Has the store take in what is there, and remember how far that is. */
bool intake_flush(Ingest *ingest);
/* The same where it is enough for a command. */
bool intake_flush_full(Ingest *ingest);
