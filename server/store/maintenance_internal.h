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

/* store_verify() on an open connection that is in no transaction. */
int maintenance_verify(sqlite3 *database, VerifyReport *ret_report, Problem *ret_problem);
