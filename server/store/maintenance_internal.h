/*
 * What the files of maintenance share.
 */
#pragma once

#include <sqlite3.h>

#include "model/macros.h"
#include "model/problem.h"
#include "store/maintenance.h"
#include "store/sql.h"

DEFINE_CLEANUP(sqlite3 *, sql_close);

/*
 * Opens the database at @path, which exists, to look at it only: the log that a killed server left is read,
 * but not written into the file.
 */
int maintenance_open(const char *path, sqlite3 **ret_database, Problem *ret_problem);

/* store_verify() on an open connection that is in no transaction. */
int maintenance_verify(sqlite3 *database, VerifyReport *ret_report, Problem *ret_problem);
