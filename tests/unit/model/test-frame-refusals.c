/*
 * Frames that are refused: for what they say or are, and for how much of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame_fixture.h"

static void test_no_beginning_of_a_frame_is_one(void **state _unused_) {
        for (size_t type = 0; type < FRAME_TYPE_N; type++)
                for (size_t size = 0; size < strlen(samples[type]); size++) {
                        /* A block of exactly this size, so that a read past it is found. */
                        _cleanup_(freep) char *copy = malloc(size + !size);
                        Frame frame = FRAME_NULL;
                        Problem problem;

                        memcpy(copy, samples[type], size);
                        assert_int_equal(frame_parse((Span){ copy, size }, &frame, &problem),
                                         FRAME_E_MALFORMED);
                        assert_true(strlen(problem.text) > 0);
                        assert_int_equal(frame.type, FRAME_TYPE_N);
                }
}

static void assert_refused(const char *text, int expected, const char *field) {
        Problem problem = PROBLEM_NULL;
        Frame frame = FRAME_NULL;
        int r = frame_parse(span_from_string(text), &frame, &problem);

        if (r != expected || strcmp(problem.field, field) != 0)
                fail_msg("%d, field \"%s\": %s, in %s", r, problem.field, problem.text, text);
        assert_true(strlen(problem.text) > 0);
        assert_int_equal(frame.type, FRAME_TYPE_N);
        assert_null(frame.kept);
}

