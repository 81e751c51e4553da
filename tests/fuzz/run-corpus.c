/*
 * Runs a fuzz target over files, so that its corpus is an ordinary test: run-corpus FILE|DIRECTORY…
 *
 * A directory stands for the files right inside of it. An input that goes wrong ends the process; so does a
 * file that cannot be read, and a run without any input.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "model/buf.h"
#include "model/macros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void give_up(const char *path) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(EXIT_FAILURE);
}

static void read_file(const char *path, Buf *content) {
        FILE *file = fopen(path, "rbe");
        size_t n_read;
        char *room;

        if (!file)
                give_up(path);

        do {
                room = buf_reserve(content, 65536);
                if (!room)
                        give_up(path);

                n_read = fread(room, 1, 65536, file);
                buf_advance(content, n_read);
        } while (n_read > 0);

        if (ferror(file))
                give_up(path);
        (void)fclose(file);
}

/* The input is a block of its exact size, so that a sanitizer sees a read beyond it. */
static void run_file(const char *path) {
        _cleanup_(buf_deinit) Buf content = BUF_NULL;
        _cleanup_(freep) uint8_t *input = NULL;

        read_file(path, &content);
        input = malloc(MAX(content.size, (size_t)1));
        if (!input)
                give_up(path);

        memcpy(input, buf_span(&content).data, content.size);
        (void)printf("%s\n", path);
        (void)fflush(stdout);
        (void)LLVMFuzzerTestOneInput(input, content.size);
}

static size_t run_directory(const char *path) {
        DIR *directory = opendir(path);
        struct dirent *entry;
        size_t n_inputs = 0;

        if (!directory)
                give_up(path);

        while ((entry = readdir(directory)) != NULL) {
                _cleanup_(buf_deinit) Buf file = BUF_NULL;

                if (entry->d_name[0] == '.')
                        continue;
                buf_append_format(&file, "%s/%s%c", path, entry->d_name, '\0');
                run_file(file.data);
                n_inputs++;
        }

        (void)closedir(directory);
        return n_inputs;
}

int main(int argc, char **argv) {
        size_t n_inputs = 0;
        struct stat status;

        for (int i = 1; i < argc; i++) {
                if (stat(argv[i], &status) < 0)
                        give_up(argv[i]);
                if (S_ISDIR(status.st_mode))
                        n_inputs += run_directory(argv[i]);
                else {
                        run_file(argv[i]);
                        n_inputs++;
                }
        }

        (void)printf("%zu inputs\n", n_inputs);
        return n_inputs > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
