/*
 * The YAML file of mirrors: a mapping from the name of each to a mapping of its fields (fields.h).
 *
 *   redis-main:
 *     kind: redis
 *     endpoints: 127.0.0.1:6379
 *     key: "tenant:{below}:{key}"
 *     namespace: tenants
 *
 * One of them may be of the kind election instead, and says which of several servers works.
 *
 * A secret may stand in the file, in a file of its own that a field ending in _file names, or in the
 * environment, as CONFER_MIRROR_REDIS_MAIN_PASSWORD: the name in upper case, "_" for "-". The environment
 * wins. A fault is told with file, line, mirror and field; what may be a secret is never shown.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mirror/options.h"
#include "model/problem.h"

#define MIRROR_NAME_SIZE_MAX 63

typedef struct MirrorsFile {
        MirrorOptions items[MIRRORS_MAX]; /* in the order of the file */
        size_t n;
        MirrorOptions election;
        bool has_election;
} MirrorsFile;

#define MIRRORS_FILE_NULL ((MirrorsFile){ .n = 0 })

/*
 * mirrors_file_read() - read the mirrors that are asked for
 * @path: of the file; "" is none, and then there are no mirrors
 * @environment: ends with NULL, as environ does; a secret of a mirror that is not in the file is refused
 *
 * Returns 0, SETTINGS_E_INVALID with @ret_problem filled, whose text needs nothing added, or -ENOMEM.
 */
int mirrors_file_read(const char *path, char *const *environment, MirrorsFile *ret_file,
                      Problem *ret_problem);
void mirrors_file_deinit(MirrorsFile *mirrors);

/* All entries: the mirrors, and the election where there is one; NULL: there are no more. */
MirrorOptions *mirrors_file_entry(MirrorsFile *mirrors, size_t i);
