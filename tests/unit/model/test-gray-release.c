/*
 * A release with a gray release on top: what goes into the frames comes out of them, and each asker gets what
 * the rules say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/frame.h"
#include "model/gray_release.h"
#include "model/macros.h"

#define EPOCH SPAN_LITERAL("epoch")
#define RULES                                                                                                \
        "[{\"match\":{\"ring\":[\"canary\"]},\"split\":[{\"version\":9,\"weight\":100}]},"                   \
        "{\"split\":[{\"version\":8,\"weight\":30},{\"version\":9,\"weight\":20.5}]}]"

static const GrayVersion versions[] = {
        { 8, FORMAT_TEXT, SPAN_LITERAL("eight \"8\"\n"), { 0x08 } },
        { 9, FORMAT_JSON, SPAN_LITERAL("{\"n\": 9}"), { 0x09, 0xff } },
};

static const Ramp ramp = { .rule = 1, .n_steps = 1, .steps = { { 30000, 0 } } };

static const GrayData gray_data = {
        .salt = SPAN_LITERAL("s\"alt"),
        .rules = SPAN_LITERAL(RULES),
        .updated_at_ms = INT64_C(1769850300000),
        .updated_by = SPAN_LITERAL("user:gray"),
        .comment = SPAN_LITERAL("canaries\nfirst"),
        .versions = versions,
        .n_versions = ARRAY_SIZE(versions),
        .ramp = &ramp,
};

static const ConfigData data = {
        .namespace = SPAN_LITERAL("prod.acme"),
        .key = SPAN_LITERAL("limits.json"),
        .version = 7,
        .revision = 42,
        .format = FORMAT_JSON,
        .content = SPAN_LITERAL("{\"n\": 7}"),
        .sha256 = { 0x07 },
        .updated_at_ms = INT64_C(1769850200000),
        .updated_by = SPAN_LITERAL("user:stable"),
        .comment = SPAN_LITERAL("as ever"),
        .gray = &gray_data,
};

static Release *make(const ConfigData *from) {
        Release *release = release_new(from, EPOCH);

        assert_non_null(release);
        return release;
}

static Release *choose(Release *release, const char *unit, const char *ring, GrayVerdict *ret_verdict) {
        Tag tag = { SPAN_LITERAL("ring"), span_from_string(ring) };

        return release_choose(release, &(GrayAsker){ span_from_string(unit), &tag, ring ? 1 : 0 },
                              ret_verdict);
}

static void assert_json_has(const Release *release, const char *part) {
        Span json = release_json(release);

        if (!memmem(json.data, json.size, part, strlen(part)))
                fail_msg("no %s in %.*s", part, (int)json.size, json.data);
}

static void test_who_matches_gets_the_arm_and_others_the_stable_version(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&data);
        GrayVerdict verdict;
        Release *chosen = choose(release, "u", "canary", &verdict);

        assert_int_equal(chosen->version, 9);
        assert_int_equal(verdict.rule, 0);
        assert_int_equal(verdict.reason, GRAY_REASON_ARM);

        assert_ptr_equal(choose(release, NULL, NULL, &verdict), release);
        assert_int_equal(verdict.rule, 1);
        assert_int_equal(verdict.reason, GRAY_REASON_NO_UNIT);
}

static void test_the_split_gives_each_arm_its_share(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&data);
        size_t n[10] = { 0 };

        for (int i = 0; i < 10000; i++) {
                char unit[16];

                (void)snprintf(unit, sizeof(unit), "unit-%d", i);
                n[choose(release, unit, NULL, NULL)->version]++;
        }
        assert_in_range(n[8], 2800, 3200);
        assert_in_range(n[9], 1850, 2250);
        assert_int_equal(n[7] + n[8] + n[9], 10000);
}

static void test_an_arm_is_a_release_of_its_own(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&data);
        _cleanup_(buf_deinit) Buf content = BUF_NULL;
        Release *arm = choose(release, "u", "canary", NULL);

        assert_int_equal(arm->revision, 42);
        assert_int_equal(arm->format, FORMAT_JSON);
        assert_true(span_equal(release_namespace(arm), data.namespace));
        assert_true(span_equal(release_key(arm), data.key));
        assert_json_has(arm, "\"version\":9,\"revision\":42,\"format\":\"json\"");
        assert_json_has(arm, "\"updated_at\":\"2026-01-31T09:05:00.000Z\",\"updated_by\":\"user:gray\"");
        assert_json_has(release, "\"updated_by\":\"user:stable\",\"comment\":\"as ever\"");
        assert_false(span_equal(release_etag(arm), release_etag(release)));
        release_append_content(arm, &content);
        assert_true(span_equal(buf_span(&content), versions[1].content));
}

static void test_arms_of_one_version_share_its_release(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&data);

        assert_int_equal(release->gray->n_arms, 3);
        assert_ptr_equal(release->gray->arms[0], release->gray->arms[2]);
        assert_ptr_not_equal(release->gray->arms[0], release->gray->arms[1]);
}

static void test_the_ramp_is_kept(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&data);

        assert_non_null(release->gray->ramp);
        assert_ptr_not_equal(release->gray->ramp, &ramp);
        assert_memory_equal(release->gray->ramp, &ramp, sizeof(ramp));
}

static Frame parse_change_with(const Release *release, Buf *text) {
        Problem problem = PROBLEM_NULL;
        Frame frame = FRAME_NULL;

        buf_append_literal(text, "{\"seq\":42,\"type\":\"change\",\"payload\":{\"changes\":[{\"namespace\":"
                                 "\"prod.acme\",\"deleted\":[],\"releases\":[");
        release_append_wire(text, release);
        buf_append_literal(text, "]}]}}");
        if (frame_parse(buf_span(text), &frame, &problem) != 0)
                fail_msg("%s: %s in %.*s", problem.field, problem.text, (int)text->size, text->data);
        return frame;
}

static void test_the_frame_carries_all_of_it(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&data);
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        _cleanup_(frame_deinit) Frame frame = parse_change_with(release, &text);
        const ConfigData *read = &frame.namespaces[0].releases[0];
        const GrayData *gray = read->gray;

        assert_int_equal(read->version, 7);
        assert_non_null(gray);
        /* The frame owns what it points to. */
        memset(text.data, 'x', text.size);
        assert_true(span_equal(gray->salt, gray_data.salt));
        assert_true(span_equal(gray->rules, gray_data.rules));
        assert_true(span_equal(gray->updated_by, gray_data.updated_by));
        assert_true(span_equal(gray->comment, gray_data.comment));
        assert_int_equal(gray->updated_at_ms, gray_data.updated_at_ms);
        assert_null(gray->ramp);
        assert_int_equal(gray->n_versions, 2);
        for (size_t i = 0; i < gray->n_versions; i++) {
                const GrayVersion *version = gray_data_find(gray, versions[i].version);

                assert_non_null(version);
                assert_int_equal(version->format, versions[i].format);
                assert_true(span_equal(version->content, versions[i].content));
                assert_memory_equal(version->sha256, versions[i].sha256, SHA256_SIZE);
        }
}

