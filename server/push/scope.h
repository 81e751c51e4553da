/*
 * What somebody follows: namespaces, each with all of its keys or some. Immutable, in one canonical form, so
 * that equal scopes are equal bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/span.h"

typedef struct ScopeName {
        Span name;
        bool all_keys;
        size_t n_keys;
        const Span *keys; /* sorted, each once; none when all_keys */
} ScopeName;

typedef struct Scope {
        size_t n_names;
        size_t n_keys;    /* of all names together */
        ScopeName *names; /* sorted, each once */
} Scope;

/* The union of @names, which come in any order; all is copied. To be released with free(). */
Scope *scope_new(const ScopeName *names, size_t n_names);

/* What is in force for whoever follows @asked: the same keys in all namespaces above, too. */
Scope *scope_cover(const Scope *asked);

/* @scope, in which the names of @replacing stand as they do there. */
Scope *scope_replace(const Scope *scope, const Scope *replacing);

/* @scope without the names of @leaving. */
Scope *scope_without(const Scope *scope, const Scope *leaving);

bool scope_equal(const Scope *a, const Scope *b);
uint64_t scope_hash(const Scope *scope);

/* NULL when it is not there. */
const ScopeName *scope_find(const Scope *scope, Span name);
bool scope_name_has(const ScopeName *name, Span key);
