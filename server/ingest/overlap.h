/*
 * Keys of etcd that the mirrors of the same file write: no ingest takes them in, or a config would go round
 * in circles.
 *
 * Which etcd a mirror writes to is not asked: two URLs may well be the same one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mirror/options.h"
#include "model/problem.h"
#include "model/span.h"

typedef struct OverlapEntry {
        const char *mirror; /* its name; NULL: any */
        char *text;         /* owned */
        bool is_lock;       /* a key, and those that begin with it and ":"; else what keys begin with */
} OverlapEntry;

typedef struct Overlap {
        OverlapEntry *entries;
        size_t n;
} Overlap;

#define OVERLAP_NULL ((Overlap){ .n = 0 })

/* @options: of all mirrors and ingests, borrowed. Return: 0 or -ENOMEM */
int overlap_init(Overlap *overlap, const MirrorOptions *options, size_t n);
void overlap_deinit(Overlap *overlap);

/* Does a mirror write @etcd_key? */
bool overlap_has(const Overlap *overlap, Span etcd_key);

/* The mirror that writes all keys with @prefix, or NULL. */
const char *overlap_of_prefix(const Overlap *overlap, Span prefix);
