#include <assert.h>
#include <limits.h>
#include <string.h>

#include "mirror/fields.h"
#include "mirror/key_template.h"
#include "model/macros.h"
#include "util/settings_guess.h"

#define PATH_MAX_BYTES     (PATH_MAX - 1)
#define SECRET_MAX_BYTES   1024
#define TEMPLATE_MAX_BYTES (64 * KIB)
#define NAME_MAX_BYTES     255

#define REDIS    (1U << MIRROR_REDIS)
#define ETCD     (1U << MIRROR_ETCD)
#define HTTP     (1U << MIRROR_HTTP)
#define ELECTION (1U << MIRROR_ELECTION)
#define MIRRORS  MIRROR_KINDS_OF_MIRRORS
#define ALL      (MIRRORS | ELECTION)

static const char *const kinds[] = {
        [MIRROR_REDIS] = "redis",       [MIRROR_ETCD] = "etcd", [MIRROR_HTTP] = "http",
        [MIRROR_ELECTION] = "election", [MIRROR_KIND_N] = NULL,
};
static const char *const mirror_values[] = {
        [MIRROR_VALUE_RAW] = "raw",
        [MIRROR_VALUE_DOCUMENT] = "document",
        [MIRROR_VALUE_GRAY] = "gray",
        [MIRROR_VALUE_N] = NULL,
};
static const char *const methods[] = { "POST", "PUT", "PATCH", NULL };

/* Doesn't compile unless MirrorOptions has the field @field of the type @c_type. */
#define OFFSET(field, c_type)                                                                                \
        (offsetof(MirrorOptions, field) + 0 * sizeof(_Generic(((MirrorOptions *)NULL)->field, c_type : 0)))
#define FIELD(field, c_type) .name = #field, .offset = OFFSET(field, c_type)
#define LIST(field)          FIELD(field, char **), .n_offset = OFFSET(n_##field, size_t)

#define TEXT(field)      FIELD(field, char *), .type = MIRROR_FIELD_TEXT
#define LINES(field)     FIELD(field, char *), .type = MIRROR_FIELD_LINES
#define PATH(field)      FIELD(field, char *), .type = MIRROR_FIELD_PATH
#define NAMESPACE(field) FIELD(field, char *), .type = MIRROR_FIELD_NAMESPACE
#define METHOD(field)    FIELD(field, char *), .type = MIRROR_FIELD_WORD, .choices = methods
#define SECRET(field)    FIELD(field, char *), .type = MIRROR_FIELD_SECRET
#define SECRET_FILE(field)                                                                                   \
        .name = #field "_file", .offset = OFFSET(field, char *), .type = MIRROR_FIELD_SECRET_FILE
#define BOOL(field)      FIELD(field, bool), .type = MIRROR_FIELD_BOOL
#define INTEGER(field)   FIELD(field, uint64_t), .type = MIRROR_FIELD_INTEGER
#define KIND(field)      FIELD(field, MirrorKind), .type = MIRROR_FIELD_CHOICE, .choices = kinds
#define VALUE(field)     FIELD(field, MirrorValue), .type = MIRROR_FIELD_CHOICE, .choices = mirror_values
#define ADDRESSES(field) LIST(field), .type = MIRROR_FIELD_ADDRESSES
#define URLS(field)      LIST(field), .type = MIRROR_FIELD_URLS
#define HEADERS(field)   LIST(field), .type = MIRROR_FIELD_HEADERS

