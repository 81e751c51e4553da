/*
 * Rows of the store as its callers see them. Texts are borrowed from whoever hands out the row.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/release.h"
#include "model/span.h"

typedef struct NamespaceRow {
        Span name;
        Span description;
        uint64_t revision;
        int64_t created_at_ms;
        Span created_by;
        int64_t updated_at_ms;
        Span updated_by;
} NamespaceRow;

/* A config in a list: what it serves, or its newest version where nothing is served. */
typedef struct ConfigRow {
        ConfigData data;  /* content absent unless it was asked for */
        bool is_released; /* data is the release in force; else it is the newest version as saved */
        bool is_deleted;
        int64_t newest;
        unsigned depth; /* 0: of the namespace asked for, 1: of its parent … */
} ConfigRow;

typedef enum ReleaseKind {
        RELEASE_PUBLISH,
        RELEASE_ROLLBACK,
        RELEASE_DELETE,
        RELEASE_GRAY, /* a gray release was set, or its ramp moved */
        RELEASE_PROMOTE,
        RELEASE_ABORT,
        RELEASE_KIND_N,
} ReleaseKind;

const char *release_kind_to_string(ReleaseKind kind);

typedef struct ReleaseRow {
        int64_t id;
        ReleaseKind kind;
        int64_t version;      /* 0: a delete, or a gray release of several versions */
        int64_t from_version; /* 0: nothing was in force, or a gray release was set or aborted */
        int64_t restores;     /* id of a release event, or 0 */
        uint64_t revision;
        int64_t created_at_ms;
        Span created_by;
        Span comment;
} ReleaseRow;

/* What of a config a mirror follows. */
typedef enum ServedPart {
        SERVED_STABLE, /* the version in force */
        SERVED_GRAY,   /* the gray release on top of it */
} ServedPart;

/* A config as mirrors follow it: what it serves, or that it serves nothing any more. */
typedef struct ServedRow {
        int64_t config_id;
        bool is_served;  /* with SERVED_GRAY: a gray release runs */
        ConfigData data; /* the revision is that of its newest event, 0 where it never was released; without
                            is_served there are no more than that and the names. With SERVED_STABLE there is
                            never a gray release, with SERVED_GRAY no content */
} ServedRow;

/* A release that a change has moved. */
typedef struct OutboxRow {
        int64_t id;
        uint64_t revision;
        int64_t created_at_ms;
        Span namespace;
        Span key;
} OutboxRow;

/* A schema that is attached. */
typedef struct SchemaRow {
        Span namespace;
        Span key; /* empty: the namespace's own */
        Span schema_namespace;
        Span schema_key;
        int64_t version; /* of the schema, in force */
        int64_t created_at_ms;
        Span created_by;
} SchemaRow;

/* The schema that governs a config. */
typedef struct GoverningRow {
        Span namespace; /* of the schema */
        Span key;
        int64_t version;
        Span content;
        bool is_of_key; /* attached to the key, not to a namespace */
} GoverningRow;

/* What a mirror could not deliver, and has put aside. */
typedef struct DeadLetterRow {
        int64_t id;
        Span namespace;
        Span key;
        uint64_t revision;
        Span reason;
        uint64_t attempts;
        int64_t first_at_ms;
        int64_t last_at_ms;
        bool is_dropped;
} DeadLetterRow;

/* How far an ingest has got. */
typedef struct IngestRow {
        Span cluster_id;
        Span mapping;
        int64_t generation;
        int64_t revision; /* 0: it was never read in full */
} IngestRow;

/* What an ingest has made of a key of etcd. */
typedef struct IngestedRow {
        int64_t id;
        Span etcd_key;  /* any bytes */
        Span namespace; /* of its config; absent where its name makes none */
        Span key;
        int64_t mod_revision;
        int64_t generation;
        bool has_config;
        Span reason; /* why it is quarantined, or absent */
        uint64_t attempts;
        int64_t first_at_ms;
        int64_t last_at_ms;
        bool is_dropped;
} IngestedRow;
