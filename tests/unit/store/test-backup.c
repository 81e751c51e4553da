#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "store/maintenance.h"
#include "store/schema.h"
#include "store/sql.h"

/*
 * The calls that change names, and those that make them last, are ours here: in a child that is to die at the
 * n-th of them, the process ends in its place, as if it were killed. SQLite's own calls count too.
 */
#define EXIT_KILLED 77
static int calls_to_live = -1;

static void count_call(void) {
        if (calls_to_live >= 0 && calls_to_live-- == 0)
                _exit(EXIT_KILLED);
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the system's names are reserved. */

int rename(const char *from, const char *to) {
        count_call();
        return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int link(const char *from, const char *to) {
        count_call();
        return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path) {
        count_call();
        return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int fsync(int fd) {
        count_call();
        return (int)syscall(SYS_fsync, fd);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

static void assert_done(int r, const Problem *problem) {
        if (r)
                fail_msg("%d: %s", r, problem->text);
}

static void backup(Fixture *fixture, const char *to) {
        Problem problem = PROBLEM_NULL;

        assert_done(store_backup(fixture->path, to, &problem), &problem);
}

static void restore(Fixture *fixture, const char *from) {
        Problem problem = PROBLEM_NULL;

        fixture->database = sql_close(fixture->database);
        assert_done(store_restore(fixture->path, from, &problem), &problem);
}

/* What is in the store at @path, which is intact: its revision. */
static uint64_t revision_of(const char *path) {
        Problem problem = PROBLEM_NULL;
        VerifyReport report;

        assert_done(store_verify(path, &report, &problem), &problem);
        return report.revision;
}

static void read_epoch(const char *path, char ret_epoch[64]) {
        static const char *const text = "SELECT epoch FROM store";
        Problem problem = PROBLEM_NULL;
        sqlite3_stmt *statement = NULL;
        sqlite3 *database = NULL;

        assert_done(sql_open(path, SQL_MODE_READER, &database, &problem), &problem);
        assert_int_equal(sql_prepare(database, &text, &statement, 1), 0);
        assert_int_equal(sql_step(statement), 1);
        (void)snprintf(ret_epoch, 64, "%s", (const char *)sqlite3_column_text(statement, 0));
        sql_finalize(&statement, 1);
        sql_close(database);
}

static bool exists(const char *path) {
        struct stat status;

        return lstat(path, &status) == 0;
}

static bool is_beside(const Fixture *fixture, const char *suffix) {
        char path[320];

        (void)snprintf(path, sizeof(path), "%s%s", fixture->path, suffix);
        return exists(path);
}

static void write_text(const char *path, const char *text) {
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
        assert_int_equal(fclose(file), 0);
}

/* The store at revision 2, its backup "backup", and then the store at revision 3 whose last change is in the
 * log. */
static void fill(Fixture *fixture) {
        fixture_add_namespace(fixture, "prod");
        fixture_publish(fixture, "prod", "app.json", "1");
        backup(fixture, fixture_file(fixture, "backup"));
        fixture_publish(fixture, "prod", "app.json", "2");
}

/*
 * Backup.
 */

static void a_store_in_use_is_copied_with_its_log(void **state) {
        Fixture *fixture = *state;

        fill(fixture);
        assert_true(is_beside(fixture, "-wal"));
        assert_int_equal(revision_of(fixture_file(fixture, "backup")), 2);
        backup(fixture, fixture_file(fixture, "later"));
        assert_int_equal(revision_of(fixture_file(fixture, "later")), 3);
        fixture_publish(fixture, "prod", "app.json", "3");
        assert_int_equal(revision_of(fixture->path), 4);
}

static void a_backup_is_one_file_of_its_owner(void **state) {
        Fixture *fixture = *state;
        unsigned char header[20];
        struct stat status;
        FILE *file;

        fill(fixture);
        assert_int_equal(stat(fixture_file(fixture, "backup"), &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);

        /* Bytes 18 and 19 of the header are 1 for a database that needs no log beside it. */
        file = fopen(fixture_file(fixture, "backup"), "rb");
        assert_non_null(file);
        assert_int_equal(fread(header, 1, sizeof(header), file), sizeof(header));
        (void)fclose(file);
        assert_int_equal(header[18], 1);
        assert_int_equal(header[19], 1);
        (void)revision_of(fixture_file(fixture, "backup"));
        assert_false(exists(fixture_file(fixture, "backup-wal")));
        assert_false(exists(fixture_file(fixture, "backup-shm")));
}

static void a_backup_keeps_the_epoch(void **state) {
        Fixture *fixture = *state;
        char ours[64], copied[64];

        fill(fixture);
        read_epoch(fixture->path, ours);
        read_epoch(fixture_file(fixture, "backup"), copied);
        assert_string_equal(copied, ours);
}

static void what_exists_is_not_overwritten_by_a_backup(void **state) {
        Fixture *fixture = *state;
        const char *to = fixture_file(fixture, "mine");
        Problem problem = PROBLEM_NULL;
        struct stat status;

        fill(fixture);
        write_text(to, "mine");
        assert_int_equal(store_backup(fixture->path, to, &problem), -EEXIST);
        assert_non_null(strstr(problem.text, "mine cannot be made: File exists"));
        assert_int_equal(stat(to, &status), 0);
        assert_int_equal(status.st_size, 4);
        assert_int_equal(store_backup(fixture->path, fixture->path, &problem), -EEXIST);
}

static void a_dangling_link_is_not_followed_by_a_backup(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;

        fill(fixture);
        assert_int_equal(symlink("elsewhere", fixture_file(fixture, "link")), 0);
        assert_int_equal(store_backup(fixture->path, fixture_file(fixture, "link"), &problem), -EEXIST);
        assert_false(exists(fixture_file(fixture, "elsewhere")));
}

static int count_files(const Fixture *fixture, const char *name) {
        char command[600];
        int n = -1;
        FILE *pipe;

        (void)snprintf(command, sizeof(command), "find '%s' -name '%s' | wc -l", fixture->directory, name);
        pipe = popen(command, "r");
        assert_non_null(pipe);
        assert_int_equal(fscanf(pipe, "%d", &n), 1);
        (void)pclose(pipe);
        return n;
}

static void a_backup_that_fails_leaves_nothing(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;

        fill(fixture);
        assert_int_equal(store_backup(fixture->path, fixture_file(fixture, "none/backup"), &problem),
                         -ENOENT);
        assert_non_null(strstr(problem.text, "none/backup cannot be made: No such file or directory"));

        write_text(fixture_file(fixture, "empty.db"), "");
        assert_int_equal(
                store_backup(fixture_file(fixture, "empty.db"), fixture_file(fixture, "copy"), &problem),
                -EBADMSG);
        assert_non_null(strstr(problem.text, "empty.db cannot be copied: the file is empty"));
        assert_int_equal(
                store_backup(fixture_file(fixture, "none.db"), fixture_file(fixture, "copy"), &problem),
                -ENOENT);
        assert_int_equal(count_files(fixture, "copy*"), 0);
}

/* No file may grow beyond 8 KiB here, as if the disk were full. */
static void a_backup_that_does_not_fit_leaves_nothing(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        struct rlimit limit, small;
        int r;

        fill(fixture);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
        small = (struct rlimit){ .rlim_cur = 8192, .rlim_max = limit.rlim_max };
        assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        r = store_backup(fixture->path, fixture_file(fixture, "copy"), &problem);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);

        assert_true(r < 0);
        assert_non_null(strstr(problem.text, "cannot be written: "));
        assert_int_equal(count_files(fixture, "copy*"), 0);
        assert_int_equal(revision_of(fixture->path), 3);
}

static void a_database_of_another_program_is_not_backed_up(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;

        fixture_execute(fixture, "PRAGMA application_id = 7");
        assert_int_equal(store_backup(fixture->path, fixture_file(fixture, "copy"), &problem), -EBADMSG);
        assert_non_null(strstr(problem.text, "the file is a database of another program"));
        assert_false(exists(fixture_file(fixture, "copy")));
}

/* @fn in a child that ends at its n-th call of those above. Return: whether it lived. */
static bool survives(int n, void (*fn)(Fixture *fixture), Fixture *fixture) {
        int status = 0;
        pid_t pid;

        (void)fflush(NULL);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                calls_to_live = n;
                fn(fixture);
                _exit(0);
        }

        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EXIT_KILLED);
        return WEXITSTATUS(status) == 0;
}

static void back_up_to_copy(Fixture *fixture) {
        Problem problem = PROBLEM_NULL;

        if (store_backup(fixture->path, fixture_file(fixture, "copy"), &problem))
                _exit(1);
}

static void a_backup_that_is_killed_is_not_taken_for_one(void **state) {
        Fixture *fixture = *state;
        bool lived = false;
        int n;

        fill(fixture);
        for (n = 0; !lived; n++) {
                Problem problem = PROBLEM_NULL;
                struct stat status;

                lived = survives(n, back_up_to_copy, fixture);
                if (stat(fixture_file(fixture, "copy"), &status) < 0)
                        continue;
                if (status.st_size > 0)
                        assert_int_equal(revision_of(fixture_file(fixture, "copy")), 3);
                else
                        assert_int_equal(store_restore(fixture_file(fixture, "other.db"),
                                                       fixture_file(fixture, "copy"), &problem),
                                         -EBADMSG);
                assert_int_equal(unlink(fixture_file(fixture, "copy")), 0);
        }
        assert_true(n > 3);
        assert_false(exists(fixture_file(fixture, "other.db")));
}

/*
 * Restore.
 */

static void a_backup_is_put_back_under_a_new_epoch(void **state) {
        Fixture *fixture = *state;
        char before[64], after[64];

        fill(fixture);
        read_epoch(fixture->path, before);
        restore(fixture, fixture_file(fixture, "backup"));
        assert_int_equal(revision_of(fixture->path), 2);
        read_epoch(fixture->path, after);
        assert_int_equal(strlen(after), 32);
        assert_int_equal(strspn(after, "0123456789abcdef"), 32);
        assert_string_not_equal(after, before);
        read_epoch(fixture_file(fixture, "backup"), after);
        assert_string_equal(after, before);
}

static void the_old_store_is_kept_with_all_that_it_held(void **state) {
        Fixture *fixture = *state;

        fill(fixture);
        restore(fixture, fixture_file(fixture, "backup"));
        assert_int_equal(revision_of(fixture_file(fixture, "confer.db.before-restore")), 3);
        assert_false(is_beside(fixture, ".new"));
        assert_false(is_beside(fixture, ".new-wal"));
}

/* A process that was killed leaves the log, with all that was committed since the last checkpoint. */
static void the_log_of_a_killed_server_goes_with_the_old_store(void **state) {
        Fixture *fixture = *state;
        char from[320];

        fill(fixture);
        (void)snprintf(from, sizeof(from), "%s-wal", fixture->path);
        fixture_copy_file(fixture->path, fixture_file(fixture, "killed.db"));
        fixture_copy_file(from, fixture_file(fixture, "killed.db-wal"));
        fixture->database = sql_close(fixture->database);
        (void)snprintf(fixture->path, sizeof(fixture->path), "%s", fixture_file(fixture, "killed.db"));

        restore(fixture, fixture_file(fixture, "backup"));
        assert_int_equal(revision_of(fixture->path), 2);
        assert_int_equal(revision_of(fixture_file(fixture, "killed.db.before-restore")), 3);
}

static void a_store_goes_on_after_a_restore(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;

        fill(fixture);
        restore(fixture, fixture_file(fixture, "backup"));
        assert_done(sql_open(fixture->path, SQL_MODE_WRITER, &fixture->database, &problem), &problem);
        fixture->revision = 2;
        fixture_publish(fixture, "prod", "app.json", "other 2");
        assert_int_equal(revision_of(fixture->path), 3);
}

static void a_backup_is_put_where_no_store_is(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        const char *path = fixture_file(fixture, "new.db");

        fill(fixture);
        assert_done(store_restore(path, fixture_file(fixture, "backup"), &problem), &problem);
        assert_int_equal(revision_of(path), 2);
        assert_false(exists(fixture_file(fixture, "new.db.before-restore")));
}

/* A log without its database would be taken for that of the store that is put there. */
static void a_log_that_lies_about_is_put_aside(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        char from[320];

        fill(fixture);
        (void)snprintf(from, sizeof(from), "%s-wal", fixture->path);
        fixture_copy_file(from, fixture_file(fixture, "new.db-wal"));
        assert_done(store_restore(fixture_file(fixture, "new.db"), fixture_file(fixture, "backup"), &problem),
                    &problem);
        assert_false(exists(fixture_file(fixture, "new.db-wal")));
        assert_true(exists(fixture_file(fixture, "new.db.before-restore-wal")));
        assert_int_equal(revision_of(fixture_file(fixture, "new.db")), 2);
}

static void what_an_earlier_restore_kept_is_not_overwritten(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;

        fill(fixture);
        restore(fixture, fixture_file(fixture, "backup"));
        assert_int_equal(store_restore(fixture->path, fixture_file(fixture, "backup"), &problem), -EEXIST);
        assert_non_null(strstr(problem.text,
                               "confer.db.before-restore is there already, kept by an earlier restore"));
        assert_int_equal(revision_of(fixture->path), 2);
        assert_int_equal(revision_of(fixture_file(fixture, "confer.db.before-restore")), 3);

        assert_int_equal(unlink(fixture_file(fixture, "confer.db.before-restore")), 0);
        restore(fixture, fixture_file(fixture, "backup"));
        assert_int_equal(revision_of(fixture_file(fixture, "confer.db.before-restore")), 2);
}

static void assert_not_restored(Fixture *fixture, const char *from, int expected, const char *text) {
        Problem problem = PROBLEM_NULL;

        assert_int_equal(store_restore(fixture->path, from, &problem), expected);
        if (!strstr(problem.text, text))
                fail_msg("'%s' is not in '%s'", text, problem.text);
        assert_int_equal(revision_of(fixture->path), 3);
        assert_false(is_beside(fixture, ".before-restore"));
        assert_false(is_beside(fixture, ".new"));
        assert_false(is_beside(fixture, ".new-wal"));
}

static void what_is_no_intact_backup_is_not_restored(void **state) {
        Fixture *fixture = *state;

        fill(fixture);
        assert_not_restored(fixture, fixture_file(fixture, "none"), -ENOENT, "none cannot be opened");

        write_text(fixture_file(fixture, "empty"), "");
        assert_not_restored(fixture, fixture_file(fixture, "empty"), -EBADMSG,
                            "empty cannot be copied: the file is empty, no store was ever made in it");

        write_text(fixture_file(fixture, "text"),
                   "This is no database at all, however long one may look at it.\n");
        assert_not_restored(fixture, fixture_file(fixture, "text"), -EBADMSG, "text cannot be");

        fixture_copy_file(fixture_file(fixture, "backup"), fixture_file(fixture, "cut"));
        assert_int_equal(truncate(fixture_file(fixture, "cut"), (off_t)8 * 4096), 0);
        assert_not_restored(fixture, fixture_file(fixture, "cut"), -EBADMSG, "cut cannot be");

        fixture_damage(fixture_file(fixture, "backup"), "UPDATE versions SET content = '3'");
        assert_not_restored(
                fixture, fixture_file(fixture, "backup"), -EBADMSG,
                "backup cannot be restored: version 1 of prod/app.json: its content does not match its "
                "SHA-256");
}

static void what_a_killed_restore_left_is_replaced(void **state) {
        Fixture *fixture = *state;

        fill(fixture);
        write_text(fixture_file(fixture, "confer.db.new"), "half a copy");
        write_text(fixture_file(fixture, "confer.db.new-wal"), "half a log");
        write_text(fixture_file(fixture, "confer.db.new-journal"), "half a journal");
        restore(fixture, fixture_file(fixture, "backup"));
        assert_int_equal(revision_of(fixture->path), 2);
        assert_int_equal(count_files(fixture, "*.new*"), 0);
}

static void spoil(const char *path) {
        int fd = open(path, O_WRONLY);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, "no longer a database", 20), 20);
        assert_int_equal(close(fd), 0);
}

