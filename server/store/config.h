/*
 * A config while an operation works on it: its row, and the steps that several operations share.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/format.h"
#include "model/problem.h"
#include "store/command.h"
#include "store/rows.h"
#include "store/spine.h"
#include "store/transaction.h"

typedef struct Config {
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
        Format newest_format;
        uint8_t newest_sha256[SHA256_SIZE];
        Spine spine; /* of the newest version */
} Config;

/* STORE_E_NAMESPACE_UNKNOWN; a config that is not there is no error here. */
int config_find(Transaction *transaction, Span namespace, Span key, Config *ret_config, Problem *problem);

/* The same, but STORE_E_CONFIG_UNKNOWN when there never was such a config. */
int config_get(Transaction *transaction, Span namespace, Span key, Config *ret_config, Problem *problem);

/* Writes the row back. */
int config_store(Transaction *transaction, const Config *config);

typedef struct ReleaseTarget {
        int64_t version;
        int64_t version_id;
        int64_t restores; /* id of a release event, or 0 */
} ReleaseTarget;

/*
 * Puts a version in force: the release event, the row, the audit entry, the outbox row and the change.
 * The release that the world sees is made from @content where it is present, else read.
 */
int config_release(Transaction *transaction, Config *config, ReleaseKind kind, const ReleaseTarget *target,
                   const Operation *operation, Release **ret_release);

/* Stops serving it, likewise. */
int config_remove(Transaction *transaction, Config *config, Span comment);

/* Reads what is in force, or what the newest version is as it was saved. */
int config_read_released(Transaction *transaction, const Config *config, Release **ret_release);
int config_read_saved(Transaction *transaction, const Config *config, Release **ret_release);
