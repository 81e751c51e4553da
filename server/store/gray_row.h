/*
 * The row of a config's gray release, with what its rules name: read alike by the writer and by the loader,
 * each through statements of its own connection.
 */
#pragma once

#include <sqlite3.h>
#include <stdint.h>

#include "model/gray.h"
#include "model/gray_release.h"
#include "model/macros.h"
#include "model/ramp.h"
#include "model/span.h"
#include "store/lookup.h"

/* The row of the config ?1. */
#define GRAY_ROW_TEXT                                                                                        \
        "SELECT g.event_id, g.salt, g.rules, g.plan, g.ramp_state, g.ramp_step, g.ramp_since_ms,"            \
        " g.ramp_held_ms, r.created_at_ms, r.created_by, r.comment, c.newest, c.newest_id"                   \
        " FROM grays g JOIN configs c ON c.id = g.config_id JOIN releases r ON r.id = g.event_id"            \
        " WHERE g.config_id = ?1"
/* What one of its arms serves. */
#define GRAY_ROW_VERSION_TEXT "SELECT format, sha256, content FROM versions WHERE id = ?1"

typedef struct GrayRow {
        GrayData data; /* points into what follows; the versions are there after gray_row_read_whole() */
        Gray *rules;   /* a reference */
        Ramp ramp;     /* where there is a plan */
        int64_t event_id;
        VersionPlace newest; /* of its config */
        GrayVersion *versions;
        char *contents; /* of the versions, one after another */
        char texts[];
} GrayRow;

/*
 * gray_row_read() - read the gray release of a config
 * @statement: of GRAY_ROW_TEXT
 * @likely: rules that are probably those of the row: then they are taken, by a reference, and need not be
 *          compiled; borrowed; NULL: none are at hand
 * Return: 0; -EBADMSG when there is no such row, or it is damaged; or another negative errno
 */
int gray_row_read(sqlite3_stmt *statement, int64_t config_id, Gray *likely, GrayRow **ret_row);
GrayRow *gray_row_free(GrayRow *row);

typedef struct GrayStatements {
        sqlite3_stmt *get;         /* of GRAY_ROW_TEXT */
        sqlite3_stmt *look_up;     /* of LOOKUP_TEXT */
        sqlite3_stmt *get_version; /* of GRAY_ROW_VERSION_TEXT */
} GrayStatements;

/* The same with all versions that the rules name, each once. */
int gray_row_read_whole(const GrayStatements *statements, int64_t config_id, Gray *likely, GrayRow **ret_row);

DEFINE_CLEANUP(GrayRow *, gray_row_free);
