#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mirror/redis_value.h"

/* What becomes of a content, in words: "absent", "string TEXT", or "hash NAME=VALUE NAME=VALUE". */
static char *words(Format format, Span content, MirrorValue how) {
        _cleanup_(redis_value_deinit) RedisValue value = REDIS_VALUE_NULL;
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;
        ConfigData config = { .format = format };
        TargetItem item = { .value = content, .config = &config };

        assert_true(redis_value_make(&value, &item, how));
        switch (value.kind) {
        case REDIS_VALUE_ABSENT:
                buf_append_literal(&buf, "absent");
                break;
        case REDIS_VALUE_STRING:
                buf_append_literal(&buf, "string ");
                buf_append_span(&buf, value.text);
                break;
        case REDIS_VALUE_HASH:
                buf_append_literal(&buf, "hash");
                for (size_t i = 0; i < value.n_members; i++) {
                        buf_append_char(&buf, ' ');
                        buf_append_span(&buf, value.members[i].name);
                        buf_append_char(&buf, '=');
                        buf_append_span(&buf, value.members[i].value);
                }
                break;
        }
        return buf_take_string(&buf);
}

static void assert_value(Format format, const char *content, MirrorValue how, const char *expected) {
        _cleanup_(freep) char *found = words(format, span_from_string(content), how);

        assert_string_equal(found, expected);
}

static void assert_json(const char *content, const char *expected) {
        assert_value(FORMAT_JSON, content, MIRROR_VALUE_RAW, expected);
}

static void test_an_object_becomes_a_hash_with_its_members_in_order(void **state _unused_) {
        assert_json("{\"z\":\"1\",\"a\":\"2\"}", "hash z=1 a=2");
        assert_json(" \n{ \"z\" : \"1\" , \"a\" : \"2\" } \n", "hash z=1 a=2");
}

static void test_a_string_becomes_its_bytes(void **state _unused_) {
        assert_json("{\"a\":\"x \\\"y\\\" \\n\\u00e4\\ud83d\\ude00\\/\"}",
                    "hash a=x \"y\" \n\xc3\xa4\xf0\x9f\x98\x80/");
        assert_json("{\"a\":\"\"}", "hash a=");
}

static void test_names_are_decoded(void **state _unused_) {
        assert_json("{\"\\u0061 \\\\\":1,\"\":2}", "hash a \\=1 =2");
}

static void test_a_string_may_have_a_nul(void **state _unused_) {
        _cleanup_(redis_value_deinit) RedisValue value = REDIS_VALUE_NULL;
        ConfigData config = { .format = FORMAT_JSON };
        TargetItem item = { .value = SPAN_LITERAL("{\"a\":\"x\\u0000y\"}"), .config = &config };

        assert_true(redis_value_make(&value, &item, MIRROR_VALUE_RAW));
        assert_true(span_equal(value.members[0].value, SPAN_LITERAL("x\0y")));
}

static void test_other_values_become_compact_json(void **state _unused_) {
        assert_json("{\"a\": true, \"b\": null, \"c\": [ 1 , {\"x y\" : \"z, \\\" z\"} ], \"d\": { }}",
                    "hash a=true b=null c=[1,{\"x y\":\"z, \\\" z\"}] d={}");
}

/* Readers of JSON that make doubles of them would write other digits. */
static void test_numbers_stay_as_they_are_written(void **state _unused_) {
        assert_json("{\"a\":1.10,\"b\":0.1,\"c\":12345678901234567890,\"d\":1E+2,\"e\":-0}",
                    "hash a=1.10 b=0.1 c=12345678901234567890 d=1E+2 e=-0");
}

static void test_of_members_of_one_name_the_last_counts(void **state _unused_) {
        assert_json("{\"a\":1,\"b\":2,\"a\":3}", "hash b=2 a=3");
        assert_json("{\"a\":1,\"\\u0061\":2}", "hash a=2");
        assert_json("{\"a\":1,\"ab\":2,\"a\":3,\"a\":4}", "hash ab=2 a=4");
}

static void test_an_empty_object_is_absent(void **state _unused_) {
        assert_json("{}", "absent");
        assert_json(" { } ", "absent");
}

static void test_a_byte_order_mark_is_skipped(void **state _unused_) {
        assert_json("\xef\xbb\xbf{\"a\":1}", "hash a=1");
}

static void test_all_else_is_a_string(void **state _unused_) {
        assert_json("[1, 2]", "string [1, 2]");
        assert_json("\"a\"", "string \"a\"");
        assert_json("{\"a\":", "string {\"a\":");
        assert_json("", "string ");
        assert_value(FORMAT_TEXT, "{\"a\":1}", MIRROR_VALUE_RAW, "string {\"a\":1}");
        assert_value(FORMAT_YAML, "a: 1", MIRROR_VALUE_RAW, "string a: 1");
}

static void test_a_document_is_a_string(void **state _unused_) {
        assert_value(FORMAT_JSON, "{\"version\":1}", MIRROR_VALUE_DOCUMENT, "string {\"version\":1}");
}

static void test_no_value_is_absent(void **state _unused_) {
        assert_value(FORMAT_JSON, NULL, MIRROR_VALUE_RAW, "absent");
        assert_value(FORMAT_JSON, NULL, MIRROR_VALUE_DOCUMENT, "absent");
}

static void test_one_value_is_used_for_many_items(void **state _unused_) {
        _cleanup_(redis_value_deinit) RedisValue value = REDIS_VALUE_NULL;
        ConfigData config = { .format = FORMAT_JSON };
        Span contents[] = { SPAN_LITERAL("{\"a\":1}"),
                            SPAN_LITERAL("{\"b\":1,\"c\":\"a long text of many\"}"), SPAN_LITERAL("[]"),
                            SPAN_LITERAL("{\"d\":\"e\"}") };

        for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
                TargetItem item = { .value = contents[i], .config = &config };

                assert_true(redis_value_make(&value, &item, MIRROR_VALUE_RAW));
        }
        assert_int_equal(value.n_members, 1);
        assert_true(span_equal_string(value.members[0].name, "d"));
        assert_true(span_equal_string(value.members[0].value, "e"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_object_becomes_a_hash_with_its_members_in_order),
                cmocka_unit_test(test_a_string_becomes_its_bytes),
                cmocka_unit_test(test_names_are_decoded),
                cmocka_unit_test(test_a_string_may_have_a_nul),
                cmocka_unit_test(test_other_values_become_compact_json),
                cmocka_unit_test(test_numbers_stay_as_they_are_written),
                cmocka_unit_test(test_of_members_of_one_name_the_last_counts),
                cmocka_unit_test(test_an_empty_object_is_absent),
                cmocka_unit_test(test_a_byte_order_mark_is_skipped),
                cmocka_unit_test(test_all_else_is_a_string),
                cmocka_unit_test(test_a_document_is_a_string),
                cmocka_unit_test(test_no_value_is_absent),
                cmocka_unit_test(test_one_value_is_used_for_many_items),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
