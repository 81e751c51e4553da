#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http/request.h"
#include "model/macros.h"

static json_t *parse_body(const Request *request) {
        Span body = buf_span(&request->reply.body);
        json_error_t error;
        json_t *json = json_loadb(body.data, body.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

        if (!json)
                fail_msg("jansson: %s in %.*s", error.text, (int)body.size, body.data);
        return json;
}

static void assert_members(json_t *object, const char *expected) {
        char names[256] = "";
        const char *name;
        json_t *value;

        json_object_foreach(object, name, value) {
                strcat(names, name);
                strcat(names, " ");
        }
        assert_string_equal(names, expected);
}

static const char *text_of(const json_t *object, const char *name) {
        const char *text = json_string_value(json_object_get(object, name));

        assert_non_null(text);
        return text;
}

/* Of a refusal: the whole envelope, and its one detail. @field: NULL where there are to be no details. */
static void assert_refusal(const Request *request, Reason reason, const char *field) {
        json_auto_t *json = parse_body(request);
        json_t *details = json_object_get(json, "details");

        assert_int_equal(request->reply.reason, reason);
        assert_int_equal(request->reply.status, reason_status(reason));
        assert_string_equal(request->reply.content_type, "application/json");
        assert_members(json, field ? "code message reason data details " : "code message reason data ");
        assert_int_equal(json_integer_value(json_object_get(json, "code")), reason_status(reason));
        assert_string_equal(text_of(json, "reason"), reason_to_string(reason));
        assert_true(json_is_null(json_object_get(json, "data")));
        assert_true(strlen(text_of(json, "message")) > 0);
        if (!field)
                return;

        assert_int_equal(json_array_size(details), 1);
        assert_string_equal(text_of(json_array_get(details, 0), "field"), field);
        assert_string_equal(text_of(json_array_get(details, 0), "problem"), text_of(json, "message"));
}

static void test_a_success_has_code_message_and_data(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };
        json_auto_t *json = NULL;

        buf_append_literal(reply_begin(&request, 201), "{\"a\":[1,2]}");
        reply_end(&request);
        json = parse_body(&request);
        assert_members(json, "code message data ");
        assert_int_equal(json_integer_value(json_object_get(json, "code")), 201);
        assert_string_equal(text_of(json, "message"), "ok");
        assert_int_equal(json_array_size(json_object_get(json_object_get(json, "data"), "a")), 2);
        assert_int_equal(request.reply.status, 201);
        assert_string_equal(request.reply.content_type, "application/json");
}

static Release *make_release(void) {
        Release *release = release_new(&(ConfigData){ .namespace = SPAN_LITERAL("prod"),
                                                      .key = SPAN_LITERAL("app"),
                                                      .version = 3,
                                                      .revision = 5,
                                                      .content = SPAN_LITERAL("x"),
                                                      .updated_by = SPAN_LITERAL("user:x"),
                                                      .comment = SPAN_LITERAL("") },
                                       SPAN_LITERAL("epoch"));

        assert_non_null(release);
        return release;
}

static void test_a_release_is_answered_by_reference_with_its_tag(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };
        Release *release = make_release();

        reply_release(&request, release);
        release_unref(release);
        assert_int_equal(request.reply.status, 200);
        assert_ptr_equal(request.reply.release, release);
        assert_true(span_starts_with(request.reply.etag, SPAN_LITERAL("\"3-5-")));
        assert_int_equal(release_version(request.reply.release), 3);
        assert_int_equal(request.reply.tail_size, 0);
}

static void test_a_chosen_release_ends_with_its_rule(void **state _unused_) {
        static const struct {
                int rule;
                const char *tail;
        } rows[] = {
                { 0, ",\"gray\":true,\"rule\":0}" },
                { 9, ",\"gray\":true,\"rule\":9}" },
                { 10, ",\"gray\":true,\"rule\":10}" },
                { 63, ",\"gray\":true,\"rule\":63}" },
        };
        _cleanup_(release_unrefp) Release *release = make_release();

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(request_deinit) Request request = { 0 };

                reply_chosen_release(&request, release, rows[i].rule);
                assert_true(span_equal_string((Span){ request.reply.tail, request.reply.tail_size },
                                              rows[i].tail));
                assert_ptr_equal(request.reply.release, release);
                assert_true(span_starts_with(request.reply.etag, SPAN_LITERAL("\"3-5-")));
        }
}

