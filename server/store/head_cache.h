/*
 * The heads that the writer has read or written, by the names of their configs: a publish of a config that it
 * knows looks nothing up in the file.
 *
 * Each is of one row of the log of heads, and is good for as long as that row is the config's newest there;
 * so a head that was put in and undone is passed over without being looked for. Bounded; when it is full it
 * begins anew.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/span.h"
#include "model/table.h"
#include "store/head_log.h"

/* 200 bytes each, and a little more for long names. */
#define HEAD_CACHE_MAX 131072

typedef struct Config Config;

typedef struct HeadCacheEntry HeadCacheEntry;

typedef struct HeadCache {
        Table entries;
        HeadCacheEntry **by_id; /* of the config; or NULL */
        size_t n_by_id;
} HeadCache;

#define HEAD_CACHE_NULL ((HeadCache){ TABLE_NULL, NULL, 0 })

void head_cache_deinit(HeadCache *cache);

/* Fills @ret_config, whose names are then @namespace and @key, and which has no rules. Return: is it there?
 */
bool head_cache_get(const HeadCache *cache, const HeadLog *log, Span namespace, Span key, Config *ret_config);

/* Likewise, but by the config's id; it has no names then. */
bool head_cache_get_by_id(const HeadCache *cache, const HeadLog *log, int64_t config_id, Config *ret_config);

/* Remembers the head of @config as of now, which is that of its newest row in @log. */
void head_cache_put(HeadCache *cache, const HeadLog *log, const Config *config);

/* Forgets all, since what is true of their namespaces has changed. */
void head_cache_clear(HeadCache *cache);