static void test_a_bad_field_is_refused_by_name(void **state _unused_) {
        static const struct {
                FrameType type;
                const char *place, *insert, *field;
        } rows[] = {
                { FRAME_ACK, "\"seq\":0,", "", "seq" },
                { FRAME_ACK, "\"seq\":0,", "\"seq\":0,\"seq\":0,", "seq" },
                { FRAME_ACK, "\"seq\":0,", "\"seq\":0,\"s\\u0065q\":0,", "seq" },
                { FRAME_ACK, "\"seq\":0", "\"seq\":-1", "seq" },
                { FRAME_ACK, "\"seq\":0", "\"seq\":0.5", "seq" },
                { FRAME_ACK, "\"seq\":0", "\"seq\":1e3", "seq" },
                { FRAME_ACK, "\"seq\":0", "\"seq\":null", "seq" },
                { FRAME_ACK, "\"seq\":0", "\"seq\":\"0\"", "seq" },
                { FRAME_ACK, "\"seq\":0", "\"seq\":9223372036854775808", "seq" },
                { FRAME_ACK, "\"type\":\"ack\"", "\"type\":7", "type" },
                { FRAME_ACK, "\"type\":\"ack\",", "", "type" },
                { FRAME_ACK, "\"payload\":", "\"pay\":", "payload" },
                { FRAME_ACK, "\"results\":", "\"result\":", "results" },
                { FRAME_ACK, "\"namespace\":\"prod\"", "\"namespace\":\"Prod\"", "results[0].namespace" },
                { FRAME_ACK, "\"key\":\"b\"", "\"key\":\".b\"", "results[1].key" },
                { FRAME_ACK, "\"key\":\"b\"", "\"key\":\"b\\u0000\"", "results[1].key" },
                { FRAME_ACK, "\"version\":3", "\"version\":0", "results[0].version" },
                { FRAME_ACK, "\"ok\":true", "\"ok\":1", "results[0].ok" },
                { FRAME_ACK, "\"ok\":true", "\"ok\":null", "results[0].ok" },
                { FRAME_ACK, "\"error\":\"no", "\"error\":\"\\u0000no", "results[1].error" },
                { FRAME_ACK, "{\"namespace\":\"prod\",\"key\":\"a\",\"version\":3,\"ok\":true}", "[]",
                  "results[0]" },
                { FRAME_SUBSCRIBE, "\"id\":\"orders-7\",", "", "instance.id" },
                { FRAME_SUBSCRIBE, "\"orders-7\"", "\"\"", "instance.id" },
                { FRAME_SUBSCRIBE, "\"orders-7\"", "\"a b\"", "instance.id" },
                { FRAME_SUBSCRIBE, "\"orders-7\"", "\"\\u00e9\"", "instance.id" },
                { FRAME_SUBSCRIBE, "\"app\":\"orders\"", "\"app\":[]", "instance.app" },
                { FRAME_SUBSCRIBE, "\"app\":\"orders\"", "\"app\":\"\\u0000\"", "instance.app" },
                { FRAME_SUBSCRIBE, "\"zone\":\"eu\"", "\"Zone\":\"eu\"", "instance.tags" },
                { FRAME_SUBSCRIBE, "\"zone\":\"eu\"", "\"\":\"eu\"", "instance.tags" },
                { FRAME_SUBSCRIBE, "\"zone\":\"eu\"", "\"rack\":\"eu\"", "instance.tags" },
                { FRAME_SUBSCRIBE, "\"zone\":\"eu\"", "\"zone\":1", "instance.tags" },
                { FRAME_SUBSCRIBE, "\"zone\":\"eu\"", "\"zone\":\"\\u0000\"", "instance.tags" },
                { FRAME_SUBSCRIBE, "\"epoch\":\"0123456789abcdef\"", "\"epoch\":7", "epoch" },
                { FRAME_SUBSCRIBE, "\"name\":\"prod.acme\"", "\"name\":\"a.b.c.d.e\"", "namespaces[0].name" },
                { FRAME_SUBSCRIBE, "[\"*\"]", "[]", "namespaces[0].keys" },
                { FRAME_SUBSCRIBE, "[\"*\"]", "[\"*\",\"a\"]", "namespaces[0].keys[0]" },
                { FRAME_SUBSCRIBE, "[\"*\"]", "[\"a\",1]", "namespaces[0].keys[1]" },
                { FRAME_SUBSCRIBE, "[\"*\"]", "\"*\"", "namespaces[0].keys" },
                { FRAME_SUBSCRIBE, "\"since\":7", "\"since\":-7", "namespaces[0].since" },
                { FRAME_UNSUBSCRIBE, "\"dev.x\"", "\"dev.\"", "namespaces[1]" },
                { FRAME_UNSUBSCRIBE, "\"dev.x\"", "null", "namespaces[1]" },
                { FRAME_SNAPSHOT, "\"epoch\":\"e\"", "\"epoch\":\"\"", "epoch" },
                { FRAME_SNAPSHOT, "\"more\":true", "\"more\":0", "more" },
                { FRAME_SNAPSHOT, ",\"more\":true", "", "more" },
                { FRAME_SNAPSHOT, "\"key\":\"b\"", "\"key\":\"/\"", "namespaces[0].releases[1].key" },
                { FRAME_SNAPSHOT, "\"version\":3", "\"version\":0", "namespaces[0].releases[0].version" },
                { FRAME_SNAPSHOT, "\"revision\":9", "\"revision\":0", "namespaces[0].releases[0].revision" },
                { FRAME_SNAPSHOT, "\"json\"", "\"JSON\"", "namespaces[0].releases[0].format" },
                { FRAME_SNAPSHOT, "\"content\":", "\"contents\":", "namespaces[0].releases[0].content" },
                { FRAME_SNAPSHOT, "\"0001fe", "\"0001FE", "namespaces[0].releases[0].sha256" },
                { FRAME_SNAPSHOT, "\"0001fe", "\"0001f", "namespaces[0].releases[0].sha256" },
                { FRAME_SNAPSHOT, "2026-01-31T", "2026-02-31T", "namespaces[0].releases[0].updated_at" },
                { FRAME_SNAPSHOT, "\"comment\":\"\"", "\"comment\":null",
                  "namespaces[0].releases[0].comment" },
                { FRAME_SNAPSHOT, "\"gray\":null", "\"gray\":7", "namespaces[0].releases[0].gray" },
                { FRAME_SNAPSHOT, "\"gray\":null", "\"gray\":{}", "namespaces[0].releases[0].gray.salt" },
                { FRAME_SNAPSHOT, "\"gray\":null", GRAY("2026-13-01T00:00:00.000Z", ""),
                  "namespaces[0].releases[0].gray.updated_at" },
                { FRAME_SNAPSHOT, "\"gray\":null", GRAY(GRAY_TIME, "\"9\":7"),
                  "namespaces[0].releases[0].gray.versions" },
                { FRAME_SNAPSHOT, "\"gray\":null", GRAY(GRAY_TIME, "\"9x\":" GRAY_VERSION),
                  "namespaces[0].releases[0].gray.versions" },
                { FRAME_SNAPSHOT, "\"gray\":null", GRAY(GRAY_TIME, "\"09\":" GRAY_VERSION),
                  "namespaces[0].releases[0].gray.versions" },
                { FRAME_SNAPSHOT, "\"gray\":null", GRAY(GRAY_TIME, "\"9\":{\"format\":\"json\"}"),
                  "namespaces[0].releases[0].gray.versions.content" },
                { FRAME_CHANGE, ",\"deleted\":[\"b\",\"c\"]", "", "changes[0].deleted" },
                { FRAME_CHANGE, "\"c\"", "\"\"", "changes[0].deleted[1]" },
                { FRAME_CHANGE, "[{\"namespace\"", "[7,{\"namespace\"", "changes[0]" },
                { FRAME_CURRENT, "\"epoch\":\"e\",", "", "epoch" },
                { FRAME_ERROR, "\"code\":403", "\"code\":0", "code" },
                { FRAME_ERROR, "\"code\":403", "\"code\":4294967699", "code" },
                { FRAME_ERROR, "\"forbidden\"", "\"\"", "reason" },
                { FRAME_ERROR, "\"no\"", "\"\\u0000\"", "message" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(freep) char *text = edit(rows[i].type, rows[i].place, rows[i].insert);

                assert_refused(text, FRAME_E_INVALID, rows[i].field);
        }
}

static void test_no_json_and_no_object_are_malformed(void **state _unused_) {
        static const char *const texts[] = {
                "",
                " ",
                "7",
                "[]",
                "\"frame\"",
                "{} {}",
                "{\"a\":1,}",
                "{\"a\" 1}",
                "{a:1}",
                "{'a':1}",
                "{\"a\":01}",
                "{\"a\":+1}",
                "{\"a\":.5}",
                "{\"a\":1.}",
                "{\"a\":1e}",
                "{\"a\":-}",
                "{\"a\":NaN}",
                "{\"a\":tru}",
                "{\"a\":[1 2]}",
                "{\"a\":[1}]",
                "{\"a\":\"\n\"}",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12\"}",
                "{\"a\":\"\\ud800\"}",
                "{\"a\":\"\\udc00\"}",
                "{\"a\":\"\\ud800\\u0041\"}",
                "{\"a\":\"\xff\"}",
                "{\"a\":\"\xed\xa0\x80\"}",
                "\xef\xbb\xbf{}",
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                assert_refused(texts[i], FRAME_E_MALFORMED, "");
}

/* It is neither space nor the end. */
static void test_a_nul_in_the_text_is_malformed(void **state _unused_) {
        static const char text[] = "{\"seq\":0,\"type\":\"ack\",\"payload\":{\"results\":[],\"x\":4\0}}";
        Frame frame = FRAME_NULL;
        Problem problem;

        assert_int_equal(frame_parse((Span){ text, sizeof(text) - 1 }, &frame, &problem), FRAME_E_MALFORMED);
}

static void test_an_unknown_type_is_told_from_a_bad_frame(void **state _unused_) {
        assert_refused("{\"seq\":0,\"type\":\"poke\",\"payload\":{}}", FRAME_E_UNKNOWN, "type");
        assert_refused("{\"seq\":0,\"type\":\"\",\"payload\":{}}", FRAME_E_UNKNOWN, "type");
        assert_refused("{\"seq\":0,\"type\":\"poke\"}", FRAME_E_INVALID, "payload");
}

/* A frame of @type with @n times @element in its payload; "#" stands for its number. */
static char *make_long(const char *type, const char *before, const char *element, size_t n,
                       const char *after) {
        Buf buf = BUF_NULL;

        buf_append_format(&buf, "{\"seq\":0,\"type\":\"%s\",\"payload\":{%s", type, before);
        for (size_t i = 0; i < n; i++) {
                buf_append_string(&buf, i > 0 ? "," : "");
                for (const char *at = element; *at; at++)
                        if (*at == '#')
                                buf_append_u64(&buf, i);
                        else
                                buf_append_char(&buf, *at);
        }
        buf_append_format(&buf, "%s}}", after);
        return buf_take_string(&buf);
}

static void test_counts_are_limited(void **state _unused_) {
        static const struct {
                const char *type, *before, *element, *after;
                size_t n_max;
                const char *field;
        } rows[] = {
                { "subscribe", "\"namespaces\":[", "{\"name\":\"n#\"}", "]", FRAME_NAMESPACES_MAX,
                  "namespaces" },
                { "subscribe", "\"namespaces\":[{\"name\":\"p\",\"keys\":[", "\"k#\"", "]}]", FRAME_KEYS_MAX,
                  "namespaces[0].keys" },
                { "subscribe", "\"namespaces\":[{\"name\":\"q\",\"keys\":[\"a\"]},{\"name\":\"p\",\"keys\":[",
                  "\"k#\"", "]}]", FRAME_KEYS_MAX - 1, "namespaces" },
                { "subscribe", "\"namespaces\":[],\"instance\":{\"id\":\"i\",\"tags\":{", "\"t#\":\"\"", "}}",
                  TAGS_MAX, "instance.tags" },
                { "unsubscribe", "\"namespaces\":[", "\"n#\"", "]", FRAME_NAMESPACES_MAX, "namespaces" },
                { "ack", "\"results\":[", "{\"namespace\":\"n\",\"key\":\"k\",\"version\":1,\"ok\":true}",
                  "]", FRAME_RESULTS_MAX, "results" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(freep) char *most = make_long(rows[i].type, rows[i].before, rows[i].element,
                                                        rows[i].n_max, rows[i].after);
                _cleanup_(freep) char *more = make_long(rows[i].type, rows[i].before, rows[i].element,
                                                        rows[i].n_max + 1, rows[i].after);
                _cleanup_(frame_deinit) Frame frame = parse(most);

                assert_refused(more, FRAME_E_INVALID, rows[i].field);
        }
}

static void test_what_a_server_sends_is_not_counted(void **state _unused_) {
        _cleanup_(freep) char *text = make_long("current", "\"epoch\":\"e\",\"namespaces\":[", "\"n#\"",
                                                FRAME_NAMESPACES_MAX * 4, "]");
        _cleanup_(frame_deinit) Frame frame = parse(text);

        assert_int_equal(frame.n_namespaces, FRAME_NAMESPACES_MAX * 4);
}

static void test_sizes_are_limited(void **state _unused_) {
        static const struct {
                FrameType type;
                const char *place, *before, *after;
                size_t size_max;
                const char *field;
        } rows[] = {
                { FRAME_SUBSCRIBE, "\"orders-7\"", "\"", "\"", INSTANCE_ID_SIZE_MAX, "instance.id" },
                { FRAME_SUBSCRIBE, "\"orders\"", "\"", "\"", INSTANCE_TEXT_MAX, "instance.app" },
                { FRAME_SUBSCRIBE, "\"confer-c 0.1\"", "\"", "\"", INSTANCE_TEXT_MAX, "instance.sdk" },
                { FRAME_SUBSCRIBE, "\"zone\"", "\"", "\"", TAG_NAME_SIZE_MAX, "instance.tags" },
                { FRAME_SUBSCRIBE, "\"eu\"", "\"", "\"", TAG_VALUE_SIZE_MAX, "instance.tags" },
                { FRAME_SUBSCRIBE, "\"0123456789abcdef\"", "\"", "\"", EPOCH_SIZE_MAX, "epoch" },
                { FRAME_SUBSCRIBE, "\"a.json\"", "\"", "\"", 255, "namespaces[1].keys[0]" },
                { FRAME_SNAPSHOT, "\"e\"", "\"", "\"", EPOCH_SIZE_MAX, "epoch" },
                { FRAME_ACK, "\"no \\\"port\\\"\"", "\"", "\"", ACK_ERROR_SIZE_MAX, "results[1].error" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char insert[1024];
                _cleanup_(freep) char *most = NULL, *more = NULL;
                _cleanup_(frame_deinit) Frame frame = FRAME_NULL;

                (void)snprintf(insert, sizeof(insert), "%s%0*d%s", rows[i].before, (int)rows[i].size_max, 0,
                               rows[i].after);
                most = edit(rows[i].type, rows[i].place, insert);
                frame = parse(most);
                (void)snprintf(insert, sizeof(insert), "%s%0*d%s", rows[i].before, (int)rows[i].size_max + 1,
                               0, rows[i].after);
                more = edit(rows[i].type, rows[i].place, insert);
                assert_refused(more, FRAME_E_INVALID, rows[i].field);
        }
}

/* A frame whose payload has a member of @depth arrays in each other. */
static char *make_deep(size_t depth) {
        Buf buf = BUF_NULL;

        buf_append_literal(&buf, "{\"seq\":0,\"type\":\"ack\",\"payload\":{\"results\":[],\"x\":");
        for (size_t i = 0; i < depth; i++)
                buf_append_char(&buf, '[');
        for (size_t i = 0; i < depth; i++)
                buf_append_char(&buf, ']');
        buf_append_literal(&buf, "}}");
        return buf_take_string(&buf);
}

static void test_the_depth_is_limited(void **state _unused_) {
        _cleanup_(freep) char *most = make_deep(FRAME_DEPTH_MAX - 2);
        _cleanup_(freep) char *more = make_deep(FRAME_DEPTH_MAX - 1), *far_more = make_deep(1000000);
        _cleanup_(frame_deinit) Frame frame = parse(most);

        assert_refused(more, FRAME_E_MALFORMED, "");
        assert_refused(far_more, FRAME_E_MALFORMED, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_no_beginning_of_a_frame_is_one),
                cmocka_unit_test(test_a_bad_field_is_refused_by_name),
                cmocka_unit_test(test_no_json_and_no_object_are_malformed),
                cmocka_unit_test(test_a_nul_in_the_text_is_malformed),
                cmocka_unit_test(test_an_unknown_type_is_told_from_a_bad_frame),
                cmocka_unit_test(test_counts_are_limited),
                cmocka_unit_test(test_what_a_server_sends_is_not_counted),
                cmocka_unit_test(test_sizes_are_limited),
                cmocka_unit_test(test_the_depth_is_limited),
        };

        return cmocka_run_group_tests_name("frame refusals", tests, NULL, NULL);
}
