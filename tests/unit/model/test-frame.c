#include <errno.h>
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

#define GRAY_TIME    "2026-01-31T09:05:00.000Z"
#define GRAY_VERSION "{\"format\":\"text\",\"content\":\"\",\"sha256\":\"" SHA256_TEXT "\"}"
#define GRAY(time, versions)                                                                                 \
        "\"gray\":{\"salt\":\"s\",\"rules\":[],\"versions\":{" versions "},\"updated_at\":\"" time           \
        "\",\"updated_by\":\"user:x\",\"comment\":\"\"}"

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

/* @insert put in place of the first @place of the sample. */
static char *edit(FrameType type, const char *place, const char *insert) {
        const char *sample = samples[type], *at = strstr(sample, place);
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        if (!at)
                fail_msg("the sample has no %s", place);
        buf_append(&buf, sample, (size_t)(at - sample));
        buf_append_string(&buf, insert);
        buf_append_string(&buf, at + strlen(place));
        return buf_take_string(&buf);
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

static void test_escapes_are_decoded(void **state _unused_) {
        _cleanup_(frame_deinit) Frame frame =
                parse("{\"seq\":9223372036854775807,\"ty\\u0070e\":\"\\u0065rror\",\"payload\":{\"code\":500,"
                      "\"reason\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"message\":"
                      "\"\\u0041\\u00e9\\u20AC\\uD83D\\ude00\xf0\x9f\x98\x80\"}}");

        assert_true(frame.seq == INT64_MAX);
        assert_text(frame.reason, "\"\\/\b\f\n\r\t");
        assert_text(frame.message, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
}

static void test_texts_of_any_bytes_are_written_as_json(void **state _unused_) {
        FrameResult result = { SPAN_LITERAL("prod"), SPAN_LITERAL("a"), INT64_MAX, false,
                               SPAN_LITERAL("\xff\"\n") };
        Frame written = { .type = FRAME_ACK, .results = &result, .n_results = 1 };
        _cleanup_(frame_deinit) Frame frame = FRAME_NULL;
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        frame_append(&buf, &written);
        buf_append_char(&buf, '\0');
        frame = parse(buf.data);
        assert_true(frame.results[0].version == INT64_MAX);
        assert_text(frame.results[0].error, "\xef\xbf\xbd\"\n");
}

static Release *make_release(const char *namespace, const char *key, int64_t version) {
        Release *release = release_new(&(ConfigData){ .namespace = span_from_string(namespace),
                                                      .key = span_from_string(key),
                                                      .version = version,
                                                      .revision = 5,
                                                      .format = FORMAT_TEXT,
                                                      .content = SPAN_LITERAL("\"}]\\\n\x01\xc3\xa9"),
                                                      .updated_by = SPAN_LITERAL("user:x"),
                                                      .comment = SPAN_LITERAL("why") },
                                       SPAN_LITERAL("epoch"));

        assert_non_null(release);
        return release;
}

static void add_release(Change *change, const char *namespace, const char *key, int64_t version) {
        _cleanup_(release_unrefp) Release *release = make_release(namespace, key, version);

        assert_int_equal(change_add_release(change, release), 0);
}

static void add_removal(Change *change, const char *namespace, const char *key) {
        assert_int_equal(change_add_removal(change, span_from_string(namespace), span_from_string(key)), 0);
}

static Frame parse_change(const Change *change, const bool *is_wanted) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        frame_append_change(&buf, change, is_wanted);
        buf_append_char(&buf, '\0');
        assert_false(buf_failed(&buf));
        return parse(buf.data);
}

static void test_a_change_names_each_namespace_once(void **state _unused_) {
        static const bool all[] = { true, true, true, true, true };
        _cleanup_(change_unrefp) Change *change = change_new(5);
        _cleanup_(frame_deinit) Frame frame = FRAME_NULL;

        add_release(change, "prod", "a", 1);
        add_removal(change, "dev", "x");
        add_release(change, "prod", "b", 2);
        add_removal(change, "prod", "c");
        add_release(change, "prod.acme", "a", 3);
        frame = parse_change(change, all);

        assert_int_equal(frame.type, FRAME_CHANGE);
        assert_int_equal(frame.seq, 5);
        assert_int_equal(frame.n_namespaces, 3);
        assert_text(frame.namespaces[0].name, "dev");
        assert_int_equal(frame.namespaces[0].n_releases, 0);
        assert_text(frame.namespaces[0].deleted[0], "x");
        assert_text(frame.namespaces[1].name, "prod");
        assert_int_equal(frame.namespaces[1].n_releases, 2);
        assert_text(frame.namespaces[1].releases[0].content, "\"}]\\\n\x01\xc3\xa9");
        assert_int_equal(frame.namespaces[1].releases[1].version, 2);
        assert_int_equal(frame.namespaces[1].n_deleted, 1);
        assert_text(frame.namespaces[2].name, "prod.acme");
}

static void test_of_two_items_for_one_config_the_later_is_sent(void **state _unused_) {
        static const bool all[] = { true, true, true, true, true, true };
        _cleanup_(change_unrefp) Change *change = change_new(5);
        _cleanup_(frame_deinit) Frame frame = FRAME_NULL;

        add_release(change, "prod", "b", 1);
        add_release(change, "prod", "a", 1);
        add_removal(change, "prod", "b");
        add_release(change, "prod", "a", 2);
        add_removal(change, "prod", "c");
        add_release(change, "prod", "c", 4);
        frame = parse_change(change, all);

        assert_int_equal(frame.n_namespaces, 1);
        assert_int_equal(frame.namespaces[0].n_releases, 2);
        assert_int_equal(frame.namespaces[0].releases[0].version, 2);
        assert_int_equal(frame.namespaces[0].releases[1].version, 4);
        assert_int_equal(frame.namespaces[0].n_deleted, 1);
        assert_text(frame.namespaces[0].deleted[0], "b");
}

static void test_what_is_out_of_scope_is_not_sent(void **state _unused_) {
        static const bool some[] = { false, true, true, false };
        _cleanup_(change_unrefp) Change *change = change_new(5);
        _cleanup_(frame_deinit) Frame frame = FRAME_NULL;

        add_release(change, "prod", "a", 1);
        assert_int_equal(change_add_namespace(change, CHANGE_NAMESPACE, SPAN_LITERAL("prod")), 0);
        add_release(change, "prod", "b", 1);
        add_removal(change, "dev", "c");
        frame = parse_change(change, some);

        assert_int_equal(frame.n_namespaces, 1);
        assert_int_equal(frame.namespaces[0].n_releases, 1);
        assert_text(frame.namespaces[0].releases[0].key, "b");
        assert_int_equal(frame.namespaces[0].n_deleted, 0);
}

static void test_a_change_may_be_out_of_scope_whole(void **state _unused_) {
        static const bool none[] = { false };
        _cleanup_(change_unrefp) Change *empty = change_new(5), *change = change_new(6);
        _cleanup_(frame_deinit) Frame of_empty = FRAME_NULL, frame = FRAME_NULL;

        add_release(change, "prod", "a", 1);
        of_empty = parse_change(empty, none);
        frame = parse_change(change, none);
        assert_int_equal(of_empty.n_namespaces, 0);
        assert_int_equal(frame.n_namespaces, 0);
}

static Frame parse_snapshot(Release *const *releases, size_t n_releases, bool more) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;
        SnapshotFrame snapshot;

        snapshot_frame_begin(&snapshot, &buf, 77, EPOCH);
        for (size_t i = 0; i < n_releases; i++)
                snapshot_frame_add(&snapshot, releases[i]);
        snapshot_frame_end(&snapshot, more);
        buf_append_char(&buf, '\0');
        return parse(buf.data);
}

