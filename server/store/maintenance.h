/*
 * What an operator does to a whole store: verify it, copy it, put a copy back.
 */
#pragma once

#include <stdint.h>

#include "model/problem.h"

typedef struct VerifyReport {
        uint64_t revision;
        int64_t n_versions;
        int64_t n_audit_entries;
} VerifyReport;

/*
 * store_verify() - check @path from end to end, without changing it; a server may be running on it
 *
 * The database's own structure and foreign keys, every content against its SHA-256, version numbers without
 * gap or double, revisions that only grow and none above the store's, every release event and config pointing
 * at a version that exists, gray releases that can be loaded, and the audit's chain up to the hash that the
 * store row carries.
 *
 * Return: 0, or -EBADMSG with the first break named in @ret_problem, or another errno when it could not be
 * read.
 */
int store_verify(const char *path, VerifyReport *ret_report, Problem *ret_problem);

/* Writes a consistent copy of the store at @path, which may be in use, to @to, which must not exist. */
int store_backup(const char *path, const char *to, Problem *ret_problem);

/*
 * store_restore() - make the backup @from the store at @path, under a new epoch
 *
 * @from is verified first. The caller holds the data directory's lock. A store that was there is kept beside,
 * as PATH.before-restore, -wal and -shm included; one kept by an earlier restore is never overwritten: it is
 * refused.
 */
int store_restore(const char *path, const char *from, Problem *ret_problem);
