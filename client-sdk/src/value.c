#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "value.h"

_Static_assert(sizeof(confer_value) == HEAD_SIZE, "a value's head is what the pool hands out");

/* Defaults are few, and read when nothing else is there: their heads are not pooled. */
static confer_value *take_head(Provenance *provenance) {
        void *head;

        if (provenance)
                return heads_take(&provenance->heads);
        return posix_memalign(&head, CACHE_LINE_SIZE, HEAD_SIZE) == 0 ? head : NULL;
}

static void free_parts(confer_value *value, ValueBody *body) {
        Provenance *provenance = body->provenance;

        free(body);
        if (provenance)
                heads_give(&provenance->heads, value);
        else
                free(value);
        provenance_unref(provenance);
}

static void free_value(Release *release) {
        confer_value *value = value_of(release);
        DecodedText *decoded = atomic_load(&value->body->decoded);

        while (decoded) {
                DecodedText *next = decoded->next;

                free(decoded);
                decoded = next;
        }
        free(value->body->reason);
        free_parts(value, value->body);
}

/* Copies a text with a NUL behind it to *to, which moves on. */
static const char *put_text(char **to, Span text) {
        char *at = *to;

        if (text.size > 0)
                memcpy(at, text.data, text.size);
        at[text.size] = '\0';
        *to = at + text.size + 1;
        return at;
}

static void put_hex(char *to, const uint8_t *bytes, size_t size) {
        static const char digits[] = "0123456789abcdef";

        for (size_t i = 0; i < size; i++) {
                *to++ = digits[bytes[i] >> 4];
                *to++ = digits[bytes[i] & 15];
        }
        *to = '\0';
}

static ValueBody *body_new(const ConfigData *data, Provenance *provenance) {
        size_t n_texts = 5, size = data->namespace.size + data->key.size + data->content.size +
                                   data->updated_by.size + data->comment.size + n_texts;
        ValueBody *body = calloc(1, sizeof(*body) + size);

        if (!body)
                return NULL;

        body->provenance = provenance_ref(provenance);
        return body;
}

static void put_body(confer_value *value, const ConfigData *data, confer_origin origin) {
        bool is_short = data->key.size < sizeof(value->key);
        ValueBody *body = value->body;
        char *to = body->text, *key_to = value->key;

        value->release.key = put_text(is_short ? &key_to : &to, data->key);
        value->release.namespace = put_text(&to, data->namespace);
        body->content = put_text(&to, data->content);
        body->content_size = data->content.size;
        body->updated_by = put_text(&to, data->updated_by);
        body->comment = put_text(&to, data->comment);
        body->updated_at_ms = data->updated_at_ms;
        body->origin = (int)origin;
        if (body->provenance)
                put_hex(body->sha256, data->sha256, SHA256_SIZE);
}

int value_new(const ConfigData *data, Provenance *provenance, confer_origin origin,
              confer_value **ret_value) {
        ValueBody *body = body_new(data, provenance);
        confer_value *value;

        if (!body)
                return -ENOMEM;
        value = take_head(provenance);
        if (!value) {
                provenance_unref(provenance);
                free(body);
                return -ENOMEM;
        }

        value->release = (Release){
                .n_refs = 1,
                .namespace_size = (uint16_t)data->namespace.size,
                .key_size = (uint16_t)data->key.size,
                .version = data->version,
                .revision = data->revision,
                .format = data->format,
                .free = free_value,
        };
        value->body = body;
        put_body(value, data, origin);
        *ret_value = value;
        return 0;
}

void value_supersede(confer_value *value, int64_t now_ms) {
        if (value->body->provenance)
                atomic_store(&value->body->superseded_ms,
                             provenance_confirmed_ms(value->body->provenance, now_ms));
}

int64_t value_age_ms(const confer_value *value, int64_t now_ms) {
        int64_t confirmed_ms;

        if (!value->body->provenance)
                return -1;

        confirmed_ms = atomic_load(&value->body->superseded_ms);
        if (confirmed_ms == 0)
                confirmed_ms = provenance_confirmed_ms(value->body->provenance, now_ms);
        if (confirmed_ms == INT64_MIN)
                return 0; /* just sent, in the first answer of a server */
        return MAX(now_ms - confirmed_ms, (int64_t)0);
}

bool value_is_same_version(const confer_value *a, const confer_value *b) {
        if (a == b || !a || !b)
                return a == b;

        return a->release.version == b->release.version && strcmp(a->body->sha256, b->body->sha256) == 0 &&
               a->release.format == b->release.format &&
               span_equal(release_namespace(&a->release), release_namespace(&b->release));
}

_public_ confer_value *confer_value_ref(confer_value *value) {
        if (value)
                release_ref(&value->release);
        return value;
}

_public_ void confer_value_unref(confer_value *value) {
        if (value)
                release_unref(&value->release);
}

_public_ const char *confer_value_content(const confer_value *value, size_t *ret_size) {
        if (ret_size)
                *ret_size = value->body->content_size;
        return value->body->content;
}

_public_ const char *confer_value_get_namespace(const confer_value *value) {
        return value->release.namespace;
}

_public_ const char *confer_value_get_key(const confer_value *value) {
        return value->release.key;
}

_public_ int64_t confer_value_get_version(const confer_value *value) {
        return value->release.version;
}

_public_ uint64_t confer_value_get_revision(const confer_value *value) {
        return value->release.revision;
}

_Static_assert((int)CONFER_FORMAT_JSON == FORMAT_JSON && (int)CONFER_FORMAT_YAML == FORMAT_YAML &&
                       (int)CONFER_FORMAT_TOML == FORMAT_TOML &&
                       (int)CONFER_FORMAT_PROPERTIES == FORMAT_PROPERTIES &&
                       (int)CONFER_FORMAT_XML == FORMAT_XML && (int)CONFER_FORMAT_TEXT == FORMAT_TEXT,
               "the formats have the same numbers inside and outside");

_public_ confer_format confer_value_get_format(const confer_value *value) {
        return (confer_format)value->release.format;
}

_public_ const char *confer_value_get_sha256(const confer_value *value) {
        return value->body->sha256;
}

_public_ int64_t confer_value_get_updated_at_ms(const confer_value *value) {
        return value->body->updated_at_ms;
}

_public_ const char *confer_value_get_updated_by(const confer_value *value) {
        return value->body->updated_by;
}

_public_ const char *confer_value_get_comment(const confer_value *value) {
        return value->body->comment;
}

_public_ confer_origin confer_value_get_origin(const confer_value *value) {
        return (confer_origin)atomic_load(&value->body->origin);
}

_public_ int64_t confer_value_get_age_ms(const confer_value *value) {
        return value_age_ms(value, clock_now_ms());
}
