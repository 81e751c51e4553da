/*
 * What can be asked of the store, and what it answers: the way in.
 *
 * A command is one request: its operations happen all or not at all, share one revision and make one change.
 * The asker owns the command and everything that it points to, and keeps both until done() is called.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/format.h"
#include "model/gray.h"
#include "model/problem.h"
#include "model/ramp.h"
#include "model/release.h"
#include "model/span.h"
#include "store/audit.h"
#include "store/outcome.h"
#include "store/rows.h"

typedef enum OperationType {
        OPERATION_NAMESPACE_CREATE,
        OPERATION_NAMESPACE_UPDATE,
        OPERATION_NAMESPACE_DELETE,
        OPERATION_PUT,
        OPERATION_PUBLISH,
        OPERATION_ROLLBACK,
        OPERATION_DELETE,
        OPERATION_GRAY_SET,
        OPERATION_GRAY_MOVE,
        OPERATION_GRAY_PROMOTE,
        OPERATION_GRAY_ABORT,
        OPERATION_MIRROR_REACHED,     /* no change, and no entry: how far a mirror has got */
        OPERATION_DEAD_LETTER_PUT,    /* likewise: put aside, or once more in vain */
        OPERATION_DEAD_LETTER_REMOVE, /* likewise: delivered after all, or no longer to be delivered */
        OPERATION_DEAD_LETTERS,   /* no change; somebody has one or all of a mirror tried again, or drops them
                                   */
        OPERATION_INGEST_KEY,     /* no change, and no entry: what an ingest has made of a key of etcd */
        OPERATION_INGEST_FORGET,  /* likewise: the key is gone from etcd */
        OPERATION_INGEST_REACHED, /* likewise: how far an ingest has got */
        OPERATION_QUARANTINE,     /* no change; somebody has one or all quarantined keys of an ingest tried
                                     again, or drops them */
        OPERATION_SCHEMA_ATTACH,  /* no change: to the config that namespace and key name; without a key, to
                                     the namespace */
        OPERATION_SCHEMA_DETACH,  /* likewise */
        OPERATION_AUDIT,          /* no change; an entry about something that happened elsewhere */
        OPERATION_TYPE_N,
} OperationType;

typedef enum Expectation {
        EXPECT_ANYTHING,
        EXPECT_ABSENT,  /* the config does not exist, or is deleted */
        EXPECT_PRESENT, /* it exists and is not deleted */
        EXPECT_VERSION, /* its newest version is put.expected_version */
} Expectation;

/* What happens to the ramp of a gray release. */
typedef enum GrayMove {
        GRAY_MOVE_PAUSE,
        GRAY_MOVE_RESUME,
        GRAY_MOVE_STEP, /* to the next step, or from the last one to being done */
        GRAY_MOVE_N,
} GrayMove;

typedef struct Operation {
        OperationType type;
        Span namespace;
        Span key;
        Span comment; /* never absent, may be empty */

        union {
                struct {
                        Span description;
                        bool recursive; /* delete: the namespace's configs too */
                } namespace_edit;
                struct {
                        Format format;
                        Span content;
                        uint8_t sha256[SHA256_SIZE];
                        bool publish;
                        Expectation expectation;
                        int64_t expected_version;
                } put;
                int64_t publish_version; /* 0: the newest */
                struct {
                        int64_t to; /* 0: one step back */
                        bool end_gray;
                } rollback;
                struct {
                        Gray *rules; /* with their salt; the release that is made of them takes a reference.
                                        Whether the versions exist is the store's to check */
                        bool keeps_salt;  /* where a gray release runs already, its salt stays */
                        const Ramp *ramp; /* as ramp_parse() made it; NULL: none */
                } gray_set;
                struct {
                        GrayMove move;
                        uint64_t expected_revision; /* of the release; 0: any */
                } gray_move;
                struct {
                        int64_t version; /* promote: which of those that the rules name; 0: the only one */
                        uint64_t expected_revision;
                } gray_end;
                struct {
                        Span mirror;
                        int64_t outbox_id;
                } reached;
                struct {
                        Span mirror;
                        uint64_t revision; /* of the release that was to be delivered */
                        Span reason;
                        uint64_t attempts;
                        int64_t first_at_ms;
                        int64_t last_at_ms;
                } dead_letter; /* of the config that namespace and key name; remove: the mirror is enough */
                struct {
                        Span mirror;
                        bool drop;
                } dead_letters; /* of the config that namespace and key name; absent: all */
                struct {
                        Span ingest;
                        Span etcd_key;
                        int64_t mod_revision;
                        int64_t generation;
                        Span reason; /* why it is quarantined; absent: it is not */
                } ingest_key; /* namespace and key: of its config, or absent; forget: the first two are enough
                               */
                struct {
                        Span ingest;
                        Span cluster_id;
                        Span mapping;
                        int64_t generation;
                        int64_t revision;
                } ingest_reached;
                struct {
                        Span ingest;
                        Span etcd_key; /* absent: all */
                        bool drop;
                } quarantine;
                struct {
                        Span namespace;
                        Span key;
                } schema; /* to be attached */
                struct {
                        Span action;
                        AuditOutcome outcome;
                        Span details; /* a JSON object, or absent */
                } audit;
        };

        /* Filled by the store when the whole command succeeded. */
        struct {
                Release *release; /* the config as it is now, or as it was saved; NULL after a delete. Owned.
                                   */
                int64_t version;  /* made, or in force after a release of any kind; 0 after a delete */
                bool created;     /* a version was made */
                bool is_new;      /* the config never existed before */
                uint64_t n_deleted; /* configs that went with their namespace; of dead_letters and quarantine:
                                       how many */
                NamespaceRow namespace_row; /* for create and update */
                char *namespace_text;       /* what namespace_row points into, where it must; owned */
        } result;
} Operation;

typedef struct Command Command;

struct Command {
        Span actor;   /* "user:admin", or "" for the server itself */
        Span address; /* of the asker, or "" */
        Operation *operations;
        size_t n_operations;

        /* Called once, after every replica in the process has applied the change. @thread any loop */
        void (*done)(Command *command);

        StoreOutcome outcome;
        size_t failed_operation; /* index, when the outcome is no STORE_OK */
        Problem problem;   /* filled when the outcome is no STORE_OK; a field where the outcome says so */
        uint64_t revision; /* of the change; the store's current one when nothing had to be changed */

        Command *next; /* the store's */
};

/* Releases the results; the operations themselves are the asker's. */
void command_deinit(Command *command);
