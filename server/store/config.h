/*
 * A config while an operation works on it: its row, and the steps that several operations share.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/format.h"
#include "model/problem.h"
#include "store/command.h"
#include "store/gray_row.h"
#include "store/rows.h"
#include "store/spine.h"
#include "store/transaction.h"

struct Config {
        Span namespace;
        Span key;
        int64_t namespace_id;
        int64_t id;     /* 0: there never was such a config; all below is 0 then */
        int64_t newest; /* version numbers, and their rows */
        int64_t newest_id;
        int64_t stable; /* 0: nothing is served */
        int64_t stable_id;
        int64_t release_id;    /* the event in force, or before a delete; 0: nothing ever was */
        int64_t last_event_id; /* the newest event, deletes included; 0: there is none */
        bool is_deleted;
        bool has_gray; /* a row in grays */
        Gray *rules;   /* that were written to it, for reading it again; borrowed; NULL: none were */
        Format newest_format;
        uint8_t newest_sha256[SHA256_SIZE];
        Spine spine; /* of the newest version; last, since only its beginning is used */
};

/* The columns of a head, and the values that go into them. */
#define HEAD_COLUMNS                                                                                         \
        "newest, newest_id, newest_format, newest_sha256, spine, stable, stable_id, release_id,"             \
        " last_event_id, deleted, has_gray"
#define HEAD_VALUES(config)                                                                                  \
        sql_i64((config)->newest), sql_i64((config)->newest_id), sql_i64((config)->newest_format),           \
                sql_blob((config)->newest_sha256, SHA256_SIZE),                                              \
                sql_blob((config)->spine.bytes, (config)->spine.size), sql_i64_or_null((config)->stable),    \
                sql_i64_or_null((config)->stable_id), sql_i64_or_null((config)->release_id),                 \
                sql_i64_or_null((config)->last_event_id), sql_i64((config)->is_deleted),                     \
                sql_i64((config)->has_gray)

/* STORE_E_NAMESPACE_UNKNOWN; a config that is not there is no error here. */
int config_find(Transaction *transaction, Span namespace, Span key, Config *ret_config, Problem *problem);

/* The same, but STORE_E_CONFIG_UNKNOWN when there never was such a config. */
int config_get(Transaction *transaction, Span namespace, Span key, Config *ret_config, Problem *problem);

/* The row of one of its versions. STORE_E_VERSION_UNKNOWN */
int config_find_version(Transaction *transaction, const Config *config, int64_t version,
                        int64_t *ret_version_id, Problem *problem);

/* Puts its head, as it is now, into the log of heads. */
int config_store(Transaction *transaction, const Config *config);

/* Reads what is in force, gray release included, or what the newest version is as it was saved. */
int config_read_released(Transaction *transaction, const Config *config, Release **ret_release);
int config_read_saved(Transaction *transaction, const Config *config, Release **ret_release);

/* Reads the row of its gray release, which it has. */
int config_read_gray(Transaction *transaction, const Config *config, GrayRow **ret_row);

/*
 * The changes. Each makes the release event, the rows, the audit entry, the outbox row and the change; the
 * release that the world sees from now on, and its version, go to the result of @operation.
 */

typedef struct ReleaseTarget {
        int64_t version;
        int64_t version_id;
        int64_t restores; /* id of a release event, or 0 */
        bool ends_gray;
        Span details; /* for the audit, or absent */
} ReleaseTarget;

/* Puts a version in force: @kind is RELEASE_PUBLISH, RELEASE_ROLLBACK or RELEASE_PROMOTE. */
int config_release(Transaction *transaction, Config *config, ReleaseKind kind, const ReleaseTarget *target,
                   Operation *operation);

/* What the row of a gray release is to say. */
typedef struct GrayState {
        int64_t event_id; /* that set the rules; 0: the one that is being made does */
        Gray *rules;      /* and their salt */
        const Ramp *ramp; /* its plan, and how far it has got; NULL: there is none */
} GrayState;

/* What the audit says of a change. */
typedef struct ConfigChange {
        Span action;
        int64_t version; /* or 0 */
        Span details;    /* or absent */
} ConfigChange;

/* Makes a gray release, or changes the one that is there. The rules of @state must outlive @config. */
int config_set_gray(Transaction *transaction, Config *config, const GrayState *state,
                    const ConfigChange *what, Operation *operation);

/* Ends the one that is there. */
int config_abort_gray(Transaction *transaction, Config *config, Operation *operation);

/* Stops serving the config; there is no release then, and no result. */
int config_remove(Transaction *transaction, Config *config, Span comment);
