#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/asker.h"
#include "model/macros.h"

static void add(Request *request, const char *name, Span value) {
        request->parameters[request->n_parameters++] = (Parameter){ span_from_string(name), value };
}

static void assert_refused(Request *request, Reason reason, const char *field) {
        Span body = buf_span(&request->reply.body);
        json_auto_t *json = json_loadb(body.data, body.size, 0, NULL);
        json_t *detail = json_array_get(json_object_get(json, "details"), 0);

        assert_int_equal(request->reply.reason, reason);
        assert_string_equal(json_string_value(json_object_get(detail, "field")), field);
        request_deinit(request);
}

static void test_without_instance_and_tags_nobody_asks(void **state _unused_) {
        Request request = { 0 };
        Asker asker;

        add(&request, "inherit", SPAN_LITERAL("true"));
        add(&request, "raw", SPAN_LITERAL("instance"));
        assert_true(asker_read_parameters(&request, &asker));
        assert_false(asker.is_given);
}

static void test_instance_and_tags_are_taken_in_any_order(void **state _unused_) {
        Request request = { 0 };
        Asker asker;

        add(&request, "tag", SPAN_LITERAL("ring:canary"));
        add(&request, "raw", SPAN_LITERAL("true"));
        add(&request, "instance", SPAN_LITERAL("orders:7"));
        add(&request, "tag", SPAN_LITERAL("a.b-c_1:x:y:"));
        add(&request, "tag", SPAN_LITERAL("empty:"));
        assert_true(asker_read_parameters(&request, &asker));
        assert_true(asker.is_given);
        assert_true(span_equal_string(asker.who.unit, "orders:7"));
        assert_int_equal(asker.who.n_tags, 3);
        assert_true(span_equal_string(asker.who.tags[0].name, "ring"));
        assert_true(span_equal_string(asker.who.tags[0].value, "canary"));
        assert_true(span_equal_string(asker.who.tags[1].name, "a.b-c_1"));
        assert_true(span_equal_string(asker.who.tags[1].value, "x:y:"));
        assert_true(span_equal_string(asker.who.tags[2].value, ""));
}

static void test_either_alone_says_who_asks(void **state _unused_) {
        Request with_tag = { 0 }, with_unit = { 0 };
        Asker asker;

        add(&with_tag, "tag", SPAN_LITERAL("a:b"));
        assert_true(asker_read_parameters(&with_tag, &asker));
        assert_true(asker.is_given);
        assert_null(asker.who.unit.data);

        add(&with_unit, "instance", SPAN_LITERAL(""));
        assert_true(asker_read_parameters(&with_unit, &asker));
        assert_true(asker.is_given);
        assert_int_equal(asker.who.n_tags, 0);
}

static void test_what_is_no_tag_is_refused(void **state _unused_) {
        static const Span wrong[] = {
                SPAN_LITERAL(""),     SPAN_LITERAL("ring"),   SPAN_LITERAL(":x"),     SPAN_LITERAL("Ring:x"),
                SPAN_LITERAL("a b:"), SPAN_LITERAL("a:\xff"), SPAN_LITERAL("a:b\0c"),
        };

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                Request request = { 0 };
                Asker asker;

                add(&request, "tag", wrong[i]);
                assert_false(asker_read_parameters(&request, &asker));
                assert_refused(&request, REASON_INVALID_PARAMETER, "tag");
        }
}

static void test_a_tag_stands_once(void **state _unused_) {
        Request request = { 0 };
        Asker asker;

        add(&request, "tag", SPAN_LITERAL("a:b"));
        add(&request, "tag", SPAN_LITERAL("a:c"));
        assert_false(asker_read_parameters(&request, &asker));
        assert_refused(&request, REASON_INVALID_PARAMETER, "tag");
}

static void test_there_are_32_tags_and_no_more(void **state _unused_) {
        char texts[TAGS_MAX + 1][8];
        Request request = { 0 };
        Asker asker;

        for (int i = 0; i < TAGS_MAX; i++) {
                (void)snprintf(texts[i], sizeof(texts[i]), "t%d:x", i);
                add(&request, "tag", span_from_string(texts[i]));
        }
        assert_true(asker_read_parameters(&request, &asker));
        assert_int_equal(asker.who.n_tags, TAGS_MAX);

        add(&request, "tag", SPAN_LITERAL("more:x"));
        assert_false(asker_read_parameters(&request, &asker));
        assert_refused(&request, REASON_INVALID_PARAMETER, "tag");
}

/* Return: whether the tags of a body, as JSON, are taken. */
static bool read_tags(Request *request, const char *text, Asker *asker) {
        json_t *tags = json_loads(text, 0, NULL);

        *request = (Request){ .kept = tags };
        assert_non_null(tags);
        asker->who = (GrayAsker){ .n_tags = 0 };
        return asker_read_tags(request, tags, asker);
}

static void test_the_tags_of_a_body_are_taken(void **state _unused_) {
        Request request = { 0 };
        Asker asker;

        assert_true(read_tags(&request, "{\"ring\":\"canary\",\"a\":\"\"}", &asker));
        assert_int_equal(asker.who.n_tags, 2);
        assert_ptr_equal(asker.who.tags, asker.tags);
        assert_true(span_equal_string(asker.who.tags[0].value, "canary"));
        json_decref(request.kept);

        asker.who = (GrayAsker){ .n_tags = 0 };
        assert_true(asker_read_tags(&request, NULL, &asker));
        assert_int_equal(asker.who.n_tags, 0);
}

static void test_a_tag_of_a_body_that_is_none_is_named(void **state _unused_) {
        static const struct {
                const char *tags;
                const char *field;
        } rows[] = {
                { "{\"a\":\"x\",\"ring\":7}", "tags.ring" },
                { "{\"ring\":null}", "tags.ring" },
                { "{\"ring\":[\"a\"]}", "tags.ring" },
                { "{\"Ring\":\"a\"}", "tags.Ring" },
                { "{\"\":\"a\"}", "tags." },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                Request request;
                Asker asker;
                json_t *tags;

                assert_false(read_tags(&request, rows[i].tags, &asker));
                tags = request.kept;
                request.kept = NULL;
                assert_refused(&request, REASON_INVALID_FIELD, rows[i].field);
                json_decref(tags);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_without_instance_and_tags_nobody_asks),
                cmocka_unit_test(test_instance_and_tags_are_taken_in_any_order),
                cmocka_unit_test(test_either_alone_says_who_asks),
                cmocka_unit_test(test_what_is_no_tag_is_refused),
                cmocka_unit_test(test_a_tag_stands_once),
                cmocka_unit_test(test_there_are_32_tags_and_no_more),
                cmocka_unit_test(test_the_tags_of_a_body_are_taken),
                cmocka_unit_test(test_a_tag_of_a_body_that_is_none_is_named),
        };

        return cmocka_run_group_tests_name("asker", tests, NULL, NULL);
}
