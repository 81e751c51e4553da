#include <inttypes.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/body.h"
#include "model/macros.h"

typedef struct Target {
        Span text;
        Span content;
        bool flag;
        int64_t version;
        int64_t number;
        json_t *list;
        json_t *object;
} Target;

#define TARGET_UNTOUCHED                                                                                     \
        ((Target){ .text = SPAN_LITERAL("before"), .version = -1, .number = -1, .list = NULL })

static const Field fields[] = {
        { "text", FIELD_TEXT, false, offsetof(Target, text) },
        { "content", FIELD_STRING, false, offsetof(Target, content) },
        { "flag", FIELD_FLAG, false, offsetof(Target, flag) },
        { "version", FIELD_VERSION, false, offsetof(Target, version) },
        { "number", FIELD_NUMBER, false, offsetof(Target, number) },
        { "list", FIELD_LIST, false, offsetof(Target, list) },
        { "object", FIELD_OBJECT, false, offsetof(Target, object) },
};

static const Field required_fields[] = {
        { "version", FIELD_VERSION, true, offsetof(Target, version) },
        { "text", FIELD_TEXT, true, offsetof(Target, text) },
};

static bool read_with(Request *request, Span body, const char *prefix, const Field *known, size_t n_known,
                      Target *target) {
        json_t *object;

        *request = (Request){ .body = body };
        object = body_parse(request);
        return object && body_read(request, object, prefix, known, n_known, target);
}

static bool read_body(Request *request, Span body, Target *target) {
        return read_with(request, body, "", fields, ARRAY_SIZE(fields), target);
}

/* @field: NULL for a refusal without details. */
static void assert_refusal(const Request *request, const char *reason, const char *field) {
        Span body = buf_span(&request->reply.body);
        json_auto_t *json = json_loadb(body.data, body.size, 0, NULL);
        json_t *details = json_object_get(json, "details");

        if (!json)
                fail_msg("the answer is no JSON: %.*s", (int)body.size, body.data);
        assert_int_equal(request->reply.status, json_integer_value(json_object_get(json, "code")));
        assert_string_equal(json_string_value(json_object_get(json, "reason")), reason);
        assert_int_equal(json_array_size(details), field ? 1 : 0);
        if (field)
                assert_string_equal(json_string_value(json_object_get(json_array_get(details, 0), "field")),
                                    field);
}

static void assert_refused(Span body, const char *reason, const char *field) {
        Target target = TARGET_UNTOUCHED;
        Request request;

        if (read_body(&request, body, &target))
                fail_msg("%.*s is accepted", (int)body.size, body.data);
        assert_refusal(&request, reason, field);
        request_deinit(&request);
}

static void assert_accepted(Span body) {
        Target target = TARGET_UNTOUCHED;
        Request request;

        if (!read_body(&request, body, &target))
                fail_msg("%.*s is refused: %.*s", (int)body.size, body.data, (int)request.reply.body.size,
                         request.reply.body.data);
        assert_int_equal(request.reply.status, 0);
        request_deinit(&request);
}

/*
 * Parsing.
 */

static void test_an_empty_body_is_an_empty_object(void **state _unused_) {
        Target target = TARGET_UNTOUCHED;
        Request request;

        assert_true(read_body(&request, SPAN_NULL, &target));
        assert_true(span_equal_string(target.text, "before"));
        request_deinit(&request);
}

static void test_a_body_that_is_no_json_is_malformed(void **state _unused_) {
        static const Span bodies[] = {
                SPAN_LITERAL("{"),
                SPAN_LITERAL("}"),
                SPAN_LITERAL("text"),
                SPAN_LITERAL("{text:1}"),
                SPAN_LITERAL("{'a':1}"),
                SPAN_LITERAL("{\"text\":}"),
                SPAN_LITERAL("{} {}"),
                SPAN_LITERAL("{},"),
                SPAN_LITERAL("{\"text\":\"\n\"}"),
                SPAN_LITERAL("{\"a\":1,}"),
                SPAN_LITERAL("\0"),
                SPAN_LITERAL("{}\0"),
                SPAN_LITERAL(" "),
                SPAN_LITERAL("text=1"),
                SPAN_LITERAL("{\"text\":\"\\ud800\"}"),
                SPAN_LITERAL("{\"text\":\"\xff\"}"),
                SPAN_LITERAL("{\"text\":\"\xed\xa0\x80\"}"),
                SPAN_LITERAL("{\"\\u0000\":1}"),
                SPAN_LITERAL("\xff\xfe{\0}\0"),
        };

        for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
                assert_refused(bodies[i], "malformed_body", NULL);
}

