/*
 * The fields of a mirror that an operator may set: one table of name, kinds, type, unit, range, default and
 * sentence, which the reading of the file and the manual stand on.
 *
 * A name may have several rows, for kinds that are different: defaults and ranges differ there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mirror/options.h"
#include "model/problem.h"
#include "model/span.h"
#include "util/settings_unit.h"

#define MIRROR_FIELDS_MAX     48 /* rows of the table, at most */
#define MIRROR_FIELD_LIST_MAX 32 /* values of a list, at most */

/* The kinds that are mirrors. */
#define MIRROR_KINDS_OF_MIRRORS ((1U << MIRROR_REDIS) | (1U << MIRROR_ETCD) | (1U << MIRROR_HTTP))

enum {
        MIRROR_FIELD_E_INVALID = 1, /* the problem says why */
};

typedef enum MirrorFieldType {
        MIRROR_FIELD_CHOICE,      /* an enum, the index into choices */
        MIRROR_FIELD_WORD,        /* char *, one of choices */
        MIRROR_FIELD_TEXT,        /* char *, one line */
        MIRROR_FIELD_LINES,       /* char *, with line breaks */
        MIRROR_FIELD_PATH,        /* char *, relative to the working directory */
        MIRROR_FIELD_NAMESPACE,   /* char * */
        MIRROR_FIELD_SECRET,      /* char *, one line, never shown */
        MIRROR_FIELD_SECRET_FILE, /* char *, what the file holds */
        MIRROR_FIELD_BOOL,        /* bool */
        MIRROR_FIELD_INTEGER,     /* uint64_t */
        MIRROR_FIELD_ADDRESSES,   /* char **, HOST:PORT or the path of a socket */
        MIRROR_FIELD_URLS,        /* char **, http or https */
        MIRROR_FIELD_HEADERS,     /* char **, "Name: value" */
        MIRROR_FIELD_TYPE_N,
} MirrorFieldType;

typedef struct MirrorField {
        const char *name; /* as in the file: batch_max_bytes */
        unsigned kinds;   /* a bit each, 1 << MIRROR_REDIS */
        MirrorFieldType type;
        SettingUnit unit;
        bool is_required;
        size_t offset;   /* in MirrorOptions */
        size_t n_offset; /* of how many there are, for a list */
        uint64_t min;    /* the least and the most: of an integer in its unit, of a text in bytes, of a */
        uint64_t max;    /* list in values */
        const char *const *choices; /* ends with NULL */
        const char *default_text;   /* NULL leaves it as it is: empty, or 0 */
        const char *sentence;
} MirrorField;

const MirrorField *mirror_fields(size_t *ret_n);

/* The row of @name that goes with @kind, or NULL. */
const MirrorField *mirror_field_find(Span name, MirrorKind kind);
/* A row of @name, whatever it goes with, or NULL. */
const MirrorField *mirror_field_find_any(Span name);
/* The name that was likely meant by @written, or NULL. */
const char *mirror_field_guess(Span written);

bool mirror_field_is_list(const MirrorField *field);
bool mirror_field_is_string(const MirrorField *field);
bool mirror_field_is_secret(const MirrorField *field);
static inline void *mirror_field_of(MirrorOptions *options, const MirrorField *field) {
        return (char *)options + field->offset;
}
static inline size_t *mirror_field_n_of(MirrorOptions *options, const MirrorField *field) {
        return (size_t *)(void *)((char *)options + field->n_offset);
}

const char *mirror_kind_to_string(MirrorKind kind);
/* Writes "redis and etcd". */
void mirror_kinds_append(Buf *to, unsigned kinds);

/*
 * mirror_field_set() - give a field the value that @values say
 * @n: how many; one where it is no list
 *
 * A list is replaced by them. Returns 0, MIRROR_FIELD_E_INVALID with the text of @ret_problem filled, which
 * never shows a secret, or -ENOMEM; on failure the former value stays.
 */
int mirror_field_set(MirrorOptions *options, const MirrorField *field, const Span *values, size_t n,
                     Problem *ret_problem);
