/*
 * Divides units by a gray release: reads them from standard input, one a line, and writes for each the
 * version that it gets, or 0 for the stable one. For tests in other languages.
 *
 *      gray-tool SALT RULES
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/gray.h"

static int64_t choose(const Gray *gray, Span unit) {
        size_t n;
        const GrayArm *arms = gray_arms(gray, &n);
        GrayVerdict verdict = gray_evaluate(gray, &(GrayAsker){ .unit = unit });

        return verdict.arm < 0 ? 0 : arms[verdict.arm].version;
}

static void divide(const Gray *gray) {
        _cleanup_(freep) char *line = NULL;
        size_t room = 0;
        ssize_t size;

        while ((size = getline(&line, &room, stdin)) > 0)
                printf("%" PRId64 "\n",
                       choose(gray, (Span){ line, (size_t)size - (line[size - 1] == '\n') }));
}

int main(int argc, char **argv) {
        _cleanup_(gray_unrefp) Gray *gray = NULL;
        Problem problem = PROBLEM_NULL;

        if (argc != 3) {
                (void)fputs("usage: gray-tool SALT RULES\n", stderr);
                return EXIT_FAILURE;
        }
        if (gray_new(span_from_string(argv[2]), span_from_string(argv[1]), &gray, &problem) != 0) {
                (void)fprintf(stderr, "%s: %s\n", problem.field, problem.text);
                return EXIT_FAILURE;
        }
        divide(gray);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