static void test_a_refusal_without_a_field_has_no_details(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };
        json_auto_t *json = NULL;

        reply_refusal(&request, REASON_BUSY, NULL, "try %s", "later");
        assert_refusal(&request, REASON_BUSY, NULL);
        json = parse_body(&request);
        assert_string_equal(text_of(json, "message"), "try later");
}

static void test_a_refusal_names_the_field_and_its_problem(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };
        json_auto_t *json = NULL;

        reply_refusal(&request, REASON_INVALID_FIELD, "operations[3].key", "%d is too many", 7);
        assert_refusal(&request, REASON_INVALID_FIELD, "operations[3].key");
        json = parse_body(&request);
        assert_members(json_array_get(json_object_get(json, "details"), 0), "field problem ");
        assert_string_equal(text_of(json, "message"), "7 is too many");
}

static void test_a_refusal_names_the_place_where_one_is_known(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };
        json_auto_t *json = NULL;
        Problem problem;
        json_t *detail;

        problem_set(&problem, "content", "no value");
        problem.line = 12;
        problem.column = 34;
        reply_refuse(&request, REASON_INVALID_CONTENT, &problem);
        assert_refusal(&request, REASON_INVALID_CONTENT, "content");
        json = parse_body(&request);
        detail = json_array_get(json_object_get(json, "details"), 0);
        assert_members(detail, "field line column problem ");
        assert_int_equal(json_integer_value(json_object_get(detail, "line")), 12);
        assert_int_equal(json_integer_value(json_object_get(detail, "column")), 34);
}

static void test_texts_of_any_kind_are_escaped(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };
        json_auto_t *json = NULL;

        reply_refusal(&request, REASON_UNKNOWN_FIELD, "a\"b\\c\n\x01\xc3\xa9", "%s",
                      "\"quoted\"\n\x1f%s\xe2\x82\xac");
        assert_refusal(&request, REASON_UNKNOWN_FIELD, "a\"b\\c\n\x01\xc3\xa9");
        json = parse_body(&request);
        assert_string_equal(text_of(json, "message"), "\"quoted\"\n\x1f%s\xe2\x82\xac");
}

static void test_a_text_that_is_too_long_is_cut(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };
        json_auto_t *json = NULL;
        char field[500], text[1000];

        memset(field, 'f', sizeof(field) - 1);
        field[sizeof(field) - 1] = '\0';
        memset(text, 't', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        reply_refusal(&request, REASON_UNKNOWN_FIELD, field, "%s", text);
        field[PROBLEM_FIELD_MAX - 1] = '\0';
        assert_refusal(&request, REASON_UNKNOWN_FIELD, field);
        json = parse_body(&request);
        assert_int_equal(strlen(text_of(json, "message")), PROBLEM_TEXT_MAX - 1);
}

/* Fills all of @to with @n_before letters, then with @character again and again. */
static void fill_text(char *to, size_t size, size_t n_before, const char *character) {
        size_t used = n_before;

        memset(to, 'a', n_before);
        for (; used + strlen(character) < size; used += strlen(character))
                memcpy(to + used, character, strlen(character));
        to[used] = '\0';
}

/* Names that a client sent are told back: of a query parameter, "%ff=1", or of a long member of a body. */
static void test_an_answer_is_utf8_whatever_it_names(void **state _unused_) {
        static const char *const names[] = {
                "\xff", "a\x80", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xc0\xaf", "\xf5\x80\x80\x80"
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_(request_deinit) Request request = { 0 };
                json_auto_t *json = NULL;

                reply_refusal(&request, REASON_UNKNOWN_PARAMETER, names[i], "there is no '%s' here",
                              names[i]);
                json = parse_body(&request);
                assert_int_equal(json_array_size(json_object_get(json, "details")), 1);
        }
}

