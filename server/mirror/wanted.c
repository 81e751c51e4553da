#include <stdlib.h>

#include "mirror/wanted.h"
#include "util/allocate.h"

void wanted_deinit(Wanted *wanted) {
        for (size_t i = 0; i < wanted->n; i++)
                free(wanted->configs[i]);
        free(wanted->configs);
        table_deinit(&wanted->by_name);
        *wanted = WANTED_NULL;
}

bool wanted_has(const Wanted *wanted, Span namespace, Span key) {
        ConfigName name = { namespace, key };

        return table_get(&wanted->by_name, config_name_hash(&name), config_name_equal, &name);
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
        ConfigName name = { namespace, key };
        WantedConfig *config;
        char *at;

        if (wanted_has(wanted, namespace, key))
                return;

        make_room(wanted);
        config = allocate(1, sizeof(*config) + namespace.size + key.size);
        at = config->texts;
        config->name = config_name_copy(&at, &name);
        config->origin = origin;
        (void)table_put(&wanted->by_name, config_name_hash(&name), config_name_equal, &name, config);
        wanted->configs[wanted->n++] = config;
}
