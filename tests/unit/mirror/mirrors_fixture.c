#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "mirrors_fixture.h"
#include "util/settings.h"

char *no_environment[] = { NULL };

static char directory[] = "/tmp/test-mirrors-XXXXXX";

int make_directory(void **state _unused_) {
        return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

int remove_directory(void **state _unused_) {
        (void)unlink("mirrors.yaml");
        (void)unlink("secret");
        return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

void file_write(const char *path, const char *text) {
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
        assert_int_equal(fclose(file), 0);
}

void read_file(const char *text, char **environment, MirrorsFile *ret_file) {
        Problem problem = PROBLEM_NULL;
        int r;

        file_write("mirrors.yaml", text);
        r = mirrors_file_read("mirrors.yaml", environment, ret_file, &problem);
        assert_string_equal(problem.text, "");
        assert_int_equal(r, 0);
}

Problem refused_file(const char *text, char **environment, const char *problem) {
        static MirrorsFile mirrors, untouched;
        Problem found = PROBLEM_NULL;
        int r;

        memset(&mirrors, 0x5a, sizeof(mirrors));
        memset(&untouched, 0x5a, sizeof(untouched));
        file_write("mirrors.yaml", text);
        r = mirrors_file_read("mirrors.yaml", environment, &mirrors, &found);
        assert_string_equal(found.text, problem);
        assert_int_equal(r, SETTINGS_E_INVALID);
        assert_memory_equal(&mirrors, &untouched, sizeof(mirrors));
        return found;
}