static void test_a_text_is_not_cut_inside_a_character(void **state _unused_) {
        static const char *const characters[] = { "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };
        char name[400], text[600];

        for (size_t i = 0; i < ARRAY_SIZE(characters); i++)
                for (size_t n_before = 0; n_before < 4; n_before++) {
                        _cleanup_(request_deinit) Request request = { 0 };
                        json_auto_t *json = NULL;

                        fill_text(name, sizeof(name), n_before, characters[i]);
                        fill_text(text, sizeof(text), n_before, characters[i]);
                        reply_refusal(&request, REASON_UNKNOWN_FIELD, name, "%s", text);
                        json = parse_body(&request);
                        assert_true(strlen(text_of(json, "message")) > PROBLEM_TEXT_MAX - 8);
                }
}

static void test_a_refusal_replaces_the_reply_that_was_begun(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };

        buf_append_literal(reply_begin(&request, 200), "[1,2");
        buf_append_literal(&request.reply.location, "/somewhere");
        buf_append_literal(&request.reply.cookie, "confer_session=x");
        request.reply.is_raw_content = true;
        request.reply.etag = SPAN_LITERAL("\"1\"");
        reply_refusal(&request, REASON_QUERY_TIMEOUT, NULL, "too slow");
        assert_refusal(&request, REASON_QUERY_TIMEOUT, NULL);
        assert_int_equal(request.reply.location.size, 0);
        assert_int_equal(request.reply.cookie.size, 0);
        assert_false(request.reply.is_raw_content);
        assert_null(request.reply.etag.data);
}

static void test_a_second_refusal_replaces_the_first(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };

        reply_refusal(&request, REASON_INVALID_FIELD, "a", "first");
        reply_refusal(&request, REASON_NOT_FOUND, NULL, "second");
        assert_refusal(&request, REASON_NOT_FOUND, NULL);
}

static void test_a_cleared_reply_can_be_made_anew(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };

        buf_append_literal(reply_begin(&request, 200), "1");
        reply_clear(&request.reply);
        assert_int_equal(request.reply.status, 0);
        assert_int_equal(request.reply.body.size, 0);
        reply_refusal(&request, REASON_NOT_FOUND, NULL, "no");
        assert_refusal(&request, REASON_NOT_FOUND, NULL);
}

/*
 * Reasons.
 */

static void test_every_reason_has_a_name_of_its_own_and_an_error_status(void **state _unused_) {
        for (Reason reason = 0; reason < REASON_N; reason++) {
                const char *name = reason_to_string(reason);

                assert_non_null(name);
                assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
                assert_in_range(reason_status(reason), 400, 599);
                for (Reason other = 0; other < reason; other++)
                        assert_string_not_equal(name, reason_to_string(other));
        }
}

static void test_every_status_that_is_answered_has_a_phrase(void **state _unused_) {
        static const int others[] = { 200, 201, 304 };

        for (Reason reason = 0; reason < REASON_N; reason++)
                assert_string_not_equal(status_phrase(reason_status(reason)), "Unknown");
        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                assert_string_not_equal(status_phrase(others[i]), "Unknown");
}

/*
 * Outcomes of the store.
 */

