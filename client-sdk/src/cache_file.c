#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache_file.h"
#include "digest.h"
#include "model/digits.h"
#include "model/name.h"
#include "value.h"

#define MAGIC       "CONFER\r\n"
#define MAGIC_SIZE  8
#define HEADER_SIZE (MAGIC_SIZE + 4 + SHA256_SIZE)

void cache_deinit(Cache *cache) {
        free(cache->is_known);
        catalog_deinit(&cache->releases);
        *cache = CACHE_NULL;
}

const char *cache_error_to_string(int error) {
        switch (error) {
        case CACHE_E_ABSENT:
                return "there is no file";
        case CACHE_E_UNSAFE:
                return "it is not a file that this user alone may write";
        case CACHE_E_FOREIGN:
                return "it is no cache file of this version";
        case CACHE_E_DAMAGED:
                return "it is damaged";
        default:
                return strerrordesc_np(-error) ? strerrordesc_np(-error) : "an unknown error";
        }
}

/* ------------------------------------------------------------------------------------------------- encoding
 */

static void put_u32(Buf *buf, uint32_t number) {
        number = htole32(number);
        buf_append(buf, &number, sizeof(number));
}

static void put_u64(Buf *buf, uint64_t number) {
        number = htole64(number);
        buf_append(buf, &number, sizeof(number));
}

static void put_text(Buf *buf, Span text) {
        put_u32(buf, (uint32_t)text.size);
        buf_append_span(buf, text);
}

static void put_wanted(Buf *buf, const Wanted *wanted) {
        put_text(buf, span_from_string(wanted->name));
        buf_append_char(buf, wanted->all_keys ? 1 : 0);
        if (wanted->all_keys)
                return;

        put_u32(buf, (uint32_t)wanted->n_keys);
        for (size_t i = 0; i < wanted->n_keys; i++)
                put_text(buf, span_from_string(wanted->keys[i]));
}

static void put_scope(Buf *buf, const Cache *cache, const Scope *scope) {
        uint32_t n_known = 0;

        for (size_t i = 0; i < scope->n_wanted; i++)
                n_known += cache->is_known[i];
        put_u32(buf, n_known);
        for (size_t i = 0; i < scope->n_wanted; i++)
                if (cache->is_known[i])
                        put_wanted(buf, &scope->options->wanted[i]);
}

static void put_sha256(Buf *buf, const char *hex) {
        for (size_t i = 0; i < SHA256_SIZE; i++)
                buf_append_char(buf, (char)(hex_value(hex[2 * i]) * 16 + hex_value(hex[2 * i + 1])));
}

static void put_content(Buf *buf, const confer_value *value) {
        put_text(buf, (Span){ value->body->content, value->body->content_size });
}

/* Is it the first of the arms that serves its version? */
static bool is_first_of_version(const GrayRelease *gray, size_t at) {
        for (size_t i = 0; i < at; i++)
                if (gray->arms[i]->version == gray->arms[at]->version)
                        return false;
        return true;
}

static void put_version(Buf *buf, const confer_value *value) {
        put_u64(buf, (uint64_t)value->release.version);
        buf_append_char(buf, (char)value->release.format);
        put_sha256(buf, value->body->sha256);
        put_content(buf, value);
}

static void put_versions(Buf *buf, const GrayRelease *gray) {
        uint32_t n_versions = 0;

        for (size_t i = 0; i < gray->n_arms; i++)
                n_versions += is_first_of_version(gray, i);
        put_u32(buf, n_versions);
        for (size_t i = 0; i < gray->n_arms; i++)
                if (is_first_of_version(gray, i))
                        put_version(buf, value_of(gray->arms[i]));
}

/* Who set the rules, and why, stands in each arm; there is one at least. */
static void put_gray(Buf *buf, const GrayRelease *gray) {
        const ValueBody *arm = value_of(gray->arms[0])->body;

        put_text(buf, gray_salt(gray->rules));
        put_text(buf, gray_rules(gray->rules));
        put_u64(buf, (uint64_t)gray->updated_at_ms);
        put_text(buf, span_from_string(arm->updated_by));
        put_text(buf, span_from_string(arm->comment));
        put_versions(buf, gray);
}

