/*
 * Copies a store, and puts a copy back.
 *
 * A backup is one file, complete in itself: no log stands beside it, and it can be opened where nothing may
 * be written. It gets its name when it is whole and on disk; killed in that moment, an empty file of that
 * name is left, which no restore accepts.
 *
 * A restore leaves, wherever it is killed, either the old store or the new one at PATH:
 *
 *   1. Copy the backup to PATH.new, bring its tables up to date, verify it, give it a new epoch, fsync it.
 *   2. Write the old store's log into its file, so that PATH alone is the old store.
 *   3. Link PATH as PATH.before-restore, and fsync the directory. PATH still is the old store.
 *   4. Rename PATH.new to PATH, and fsync the directory. PATH is the new store.
 *
 * A log that stood beside PATH in step 4 would be taken for the new store's: SQLite cannot tell. An old store
 * that is too damaged for step 2 keeps its log, which step 3 then moves to PATH.before-restore-wal. Killed
 * just then, PATH is the old store as damaged as before, and what its log held is found beside
 * PATH.before-restore.
 *
 * A restore that was killed can be repeated: one that finds PATH.before-restore to be PATH itself goes on
 * from there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/maintenance_internal.h"
#include "store/schema.h"
#include "util/digest.h"

#define SUFFIX_KEPT ".before-restore"
#define SUFFIX_NEW  ".new"

/* What SQLite keeps beside a database. */
static const char *const sidecars[] = { "-wal", "-shm", "-journal" };

static int fail(Problem *ret_problem, const char *path, const char *what) {
        int r = -errno;

        problem_set(ret_problem, NULL, "%s cannot be %s: %s", path, what, strerror(-r));
        return r;
}

static int fail_to_write(Problem *ret_problem, const char *path, sqlite3 *database, int r) {
        problem_set(ret_problem, NULL, "%s cannot be written: %s", path, sqlite3_errmsg(database));
        return r;
}

/* @path with @suffix; aborts for want of memory. */
static char *join(const char *path, const char *suffix) {
        char *joined;

        if (asprintf(&joined, "%s%s", path, suffix) < 0)
                abort();
        return joined;
}

static int sync_path(const char *path, int flags, Problem *ret_problem) {
        int fd, r = 0;

        fd = open(path, O_RDONLY | O_CLOEXEC | flags);
        if (fd < 0)
                return fail(ret_problem, path, "opened");

        if (fsync(fd) < 0)
                r = fail(ret_problem, path, "written to the disk");
        (void)close(fd);
        return r;
}

static char *directory_of(const char *path) {
        const char *slash = strrchr(path, '/');
        char *directory = join(slash ? path : ".", "");

        if (slash)
                directory[MAX(slash - path, 1)] = '\0';
        return directory;
}

/* Makes the names in the directory of @path last. */
static int sync_directory_of(const char *path, Problem *ret_problem) {
        _cleanup_(freep) char *directory = directory_of(path);

        return sync_path(directory, O_DIRECTORY, ret_problem);
}

