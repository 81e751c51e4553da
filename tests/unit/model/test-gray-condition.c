/*
 * The conditions of gray rules: for which tags they hold. tests/data/gray-vectors.json has many more cases,
 * see test-gray-vectors.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gray_fixture.h"

/* Does the condition hold when there is no such tag? */
static bool holds_without(const char *condition) {
        Tag tags[] = { { SPAN_LITERAL("other"), SPAN_LITERAL("a") } };
        char match[2048];

        (void)snprintf(match, sizeof(match), "{\"t\":%s}", condition);
        assert_int_equal(matches_tags(match, tags, 1), matches_tags(match, NULL, 0));
        return matches_tags(match, tags, 1);
}

static void test_in(void **state _unused_) {
        assert_true(holds("[\"canary\"]", "canary"));
        assert_true(holds("{\"in\":[\"a\",\"canary\"]}", "canary"));
        assert_false(holds("[\"canary\"]", "Canary"));
        assert_false(holds("[\"canary\"]", "canar"));
        assert_false(holds("[\"canary\"]", "canaryy"));
        assert_false(holds("[\"canary\"]", ""));
        assert_true(holds("[\"\"]", ""));
        assert_true(holds("[\"Z\\u00fcrich\"]", "Z\xc3\xbcrich"));
        assert_false(holds("[\"Z\\u00fcrich\"]", "Zu\xcc\x88rich"));
        assert_true(holds("[\"a\\\"b\\n\"]", "a\"b\n"));
        assert_true(holds("[\"12345678\"]", "12345678"));
        assert_false(holds("[\"12345678\"]", "123456789"));
        assert_false(holds("[\"12345678a\"]", "12345678b"));
        assert_false(holds("[\"12345678ab\"]", "12345678b"));
        assert_false(holds_without("[\"\"]"));
        assert_false(holds_without("[\"a\"]"));
}

static void test_not_in(void **state _unused_) {
        assert_false(holds("{\"not_in\":[\"a\",\"b\"]}", "b"));
        assert_true(holds("{\"not_in\":[\"a\",\"b\"]}", "c"));
        assert_true(holds("{\"not_in\":[\"a\",\"b\"]}", ""));
        assert_true(holds_without("{\"not_in\":[\"a\",\"b\"]}"));
        assert_true(holds_without("{\"not_in\":[\"\"]}"));
}

static void test_prefix(void **state _unused_) {
        assert_true(holds("{\"prefix\":\"eu-\"}", "eu-west"));
        assert_true(holds("{\"prefix\":\"eu-\"}", "eu-"));
        assert_false(holds("{\"prefix\":\"eu-\"}", "eu"));
        assert_false(holds("{\"prefix\":\"eu-\"}", "us-west"));
        assert_true(holds("{\"prefix\":[\"us-\",\"eu-\"]}", "us-west"));
        assert_true(holds("{\"prefix\":\"\"}", ""));
        assert_true(holds("{\"prefix\":[\"x\",\"\"]}", "a"));
        assert_true(holds("{\"prefix\":\"\\u00fc\"}", "\xc3\xbc-"));
        assert_false(holds("{\"prefix\":\"\\u00fc\"}", "\xc3"));
        assert_false(holds_without("{\"prefix\":\"\"}"));
}

static void test_semver(void **state _unused_) {
        assert_true(holds("{\"semver\":\">=2.1.0\"}", "2.1.0"));
        assert_false(holds("{\"semver\":\">=2.1.0\"}", "2.1.0-rc.1"));
        assert_true(holds("{\"semver\":\">=1.0.0 <2.0.0\"}", "1.5.0"));
        assert_false(holds("{\"semver\":\">=1.0.0 <2.0.0\"}", "2.0.0"));
        assert_false(holds("{\"semver\":\">=0.0.0\"}", "v1.0.0"));
        assert_false(holds("{\"semver\":\">=0.0.0\"}", ""));
        assert_false(holds_without("{\"semver\":\">=0.0.0\"}"));
}

static void test_cidr(void **state _unused_) {
        assert_true(holds("{\"cidr\":\"10.0.0.0/8\"}", "10.1.2.3"));
        assert_false(holds("{\"cidr\":\"10.0.0.0/8\"}", "11.1.2.3"));
        assert_true(holds("{\"cidr\":[\"11.0.0.0/8\",\"::/0\",\"10.0.0.0/8\"]}", "10.1.2.3"));
        assert_true(holds("{\"cidr\":[\"11.0.0.0/8\",\"::/0\",\"10.0.0.0/8\"]}", "fe80::1"));
        assert_false(holds("{\"cidr\":[\"0.0.0.0/0\",\"::/0\"]}", "10.1.2.3/32"));
        assert_false(holds("{\"cidr\":[\"0.0.0.0/0\",\"::/0\"]}", ""));
        assert_false(holds_without("{\"cidr\":[\"0.0.0.0/0\",\"::/0\"]}"));
}

static void test_exists(void **state _unused_) {
        assert_true(holds("{\"exists\":true}", "a"));
        assert_true(holds("{\"exists\":true}", ""));
        assert_false(holds_without("{\"exists\":true}"));
        assert_false(holds("{\"exists\":false}", ""));
        assert_true(holds_without("{\"exists\":false}"));
        assert_true(holds_without("{\"exists\":false,\"not_in\":[\"a\"]}"));
}

static void test_all_operators_of_a_condition_hold_together(void **state _unused_) {
        static const char condition[] = "{\"semver\":\">=1.0.0\",\"prefix\":[\"1.\",\"2.\"],"
                                        "\"not_in\":[\"1.3.0\"],\"exists\":true}";

        assert_true(holds(condition, "1.2.0"));
        assert_false(holds(condition, "1.3.0"));
        assert_false(holds(condition, "3.0.0"));
        assert_false(holds(condition, "1.0.0-rc"));
        assert_false(holds_without(condition));
}

