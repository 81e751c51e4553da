/*
 * Reading all that is released out of the database, at start.
 */
#pragma once

#include <sqlite3.h>

#include "model/catalog.h"
#include "model/problem.h"
#include "model/span.h"

/*
 * load_all() - fill an empty catalog
 * @path: of the database file, for a second connection; nobody writes meanwhile
 *
 * Return: 0, -EBADMSG for a damaged row, or another errno.
 */
int load_all(const char *path, sqlite3 *database, Span epoch, uint64_t revision, Catalog *catalog);
