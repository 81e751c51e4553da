/*
 * fsync-rate: how often a second this disk makes a small write durable
 *
 * Writes --size bytes and calls fdatasync(), over and over, for --seconds; once appending to a growing file
 * (what a new log does, the file's size has to reach the disk too), once overwriting a file that was written
 * before (what a log that reuses its file does). The file is made in the directory named and removed. Prints
 * one line of JSON per mode.
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX          (1024 * 1024)
#define SIZE_MAX_BYTES       (16 * 1024 * 1024)
#define OVERWRITE_SPAN_BYTES (4 * 1024 * 1024)

static void die(const char *what) {
        fprintf(stderr, "fsync-rate: %s: %s\n", what, strerror(errno));
        exit(1);
}

static uint64_t now_ns(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return x < y ? -1 : x > y;
}

static void write_all(int fd, const char *data, size_t n, off_t at) {
        while (n > 0) {
                ssize_t k = pwrite(fd, data, n, at);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0)
                        die("write");
                data += k;
                at += k;
                n -= (size_t)k;
        }
}

/* A span of 0 means append: each write goes where the last one ended. */
static void measure(const char *mode, int fd, const char *data, size_t size, off_t span, double seconds) {
        static uint32_t samples_us[SAMPLES_MAX];
        uint64_t start = now_ns(), end = start + (uint64_t)(seconds * 1e9), t = start;
        size_t n = 0;
        off_t at = 0;

        while (t < end && n < SAMPLES_MAX) {
                uint64_t before = t;

                write_all(fd, data, size, at);
                if (fdatasync(fd))
                        die("fdatasync");
                t = now_ns();
                samples_us[n++] = (uint32_t)((t - before) / 1000);
                at += (off_t)size;
                if (span > 0 && at + (off_t)size > span)
                        at = 0;
        }

        qsort(samples_us, n, sizeof(*samples_us), compare);
        printf("{\"mode\": \"%s\", \"size\": %zu, \"per_second\": %.1f, \"p50_us\": %u, \"p99_us\": %u}\n",
               mode, size, (double)n / ((double)(t - start) / 1e9), samples_us[n / 2],
               samples_us[n * 99 / 100]);
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "size", required_argument, NULL, 'b' },
                { "seconds", required_argument, NULL, 's' },
                { NULL, 0, NULL, 0 },
        };
        size_t size = 4096, span;
        double seconds = 1;
        char path[4096], *data;
        int fd, c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
                switch (c) {
                case 'b':
                        size = strtoul(optarg, NULL, 10);
                        break;
                case 's':
                        seconds = strtod(optarg, NULL);
                        break;
                default:
                        optind = argc;
                }
        }
        if (optind != argc - 1 || size < 1 || size > SIZE_MAX_BYTES || !(seconds > 0 && seconds <= 600)) {
                fprintf(stderr, "usage: fsync-rate [--size BYTES] [--seconds S] DIRECTORY\n");
                return 2;
        }

        data = malloc(size);
        if (!data)
                die("malloc");
        memset(data, 'x', size);
        if ((size_t)snprintf(path, sizeof(path), "%s/fsync-rate.XXXXXX", argv[optind]) >= sizeof(path)) {
                errno = ENAMETOOLONG;
                die(argv[optind]);
        }
        fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0)
                die(path);
        if (unlink(path))
                die(path);

        measure("append", fd, data, size, 0, seconds);

        span = size > OVERWRITE_SPAN_BYTES ? size : OVERWRITE_SPAN_BYTES / size * size;
        for (size_t at = 0; at < span; at += size)
                write_all(fd, data, size, (off_t)at);
        if (fsync(fd))
                die("fsync");
        measure("overwrite", fd, data, size, (off_t)span, seconds);

        free(data);
        close(fd);
        return 0;
}
