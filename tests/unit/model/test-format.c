#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/format.h"
#include "model/macros.h"

static Format from_key(const char *key) {
        return format_from_key(span_from_string(key));
}

static void test_every_format_has_a_name_that_leads_back_to_it(void **state _unused_) {
        for (Format format = 0; format < FORMAT_N; format++) {
                const char *name = format_to_string(format);

                assert_non_null(name);
                assert_int_equal(format_from_string(span_from_string(name)), format);
        }
}

static void test_the_names_are_those_of_the_api(void **state _unused_) {
        assert_string_equal(format_to_string(FORMAT_JSON), "json");
        assert_string_equal(format_to_string(FORMAT_YAML), "yaml");
        assert_string_equal(format_to_string(FORMAT_TOML), "toml");
        assert_string_equal(format_to_string(FORMAT_PROPERTIES), "properties");
        assert_string_equal(format_to_string(FORMAT_XML), "xml");
        assert_string_equal(format_to_string(FORMAT_TEXT), "text");
}

static void test_any_other_name_is_no_format(void **state _unused_) {
        static const char *const names[] = { "", "JSON", "jso", "jsonc", "yml", "txt", "json " };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                assert_int_equal(format_from_string(span_from_string(names[i])), FORMAT_N);
        assert_int_equal(format_from_string(SPAN_NULL), FORMAT_N);
        assert_int_equal(format_from_string(SPAN_LITERAL("json\0")), FORMAT_N);
}

static void test_the_extension_of_a_key_names_its_format(void **state _unused_) {
        assert_int_equal(from_key("app.json"), FORMAT_JSON);
        assert_int_equal(from_key("app.yaml"), FORMAT_YAML);
        assert_int_equal(from_key("app.yml"), FORMAT_YAML);
        assert_int_equal(from_key("app.toml"), FORMAT_TOML);
        assert_int_equal(from_key("app.properties"), FORMAT_PROPERTIES);
        assert_int_equal(from_key("app.xml"), FORMAT_XML);
        assert_int_equal(from_key("app.txt"), FORMAT_TEXT);
        assert_int_equal(from_key("app.json.yaml"), FORMAT_YAML);
        assert_int_equal(from_key(".json"), FORMAT_JSON);
}

static void test_a_key_without_a_known_extension_is_text(void **state _unused_) {
        static const char *const keys[] = { "",         "json",     "app",          "app.",
                                            "app.conf", "app.JSON", "app.json.bak", "." };

        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                assert_int_equal(from_key(keys[i]), FORMAT_TEXT);
}

static void test_every_format_has_a_media_type(void **state _unused_) {
        for (Format format = 0; format < FORMAT_N; format++)
                assert_non_null(strchr(format_to_media_type(format), '/'));
        assert_string_equal(format_to_media_type(FORMAT_JSON), "application/json");
        assert_string_equal(format_to_media_type(FORMAT_TEXT), "text/plain; charset=utf-8");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_format_has_a_name_that_leads_back_to_it),
                cmocka_unit_test(test_the_names_are_those_of_the_api),
                cmocka_unit_test(test_any_other_name_is_no_format),
                cmocka_unit_test(test_the_extension_of_a_key_names_its_format),
                cmocka_unit_test(test_a_key_without_a_known_extension_is_text),
                cmocka_unit_test(test_every_format_has_a_media_type),
        };

        return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