/* The copy is not the store yet, so that it needs no protection while it is written. */
static int copy_pages(sqlite3 *source, sqlite3 *target) {
        sqlite3_backup *backup;
        int r;

        r = sql_execute(target, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
        if (r)
                return r;
        backup = sqlite3_backup_init(target, "main", source, "main");
        if (!backup)
                return sql_error(sqlite3_errcode(target));

        /* In one step, and so in one snapshot: in several, each commit meanwhile would begin it again. */
        (void)sqlite3_backup_step(backup, -1);
        return sql_error(sqlite3_backup_finish(backup));
}

/* Copies all of @source into the empty file @to, as one file without a log, and onto the disk. */
static int copy_store(sqlite3 *source, const char *to, Problem *ret_problem) {
        _cleanup_(sql_closep) sqlite3 *target = NULL;
        int r;

        r = sql_error(sqlite3_open_v2(to, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
        if (r == 0)
                r = copy_pages(source, target);
        if (r == 0)
                r = sql_execute(target, "PRAGMA journal_mode = DELETE");
        if (r)
                return fail_to_write(ret_problem, to, target, r);

        target = sql_close(target);
        return sync_path(to, 0, ret_problem);
}

/* Opens what is to be copied. An empty file would make an empty store, and is none. */
static int open_source(const char *path, sqlite3 **ret_source, Problem *ret_problem) {
        _cleanup_(sql_closep) sqlite3 *source = NULL;
        Problem problem = PROBLEM_NULL;
        int version = 0;
        int r;

        r = sql_open(path, SQL_MODE_READER, &source, ret_problem);
        if (r)
                return r;

        r = schema_version(source, &version, &problem);
        if (r == 0 && version == 0) {
                problem_set(&problem, NULL, "the file is empty, no store was ever made in it");
                r = -EBADMSG;
        }
        if (r) {
                problem_set(ret_problem, NULL, "%s cannot be copied: %s", path, problem.text);
                return r;
        }

        *ret_source = source;
        source = NULL;
        return 0;
}

/* Gives a finished file its name, which nothing may have: the name is taken first, so that no other file
 * loses it. */
static int publish(const char *from, const char *to, Problem *ret_problem) {
        int fd;

        fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return fail(ret_problem, to, "made");

        (void)close(fd);
        if (rename(from, to) < 0) {
                int r = fail(ret_problem, to, "made");

                (void)unlink(to);
                return r;
        }
        return sync_directory_of(to, ret_problem);
}

int store_backup(const char *path, const char *to, Problem *ret_problem) {
        _cleanup_(sql_closep) sqlite3 *source = NULL;
        _cleanup_(freep) char *unfinished = join(to, ".XXXXXX");
        struct stat status;
        int fd, r;

        if (lstat(to, &status) == 0) {
                errno = EEXIST;
                return fail(ret_problem, to, "made");
        }

        r = open_source(path, &source, ret_problem);
        if (r)
                return r;
        fd = mkostemp(unfinished, O_CLOEXEC);
        if (fd < 0)
                return fail(ret_problem, to, "made");

        (void)close(fd);
        r = copy_store(source, unfinished, ret_problem);
        if (r == 0)
                r = publish(unfinished, to, ret_problem);
        if (r)
                (void)unlink(unfinished);
        return r;
}

/* Removes @path and what SQLite keeps beside it. */
static int remove_database(const char *path, Problem *ret_problem) {
        if (unlink(path) < 0 && errno != ENOENT)
                return fail(ret_problem, path, "removed");

        for (size_t i = 0; i < ARRAY_SIZE(sidecars); i++) {
                _cleanup_(freep) char *sidecar = join(path, sidecars[i]);

                if (unlink(sidecar) < 0 && errno != ENOENT)
                        return fail(ret_problem, sidecar, "removed");
        }
        return 0;
}

static int renew_epoch(sqlite3 *database) {
        static const char *const text = "UPDATE store SET epoch = lower(hex(?1))";
        sqlite3_stmt *statement = NULL;
        unsigned char epoch[16];
        int r;

        r = sql_prepare(database, &text, &statement, 1);
        if (r)
                return r;

        random_bytes(epoch, sizeof(epoch));
        r = SQL_RUN(statement, sql_blob(epoch, sizeof(epoch)));
        sql_finalize(&statement, 1);
        return r;
}

/* Makes the copy at @path a store that can be put in place. */
static int prepare_copy(const char *path, Problem *ret_problem) {
        _cleanup_(sql_closep) sqlite3 *database = NULL;
        VerifyReport report;
        int r;

        r = sql_open(path, SQL_MODE_WRITER, &database, ret_problem);
        if (r)
                return r;
        r = schema_migrate(database, ret_problem);
        if (r)
                return r;
        r = maintenance_verify(database, &report, ret_problem);
        if (r)
                return r;

        r = renew_epoch(database);
        if (r == 0)
                r = sql_write_back_log(database);
        if (r)
                return fail_to_write(ret_problem, path, database, r);
        return 0;
}

/*
 * A store that is put back as root belongs to whom the old one belonged to, or else the directory. Some file
 * systems know no owners; there the copy stays as it is.
 */
static int adopt_owner(int fd, const char *store, Problem *ret_problem) {
        _cleanup_(freep) char *directory = directory_of(store);
        struct stat status;

        if (geteuid() != 0 || (stat(store, &status) < 0 && stat(directory, &status) < 0))
                return 0;
        if (fchown(fd, status.st_uid, status.st_gid) < 0 && errno != EPERM)
                return fail(ret_problem, store, "given to its owner");
        return 0;
}

/* Makes the empty file that the copy goes to. */
static int make_file(const char *path, const char *store, Problem *ret_problem) {
        int fd, r;

        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return fail(ret_problem, path, "made");

        r = adopt_owner(fd, store, ret_problem);
        (void)close(fd);
        return r;
}

/* Makes at @to what shall be put in place of @store. */
static int make_copy(const char *store, const char *from, const char *to, Problem *ret_problem) {
        _cleanup_(sql_closep) sqlite3 *source = NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = open_source(from, &source, ret_problem);
        if (r)
                return r;
        r = make_file(to, store, ret_problem);
        if (r)
                return r;
        r = copy_store(source, to, ret_problem);
        if (r)
                return r;
        r = prepare_copy(to, &problem);
        if (r) {
                problem_set(ret_problem, NULL, "%s cannot be restored: %s", from, problem.text);
                return r;
        }
        return sync_path(to, 0, ret_problem);
}

/* Writes the old store's log into its file. One that is too damaged for that keeps its log. */
static int settle_old(const char *path, Problem *ret_problem) {
        _cleanup_(sql_closep) sqlite3 *database = NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = sql_open(path, SQL_MODE_READER, &database, &problem);
        if (r == 0)
                r = sql_write_back_log(database);
        if (r == -EBADMSG)
                return 0;
        if (r) {
                problem_set(ret_problem, NULL, "the store at %s cannot be put aside: %s", path,
                            database ? sqlite3_errmsg(database) : problem.text);
                return r;
        }

        /* The log is empty now; closing removes it. */
        (void)sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
        return 0;
}

static bool is_same_file(const char *a, const char *b) {
        struct stat status_a, status_b;

        return stat(a, &status_a) == 0 && stat(b, &status_b) == 0 && status_a.st_dev == status_b.st_dev &&
               status_a.st_ino == status_b.st_ino;
}

static int refuse_kept(const char *kept, Problem *ret_problem) {
        problem_set(ret_problem, NULL,
                    "%s is there already, kept by an earlier restore: move it away, or remove it", kept);
        return -EEXIST;
}

/* Refuses before anything is done what keep() would refuse at the end. */
static int check_nothing_kept(const char *path, Problem *ret_problem) {
        _cleanup_(freep) char *kept = join(path, SUFFIX_KEPT);

        if (access(path, F_OK) == 0 && access(kept, F_OK) == 0 && !is_same_file(path, kept))
                return refuse_kept(kept, ret_problem);
        return 0;
}

/* Gives the file at @path the second name @kept, which no other file may have. A file that is not there is no
 * error. */
static int keep(const char *path, const char *kept, Problem *ret_problem) {
        if (link(path, kept) == 0 || errno == ENOENT)
                return 0;
        if (errno != EEXIST)
                return fail(ret_problem, kept, "made");

        return is_same_file(path, kept) ? 0 : refuse_kept(kept, ret_problem);
}

/* Keeps the old store under its second name, and leaves nothing at its first one but the database itself. */
static int put_old_aside(const char *path, Problem *ret_problem) {
        _cleanup_(freep) char *kept = join(path, SUFFIX_KEPT);
        int r;

        r = keep(path, kept, ret_problem);
        if (r)
                return r;

        for (size_t i = 0; i < ARRAY_SIZE(sidecars); i++) {
                _cleanup_(freep) char *from = join(path, sidecars[i]);
                _cleanup_(freep) char *to = join(kept, sidecars[i]);

                r = keep(from, to, ret_problem);
                if (r)
                        return r;
                if (unlink(from) < 0 && errno != ENOENT)
                        return fail(ret_problem, from, "moved");
        }
        return sync_directory_of(path, ret_problem);
}

static int replace(const char *path, const char *copy, Problem *ret_problem) {
        int r;

        if (access(path, F_OK) == 0) {
                r = settle_old(path, ret_problem);
                if (r)
                        return r;
        }
        r = put_old_aside(path, ret_problem);
        if (r)
                return r;

        if (rename(copy, path) < 0)
                return fail(ret_problem, path, "replaced");
        return sync_directory_of(path, ret_problem);
}

int store_restore(const char *path, const char *from, Problem *ret_problem) {
        _cleanup_(freep) char *copy = join(path, SUFFIX_NEW);
        int r;

        r = check_nothing_kept(path, ret_problem);
        if (r)
                return r;
        r = remove_database(copy, ret_problem);
        if (r)
                return r;

        r = make_copy(path, from, copy, ret_problem);
        if (r == 0)
                r = replace(path, copy, ret_problem);
        if (r) {
                Problem ignored;

                (void)remove_database(copy, &ignored);
        }
        return r;
}
