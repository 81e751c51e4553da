/*
 * Reading columns that the database's own types cannot vouch for, and rows that several files read alike.
 *
 * A damaged file may hold anything that its types allow: what is read here is checked before it is believed.
 */
#pragma once

#include <sqlite3.h>
#include <stdint.h>

#include "model/format.h"
#include "model/release.h"
#include "store/audit.h"

/* Return: 0, or -EBADMSG when it is no hash. */
int column_sha256(sqlite3_stmt *statement, int column, uint8_t ret_hash[SHA256_SIZE]);

/* A number from 0 to @n - 1. Return: 0, or -EBADMSG. */
int column_choice(sqlite3_stmt *statement, int column, int n, int *ret_choice);

/* The columns that column_audit_entry() reads, from the first on. The texts are borrowed until the next step.
 */
#define AUDIT_COLUMNS                                                                                        \
        "id, created_at_ms, actor, address, action, namespace, key, version, revision, outcome, comment,"    \
        " details, hash"
int column_audit_entry(sqlite3_stmt *statement, AuditEntry *ret_entry);
