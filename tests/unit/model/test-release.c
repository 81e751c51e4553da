#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/macros.h"
#include "model/release.h"

#define EPOCH SPAN_LITERAL("0123456789abcdef0123456789abcdef")

static const ConfigData sample = {
        .namespace = SPAN_LITERAL("prod.acme"),
        .key = SPAN_LITERAL("app.json"),
        .version = 7,
        .revision = 42,
        .format = FORMAT_JSON,
        .content = SPAN_LITERAL("{\"a\": \"\\u00e9\"}\n"),
        .sha256 = { 0x00, 0x01, 0xfe, 0xff },
        .updated_at_ms = INT64_C(1769850300000),
        .updated_by = SPAN_LITERAL("user:admin"),
        .comment = SPAN_LITERAL("says \"hello\"\n"),
};

static uint64_t next_random(uint64_t *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

static Release *make(const ConfigData *data) {
        Release *release = release_new(data, EPOCH);

        assert_non_null(release);
        return release;
}

static json_t *parse(Span text) {
        json_error_t error;
        json_t *json = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

        if (!json)
                fail_msg("jansson: %s in %.*s", error.text, (int)text.size, text.data);
        return json;
}

static Span text_of(const json_t *object, const char *name) {
        const json_t *value = json_object_get(object, name);

        assert_true(json_is_string(value));
        return (Span){ json_string_value(value), json_string_length(value) };
}

static void assert_members(const json_t *json, const char *expected) {
        char names[256] = "";
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)json, name, value) {
                strcat(names, name);
                strcat(names, " ");
        }
        assert_string_equal(names, expected);
}

static void test_the_json_has_all_members_in_the_order_of_the_contract(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&sample);
        json_auto_t *json = parse(release_json(release));

        assert_members(json,
                       "namespace key version revision format content sha256 updated_at updated_by comment ");
}

static void test_the_json_says_what_went_in(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&sample);
        json_auto_t *json = parse(release_json(release));

        assert_true(span_equal(text_of(json, "namespace"), sample.namespace));
        assert_true(span_equal(text_of(json, "key"), sample.key));
        assert_true(json_is_integer(json_object_get(json, "version")));
        assert_int_equal(json_integer_value(json_object_get(json, "version")), 7);
        assert_true(json_is_integer(json_object_get(json, "revision")));
        assert_int_equal(json_integer_value(json_object_get(json, "revision")), 42);
        assert_true(span_equal_string(text_of(json, "format"), "json"));
        assert_true(span_equal(text_of(json, "content"), sample.content));
        assert_true(span_equal_string(text_of(json, "sha256"),
                                      "0001feff00000000000000000000000000000000000000000000000000000000"));
        assert_true(span_equal_string(text_of(json, "updated_at"), "2026-01-31T09:05:00.000Z"));
        assert_true(span_equal_string(text_of(json, "updated_by"), "user:admin"));
        assert_true(span_equal(text_of(json, "comment"), sample.comment));
}

static void test_the_largest_numbers_are_written_whole(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = NULL;
        json_auto_t *json = NULL;
        ConfigData data = sample;

        data.version = INT64_MAX;
        data.revision = INT64_MAX;
        release = make(&data);
        json = parse(release_json(release));
        assert_true(json_integer_value(json_object_get(json, "version")) == INT64_MAX);
        assert_true(json_integer_value(json_object_get(json, "revision")) == INT64_MAX);
        assert_true(release_version(release) == INT64_MAX);
        assert_true(release_revision(release) == INT64_MAX);
}

static void test_a_release_knows_its_name_and_numbers(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&sample);

        assert_true(span_equal(release_namespace(release), sample.namespace));
        assert_true(span_equal(release_key(release), sample.key));
        assert_int_equal(release_version(release), 7);
        assert_int_equal(release_revision(release), 42);
        assert_int_equal(release_format(release), FORMAT_JSON);
}

