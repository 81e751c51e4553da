/*
 * Reading all that is released out of the database, at start.
 */
#pragma once

#include <sqlite3.h>

#include "model/change.h"
#include "model/span.h"

/* Adds every namespace and every release to @change. Return: 0, -EBADMSG for a damaged row, or another errno.
 */
int load_all(sqlite3 *database, Span epoch, Change *change);