static void test_json_that_is_no_object_is_malformed(void **state _unused_) {
        static const Span bodies[] = { SPAN_LITERAL("[]"),     SPAN_LITERAL("null"), SPAN_LITERAL("true"),
                                       SPAN_LITERAL("\"{}\""), SPAN_LITERAL("1"),    SPAN_LITERAL("[{}]") };

        for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
                assert_refused(bodies[i], "malformed_body", NULL);
}

static void test_a_member_that_stands_twice_is_malformed(void **state _unused_) {
        assert_refused(SPAN_LITERAL("{\"text\":\"a\",\"text\":\"a\"}"), "malformed_body", NULL);
        assert_refused(SPAN_LITERAL("{\"text\":\"a\",\"t\\u0065xt\":\"b\"}"), "malformed_body", NULL);
        assert_refused(SPAN_LITERAL("{\"list\":[{\"a\":1,\"a\":2}]}"), "malformed_body", NULL);
}

static void test_a_body_that_nests_too_deep_is_malformed(void **state _unused_) {
        static char body[200000];

        memset(body, '[', sizeof(body));
        assert_refused((Span){ body, sizeof(body) }, "malformed_body", NULL);
}

static void test_every_part_of_a_body_is_refused_or_read_without_harm(void **state _unused_) {
        static const char whole[] = "{\"text\":\"a\\u00e9\",\"flag\":true,\"list\":[1,{}],\"version\":1}";

        for (size_t size = 1; size < sizeof(whole) - 1; size++) {
                char *body = malloc(size);

                assert_non_null(body);
                memcpy(body, whole, size);
                assert_refused((Span){ body, size }, "malformed_body", NULL);
                free(body);
        }
        assert_accepted(span_from_string(whole));
}

static void test_the_place_of_the_fault_is_told(void **state _unused_) {
        Target target = TARGET_UNTOUCHED;
        Request request;

        assert_false(read_body(&request, SPAN_LITERAL("{\n  \"text\": nonsense\n}"), &target));
        assert_non_null(memmem(request.reply.body.data, request.reply.body.size, "line 2", strlen("line 2")));
        request_deinit(&request);
}

/*
 * Reading.
 */

static void test_every_field_is_read_into_its_place(void **state _unused_) {
        Target target = TARGET_UNTOUCHED;
        Request request;

        assert_true(read_body(
                &request,
                SPAN_LITERAL("{\"number\":0,\"flag\":true,\"version\":1,\"list\":[7],\"object\":{\"a\":1},"
                             "\"content\":\"a\\u0000b\",\"text\":\"\\u00e9\\n\"}"),
                &target));
        assert_true(span_equal_string(target.text, "\xc3\xa9\n"));
        assert_true(span_equal(target.content, SPAN_LITERAL("a\0b")));
        assert_true(target.flag);
        assert_int_equal(target.version, 1);
        assert_int_equal(target.number, 0);
        assert_int_equal(json_array_size(target.list), 1);
        assert_int_equal(json_object_size(target.object), 1);
        request_deinit(&request);
}

static void test_what_is_not_there_stays_as_it_is(void **state _unused_) {
        Target target = TARGET_UNTOUCHED;
        Request request;

        target.flag = true;
        assert_true(read_body(&request, SPAN_LITERAL("{\"number\":3}"), &target));
        assert_true(span_equal_string(target.text, "before"));
        assert_null(target.content.data);
        assert_true(target.flag);
        assert_int_equal(target.version, -1);
        assert_int_equal(target.number, 3);
        assert_null(target.list);
        assert_null(target.object);
        request_deinit(&request);
}

static void test_an_empty_text_is_there(void **state _unused_) {
        Target target = TARGET_UNTOUCHED;
        Request request;

        assert_true(read_body(&request, SPAN_LITERAL("{\"text\":\"\",\"content\":\"\"}"), &target));
        assert_non_null(target.text.data);
        assert_int_equal(target.text.size, 0);
        assert_non_null(target.content.data);
        assert_int_equal(target.content.size, 0);
        request_deinit(&request);
}

static void test_a_flag_of_false_is_read(void **state _unused_) {
        Target target = TARGET_UNTOUCHED;
        Request request;

        target.flag = true;
        assert_true(read_body(&request, SPAN_LITERAL("{\"flag\":false}"), &target));
        assert_false(target.flag);
        request_deinit(&request);
}

static void test_the_largest_version_is_read_whole(void **state _unused_) {
        Target target = TARGET_UNTOUCHED;
        Request request;

        assert_true(read_body(&request, SPAN_LITERAL("{\"version\":9223372036854775807}"), &target));
        assert_true(target.version == INT64_MAX);
        request_deinit(&request);
}

static void test_texts_live_as_long_as_the_request(void **state _unused_) {
        char body[] = "{\"text\":\"kept\"}";
        Target target = TARGET_UNTOUCHED;
        Request request;

        assert_true(read_body(&request, span_from_string(body), &target));
        memset(body, '?', strlen(body));
        assert_true(span_equal_string(target.text, "kept"));
        request_deinit(&request);
}

