#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/request.h"
#include "model/macros.h"

static Request with_parameter(const char *name, Span value) {
        return (Request){ .parameters = { { span_from_string(name), value } }, .n_parameters = 1 };
}

/* Names the field and the reason, and forgets the reply. */
static void assert_refused(Request *request, const char *reason, const char *field) {
        Span body = buf_span(&request->reply.body);
        json_auto_t *json = json_loadb(body.data, body.size, 0, NULL);
        json_t *details = json_object_get(json, "details");

        assert_non_null(json);
        assert_int_equal(request->reply.status, json_integer_value(json_object_get(json, "code")));
        assert_string_equal(json_string_value(json_object_get(json, "reason")), reason);
        assert_int_equal(json_array_size(details), field ? 1 : 0);
        if (field)
                assert_string_equal(json_string_value(json_object_get(json_array_get(details, 0), "field")),
                                    field);
        reply_clear(&request->reply);
}

static void test_a_parameter_is_found_by_its_whole_name(void **state _unused_) {
        Request request = { .parameters = { { SPAN_LITERAL("limit"), SPAN_LITERAL("1") },
                                            { SPAN_LITERAL("lim"), SPAN_LITERAL("2") },
                                            { SPAN_LITERAL("empty"), SPAN_LITERAL("") } },
                            .n_parameters = 3 };

        assert_true(span_equal_string(request_parameter(&request, "limit"), "1"));
        assert_true(span_equal_string(request_parameter(&request, "lim"), "2"));
        assert_non_null(request_parameter(&request, "empty").data);
        assert_int_equal(request_parameter(&request, "empty").size, 0);
        assert_null(request_parameter(&request, "l").data);
        assert_null(request_parameter(&request, "limits").data);
        assert_null(request_parameter(&request, "Limit").data);
}

static void test_parameters_beyond_the_count_are_not_there(void **state _unused_) {
        Request request = with_parameter("limit", SPAN_LITERAL("1"));

        request.n_parameters = 0;
        assert_null(request_parameter(&request, "limit").data);
}

/*
 * Flags.
 */

static void test_a_flag_is_true_or_false(void **state _unused_) {
        Request yes = with_parameter("raw", SPAN_LITERAL("true")),
                no = with_parameter("raw", SPAN_LITERAL("false"));
        bool flag = false;

        assert_true(request_flag(&yes, "raw", false, &flag));
        assert_true(flag);
        assert_true(request_flag(&no, "raw", true, &flag));
        assert_false(flag);
        assert_int_equal(yes.reply.status, 0);
}

static void test_a_flag_that_is_not_there_has_its_default(void **state _unused_) {
        Request request = with_parameter("other", SPAN_LITERAL("true"));
        bool flag = false;

        assert_true(request_flag(&request, "raw", true, &flag));
        assert_true(flag);
        assert_true(request_flag(&request, "raw", false, &flag));
        assert_false(flag);
}

static void test_a_flag_with_any_other_value_is_refused(void **state _unused_) {
        static const Span values[] = { SPAN_LITERAL(""),      SPAN_LITERAL("1"),     SPAN_LITERAL("0"),
                                       SPAN_LITERAL("yes"),   SPAN_LITERAL("TRUE"),  SPAN_LITERAL("True"),
                                       SPAN_LITERAL("true "), SPAN_LITERAL("tru"),   SPAN_LITERAL("true\0"),
                                       SPAN_LITERAL("truee"), SPAN_LITERAL("falsee") };

        for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
                Request request = with_parameter("raw", values[i]);
                bool flag = true;

                assert_false(request_flag(&request, "raw", false, &flag));
                assert_true(flag);
                assert_refused(&request, "invalid_parameter", "raw");
        }
}

/*
 * Limits.
 */

static void test_the_limit_is_100_where_none_is_given(void **state _unused_) {
        Request request = { 0 };
        unsigned limit = 0;

        assert_true(request_limit(&request, &limit));
        assert_int_equal(limit, 100);
}

static void test_a_limit_is_a_number_from_1_to_1000(void **state _unused_) {
        static const struct {
                Span text;
                unsigned limit;
        } rows[] = { { SPAN_LITERAL("1"), 1 },
                     { SPAN_LITERAL("9"), 9 },
                     { SPAN_LITERAL("10"), 10 },
                     { SPAN_LITERAL("999"), 999 },
                     { SPAN_LITERAL("1000"), 1000 } };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                Request request = with_parameter("limit", rows[i].text);
                unsigned limit = 0;

                assert_true(request_limit(&request, &limit));
                assert_int_equal(limit, rows[i].limit);
        }
}