/* In the order of the manual: where to, what, how. */
static const MirrorField table[] = {
        {
                KIND(kind),
                .kinds = ALL,
                .is_required = true,
                .sentence = "What the target is; an `election` is no mirror, see [below](#several-servers).",
        },
        {
                ADDRESSES(endpoints),
                .kinds = REDIS,
                .is_required = true,
                .min = 1,
                .max = 1,
                .sentence = "Where it is: `HOST:PORT`, or the path of a socket, which begins with `/`.",
        },
        {
                URLS(endpoints),
                .kinds = ETCD | HTTP | ELECTION,
                .is_required = true,
                .min = 1,
                .max = 16,
                .sentence = "Where it is: URLs, `http` or `https`. After a failure the next one is tried.",
        },
        {
                TEXT(user),
                .kinds = ALL,
                .max = NAME_MAX_BYTES,
                .default_text = "",
                .sentence = "Who signs in, to HTTP by basic authentication; empty is nobody, or the default "
                            "user of "
                            "Redis.",
        },
        {
                SECRET(password),
                .kinds = ALL,
                .min = 1,
                .max = SECRET_MAX_BYTES,
                .sentence = "With what.",
        },
        {
                SECRET_FILE(password),
                .kinds = ALL,
                .min = 1,
                .max = SECRET_MAX_BYTES,
                .sentence = "The file that holds the password, instead of `password`; a line break at its "
                            "end does not count.",
        },
        {
                BOOL(tls),
                .kinds = REDIS,
                .default_text = "false",
                .sentence = "Whether to speak TLS. The hiredis of Debian 12 cannot: there it is refused.",
        },
        {
                PATH(ca_file),
                .kinds = ETCD | HTTP | ELECTION,
                .max = PATH_MAX_BYTES,
                .default_text = "",
                .sentence = "The PEM file of the authorities to trust; empty is those of the system.",
        },
        {
                PATH(cert_file),
                .kinds = ETCD | HTTP | ELECTION,
                .max = PATH_MAX_BYTES,
                .default_text = "",
                .sentence = "The PEM file of the certificate to show; goes with `key_file`.",
        },
        {
                PATH(key_file),
                .kinds = ETCD | HTTP | ELECTION,
                .max = PATH_MAX_BYTES,
                .default_text = "",
                .sentence = "The PEM file of its private key.",
        },
        {
                INTEGER(database),
                .kinds = REDIS,
                .max = 65535,
                .default_text = "0",
                .sentence = "The number of the database.",
        },
        {
                NAMESPACE(namespace),
                .kinds = MIRRORS,
                .default_text = "",
                .sentence = "What is mirrored: this namespace and all below; empty is all.",
        },
        {
                TEXT(key),
                .kinds = REDIS | HTTP,
                .min = 1,
                .max = KEY_TEMPLATE_SIZE_MAX,
                .default_text = "{namespace}:{key}",
                .sentence = "The template of keys, see below; with http it makes `target_key` only.",
        },
        {
                TEXT(key),
                .kinds = ETCD,
                .min = 1,
                .max = KEY_TEMPLATE_SIZE_MAX,
                .default_text = "/confer/{namespace_path}/{key}",
                .sentence = "The template of keys, see below.",
        },
        {
                TEXT(key),
                .kinds = ELECTION,
                .min = 1,
                .max = NAME_MAX_BYTES,
                .default_text = "/confer-election/leader",
                .sentence = "Where the server that leads says so; no template.",
        },
        {
                INTEGER(ttl_ms),
                .kinds = ELECTION,
                .unit = SETTING_UNIT_MS,
                .min = 2000,
                .max = MINUTE,
                .default_text = "5 s",
                .sentence = "For how long etcd keeps the leader's lease after it was heard of last; whole "
                            "seconds.",
        },
        {
                VALUE(value),
                .kinds = REDIS | ETCD,
                .default_text = "raw",
                .sentence = "What lands under a key: the content as it is, a JSON document with the content "
                            "and what is known of it, or one of the gray release that runs. `gray` needs a "
                            "`key` of its own.",
        },
        {
                BOOL(prune),
                .kinds = REDIS | ETCD,
                .default_text = "false",
                .sentence = "Whether a comparison removes keys under the prefix of the template that are "
                            "none of Confer's.",
        },
        {
                TEXT(channel),
                .kinds = REDIS,
                .max = NAME_MAX_BYTES,
                .default_text = "",
                .sentence = "The channel that is told of each batch; empty is none.",
        },
        {
                TEXT(lock_key),
                .kinds = ETCD,
                .max = NAME_MAX_BYTES,
                .default_text = "",
                .sentence = "Where the server that writes says so; empty is `/confer-mirrors/` and the name "
                            "of the mirror.",
        },
        {
                METHOD(method),
                .kinds = HTTP,
                .default_text = "POST",
                .sentence = "The method of a request.",
        },
        {
                HEADERS(headers),
                .kinds = HTTP,
                .max = MIRROR_FIELD_LIST_MAX,
                .sentence = "Headers of a request, each `Name: value`.",
        },
        {
                LINES(body),
                .kinds = HTTP,
                .max = TEMPLATE_MAX_BYTES,
                .default_text = "",
                .sentence = "The template of a body; empty is `{\"mirror\", \"revision\", \"changes\"}`.",
        },
        {
                LINES(item),
                .kinds = HTTP,
                .max = TEMPLATE_MAX_BYTES,
                .default_text = "",
                .sentence = "The template of one change in it; empty is all that is known of it.",
        },
        {
                SECRET(secret),
                .kinds = HTTP,
                .min = 1,
                .max = SECRET_MAX_BYTES,
                .sentence = "What signs each body; without it none is signed.",
        },
        {
                SECRET_FILE(secret),
                .kinds = HTTP,
                .min = 1,
                .max = SECRET_MAX_BYTES,
                .sentence = "The file that holds the secret, instead of `secret`.",
        },
        {
                INTEGER(workers),
                .kinds = MIRRORS,
                .unit = SETTING_UNIT_THREADS,
                .min = 1,
                .max = 16,
                .default_text = "1",
                .sentence = "How many threads write to it, each with namespaces and a connection of its "
                            "own.",
        },
        {
                INTEGER(batch_max),
                .kinds = REDIS | HTTP,
                .unit = SETTING_UNIT_KEYS,
                .min = 1,
                .max = 10000,
                .default_text = "128",
                .sentence = "How many keys are written at once.",
        },
        {
                INTEGER(batch_max),
                .kinds = ETCD,
                .unit = SETTING_UNIT_KEYS,
                .min = 1,
                .max = 128,
                .default_text = "128",
                .sentence = "How many keys are written in one transaction; etcd's own limit is "
                            "`--max-txn-ops`.",
        },
        {
                INTEGER(batch_max_bytes),
                .kinds = MIRRORS,
                .unit = SETTING_UNIT_BYTES,
                .min = KIB,
                .max = 64 * MIB,
                .default_text = "1 MiB",
                .sentence = "How many bytes of values are written at once; a larger value goes alone. "
                            "etcd's own limit of a request is `--max-request-bytes`, 1.5 MiB.",
        },
        {
                INTEGER(batch_wait_ms),
                .kinds = MIRRORS,
                .unit = SETTING_UNIT_MS,
                .max = MINUTE,
                .default_text = "0 ms",
                .sentence = "How long a change waits for others to go along.",
        },
        {
                INTEGER(timeout_ms),
                .kinds = MIRRORS,
                .unit = SETTING_UNIT_MS,
                .min = 100,
                .max = 10 * MINUTE,
                .default_text = "5 s",
                .sentence = "How long the target may take to answer, and to be connected to; then it is "
                            "taken to be down.",
        },
        {
                INTEGER(retry_min_ms),
                .kinds = MIRRORS,
                .unit = SETTING_UNIT_MS,
                .min = 1,
                .max = HOUR,
                .default_text = "100 ms",
                .sentence = "The longest wait before the first retry; it doubles with each, and a random "
                            "part of it is waited.",
        },
        {
                INTEGER(retry_max_ms),
                .kinds = MIRRORS,
                .unit = SETTING_UNIT_MS,
                .min = 1,
                .max = DAY,
                .default_text = "30 s",
                .sentence = "What it doubles up to; not below `retry_min_ms`.",
        },
        {
                INTEGER(attempts_max),
                .kinds = MIRRORS,
                .unit = SETTING_UNIT_ATTEMPTS,
                .min = 1,
                .max = 1000,
                .default_text = "8",
                .sentence = "How often what the target fails at is tried before it becomes a dead letter. "
                            "A target that is down is tried for as long as it is.",
        },
        {
                INTEGER(dead_letters_max),
                .kinds = MIRRORS,
                .unit = SETTING_UNIT_LETTERS,
                .min = 1,
                .max = 1000000,
                .default_text = "10000",
                .sentence = "How many dead letters are kept; from then on the mirror stops, until some are "
                            "retried or dropped.",
        },
        {
                INTEGER(compare_interval_ms),
                .kinds = REDIS | ETCD,
                .unit = SETTING_UNIT_MS,
                .max = 30 * DAY,
                .default_text = "10 min",
                .sentence = "How often the target is compared in full; 0 is at the start, after a reconnect "
                            "and on demand only.",
        },
};

