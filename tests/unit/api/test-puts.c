#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/app.h"
#include "api/handlers.h"
#include "api/puts.h"
#include "model/macros.h"
#include "util/digest.h"

#define CONTENT_MAX 1000

static App app = { .content_max_bytes = CONTENT_MAX };

static Request make_request(const char *key, Span body) {
        return (Request){
                .app = &app,
                .params = { SPAN_LITERAL("prod"), span_from_string(key) },
                .body = body,
                .principal = { .name = SPAN_LITERAL("user:admin"), .is_admin = true },
        };
}

/* Return: the detail, to be looked at until the next call; NULL where there is none. */
static json_t *assert_refusal(const Request *request, const char *reason, const char *field) {
        static json_t *json;
        Span body = buf_span(&request->reply.body);
        json_t *detail;

        json_decref(json);
        json = json_loadb(body.data, body.size, 0, NULL);
        if (!json)
                fail_msg("no refusal: %.*s", (int)body.size, body.data);
        detail = json_array_get(json_object_get(json, "details"), 0);
        assert_int_equal(request->reply.status, json_integer_value(json_object_get(json, "code")));
        assert_string_equal(json_string_value(json_object_get(json, "reason")), reason);
        assert_int_equal(detail != NULL, field != NULL);
        if (field)
                assert_string_equal(json_string_value(json_object_get(detail, "field")), field);
        return detail;
}

static void assert_put_refused(Request request, const char *reason, const char *field) {
        assert_false(config_prepare_put(&request));
        assert_refusal(&request, reason, field);
        request_deinit(&request);
}

static void prepare(Request *request) {
        if (!config_prepare_put(request))
                fail_msg("refused: %.*s", (int)request->reply.body.size, request->reply.body.data);
        assert_int_equal(request->reply.status, 0);
}

/*
 * Fields.
 */

static void test_a_put_becomes_one_operation_with_all_its_fields(void **state _unused_) {
        Request request = make_request(
                "app",
                SPAN_LITERAL(
                        "{\"content\":\"a\\n\",\"format\":\"toml\",\"comment\":\"why\",\"publish\":true}"));
        uint8_t expected[SHA256_SIZE];

        prepare(&request);
        assert_int_equal(request.command.n_operations, 1);
        assert_ptr_equal(request.command.operations, &request.operation);
        assert_int_equal(request.operation.type, OPERATION_PUT);
        assert_true(span_equal_string(request.operation.namespace, "prod"));
        assert_true(span_equal_string(request.operation.key, "app"));
        assert_true(span_equal_string(request.operation.comment, "why"));
        assert_true(span_equal_string(request.operation.put.content, "a\n"));
        assert_int_equal(request.operation.put.format, FORMAT_TOML);
        assert_true(request.operation.put.publish);
        sha256(SPAN_LITERAL("a\n"), expected);
        assert_memory_equal(request.operation.put.sha256, expected, SHA256_SIZE);
        request_deinit(&request);
}

static void test_all_but_the_content_may_be_left_out(void **state _unused_) {
        Request request = make_request("app", SPAN_LITERAL("{\"content\":\"\"}"));

        prepare(&request);
        assert_non_null(request.operation.comment.data);
        assert_int_equal(request.operation.comment.size, 0);
        assert_non_null(request.operation.put.content.data);
        assert_int_equal(request.operation.put.content.size, 0);
        assert_false(request.operation.put.publish);
        assert_int_equal(request.operation.put.expectation, EXPECT_ANYTHING);
        request_deinit(&request);
}

static void test_without_a_content_a_put_is_refused(void **state _unused_) {
        assert_put_refused(make_request("app", SPAN_NULL), "invalid_field", "content");
        assert_put_refused(make_request("app", SPAN_LITERAL("{}")), "invalid_field", "content");
        assert_put_refused(make_request("app", SPAN_LITERAL("{\"content\":null}")), "invalid_field",
                           "content");
}

