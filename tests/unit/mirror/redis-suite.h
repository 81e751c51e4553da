/*
 * The Redis target as tests use it: a mirror with its options, against a server of their own.
 */
#pragma once

#include "mirror/target.h"
#include "redis-server.h"

typedef struct RedisMirror {
        MirrorOptions options;
        char *endpoints[1];
        Waker waker;
        Target *target;
        TargetError error; /* of the last call */
} RedisMirror;

/* MirrorsFile contents as they are to @endpoint; options may be changed before redis_mirror_open(). */
void redis_mirror_init(RedisMirror *mirror, const char *endpoint);
void redis_mirror_open(RedisMirror *mirror);
void redis_mirror_connect(RedisMirror *mirror);
/* All of the above. */
void redis_mirror_start(RedisMirror *mirror, const char *endpoint);
void redis_mirror_close(RedisMirror *mirror);

/* @content: NULL: the key is to be gone. An item of a config of @format. */
TargetItem redis_item(const char *key, Format format, const char *content);
TargetItem redis_item_of(const char *key, Format format, Span content);

/* Applies one change, or reads it back, and returns what became of it; the call itself succeeds. */
TargetOutcome redis_mirror_put(RedisMirror *mirror, TargetItem item);
TargetFinding redis_mirror_find(RedisMirror *mirror, TargetItem item);
/* Applies one change, and returns what became of the call. */
TargetOutcome redis_mirror_try(RedisMirror *mirror, TargetItem item);

/* The text of the last error has @part. */
void redis_mirror_assert_said(const RedisMirror *mirror, const char *part);

#define JSON_ITEM(key, content) redis_item(key, FORMAT_JSON, content)
#define TEXT_ITEM(key, content) redis_item(key, FORMAT_TEXT, content)

/* Whether there is no redis-server to test with; then says so, as TAP wants it. */
bool redis_suite_skips(void);
