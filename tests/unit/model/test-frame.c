#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/frame.h"
#include "model/macros.h"

#define EPOCH SPAN_LITERAL("0123456789abcdef0123456789abcdef")

#define SHA256_TEXT "0001feff00000000000000000000000000000000000000000000000000000000"
#define RELEASE_TEXT(key)                                                                                    \
        "{\"key\":\"" key "\",\"version\":3,\"revision\":9,\"format\":\"json\",\"content\":\"{}\\n\","       \
        "\"sha256\":\"" SHA256_TEXT "\",\"updated_at\":\"2026-01-31T09:05:00.000Z\","                        \
        "\"updated_by\":\"user:admin\",\"comment\":\"\",\"gray\":null}"

/* One text of each type, with what is optional. */
static const char *const samples[FRAME_TYPE_N] = {
        [FRAME_SUBSCRIBE] =
                "{\"seq\":0,\"type\":\"subscribe\",\"payload\":{\"instance\":{\"id\":\"orders-7\","
                "\"app\":\"orders\",\"sdk\":\"confer-c 0.1\",\"tags\":{\"zone\":\"eu\",\"rack\":\"\"}},"
                "\"epoch\":\"0123456789abcdef\",\"namespaces\":[{\"name\":\"prod.acme\",\"keys\":[\"*\"],"
                "\"since\":7},{\"name\":\"prod.acme.orders\",\"keys\":[\"a.json\",\"b\"],\"since\":0}]}}",
        [FRAME_ACK] = "{\"seq\":0,\"type\":\"ack\",\"payload\":{\"results\":[{\"namespace\":\"prod\","
                      "\"key\":\"a\",\"version\":3,\"ok\":true},{\"namespace\":\"prod\",\"key\":\"b\","
                      "\"version\":4,\"ok\":false,\"error\":\"no \\\"port\\\"\"}]}}",
        [FRAME_UNSUBSCRIBE] =
                "{\"seq\":0,\"type\":\"unsubscribe\",\"payload\":{\"namespaces\":[\"prod\",\"dev.x\"]}}",
        [FRAME_SNAPSHOT] = "{\"seq\":9,\"type\":\"snapshot\",\"payload\":{\"epoch\":\"e\",\"namespaces\":["
                           "{\"namespace\":\"prod\",\"releases\":[" RELEASE_TEXT("a") "," RELEASE_TEXT(
                                   "b") "]},{\"namespace\":\"dev\",\"releases\":[]}],\"more\":true}}",
        [FRAME_CHANGE] = "{\"seq\":9,\"type\":\"change\",\"payload\":{\"changes\":[{\"namespace\":\"prod\","
                         "\"releases\":[" RELEASE_TEXT("a") "],\"deleted\":[\"b\",\"c\"]}]}}",
        [FRAME_CURRENT] = "{\"seq\":9,\"type\":\"current\",\"payload\":{\"epoch\":\"e\","
                          "\"namespaces\":[\"prod\",\"dev\"]}}",
        [FRAME_ERROR] = "{\"seq\":0,\"type\":\"error\",\"payload\":{\"code\":403,\"reason\":\"forbidden\","
                        "\"message\":\"no\"}}",
};

static Frame parse(const char *text) {
        Problem problem = PROBLEM_NULL;
        Frame frame;
        int r = frame_parse(span_from_string(text), &frame, &problem);

        if (r)
                fail_msg("%d, %s: %s in %s", r, problem.field, problem.text, text);
        return frame;
}

static void assert_text(Span text, const char *expected) {
        _cleanup_(freep) char *copy = strndup(text.data, text.size);

        assert_non_null(text.data);
        assert_string_equal(copy, expected);
}

static void test_a_subscribe_is_read_whole(void **state _unused_) {
        _cleanup_(frame_deinit) Frame frame = parse(samples[FRAME_SUBSCRIBE]);

        assert_int_equal(frame.type, FRAME_SUBSCRIBE);
        assert_text(frame.instance_id, "orders-7");
        assert_text(frame.app, "orders");
        assert_text(frame.sdk, "confer-c 0.1");
        assert_int_equal(frame.n_tags, 2);
        assert_text(frame.tags[0].name, "zone");
        assert_text(frame.tags[0].value, "eu");
        assert_text(frame.tags[1].value, "");
        assert_text(frame.epoch, "0123456789abcdef");
        assert_int_equal(frame.n_namespaces, 2);
        assert_text(frame.namespaces[0].name, "prod.acme");
        assert_true(frame.namespaces[0].all_keys);
        assert_int_equal(frame.namespaces[0].since, 7);
        assert_false(frame.namespaces[1].all_keys);
        assert_int_equal(frame.namespaces[1].n_keys, 2);
        assert_text(frame.namespaces[1].keys[0], "a.json");
        assert_text(frame.namespaces[1].keys[1], "b");
        assert_int_equal(frame.namespaces[1].since, 0);
}

