/*
 * Reading all that is released out of the database, at start.
 */
#pragma once

#include <stdint.h>

#include "model/catalog.h"
#include "model/span.h"

/*
 * load_all() - fill an empty catalog
 * @path: of the database file, which nobody writes to meanwhile
 *
 * Return: 0, -EBADMSG for a damaged row, or another errno.
 */
int load_all(const char *path, Span epoch, uint64_t revision, Catalog *catalog);
