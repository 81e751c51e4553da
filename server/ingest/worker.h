/*
 * The thread of an ingest: it reads its etcd in full where it has to, else it watches it, and has the store
 * take in what it finds.
 *
 * worker.c is its life, full_read.c a page of reading, watch.c a turn of watching, quarantine.c trying again;
 * all of them hand what they find to intake.c.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "ingest/ingest.h"
#include "ingest/intake.h"
#include "ingest/overlap.h"
#include "mirror/etcd_client.h"
#include "mirror/gate.h"
#include "mirror/key_pattern.h"
#include "mirror/waker.h"
#include "store/reader.h"

#define INGEST_CLUSTER_MAX 24 /* digits of a cluster's id, and then some */

/* What somebody asks of it, on any thread. */
typedef enum IngestRequest {
        INGEST_RESYNC,
        INGEST_RETRY,   /* a key, or all */
        INGEST_RECOUNT, /* some were dropped */
        INGEST_REQUEST_N,
} IngestRequest;

/* Where in which etcd it is, as the store has it. */
typedef struct IngestPlace {
        char cluster[INGEST_CLUSTER_MAX]; /* "": it has never seen one */
        int64_t generation;
        int64_t revision;
} IngestPlace;

typedef struct FullRead {
        bool is_on;
        uint64_t term;     /* in which it was begun */
        int64_t revision;  /* of etcd, that it reads */
        Buf position;      /* the key that the next page begins at */
        unsigned keys_max; /* of a page */
        uint64_t n_keys;   /* that it has found */
} FullRead;

#define FULL_READ_NULL ((FullRead){ .position = BUF_NULL })

typedef struct Watch {
        bool is_open;
        bool is_created;     /* etcd has said so */
        bool is_in_fragment; /* the rest of a large answer is still to come */
        int64_t from;        /* the revision before the first that it is to tell of */
        unsigned n_checks;   /* since it was opened */
        int64_t heard_at_ms; /* monotonic; of its last line, or of its opening */
        int64_t check_at_ms; /* monotonic; when etcd is asked whether it is there */
} Watch;

struct Ingest {
        const MirrorOptions *options;
        KeyPattern pattern;
        char *mapping;          /* the texts of the pattern, which the store remembers */
        const Overlap *overlap; /* what mirrors write */
        size_t content_max_bytes;
        Store *store;
        Gate *gate;
        size_t predecessor; /* of the mirrors, where the gate is guarded */

        pthread_t thread;
        bool is_started;
        Waker waker;
        Reader *reader;
        EtcdClient *client;

        IngestPlace place;
        Intake intake;
        bool is_connected;
        uint64_t term;           /* of the gate, in which it works */
        uint64_t caught_up_term; /* in which it has read in full, last */
        bool is_remapped;        /* the store remembers another pattern */
        FullRead read;
        Watch watch;
        int64_t retry_at_ms; /* monotonic: before then connecting is not tried */
        unsigned n_failures; /* one after another */
        uint64_t told;       /* which of them was told last; 0: none */

        pthread_mutex_t lock; /* of what follows */
        IngestStatus status;
        struct IngestAsked *asked;
};

/* Looks at the options; nothing is connected yet. Return: 0; -EINVAL with @ret_problem, whose field is the
 * name of the option; -ENOMEM */
int ingest_init(Ingest *ingest, const MirrorOptions *options, const Overlap *overlap, Gate *gate,
                Problem *ret_problem);
int ingest_start(Ingest *ingest, const char *path, Problem *ret_problem);
/* After waker_stop(). */
void ingest_join(Ingest *ingest);
void ingest_deinit(Ingest *ingest);

/* @thread any */
void ingest_ask(Ingest *ingest, IngestRequest request, Span etcd_key);

/*
 * For the files that do its work. Those that return false have called ingest_fail(), or the thread is to
 * stop: what was not taken in yet is forgotten, and comes again.
 */

/* Etcd did not do it: when to try again, and what is told meanwhile. */
void ingest_fail(Ingest *ingest, TargetOutcome outcome, const TargetError *error);
/* The same in words of our own. */
void ingest_fail_down(Ingest *ingest, const char *format, ...) _printf_(2, 3);
void ingest_fail_to_read(Ingest *ingest, int error);
/* A full read that was begun in @term is over: the store has what etcd had by then. */
void ingest_catch_up(Ingest *ingest, uint64_t term);
/* Something was done: what fails from here on is something new. */
void ingest_succeed(Ingest *ingest);
void ingest_set_state(Ingest *ingest, IngestState state);
void ingest_count_quarantine(Ingest *ingest);
void ingest_count_left(Ingest *ingest);
void ingest_count(Ingest *ingest); /* both */

/*
 * ingest_check() - ask etcd for its revision: whether it is there, and the one that it was
 * @at: a revision that it is to know still; 0: none
 * @ret_revision: 0: etcd was compacted past @at
 */
bool ingest_check(Ingest *ingest, int64_t at, int64_t *ret_revision);

/* Asks etcd, and makes sure that it is the one that was connected to. */
bool ingest_call(Ingest *ingest, const char *path, Span body, size_t answer_max_bytes, EtcdAnswer *ret_answer,
                 bool *ret_compacted);

/* Begins a full read at @revision; 0: at the revision that etcd has now. */
bool full_read_begin(Ingest *ingest, int64_t revision);
/* Begins one, since etcd cannot tell all that has happened any more. */
bool full_read_begin_for_gap(Ingest *ingest, const char *why);
/* Reads a page. */
bool full_read_page(Ingest *ingest);

/* Watches for a while. */
bool watch_turn(Ingest *ingest);
/* Has it told all that was to be told when it began, as far as anybody can know? */
bool watch_has_caught_up(const Ingest *ingest);
void watch_close(Ingest *ingest);

/* Tries a quarantined key again, or all. */
bool quarantine_retry(Ingest *ingest, Span etcd_key);

IngestStatus *ingest_lock_status(Ingest *ingest);
void ingest_unlock_status(Ingest *ingest);