static void test_a_snapshot_goes_namespace_by_namespace(void **state _unused_) {
        Release *releases[] = { make_release("prod", "a", 1), make_release("prod", "b", 2),
                                make_release("prod.acme", "a", 3) };
        _cleanup_(frame_deinit) Frame frame = parse_snapshot(releases, ARRAY_SIZE(releases), true);

        assert_int_equal(frame.type, FRAME_SNAPSHOT);
        assert_int_equal(frame.seq, 77);
        assert_true(span_equal(frame.epoch, EPOCH));
        assert_true(frame.more);
        assert_int_equal(frame.n_namespaces, 2);
        assert_int_equal(frame.namespaces[0].n_releases, 2);
        assert_text(frame.namespaces[0].releases[1].namespace, "prod");
        assert_int_equal(frame.namespaces[0].releases[1].version, 2);
        assert_text(frame.namespaces[1].name, "prod.acme");
        for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
                release_unref(releases[i]);
}

static void test_a_snapshot_may_be_empty(void **state _unused_) {
        _cleanup_(frame_deinit) Frame frame = parse_snapshot(NULL, 0, false);

        assert_false(frame.more);
        assert_int_equal(frame.n_namespaces, 0);
}

/* How many allocations succeed before one fails; -1: none does. The build wraps these functions for this
 * test. */