/*
 * Refusals.
 */

static void test_a_field_of_the_wrong_type_is_refused_by_name(void **state _unused_) {
        static const struct {
                const char *field;
                const char *values[12];
        } rows[] = {
                { "text", { "null", "1", "true", "[]", "{}" } },
                { "content", { "null", "1", "false", "[\"a\"]", "{}" } },
                { "flag", { "null", "0", "1", "\"true\"", "[]", "{}" } },
                { "version", { "null", "0", "-1", "1.0", "1.5", "1e3", "\"1\"", "true", "[]", "{}" } },
                { "number", { "null", "-1", "-9223372036854775808", "0.0", "\"0\"", "false", "[]", "{}" } },
                { "list", { "null", "1", "\"\"", "true", "{}" } },
                { "object", { "null", "1", "\"\"", "true", "[]" } },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                for (const char *const *value = rows[i].values; *value; value++) {
                        char body[128];

                        (void)snprintf(body, sizeof(body), "{\"%s\":%s}", rows[i].field, *value);
                        assert_refused(span_from_string(body), "invalid_field", rows[i].field);
                }
}

static void test_a_required_field_that_is_missing_is_named(void **state _unused_) {
        Target target = TARGET_UNTOUCHED;
        Request request;

        assert_false(read_with(&request, SPAN_LITERAL("{\"text\":\"a\"}"), "", required_fields,
                               ARRAY_SIZE(required_fields), &target));
        assert_refusal(&request, "invalid_field", "version");
        request_deinit(&request);
        assert_false(read_with(&request, SPAN_LITERAL("{\"version\":1}"), "", required_fields,
                               ARRAY_SIZE(required_fields), &target));
        assert_refusal(&request, "invalid_field", "text");
        request_deinit(&request);
        assert_false(read_with(&request, SPAN_LITERAL(""), "", required_fields, ARRAY_SIZE(required_fields),
                               &target));
        assert_refusal(&request, "invalid_field", "version");
        request_deinit(&request);
}

static void test_an_unknown_field_is_named(void **state _unused_) {
        assert_refused(SPAN_LITERAL("{\"text\":\"a\",\"Text\":\"b\"}"), "unknown_field", "Text");
        assert_refused(SPAN_LITERAL("{\"\":1}"), "unknown_field", NULL);
        assert_refused(SPAN_LITERAL("{\"texts\":null}"), "unknown_field", "texts");
        assert_refused(SPAN_LITERAL("{\"a\\\"\\n\\u00e9\":1}"), "unknown_field", "a\"\n\xc3\xa9");
}

/* Whoever mistypes a name is told of the name, not of the field that it should have been. */
static void test_an_unknown_field_is_told_before_a_missing_one(void **state _unused_) {
        Target target = TARGET_UNTOUCHED;
        Request request;

        assert_false(read_with(&request, SPAN_LITERAL("{\"verison\":1,\"text\":\"a\"}"), "", required_fields,
                               ARRAY_SIZE(required_fields), &target));
        assert_refusal(&request, "unknown_field", "verison");
        request_deinit(&request);
}

static void test_a_field_of_any_known_place_is_named_with_its_prefix(void **state _unused_) {
        static const char *const bodies[] = { "{\"text\":1}", "{\"text\":\"a\",\"version\":0}",
                                              "{\"text\":\"a\"}" };
        static const char *const expected[] = { "operations[127].version", "operations[127].version",
                                                "operations[127].version" };
        Target target = TARGET_UNTOUCHED;
        Request request;

        for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
                assert_false(read_with(&request, span_from_string(bodies[i]), "operations[127].",
                                       required_fields, ARRAY_SIZE(required_fields), &target));
                assert_refusal(&request, "invalid_field", expected[i]);
                request_deinit(&request);
        }
        assert_false(read_with(&request, SPAN_LITERAL("{\"other\":1}"), "operations[127].", required_fields,
                               ARRAY_SIZE(required_fields), &target));
        assert_refusal(&request, "unknown_field", "operations[127].other");
        request_deinit(&request);
}

static void test_an_unknown_name_of_any_length_is_answered(void **state _unused_) {
        static const size_t sizes[] = { 100, 126, 127, 128, 129, 500, 100000 };

        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                char *body = malloc(sizes[i] + 16), expected[PROBLEM_FIELD_MAX];

                assert_non_null(body);
                memcpy(body, "{\"", 2);
                memset(body + 2, 'u', sizes[i]);
                memcpy(body + 2 + sizes[i], "\":1}", 4);
                memset(expected, 'u', sizeof(expected));
                expected[MIN(sizes[i], sizeof(expected) - 1)] = '\0';
                assert_refused((Span){ body, sizes[i] + 6 }, "unknown_field", expected);
                free(body);
        }
}