static bool put_release(void *context, Release *release) {
        const confer_value *value = value_of(release);
        Buf *buf = context;

        put_text(buf, release_namespace(release));
        put_text(buf, release_key(release));
        put_u64(buf, (uint64_t)release->version);
        put_u64(buf, release->revision);
        buf_append_char(buf, (char)release->format);
        put_sha256(buf, value->body->sha256);
        put_u64(buf, (uint64_t)value->body->updated_at_ms);
        put_content(buf, value);
        put_text(buf, span_from_string(value->body->updated_by));
        put_text(buf, span_from_string(value->body->comment));
        buf_append_char(buf, release->gray ? 1 : 0);
        if (release->gray)
                put_gray(buf, release->gray);
        return !buf_failed(buf);
}

int cache_encode(Buf *buf, const Cache *cache, const Scope *scope) {
        size_t begin = buf->size, at;
        uint8_t sha256[SHA256_SIZE] = { 0 };

        buf_append_literal(buf, MAGIC);
        put_u32(buf, CACHE_FORMAT_VERSION);
        at = buf->size;
        buf_append(buf, sha256, sizeof(sha256));
        put_u64(buf, cache->revision);
        put_u64(buf, (uint64_t)cache->confirmed_at_ms);
        put_text(buf, span_from_string(cache->epoch));
        put_scope(buf, cache, scope);
        put_u32(buf, (uint32_t)cache->releases.n_releases);
        catalog_each(&cache->releases, SPAN_NULL, put_release, buf);
        if (buf_failed(buf))
                return -ENOMEM;
        if (digest_sha256((Span){ buf->data + begin + HEADER_SIZE, buf->size - begin - HEADER_SIZE },
                          sha256) != 0)
                return -ENOMEM;

        memcpy(buf->data + at, sha256, sizeof(sha256));
        return 0;
}

/* ------------------------------------------------------------------------------------------------- decoding
 */

/* What is still to be read. Once something is amiss, all that is read is empty. */
typedef struct Reader {
        Span rest;
        bool failed;
} Reader;

static Span get_bytes(Reader *reader, size_t size) {
        Span bytes = { reader->rest.data, size };

        if (reader->failed || size > reader->rest.size) {
                reader->failed = true;
                return (Span){ "", 0 };
        }
        reader->rest = (Span){ reader->rest.data + size, reader->rest.size - size };
        return bytes;
}

static uint8_t get_u8(Reader *reader) {
        Span bytes = get_bytes(reader, 1);

        return bytes.size ? (uint8_t)*bytes.data : 0;
}

static uint32_t get_u32(Reader *reader) {
        Span bytes = get_bytes(reader, sizeof(uint32_t));
        uint32_t number = 0;

        memcpy(&number, bytes.data, bytes.size);
        return le32toh(number);
}

static uint64_t get_u64(Reader *reader) {
        Span bytes = get_bytes(reader, sizeof(uint64_t));
        uint64_t number = 0;

        memcpy(&number, bytes.data, bytes.size);
        return le64toh(number);
}

static Span get_text(Reader *reader) {
        return get_bytes(reader, get_u32(reader));
}

/* How many of the keys that are wanted now stand in the list that follows. */
static size_t count_wanted_keys(Reader *reader, const Wanted *wanted) {
        uint32_t n_keys = get_u32(reader);
        size_t n = 0;

        for (uint32_t i = 0; i < n_keys && !reader->failed; i++) {
                Span key = get_text(reader);

                for (size_t k = 0; wanted && k < wanted->n_keys; k++)
                        n += span_equal_string(key, wanted->keys[k]);
        }
        return n;
}

static void get_namespace(Reader *reader, Cache *cache, const Scope *scope) {
        Span name = get_text(reader);
        bool all_keys = get_u8(reader) != 0;
        const Wanted *wanted = NULL;
        size_t at, n_wanted_keys = 0;

        for (at = 0; at < scope->n_wanted && !wanted; at++)
                if (span_equal(name, scope->wanted[at]->name))
                        wanted = &scope->options->wanted[at];
        if (!all_keys)
                n_wanted_keys = count_wanted_keys(reader, wanted);
        if (wanted)
                cache->is_known[at - 1] = all_keys || (!wanted->all_keys && n_wanted_keys == wanted->n_keys);
}

static Format get_format(Reader *reader) {
        uint8_t format = get_u8(reader);

        if (format >= FORMAT_N)
                reader->failed = true;
        return reader->failed ? FORMAT_TEXT : (Format)format;
}

static void get_sha256(Reader *reader, uint8_t ret_sha256[SHA256_SIZE]) {
        Span sha256 = get_bytes(reader, SHA256_SIZE);

        memcpy(ret_sha256, sha256.data, sha256.size);
}