static void test_the_fields_of_a_transaction_are_unknown_to_a_put(void **state _unused_) {
        static const char *const names[] = { "namespace", "key", "op", "expect_version", "version" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                char body[128];

                (void)snprintf(body, sizeof(body), "{\"content\":\"\",\"%s\":\"x\"}", names[i]);
                assert_put_refused(make_request("app", span_from_string(body)), "unknown_field", names[i]);
        }
}

static void test_publishing_takes_the_publishers_right_too(void **state _unused_) {
        Request saving = make_request("app", SPAN_LITERAL("{\"content\":\"\",\"publish\":false}"));
        Request publishing = make_request("app", SPAN_LITERAL("{\"content\":\"\",\"publish\":true}"));

        saving.principal.is_admin = false;
        publishing.principal.is_admin = false;
        prepare(&saving);
        request_deinit(&saving);
        assert_put_refused(publishing, "forbidden", NULL);
}

/*
 * Formats.
 */

static Format format_of(const char *key, const char *format) {
        Request request;
        Format chosen;
        char body[128];

        if (format)
                (void)snprintf(body, sizeof(body), "{\"content\":\"1\",\"format\":\"%s\"}", format);
        else
                (void)snprintf(body, sizeof(body), "{\"content\":\"1\"}");
        request = make_request(key, span_from_string(body));
        prepare(&request);
        chosen = request.operation.put.format;
        request_deinit(&request);
        return chosen;
}

static void test_the_keys_extension_chooses_the_format(void **state _unused_) {
        assert_int_equal(format_of("app.json", NULL), FORMAT_JSON);
        assert_int_equal(format_of("app.yml", NULL), FORMAT_YAML);
        assert_int_equal(format_of("app.toml", NULL), FORMAT_TOML);
        assert_int_equal(format_of("app.properties", NULL), FORMAT_PROPERTIES);
        assert_int_equal(format_of("app.txt", NULL), FORMAT_TEXT);
        assert_int_equal(format_of("app", NULL), FORMAT_TEXT);
        assert_int_equal(format_of("app.conf", NULL), FORMAT_TEXT);
}

static void test_a_format_that_is_given_wins_over_the_extension(void **state _unused_) {
        assert_int_equal(format_of("app.json", "text"), FORMAT_TEXT);
        assert_int_equal(format_of("app.txt", "json"), FORMAT_JSON);
        assert_int_equal(format_of("app", "yaml"), FORMAT_YAML);
}

static void test_a_format_that_is_none_is_refused(void **state _unused_) {
        static const char *const formats[] = { "\"\"", "\"JSON\"", "\"yml\"", "\"ini\"", "\"json \"" };

        for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
                char body[128];

                (void)snprintf(body, sizeof(body), "{\"content\":\"1\",\"format\":%s}", formats[i]);
                assert_put_refused(make_request("app.json", span_from_string(body)), "invalid_field",
                                   "format");
        }
        assert_put_refused(make_request("app", SPAN_LITERAL("{\"content\":\"1\",\"format\":null}")),
                           "invalid_field", "format");
}

static void test_a_content_that_is_not_of_its_format_is_refused_with_its_place(void **state _unused_) {
        Request request = make_request("app.json", SPAN_LITERAL("{\"content\":\"{\\n  \\\"a\\\": ?\\n}\"}"));
        json_t *detail;

        assert_false(config_prepare_put(&request));
        assert_int_equal(request.reply.status, 422);
        detail = assert_refusal(&request, "invalid_content", "content");
        assert_int_equal(json_integer_value(json_object_get(detail, "line")), 2);
        assert_int_equal(json_integer_value(json_object_get(detail, "column")), 8);
        request_deinit(&request);
}

static void test_a_format_that_is_given_decides_what_the_content_must_be(void **state _unused_) {
        Request as_text = make_request("app.json", SPAN_LITERAL("{\"content\":\"{\",\"format\":\"text\"}"));

        prepare(&as_text);
        request_deinit(&as_text);
        assert_put_refused(make_request("app.txt", SPAN_LITERAL("{\"content\":\"{\",\"format\":\"json\"}")),
                           "invalid_content", "content");
}

