/* Whoever wrote schema and content: a check ends soon, and keeps to its stack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/buf.h"
#include "model/macros.h"
#include "util/clock.h"
#include "util/json_schema.h"

static void repeat(Buf *buf, const char *before, const char *unit, size_t n, const char *after) {
        buf_append_string(buf, before);
        for (size_t i = 0; i < n; i++)
                buf_append_string(buf, unit);
        buf_append_string(buf, after);
        assert_false(buf_failed(buf));
}

static void compile(Span text, int outcome, JsonSchema **ret_schema) {
        int64_t began_at_ms = clock_monotonic_ms();
        Problem problem = PROBLEM_NULL;
        int r = json_schema_new(text, ret_schema, &problem);
        int64_t ms = clock_monotonic_ms() - began_at_ms;

        print_message("# compiled in %d ms: %d %s\n", (int)ms, r, problem.text);
        assert_int_equal(r, outcome);
}

static void check(const char *schema_text, Span content, int outcome) {
        _cleanup_(json_schema_freep) JsonSchema *schema = NULL;
        Problem problem = PROBLEM_NULL;
        int64_t began_at_ms, ms;
        int r;

        compile(span_from_string(schema_text), 0, &schema);
        began_at_ms = clock_monotonic_ms();
        r = json_schema_check(schema, content, &problem);
        ms = clock_monotonic_ms() - began_at_ms;
        print_message("# checked %zu bytes in %d ms: %d %s\n", content.size, (int)ms, r, problem.text);
        assert_int_equal(r, outcome);
}

static void check_text(Buf *schema, Span content, int outcome) {
        _cleanup_(freep) char *text = buf_take_string(schema);

        check(text, content, outcome);
}

static void ends_with_alternatives_that_multiply(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf content = BUF_NULL;

        repeat(&content, "", "[", 200, "");
        repeat(&content, "1", "]", 200, "");
        check("{\"anyOf\":[{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}},"
              "{\"type\":\"array\",\"items\":{\"$ref\":\"#\"},\"minItems\":1}]}",
              buf_span(&content), JSON_SCHEMA_E_TOO_COSTLY);
}

static void ends_with_references_to_itself(_unused_ void **state) {
        check("{\"allOf\":[{\"$ref\":\"#\"}]}", SPAN_LITERAL("1"), JSON_SCHEMA_E_TOO_COSTLY);
        check("{\"not\":{\"not\":{\"$ref\":\"#\"}}}", SPAN_LITERAL("1"), JSON_SCHEMA_E_TOO_COSTLY);
}

static void ends_with_many_elements_that_are_unique(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf content = BUF_NULL;

        buf_append_char(&content, '[');
        for (int i = 0; i < 150000; i++)
                buf_append_format(&content, "%d,", i);
        buf_append_string(&content, "-1]");
        check("{\"uniqueItems\":true}", buf_span(&content), 0);
}

static void ends_with_a_hard_regular_expression(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf content = BUF_NULL;

        repeat(&content, "\"", "a", 1000000, "!\"");
        check("{\"pattern\":\"^(a+)+$\"}", buf_span(&content), JSON_SCHEMA_E_VIOLATED);
        check("{\"pattern\":\"(x+x+)+y|(.*a){20}$\"}", buf_span(&content), JSON_SCHEMA_E_VIOLATED);
        check("{\"allOf\":[{\"pattern\":\"(a|b|ab)*(.{500})$\"},{\"pattern\":\".{999}c\"}]}",
              buf_span(&content), JSON_SCHEMA_E_TOO_COSTLY);
}

static void charges_long_names_and_texts(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf strings = BUF_NULL, pattern = BUF_NULL, named = BUF_NULL, unique = BUF_NULL,
                                  alternatives = BUF_NULL, objects = BUF_NULL, required = BUF_NULL;

        repeat(&strings, "[", "\"a\",", 200000, "1]");
        repeat(&pattern, "{\"items\":{\"pattern\":\"[", "a", 4000, "]\"}}");
        check_text(&pattern, buf_span(&strings), JSON_SCHEMA_E_TOO_COSTLY);

        repeat(&named, "[{\"", "n", 900000, "\":1}]");
        repeat(&unique, "{\"allOf\":[{}", ",{\"uniqueItems\":true}", 1000, "]}");
        check_text(&unique, buf_span(&named), JSON_SCHEMA_E_TOO_COSTLY);

        repeat(&alternatives, "{\"items\":{\"additionalProperties\":{\"anyOf\":[{\"type\":\"string\"}",
               ",{\"type\":\"string\"}", 2000, "]}}}");
        check_text(&alternatives, buf_span(&named), JSON_SCHEMA_E_TOO_COSTLY);

        repeat(&objects, "[", "{},", 10000, "{}]");
        repeat(&required, "{\"items\":{\"not\":{\"required\":[\"", "r", 200000, "\"]}}}");
        check_text(&required, buf_span(&objects), JSON_SCHEMA_E_TOO_COSTLY);
}

static void reads_deep_contents(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf content = BUF_NULL, deeper = BUF_NULL;

        repeat(&content, "", "{\"a\":", 250, "1");
        repeat(&content, "", "}", 250, "");
        check("{\"additionalProperties\":{\"$ref\":\"#\"}}", buf_span(&content), 0);
        repeat(&deeper, "", "[", 100000, "");
        repeat(&deeper, "", "]", 100000, "");
        check("{}", buf_span(&deeper), JSON_SCHEMA_E_TOO_COSTLY);
}

static void checks_large_plain_contents(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf content = BUF_NULL;

        repeat(&content, "[", "{\"name\":\"some name\",\"port\":8080,\"tags\":[\"a\",\"b\"],\"on\":true},",
               16000, "{\"name\":\"last\",\"port\":1}]");
        check("{\"items\":{\"required\":[\"name\",\"port\"],\"additionalProperties\":false,\"properties\":{"
              "\"name\":{\"type\":\"string\",\"pattern\":\"^[a-z ]+$\",\"maxLength\":80},"
              "\"port\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":65535},\"on\":{\"type\":\"boolean\"},"
              "\"tags\":{\"items\":{\"enum\":[\"a\",\"b\",\"c\"]},\"uniqueItems\":true}}}}",
              buf_span(&content), 0);
}

/* Subschemas that lead to one another in one line, however the schema orders them. */
static void keeps_to_its_stack_with_long_lines(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        _cleanup_(json_schema_freep) JsonSchema *schema = NULL;

        buf_append_string(&text, "{\"$ref\":\"#/definitions/d0\",\"definitions\":{");
        for (int i = 0; i < 4000; i++)
                buf_append_format(&text, "\"d%d\":{\"items\":{\"$ref\":\"#/definitions/d%d\"}},", i, i + 1);
        buf_append_string(&text, "\"d4000\":{}}}");
        compile(buf_span(&text), JSON_SCHEMA_E_INVALID, &schema);
}

