#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/macros.h"
#include "model/name.h"

#define SEGMENT_63 "a23456789012345678901234567890123456789012345678901234567890123"

static uint64_t next_random(uint64_t *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

static bool is_namespace(const char *name) {
        return namespace_is_valid(span_from_string(name));
}

static bool is_key(const char *key) {
        return key_is_valid(span_from_string(key));
}

static void test_a_namespace_has_one_to_four_segments(void **state _unused_) {
        assert_true(is_namespace("prod"));
        assert_true(is_namespace("prod.acme"));
        assert_true(is_namespace("prod.acme.orders"));
        assert_true(is_namespace("prod.acme.orders.eu"));
        assert_false(is_namespace("prod.acme.orders.eu.west"));
}

static void test_a_namespace_has_no_empty_segment(void **state _unused_) {
        static const char *const names[] = { "", ".", "prod.", ".prod", "prod..acme", "a.b.c.", "a.b.c.d." };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                assert_false(is_namespace(names[i]));
        assert_false(namespace_is_valid(SPAN_NULL));
}

static void test_a_segment_begins_with_a_letter_or_digit(void **state _unused_) {
        assert_true(is_namespace("0"));
        assert_true(is_namespace("9-_"));
        assert_false(is_namespace("-a"));
        assert_false(is_namespace("_a"));
        assert_false(is_namespace("prod._a"));
        assert_false(is_namespace("prod.-"));
}

static void test_a_segment_has_up_to_63_bytes(void **state _unused_) {
        assert_int_equal(strlen(SEGMENT_63), NAMESPACE_SEGMENT_SIZE_MAX);
        assert_true(is_namespace(SEGMENT_63));
        assert_false(is_namespace(SEGMENT_63 "4"));
        assert_true(is_namespace("a." SEGMENT_63));
        assert_false(is_namespace("a." SEGMENT_63 "4"));
        assert_false(is_namespace(SEGMENT_63 "4.a"));
}

static void test_the_longest_namespace_is_as_long_as_the_constant_says(void **state _unused_) {
        static const char longest[] = SEGMENT_63 "." SEGMENT_63 "." SEGMENT_63 "." SEGMENT_63;

        assert_int_equal(strlen(longest), NAMESPACE_SIZE_MAX);
        assert_true(is_namespace(longest));
}

/* Every byte, NUL included, alone and after another one. */
static void test_no_other_byte_is_part_of_a_namespace(void **state _unused_) {
        for (int c = 0; c < 256; c++) {
                char name[2] = { 'a', (char)c };
                bool begins = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

                assert_int_equal(namespace_is_valid((Span){ name + 1, 1 }), begins);
                assert_int_equal(namespace_is_valid((Span){ name, 2 }), begins || c == '-' || c == '_');
        }
}

static void test_no_other_byte_is_part_of_a_key(void **state _unused_) {
        for (int c = 0; c < 256; c++) {
                char key[2] = { 'a', (char)c };
                bool goes_on = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                               (c && strchr("._@:+-", c));

                assert_int_equal(key_is_valid((Span){ key + 1, 1 }), goes_on && c != '.');
                assert_int_equal(key_is_valid((Span){ key, 2 }), goes_on);
        }
}

static void test_a_key_does_not_begin_with_a_dot(void **state _unused_) {
        assert_false(is_key("."));
        assert_false(is_key(".."));
        assert_false(is_key(".env"));
        assert_true(is_key("env."));
        assert_true(is_key("a..b"));
        assert_true(is_key("-"));
}

static void test_a_key_has_1_to_255_bytes(void **state _unused_) {
        char key[KEY_SIZE_MAX + 1];

        memset(key, 'k', sizeof(key));
        assert_false(key_is_valid(SPAN_NULL));
        assert_false(key_is_valid((Span){ key, 0 }));
        assert_true(key_is_valid((Span){ key, 1 }));
        assert_true(key_is_valid((Span){ key, KEY_SIZE_MAX }));
        assert_false(key_is_valid((Span){ key, KEY_SIZE_MAX + 1 }));
}

/* The regular expressions of the design, as an oracle for names that are nearly right. */
static void assert_agrees_with_pattern(const char *pattern, bool (*is_valid)(Span), const char *alphabet,
                                       size_t size_max) {
        size_t n_letters = strlen(alphabet), n_valid = 0;
        uint64_t random = 4711;
        char name[128];
        regex_t regex;

        assert_true(size_max < sizeof(name));
        assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
        for (int i = 0; i < 20000; i++) {
                size_t size = next_random(&random) % (size_max + 1);
                bool expected;

                for (size_t at = 0; at < size; at++)
                        name[at] = alphabet[next_random(&random) % n_letters];
                name[size] = '\0';
                expected = regexec(&regex, name, 0, NULL, 0) == 0;
                n_valid += expected;
                if (is_valid((Span){ name, size }) != expected)
                        fail_msg("'%s' is %s", name, expected ? "refused" : "accepted");
        }
        regfree(&regex);
        assert_in_range(n_valid, 1000, 19000);
}

static void test_any_namespace_is_judged_by_the_pattern_of_the_design(void **state _unused_) {
        assert_agrees_with_pattern("^[a-z0-9][a-z0-9_-]{0,62}([.][a-z0-9][a-z0-9_-]{0,62}){0,3}$",
                                   namespace_is_valid, "abz09abz09abz09abz09abz09abz09abz09abz09_-..A", 12);
}

static void test_any_key_is_judged_by_the_pattern_of_the_design(void **state _unused_) {
        assert_agrees_with_pattern("^[A-Za-z0-9_@:+-][A-Za-z0-9._@:+-]{0,254}$", key_is_valid,
                                   "azAZ09azAZ09azAZ09azAZ09azAZ09..__@:+-/", 12);
}

static void test_long_names_are_judged_by_the_pattern_of_the_design(void **state _unused_) {
        assert_agrees_with_pattern(
                "^[a-z0-9][a-z0-9_-]{0,62}([.][a-z0-9][a-z0-9_-]{0,62}){0,3}$", namespace_is_valid,
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.", 127);
}

static void test_each_parent_is_one_segment_shorter(void **state _unused_) {
        Span name = SPAN_LITERAL("prod.acme.orders.eu");

        name = namespace_parent(name);
        assert_true(span_equal_string(name, "prod.acme.orders"));
        name = namespace_parent(name);
        assert_true(span_equal_string(name, "prod.acme"));
        name = namespace_parent(name);
        assert_true(span_equal_string(name, "prod"));
        name = namespace_parent(name);
        assert_null(name.data);
}

static void test_the_parent_of_nothing_is_absent(void **state _unused_) {
        assert_null(namespace_parent(SPAN_NULL).data);
        assert_null(namespace_parent(SPAN_LITERAL("")).data);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_namespace_has_one_to_four_segments),
                cmocka_unit_test(test_a_namespace_has_no_empty_segment),
                cmocka_unit_test(test_a_segment_begins_with_a_letter_or_digit),
                cmocka_unit_test(test_a_segment_has_up_to_63_bytes),
                cmocka_unit_test(test_the_longest_namespace_is_as_long_as_the_constant_says),
                cmocka_unit_test(test_no_other_byte_is_part_of_a_namespace),
                cmocka_unit_test(test_no_other_byte_is_part_of_a_key),
                cmocka_unit_test(test_a_key_does_not_begin_with_a_dot),
                cmocka_unit_test(test_a_key_has_1_to_255_bytes),
                cmocka_unit_test(test_any_namespace_is_judged_by_the_pattern_of_the_design),
                cmocka_unit_test(test_any_key_is_judged_by_the_pattern_of_the_design),
                cmocka_unit_test(test_long_names_are_judged_by_the_pattern_of_the_design),
                cmocka_unit_test(test_each_parent_is_one_segment_shorter),
                cmocka_unit_test(test_the_parent_of_nothing_is_absent),
        };

        return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