static void test_a_nul_in_a_content_is_invalid_content(void **state _unused_) {
        assert_put_refused(make_request("app.txt", SPAN_LITERAL("{\"content\":\"a\\u0000b\"}")),
                           "invalid_content", "content");
}

/* A text of @size letters as JSON, to be freed. */
static char *content_body(size_t size, const char *before, const char *after) {
        char *body = malloc(size + strlen(before) + strlen(after) + 1);

        assert_non_null(body);
        strcpy(body, before);
        memset(body + strlen(before), 'x', size);
        strcpy(body + strlen(before) + size, after);
        return body;
}

static void test_a_content_has_up_to_as_many_bytes_as_are_set(void **state _unused_) {
        char *largest = content_body(CONTENT_MAX, "{\"content\":\"", "\"}");
        char *too_large = content_body(CONTENT_MAX + 1, "{\"content\":\"", "\"}");
        Request request = make_request("app", span_from_string(largest));

        prepare(&request);
        request_deinit(&request);
        assert_put_refused(make_request("app", span_from_string(too_large)), "content_too_large", "content");
        free(largest);
        free(too_large);
}

static void test_the_escapes_of_a_content_do_not_count(void **state _unused_) {
        char *body = content_body(CONTENT_MAX - 2, "{\"content\":\"\\u0041\\n", "\"}");
        Request request = make_request("app", span_from_string(body));

        prepare(&request);
        assert_int_equal(request.operation.put.content.size, CONTENT_MAX);
        request_deinit(&request);
        free(body);
}

/*
 * Preconditions.
 */

static Request conditional(const char *if_match, const char *if_none_match) {
        Request request = make_request("app", SPAN_LITERAL("{\"content\":\"\"}"));

        request.if_match = span_from_string(if_match);
        request.if_none_match = span_from_string(if_none_match);
        return request;
}

static void assert_expectation(const char *if_match, const char *if_none_match, Expectation expected,
                               int64_t expected_version) {
        Request request = conditional(if_match, if_none_match);

        prepare(&request);
        assert_int_equal(request.operation.put.expectation, expected);
        if (expected == EXPECT_VERSION)
                assert_int_equal(request.operation.put.expected_version, expected_version);
        request_deinit(&request);
}

static void test_if_match_expects_a_version(void **state _unused_) {
        assert_expectation("\"7\"", NULL, EXPECT_VERSION, 7);
        assert_expectation("\"1\"", NULL, EXPECT_VERSION, 1);
        assert_expectation("\"123456789012345678\"", NULL, EXPECT_VERSION, INT64_C(123456789012345678));
}

static void test_if_match_takes_the_tag_of_a_get(void **state _unused_) {
        assert_expectation("\"7-4711-0123abcd\"", NULL, EXPECT_VERSION, 7);
        assert_expectation("\"10-1-ffffffff\"", NULL, EXPECT_VERSION, 10);
}

static void test_a_star_expects_any_version(void **state _unused_) {
        assert_expectation("*", NULL, EXPECT_PRESENT, 0);
}

static void test_if_none_match_with_a_star_expects_none(void **state _unused_) {
        assert_expectation(NULL, "*", EXPECT_ABSENT, 0);
}

static void test_any_other_if_match_is_refused(void **state _unused_) {
        static const char *const values[] = {
                "",
                "7",
                "\"\"",
                "\"",
                "\"7",
                "7\"",
                "\"0\"",
                "\"-1\"",
                "\"+7\"",
                "\" 7\"",
                "\"a\"",
                "\"7a\"",
                "'7'",
                "W/\"7\"",
                "\"7.5\"",
                "**",
                "\"*\"",
                "\"-\"",
                "\"7\" ",
                "\"7\"x\"",
                "\"7\", \"8\"",
                "\"7\",\"8\"",
                "\"7-1-0123abcd\", \"8-2-0123abcd\"",
                "\"12345678901234567890\"",
                "\"1234567890123456789\"",
        };

        for (size_t i = 0; i < ARRAY_SIZE(values); i++)
                assert_put_refused(conditional(values[i], NULL), "invalid_header", "If-Match");
}

