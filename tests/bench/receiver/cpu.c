/*
 * The processor time that the threads of a process have used.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "receiver.h"

/* 0 for a thread that has just ended. */
static uint64_t cpu_of_thread_ns(int directory_fd, const char *thread) {
        char path[64], text[128];
        ssize_t n;
        int fd;

        (void)snprintf(path, sizeof(path), "%.32s/schedstat", thread);
        fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return 0;
        n = read(fd, text, sizeof(text) - 1);
        close(fd);
        if (n <= 0)
                return 0;
        text[n] = '\0';
        return strtoull(text, NULL, 10);
}

uint64_t cpu_of_ns(int pid) {
        struct dirent *entry;
        uint64_t sum = 0;
        char path[64];
        DIR *directory;

        (void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
        directory = opendir(path);
        if (!directory)
                die("%s: %s", path, strerror(errno));
        while ((entry = readdir(directory)) != NULL)
                if (entry->d_name[0] != '.')
                        sum += cpu_of_thread_ns(dirfd(directory), entry->d_name);
        closedir(directory);
        return sum;
}
