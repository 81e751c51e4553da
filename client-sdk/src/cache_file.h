/*
 * What is known, in a file: so that an application starts when no server answers.
 *
 *      8 bytes   "CONFER\r\n"
 *      4         the version of this format
 *      32        SHA-256 of all that follows
 *      8         the revision
 *      8         when a server confirmed it last: milliseconds since 1970
 *      text      the epoch
 *      4         how many namespaces were wanted; for each:
 *                text    its name
 *                1       whether it was wanted whole
 *                4       else how many of its keys, and each of them as text
 *      4         how many releases; for each:
 *                text, text                  namespace, key
 *                8, 8, 1, 32, 8              version, revision, format, SHA-256, when it was updated
 *                text, text, text            content, by whom, comment
 *                1                           whether there is a gray release on it; if so:
 *                        text, text          salt, rules
 *                        8, text, text       when they were set, by whom, comment
 *                        4                   how many versions they name; for each:
 *                                8, 1, 32, text          version, format, SHA-256, content
 *
 * Numbers are little-endian; a text is its size, in 4 bytes, and its bytes. The file is replaced as a whole,
 * and is on disk before it takes the place of the one before. A file that is damaged, not this user's, or
 * open for others to write is refused, never used in part.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/catalog.h"
#include "model/frame.h"
#include "provenance.h"
#include "scope.h"

/* Raised, too, when gray rules can say more than before: a gray release that an older library could not read
 * is not in its file, and a file that is refused is asked for anew. */
#define CACHE_FORMAT_VERSION 2
#define CACHE_SIZE_MAX       ((int64_t)1 << 32)

enum {
        CACHE_E_ABSENT = 1, /* there is no file */
        CACHE_E_UNSAFE,     /* not a file of this user alone */
        CACHE_E_FOREIGN,    /* no cache file, or one of another version */
        CACHE_E_DAMAGED,    /* the checksum is wrong */
};

typedef struct Cache {
        uint64_t revision;
        int64_t confirmed_at_ms; /* wall time */
        char epoch[EPOCH_SIZE_MAX + 1];
        bool *is_known;   /* for each namespace that the scope wants: the file has all of it */
        Catalog releases; /* those in scope */
} Cache;

#define CACHE_NULL ((Cache){ .releases = CATALOG_NULL })

void cache_deinit(Cache *cache);

/* "the file is damaged" */
const char *cache_error_to_string(int error);

/* Appends the file's bytes. Namespaces that are not known are left out. Return: 0 or -ENOMEM. */
int cache_encode(Buf *buf, const Cache *cache, const Scope *scope);

/* Return: 0; -ENOMEM; CACHE_E_FOREIGN; CACHE_E_DAMAGED. */
int cache_decode(Span bytes, const Scope *scope, Provenance *provenance, Cache *ret_cache);

/* Return: as cache_decode(); CACHE_E_ABSENT; CACHE_E_UNSAFE; -errno. */
int cache_file_read(const char *path, const Scope *scope, Provenance *provenance, Cache *ret_cache);

/* Writes PATH.tmp beside it first. Return: 0; -EBUSY: another process is writing it; -errno. */
int cache_file_write(const char *path, Span bytes);
