/*
 * The store's tables: creating them, and bringing an older file up to date.
 */
#pragma once

#include <sqlite3.h>
#include <stddef.h>

#include "model/problem.h"

typedef struct Migration {
        int number; /* user_version after it */
        const char *text;
} Migration;

/* In order; the texts are those of schema/sql/. */
extern const Migration migrations[];
extern const size_t n_migrations;

/*
 * The version of the file's tables, 0 when it is empty. A file of another program, or of a newer Confer, is
 * refused with -EBADMSG.
 */
int schema_version(sqlite3 *database, int *ret_version, Problem *ret_problem);

/*
 * Applies what is missing, each migration in a transaction of its own. A file of another program, or of a
 * newer Confer, is refused with -EBADMSG and left alone.
 */
int schema_migrate(sqlite3 *database, Problem *ret_problem);

/* Whether the file is ours and up to date: 0 or -EBADMSG. */
int schema_check(sqlite3 *database, Problem *ret_problem);
