/*
 * What a config is found by in the tables of a worker, whose values begin with it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/hash.h"
#include "model/span.h"

typedef struct ConfigName {
        Span namespace;
        Span key;
} ConfigName;

static inline uint64_t config_name_hash(const ConfigName *name) {
        return hash_config(name->namespace, name->key);
}

/* A TableEqual of two of them. */
static inline bool config_name_equal(const void *value, const void *wanted) {
        const ConfigName *a = value, *b = wanted;

        return span_equal(a->key, b->key) && span_equal(a->namespace, b->namespace);
}

/* Copies @name to *@at, which moves on behind it. */
static inline ConfigName config_name_copy(char **at, const ConfigName *name) {
        Span namespace = span_copy(at, name->namespace);

        return (ConfigName){ namespace, span_copy(at, name->key) };
}