static void test_all_tags_of_a_match_hold_together(void **state _unused_) {
        static const char match[] = "{\"ring\":[\"canary\"],\"region\":[\"eu\",\"us\"]}";
        Tag tags[] = { { SPAN_LITERAL("region"), SPAN_LITERAL("us") },
                       { SPAN_LITERAL("ring"), SPAN_LITERAL("canary") } };

        assert_true(matches_tags(match, tags, 2));
        assert_false(matches_tags(match, tags, 1));
        tags[0].value = SPAN_LITERAL("ap");
        assert_false(matches_tags(match, tags, 2));
        assert_true(matches_tags("{}", tags, 2));
        assert_true(matches_tags("{}", NULL, 0));
}

static void test_of_tags_with_the_same_name_the_first_counts(void **state _unused_) {
        Tag tags[] = { { SPAN_LITERAL("t"), SPAN_LITERAL("a") }, { SPAN_LITERAL("t"), SPAN_LITERAL("b") } };

        assert_true(matches_tags("{\"t\":[\"a\"]}", tags, 2));
        assert_false(matches_tags("{\"t\":[\"b\"]}", tags, 2));
}

/* Values of all sizes around where they are compared another way, and lists of all sizes likewise. */
static void test_lists_of_any_size_in_any_order(void **state _unused_) {
        for (size_t n = 1; n <= 40; n++)
                for (size_t wanted = 0; wanted <= n; wanted++) {
                        _cleanup_(buf_deinit) Buf in = BUF_NULL, prefix = BUF_NULL, cidr = BUF_NULL;
                        char value[64], address[64];

                        append_many(&in, "{\"in\":[", n, "\"12345%zu\"", "]}");
                        append_many(&prefix, "{\"prefix\":[", n, "\"12345%zu-\"", "]}");
                        append_many(&cidr, "{\"cidr\":[", n, "\"10.%zu.0.0/16\"", "]}");
                        buf_append_char(&in, '\0');
                        buf_append_char(&prefix, '\0');
                        buf_append_char(&cidr, '\0');

                        (void)snprintf(value, sizeof(value), "12345%zu", wanted);
                        assert_int_equal(holds(in.data, value), wanted < n);
                        strcat(value, "-x");
                        assert_int_equal(holds(prefix.data, value), wanted < n);
                        (void)snprintf(address, sizeof(address), "10.%zu.3.4", wanted);
                        assert_int_equal(holds(cidr.data, address), wanted < n);
                        (void)snprintf(address, sizeof(address), "10.%zu.0.0", wanted);
                        assert_int_equal(holds(cidr.data, address), wanted < n);
                }
}

static void test_what_covers_another_is_found(void **state _unused_) {
        static const char prefixes[] = "{\"prefix\":[\"abc\",\"b\",\"a\",\"abd\",\"ab\",\"a-\",\"c-\"]}";
        static const char networks[] = "{\"cidr\":[\"10.9.0.0/16\",\"10.0.0.0/8\",\"10.1.0.0/16\","
                                       "\"10.1.2.0/24\",\"9.0.0.0/16\",\"9.0.1.0/24\",\"11.1.1.1\"]}";

        assert_true(holds(prefixes, "a"));
        assert_true(holds(prefixes, "az"));
        assert_true(holds(prefixes, "abcd"));
        assert_true(holds(prefixes, "abdz"));
        assert_false(holds(prefixes, "c"));
        assert_true(holds(prefixes, "c-"));
        assert_true(holds(networks, "10.200.0.1"));
        assert_true(holds(networks, "10.1.2.3"));
        assert_true(holds(networks, "9.0.200.1"));
        assert_false(holds(networks, "9.1.0.1"));
        assert_true(holds(networks, "11.1.1.1"));
        assert_false(holds(networks, "11.1.1.2"));
}

/* Nothing that a tag can hold matches by accident, or reads beyond it. */
static void test_any_bytes_may_be_in_a_tag(void **state _unused_) {
        static const char *const conditions[] = {
                "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]",
                "{\"prefix\":[\"ab\",\"b\",\"c\"]}",
                "{\"semver\":\">=0.0.0-0\"}",
                "{\"cidr\":[\"0.0.0.0/0\",\"::/0\"]}",
        };
        static const Span values[] = {
                { NULL, 0 },
                SPAN_LITERAL("a\0"),
                SPAN_LITERAL("a\0b"),
                SPAN_LITERAL("\0"),
                SPAN_LITERAL("\0\0\0\0\0\0\0\0\0"),
                SPAN_LITERAL("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7"),
                SPAN_LITERAL("1.0.0\0"),
                SPAN_LITERAL("1.2.3.4\0"),
                SPAN_LITERAL("\xc3"),
        };

        for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
                for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
                        Tag tag = { SPAN_LITERAL("t"), values[k] };
                        char match[128];

                        (void)snprintf(match, sizeof(match), "{\"t\":%s}", conditions[i]);
                        assert_false(matches_tags(match, &tag, 1));
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_in),
                cmocka_unit_test(test_not_in),
                cmocka_unit_test(test_prefix),
                cmocka_unit_test(test_semver),
                cmocka_unit_test(test_cidr),
                cmocka_unit_test(test_exists),
                cmocka_unit_test(test_all_operators_of_a_condition_hold_together),
                cmocka_unit_test(test_all_tags_of_a_match_hold_together),
                cmocka_unit_test(test_of_tags_with_the_same_name_the_first_counts),
                cmocka_unit_test(test_lists_of_any_size_in_any_order),
                cmocka_unit_test(test_what_covers_another_is_found),
                cmocka_unit_test(test_any_bytes_may_be_in_a_tag),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