/* Of @size letters, with @name before. */
static Span text_body(char *to, size_t to_size, const char *name, size_t size) {
        int used = snprintf(to, to_size, "{\"%s\":\"", name);

        assert_true((size_t)used + size + 2 <= to_size);
        memset(to + used, 'x', size);
        memcpy(to + used + size, "\"}", 2);
        return (Span){ to, (size_t)used + size + 2 };
}

static void test_a_text_has_up_to_4096_bytes(void **state _unused_) {
        char body[8192];

        assert_int_equal(COMMENT_SIZE_MAX, 4096);
        assert_accepted(text_body(body, sizeof(body), "text", 4096));
        assert_refused(text_body(body, sizeof(body), "text", 4097), "invalid_field", "text");
}

static void test_the_bytes_of_a_text_are_counted_not_its_characters(void **state _unused_) {
        char body[8192] = "{\"text\":\"";
        size_t used = strlen(body);

        for (int i = 0; i < 2048; i++)
                used += (size_t)snprintf(body + used, sizeof(body) - used, "\xc3\xa9");
        memcpy(body + used, "\"}", 2);
        assert_accepted((Span){ body, used + 2 });
        memcpy(body + used, "x\"}", 3);
        assert_refused((Span){ body, used + 3 }, "invalid_field", "text");
}

static void test_a_content_of_any_size_is_left_to_its_reader(void **state _unused_) {
        static char body[3 * 1024 * 1024];

        assert_accepted(text_body(body, sizeof(body), "content", sizeof(body) - 64));
}

static void test_a_nul_in_a_text_is_refused(void **state _unused_) {
        assert_refused(SPAN_LITERAL("{\"text\":\"a\\u0000\"}"), "invalid_field", "text");
        assert_refused(SPAN_LITERAL("{\"text\":\"\\u0000\"}"), "invalid_field", "text");
        assert_refused(SPAN_LITERAL("{\"text\":\"a\\u0000b\"}"), "invalid_field", "text");
}

static void test_a_number_that_no_integer_holds_is_refused(void **state _unused_) {
        assert_refused(SPAN_LITERAL("{\"version\":9223372036854775808}"), "malformed_body", NULL);
        assert_refused(SPAN_LITERAL("{\"version\":1e999}"), "malformed_body", NULL);
}

static void test_a_refusal_of_ones_own_names_the_field_with_its_prefix(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };

        body_refuse(&request, REASON_CONTENT_TOO_LARGE, "operations[0].", "content", "%d bytes are %s", 3,
                    "too many");
        assert_refusal(&request, "content_too_large", "operations[0].content");
        assert_int_equal(request.reply.status, 413);
        assert_non_null(memmem(request.reply.body.data, request.reply.body.size, "3 bytes are too many", 20));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_empty_body_is_an_empty_object),
                cmocka_unit_test(test_a_body_that_is_no_json_is_malformed),
                cmocka_unit_test(test_json_that_is_no_object_is_malformed),
                cmocka_unit_test(test_a_member_that_stands_twice_is_malformed),
                cmocka_unit_test(test_a_body_that_nests_too_deep_is_malformed),
                cmocka_unit_test(test_every_part_of_a_body_is_refused_or_read_without_harm),
                cmocka_unit_test(test_the_place_of_the_fault_is_told),
                cmocka_unit_test(test_every_field_is_read_into_its_place),
                cmocka_unit_test(test_what_is_not_there_stays_as_it_is),
                cmocka_unit_test(test_an_empty_text_is_there),
                cmocka_unit_test(test_a_flag_of_false_is_read),
                cmocka_unit_test(test_the_largest_version_is_read_whole),
                cmocka_unit_test(test_texts_live_as_long_as_the_request),
                cmocka_unit_test(test_a_field_of_the_wrong_type_is_refused_by_name),
                cmocka_unit_test(test_a_required_field_that_is_missing_is_named),
                cmocka_unit_test(test_an_unknown_field_is_named),
                cmocka_unit_test(test_an_unknown_field_is_told_before_a_missing_one),
                cmocka_unit_test(test_a_field_of_any_known_place_is_named_with_its_prefix),
                cmocka_unit_test(test_an_unknown_name_of_any_length_is_answered),
                cmocka_unit_test(test_a_text_has_up_to_4096_bytes),
                cmocka_unit_test(test_the_bytes_of_a_text_are_counted_not_its_characters),
                cmocka_unit_test(test_a_content_of_any_size_is_left_to_its_reader),
                cmocka_unit_test(test_a_nul_in_a_text_is_refused),
                cmocka_unit_test(test_a_number_that_no_integer_holds_is_refused),
                cmocka_unit_test(test_a_refusal_of_ones_own_names_the_field_with_its_prefix),
        };

        return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
