#include <stdlib.h>

#include "mirror/wanted.h"
#include "model/hash.h"
#include "util/allocate.h"

typedef struct Name {
        Span namespace;
        Span key;
} Name;

static bool has_name(const void *value, const void *wanted) {
        const WantedConfig *config = value;
        const Name *name = wanted;

        return span_equal(config->key, name->key) && span_equal(config->namespace, name->namespace);
}

void wanted_deinit(Wanted *wanted) {
        for (size_t i = 0; i < wanted->n; i++)
                free(wanted->configs[i]);
        free(wanted->configs);
        table_deinit(&wanted->by_name);
        *wanted = WANTED_NULL;
}

bool wanted_has(const Wanted *wanted, Span namespace, Span key) {
        return table_get(&wanted->by_name, hash_config(namespace, key), has_name, &(Name){ namespace, key });
}

static void make_room(Wanted *wanted) {
        if (table_reserve(&wanted->by_name, 1) != 0)
                abort();
        if (wanted->n < wanted->capacity)
                return;

        wanted->capacity = wanted->capacity ? 2 * wanted->capacity : 64;
        wanted->configs = had(reallocarray(wanted->configs, wanted->capacity, sizeof(WantedConfig *)));
}

void wanted_add(Wanted *wanted, Span namespace, Span key, BatchOrigin origin) {
        WantedConfig *config;
        char *at;

        if (wanted_has(wanted, namespace, key))
                return;

        make_room(wanted);
        config = allocate(1, sizeof(*config) + namespace.size + key.size);
        at = config->texts;
        config->namespace = span_copy(&at, namespace);
        config->key = span_copy(&at, key);
        config->origin = origin;
        (void)table_put(&wanted->by_name, hash_config(namespace, key), has_name, &(Name){ namespace, key },
                        config);
        wanted->configs[wanted->n++] = config;
}