static const struct {
        StoreOutcome outcome;
        Reason reason;
        int status;
        const char *field;                /* in an answer to a request of its own; NULL for none */
        const char *field_in_transaction; /* after "operations[2]." */
} outcomes[] = {
        { STORE_E_NAMESPACE_UNKNOWN, REASON_NAMESPACE_NOT_FOUND, 404, "namespace", "namespace" },
        { STORE_E_NAMESPACE_EXISTS, REASON_NAMESPACE_EXISTS, 409, "name", "name" },
        { STORE_E_NAMESPACE_NOT_EMPTY, REASON_NAMESPACE_NOT_EMPTY, 409, "recursive", "recursive" },
        { STORE_E_CONFIG_UNKNOWN, REASON_CONFIG_NOT_FOUND, 404, "key", "key" },
        { STORE_E_VERSION_UNKNOWN, REASON_VERSION_NOT_FOUND, 404, "version", "version" },
        { STORE_E_VERSION_CONFLICT, REASON_VERSION_CONFLICT, 412, "If-Match", "expect_version" },
        { STORE_E_NOTHING_TO_ROLL_BACK, REASON_NOTHING_TO_ROLL_BACK, 409, "to", "to" },
        { STORE_E_GRAY_UNKNOWN, REASON_GRAY_NOT_FOUND, 404, "key", "key" },
        { STORE_E_GRAY_INVALID, REASON_INVALID_FIELD, 400, "version", "version" },
        { STORE_E_GRAY_NOTHING_STABLE, REASON_NOTHING_PUBLISHED, 409, "key", "key" },
        { STORE_E_RAMP_STATE, REASON_RAMP_STATE, 409, NULL, NULL },
        { STORE_E_DEAD_LETTER_UNKNOWN, REASON_DEAD_LETTER_NOT_FOUND, 404, NULL, NULL },
        { STORE_E_QUARANTINE_UNKNOWN, REASON_QUARANTINED_KEY_NOT_FOUND, 404, NULL, NULL },
        { STORE_E_SCHEMA_VIOLATION, REASON_SCHEMA_VIOLATION, 422, "content", "content" },
        { STORE_E_SCHEMA_INVALID, REASON_SCHEMA_INVALID, 422, "content", "content" },
        { STORE_E_SCHEMA_IN_USE, REASON_SCHEMA_IN_USE, 409, "key", "key" },
        { STORE_E_SCHEMA_UNKNOWN, REASON_SCHEMA_NOT_FOUND, 404, "key", "key" },
        { STORE_E_BUSY, REASON_BUSY, 503, NULL, NULL },
        { STORE_E_FAILED, REASON_STORAGE_FAILED, 503, NULL, NULL },
};

static void test_every_outcome_of_the_store_has_its_reason_and_field(void **state _unused_) {
        assert_int_equal(ARRAY_SIZE(outcomes), STORE_OUTCOME_N - 1);
        for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
                _cleanup_(request_deinit) Request request = { 0 };

                reply_store_outcome(&request, outcomes[i].outcome, NULL);
                assert_int_equal(reason_status(outcomes[i].reason), outcomes[i].status);
                assert_refusal(&request, outcomes[i].reason, outcomes[i].field);
        }
}

static void test_in_a_transaction_the_field_is_that_of_the_operation_that_failed(void **state _unused_) {
        for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
                Operation operations[3] = { { .type = OPERATION_PUT },
                                            { .type = OPERATION_PUT },
                                            { .type = OPERATION_PUT } };
                _cleanup_(request_deinit) Request request = {
                        .is_transaction = true,
                        .command = { .operations = operations, .n_operations = 3, .failed_operation = 2 },
                };
                char field[64];

                reply_store_outcome(&request, outcomes[i].outcome, NULL);
                (void)snprintf(field, sizeof(field), "operations[2].%s",
                               outcomes[i].field_in_transaction ? outcomes[i].field_in_transaction : "");
                assert_refusal(&request, outcomes[i].reason, outcomes[i].field_in_transaction ? field : NULL);
        }
}

static void test_what_the_store_says_is_passed_on(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };
        json_auto_t *json = NULL;
        Problem problem;

        problem_set(&problem, NULL, "version 7 was expected, the newest is 9");
        reply_store_outcome(&request, STORE_E_VERSION_CONFLICT, &problem);
        assert_refusal(&request, REASON_VERSION_CONFLICT, "If-Match");
        json = parse_body(&request);
        assert_string_equal(text_of(json, "message"), "version 7 was expected, the newest is 9");
        assert_string_equal(problem.field, "");
}

static void test_a_missed_if_none_match_is_named(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { .if_none_match = SPAN_LITERAL("*") };

        reply_store_outcome(&request, STORE_E_VERSION_CONFLICT, NULL);
        assert_refusal(&request, REASON_VERSION_CONFLICT, "If-None-Match");
}

