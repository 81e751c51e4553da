#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "loans.h"
#include "model/digits.h"
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

/* Counts the loans into the value's own references. Return: there are some. */
static bool settle_loans(confer_value *value) {
        /* So many more than are lent that nobody who gives back meanwhile finds the last one gone. */
        const uint32_t settling = UINT32_C(1) << 30;
        uint32_t others;

        atomic_store(&value->release.n_refs, settling);
        others = settling - loans_settle(value);
        return atomic_fetch_sub(&value->release.n_refs, others) != others;
}

static void free_value(confer_value *value) {
        DecodedText *decoded = atomic_load(&value->body->decoded);

        while (decoded) {
                DecodedText *next = decoded->next;

                free(decoded);
                decoded = next;
        }
        gray_release_free(value->release.gray);
        value_unref(value->body->lender);
        free(value->body->reason);
        free_parts(value, value->body);
}

static void release_default(Release *release) {
        free_value(value_of(release));
}

/* Of a value whose head is pooled: called once when the SDK needs it no longer, and then, if the application
 * still did, when that does not either. */
static void release_pooled(Release *release) {
        if (loans_are_settled(release) || !settle_loans(value_of(release)))
                free_value(value_of(release));
}

static bool is_lent_by_stripes(const confer_value *value) {
        return value->release.free == release_pooled;
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

/* What is made into one value. */
typedef struct Making {
        ConfigData data;
        Provenance *provenance;
        confer_origin origin;
        confer_value *lender; /* has the content already; NULL: nobody has */
        int rule;
} Making;

static ValueBody *body_new(const Making *making) {
        const ConfigData *data = &making->data;
        size_t n_texts = 5, size = data->namespace.size + data->key.size + data->updated_by.size +
                                   data->comment.size + n_texts;
        ValueBody *body;

        if (!making->lender)
                size += data->content.size;
        body = calloc(1, sizeof(*body) + size);
        if (!body)
                return NULL;

        body->provenance = provenance_ref(making->provenance);
        return body;
}

static void put_content(ValueBody *body, const Making *making, char **to) {
        body->lender = value_ref(making->lender);
        body->content = making->lender ? making->lender->body->content : put_text(to, making->data.content);
        body->content_size = making->data.content.size;
}

static void put_body(confer_value *value, const Making *making) {
        const ConfigData *data = &making->data;
        bool is_short = data->key.size < sizeof(value->key);
        ValueBody *body = value->body;
        char *to = body->text, *key_to = value->key;

        value->release.key = put_text(is_short ? &key_to : &to, data->key);
        value->release.namespace = put_text(&to, data->namespace);
        put_content(body, making, &to);
        body->updated_by = put_text(&to, data->updated_by);
        body->comment = put_text(&to, data->comment);
        body->updated_at_ms = data->updated_at_ms;
        body->origin = (int)making->origin;
        body->rule = making->rule;
        if (body->provenance)
                *hex_encode(body->sha256, data->sha256, SHA256_SIZE) = '\0';
}

/* Without its gray release. Return: NULL for want of memory. */
static confer_value *make(const Making *making) {
        const ConfigData *data = &making->data;
        ValueBody *body = body_new(making);
        confer_value *value;

        if (!body)
                return NULL;
        value = take_head(making->provenance);
        if (!value) {
                provenance_unref(making->provenance);
                free(body);
                return NULL;
        }

        value->release = (Release){
                .n_refs = 1,
                .namespace_size = (uint16_t)data->namespace.size,
                .key_size = (uint16_t)data->key.size,
                .version = data->version,
                .revision = data->revision,
                .format = data->format,
                .free = making->provenance ? release_pooled : release_default,
        };
        value->body = body;
        put_body(value, making);
        return value;
}

/* The first of the arms made so far that serves this version. */
static confer_value *find_lender(const GrayRelease *gray, size_t n_made, int64_t version) {
        for (size_t i = 0; i < n_made; i++)
                if (gray->arms[i]->version == version)
                        return value_of(gray->arms[i]);
        return NULL;
}

/* @like: the stable value, as it was made. */
static confer_value *make_arm(const GrayRelease *gray, size_t n_made, const GrayArm *arm,
                              const Making *like) {
        const GrayData *data = like->data.gray;
        const GrayVersion *version = gray_data_find(data, arm->version);
        Making making = *like;

        making.rule = (int)arm->rule;
        making.lender = find_lender(gray, n_made, arm->version);
        if (making.lender && making.lender->body->rule == making.rule)
                return value_ref(making.lender);

        making.data.version = version->version;
        making.data.format = version->format;
        making.data.content = version->content;
        memcpy(making.data.sha256, version->sha256, SHA256_SIZE);
        making.data.updated_at_ms = data->updated_at_ms;
        making.data.updated_by = data->updated_by;
        making.data.comment = data->comment;
        return make(&making);
}

/* Return: 0; -ENOMEM; VALUE_E_GRAY. */
static int make_gray(const Making *making, GrayRelease **ret_gray, Problem *ret_problem) {
        _cleanup_(gray_release_freep) GrayRelease *gray = NULL;
        const GrayArm *arms;
        size_t n_arms;
        int r;

        r = gray_release_new(making->data.gray, &gray, ret_problem);
        if (r)
                return r < 0 ? r : VALUE_E_GRAY;

        arms = gray_arms(gray->rules, &n_arms);
        for (size_t i = 0; i < n_arms; i++) {
                confer_value *value = make_arm(gray, i, &arms[i], making);

                if (!value)
                        return -ENOMEM;
                gray->arms[i] = &value->release;
        }

        *ret_gray = gray;
        gray = NULL;
        return 0;
}

int value_new(const ConfigData *data, Provenance *provenance, confer_origin origin, confer_value **ret_value,
              Problem *ret_problem) {
        const Making making = { *data, provenance, origin, NULL, -1 };
        _cleanup_(value_unrefp) confer_value *value = make(&making);
        int r;

        if (!value)
                return -ENOMEM;
        if (data->gray) {
                r = make_gray(&making, &value->release.gray, ret_problem);
                if (r)
                        return r;
        }

        *ret_value = value;
        value = NULL;
        return 0;
}

void value_each(confer_value *value, void (*visit)(confer_value *value, void *context), void *context) {
        const GrayRelease *gray = value->release.gray;

        visit(value, context);
        for (size_t i = 0; gray && i < gray->n_arms; i++)
                visit(value_of(gray->arms[i]), context);
}

static void confirm_one(confer_value *value, void *context _unused_) {
        atomic_store(&value->body->origin, (int)CONFER_ORIGIN_SERVER);
}

void value_confirm(confer_value *value) {
        value_each(value, confirm_one, NULL);
}

static void supersede_one(confer_value *value, void *confirmed_ms) {
        atomic_store(&value->body->superseded_ms, *(const int64_t *)confirmed_ms);
}

void value_supersede(confer_value *value, int64_t now_ms) {
        int64_t confirmed_ms;

        if (!value->body->provenance)
                return;

        confirmed_ms = provenance_confirmed_ms(value->body->provenance, now_ms);
        value_each(value, supersede_one, &confirmed_ms);
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
        if (value && !(is_lent_by_stripes(value) && loans_add(value)))
                value_ref(value);
        return value;
}

_public_ void confer_value_unref(confer_value *value) {
        if (value && !(is_lent_by_stripes(value) && loans_drop(value)))
                value_unref(value);
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

_public_ bool confer_value_is_gray(const confer_value *value) {
        return value->body->rule >= 0;
}

_public_ int confer_value_get_rule(const confer_value *value) {
        return value->body->rule;
}

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
