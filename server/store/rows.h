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
