/*
 * Files, whole. A file that replaces another is written beside it and on disk before it takes its name, and
 * the directory is put on disk after, so that what was answered is not lost with the power.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/file.h"
#include "cli/memory.h"

#define READ_BYTES    (64UL * 1024)
#define BESIDE_TRIES  16
#define NEW_FILE_MODE 0666

void file_closep(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
}

/*
 * Reading.
 */

int file_read_fd(int fd, size_t max_bytes, Buf *to) {
        size_t start = to->size;
        ssize_t n;

        for (;;) {
                char *room = buf_reserve(to, READ_BYTES);

                memory_check(to);
                n = read(fd, room, READ_BYTES);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : 0;

                buf_advance(to, (size_t)n);
                if (to->size - start > max_bytes)
                        return -EFBIG;
        }
}

int file_read_at(int directory, const char *name, size_t max_bytes, Buf *to) {
        _cleanup_(file_closep) int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);

        return fd < 0 ? -errno : file_read_fd(fd, max_bytes, to);
}

int file_read(const char *path, size_t max_bytes, Buf *to) {
        return file_read_at(AT_FDCWD, path, max_bytes, to);
}

bool file_is(int directory, const char *name, Span content) {
        _cleanup_(buf_deinit) Buf there = BUF_NULL;
        struct stat status;

        if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode) ||
            (size_t)status.st_size != content.size)
                return false;
        return file_read_at(directory, name, content.size, &there) == 0 &&
               span_equal(buf_span(&there), content);
}

/*
 * Writing.
 */

static int write_all(int fd, Span content) {
        while (content.size > 0) {
                ssize_t n = write(fd, content.data, content.size);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0)
                        content = (Span){ content.data + n, content.size - (size_t)n };
        }

        return 0;
}

/* Writes a file that was just opened, and closes it. */
static int fill(int fd, Span content, mode_t mode) {
        int r = write_all(fd, content);

        if (r == 0 && mode != FILE_MODE_KEEP && fchmod(fd, mode) < 0)
                r = -errno;
        if (r == 0 && fsync(fd) < 0)
                r = -errno;
        if (close(fd) < 0 && r == 0)
                r = -errno;
        return r;
}

int file_write(int directory, const char *name, Span content, mode_t mode) {
        int fd =
                openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, NEW_FILE_MODE);
        int r;

        if (fd < 0)
                return -errno;

        r = fill(fd, content, mode);
        if (r < 0)
                (void)unlinkat(directory, name, 0);
        return r;
}

static int sync_directory(int directory) {
        return fsync(directory) < 0 && errno != EINVAL ? -errno : 0;
}

int file_move(int from_directory, const char *from_name, int directory, const char *name) {
        if (renameat(from_directory, from_name, directory, name) < 0)
                return -errno;
        return sync_directory(directory);
}

/* Opens a file beside what it will replace, under a name that nobody has. */
static int open_beside(int directory, char *ret_name, size_t size, mode_t mode) {
        for (unsigned i = 0; i < BESIDE_TRIES; i++) {
                int fd;

                (void)snprintf(ret_name, size, ".confer-%d-%u", (int)getpid(), i);
                fd = openat(directory, ret_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
                if (fd >= 0 || errno != EEXIST)
                        return fd < 0 ? -errno : fd;
        }

        return -EEXIST;
}

static mode_t mode_of(int directory, const char *name) {
        struct stat status;

        if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode))
                return FILE_MODE_KEEP;
        return status.st_mode & 07777;
}

static int replace(int directory, const char *name, Span content, mode_t mode) {
        mode_t first = mode == FILE_MODE_KEEP ? NEW_FILE_MODE : mode & 0600;
        char beside[32];
        int fd, r;

        if (mode == FILE_MODE_KEEP)
                mode = mode_of(directory, name);
        fd = open_beside(directory, beside, sizeof(beside), mode == FILE_MODE_KEEP ? first : first & mode);
        if (fd < 0)
                return fd;

        r = fill(fd, content, mode);
        if (r == 0)
                r = file_move(directory, beside, directory, name);
        if (r < 0)
                (void)unlinkat(directory, beside, 0);
        return r;
}

int file_replace(int directory, const char *name, Span content, mode_t mode) {
        const char *slash = strrchr(name, '/');
        _cleanup_(file_closep) int above = -1;
        _cleanup_(freep) char *path = NULL;

        path = slash ? memory_format("%.*s", (int)(slash - name) + 1, name) : memory_copy(".");
        above = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (above < 0)
                return -errno;
        return replace(above, slash ? slash + 1 : name, content, mode);
}
