#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "model/hash.h"
#include "store/config.h"
#include "store/head_cache.h"
#include "util/allocate.h"

/* Of a config what follows on its names, which are borrowed, up to the end of what it uses of its spine. */
#define HEAD_START offsetof(Config, namespace_id)

#define IDS_MIN 1024

struct HeadCacheEntry {
        int64_t row;
        int64_t config_id;
        uint16_t head_size;
        uint16_t namespace_size;
        uint16_t key_size;
        uint16_t bytes_max;
        char bytes[]; /* the head, the namespace, the key */
};

typedef HeadCacheEntry Entry;

typedef struct Name {
        Span namespace;
        Span key;
} Name;

static Span namespace_of(const Entry *entry) {
        return (Span){ entry->bytes + entry->head_size, entry->namespace_size };
}

static Span key_of(const Entry *entry) {
        return (Span){ entry->bytes + entry->head_size + entry->namespace_size, entry->key_size };
}

static bool is_of(const void *value, const void *wanted) {
        const Name *name = wanted;

        return span_equal(key_of(value), name->key) && span_equal(namespace_of(value), name->namespace);
}

static Entry *entry_new(size_t bytes_max) {
        Entry *entry = had(malloc(sizeof(*entry) + bytes_max));

        entry->bytes_max = (uint16_t)bytes_max;
        return entry;
}

static size_t head_size_of(const Config *config) {
        return offsetof(Config, spine.bytes) + config->spine.size - HEAD_START;
}

static void entry_write(Entry *entry, const Config *config, int64_t row) {
        size_t head_size = head_size_of(config);

        entry->row = row;
        entry->config_id = config->id;
        entry->head_size = (uint16_t)head_size;
        entry->namespace_size = (uint16_t)config->namespace.size;
        entry->key_size = (uint16_t)config->key.size;
        memcpy(entry->bytes, (const char *)config + HEAD_START, head_size);
        memcpy(entry->bytes + head_size, config->namespace.data, config->namespace.size);
        memcpy(entry->bytes + head_size + config->namespace.size, config->key.data, config->key.size);
}

void head_cache_clear(HeadCache *cache) {
        for (size_t i = 0; i < cache->entries.n_slots; i++)
                free(cache->entries.slots[i].value);
        table_deinit(&cache->entries);
        free(cache->by_id);
        *cache = HEAD_CACHE_NULL;
}

void head_cache_deinit(HeadCache *cache) {
        head_cache_clear(cache);
}

static bool read_entry(const Entry *entry, const HeadLog *log, Config *ret_config) {
        if (!entry || entry->row != head_log_newest(log, entry->config_id))
                return false;

        memcpy((char *)ret_config + HEAD_START, entry->bytes, entry->head_size);
        ret_config->rules = NULL;
        return true;
}

bool head_cache_get(const HeadCache *cache, const HeadLog *log, Span namespace, Span key,
                    Config *ret_config) {
        const Entry *entry =
                table_get(&cache->entries, hash_config(namespace, key), is_of, &(Name){ namespace, key });

        ret_config->namespace = namespace;
        ret_config->key = key;
        return read_entry(entry, log, ret_config);
}

bool head_cache_get_by_id(const HeadCache *cache, const HeadLog *log, int64_t config_id, Config *ret_config) {
        const Entry *entry = (size_t)config_id < cache->n_by_id ? cache->by_id[config_id] : NULL;

        ret_config->namespace = ret_config->key = SPAN_NULL;
        return read_entry(entry, log, ret_config);
}

static void make_room(HeadCache *cache, int64_t config_id) {
        size_t n = MAX(cache->n_by_id, (size_t)IDS_MIN);

        if (table_reserve(&cache->entries, 1))
                abort();
        if ((size_t)config_id < cache->n_by_id)
                return;

        while (n <= (size_t)config_id)
                n *= 2;
        cache->by_id = had(reallocarray(cache->by_id, n, sizeof(Entry *)));
        memset(cache->by_id + cache->n_by_id, 0, (n - cache->n_by_id) * sizeof(Entry *));
        cache->n_by_id = n;
}

/* One of that name that was undone may have had another id. */
static void forget_id(HeadCache *cache, const Entry *entry) {
        if (cache->by_id[entry->config_id] == entry)
                cache->by_id[entry->config_id] = NULL;
}

void head_cache_put(HeadCache *cache, const HeadLog *log, const Config *config) {
        Name name = { config->namespace, config->key };
        uint64_t hash = hash_config(name.namespace, name.key);
        size_t size = head_size_of(config) + name.namespace.size + name.key.size;
        Entry *entry = table_get(&cache->entries, hash, is_of, &name);

        if (entry)
                forget_id(cache, entry);
        else if (cache->entries.n_values == HEAD_CACHE_MAX)
                head_cache_clear(cache);
        make_room(cache, config->id);
        if (!entry || entry->bytes_max < size) {
                entry = entry_new(size);
                free(table_put(&cache->entries, hash, is_of, &name, entry));
        }
        entry_write(entry, config, head_log_newest(log, config->id));
        cache->by_id[config->id] = entry;
}