static void test_a_release_borrows_nothing_from_what_it_was_made_of(void **state _unused_) {
        char namespace[] = "prod", key[] = "app", content[] = "text", by[] = "user:x", comment[] = "why";
        char epoch[] = "0123456789abcdef0123456789abcdef";
        ConfigData data = {
                .namespace = span_from_string(namespace),
                .key = span_from_string(key),
                .version = 1,
                .content = span_from_string(content),
                .updated_by = span_from_string(by),
                .comment = span_from_string(comment),
        };
        _cleanup_(release_unrefp) Release *release = release_new(&data, span_from_string(epoch));
        _cleanup_(buf_deinit) Buf before = BUF_NULL, after = BUF_NULL, bare = BUF_NULL;

        assert_non_null(release);
        buf_append_span(&before, release_json(release));
        buf_append_span(&before, release_etag(release));
        memset(namespace, '?', strlen(namespace));
        memset(key, '?', strlen(key));
        memset(content, '?', strlen(content));
        memset(by, '?', strlen(by));
        memset(comment, '?', strlen(comment));
        memset(epoch, '?', strlen(epoch));

        release_append_content(release, &bare);
        assert_true(span_equal_string(buf_span(&bare), "text"));
        assert_true(span_equal_string(release_namespace(release), "prod"));
        assert_true(span_equal_string(release_key(release), "app"));
        buf_append_span(&after, release_json(release));
        buf_append_span(&after, release_etag(release));
        assert_true(span_equal(buf_span(&after), buf_span(&before)));
}

static void assert_content_comes_back(Span content) {
        _cleanup_(release_unrefp) Release *release = NULL;
        _cleanup_(buf_deinit) Buf bare = BUF_NULL;
        json_auto_t *json = NULL;
        ConfigData data = sample;

        data.content = content;
        release = make(&data);
        release_append_content(release, &bare);
        assert_int_equal(bare.size, content.size);
        assert_true(span_equal(buf_span(&bare), content));

        json = parse(release_json(release));
        assert_true(span_equal(text_of(json, "content"), content));
        assert_true(span_equal(text_of(json, "comment"), sample.comment));
}

static void test_the_content_comes_back_byte_for_byte(void **state _unused_) {
        static const Span contents[] = {
                SPAN_LITERAL(""),
                SPAN_LITERAL("\n"),
                SPAN_LITERAL("no newline at the end"),
                SPAN_LITERAL("\r\nmixed\nline\rends\r\n\r\n"),
                SPAN_LITERAL("\xef\xbb\xbfmark"),
                SPAN_LITERAL("\",\"sha256\":\"forged\",\"content\":\""),
                SPAN_LITERAL("\\u0041 \\n \\\\ \\\" \\"),
                SPAN_LITERAL("\x01\x02\x1f\x7f\t\b\f"),
                SPAN_LITERAL("\xe2\x80\xa8\xe2\x80\xa9\xf4\x8f\xbf\xbf"),
        };

        for (size_t i = 0; i < ARRAY_SIZE(contents); i++)
                assert_content_comes_back(contents[i]);
}

static void test_random_contents_come_back_byte_for_byte(void **state _unused_) {
        static const char *const pieces[] = { "\"",       "\\",
                                              "\n",       "\x01",
                                              "a",        "plain text of some length",
                                              "\xc3\xa9", "\xf0\x9f\x98\x80",
                                              "}",        "\\\"",
                                              "u0000" };
        uint64_t random = 3;

        for (int i = 0; i < 2000; i++) {
                _cleanup_(buf_deinit) Buf content = BUF_NULL;

                for (size_t n = next_random(&random) % 100; n > 0; n--)
                        buf_append_string(&content, pieces[next_random(&random) % ARRAY_SIZE(pieces)]);
                assert_content_comes_back(buf_span(&content));
        }
}

static void test_a_mebibyte_of_escapes_comes_back(void **state _unused_) {
        static char content[1024 * 1024];

        memset(content, 0x01, sizeof(content));
        assert_content_comes_back((Span){ content, sizeof(content) });
}

static void test_the_content_is_appended_to_what_is_there(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&sample);
        _cleanup_(buf_deinit) Buf bare = BUF_NULL;

        buf_append_literal(&bare, "before ");
        release_append_content(release, &bare);
        assert_true(span_starts_with(buf_span(&bare), SPAN_LITERAL("before {\"a\": ")));
}

