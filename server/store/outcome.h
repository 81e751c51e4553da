/*
 * What the store may answer besides success (0) and failure (negative errno).
 */
#pragma once

typedef enum StoreOutcome {
        STORE_OK,
        STORE_E_NAMESPACE_UNKNOWN,
        STORE_E_NAMESPACE_EXISTS,
        STORE_E_NAMESPACE_NOT_EMPTY,
        STORE_E_CONFIG_UNKNOWN,
        STORE_E_VERSION_UNKNOWN,
        STORE_E_VERSION_CONFLICT,
        STORE_E_NOTHING_TO_ROLL_BACK,
        STORE_E_GRAY_UNKNOWN,        /* the config has no gray release */
        STORE_E_GRAY_INVALID,        /* what it cannot be made of; the problem names the field */
        STORE_E_GRAY_NOTHING_STABLE, /* the config serves nothing that it could lie on */
        STORE_E_RAMP_STATE,          /* its ramp is not in the state for that, or not at that revision */
        STORE_E_DEAD_LETTER_UNKNOWN,
        STORE_E_QUARANTINE_UNKNOWN,
        STORE_E_SCHEMA_VIOLATION, /* the content is not what the schema that governs it says */
        STORE_E_SCHEMA_INVALID,   /* a config that is a schema, or is to be one, is none */
        STORE_E_SCHEMA_IN_USE,    /* the config is attached as a schema */
        STORE_E_SCHEMA_UNKNOWN,   /* there is no such attachment */
        STORE_E_BUSY,             /* the writer's queue is full; trying again later may succeed */
        STORE_E_FAILED,           /* the disk refused; nothing was changed */
        STORE_OUTCOME_N,
} StoreOutcome;
