#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gray-suite.h"

Operation planned(Operation operation, const char *plan) {
        static Ramp ramp;
        Problem problem;

        if (ramp_parse(span(plan), gray_n_rules(operation.gray_set.rules), &ramp, &problem))
                fail_msg("%s: %s", problem.field, problem.text);
        operation.gray_set.ramp = &ramp;
        return operation;
}

Operation move(GrayMove move) {
        return (Operation){ .type = OPERATION_GRAY_MOVE,
                            .namespace = SPAN_LITERAL("prod"),
                            .key = SPAN_LITERAL("app"),
                            .comment = SPAN_LITERAL("move"),
                            .gray_move = { .move = move } };
}

void publish_and_save(int n) {
        static const char *const contents[] = { "one", "two", "three", "four" };

        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", contents[0]));
        for (int i = 1; i < n; i++)
                assert_changes(save("prod", "app", contents[i]));
}

const GrayRelease *gray(void) {
        const Release *release = served("prod", "app");

        assert_non_null(release);
        return release->gray;
}

static Span salt(void) {
        assert_non_null(gray());
        return gray_salt(gray()->rules);
}

void assert_salt(const char *expected) {
        assert_true(span_equal_string(salt(), expected));
}

void assert_holds(const Release *release, const char *expected) {
        Span json = release_json(release);

        if (!memmem(json.data, json.size, expected, strlen(expected)))
                fail_msg("%.*s does not hold %s", (int)json.size, json.data, expected);
}

void assert_rows(const char *text, const char *expected) {
        char *rows = dump(&text, 1);

        assert_string_equal(rows, expected);
        free(rows);
}

void assert_refused_at(Operation operation, const char *field) {
        assert_refused(operation, STORE_E_GRAY_INVALID);
        assert_string_equal(suite.last->command.problem.field, field);
}
