/*
 * Reading frames: all that a frame says, whatever else stands in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "frame_fixture.h"

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

static void test_what_is_unknown_is_passed_over(void **state _unused_) {
        static const struct {
                FrameType type;
                const char *place, *insert;
        } rows[] = {
                { FRAME_SUBSCRIBE, "{\"seq\"", "{\"future\":[{\"a\":[1e999,-0.5E-3,true]}],\"seq\"" },
                { FRAME_SUBSCRIBE, "\"app\"", "\"\\u0000\":\"\\u0000\",\"app\"" },
                { FRAME_SUBSCRIBE, "\"since\":7", "\"since\":7,\"x\":{},\"x\":[]" },
                { FRAME_ACK, "\"ok\":true", "\"ok\":true,\"error\":null,\"took_ms\":3" },
                { FRAME_SNAPSHOT, "\"gray\":null", GRAY(GRAY_TIME, "\"9\":" GRAY_VERSION) },
                { FRAME_SNAPSHOT, ",\"gray\":null", "" },
                { FRAME_CURRENT, "\"epoch\"", "\"deleted\":[],\"epoch\"" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(freep) char *text = edit(rows[i].type, rows[i].place, rows[i].insert);
                _cleanup_(frame_deinit) Frame frame = parse(text);

                assert_int_equal(frame.type, rows[i].type);
        }
}

static void test_escapes_are_decoded(void **state _unused_) {
        _cleanup_(frame_deinit) Frame frame =
                parse("{\"seq\":9223372036854775807,\"ty\\u0070e\":\"\\u0065rror\",\"payload\":{\"code\":500,"
                      "\"reason\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"message\":"
                      "\"\\u0041\\u00e9\\u20AC\\uD83D\\ude00\xf0\x9f\x98\x80\"}}");

        assert_true(frame.seq == INT64_MAX);
        assert_text(frame.reason, "\"\\/\b\f\n\r\t");
        assert_text(frame.message, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_subscribe_is_read_whole),
                cmocka_unit_test(test_most_of_a_subscribe_may_be_left_out),
                cmocka_unit_test(test_an_ack_is_read_whole),
                cmocka_unit_test(test_names_alone_are_read_into_namespaces),
                cmocka_unit_test(test_a_snapshot_is_read_whole),
                cmocka_unit_test(test_a_change_is_read_whole),
                cmocka_unit_test(test_an_error_is_read_whole),
                cmocka_unit_test(test_what_is_unknown_is_passed_over),
                cmocka_unit_test(test_escapes_are_decoded),
        };

        return cmocka_run_group_tests_name("frame read", tests, NULL, NULL);
}