static void bounds_the_size_of_schemas(_unused_ void **state) {
        _cleanup_(buf_deinit) Buf many = BUF_NULL, patterns = BUF_NULL, long_one = BUF_NULL, large = BUF_NULL,
                                  most = BUF_NULL;
        _cleanup_(json_schema_freep) JsonSchema *schema = NULL;

        repeat(&many, "{\"allOf\":[{}", ",{}", JSON_SCHEMA_NODES_MAX, "]}");
        compile(buf_span(&many), JSON_SCHEMA_E_INVALID, &schema);

        buf_append_string(&patterns, "{\"allOf\":[{}");
        for (int i = 0; i < 4000; i++)
                buf_append_format(&patterns, ",{\"pattern\":\"[a-z]{400}%d\"}", i);
        buf_append_string(&patterns, "]}");
        compile(buf_span(&patterns), JSON_SCHEMA_E_INVALID, &schema);

        repeat(&long_one, "{\"pattern\":\"", "x", JSON_SCHEMA_PATTERN_SIZE_MAX + 1, "\"}");
        compile(buf_span(&long_one), JSON_SCHEMA_E_INVALID, &schema);

        repeat(&large, "{\"title\":\"", "x", JSON_SCHEMA_SIZE_MAX, "\"}");
        compile(buf_span(&large), JSON_SCHEMA_E_INVALID, &schema);

        buf_append_string(&most, "{\"properties\":{\"a\":{}");
        for (int i = 0; i < 4500; i++)
                buf_append_format(&most, ",\"name%d\":{\"type\":\"string\",\"minLength\":%d}", i, i);
        buf_append_string(&most, "}}");
        compile(buf_span(&most), 0, &schema);
        print_message("# %zu bytes of schema take about %zu\n", most.size, json_schema_size(schema));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ends_with_alternatives_that_multiply),
                cmocka_unit_test(ends_with_references_to_itself),
                cmocka_unit_test(ends_with_many_elements_that_are_unique),
                cmocka_unit_test(ends_with_a_hard_regular_expression),
                cmocka_unit_test(charges_long_names_and_texts),
                cmocka_unit_test(reads_deep_contents),
                cmocka_unit_test(checks_large_plain_contents),
                cmocka_unit_test(keeps_to_its_stack_with_long_lines),
                cmocka_unit_test(bounds_the_size_of_schemas),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
