/*
 * page-cache: throw files out of the page cache, or say how much of them is in it
 *
 * `drop` writes a file's dirty pages to the disk and asks the kernel to forget the clean ones; pages that
 * some process has mapped stay, which is why `resident` exists: a start is called cold only after it said so.
 * Prints one line of JSON, the sum over the files.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *what) {
        fprintf(stderr, "page-cache: %s: %s\n", what, strerror(errno));
        exit(1);
}

static size_t resident_bytes(int fd, size_t size, const char *path) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE), n_pages = (size + page - 1) / page, n_resident = 0;
        unsigned char *pages;
        void *map;

        if (size == 0)
                return 0;

        map = mmap(NULL, size, PROT_NONE, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED)
                die(path);
        pages = malloc(n_pages);
        if (!pages || mincore(map, size, pages))
                die(path);
        for (size_t i = 0; i < n_pages; i++)
                n_resident += pages[i] & 1;
        free(pages);
        munmap(map, size);
        return n_resident * page;
}

int main(int argc, char **argv) {
        size_t total = 0, resident = 0;
        int is_drop;

        if (argc < 3 || (strcmp(argv[1], "drop") && strcmp(argv[1], "resident"))) {
                fprintf(stderr, "usage: page-cache drop|resident FILE...\n");
                return 2;
        }
        is_drop = !strcmp(argv[1], "drop");

        for (int i = 2; i < argc; i++) {
                struct stat st;
                int fd = open(argv[i], O_RDONLY | O_CLOEXEC);

                if (fd < 0 || fstat(fd, &st))
                        die(argv[i]);
                if (is_drop) {
                        if (fsync(fd))
                                die(argv[i]);
                        errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
                        if (errno)
                                die(argv[i]);
                }
                total += (size_t)st.st_size;
                resident += resident_bytes(fd, (size_t)st.st_size, argv[i]);
                close(fd);
        }

        printf("{\"bytes\": %zu, \"resident\": %zu}\n", total, resident);
        return 0;
}
