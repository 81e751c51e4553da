/*
 * A target as tests use it: with options of its own, and items that are short to write.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mirror/target.h"

#define MIRROR_ENDPOINTS_MAX 2

typedef struct Mirror {
        const TargetKind *kind;
        size_t worker; /* which of the mirror's */
        MirrorOptions options;
        char *endpoints[MIRROR_ENDPOINTS_MAX];
        char *headers[4];
        Waker waker;
        Target *target;
        TargetError error; /* of the last call */
} Mirror;

/* A mirror named "test" to @endpoint; options may be changed before mirror_open(). */
void mirror_init(Mirror *mirror, const TargetKind *kind, const char *endpoint);
void mirror_add_endpoint(Mirror *mirror, const char *endpoint);
void mirror_add_header(Mirror *mirror, const char *header);
void mirror_open(Mirror *mirror);
/* open() refuses the option @field. */
void mirror_assert_refuses(Mirror *mirror, const char *field);
void mirror_connect(Mirror *mirror);
void mirror_reconnect(Mirror *mirror);
void mirror_close(Mirror *mirror);

/* @content: NULL: the key is to be gone. An item of a config in "prod.acme", whose revision is @revision. */
TargetItem item_at(uint64_t revision, const char *key, const char *content);
TargetItem item_of(const char *key, Span content);
TargetItem item(const char *key, const char *content);

/* What becomes of the call. */
TargetOutcome mirror_try(Mirror *mirror, TargetItem *items, size_t n);
/* Applies @item, which succeeds, and returns what became of it. */
TargetOutcome mirror_put(Mirror *mirror, TargetItem item);
TargetFinding mirror_find(Mirror *mirror, TargetItem item);

/* The text of the last error has @part. */
void mirror_assert_said(const Mirror *mirror, const char *part);
