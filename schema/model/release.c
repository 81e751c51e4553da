#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "model/gray_release.h"
#include "model/hash.h"
#include "model/json.h"
#include "model/prefetch.h"
#include "model/release.h"
#include "model/timestamp.h"

#define MEMBERS_BEGIN "\"namespace\":\""
#define MEMBERS_KEY   "\",\"key\":\""
#define MEMBERS_TAIL  ",\"sha256\":\""
#define NAMESPACE_AT  (sizeof("{" MEMBERS_BEGIN) - 1)

typedef struct Encoded {
        Release release;
        uint32_t content_at; /* where in the JSON object the content's escaped bytes begin */
        uint32_t content_size;
        uint32_t json_size;
        uint32_t gray_size; /* 0: there is no gray release */
        uint16_t etag_size;
        char text[]; /* the entity tag, then the JSON object, then the gray release as the frames have it. The
                        tag lies where looking for the key has fetched already */
} Encoded;

static void free_encoded(Release *release) {
        gray_release_free(release->gray);
        free(release);
}

static const Encoded *encoded_of(const Release *release) {
        assert(release->free == free_encoded);
        return (const Encoded *)release;
}

static const char *json_of(const Encoded *encoded) {
        return encoded->text + encoded->etag_size;
}

/* Appends the members up to and including the quote that opens the content. */
static void append_head(Buf *buf, const ConfigData *data) {
        buf_append_literal(buf, MEMBERS_BEGIN);
        buf_append_span(buf, data->namespace);
        buf_append_literal(buf, MEMBERS_KEY);
        buf_append_span(buf, data->key);
        buf_append_literal(buf, "\",\"version\":");
        buf_append_i64(buf, data->version);
        buf_append_literal(buf, ",\"revision\":");
        buf_append_u64(buf, data->revision);
        buf_append_literal(buf, ",\"format\":\"");
        buf_append_string(buf, format_to_string(data->format));
        buf_append_literal(buf, "\"");
        if (data->content.data)
                buf_append_literal(buf, ",\"content\":\"");
}

/* Appends the members from the quote that closes the content. */
static void append_tail(Buf *buf, const ConfigData *data) {
        if (data->content.data)
                buf_append_char(buf, '"');
        buf_append_literal(buf, MEMBERS_TAIL);
        buf_append_hex(buf, data->sha256, sizeof(data->sha256));
        buf_append_literal(buf, "\",\"updated_at\":\"");
        timestamp_append(buf, data->updated_at_ms);
        buf_append_literal(buf, "\",\"updated_by\":");
        json_append_string(buf, data->updated_by);
        buf_append_literal(buf, ",\"comment\":");
        json_append_string(buf, data->comment);
}

void config_data_append_members(Buf *buf, const ConfigData *data) {
        append_head(buf, data);
        json_append_escaped(buf, data->content);
        append_tail(buf, data);
}

static void append_etag(Buf *buf, const ConfigData *data, Span epoch) {
        uint64_t origin = hash_span(hash_span(0, epoch), data->namespace);

        buf_append_format(buf, "\"%" PRId64 "-%" PRIu64 "-%08" PRIx32 "\"", data->version, data->revision,
                          (uint32_t)origin);
}

/* Appends the gray release as the frames of the stream carry it. */
static void append_gray(Buf *buf, const GrayData *gray) {
        buf_append_literal(buf, "{\"salt\":");
        json_append_string(buf, gray->salt);
        buf_append_literal(buf, ",\"rules\":");
        buf_append_span(buf, gray->rules);
        gray_data_append_rest(buf, gray);
        buf_append_char(buf, '}');
}

static Encoded *encode(const ConfigData *data, Span epoch) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        size_t etag_size, content_at, content_end, json_end;
        Encoded *encoded;

        buf_reserve(&text, data->content.size + data->content.size / 8 + 512);
        append_etag(&text, data, epoch);
        etag_size = text.size;
        buf_append_char(&text, '{');
        append_head(&text, data);
        content_at = text.size;
        json_append_escaped(&text, data->content);
        content_end = text.size;
        append_tail(&text, data);
        buf_append_char(&text, '}');
        json_end = text.size;
        if (data->gray)
                append_gray(&text, data->gray);
        if (buf_failed(&text))
                return NULL;

        encoded = malloc(sizeof(*encoded) + text.size);
        if (!encoded)
                return NULL;

        memcpy(encoded->text, text.data, text.size);
        encoded->etag_size = (uint16_t)etag_size;
        encoded->json_size = (uint32_t)(json_end - etag_size);
        encoded->gray_size = (uint32_t)(text.size - json_end);
        encoded->content_at = (uint32_t)(content_at - etag_size);
        encoded->content_size = (uint32_t)(content_end - content_at);
        encoded->release = (Release){
                .n_refs = 1,
                .namespace_size = (uint16_t)data->namespace.size,
                .key_size = (uint16_t)data->key.size,
                .namespace = json_of(encoded) + NAMESPACE_AT,
                .key = json_of(encoded) + NAMESPACE_AT + data->namespace.size + sizeof(MEMBERS_KEY) - 1,
                .version = data->version,
                .revision = data->revision,
                .format = data->format,
                .free = free_encoded,
        };
        return encoded;
}