/* Makes a store with a log at confer.db whose header, which the log does not hold, is gone. */
static void fill_and_spoil(Fixture *fixture) {
        char log[320];

        fill(fixture);
        assert_int_equal(
                sqlite3_wal_checkpoint_v2(fixture->database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL),
                SQLITE_OK);
        fixture_publish(fixture, "prod", "app.json", "3");
        (void)snprintf(log, sizeof(log), "%s-wal", fixture->path);
        fixture_copy_file(log, fixture_file(fixture, "log"));
        fixture->database = sql_close(fixture->database);
        fixture_copy_file(fixture_file(fixture, "log"), log);
        spoil(fixture->path);
}

static void a_store_too_damaged_to_open_is_kept_as_it_is(void **state) {
        Fixture *fixture = *state;
        struct stat log, kept;

        fill_and_spoil(fixture);
        assert_int_equal(stat(fixture_file(fixture, "log"), &log), 0);
        restore(fixture, fixture_file(fixture, "backup"));
        assert_int_equal(revision_of(fixture->path), 2);
        assert_int_equal(stat(fixture_file(fixture, "confer.db.before-restore-wal"), &kept), 0);
        assert_true(kept.st_size == log.st_size);
        assert_true(exists(fixture_file(fixture, "confer.db.before-restore")));
}

