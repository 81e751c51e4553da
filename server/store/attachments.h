/*
 * Which schema governs what, as the writer has it in memory, and holding contents against schemas.
 *
 * The attachments are read once, and again after a transaction that changed them was undone; so a save where
 * there are none costs a comparison with 0. Schemas are compiled once and kept by the hash of their text,
 * which is all that they are made of, so that nothing has to be forgotten when one changes.
 *
 * Only the writer thread uses it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/format.h"
#include "model/problem.h"
#include "model/release.h"
#include "model/span.h"
#include "util/json_schema.h"

/* Compiled schemas that are kept; the ones that were used last. Few stores have more than a handful. */
#define SCHEMAS_KEPT_MAX       32
#define SCHEMAS_KEPT_MAX_BYTES ((size_t)64 << 20)

typedef struct Attachment {
        char *text; /* what the names point into; owned */
        Span namespace;
        Span key; /* empty: the namespace's */
        Span schema_namespace;
        Span schema_key;
        int64_t config_id; /* the schema */
} Attachment;

typedef struct KeptSchema {
        uint8_t sha256[SHA256_SIZE];
        JsonSchema *schema; /* NULL: the place is free */
        uint64_t used_at;
} KeptSchema;

typedef struct Attachments {
        Attachment *items; /* by namespace, then key */
        size_t n;
        bool is_stale; /* to be read again before it is looked at */
        KeptSchema kept[SCHEMAS_KEPT_MAX];
        size_t kept_bytes;
        uint64_t clock; /* of uses */
} Attachments;

typedef struct Transaction Transaction;
typedef struct Config Config;

void attachments_deinit(Attachments *attachments);

/* Reads them where they are stale. Return: 0 or a negative errno. */
int attachments_read(Transaction *transaction);

/*
 * What is to hold of a content before it is saved for a config, or released. Each returns 0,
 * STORE_E_SCHEMA_VIOLATION, STORE_E_SCHEMA_INVALID (the config is a schema, and this content would be none),
 * or a negative errno.
 */
int attachments_check_content(Transaction *transaction, const Config *config, Format format, Span content,
                              Problem *problem);
int attachments_check_version(Transaction *transaction, const Config *config, int64_t version_id,
                              Problem *problem);

/* STORE_E_SCHEMA_IN_USE when the config is attached as a schema; when one of the namespace is, to something
 * elsewhere. */
int attachments_check_unused(Transaction *transaction, const Config *config, Problem *problem);
int attachments_check_namespace_unused(Transaction *transaction, Span namespace, Problem *problem);

/* STORE_E_SCHEMA_INVALID unless the config serves a JSON text that is a schema. */
int attachments_check_schema(Transaction *transaction, const Config *config, Problem *problem);
