/*
 * Finding the row of a version by its number, along the jumps of spine.h: the writer's and the readers' way.
 */
#pragma once

#include <sqlite3.h>
#include <stdint.h>

/* What lookup_version() steps with. A row that is not what it should be is not found, whatever points at it.
 */
#define LOOKUP_TEXT                                                                                          \
        "SELECT previous_id, jump_id FROM versions WHERE id = ?1 AND config_id = ?2 AND version = ?3"

/* A version of a config, and its row. */
typedef struct VersionPlace {
        int64_t config_id;
        int64_t version;
        int64_t id;
} VersionPlace;

/*
 * lookup_version() - find the row of @version, starting from the config's newest version
 * @statement: of LOOKUP_TEXT
 * Return: 1 with the id, 0 when there is no such version, -EBADMSG when a row on the way is missing, or
 * another negative errno
 */
int lookup_version(sqlite3_stmt *statement, const VersionPlace *newest, int64_t version, int64_t *ret_id);