static int n_allocations_left = -1;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* One fails, those after it do not: whoever goes on regardless is found out. */
static bool allocation_fails(void) {
        return n_allocations_left >= 0 && n_allocations_left-- == 0;
}

void *__wrap_malloc(size_t size) {
        return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
        return allocation_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size) {
        return allocation_fails() ? NULL : __real_realloc(old, size);
}

/* LeakSanitizer finds what a failure leaves behind. */
static void test_each_allocation_of_a_parse_may_fail(void **state _unused_) {
        for (size_t type = 0; type < FRAME_TYPE_N; type++) {
                int r = -ENOMEM, n = 0;

                for (; r == -ENOMEM; n++) {
                        Frame frame = FRAME_NULL;
                        Problem problem = PROBLEM_NULL;

                        n_allocations_left = n;
                        r = frame_parse(span_from_string(samples[type]), &frame, &problem);
                        n_allocations_left = -1;
                        assert_true(r == 0 || r == -ENOMEM);
                        assert_true((frame.kept != NULL) == (r == 0));
                        frame_deinit(&frame);
                }
                assert_int_equal(r, 0);
                assert_true(n >= 2);
        }
}

static void test_a_refusal_without_memory_is_told_as_such(void **state _unused_) {
        _cleanup_(freep) char *text = edit(FRAME_ACK, "\"key\":\"b\"", "\"key\":\".b\"");
        int r = -ENOMEM, n = 0;

        for (; r == -ENOMEM; n++) {
                Frame frame;
                Problem problem;

                n_allocations_left = n;
                r = frame_parse(span_from_string(text), &frame, &problem);
                n_allocations_left = -1;
        }
        assert_int_equal(r, FRAME_E_INVALID);
        assert_true(n > 3);
}

static void test_each_allocation_of_a_change_may_fail(void **state _unused_) {
        static const bool all[] = { true, true };
        _cleanup_(change_unrefp) Change *change = change_new(5);
        bool failed = true;
        int n = 0;

        add_release(change, "prod", "a", 1);
        add_removal(change, "prod", "b");
        for (; failed; n++) {
                _cleanup_(buf_deinit) Buf buf = BUF_NULL;

                n_allocations_left = n;
                frame_append_change(&buf, change, all);
                n_allocations_left = -1;
                failed = buf_failed(&buf);
        }
        assert_true(n > 2);
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
                cmocka_unit_test(test_a_bad_field_is_refused_by_name),
                cmocka_unit_test(test_what_is_unknown_is_passed_over),
                cmocka_unit_test(test_no_json_and_no_object_are_malformed),
                cmocka_unit_test(test_a_nul_in_the_text_is_malformed),
                cmocka_unit_test(test_an_unknown_type_is_told_from_a_bad_frame),
                cmocka_unit_test(test_counts_are_limited),
                cmocka_unit_test(test_what_a_server_sends_is_not_counted),
                cmocka_unit_test(test_sizes_are_limited),
                cmocka_unit_test(test_the_depth_is_limited),
                cmocka_unit_test(test_escapes_are_decoded),
                cmocka_unit_test(test_texts_of_any_bytes_are_written_as_json),
                cmocka_unit_test(test_a_change_names_each_namespace_once),
                cmocka_unit_test(test_of_two_items_for_one_config_the_later_is_sent),
                cmocka_unit_test(test_what_is_out_of_scope_is_not_sent),
                cmocka_unit_test(test_a_change_may_be_out_of_scope_whole),
                cmocka_unit_test(test_a_snapshot_goes_namespace_by_namespace),
                cmocka_unit_test(test_a_snapshot_may_be_empty),
                cmocka_unit_test(test_each_allocation_of_a_parse_may_fail),
                cmocka_unit_test(test_a_refusal_without_memory_is_told_as_such),
                cmocka_unit_test(test_each_allocation_of_a_change_may_fail),
        };

        return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
