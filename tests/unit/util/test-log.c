#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/timestamp.h"
#include "util/clock.h"
#include "util/log.h"

/* Standard error is a pipe while a test runs. */
static int pipe_out, stderr_saved;

static int divert_stderr(void **state) {
        int ends[2];

        (void)state;

        log_set_level(LOG_LEVEL_DEBUG);
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return -1;
        stderr_saved = dup(STDERR_FILENO);
        pipe_out = ends[0];
        if (dup2(ends[1], STDERR_FILENO) < 0)
                return -1;
        return close(ends[1]);
}

static int restore_stderr(void **state) {
        (void)state;

        (void)dup2(stderr_saved, STDERR_FILENO);
        (void)close(stderr_saved);
        return close(pipe_out);
}

/* What was logged since the last time, NUL-terminated. */
static const char *logged(void) {
        static char text[65536];
        ssize_t n = read(pipe_out, text, sizeof(text) - 1);

        text[n > 0 ? n : 0] = '\0';
        return text;
}

/* The line without its time. */
static const char *after_time(const char *line) {
        const char *space = strchr(line, ' ');

        assert_non_null(space);
        return space + 1;
}

static void test_a_line_has_time_level_event_and_text(void **state) {
        int64_t before_ms = clock_wall_ms(), at_ms;
        const char *line, *space;

        (void)state;

        log_info("store.opened", "revision=%d The store is open.", 4711);
        line = logged();
        space = strchr(line, ' ');
        assert_non_null(space);
        assert_true(timestamp_parse((Span){ line, (size_t)(space - line) }, &at_ms));
        assert_in_range(at_ms, before_ms, clock_wall_ms());
        assert_string_equal(space, " info store.opened revision=4711 The store is open.\n");
}

static void test_each_level_has_its_name(void **state) {
        (void)state;

        log_error("a.b", "x");
        assert_string_equal(after_time(logged()), "error a.b x\n");
        log_warning("a.b", "x");
        assert_string_equal(after_time(logged()), "warning a.b x\n");
        log_info("a.b", "x");
        assert_string_equal(after_time(logged()), "info a.b x\n");
        log_debug("a.b", "x");
        assert_string_equal(after_time(logged()), "debug a.b x\n");
}

static void test_lines_above_the_level_are_dropped(void **state) {
        (void)state;

        for (int level = 0; level < LOG_LEVEL_N; level++) {
                log_set_level((LogLevel)level);
                for (int of_line = 0; of_line < LOG_LEVEL_N; of_line++) {
                        log_write((LogLevel)of_line, "a.b", "x");
                        assert_int_equal(*logged() != '\0', of_line <= level);
                }
        }
}

static void test_no_text_can_forge_a_line_or_steer_a_terminal(void **state) {
        (void)state;

        log_info("a.b", "%s",
                 "one\ntwo\r\t\x1b[31m\x7f\xc2\x9b"
                 "2J \xc2\xa0\xc3\xa9.");
        assert_string_equal(after_time(logged()), "info a.b one?two???[31m???2J \xc2\xa0\xc3\xa9.\n");
}

static void test_a_long_text_is_cut_and_says_so(void **state) {
        char text[LOG_TEXT_MAX + 1];
        const char *line;

        (void)state;

        memset(text, 'x', sizeof(text));
        text[LOG_TEXT_MAX - 1] = '\0';
        log_info("a.b", "%s", text);
        assert_string_equal(after_time(logged()) + strlen("info a.b ") + LOG_TEXT_MAX - 4, "xxx\n");

        memcpy(text + LOG_TEXT_MAX - 2, "xx", 3);
        log_info("a.b", "%s", text);
        line = logged();
        assert_true(strlen(line) < PIPE_BUF);
        assert_string_equal(after_time(line) + strlen("info a.b ") + LOG_TEXT_MAX - 5, "x...\n");
}

static void test_a_cut_leaves_no_half_character(void **state) {
        char text[LOG_TEXT_MAX * 2] = "";
        const char *line, *dots;

        (void)state;

        for (size_t lead = 0; lead < 3; lead++) {
                memset(text, 'x', lead);
                for (size_t i = lead; i + 3 < sizeof(text); i += 3)
                        memcpy(text + i, "\xe2\x82\xac", 4);
                log_info("a.b", "%s", text);
                line = after_time(logged()) + strlen("info a.b ");
                dots = strstr(line, "...\n");
                assert_non_null(dots);
                assert_int_equal((size_t)(dots - line) % 3, lead);
        }
}

static void test_errno_stays_as_it_was(void **state) {
        (void)state;

        errno = ENOTTY;
        log_info("a.b", "x");
        assert_int_equal(errno, ENOTTY);

        /* Where nobody reads, the line is lost and nothing else happens. */
        (void)logged();
        (void)close(STDERR_FILENO);
        log_info("a.b", "x");
        assert_int_equal(errno, ENOTTY);
}

enum { THREADS = 4, LINES = 100 };

static void *log_lines(void *text) {
        for (int i = 0; i < LINES; i++)
                log_info("a.b", "%s", (const char *)text);
        return NULL;
}

static void test_lines_of_several_threads_stay_whole(void **state) {
        static char texts[THREADS][32];
        pthread_t threads[THREADS];
        char *rest, *line;
        int n = 0;

        (void)state;

        for (int i = 0; i < THREADS; i++) {
                memset(texts[i], 'a' + i, sizeof(texts[i]) - 1);
                assert_int_equal(pthread_create(&threads[i], NULL, log_lines, texts[i]), 0);
        }
        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);

        for (line = strtok_r((char *)logged(), "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), n++) {
                const char *text = after_time(line) + strlen("info a.b ");

                assert_int_equal(strlen(text), sizeof(texts[0]) - 1);
                assert_int_equal(strspn(text, (char[]){ text[0], '\0' }), sizeof(texts[0]) - 1);
        }
        assert_int_equal(n, THREADS * LINES);
}

#define with_pipe(test) cmocka_unit_test_setup_teardown((test), divert_stderr, restore_stderr)

int main(void) {
        const struct CMUnitTest tests[] = {
                with_pipe(test_a_line_has_time_level_event_and_text),
                with_pipe(test_each_level_has_its_name),
                with_pipe(test_lines_above_the_level_are_dropped),
                with_pipe(test_no_text_can_forge_a_line_or_steer_a_terminal),
                with_pipe(test_a_long_text_is_cut_and_says_so),
                with_pipe(test_a_cut_leaves_no_half_character),
                with_pipe(test_errno_stays_as_it_was),
                with_pipe(test_lines_of_several_threads_stay_whole),
        };

        return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