static void test_headers_are_not_named_in_a_transaction(void **state _unused_) {
        Operation operation = { .type = OPERATION_PUT };
        _cleanup_(request_deinit) Request request = {
                .is_transaction = true,
                .if_none_match = SPAN_LITERAL("*"),
                .command = { .operations = &operation, .n_operations = 1 },
        };

        reply_store_outcome(&request, STORE_E_VERSION_CONFLICT, NULL);
        assert_refusal(&request, REASON_VERSION_CONFLICT, "operations[0].expect_version");
}

static void test_the_version_of_a_rollback_is_named_to(void **state _unused_) {
        Operation operations[2] = { { .type = OPERATION_PUBLISH }, { .type = OPERATION_ROLLBACK } };
        _cleanup_(request_deinit)
                Request alone = { .command = { .operations = &operations[1], .n_operations = 1 } };
        _cleanup_(request_deinit) Request together = {
                .is_transaction = true,
                .command = { .operations = operations, .n_operations = 2, .failed_operation = 1 },
        };

        reply_store_outcome(&alone, STORE_E_VERSION_UNKNOWN, NULL);
        assert_refusal(&alone, REASON_VERSION_NOT_FOUND, "to");
        reply_store_outcome(&together, STORE_E_VERSION_UNKNOWN, NULL);
        assert_refusal(&together, REASON_VERSION_NOT_FOUND, "operations[1].to");
        together.command.failed_operation = 0;
        reply_store_outcome(&together, STORE_E_VERSION_UNKNOWN, NULL);
        assert_refusal(&together, REASON_VERSION_NOT_FOUND, "operations[0].version");
}

static void test_a_query_past_its_time_is_answered_so(void **state _unused_) {
        _cleanup_(request_deinit) Request request = { 0 };

        reply_store_outcome(&request, -ETIMEDOUT, NULL);
        assert_refusal(&request, REASON_QUERY_TIMEOUT, NULL);
}

static void test_any_other_failure_to_read_is_one_of_the_store(void **state _unused_) {
        static const int errors[] = { -EIO, -EBADMSG, -ENOMEM, -EINVAL, -EBUSY };

        for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
                _cleanup_(request_deinit) Request request = { 0 };

                reply_store_outcome(&request, errors[i], NULL);
                assert_refusal(&request, REASON_STORAGE_FAILED, NULL);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_success_has_code_message_and_data),
                cmocka_unit_test(test_a_release_is_answered_by_reference_with_its_tag),
                cmocka_unit_test(test_a_chosen_release_ends_with_its_rule),
                cmocka_unit_test(test_a_refusal_without_a_field_has_no_details),
                cmocka_unit_test(test_a_refusal_names_the_field_and_its_problem),
                cmocka_unit_test(test_a_refusal_names_the_place_where_one_is_known),
                cmocka_unit_test(test_texts_of_any_kind_are_escaped),
                cmocka_unit_test(test_a_text_that_is_too_long_is_cut),
                cmocka_unit_test(test_an_answer_is_utf8_whatever_it_names),
                cmocka_unit_test(test_a_text_is_not_cut_inside_a_character),
                cmocka_unit_test(test_a_refusal_replaces_the_reply_that_was_begun),
                cmocka_unit_test(test_a_second_refusal_replaces_the_first),
                cmocka_unit_test(test_a_cleared_reply_can_be_made_anew),
                cmocka_unit_test(test_every_reason_has_a_name_of_its_own_and_an_error_status),
                cmocka_unit_test(test_every_status_that_is_answered_has_a_phrase),
                cmocka_unit_test(test_every_outcome_of_the_store_has_its_reason_and_field),
                cmocka_unit_test(test_in_a_transaction_the_field_is_that_of_the_operation_that_failed),
                cmocka_unit_test(test_what_the_store_says_is_passed_on),
                cmocka_unit_test(test_a_missed_if_none_match_is_named),
                cmocka_unit_test(test_headers_are_not_named_in_a_transaction),
                cmocka_unit_test(test_the_version_of_a_rollback_is_named_to),
                cmocka_unit_test(test_a_query_past_its_time_is_answered_so),
                cmocka_unit_test(test_any_other_failure_to_read_is_one_of_the_store),
        };

        return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
