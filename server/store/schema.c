#include <errno.h>
#include <stdio.h>

#include "store/schema.h"
#include "store/sql.h"
#include "util/digest.h"

static int refuse_unreadable(sqlite3 *database, int r, Problem *ret_problem) {
        problem_set(ret_problem, NULL, "the store cannot be read: %s", sqlite3_errmsg(database));
        return r;
}

/* Runs @text, which yields one number. */
static int read_number(sqlite3 *database, const char *text, int64_t *ret_number, Problem *ret_problem) {
        sqlite3_stmt *statement = NULL;
        int r;

        r = sql_prepare(database, &text, &statement, 1);
        if (r)
                return refuse_unreadable(database, r, ret_problem);

        r = sql_step(statement);
        if (r < 0)
                (void)refuse_unreadable(database, r, ret_problem);
        if (r > 0)
                *ret_number = sql_column_i64(statement, 0);
        sql_finalize(&statement, 1);
        return r < 0 ? r : 0;
}

static int newest_version(void) {
        return migrations[n_migrations - 1].number;
}

int schema_version(sqlite3 *database, int *ret_version, Problem *ret_problem) {
        int64_t application_id = 0, version = 0, n_things = 0;
        int r;

        r = read_number(database, "PRAGMA application_id", &application_id, ret_problem);
        if (r == 0)
                r = read_number(database, "PRAGMA user_version", &version, ret_problem);
        if (r == 0)
                r = read_number(database, "SELECT count(*) FROM sqlite_schema", &n_things, ret_problem);
        if (r)
                return r;

        if (application_id == 0 && version == 0 && n_things == 0) {
                *ret_version = 0;
                return 0;
        }
        if (application_id != SQL_APPLICATION_ID || version <= 0) {
                problem_set(ret_problem, NULL, "the file is a database of another program");
                return -EBADMSG;
        }
        if (version > newest_version()) {
                problem_set(ret_problem, NULL,
                            "the store was written by a newer Confer: its tables are of version %d, this one "
                            "knows "
                            "them up to version %d",
                            (int)version, newest_version());
                return -EBADMSG;
        }

        *ret_version = (int)version;
        return 0;
}

/* A pragma takes no parameters, so that the numbers have to be printed into it. */
static int set_number(sqlite3 *database, const char *pragma, int number) {
        char text[64];

        (void)snprintf(text, sizeof(text), "PRAGMA %s = %d", pragma, number);
        return sql_execute(database, text);
}

/* What the tables of a new store begin with: its one row, with an epoch of its own. */
static int found_store(sqlite3 *database) {
        static const char *const text = "INSERT INTO store (id, epoch, revision, changed_at_ms, audit_hash)"
                                        " VALUES (1, lower(hex(?1)), 0, 0, zeroblob(32))";
        sqlite3_stmt *statement = NULL;
        unsigned char epoch[16];
        int r;

        r = sql_prepare(database, &text, &statement, 1);
        if (r)
                return r;

        random_bytes(epoch, sizeof(epoch));
        r = SQL_RUN(statement, sql_blob(epoch, sizeof(epoch)));
        sql_finalize(&statement, 1);
        return r ? r : set_number(database, "application_id", SQL_APPLICATION_ID);
}

static int apply_migration(sqlite3 *database, const Migration *migration) {
        int r;

        r = sql_execute(database, "BEGIN IMMEDIATE");
        if (r)
                return r;
        r = sql_execute(database, migration->text);
        if (r == 0 && migration->number == 1)
                r = found_store(database);
        if (r == 0)
                r = set_number(database, "user_version", migration->number);
        return r ? r : sql_execute(database, "COMMIT");
}

int schema_migrate(sqlite3 *database, Problem *ret_problem) {
        int version = 0;
        int r;

        r = schema_version(database, &version, ret_problem);
        if (r)
                return r;

        for (size_t i = 0; i < n_migrations; i++) {
                if (migrations[i].number <= version)
                        continue;

                r = apply_migration(database, &migrations[i]);
                if (r) {
                        problem_set(ret_problem, NULL, "the tables cannot be brought to version %d: %s",
                                    migrations[i].number, sqlite3_errmsg(database));
                        /* SQLite has rolled back by itself after some errors, after a full disk for one. */
                        if (!sqlite3_get_autocommit(database))
                                (void)sql_execute(database, "ROLLBACK");
                        return r;
                }
        }
        return 0;
}

int schema_check(sqlite3 *database, Problem *ret_problem) {
        int version = 0;
        int r;

        r = schema_version(database, &version, ret_problem);
        if (r)
                return r;

        if (version == 0) {
                problem_set(ret_problem, NULL, "the file is empty, no store was ever made in it");
                return -EBADMSG;
        }
        if (version < newest_version()) {
                problem_set(
                        ret_problem, NULL,
                        "the store's tables are of version %d, this Confer works with version %d: start the "
                        "server once, which brings them up to date",
                        version, newest_version());
                return -EBADMSG;
        }
        return 0;
}