static void test_any_other_if_none_match_is_refused(void **state _unused_) {
        static const char *const values[] = { "", "\"7\"", "\"*\"", "**", "*, \"7\"", "W/\"7\"" };

        for (size_t i = 0; i < ARRAY_SIZE(values); i++)
                assert_put_refused(conditional(NULL, values[i]), "invalid_header", "If-None-Match");
}

static void test_the_two_headers_do_not_go_together(void **state _unused_) {
        assert_put_refused(conditional("\"7\"", "*"), "invalid_header", "If-None-Match");
        assert_put_refused(conditional("*", "*"), "invalid_header", "If-None-Match");
}

/*
 * Answers.
 */

static void assert_answer(bool is_new, bool created, int status) {
        Request request = make_request("app", SPAN_NULL);
        json_auto_t *json = NULL;
        json_t *data;

        request.operation.result.release =
                release_new(&(ConfigData){ .namespace = SPAN_LITERAL("prod"),
                                           .key = SPAN_LITERAL("app"),
                                           .version = 3,
                                           .revision = 9,
                                           .content = SPAN_LITERAL("a}\"created\":0"),
                                           .updated_by = SPAN_LITERAL("user:x"),
                                           .comment = SPAN_LITERAL("}") },
                            SPAN_LITERAL("epoch"));
        request.operation.result.is_new = is_new;
        request.operation.result.created = created;
        request_command(&request);
        config_answer_put(&request);
        assert_int_equal(request.reply.status, status);

        json = json_loadb(request.reply.body.data, request.reply.body.size, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(json);
        assert_int_equal(json_integer_value(json_object_get(json, "code")), status);
        data = json_object_get(json, "data");
        assert_int_equal(json_object_size(data), 11);
        assert_int_equal(json_is_true(json_object_get(data, "created")), created);
        assert_true(json_is_boolean(json_object_get(data, "created")));
        assert_int_equal(json_integer_value(json_object_get(data, "version")), 3);
        assert_string_equal(json_string_value(json_object_get(data, "content")), "a}\"created\":0");
        request_deinit(&request);
}

static void test_a_new_config_is_answered_with_201(void **state _unused_) {
        assert_answer(true, true, 201);
}

static void test_a_config_that_was_there_is_answered_with_200(void **state _unused_) {
        assert_answer(false, true, 200);
        assert_answer(false, false, 200);
}

/*
 * In a transaction.
 */

static Request transaction(const char *operations) {
        static char body[16384];

        (void)snprintf(body, sizeof(body), "{\"comment\":\"all\",\"operations\":[%s]}", operations);
        return make_request(NULL, span_from_string(body));
}

#define PUT_A "{\"op\":\"put\",\"namespace\":\"prod\",\"key\":\"a.json\",\"content\":\"1\"}"

static void prepare_transaction(Request *request) {
        if (!transaction_prepare(request))
                fail_msg("refused: %.*s", (int)request->reply.body.size, request->reply.body.data);
        assert_int_equal(request->reply.status, 0);
        assert_true(request->is_transaction);
}

static void assert_transaction_refused(const char *operations, const char *reason, const char *field) {
        Request request = transaction(operations);

        if (transaction_prepare(&request))
                fail_msg("accepted: %s", operations);
        assert_refusal(&request, reason, field);
        request_deinit(&request);
}

static void test_a_put_of_a_transaction_has_the_same_fields(void **state _unused_) {
        Request request =
                transaction(PUT_A ",{\"op\":\"put\",\"namespace\":\"dev\",\"key\":\"b\",\"content\":\"{\","
                                  "\"format\":\"text\",\"comment\":\"own\",\"publish\":true}");
        const Operation *operations;

        prepare_transaction(&request);
        operations = request.command.operations;
        assert_int_equal(request.command.n_operations, 2);
        assert_int_equal(operations[0].type, OPERATION_PUT);
        assert_int_equal(operations[0].put.format, FORMAT_JSON);
        assert_int_equal(operations[0].put.expectation, EXPECT_ANYTHING);
        assert_false(operations[0].put.publish);
        assert_true(span_equal_string(operations[1].namespace, "dev"));
        assert_true(span_equal_string(operations[1].key, "b"));
        assert_int_equal(operations[1].put.format, FORMAT_TEXT);
        assert_true(operations[1].put.publish);
        request_deinit(&request);
}

static void test_an_operations_comment_defaults_to_the_transactions(void **state _unused_) {
        Request request = transaction(
                PUT_A ",{\"op\":\"publish\",\"namespace\":\"dev\",\"key\":\"b\",\"comment\":\"own\"}"
                      ",{\"op\":\"publish\",\"namespace\":\"dev\",\"key\":\"b\",\"comment\":\"\"}"
                      ",{\"op\":\"delete\",\"namespace\":\"dev\",\"key\":\"b\"}");

        prepare_transaction(&request);
        assert_true(span_equal_string(request.command.operations[0].comment, "all"));
        assert_true(span_equal_string(request.command.operations[1].comment, "own"));
        assert_true(span_equal_string(request.command.operations[2].comment, ""));
        assert_true(span_equal_string(request.command.operations[3].comment, "all"));
        request_deinit(&request);
}

static void test_expect_version_0_expects_none_and_any_other_that_one(void **state _unused_) {
        Request request = transaction(
                "{\"op\":\"put\",\"namespace\":\"a\",\"key\":\"k\",\"content\":\"\",\"expect_version\":0},"
                "{\"op\":\"put\",\"namespace\":\"a\",\"key\":\"k\",\"content\":\"\",\"expect_version\":12}");

        prepare_transaction(&request);
        assert_int_equal(request.command.operations[0].put.expectation, EXPECT_ABSENT);
        assert_int_equal(request.command.operations[1].put.expectation, EXPECT_VERSION);
        assert_int_equal(request.command.operations[1].put.expected_version, 12);
        request_deinit(&request);
}

static void test_the_other_operations_have_their_own_fields(void **state _unused_) {
        Request request = transaction("{\"op\":\"publish\",\"namespace\":\"a\",\"key\":\"k\",\"version\":3},"
                                      "{\"op\":\"publish\",\"namespace\":\"a\",\"key\":\"k\"},"
                                      "{\"op\":\"rollback\",\"namespace\":\"a\",\"key\":\"k\",\"to\":2},"
                                      "{\"op\":\"rollback\",\"namespace\":\"a\",\"key\":\"k\"},"
                                      "{\"op\":\"delete\",\"namespace\":\"a\",\"key\":\"k\"}");
        const Operation *operations;

        prepare_transaction(&request);
        operations = request.command.operations;
        assert_int_equal(operations[0].type, OPERATION_PUBLISH);
        assert_int_equal(operations[0].publish_version, 3);
        assert_int_equal(operations[1].publish_version, 0);
        assert_int_equal(operations[2].type, OPERATION_ROLLBACK);
        assert_int_equal(operations[2].rollback.to, 2);
        assert_int_equal(operations[3].rollback.to, 0);
        assert_int_equal(operations[4].type, OPERATION_DELETE);
        request_deinit(&request);
}

static void test_a_fault_is_told_with_the_operations_place(void **state _unused_) {
        static const struct {
                const char *operation;
                const char *reason;
                const char *field;
        } rows[] = {
                { "{\"op\":\"put\",\"namespace\":\"a\",\"key\":\"k\"}", "invalid_field",
                  "operations[1].content" },
                { "{\"op\":\"put\",\"namespace\":\"a\",\"key\":\"k\",\"content\":1}", "invalid_field",
                  "operations[1].content" },
                { "{\"op\":\"put\",\"namespace\":\"a\",\"key\":\"k.json\",\"content\":\"{\"}",
                  "invalid_content", "operations[1].content" },
                { "{\"op\":\"put\",\"namespace\":\"a\",\"key\":\"k\",\"content\":\"\",\"format\":\"ini\"}",
                  "invalid_field", "operations[1].format" },
                { "{\"op\":\"put\",\"namespace\":\"a\",\"key\":\"k\",\"content\":\"\",\"expect_version\":-1}",
                  "invalid_field", "operations[1].expect_version" },
                { "{\"op\":\"put\",\"namespace\":\"A\",\"key\":\"k\",\"content\":\"\"}", "invalid_name",
                  "operations[1].namespace" },
                { "{\"op\":\"put\",\"namespace\":\"a\",\"key\":\".k\",\"content\":\"\"}", "invalid_name",
                  "operations[1].key" },
                { "{\"op\":\"put\",\"key\":\"k\",\"content\":\"\"}", "invalid_field",
                  "operations[1].namespace" },
                { "{\"op\":\"put\",\"namespace\":\"a\",\"content\":\"\"}", "invalid_field",
                  "operations[1].key" },
                { "{\"op\":\"put\",\"namespace\":\"a\",\"key\":\"k\",\"content\":\"\",\"to\":1}",
                  "unknown_field", "operations[1].to" },
                { "{\"op\":\"publish\",\"namespace\":\"a\",\"key\":\"k\",\"version\":0}", "invalid_field",
                  "operations[1].version" },
                { "{\"op\":\"publish\",\"namespace\":\"a\",\"key\":\"k\",\"content\":\"\"}", "unknown_field",
                  "operations[1].content" },
                { "{\"op\":\"rollback\",\"namespace\":\"a\",\"key\":\"k\",\"to\":\"1\"}", "invalid_field",
                  "operations[1].to" },
                { "{\"op\":\"destroy\",\"namespace\":\"a\",\"key\":\"k\"}", "invalid_field",
                  "operations[1].op" },
                { "{\"namespace\":\"a\",\"key\":\"k\"}", "invalid_field", "operations[1].op" },
                { "{\"op\":1,\"namespace\":\"a\",\"key\":\"k\"}", "invalid_field", "operations[1].op" },
                { "[]", "invalid_field", "operations[1]" },
                { "null", "invalid_field", "operations[1]" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char operations[512];

                (void)snprintf(operations, sizeof(operations), "%s,%s", PUT_A, rows[i].operation);
                assert_transaction_refused(operations, rows[i].reason, rows[i].field);
        }
}

static void test_each_content_of_a_transaction_has_its_limit(void **state _unused_) {
        char *operation = content_body(
                CONTENT_MAX + 1, "{\"op\":\"put\",\"namespace\":\"a\",\"key\":\"k\",\"content\":\"", "\"}");

        assert_transaction_refused(operation, "content_too_large", "operations[0].content");
        free(operation);
}

/* Four puts, the first of which has @n_more bytes above 4 MiB. */
static Request large_transaction(Buf *body, size_t n_more) {
        buf_append_literal(body, "{\"operations\":[");
        for (int i = 0; i < 4; i++) {
                size_t size = 4 * 1024 * 1024 + (i ? 0 : n_more);

                buf_append_format(body, "%s{\"op\":\"put\",\"namespace\":\"a\",\"key\":\"k\",\"content\":\"",
                                  i ? "," : "");
                memset(buf_reserve(body, size), 'x', size);
                buf_advance(body, size);
                buf_append_literal(body, "\"}");
        }
        buf_append_literal(body, "]}");
        return make_request(NULL, buf_span(body));
}

static int raise_content_max(void **state _unused_) {
        app.content_max_bytes = 5 * 1024 * 1024;
        return 0;
}

static int reset_content_max(void **state _unused_) {
        app.content_max_bytes = CONTENT_MAX;
        return 0;
}

static void test_the_contents_of_a_transaction_have_16_mebibytes_together(void **state _unused_) {
        _cleanup_(buf_deinit) Buf largest = BUF_NULL, too_large = BUF_NULL;
        Request request = large_transaction(&largest, 0);

        prepare_transaction(&request);
        request_deinit(&request);
        request = large_transaction(&too_large, 1);
        assert_false(transaction_prepare(&request));
        assert_refusal(&request, "content_too_large", "operations");
        request_deinit(&request);
}

static void assert_number_of_operations(int n, bool accepted) {
        _cleanup_(buf_deinit) Buf body = BUF_NULL;
        Request request;

        buf_append_literal(&body, "{\"operations\":[");
        for (int i = 0; i < n; i++)
                buf_append_format(&body, "%s%s", i ? "," : "", PUT_A);
        buf_append_literal(&body, "]}");
        request = make_request(NULL, buf_span(&body));
        assert_int_equal(transaction_prepare(&request), accepted);
        if (accepted)
                assert_int_equal(request.command.n_operations, n);
        else
                assert_refusal(&request, "invalid_field", "operations");
        request_deinit(&request);
}

static void test_a_transaction_has_1_to_128_operations(void **state _unused_) {
        assert_number_of_operations(0, false);
        assert_number_of_operations(1, true);
        assert_number_of_operations(128, true);
        assert_number_of_operations(129, false);
}

static void test_every_operation_of_a_transaction_takes_its_right(void **state _unused_) {
        Request request = transaction(PUT_A ",{\"op\":\"delete\",\"namespace\":\"a\",\"key\":\"k\"}");

        request.principal.is_admin = false;
        assert_false(transaction_prepare(&request));
        assert_refusal(&request, "forbidden", NULL);
        request_deinit(&request);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_put_becomes_one_operation_with_all_its_fields),
                cmocka_unit_test(test_all_but_the_content_may_be_left_out),
                cmocka_unit_test(test_without_a_content_a_put_is_refused),
                cmocka_unit_test(test_the_fields_of_a_transaction_are_unknown_to_a_put),
                cmocka_unit_test(test_publishing_takes_the_publishers_right_too),
                cmocka_unit_test(test_the_keys_extension_chooses_the_format),
                cmocka_unit_test(test_a_format_that_is_given_wins_over_the_extension),
                cmocka_unit_test(test_a_format_that_is_none_is_refused),
                cmocka_unit_test(test_a_content_that_is_not_of_its_format_is_refused_with_its_place),
                cmocka_unit_test(test_a_format_that_is_given_decides_what_the_content_must_be),
                cmocka_unit_test(test_a_nul_in_a_content_is_invalid_content),
                cmocka_unit_test(test_a_content_has_up_to_as_many_bytes_as_are_set),
                cmocka_unit_test(test_the_escapes_of_a_content_do_not_count),
                cmocka_unit_test(test_if_match_expects_a_version),
                cmocka_unit_test(test_if_match_takes_the_tag_of_a_get),
                cmocka_unit_test(test_a_star_expects_any_version),
                cmocka_unit_test(test_if_none_match_with_a_star_expects_none),
                cmocka_unit_test(test_any_other_if_match_is_refused),
                cmocka_unit_test(test_any_other_if_none_match_is_refused),
                cmocka_unit_test(test_the_two_headers_do_not_go_together),
                cmocka_unit_test(test_a_new_config_is_answered_with_201),
                cmocka_unit_test(test_a_config_that_was_there_is_answered_with_200),
                cmocka_unit_test(test_a_put_of_a_transaction_has_the_same_fields),
                cmocka_unit_test(test_an_operations_comment_defaults_to_the_transactions),
                cmocka_unit_test(test_expect_version_0_expects_none_and_any_other_that_one),
                cmocka_unit_test(test_the_other_operations_have_their_own_fields),
                cmocka_unit_test(test_a_fault_is_told_with_the_operations_place),
                cmocka_unit_test(test_each_content_of_a_transaction_has_its_limit),
                cmocka_unit_test_setup_teardown(test_the_contents_of_a_transaction_have_16_mebibytes_together,
                                                raise_content_max, reset_content_max),
                cmocka_unit_test(test_a_transaction_has_1_to_128_operations),
                cmocka_unit_test(test_every_operation_of_a_transaction_takes_its_right),
        };

        return cmocka_run_group_tests_name("puts", tests, NULL, NULL);
}
