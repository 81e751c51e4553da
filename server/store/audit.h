/*
 * The audit's entries and the chain that binds them.
 *
 * The hash of an entry is the SHA-256 of the hash before it (32 zero bytes before the first) followed by its
 * fields in the order of the struct. A number is 8 bytes, big-endian; a text is its size as such a number,
 * then its bytes; an absent text has the size 2^64-1; an absent number is 0.
 */
#pragma once

#include <stdint.h>

#include "model/release.h"
#include "model/span.h"

typedef enum AuditOutcome {
        AUDIT_OK,
        AUDIT_DENIED,
        AUDIT_OUTCOME_N,
} AuditOutcome;

const char *audit_outcome_to_string(AuditOutcome outcome);

typedef struct AuditEntry {
        int64_t id;
        int64_t created_at_ms;
        Span actor;
        Span address;
        Span action;
        Span namespace;    /* or absent */
        Span key;          /* or absent */
        int64_t version;   /* or 0 */
        uint64_t revision; /* or 0 */
        AuditOutcome outcome;
        Span comment;
        Span details; /* a JSON object, or absent */
        uint8_t hash[SHA256_SIZE];
} AuditEntry;

/* @thread any */
void audit_entry_hash(const AuditEntry *entry, const uint8_t before[SHA256_SIZE],
                      uint8_t ret_hash[SHA256_SIZE]);
