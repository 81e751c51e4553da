#include <stdlib.h>

#include "mirror/troubles.h"
#include "util/allocate.h"

void troubles_deinit(Troubles *troubles) {
        for (size_t i = 0; i < troubles->by_name.n_slots; i++)
                free(troubles->by_name.slots[i].value);
        table_deinit(&troubles->by_name);
        *troubles = TROUBLES_NULL;
}

Trouble *troubles_find(const Troubles *troubles, Span namespace, Span key) {
        ConfigName name = { namespace, key };

        return table_get(&troubles->by_name, config_name_hash(&name), config_name_equal, &name);
}

Trouble *troubles_get(Troubles *troubles, Span namespace, Span key) {
        ConfigName name = { namespace, key };
        Trouble *trouble = troubles_find(troubles, namespace, key);
        char *at;

        if (trouble)
                return trouble;

        if (table_reserve(&troubles->by_name, 1) != 0)
                abort();
        trouble = allocate(1, sizeof(*trouble) + namespace.size + key.size);
        at = trouble->texts;
        trouble->name = config_name_copy(&at, &name);
        (void)table_put(&troubles->by_name, config_name_hash(&name), config_name_equal, &name, trouble);
        return trouble;
}

void troubles_set(Troubles *troubles, Trouble *trouble, TroubleState state) {
        troubles->n_parked += (size_t)(state == TROUBLE_PARKED) - (size_t)(trouble->state == TROUBLE_PARKED);
        trouble->state = state;
}

void troubles_remove(Troubles *troubles, Trouble *trouble) {
        ConfigName name = trouble->name;

        troubles_set(troubles, trouble, TROUBLE_RETRIED);
        (void)table_take(&troubles->by_name, config_name_hash(&name), config_name_equal, &name);
        free(trouble);
}

Trouble *troubles_next(const Troubles *troubles, size_t *at) {
        while (*at < troubles->by_name.n_slots) {
                Trouble *trouble = troubles->by_name.slots[(*at)++].value;

                if (trouble)
                        return trouble;
        }
        return NULL;
}
