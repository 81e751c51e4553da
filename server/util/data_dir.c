#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/data_dir.h"

static int take_lock(DataDir *dir, Problem *ret_problem) {
        _cleanup_(freep) char *path = NULL;

        if (asprintf(&path, "%s/lock", dir->path) < 0)
                return -ENOMEM;

        dir->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (dir->lock_fd < 0) {
                int r = -errno;

                problem_set(ret_problem, "data", "the data directory %s cannot be written: %s", dir->path,
                            strerror(-r));
                return r;
        }
        if (flock(dir->lock_fd, LOCK_EX | LOCK_NB) != 0) {
                problem_set(ret_problem, "data",
                            "another conferd is using the data directory %s: stop it, or choose another with "
                            "--data",
                            dir->path);
                return -EBUSY;
        }
        return 0;
}

static int own(DataDir *dir, Problem *ret_problem) {
        if (mkdir(dir->path, 0700) != 0 && errno != EEXIST) {
                int r = -errno;

                problem_set(ret_problem, "data", "the data directory %s cannot be made: %s", dir->path,
                            strerror(-r));
                return r;
        }
        return take_lock(dir, ret_problem);
}

static int check_store(const DataDir *dir, Problem *ret_problem) {
        if (access(dir->database, R_OK) != 0) {
                int r = -errno;

                problem_set(ret_problem, "data", "there is no store at %s: %s", dir->database, strerror(-r));
                return r;
        }
        return 0;
}

int data_dir_open(DataDir *ret_dir, const char *path, DataDirUse use, Problem *ret_problem) {
        DataDir dir = DATA_DIR_NULL;
        int r = 0;

        dir.path = strdup(path);
        if (!dir.path || asprintf(&dir.database, "%s/confer.db", path) < 0)
                r = -ENOMEM;
        else if (use == DATA_DIR_OWN)
                r = own(&dir, ret_problem);
        else
                r = check_store(&dir, ret_problem);

        if (r) {
                data_dir_close(&dir);
                return r;
        }
        *ret_dir = dir;
        return 0;
}

void data_dir_close(DataDir *dir) {
        if (dir->lock_fd >= 0)
                (void)close(dir->lock_fd);
        free(dir->database);
        free(dir->path);
        *dir = DATA_DIR_NULL;
}
