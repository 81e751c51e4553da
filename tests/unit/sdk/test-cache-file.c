#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cache_file.h"
#include "digest.h"
#include "value.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Setting {
        confer_options *options;
        Scope scope;
        Provenance *provenance;
        Buf bytes;
        char directory[32];
        char path[64];
} Setting;

static void put(Catalog *catalog, Provenance *provenance, const char *key, const char *content,
                const GrayData *gray) {
        ConfigData data = {
                .namespace = SPAN_LITERAL("prod.acme"),
                .key = span_from_string(key),
                .version = 3,
                .revision = 7,
                .format = FORMAT_JSON,
                .content = span_from_string(content),
                .updated_at_ms = 1234,
                .updated_by = SPAN_LITERAL("user:a"),
                .comment = SPAN_LITERAL("why"),
                .gray = gray,
        };
        confer_value *value;

        assert_int_equal(digest_sha256(data.content, data.sha256), 0);
        assert_int_equal(value_new(&data, provenance, CONFER_ORIGIN_SERVER, &value, NULL), 0);
        assert_int_equal(catalog_put(catalog, &value->release), 0);
        value_unref(value);
}

/* Two arms, of which the second serves the version of the first once more. */
static void put_gray(Catalog *catalog, Provenance *provenance) {
        GrayVersion versions[] = {
                { .version = 4, .format = FORMAT_TEXT, .content = SPAN_LITERAL("four") },
                { .version = 5, .format = FORMAT_YAML, .content = SPAN_LITERAL("five: 5") },
        };
        const GrayData gray = {
                .salt = SPAN_LITERAL("salt"),
                .rules = SPAN_LITERAL("[{\"match\":{\"ring\":[\"a\"]},\"split\":[{\"version\":5,"
                                      "\"weight\":100}]},{\"split\":[{\"version\":4,\"weight\":50},"
                                      "{\"version\":5,\"weight\":50}]}]"),
                .updated_at_ms = 5678,
                .updated_by = SPAN_LITERAL("user:g"),
                .comment = SPAN_LITERAL("gray"),
                .versions = versions,
                .n_versions = ARRAY_SIZE(versions),
        };

        for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
                assert_int_equal(digest_sha256(versions[i].content, versions[i].sha256), 0);
        put(catalog, provenance, "gray", "three", &gray);
}

static int setup(void **state) {
        Setting *setting = calloc(1, sizeof(*setting));
        bool is_known[] = { true, true };
        Cache cache = { .revision = 9, .confirmed_at_ms = 1700000000000, .epoch = "epoch-1" };

        assert_int_equal(confer_options_new(&setting->options), CONFER_OK);
        assert_int_equal(confer_options_add_namespace(setting->options, "prod.acme"), CONFER_OK);
        assert_int_equal(confer_options_add_key(setting->options, "test.acme", "one"), CONFER_OK);
        assert_int_equal(scope_init(&setting->scope, setting->options), 0);
        setting->provenance = provenance_new();
        setting->bytes = BUF_NULL;
        cache.is_known = is_known;
        cache.releases = CATALOG_NULL;
        put(&cache.releases, setting->provenance, "limits.json", "{\"rate\": 5}", NULL);
        put(&cache.releases, setting->provenance, "empty", "", NULL);
        put_gray(&cache.releases, setting->provenance);
        assert_int_equal(cache_encode(&setting->bytes, &cache, &setting->scope), 0);
        catalog_deinit(&cache.releases);

        strcpy(setting->directory, "/tmp/confer-cache-XXXXXX");
        assert_non_null(mkdtemp(setting->directory));
        snprintf(setting->path, sizeof(setting->path), "%s/cache", setting->directory);
        *state = setting;
        return 0;
}

static int teardown(void **state) {
        Setting *setting = *state;
        char temporary[80];

        snprintf(temporary, sizeof(temporary), "%s.tmp", setting->path);
        (void)unlink(temporary);
        (void)unlink(setting->path);
        (void)rmdir(setting->directory);
        buf_deinit(&setting->bytes);
        scope_deinit(&setting->scope);
        provenance_unref(setting->provenance);
        confer_options_free(setting->options);
        free(setting);
        return 0;
}

static int decode(Setting *setting, Span bytes, Cache *ret_cache) {
        return cache_decode(bytes, &setting->scope, setting->provenance, ret_cache);
}

