/*
 * The Redis target as tests use it: a mirror with its options, against a server of their own.
 */
#pragma once

#include "redis-server.h"
#include "target-suite.h"

/* A mirror named "cache" to @endpoint; options may be changed before mirror_open(). */
void redis_mirror_init(Mirror *mirror, const char *endpoint);
/* The same, opened and connected. */
void redis_mirror_start(Mirror *mirror, const char *endpoint);

/* @content: NULL: the key is to be gone. An item of a config of @format. */
TargetItem redis_item(const char *key, Format format, const char *content);
TargetItem redis_item_of(const char *key, Format format, Span content);

/* Applies one change, and returns what became of the call. */
TargetOutcome redis_mirror_try(Mirror *mirror, TargetItem item);

#define JSON_ITEM(key, content) redis_item(key, FORMAT_JSON, content)
#define TEXT_ITEM(key, content) redis_item(key, FORMAT_TEXT, content)

/* Whether there is no redis-server to test with; then says so, as TAP wants it. */
bool redis_suite_skips(void);