static void restore_backup(Fixture *fixture) {
        Problem problem = PROBLEM_NULL;

        if (store_restore(fixture->path, fixture_file(fixture, "backup"), &problem))
                _exit(1);
}

/* Everything as it was before the restore, from copies, so that each death is died in the same place. */
static void put_files_back(Fixture *fixture) {
        static const char *const others[] = { "-shm", ".before-restore", ".before-restore-wal",
                                              ".before-restore-shm" };
        char path[320];

        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                (void)snprintf(path, sizeof(path), "%s%s", fixture->path, others[i]);
                (void)unlink(path);
        }
        (void)unlink(fixture->path);
        fixture_copy_file(fixture_file(fixture, "old"), fixture->path);
        (void)snprintf(path, sizeof(path), "%s-wal", fixture->path);
        fixture_copy_file(fixture_file(fixture, "old-wal"), path);
}

static void keep_files(Fixture *fixture) {
        char path[320];

        fixture_copy_file(fixture->path, fixture_file(fixture, "old"));
        (void)snprintf(path, sizeof(path), "%s-wal", fixture->path);
        fixture_copy_file(path, fixture_file(fixture, "old-wal"));
        fixture->database = sql_close(fixture->database);
}

static void wherever_a_restore_is_killed_the_old_or_the_new_store_is_there(void **state) {
        Fixture *fixture = *state;
        int n_old = 0, n_new = 0;
        bool lived = false;

        fill(fixture);
        keep_files(fixture);
        for (int n = 0; !lived; n++) {
                uint64_t revision;

                put_files_back(fixture);
                lived = survives(n, restore_backup, fixture);
                revision = revision_of(fixture->path);
                if (revision == 3) {
                        n_old++;
                        assert_int_equal(n_new, 0);
                        restore(fixture, fixture_file(fixture, "backup"));
                        assert_int_equal(revision_of(fixture->path), 2);
                } else {
                        n_new++;
                        assert_int_equal(revision, 2);
                }
                assert_int_equal(revision_of(fixture_file(fixture, "confer.db.before-restore")), 3);
        }
        assert_true(n_old > 10);
        assert_true(n_new > 1);
}

