#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "settings_fixture.h"

char *no_flags[] = { "conferd", NULL };
char *no_environment[] = { NULL };

static char directory[] = "/tmp/test-settings-XXXXXX";

int make_directory(void **state _unused_) {
        return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

int remove_directory(void **state _unused_) {
        (void)unlink("confer.yaml");
        (void)unlink("other.yaml");
        return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

int argc_of(char **argv) {
        int argc = 0;

        while (argv[argc])
                argc++;

        return argc;
}

void load(char **argv, char **environment, Settings *ret_settings) {
        Invocation invocation = INVOCATION_NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = settings_load(argc_of(argv), argv, environment, ret_settings, &invocation, &problem);
        assert_string_equal(problem.text, "");
        assert_int_equal(r, 0);
        assert_int_equal(invocation.mode, INVOCATION_SERVE);
        assert_null(invocation.file);
        invocation_deinit(&invocation);
}

Problem refused(char **argv, char **environment, const char *text) {
        Settings settings, untouched;
        Invocation invocation = { INVOCATION_N, NULL };
        Problem problem = PROBLEM_NULL;
        int r;

        memset(&settings, 0x5a, sizeof(settings));
        memcpy(&untouched, &settings, sizeof(settings));
        r = settings_load(argc_of(argv), argv, environment, &settings, &invocation, &problem);
        assert_string_equal(problem.text, text);
        assert_int_equal(r, SETTINGS_E_INVALID);
        assert_memory_equal(&settings, &untouched, sizeof(settings));
        assert_int_equal(invocation.mode, INVOCATION_N);
        return problem;
}

void file_write(const char *path, const void *data, size_t size) {
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(data, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
}

void load_file(const char *text, Settings *ret_settings) {
        file_write("confer.yaml", text, strlen(text));
        load(ARGV("--config", "confer.yaml"), no_environment, ret_settings);
}

Problem refused_file(const char *text, const char *problem) {
        file_write("confer.yaml", text, strlen(text));
        return refused(ARGV("--config", "confer.yaml"), no_environment, problem);
}

const Setting *row(const char *name) {
        const Setting *setting = settings_find(span_from_string(name), SETTINGS_DEFAULT);

        assert_non_null(setting);
        return setting;
}

SettingsSource source_of(const Settings *settings, const char *name) {
        size_t n;

        return settings->origins[row(name) - settings_table(&n)].source;
}

void assert_has(const char *text, const char *part) {
        if (!strstr(text, part))
                fail_msg("\"%s\" is missing", part);
}