static void what_was_written_is_read(void **state) {
        Setting *setting = *state;
        Cache cache;
        confer_value *value;

        assert_int_equal(decode(setting, buf_span(&setting->bytes), &cache), 0);
        assert_int_equal(cache.revision, 9);
        assert_int_equal(cache.confirmed_at_ms, 1700000000000);
        assert_string_equal(cache.epoch, "epoch-1");
        assert_true(cache.is_known[0] && cache.is_known[1]);
        assert_int_equal(cache.releases.n_releases, 3);
        value = value_of(
                catalog_get(&cache.releases, SPAN_LITERAL("prod.acme"), SPAN_LITERAL("limits.json")));
        assert_non_null(value);
        assert_string_equal(confer_value_content(value, NULL), "{\"rate\": 5}");
        assert_int_equal(confer_value_get_version(value), 3);
        assert_int_equal(confer_value_get_revision(value), 7);
        assert_int_equal(confer_value_get_format(value), CONFER_FORMAT_JSON);
        assert_int_equal(confer_value_get_origin(value), CONFER_ORIGIN_CACHE);
        assert_int_equal(confer_value_get_updated_at_ms(value), 1234);
        assert_string_equal(confer_value_get_updated_by(value), "user:a");
        assert_string_equal(confer_value_get_comment(value), "why");
        assert_int_equal(strlen(confer_value_get_sha256(value)), 64);
        cache_deinit(&cache);
}

static const confer_value *seen(const Cache *cache, const char *ring) {
        const Tag tag = { SPAN_LITERAL("ring"), span_from_string(ring) };
        const GrayAsker asker = { .unit = SPAN_LITERAL("i-1"), .tags = &tag, .n_tags = 1 };
        Release *release = catalog_get(&cache->releases, SPAN_LITERAL("prod.acme"), SPAN_LITERAL("gray"));

        assert_non_null(release);
        return value_seen_by(value_of(release), &asker);
}

static void a_gray_release_is_read_as_it_was_written(void **state) {
        Setting *setting = *state;
        const confer_value *value, *other;
        Cache cache;

        assert_int_equal(decode(setting, buf_span(&setting->bytes), &cache), 0);
        value = seen(&cache, "a");
        assert_string_equal(confer_value_content(value, NULL), "five: 5");
        assert_int_equal(confer_value_get_version(value), 5);
        assert_int_equal(confer_value_get_revision(value), 7);
        assert_int_equal(confer_value_get_rule(value), 0);
        assert_int_equal(confer_value_get_format(value), CONFER_FORMAT_YAML);
        assert_int_equal(confer_value_get_origin(value), CONFER_ORIGIN_CACHE);
        assert_int_equal(confer_value_get_updated_at_ms(value), 5678);
        assert_string_equal(confer_value_get_updated_by(value), "user:g");
        assert_string_equal(confer_value_get_comment(value), "gray");
        assert_int_equal(strlen(confer_value_get_sha256(value)), 64);

        other = seen(&cache, "b");
        assert_int_equal(confer_value_get_rule(other), 1);
        assert_true(confer_value_get_version(other) == 4 || confer_value_get_version(other) == 5);
        cache_deinit(&cache);
}

/* Bytes whose checksum is right, and which say something else: no library of this version wrote them. */
static void assert_refused(Setting *setting, const char *text, const char *changed) {
        size_t header_size = 8 + 4 + SHA256_SIZE, size = strlen(text);
        char *bytes = setting->bytes.data, *at = memmem(bytes, setting->bytes.size, text, size);
        uint8_t sha256[SHA256_SIZE];
        Cache cache;

        assert_non_null(at);
        memcpy(at, changed, size);
        assert_int_equal(
                digest_sha256((Span){ bytes + header_size, setting->bytes.size - header_size }, sha256), 0);
        memcpy(bytes + header_size - SHA256_SIZE, sha256, SHA256_SIZE);
        assert_int_equal(decode(setting, buf_span(&setting->bytes), &cache), CACHE_E_DAMAGED);
        memcpy(at, text, size);
}

static void rules_that_cannot_be_read_make_a_damaged_file(void **state) {
        Setting *setting = *state;

        assert_refused(setting, "\"split\"", "\"spill\"");
        assert_refused(setting, "\"version\":4", "\"version\":6");
}

static void damage_at_any_byte_is_found(void **state) {
        Setting *setting = *state;
        Cache cache;

        for (size_t i = 0; i < setting->bytes.size; i++)
                for (int bit = 0; bit < 8; bit++) {
                        setting->bytes.data[i] ^= (char)(1 << bit);
                        assert_true(decode(setting, buf_span(&setting->bytes), &cache) > 0);
                        setting->bytes.data[i] ^= (char)(1 << bit);
                }
}

static void a_file_cut_anywhere_is_found(void **state) {
        Setting *setting = *state;
        Cache cache;

        for (size_t size = 0; size < setting->bytes.size; size++) {
                char *copy = malloc(size ? size : 1);

                memcpy(copy, setting->bytes.data, size);
                assert_true(decode(setting, (Span){ copy, size }, &cache) > 0);
                free(copy);
        }
        buf_append_char(&setting->bytes, 0);
        assert_int_equal(decode(setting, buf_span(&setting->bytes), &cache), CACHE_E_DAMAGED);
}

