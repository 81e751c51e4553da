/*
 * Members found in an object, and each fault as it is told; in which words, its readers' tests say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/json_object.h"
#include "model/macros.h"

enum { NAME, SIZE, TAGS, N };

static const JsonMember known[N] = {
        [NAME] = REQUIRED("name", STRING),
        [SIZE] = REQUIRED("size", NUMBER),
        [TAGS] = OPTIONAL("tags", ARRAY),
};

static bool reads(const char *text, JsonManner manner, JsonMember ret_members[N], JsonFault *ret_fault) {
        JsonValue object = json_read_value(span_from_string(text));

        memcpy(ret_members, known, sizeof(known));
        assert_int_equal(object.kind, JSON_KIND_OBJECT);
        return json_object_read(object, manner, ret_members, N, ret_fault);
}

/* In either manner. */
static void refuses(const char *text, JsonFaultKind kind, int index) {
        for (JsonManner manner = 0; manner < JSON_MANNER_N; manner++) {
                JsonMember members[N];
                JsonFault fault = { .kind = JSON_FAULT_N };

                assert_false(reads(text, manner, members, &fault));
                assert_int_equal(fault.kind, kind);
                assert_ptr_equal(fault.member, &members[index]);
                assert_null(fault.unknown_name.data);
        }
}

static void assert_text(Span text, const char *expected) {
        assert_true(span_equal_string(text, expected));
}

static void test_members_are_found_in_any_order(void **state _unused_) {
        JsonMember members[N];
        JsonFault fault;

        assert_true(reads(" {\"tags\" : [1, 2] , \"size\":12,\"name\":\"a\\nb\"} ", JSON_MANNER_STRICT,
                          members, &fault));
        assert_text(members[NAME].value.text, "a\\nb");
        assert_text(members[SIZE].value.text, "12");
        assert_text(members[TAGS].value.text, "1, 2");
        assert_true(members[NAME].is_present && members[SIZE].is_present && members[TAGS].is_present);
}

static void test_an_optional_member_may_be_left_out(void **state _unused_) {
        for (JsonManner manner = 0; manner < JSON_MANNER_N; manner++) {
                JsonMember members[N];
                JsonFault fault;

                assert_true(reads("{\"name\":\"\",\"size\":1}", manner, members, &fault));
                assert_false(members[TAGS].is_present);
        }
}

static void test_a_name_may_have_escapes(void **state _unused_) {
        JsonMember members[N];
        JsonFault fault;

        assert_true(reads("{\"n\\u0061me\":\"x\",\"\\u0073ize\":1}", JSON_MANNER_STRICT, members, &fault));
        assert_text(members[NAME].value.text, "x");
        refuses("{\"name\":\"x\",\"n\\u0061me\":\"y\",\"size\":1}", JSON_FAULT_TWICE, NAME);
}

static void test_a_member_stands_once(void **state _unused_) {
        refuses("{\"name\":\"x\",\"size\":1,\"name\":\"x\"}", JSON_FAULT_TWICE, NAME);
        refuses("{\"size\":1,\"size\":null,\"name\":\"x\"}", JSON_FAULT_TWICE, SIZE);
        refuses("{\"name\":\"x\",\"size\":1,\"tags\":[],\"tags\":null}", JSON_FAULT_TWICE, TAGS);
}

static void test_a_member_is_of_its_kind(void **state _unused_) {
        refuses("{\"name\":1,\"size\":1}", JSON_FAULT_KIND, NAME);
        refuses("{\"name\":\"x\",\"size\":\"1\"}", JSON_FAULT_KIND, SIZE);
        refuses("{\"name\":\"x\",\"size\":1,\"tags\":{}}", JSON_FAULT_KIND, TAGS);
        refuses("{\"name\":null,\"size\":1}", JSON_FAULT_KIND, NAME);
}

static void test_a_required_member_is_not_missing(void **state _unused_) {
        refuses("{}", JSON_FAULT_MISSING, NAME);
        refuses("{\"tags\":[],\"name\":\"x\"}", JSON_FAULT_MISSING, SIZE);
}

static void test_the_first_fault_is_told_and_what_is_missing_last(void **state _unused_) {
        refuses("{\"tags\":1,\"name\":2}", JSON_FAULT_KIND, TAGS);
        refuses("{\"size\":1,\"size\":1,\"tags\":2}", JSON_FAULT_TWICE, SIZE);
}

static void test_others_are_told_or_passed_over(void **state _unused_) {
        static const char text[] = "{\"name\":\"x\",\"n\\u0061mes\":1,\"size\":1,\"more\":{\"name\":2}}";
        JsonMember members[N];
        JsonFault fault = { .kind = JSON_FAULT_N };

        assert_false(reads(text, JSON_MANNER_STRICT, members, &fault));
        assert_int_equal(fault.kind, JSON_FAULT_UNKNOWN);
        assert_null(fault.member);
        assert_text(fault.unknown_name, "n\\u0061mes");

        assert_true(reads(text, JSON_MANNER_LENIENT, members, &fault));
        assert_text(members[NAME].value.text, "x");
        assert_text(members[SIZE].value.text, "1");
}

static void test_null_leaves_out_where_programs_write(void **state _unused_) {
        static const char null[] = "{\"name\":\"x\",\"size\":1,\"tags\":null}";
        static const char then_more[] = "{\"name\":\"x\",\"size\":1,\"tags\":null,\"tags\":[7]}";
        JsonMember members[N];
        JsonFault fault = { .kind = JSON_FAULT_N };

        assert_true(reads(null, JSON_MANNER_LENIENT, members, &fault));
        assert_false(members[TAGS].is_present);
        assert_true(reads(then_more, JSON_MANNER_LENIENT, members, &fault));
        assert_text(members[TAGS].value.text, "7");

        assert_false(reads(null, JSON_MANNER_STRICT, members, &fault));
        assert_int_equal(fault.kind, JSON_FAULT_KIND);
        assert_ptr_equal(fault.member, &members[TAGS]);
}

static void test_each_kind_has_its_words(void **state _unused_) {
        assert_string_equal(json_kind_in_words(JSON_KIND_NULL), "null");
        assert_string_equal(json_kind_in_words(JSON_KIND_BOOLEAN), "true or false");
        assert_string_equal(json_kind_in_words(JSON_KIND_NUMBER), "a number");
        assert_string_equal(json_kind_in_words(JSON_KIND_STRING), "a string");
        assert_string_equal(json_kind_in_words(JSON_KIND_ARRAY), "an array");
        assert_string_equal(json_kind_in_words(JSON_KIND_OBJECT), "an object");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_members_are_found_in_any_order),
                cmocka_unit_test(test_an_optional_member_may_be_left_out),
                cmocka_unit_test(test_a_name_may_have_escapes),
                cmocka_unit_test(test_a_member_stands_once),
                cmocka_unit_test(test_a_member_is_of_its_kind),
                cmocka_unit_test(test_a_required_member_is_not_missing),
                cmocka_unit_test(test_the_first_fault_is_told_and_what_is_missing_last),
                cmocka_unit_test(test_others_are_told_or_passed_over),
                cmocka_unit_test(test_null_leaves_out_where_programs_write),
                cmocka_unit_test(test_each_kind_has_its_words),
        };

        return cmocka_run_group_tests_name("model/json_object", tests, NULL, NULL);
}
