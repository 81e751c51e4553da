/*
 * What may be the name of a tag, and what its value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/macros.h"
#include "model/tag.h"

static void test_names(void **state _unused_) {
        static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
        char name[TAG_NAME_SIZE_MAX + 1];

        memset(name, 'a', sizeof(name));
        assert_true(tag_name_is_valid((Span){ name, TAG_NAME_SIZE_MAX }));
        assert_false(tag_name_is_valid((Span){ name, TAG_NAME_SIZE_MAX + 1 }));
        assert_false(tag_name_is_valid(SPAN_LITERAL("")));
        assert_false(tag_name_is_valid(SPAN_NULL));

        for (int c = 0; c < 256; c++) {
                bool is_good = c != '\0' && strchr(good, c);

                name[1] = (char)c;
                assert_int_equal(tag_name_is_valid((Span){ name, 3 }), is_good);
                name[1] = 'a';
        }
}

static void test_values(void **state _unused_) {
        char value[TAG_VALUE_SIZE_MAX + 1];

        memset(value, ' ', sizeof(value));
        assert_true(tag_value_is_valid((Span){ value, TAG_VALUE_SIZE_MAX }));
        assert_false(tag_value_is_valid((Span){ value, TAG_VALUE_SIZE_MAX + 1 }));
        assert_true(tag_value_is_valid(SPAN_LITERAL("")));
        assert_true(tag_value_is_valid(SPAN_NULL));
        assert_true(tag_value_is_valid(SPAN_LITERAL("Zürich\n")));
        assert_false(tag_value_is_valid(SPAN_LITERAL("a\0b")));
        assert_false(tag_value_is_valid(SPAN_LITERAL("a\xff")));
        assert_false(tag_value_is_valid(SPAN_LITERAL("\xc3")));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_values),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
