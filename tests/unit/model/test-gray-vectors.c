/*
 * The evaluator against tests/data/gray-vectors.json, which another implementation made from the
 * specification.
 *
 * The file is read by model/json_read.h, so that rules are compiled from the bytes that stand there: numbers
 * as they are written, members that stand twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/buf.h"
#include "model/gray.h"
#include "model/json_read.h"

#define PATH          "tests/data/gray-vectors.json"
#define TEXT_SIZE_MAX 4096
#define DEPTH_MAX     64
#define N_CASES_MIN   2000
#define N_REFUSED_MIN 200

/* The texts of a case with its escapes undone. */
typedef struct Texts {
        char bytes[TEXT_SIZE_MAX];
        size_t used;
} Texts;

static Buf file = BUF_NULL;

static int read_file(void **state _unused_) {
        FILE *stream = fopen(PATH, "rbe");
        const char *problem;
        size_t n_read, at;
        char *room;

        assert_non_null(stream);
        do {
                room = buf_reserve(&file, 65536);
                assert_non_null(room);
                n_read = fread(room, 1, 65536, stream);
                buf_advance(&file, n_read);
        } while (n_read > 0);
        (void)fclose(stream);

        assert_true(json_read_check(buf_span(&file), DEPTH_MAX, &problem, &at));
        return 0;
}

static int free_file(void **state _unused_) {
        buf_deinit(&file);
        return 0;
}

/* A member of @object; its text is absent where there is none. */
static JsonValue member(JsonValue object, const char *wanted) {
        Span rest = object.text, name;
        JsonValue value;

        while (json_read_member(&rest, &name, &value))
                if (json_read_equals(name, span_from_string(wanted)))
                        return value;
        return (JsonValue){ JSON_KIND_NULL, SPAN_NULL };
}

static Span decode(Texts *texts, Span escaped) {
        char *to = texts->bytes + texts->used;

        assert_true(escaped.size <= TEXT_SIZE_MAX - texts->used);
        texts->used += json_read_decode(escaped, to);
        return (Span){ to, (size_t)(texts->bytes + texts->used - to) };
}

/* The JSON of an array as it stands in the file. */
static Span with_brackets(JsonValue array) {
        assert_int_equal(array.kind, JSON_KIND_ARRAY);
        return (Span){ array.text.data - 1, array.text.size + 2 };
}

static size_t read_tags(Texts *texts, JsonValue object, Tag tags[TAGS_MAX]) {
        Span rest = object.text, name;
        JsonValue value;
        size_t n_tags = 0;

        while (json_read_member(&rest, &name, &value)) {
                assert_true(n_tags < TAGS_MAX);
                tags[n_tags].name = decode(texts, name);
                tags[n_tags++].value = decode(texts, value.text);
        }
        return n_tags;
}

static void append_number_or_null(Buf *buf, const char *name, int64_t number) {
        buf_append_format(buf, ",\"%s\":", name);
        if (number < 0)
                buf_append_literal(buf, "null");
        else
                buf_append_i64(buf, number);
}

/* The answer in the words of the file. */
static void append_answer(Buf *buf, const Gray *gray, GrayVerdict verdict, int64_t stable) {
        size_t n_arms = 0;
        const GrayArm *arms = gray ? gray_arms(gray, &n_arms) : NULL;

        buf_append_format(buf, "{\"version\":%lld",
                          (long long)(arms && verdict.arm >= 0 ? arms[verdict.arm].version : stable));
        buf_append_format(buf, ",\"gray\":%s", verdict.arm >= 0 ? "true" : "false");
        append_number_or_null(buf, "rule", verdict.rule);
        append_number_or_null(buf, "bucket", verdict.bucket);
        buf_append_format(buf, ",\"reason\":\"%s\"}", gray_reason_to_string(verdict.reason));
}

static Gray *compile(JsonValue rules, Span salt, Span name) {
        Gray *gray = NULL;
        Problem problem = PROBLEM_NULL;
        int r = gray_new(with_brackets(rules), salt, &gray, &problem);

        if (r)
                fail_msg("%.*s: %s: %s", (int)name.size, name.data, problem.field, problem.text);
        return gray;
}

static void check_case(JsonValue vector) {
        _cleanup_(buf_deinit) Buf answer = BUF_NULL;
        _cleanup_(gray_unrefp) Gray *gray = NULL;
        JsonValue expected = member(vector, "expected"), rules = member(vector, "rules");
        Span name = member(vector, "name").text;
        GrayVerdict verdict = GRAY_VERDICT_NULL;
        GrayAsker asker;
        Texts texts = { .used = 0 };
        Tag tags[TAGS_MAX];
        int64_t stable;

        assert_true(json_read_integer(member(vector, "stable"), &stable));
        asker.unit =
                decode(&texts, member(vector, "unit").kind == JSON_KIND_STRING ? member(vector, "unit").text
                                                                               : SPAN_LITERAL(""));
        asker.n_tags = read_tags(&texts, member(vector, "tags"), tags);
        asker.tags = tags;
        if (rules.kind != JSON_KIND_NULL) {
                gray = compile(rules, decode(&texts, member(vector, "salt").text), name);
                verdict = gray_evaluate(gray, &asker);
        }

        append_answer(&answer, gray, verdict, stable);
        if (!span_equal(buf_span(&answer), (Span){ expected.text.data - 1, expected.text.size + 2 }))
                fail_msg("%.*s: {%.*s} is expected, not %.*s", (int)name.size, name.data,
                         (int)expected.text.size, expected.text.data, (int)answer.size, answer.data);
}

static void test_every_case_has_the_answer_that_is_expected(void **state _unused_) {
        Span rest = member(json_read_value(buf_span(&file)), "cases").text;
        JsonValue vector;
        size_t n = 0;

        for (; json_read_element(&rest, &vector); n++)
                check_case(vector);
        assert_true(n >= N_CASES_MIN);
}

static void test_every_fault_is_refused_with_its_path(void **state _unused_) {
        Span rest = member(json_read_value(buf_span(&file)), "refused").text;
        JsonValue vector;
        size_t n = 0;

        for (; json_read_element(&rest, &vector); n++) {
                JsonValue rules = member(vector, "rules");
                Span field = member(vector, "field").text, text = rules.text;
                Problem problem = PROBLEM_NULL;
                Gray *gray = NULL;

                if (rules.kind == JSON_KIND_ARRAY || rules.kind == JSON_KIND_OBJECT ||
                    rules.kind == JSON_KIND_STRING)
                        text = (Span){ text.data - 1, text.size + 2 };
                assert_int_equal(gray_new(text, SPAN_LITERAL("salt"), &gray, &problem), GRAY_E_INVALID);
                if (!json_read_equals(field, span_from_string(problem.field)))
                        fail_msg("%.*s: the field is \"%.*s\", not \"%s\"", (int)text.size, text.data,
                                 (int)field.size, field.data, problem.field);
        }
        assert_true(n >= N_REFUSED_MIN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_case_has_the_answer_that_is_expected),
                cmocka_unit_test(test_every_fault_is_refused_with_its_path),
        };

        return cmocka_run_group_tests(tests, read_file, free_file);
}
