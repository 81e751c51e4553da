/*
 * Which config a key of etcd is: "/tenants/{id}" to "config" in "tenants.{id}".
 *
 * A pattern stands for keys, segment by segment between slashes. A segment has one placeholder at most:
 *   {name}     one or more characters, none of which is "/"
 *   {name...}  one or more segments, none of which is empty. It is a segment by itself, and the only one of
 * its kind; in a namespace its slashes are dots
 * "{{" and "}}" are braces. The templates of namespace and key have each placeholder of the pattern once, in
 * one of them.
 *
 * No two keys make the same config. A key is split in one way, since no segment has two placeholders and all
 * but one of them are of one slash each. What stands for them can be told from namespace and key again:
 *   - A template with one placeholder: what is left without the literals around it.
 *   - A namespace with several: between two of them there is a dot, and what stands for a {name} has none
 * there (else the key has no config). So each side of {name...} is told by counting dots, and the dots of
 *     {name...} were slashes, since none of its segments has one.
 *   - A key with several: what stands for one ends where the literal behind it begins, whose first character
 *     it does not have (else the key has no config).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/buf.h"
#include "model/problem.h"
#include "model/span.h"

#define KEY_PATTERN_SIZE_MAX         512
#define KEY_PATTERN_PLACEHOLDERS_MAX 8

enum {
        KEY_PATTERN_E_INVALID = 1, /* the problem says why, and of which field */
        KEY_PATTERN_E_OTHER = 2,   /* the key is none of the pattern's */
        KEY_PATTERN_E_UNNAMED = 3, /* it is one, and makes no config; the problem says why */
};

typedef struct KeyPlaceholderName {
        Span name;
        bool is_many; /* {name...} */
} KeyPlaceholderName;

/* "A{x}B{y}C": literals around placeholders. */
typedef struct KeyTexts {
        Span literals[KEY_PATTERN_PLACEHOLDERS_MAX + 1];
        size_t which[KEY_PATTERN_PLACEHOLDERS_MAX]; /* of the pattern's placeholders */
        size_t n;
} KeyTexts;

typedef struct KeyPattern {
        char *text; /* what the spans lie in; owned */
        KeyPlaceholderName placeholders[KEY_PATTERN_PLACEHOLDERS_MAX];
        KeyTexts from;
        KeyTexts namespace;
        KeyTexts key;
} KeyPattern;

#define KEY_PATTERN_NULL ((KeyPattern){ .text = NULL })

/* Returns 0, KEY_PATTERN_E_INVALID or -ENOMEM. */
int key_pattern_parse(Span from, Span namespace, Span key, KeyPattern *ret_pattern, Problem *ret_problem);
void key_pattern_deinit(KeyPattern *pattern);

/* What all keys begin with; never empty. */
Span key_pattern_prefix(const KeyPattern *pattern);

/*
 * key_pattern_map() - which config is the key @etcd_key?
 * @namespace, @key: are cleared, and appended to where 0 is returned
 *
 * Returns 0, KEY_PATTERN_E_OTHER or KEY_PATTERN_E_UNNAMED.
 */
int key_pattern_map(const KeyPattern *pattern, Span etcd_key, Buf *namespace, Buf *key, Problem *ret_problem);