static void get_version(Reader *reader, GrayVersion *ret_version) {
        ret_version->version = (int64_t)get_u64(reader);
        ret_version->format = get_format(reader);
        get_sha256(reader, ret_version->sha256);
        ret_version->content = get_text(reader);
}

/* @ret_versions: what @ret_gray points to; for free(). Return: 0; -ENOMEM; CACHE_E_DAMAGED. */
static int get_gray(Reader *reader, GrayData *ret_gray, GrayVersion **ret_versions) {
        GrayVersion *versions;
        uint32_t n;

        ret_gray->salt = get_text(reader);
        ret_gray->rules = get_text(reader);
        ret_gray->updated_at_ms = (int64_t)get_u64(reader);
        ret_gray->updated_by = get_text(reader);
        ret_gray->comment = get_text(reader);
        n = get_u32(reader);
        if (reader->failed || n > GRAY_VERSIONS_MAX)
                return CACHE_E_DAMAGED;

        versions = calloc(n ? n : 1, sizeof(*versions));
        if (!versions)
                return -ENOMEM;
        for (uint32_t i = 0; i < n; i++)
                get_version(reader, &versions[i]);
        ret_gray->versions = versions;
        ret_gray->n_versions = n;
        *ret_versions = versions;
        return 0;
}

/* All but the gray release. */
static void get_data(Reader *reader, ConfigData *ret_data) {
        ret_data->namespace = get_text(reader);
        ret_data->key = get_text(reader);
        ret_data->version = (int64_t)get_u64(reader);
        ret_data->revision = get_u64(reader);
        ret_data->format = get_format(reader);
        get_sha256(reader, ret_data->sha256);
        ret_data->updated_at_ms = (int64_t)get_u64(reader);
        ret_data->content = get_text(reader);
        ret_data->updated_by = get_text(reader);
        ret_data->comment = get_text(reader);
}

/* Return: 0; -ENOMEM; CACHE_E_DAMAGED. */
static int put_value(Cache *cache, const ConfigData *data, const Scope *scope, Provenance *provenance) {
        _cleanup_(value_unrefp) confer_value *value = NULL;
        Problem problem;
        int r;

        if (!namespace_is_valid(data->namespace) || !key_is_valid(data->key))
                return CACHE_E_DAMAGED;
        if (!scope_wants(scope, data->namespace, data->key))
                return 0;

        r = value_new(data, provenance, CONFER_ORIGIN_CACHE, &value, &problem);
        if (r)
                return r == VALUE_E_GRAY ? CACHE_E_DAMAGED : r;
        return catalog_put(&cache->releases, &value->release);
}

/* Return: 0; -ENOMEM; CACHE_E_DAMAGED. */
static int get_release(Reader *reader, Cache *cache, const Scope *scope, Provenance *provenance) {
        _cleanup_(freep) GrayVersion *versions = NULL;
        GrayData gray = { .ramp = NULL };
        ConfigData data = { .gray = NULL };
        int r;

        get_data(reader, &data);
        if (get_u8(reader)) {
                data.gray = &gray;
                r = get_gray(reader, &gray, &versions);
                if (r)
                        return r;
        }
        if (reader->failed)
                return CACHE_E_DAMAGED;
        return put_value(cache, &data, scope, provenance);
}

static int get_contents(Reader *reader, Cache *cache, const Scope *scope, Provenance *provenance) {
        uint32_t n;
        Span epoch;
        int r = 0;

        cache->revision = get_u64(reader);
        cache->confirmed_at_ms = (int64_t)get_u64(reader);
        epoch = get_text(reader);
        if (epoch.size > EPOCH_SIZE_MAX)
                return CACHE_E_DAMAGED;
        memcpy(cache->epoch, epoch.data, epoch.size);

        n = get_u32(reader);
        for (uint32_t i = 0; i < n && !reader->failed; i++)
                get_namespace(reader, cache, scope);
        n = get_u32(reader);
        for (uint32_t i = 0; i < n && r == 0; i++)
                r = get_release(reader, cache, scope, provenance);
        if (r)
                return r;
        return reader->failed || reader->rest.size > 0 ? CACHE_E_DAMAGED : 0;
}