static_assert(ARRAY_SIZE(table) <= MIRROR_FIELDS_MAX, "a place for every row");
static_assert(sizeof(MirrorKind) == sizeof(unsigned) && sizeof(MirrorValue) == sizeof(unsigned),
              "a choice is stored as an unsigned");

const MirrorField *mirror_fields(size_t *ret_n) {
        *ret_n = ARRAY_SIZE(table);
        return table;
}

static const MirrorField *find(Span name, unsigned of_kinds) {
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (table[i].kinds & of_kinds && span_equal_string(name, table[i].name))
                        return &table[i];

        return NULL;
}

const MirrorField *mirror_field_find(Span name, MirrorKind kind) {
        return find(name, 1U << kind);
}

const MirrorField *mirror_field_find_any(Span name) {
        return find(name, ALL);
}

const char *mirror_field_guess(Span written) {
        SettingsGuess guess;

        settings_guess_init(&guess, written);
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                settings_guess_try(&guess, table[i].name);

        return guess.found;
}

bool mirror_field_is_list(const MirrorField *field) {
        return field->type == MIRROR_FIELD_ADDRESSES || field->type == MIRROR_FIELD_URLS ||
               field->type == MIRROR_FIELD_HEADERS;
}

bool mirror_field_is_secret(const MirrorField *field) {
        return field->type == MIRROR_FIELD_SECRET || field->type == MIRROR_FIELD_SECRET_FILE;
}

bool mirror_field_is_string(const MirrorField *field) {
        switch (field->type) {
        case MIRROR_FIELD_WORD:
        case MIRROR_FIELD_TEXT:
        case MIRROR_FIELD_LINES:
        case MIRROR_FIELD_PATH:
        case MIRROR_FIELD_NAMESPACE:
                return true;
        default:
                return mirror_field_is_secret(field);
        }
}

const char *mirror_kind_to_string(MirrorKind kind) {
        return kinds[kind];
}

void mirror_kinds_append(Buf *to, unsigned of_kinds) {
        for (MirrorKind kind = 0; kind < MIRROR_KIND_N; kind++) {
                if (!(of_kinds & 1U << kind))
                        continue;

                of_kinds &= ~(1U << kind);
                buf_append_string(to, kinds[kind]);
                buf_append_string(to, !of_kinds ? "" : of_kinds & (of_kinds - 1) ? ", " : " and ");
        }
}
