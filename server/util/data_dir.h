/*
 * The directory where a server keeps everything, and the lock that keeps it to one server.
 */
#pragma once

#include <stdbool.h>

#include "model/problem.h"

typedef struct DataDir {
        char *path;
        char *database; /* PATH/confer.db */
        int lock_fd;    /* of PATH/lock; the lock goes with the process, however it ends */
} DataDir;

#define DATA_DIR_NULL ((DataDir){ .lock_fd = -1 })

typedef enum DataDirUse {
        DATA_DIR_OWN,  /* made, mode 0700, when there is none, and locked; -EBUSY when another process has it
                        */
        DATA_DIR_LOOK, /* there already; another process may own it */
} DataDirUse;

int data_dir_open(DataDir *ret_dir, const char *path, DataDirUse use, Problem *ret_problem);
void data_dir_close(DataDir *dir);