/* Return: 0; -ENOMEM; CACHE_E_FOREIGN; CACHE_E_DAMAGED. */
static int check_header(Reader *reader) {
        Span magic = get_bytes(reader, MAGIC_SIZE);
        uint32_t version = get_u32(reader);
        Span sha256 = get_bytes(reader, SHA256_SIZE);
        uint8_t found[SHA256_SIZE];
        int r;

        if (!span_equal(magic, SPAN_LITERAL(MAGIC)) || version != CACHE_FORMAT_VERSION)
                return CACHE_E_FOREIGN;
        if (reader->failed)
                return CACHE_E_DAMAGED;
        r = digest_sha256(reader->rest, found);
        if (r)
                return r;
        return memcmp(found, sha256.data, SHA256_SIZE) == 0 ? 0 : CACHE_E_DAMAGED;
}

int cache_decode(Span bytes, const Scope *scope, Provenance *provenance, Cache *ret_cache) {
        Reader reader = { .rest = bytes };
        Cache cache = CACHE_NULL;
        int r;

        r = check_header(&reader);
        if (r)
                return r;
        cache.is_known = calloc(scope->n_wanted, sizeof(bool));
        if (!cache.is_known)
                return -ENOMEM;

        r = get_contents(&reader, &cache, scope, provenance);
        if (r) {
                cache_deinit(&cache);
                return r;
        }
        *ret_cache = cache;
        return 0;
}

/* --------------------------------------------------------------------------------------------------- files
 */

static void closep(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
}

static int steal(int *fd) {
        int stolen = *fd;

        *fd = -1;
        return stolen;
}

static int check_file(int fd, size_t *ret_size) {
        struct stat status;

        if (fstat(fd, &status) < 0)
                return -errno;
        if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
                return CACHE_E_UNSAFE;
        if (status.st_size > CACHE_SIZE_MAX)
                return CACHE_E_FOREIGN;

        *ret_size = (size_t)status.st_size;
        return 0;
}

static int read_all(int fd, size_t size, Buf *buf) {
        char *to = buf_reserve(buf, size);

        if (!to)
                return -ENOMEM;

        while (buf->size < size) {
                ssize_t n = read(fd, buf->data + buf->size, size - buf->size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                buf_advance(buf, (size_t)n);
        }
        return 0;
}

int cache_file_read(const char *path, const Scope *scope, Provenance *provenance, Cache *ret_cache) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;
        _cleanup_(closep) int fd = -1;
        size_t size = 0;
        int r;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return errno == ENOENT ? CACHE_E_ABSENT : -errno;
        r = check_file(fd, &size);
        if (r)
                return r;
        r = read_all(fd, size, &buf);
        if (r)
                return r;
        return cache_decode(buf_span(&buf), scope, provenance, ret_cache);
}

static int write_all(int fd, Span bytes) {
        while (bytes.size > 0) {
                ssize_t n = write(fd, bytes.data, bytes.size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                bytes = (Span){ bytes.data + n, bytes.size - (size_t)n };
        }
        return 0;
}

/*
 * Opens PATH.tmp for us alone. Another process of the same cache file may have it, or may have renamed it
 * between our open and our lock: then it is not ours to write.
 */
static int open_temporary(const char *path, int *ret_fd) {
        _cleanup_(closep) int fd = -1;
        struct stat ours, there;

        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        if (fd < 0)
                return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? -EBUSY : -errno;
        if (fstat(fd, &ours) < 0 || stat(path, &there) < 0)
                return errno == ENOENT ? -EBUSY : -errno;
        if (ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)
                return -EBUSY;
        if (fchmod(fd, 0600) < 0 || ftruncate(fd, 0) < 0)
                return -errno;

        *ret_fd = steal(&fd);
        return 0;
}

/* Makes the renaming last: a directory that cannot be synced is left to the system. */
static void sync_directory_of(const char *path) {
        _cleanup_(freep) char *directory = strdup(path);
        _cleanup_(closep) int fd = -1;
        char *slash;

        if (!directory)
                return;
        slash = strrchr(directory, '/');
        if (slash)
                slash[slash == directory ? 1 : 0] = '\0';

        fd = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
                (void)fsync(fd);
}

int cache_file_write(const char *path, Span bytes) {
        _cleanup_(freep) char *temporary = NULL;
        _cleanup_(closep) int fd = -1;
        int r;

        if (asprintf(&temporary, "%s.tmp", path) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }
        r = open_temporary(temporary, &fd);
        if (r)
                return r;

        r = write_all(fd, bytes);
        if (r == 0 && (fsync(fd) < 0 || rename(temporary, path) < 0))
                r = -errno;
        if (r)
                (void)unlink(temporary);
        else
                sync_directory_of(path);
        return r;
}
