/*
 * Reading all that is released out of the database, at start.
 */
#pragma once

#include <stdint.h>

#include "model/catalog.h"
#include "model/span.h"
#include "store/head_log.h"

/*
 * load_all() - fill an empty catalog
 * @path: of the database file, which nobody writes to meanwhile
 * @heads: with all rows of the log read
 *
 * Return: 0, -EBADMSG for a damaged row, or another errno.
 */
int load_all(const char *path, const HeadLog *heads, Span epoch, uint64_t revision, Catalog *catalog);