/* What no number of ours looks like. */
static const Span no_numbers[] = {
        SPAN_LITERAL(""),
        SPAN_LITERAL("0"),
        SPAN_LITERAL("00"),
        SPAN_LITERAL("01"),
        SPAN_LITERAL("-1"),
        SPAN_LITERAL("+1"),
        SPAN_LITERAL(" 1"),
        SPAN_LITERAL("1 "),
        SPAN_LITERAL("1.0"),
        SPAN_LITERAL("1e2"),
        SPAN_LITERAL("0x1"),
        SPAN_LITERAL("a"),
        SPAN_LITERAL("1a"),
        SPAN_LITERAL("1\0"),
        SPAN_LITERAL("1,2"),
        SPAN_LITERAL("\xd9\xa1"),
        SPAN_LITERAL("/"),
        SPAN_LITERAL(":"),
        SPAN_LITERAL("9999999999999999999"),
        SPAN_LITERAL("18446744073709551617"),
        SPAN_LITERAL("100000000000000000000000000000000000001"),
};

static void test_any_other_limit_is_refused(void **state _unused_) {
        static const Span too_large[] = { SPAN_LITERAL("1001"), SPAN_LITERAL("10000"),
                                          SPAN_LITERAL("4294967297") };

        for (size_t i = 0; i < ARRAY_SIZE(no_numbers) + ARRAY_SIZE(too_large); i++) {
                Span value =
                        i < ARRAY_SIZE(no_numbers) ? no_numbers[i] : too_large[i - ARRAY_SIZE(no_numbers)];
                Request request = with_parameter("limit", value);
                unsigned limit = 4711;

                assert_false(request_limit(&request, &limit));
                assert_int_equal(limit, 4711);
                assert_refused(&request, "invalid_parameter", "limit");
        }
}

/*
 * Versions.
 */

static void test_a_version_is_a_number_from_1_on(void **state _unused_) {
        Request one = with_parameter("from", SPAN_LITERAL("1"));
        Request large = with_parameter("from", SPAN_LITERAL("123456789012345678"));
        int64_t version = 0;

        assert_true(request_version(&one, "from", &version));
        assert_int_equal(version, 1);
        assert_true(request_version(&large, "from", &version));
        assert_int_equal(version, INT64_C(123456789012345678));
}

static void test_a_version_that_is_not_there_is_0(void **state _unused_) {
        Request request = with_parameter("from", SPAN_LITERAL("3"));
        int64_t version = 4711;

        assert_true(request_version(&request, "to", &version));
        assert_int_equal(version, 0);
}

static void test_any_other_version_is_refused_under_its_name(void **state _unused_) {
        for (size_t i = 0; i < ARRAY_SIZE(no_numbers); i++) {
                Request request = with_parameter("from", no_numbers[i]);
                int64_t version = 4711;

                assert_false(request_version(&request, "from", &version));
                assert_int_equal(version, 4711);
                assert_refused(&request, "invalid_parameter", "from");
        }
}

static void test_the_version_in_a_path_is_a_number_from_1_on(void **state _unused_) {
        Request request = { .params = { SPAN_LITERAL("prod"), SPAN_LITERAL("app"), SPAN_LITERAL("12") } };
        int64_t version = 0;

        assert_true(request_path_version(&request, &version));
        assert_int_equal(version, 12);
}

static void test_any_other_version_in_a_path_is_an_invalid_name(void **state _unused_) {
        for (size_t i = 0; i < ARRAY_SIZE(no_numbers); i++) {
                Request request = { .params = { SPAN_LITERAL("prod"), SPAN_LITERAL("app"), no_numbers[i] } };
                int64_t version = 4711;

                assert_false(request_path_version(&request, &version));
                assert_int_equal(version, 4711);
                assert_refused(&request, "invalid_name", "version");
        }
}

/*
 * Times.
 */

static void test_a_time_is_read_as_rfc_3339(void **state _unused_) {
        Request request = with_parameter("since", SPAN_LITERAL("2026-01-31T10:05:00.250+01:00"));
        int64_t at_ms = 0;

        assert_true(request_time(&request, "since", 0, &at_ms));
        assert_int_equal(at_ms, INT64_C(1769850300250));
}

static void test_a_time_that_is_not_there_has_its_default(void **state _unused_) {
        Request request = { 0 };
        int64_t at_ms = 0;

        assert_true(request_time(&request, "until", 4711, &at_ms));
        assert_int_equal(at_ms, 4711);
}

static void test_any_other_time_is_refused_under_its_name(void **state _unused_) {
        static const Span values[] = { SPAN_LITERAL(""), SPAN_LITERAL("yesterday"),
                                       SPAN_LITERAL("1769850300"), SPAN_LITERAL("2026-02-30T00:00:00Z"),
                                       SPAN_LITERAL("2026-01-31") };

        for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
                Request request = with_parameter("until", values[i]);
                int64_t at_ms = 4711;

                assert_false(request_time(&request, "until", 0, &at_ms));
                assert_int_equal(at_ms, 4711);
                assert_refused(&request, "invalid_parameter", "until");
        }
}

/*
 * Rights.
 */

static void test_the_administrator_may_do_everything(void **state _unused_) {
        Request request = { .principal = { .name = SPAN_LITERAL("user:admin"), .is_admin = true } };

        for (Right right = RIGHT_PUBLIC; right < RIGHT_N; right++)
                assert_true(request_may(&request, right, SPAN_LITERAL("prod")));
        assert_int_equal(request.reply.status, 0);
}