static void a_restore_over_a_damaged_store_can_be_killed_and_repeated(void **state) {
        Fixture *fixture = *state;
        bool lived = false;
        int n;

        fill_and_spoil(fixture);
        fixture_copy_file(fixture->path, fixture_file(fixture, "old"));
        fixture_copy_file(fixture_file(fixture, "log"), fixture_file(fixture, "old-wal"));
        for (n = 0; !lived; n++) {
                struct stat log, kept;
                Problem problem = PROBLEM_NULL;
                VerifyReport report;

                put_files_back(fixture);
                lived = survives(n, restore_backup, fixture);
                if (store_verify(fixture->path, &report, &problem))
                        restore(fixture, fixture_file(fixture, "backup"));
                assert_int_equal(revision_of(fixture->path), 2);
                assert_int_equal(stat(fixture_file(fixture, "confer.db.before-restore-wal"), &kept), 0);
                assert_int_equal(stat(fixture_file(fixture, "log"), &log), 0);
                assert_true(kept.st_size == log.st_size);
        }
        assert_true(n > 10);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_set_up, fixture_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_store_in_use_is_copied_with_its_log),
                TEST(a_backup_is_one_file_of_its_owner),
                TEST(a_backup_keeps_the_epoch),
                TEST(what_exists_is_not_overwritten_by_a_backup),
                TEST(a_dangling_link_is_not_followed_by_a_backup),
                TEST(a_backup_that_fails_leaves_nothing),
                TEST(a_backup_that_does_not_fit_leaves_nothing),
                TEST(a_database_of_another_program_is_not_backed_up),
                TEST(a_backup_that_is_killed_is_not_taken_for_one),
                TEST(a_backup_is_put_back_under_a_new_epoch),
                TEST(the_old_store_is_kept_with_all_that_it_held),
                TEST(the_log_of_a_killed_server_goes_with_the_old_store),
                TEST(a_store_goes_on_after_a_restore),
                TEST(a_backup_is_put_where_no_store_is),
                TEST(a_log_that_lies_about_is_put_aside),
                TEST(what_an_earlier_restore_kept_is_not_overwritten),
                TEST(what_is_no_intact_backup_is_not_restored),
                TEST(what_a_killed_restore_left_is_replaced),
                TEST(a_store_too_damaged_to_open_is_kept_as_it_is),
                TEST(wherever_a_restore_is_killed_the_old_or_the_new_store_is_there),
                TEST(a_restore_over_a_damaged_store_can_be_killed_and_repeated),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
