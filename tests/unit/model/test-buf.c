#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/buf.h"
#include "model/macros.h"

static void assert_text(const Buf *buf, const char *expected) {
        assert_false(buf_failed(buf));
        assert_int_equal(buf->size, strlen(expected));
        assert_memory_equal(buf_span(buf).data, expected, buf->size);
}

static void test_an_empty_buffer_is_an_empty_text(void **state _unused_) {
        Buf buf = BUF_NULL;

        assert_non_null(buf_span(&buf).data);
        assert_text(&buf, "");
        buf_append(&buf, NULL, 0);
        buf_append_span(&buf, SPAN_NULL);
        assert_text(&buf, "");
        buf_deinit(&buf);
}

static void test_what_is_appended_stands_in_order(void **state _unused_) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        buf_append(&buf, "a\0b", 3);
        buf_append_span(&buf, SPAN_LITERAL(" span"));
        buf_append_string(&buf, " string");
        buf_append_char(&buf, ' ');
        buf_append_literal(&buf, "literal ");
        buf_append_format(&buf, "%d%%%s", -7, "");
        assert_true(span_equal(buf_span(&buf), SPAN_LITERAL("a\0b span string literal -7%")));
}

static void test_numbers_are_written_in_full(void **state _unused_) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        buf_append_u64(&buf, 0);
        buf_append_char(&buf, ' ');
        buf_append_u64(&buf, UINT64_MAX);
        buf_append_char(&buf, ' ');
        buf_append_i64(&buf, INT64_MIN);
        buf_append_char(&buf, ' ');
        buf_append_i64(&buf, INT64_MAX);
        buf_append_char(&buf, ' ');
        buf_append_i64(&buf, -1);
        buf_append_char(&buf, ' ');
        buf_append_i64(&buf, 10);
        assert_text(&buf, "0 18446744073709551615 -9223372036854775808 9223372036854775807 -1 10");
}

static void test_hex_has_two_small_digits_for_each_byte(void **state _unused_) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        buf_append_hex(&buf, "\x00\x0f\xa5\xff", 4);
        assert_text(&buf, "000fa5ff");
}

static void test_a_buffer_grows_beyond_any_of_its_sizes(void **state _unused_) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        for (unsigned i = 0; i < 100000; i++) {
                buf_append_char(&buf, (char)('a' + i % 26));
                assert_true(buf.size <= buf.capacity);
        }
        assert_int_equal(buf.size, 100000);
        for (unsigned i = 0; i < 100000; i++)
                assert_int_equal(buf.data[i], 'a' + i % 26);
}

static void test_a_formatted_text_may_need_more_than_there_is(void **state _unused_) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        for (int width = 250; width < 520; width++) {
                buf_clear(&buf);
                buf_append_format(&buf, "%*d", width, 7);
                assert_int_equal(buf.size, width);
                assert_int_equal(buf.data[width - 1], '7');
        }
}

static void test_reserved_room_counts_once_it_is_advanced_over(void **state _unused_) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;
        char *room = buf_reserve(&buf, 1000);

        assert_non_null(room);
        memset(room, 'x', 1000);
        assert_int_equal(buf.size, 0);
        buf_advance(&buf, 3);
        assert_text(&buf, "xxx");
        assert_ptr_equal(buf_reserve(&buf, 10), buf.data + 3);
}

static void test_a_failed_buffer_swallows_what_comes_until_it_is_cleared(void **state _unused_) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        buf_append_literal(&buf, "kept");
        assert_null(buf_reserve(&buf, SIZE_MAX));
        assert_true(buf_failed(&buf));

        buf_append_literal(&buf, "swallowed");
        buf_append_u64(&buf, 1);
        buf_append_hex(&buf, "1", 1);
        buf_append_format(&buf, "%d", 1);
        buf_advance(&buf, 5);
        assert_true(buf_failed(&buf));
        assert_int_equal(buf.size, 4);

        buf_clear(&buf);
        buf_append_literal(&buf, "new");
        assert_text(&buf, "new");
}

static void test_a_size_that_overflows_fails_instead_of_wrapping(void **state _unused_) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        assert_null(buf_reserve(&buf, SIZE_MAX / 2 + 2));
        assert_true(buf_failed(&buf));
}

static void test_taking_the_string_ends_it_and_empties_the_buffer(void **state _unused_) {
        _cleanup_(freep) char *text = NULL, *nothing = NULL;
        Buf buf = BUF_NULL;

        buf_append_literal(&buf, "text");
        text = buf_take_string(&buf);
        assert_string_equal(text, "text");
        assert_null(buf.data);
        assert_int_equal(buf.size, 0);

        nothing = buf_take_string(&buf);
        assert_string_equal(nothing, "");
}

static void test_a_failed_buffer_gives_no_string(void **state _unused_) {
        Buf buf = BUF_NULL;

        buf_append_literal(&buf, "lost");
        assert_null(buf_reserve(&buf, SIZE_MAX));
        assert_null(buf_take_string(&buf));
        assert_false(buf_failed(&buf));
        assert_null(buf.data);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_empty_buffer_is_an_empty_text),
                cmocka_unit_test(test_what_is_appended_stands_in_order),
                cmocka_unit_test(test_numbers_are_written_in_full),
                cmocka_unit_test(test_hex_has_two_small_digits_for_each_byte),
                cmocka_unit_test(test_a_buffer_grows_beyond_any_of_its_sizes),
                cmocka_unit_test(test_a_formatted_text_may_need_more_than_there_is),
                cmocka_unit_test(test_reserved_room_counts_once_it_is_advanced_over),
                cmocka_unit_test(test_a_failed_buffer_swallows_what_comes_until_it_is_cleared),
                cmocka_unit_test(test_a_size_that_overflows_fails_instead_of_wrapping),
                cmocka_unit_test(test_taking_the_string_ends_it_and_empties_the_buffer),
                cmocka_unit_test(test_a_failed_buffer_gives_no_string),
        };

        return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
