#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame_fixture.h"

const char *const samples[FRAME_TYPE_N] = {
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

Frame parse(const char *text) {
        Problem problem = PROBLEM_NULL;
        Frame frame;
        int r = frame_parse(span_from_string(text), &frame, &problem);

        if (r)
                fail_msg("%d, %s: %s in %s", r, problem.field, problem.text, text);
        return frame;
}

void assert_text(Span text, const char *expected) {
        _cleanup_(freep) char *copy = strndup(text.data, text.size);

        assert_non_null(text.data);
        assert_string_equal(copy, expected);
}

char *edit(FrameType type, const char *place, const char *insert) {
        const char *sample = samples[type], *at = strstr(sample, place);
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        if (!at)
                fail_msg("the sample has no %s", place);
        buf_append(&buf, sample, (size_t)(at - sample));
        buf_append_string(&buf, insert);
        buf_append_string(&buf, at + strlen(place));
        return buf_take_string(&buf);
}

Release *make_release(const char *namespace, const char *key, int64_t version) {
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

void add_release(Change *change, const char *namespace, const char *key, int64_t version) {
        _cleanup_(release_unrefp) Release *release = make_release(namespace, key, version);

        assert_int_equal(change_add_release(change, release), 0);
}

void add_removal(Change *change, const char *namespace, const char *key) {
        assert_int_equal(change_add_removal(change, span_from_string(namespace), span_from_string(key)), 0);
}