static void test_the_longest_names_are_kept_whole(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = NULL;
        char namespace[255], key[255];
        ConfigData data = sample;

        memset(namespace, 'n', sizeof(namespace));
        memset(key, 'k', sizeof(key));
        data.namespace = (Span){ namespace, sizeof(namespace) };
        data.key = (Span){ key, sizeof(key) };
        release = make(&data);
        assert_true(span_equal(release_namespace(release), data.namespace));
        assert_true(span_equal(release_key(release), data.key));
}

static Span etag_of(const ConfigData *data, Span epoch, Buf *buf) {
        _cleanup_(release_unrefp) Release *release = release_new(data, epoch);

        assert_non_null(release);
        buf_append_span(buf, release_etag(release));
        return buf_span(buf);
}

static void assert_same_etag(const ConfigData *data, Span epoch, bool expected) {
        _cleanup_(buf_deinit) Buf one = BUF_NULL, other = BUF_NULL;

        assert_int_equal(span_equal(etag_of(&sample, EPOCH, &one), etag_of(data, epoch, &other)), expected);
}

static void test_the_etag_is_version_revision_and_8_hex_digits_in_quotes(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&sample);
        Span etag = release_etag(release);

        assert_true(span_starts_with(etag, SPAN_LITERAL("\"7-42-")));
        assert_int_equal(etag.size, strlen("\"7-42-") + 8 + 1);
        assert_int_equal(etag.data[etag.size - 1], '"');
        for (size_t i = strlen("\"7-42-"); i + 1 < etag.size; i++)
                assert_non_null(memchr("0123456789abcdef", etag.data[i], 16));
}

static void test_the_etag_of_the_same_release_is_the_same(void **state _unused_) {
        ConfigData data = sample;

        assert_same_etag(&data, EPOCH, true);
}

static void test_another_version_has_another_etag(void **state _unused_) {
        ConfigData data = sample;

        data.version = 8;
        assert_same_etag(&data, EPOCH, false);
}

static void test_another_revision_has_another_etag(void **state _unused_) {
        ConfigData data = sample;

        data.revision = 43;
        assert_same_etag(&data, EPOCH, false);
}

static void test_another_epoch_has_another_etag(void **state _unused_) {
        assert_same_etag(&sample, SPAN_LITERAL("1123456789abcdef0123456789abcdef"), false);
        assert_same_etag(&sample, SPAN_LITERAL("0123456789abcdef0123456789abcdee"), false);
}

/* One URL serves both when the nearer config is made or deleted. */
static void test_another_namespace_has_another_etag(void **state _unused_) {
        ConfigData data = sample;

        data.namespace = SPAN_LITERAL("prod");
        assert_same_etag(&data, EPOCH, false);
}

static void test_the_etag_is_no_part_of_the_json(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&sample);
        Span json = release_json(release);

        assert_int_equal(json.data[0], '{');
        assert_int_equal(json.data[json.size - 1], '}');
}

static void test_a_referenced_release_outlives_its_maker(void **state _unused_) {
        Release *release = make(&sample), *other = release_ref(release);

        assert_ptr_equal(release, other);
        assert_null(release_unref(release));
        assert_int_equal(release_version(other), 7);
        assert_null(release_unref(other));
}

static void test_no_release_is_referenced_and_unreferenced_too(void **state _unused_) {
        assert_null(release_ref(NULL));
        assert_null(release_unref(NULL));
}

static json_t *parse_members(const ConfigData *data) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        buf_append_literal(&buf, "{\"before\":1,");
        config_data_append_members(&buf, data);
        buf_append_literal(&buf, ",\"after\":2}");
        return parse(buf_span(&buf));
}

static void test_bare_members_are_those_of_a_release(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&sample);
        json_auto_t *json = parse_members(&sample);
        json_auto_t *expected = parse(release_json(release));

        assert_int_equal(json_integer_value(json_object_get(json, "before")), 1);
        assert_int_equal(json_integer_value(json_object_get(json, "after")), 2);
        assert_int_equal(json_object_del(json, "before"), 0);
        assert_int_equal(json_object_del(json, "after"), 0);
        assert_true(json_equal(json, expected));
}