/* A right checksum does not make wrong contents right: nothing may be read past the end. */
static void sizes_that_lie_are_found_under_a_right_checksum(void **state) {
        Setting *setting = *state;
        Cache cache;

        for (size_t i = 44; i + 4 <= setting->bytes.size; i++) {
                char kept[4];

                memcpy(kept, setting->bytes.data + i, 4);
                memset(setting->bytes.data + i, 0xff, 4);
                assert_int_equal(digest_sha256((Span){ setting->bytes.data + 44, setting->bytes.size - 44 },
                                               (uint8_t *)setting->bytes.data + 12),
                                 0);
                if (decode(setting, buf_span(&setting->bytes), &cache) == 0)
                        cache_deinit(&cache);
                memcpy(setting->bytes.data + i, kept, 4);
        }
}

static void a_file_of_another_version_is_foreign(void **state) {
        Setting *setting = *state;
        Cache cache;

        setting->bytes.data[8]++;
        assert_int_equal(decode(setting, buf_span(&setting->bytes), &cache), CACHE_E_FOREIGN);
        assert_int_equal(decode(setting, SPAN_LITERAL("some other text"), &cache), CACHE_E_FOREIGN);
}

static void another_set_of_namespaces_takes_what_it_has_in_common(void **state) {
        Setting *setting = *state;
        confer_options *options;
        Scope scope;
        Cache cache;

        assert_int_equal(confer_options_new(&options), CONFER_OK);
        assert_int_equal(confer_options_add_namespace(options, "test.acme"), CONFER_OK);
        assert_int_equal(confer_options_add_key(options, "prod.acme", "empty"), CONFER_OK);
        assert_int_equal(confer_options_add_namespace(options, "prod.other"), CONFER_OK);
        assert_int_equal(scope_init(&scope, options), 0);
        assert_int_equal(cache_decode(buf_span(&setting->bytes), &scope, setting->provenance, &cache), 0);
        assert_false(cache.is_known[0]); /* only a key of it was known */
        assert_true(cache.is_known[1]);
        assert_false(cache.is_known[2]);
        assert_int_equal(cache.releases.n_releases, 1);
        cache_deinit(&cache);
        scope_deinit(&scope);
        confer_options_free(options);
}

static int read_file(Setting *setting) {
        Cache cache;
        int r = cache_file_read(setting->path, &setting->scope, setting->provenance, &cache);

        if (r == 0)
                cache_deinit(&cache);
        return r;
}

static void a_file_is_replaced_whole_and_private(void **state) {
        Setting *setting = *state;
        struct stat status;
        char temporary[80];

        assert_int_equal(read_file(setting), CACHE_E_ABSENT);
        assert_int_equal(cache_file_write(setting->path, SPAN_LITERAL("before")), 0);
        assert_int_equal(cache_file_write(setting->path, buf_span(&setting->bytes)), 0);
        assert_int_equal(stat(setting->path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_int_equal(read_file(setting), 0);
        snprintf(temporary, sizeof(temporary), "%s.tmp", setting->path);
        assert_int_equal(access(temporary, F_OK), -1);
}

static void a_file_that_others_may_write_is_not_used(void **state) {
        Setting *setting = *state;

        assert_int_equal(cache_file_write(setting->path, buf_span(&setting->bytes)), 0);
        assert_int_equal(chmod(setting->path, 0620), 0);
        assert_int_equal(read_file(setting), CACHE_E_UNSAFE);
        assert_int_equal(chmod(setting->path, 0602), 0);
        assert_int_equal(read_file(setting), CACHE_E_UNSAFE);
        assert_int_equal(unlink(setting->path), 0);
        assert_int_equal(mkfifo(setting->path, 0600), 0);
        assert_int_equal(read_file(setting), CACHE_E_UNSAFE);
}

static void two_writers_do_not_meet(void **state) {
        Setting *setting = *state;
        char temporary[80];
        int fd;

        snprintf(temporary, sizeof(temporary), "%s.tmp", setting->path);
        fd = open(temporary, O_WRONLY | O_CREAT, 0600);
        assert_true(fd >= 0);
        assert_int_equal(flock(fd, LOCK_EX), 0);
        assert_int_equal(cache_file_write(setting->path, SPAN_LITERAL("x")), -EBUSY);
        close(fd);
        assert_int_equal(cache_file_write(setting->path, SPAN_LITERAL("x")), 0);
}

static void a_directory_that_is_not_there_is_an_error(void **state) {
        (void)state;
        assert_int_equal(cache_file_write("/tmp/confer-no-such-directory/cache", SPAN_LITERAL("x")), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(what_was_written_is_read),
                TEST(a_gray_release_is_read_as_it_was_written),
                TEST(rules_that_cannot_be_read_make_a_damaged_file),
                TEST(damage_at_any_byte_is_found),
                TEST(a_file_cut_anywhere_is_found),
                TEST(sizes_that_lie_are_found_under_a_right_checksum),
                TEST(a_file_of_another_version_is_foreign),
                TEST(another_set_of_namespaces_takes_what_it_has_in_common),
                TEST(a_file_is_replaced_whole_and_private),
                TEST(a_file_that_others_may_write_is_not_used),
                TEST(two_writers_do_not_meet),
                TEST(a_directory_that_is_not_there_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
