#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <locale.h>

#include "value.h"

static confer_value *make(Format format, const char *content) {
        confer_value *value;

        assert_int_equal(value_new(&(ConfigData){ .namespace = SPAN_LITERAL("prod"),
                                                  .key = SPAN_LITERAL("a"),
                                                  .format = format,
                                                  .content = span_from_string(content) },
                                   NULL, CONFER_ORIGIN_DEFAULT, &value, NULL),
                         0);
        return value;
}

#define CONTENT                                                                                              \
        "\xef\xbb\xbf {\"a\": [1, -2, {\"b/c\": \"deep\", \"m~n\": true}], \"\": 7, \"big\": "               \
        "123456789012345678901234567890, \"max\": 9223372036854775807, \"half\": 0.5, \"huge\": 1e400, "     \
        "\"nul\": \"x\\u0000y\", \"text\": \"\\u00e9\\n\", \"null\": null, \"twice\": 1, \"twice\": 2, "     \
        "\"\\u0061b\": \"escaped\"}\n"

static const char *string_at(confer_value *value, const char *pointer) {
        const char *text = "untouched";
        confer_error error = confer_value_get_string(value, pointer, &text);

        if (error)
                assert_string_equal(text, "untouched");
        return error ? confer_error_to_string(error) : text;
}

static void strings_are_found_by_pointer(void **state) {
        confer_value *value = make(FORMAT_JSON, CONTENT);
        const char *first = string_at(value, "/text");

        (void)state;
        assert_string_equal(string_at(value, "/a/2/b~1c"), "deep");
        assert_string_equal(first, "\xc3\xa9\n");
        assert_ptr_equal(string_at(value, "/text"), first);
        assert_string_equal(string_at(value, "/ab"), "escaped");
        assert_string_equal(string_at(value, "/nul"), confer_error_to_string(CONFER_E_TYPE));
        assert_string_equal(string_at(value, "/half"), confer_error_to_string(CONFER_E_TYPE));
        assert_string_equal(string_at(value, "/none"), confer_error_to_string(CONFER_E_NOT_FOUND));
        assert_string_equal(string_at(value, "/text/x"), confer_error_to_string(CONFER_E_NOT_FOUND));
        assert_string_equal(string_at(value, "text"), confer_error_to_string(CONFER_E_INVALID));
        assert_string_equal(string_at(value, "/a~2"), confer_error_to_string(CONFER_E_INVALID));
        assert_string_equal(string_at(value, ""), confer_error_to_string(CONFER_E_TYPE));
        value_unref(value);
}

static void assert_int64(confer_value *value, const char *pointer, confer_error expected, int64_t number) {
        int64_t found = 42;

        assert_int_equal(confer_value_get_int64(value, pointer, &found), expected);
        assert_true(found == (expected ? 42 : number));
}

static void integers_are_exact_or_refused(void **state) {
        confer_value *value = make(FORMAT_JSON, CONTENT);

        (void)state;
        assert_int64(value, "/a/0", CONFER_OK, 1);
        assert_int64(value, "/a/1", CONFER_OK, -2);
        assert_int64(value, "/", CONFER_OK, 7);
        assert_int64(value, "/max", CONFER_OK, INT64_MAX);
        assert_int64(value, "/twice", CONFER_OK, 2);
        assert_int64(value, "/big", CONFER_E_TYPE, 0);
        assert_int64(value, "/half", CONFER_E_TYPE, 0);
        assert_int64(value, "/text", CONFER_E_TYPE, 0);
        assert_int64(value, "/null", CONFER_E_TYPE, 0);
        assert_int64(value, "/a/3", CONFER_E_NOT_FOUND, 0);
        assert_int64(value, "/a/00", CONFER_E_NOT_FOUND, 0);
        assert_int64(value, "/a/-", CONFER_E_NOT_FOUND, 0);
        value_unref(value);
}

static void any_number_is_a_double_in_any_locale(void **state) {
        confer_value *value = make(FORMAT_JSON, CONTENT);
        double number = 0;

        (void)state;
        (void)setlocale(LC_ALL, "");
        assert_int_equal(confer_value_get_double(value, "/half", &number), CONFER_OK);
        assert_true(number > 0.49 && number < 0.51);
        assert_int_equal(confer_value_get_double(value, "/a/1", &number), CONFER_OK);
        assert_true(number < -1.9 && number > -2.1);
        assert_int_equal(confer_value_get_double(value, "/big", &number), CONFER_OK);
        assert_int_equal(confer_value_get_double(value, "/huge", &number), CONFER_E_TYPE);
        value_unref(value);
}

static void truth_is_a_boolean_only(void **state) {
        confer_value *value = make(FORMAT_JSON, CONTENT);
        bool truth = false;

        (void)state;
        assert_int_equal(confer_value_get_bool(value, "/a/2/m~0n", &truth), CONFER_OK);
        assert_true(truth);
        assert_int_equal(confer_value_get_bool(value, "/twice", &truth), CONFER_E_TYPE);
        value_unref(value);
}

static void other_formats_are_plain_text_without_white_space_around(void **state) {
        confer_value *number = make(FORMAT_TEXT, " 42\n"), *truth = make(FORMAT_TEXT, "true");
        confer_value *text = make(FORMAT_YAML, "  a: b \n");
        bool is_true = false;

        (void)state;
        assert_int64(number, NULL, CONFER_OK, 42);
        assert_string_equal(string_at(number, NULL), "42");
        assert_int_equal(confer_value_get_bool(truth, "", &is_true), CONFER_OK);
        assert_true(is_true);
        assert_string_equal(string_at(text, NULL), "a: b");
        assert_string_equal(string_at(text, "/a"), confer_error_to_string(CONFER_E_TYPE));
        assert_int64(text, NULL, CONFER_E_TYPE, 0);
        value_unref(number);
        value_unref(truth);
        value_unref(text);
}

static void what_is_no_json_has_the_wrong_type(void **state) {
        confer_value *value = make(FORMAT_JSON, "{\"a\": 1");

        (void)state;
        assert_int64(value, "/a", CONFER_E_TYPE, 0);
        assert_int64(value, "a", CONFER_E_INVALID, 0);
        value_unref(value);
}

static void a_whole_json_scalar_is_read_too(void **state) {
        confer_value *value = make(FORMAT_JSON, " \"x\" ");

        (void)state;
        assert_string_equal(string_at(value, NULL), "x");
        value_unref(value);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(strings_are_found_by_pointer),
                cmocka_unit_test(integers_are_exact_or_refused),
                cmocka_unit_test(any_number_is_a_double_in_any_locale),
                cmocka_unit_test(truth_is_a_boolean_only),
                cmocka_unit_test(other_formats_are_plain_text_without_white_space_around),
                cmocka_unit_test(what_is_no_json_has_the_wrong_type),
                cmocka_unit_test(a_whole_json_scalar_is_read_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