/* What the arms of @version serve: the config as it would be with that version in force. */
static Release *encode_arm(const ConfigData *data, const GrayVersion *version, Span epoch) {
        const GrayData *gray = data->gray;
        ConfigData arm = {
                .namespace = data->namespace,
                .key = data->key,
                .version = version->version,
                .revision = data->revision,
                .format = version->format,
                .content = version->content,
                .updated_at_ms = gray->updated_at_ms,
                .updated_by = gray->updated_by,
                .comment = gray->comment,
        };
        Encoded *encoded;

        memcpy(arm.sha256, version->sha256, sizeof(arm.sha256));
        encoded = encode(&arm, epoch);
        return encoded ? &encoded->release : NULL;
}

/* The arm before @arm that serves the same version, or NULL. */
static Release *find_same(const GrayRelease *gray, const GrayArm *arms, size_t arm) {
        for (size_t i = 0; i < arm; i++)
                if (arms[i].version == arms[arm].version)
                        return gray->arms[i];
        return NULL;
}

static int fill_arms(GrayRelease *gray, const ConfigData *data, Span epoch) {
        size_t n;
        const GrayArm *arms = gray_arms(gray->rules, &n);

        for (size_t i = 0; i < n; i++) {
                gray->arms[i] = release_ref(find_same(gray, arms, i));
                if (!gray->arms[i])
                        gray->arms[i] = encode_arm(data, gray_data_find(data->gray, arms[i].version), epoch);
                if (!gray->arms[i])
                        return -ENOMEM;
        }
        return 0;
}

/* Return: NULL for want of memory, or where the rules are wrong. */
static GrayRelease *make_gray(const ConfigData *data, Span epoch) {
        _cleanup_(gray_release_freep) GrayRelease *gray = NULL;
        GrayRelease *made;
        Problem problem;

        if (gray_release_new(data->gray, &gray, &problem) != 0 || fill_arms(gray, data, epoch) != 0)
                return NULL;

        made = gray;
        gray = NULL;
        return made;
}

Release *release_new(const ConfigData *data, Span epoch) {
        GrayRelease *gray = NULL;
        Encoded *encoded;

        if (data->gray) {
                gray = make_gray(data, epoch);
                if (!gray)
                        return NULL;
        }
        encoded = encode(data, epoch);
        if (!encoded) {
                gray_release_free(gray);
                return NULL;
        }

        encoded->release.gray = gray;
        return &encoded->release;
}

Release *release_ref(Release *release) {
        if (release)
                atomic_fetch_add_explicit(&release->n_refs, 1, memory_order_relaxed);
        return release;
}

Release *release_unref(Release *release) {
        if (release && atomic_fetch_sub_explicit(&release->n_refs, 1, memory_order_acq_rel) == 1)
                release->free(release);
        return NULL;
}

Span release_json(const Release *release) {
        const Encoded *encoded = encoded_of(release);

        return (Span){ json_of(encoded), encoded->json_size };
}

void release_prefetch(const Release *release) {
        const Encoded *encoded = encoded_of(release);

        prefetch(encoded->text, encoded->etag_size + encoded->json_size);
}

void release_append_wire(Buf *buf, const Release *release) {
        const Encoded *encoded = encoded_of(release);
        size_t key_at = NAMESPACE_AT + release->namespace_size + sizeof("\",") - 1;

        buf_append_char(buf, '{');
        buf_append(buf, json_of(encoded) + key_at, encoded->json_size - 1 - key_at);
        buf_append_literal(buf, ",\"gray\":");
        if (encoded->gray_size)
                buf_append(buf, json_of(encoded) + encoded->json_size, encoded->gray_size);
        else
                buf_append_literal(buf, "null");
        buf_append_char(buf, '}');
}

Span release_etag(const Release *release) {
        const Encoded *encoded = encoded_of(release);

        return (Span){ encoded->text, encoded->etag_size };
}

Span release_origin_json(const Release *release) {
        const Encoded *encoded = encoded_of(release);
        size_t at = encoded->content_at + encoded->content_size + sizeof("\"" MEMBERS_TAIL) - 1 +
                    (size_t)2 * SHA256_SIZE + sizeof("\",") - 1;

        return (Span){ json_of(encoded) + at, encoded->json_size - 1 - at };
}

void release_append_content(const Release *release, Buf *buf) {
        const Encoded *encoded = encoded_of(release);

        json_append_unescaped(buf, (Span){ json_of(encoded) + encoded->content_at, encoded->content_size });
}