static void test_an_absent_content_is_left_out(void **state _unused_) {
        json_auto_t *json = NULL;
        ConfigData data = sample;

        data.content = SPAN_NULL;
        json = parse_members(&data);
        assert_members(
                json,
                "before namespace key version revision format sha256 updated_at updated_by comment after ");
}

static void test_an_empty_content_is_there(void **state _unused_) {
        json_auto_t *json = NULL;
        ConfigData data = sample;

        data.content = SPAN_LITERAL("");
        json = parse_members(&data);
        assert_int_equal(text_of(json, "content").size, 0);
}

static void test_the_wire_has_all_but_the_namespace_and_the_gray_release(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make(&sample);
        _cleanup_(buf_deinit) Buf wire = BUF_NULL;
        json_auto_t *json = NULL, *expected = parse(release_json(release));

        release_append_wire(&wire, release);
        json = parse(buf_span(&wire));
        assert_members(json,
                       "key version revision format content sha256 updated_at updated_by comment gray ");
        assert_true(json_is_null(json_object_get(json, "gray")));
        assert_int_equal(json_object_del(json, "gray"), 0);
        assert_int_equal(json_object_del(expected, "namespace"), 0);
        assert_true(json_equal(json, expected));
}

static void test_the_wire_of_the_shortest_and_longest_names_is_whole(void **state _unused_) {
        static char text[255];
        static const size_t sizes[] = { 1, 255 };

        memset(text, 'k', sizeof(text));
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                _cleanup_(release_unrefp) Release *release = NULL;
                _cleanup_(buf_deinit) Buf wire = BUF_NULL;
                json_auto_t *json = NULL;
                ConfigData data = sample;

                data.namespace = data.key = (Span){ text, sizes[i] };
                release = make(&data);
                buf_append_literal(&wire, "[");
                release_append_wire(&wire, release);
                buf_append_literal(&wire, "]");
                json = parse(buf_span(&wire));
                assert_true(span_equal(text_of(json_array_get(json, 0), "key"), data.key));
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_json_has_all_members_in_the_order_of_the_contract),
                cmocka_unit_test(test_the_json_says_what_went_in),
                cmocka_unit_test(test_the_largest_numbers_are_written_whole),
                cmocka_unit_test(test_a_release_knows_its_name_and_numbers),
                cmocka_unit_test(test_a_release_borrows_nothing_from_what_it_was_made_of),
                cmocka_unit_test(test_the_content_comes_back_byte_for_byte),
                cmocka_unit_test(test_random_contents_come_back_byte_for_byte),
                cmocka_unit_test(test_a_mebibyte_of_escapes_comes_back),
                cmocka_unit_test(test_the_content_is_appended_to_what_is_there),
                cmocka_unit_test(test_the_longest_names_are_kept_whole),
                cmocka_unit_test(test_the_etag_is_version_revision_and_8_hex_digits_in_quotes),
                cmocka_unit_test(test_the_etag_of_the_same_release_is_the_same),
                cmocka_unit_test(test_another_version_has_another_etag),
                cmocka_unit_test(test_another_revision_has_another_etag),
                cmocka_unit_test(test_another_epoch_has_another_etag),
                cmocka_unit_test(test_another_namespace_has_another_etag),
                cmocka_unit_test(test_the_etag_is_no_part_of_the_json),
                cmocka_unit_test(test_a_referenced_release_outlives_its_maker),
                cmocka_unit_test(test_no_release_is_referenced_and_unreferenced_too),
                cmocka_unit_test(test_bare_members_are_those_of_a_release),
                cmocka_unit_test(test_an_absent_content_is_left_out),
                cmocka_unit_test(test_an_empty_content_is_there),
                cmocka_unit_test(test_the_wire_has_all_but_the_namespace_and_the_gray_release),
                cmocka_unit_test(test_the_wire_of_the_shortest_and_longest_names_is_whole),
        };

        return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}