static void test_what_a_client_makes_of_the_frame_chooses_alike(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&data);
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        _cleanup_(frame_deinit) Frame frame = parse_change_with(release, &text);
        _cleanup_(release_unrefp) Release *again = NULL;

        frame.namespaces[0].releases[0].namespace = data.namespace;
        again = make(&frame.namespaces[0].releases[0]);
        for (int i = 0; i < 1000; i++) {
                char unit[16];

                (void)snprintf(unit, sizeof(unit), "%x", i * 7919);
                assert_int_equal(choose(release, unit, NULL, NULL)->version,
                                 choose(again, unit, NULL, NULL)->version);
        }
}

static void test_without_a_gray_release_everybody_gets_the_release(void **state _unused_) {
        ConfigData plain = data;
        _cleanup_(release_unrefp) Release *release = NULL;
        _cleanup_(buf_deinit) Buf wire = BUF_NULL;
        GrayVerdict verdict;

        plain.gray = NULL;
        release = make(&plain);
        assert_ptr_equal(choose(release, "u", "canary", &verdict), release);
        assert_int_equal(verdict.reason, GRAY_REASON_NO_GRAY_RELEASE);
        assert_int_equal(verdict.rule, -1);
        release_append_wire(&wire, release);
        assert_non_null(memmem(wire.data, wire.size, ",\"gray\":null}", 13));
}

static void test_rules_that_name_a_version_without_content_are_refused(void **state _unused_) {
        GrayData lacking = gray_data;
        GrayRelease *gray = NULL;
        Problem problem = PROBLEM_NULL;

        lacking.n_versions = 1;
        assert_int_equal(gray_release_new(&lacking, &gray, &problem), GRAY_E_INVALID);
        assert_null(gray);
        assert_string_equal(problem.text, "there is no content of version 9");
}

static void test_rules_that_are_compiled_already_are_shared(void **state _unused_) {
        _cleanup_(gray_release_freep) GrayRelease *gray = NULL;
        Problem problem = PROBLEM_NULL;
        GrayData compiled = gray_data;

        assert_int_equal(gray_new(gray_data.rules, gray_data.salt, &compiled.compiled, &problem), 0);
        assert_int_equal(gray_release_new(&compiled, &gray, &problem), 0);
        assert_ptr_equal(gray->rules, compiled.compiled);
        assert_null(gray_unref(compiled.compiled));
        assert_int_equal(gray_n_rules(gray->rules), 2);
}

static void test_rules_that_are_wrong_make_no_release(void **state _unused_) {
        GrayData wrong = gray_data;
        ConfigData with_wrong = data;

        wrong.rules = SPAN_LITERAL("[{\"split\":[]}]");
        with_wrong.gray = &wrong;
        assert_null(release_new(&with_wrong, EPOCH));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_matches_gets_the_arm_and_others_the_stable_version),
                cmocka_unit_test(test_the_split_gives_each_arm_its_share),
                cmocka_unit_test(test_an_arm_is_a_release_of_its_own),
                cmocka_unit_test(test_arms_of_one_version_share_its_release),
                cmocka_unit_test(test_the_ramp_is_kept),
                cmocka_unit_test(test_the_frame_carries_all_of_it),
                cmocka_unit_test(test_what_a_client_makes_of_the_frame_chooses_alike),
                cmocka_unit_test(test_without_a_gray_release_everybody_gets_the_release),
                cmocka_unit_test(test_rules_that_name_a_version_without_content_are_refused),
                cmocka_unit_test(test_rules_that_are_compiled_already_are_shared),
                cmocka_unit_test(test_rules_that_are_wrong_make_no_release),
        };

        return cmocka_run_group_tests_name("gray release", tests, NULL, NULL);
}