static void test_without_the_right_the_refusal_names_it_and_the_namespace(void **state _unused_) {
        Request request = { 0 };

        assert_false(request_may(&request, RIGHT_PUBLISHER, SPAN_LITERAL("prod.acme")));
        assert_int_equal(request.reply.status, 403);
        assert_non_null(memmem(request.reply.body.data, request.reply.body.size,
                               "'publisher' in namespace prod.acme",
                               strlen("'publisher' in namespace prod.acme")));
        assert_refused(&request, "forbidden", NULL);
}

static void test_without_the_right_everywhere_no_namespace_is_named(void **state _unused_) {
        Request request = { 0 };

        assert_false(request_may(&request, RIGHT_ADMIN, SPAN_NULL));
        assert_null(
                memmem(request.reply.body.data, request.reply.body.size, "namespace", strlen("namespace")));
        assert_refused(&request, "forbidden", NULL);
}

/*
 * Commands.
 */

static void test_a_command_has_the_one_operation_on_what_the_path_names(void **state _unused_) {
        Request request = { .params = { SPAN_LITERAL("prod"), SPAN_LITERAL("app") } };

        request.operation.type = OPERATION_DELETE;
        request_command(&request);
        assert_int_equal(request.command.n_operations, 1);
        assert_ptr_equal(request.command.operations, &request.operation);
        assert_int_equal(request.operation.type, OPERATION_DELETE);
        assert_true(span_equal_string(request.operation.namespace, "prod"));
        assert_true(span_equal_string(request.operation.key, "app"));
}

static void test_a_command_has_a_comment_even_when_none_was_given(void **state _unused_) {
        Request silent = { 0 }, telling = { .operation = { .comment = SPAN_LITERAL("why") } };

        request_command(&silent);
        assert_non_null(silent.operation.comment.data);
        assert_int_equal(silent.operation.comment.size, 0);
        request_command(&telling);
        assert_true(span_equal_string(telling.operation.comment, "why"));
}

static int n_freed;

static void count_freed(void *kept) {
        n_freed++;
        free(kept);
}

static void test_what_a_request_keeps_is_freed_once(void **state _unused_) {
        Request request = { .kept = malloc(1), .kept_free = count_freed };

        n_freed = 0;
        request_deinit(&request);
        assert_int_equal(n_freed, 1);
        request_deinit(&request);
        assert_int_equal(n_freed, 1);
}

static void test_a_request_releases_the_results_of_its_command(void **state _unused_) {
        Request request = { 0 };

        request_command(&request);
        request.operation.result.release = release_new(&(ConfigData){ .namespace = SPAN_LITERAL("prod"),
                                                                      .key = SPAN_LITERAL("app"),
                                                                      .updated_by = SPAN_LITERAL(""),
                                                                      .comment = SPAN_LITERAL("") },
                                                       SPAN_LITERAL("epoch"));
        request.operation.result.namespace_text = strdup("user:x");
        request_deinit(&request);
        assert_null(request.operation.result.release);
        assert_null(request.operation.result.namespace_text);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_parameter_is_found_by_its_whole_name),
                cmocka_unit_test(test_parameters_beyond_the_count_are_not_there),
                cmocka_unit_test(test_a_flag_is_true_or_false),
                cmocka_unit_test(test_a_flag_that_is_not_there_has_its_default),
                cmocka_unit_test(test_a_flag_with_any_other_value_is_refused),
                cmocka_unit_test(test_the_limit_is_100_where_none_is_given),
                cmocka_unit_test(test_a_limit_is_a_number_from_1_to_1000),
                cmocka_unit_test(test_any_other_limit_is_refused),
                cmocka_unit_test(test_a_version_is_a_number_from_1_on),
                cmocka_unit_test(test_a_version_that_is_not_there_is_0),
                cmocka_unit_test(test_any_other_version_is_refused_under_its_name),
                cmocka_unit_test(test_the_version_in_a_path_is_a_number_from_1_on),
                cmocka_unit_test(test_any_other_version_in_a_path_is_an_invalid_name),
                cmocka_unit_test(test_a_time_is_read_as_rfc_3339),
                cmocka_unit_test(test_a_time_that_is_not_there_has_its_default),
                cmocka_unit_test(test_any_other_time_is_refused_under_its_name),
                cmocka_unit_test(test_the_administrator_may_do_everything),
                cmocka_unit_test(test_without_the_right_the_refusal_names_it_and_the_namespace),
                cmocka_unit_test(test_without_the_right_everywhere_no_namespace_is_named),
                cmocka_unit_test(test_a_command_has_the_one_operation_on_what_the_path_names),
                cmocka_unit_test(test_a_command_has_a_comment_even_when_none_was_given),
                cmocka_unit_test(test_what_a_request_keeps_is_freed_once),
                cmocka_unit_test(test_a_request_releases_the_results_of_its_command),
        };

        return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