static void test_most_of_a_subscribe_may_be_left_out(void **state _unused_) {
        static const char *const texts[] = {
                "{\"seq\":0,\"type\":\"subscribe\",\"payload\":{\"namespaces\":[{\"name\":\"prod\"}]}}",
                "{\"payload\":{\"instance\":null,\"epoch\":null,\"namespaces\":[{\"keys\":null,"
                "\"since\":null,\"name\":\"prod\"}]},\"type\":\"subscribe\",\"seq\":0}",
                " {\n\"seq\" : 0 ,\t\"type\" : \"subscribe\" , \"payload\" : { \"epoch\":\"\","
                "\"namespaces\" : [ { \"name\" : \"prod\" } ] } }\r\n ",
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                _cleanup_(frame_deinit) Frame frame = parse(texts[i]);

                assert_null(frame.instance_id.data);
                assert_null(frame.app.data);
                assert_null(frame.epoch.data);
                assert_int_equal(frame.n_tags, 0);
                assert_int_equal(frame.n_namespaces, 1);
                assert_true(frame.namespaces[0].all_keys);
                assert_int_equal(frame.namespaces[0].since, 0);
        }
}

static void test_an_ack_is_read_whole(void **state _unused_) {
        _cleanup_(frame_deinit) Frame frame = parse(samples[FRAME_ACK]);

        assert_int_equal(frame.type, FRAME_ACK);
        assert_int_equal(frame.n_results, 2);
        assert_text(frame.results[0].namespace, "prod");
        assert_text(frame.results[0].key, "a");
        assert_int_equal(frame.results[0].version, 3);
        assert_true(frame.results[0].ok);
        assert_null(frame.results[0].error.data);
        assert_false(frame.results[1].ok);
        assert_text(frame.results[1].error, "no \"port\"");
}

static void test_names_alone_are_read_into_namespaces(void **state _unused_) {
        static const FrameType types[] = { FRAME_UNSUBSCRIBE, FRAME_CURRENT };

        for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
                _cleanup_(frame_deinit) Frame frame = parse(samples[types[i]]);

                assert_int_equal(frame.type, types[i]);
                assert_int_equal(frame.n_namespaces, 2);
                assert_text(frame.namespaces[0].name, "prod");
                assert_int_equal(frame.namespaces[0].n_releases, 0);
        }
}

static void assert_release(const ConfigData *release, const char *key) {
        assert_text(release->namespace, "prod");
        assert_text(release->key, key);
        assert_int_equal(release->version, 3);
        assert_int_equal(release->revision, 9);
        assert_int_equal(release->format, FORMAT_JSON);
        assert_text(release->content, "{}\n");
        assert_int_equal(release->sha256[2], 0xfe);
        assert_int_equal(release->sha256[3], 0xff);
        assert_true(release->updated_at_ms == INT64_C(1769850300000));
        assert_text(release->updated_by, "user:admin");
        assert_text(release->comment, "");
}

static void test_a_snapshot_is_read_whole(void **state _unused_) {
        _cleanup_(frame_deinit) Frame frame = parse(samples[FRAME_SNAPSHOT]);

        assert_int_equal(frame.type, FRAME_SNAPSHOT);
        assert_int_equal(frame.seq, 9);
        assert_text(frame.epoch, "e");
        assert_true(frame.more);
        assert_int_equal(frame.n_namespaces, 2);
        assert_int_equal(frame.namespaces[0].n_releases, 2);
        assert_release(&frame.namespaces[0].releases[0], "a");
        assert_release(&frame.namespaces[0].releases[1], "b");
        assert_int_equal(frame.namespaces[1].n_releases, 0);
}

static void test_a_change_is_read_whole(void **state _unused_) {
        _cleanup_(frame_deinit) Frame frame = parse(samples[FRAME_CHANGE]);

        assert_int_equal(frame.type, FRAME_CHANGE);
        assert_int_equal(frame.n_namespaces, 1);
        assert_int_equal(frame.namespaces[0].n_releases, 1);
        assert_release(&frame.namespaces[0].releases[0], "a");
        assert_int_equal(frame.namespaces[0].n_deleted, 2);
        assert_text(frame.namespaces[0].deleted[1], "c");
}

static void test_an_error_is_read_whole(void **state _unused_) {
        _cleanup_(frame_deinit) Frame frame = parse(samples[FRAME_ERROR]);

        assert_int_equal(frame.type, FRAME_ERROR);
        assert_int_equal(frame.code, 403);
        assert_text(frame.reason, "forbidden");
        assert_text(frame.message, "no");
}

static void test_what_was_written_is_read_back(void **state _unused_) {
        static const FrameType types[] = { FRAME_SUBSCRIBE, FRAME_ACK, FRAME_UNSUBSCRIBE, FRAME_CURRENT,
                                           FRAME_ERROR };

        for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
                _cleanup_(frame_deinit) Frame frame = parse(samples[types[i]]);
                _cleanup_(buf_deinit) Buf buf = BUF_NULL;

                frame_append(&buf, &frame);
                assert_text(buf_span(&buf), samples[types[i]]);
        }
}

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

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_subscribe_is_read_whole),
                cmocka_unit_test(test_most_of_a_subscribe_may_be_left_out),
                cmocka_unit_test(test_an_ack_is_read_whole),
                cmocka_unit_test(test_names_alone_are_read_into_namespaces),
                cmocka_unit_test(test_a_snapshot_is_read_whole),
                cmocka_unit_test(test_a_change_is_read_whole),
                cmocka_unit_test(test_an_error_is_read_whole),
                cmocka_unit_test(test_what_was_written_is_read_back),
                cmocka_unit_test(test_no_beginning_of_a_frame_is_one),
        };

        return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
