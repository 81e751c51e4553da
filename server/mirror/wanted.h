/*
 * The configs that are to be delivered next, each once, in the order in which they were asked for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mirror/batch.h"
#include "mirror/config_name.h"
#include "model/span.h"
#include "model/table.h"

typedef struct WantedConfig {
        ConfigName name;
        BatchOrigin origin; /* of the first who asked */
        char texts[];
} WantedConfig;

typedef struct Wanted {
        WantedConfig **configs;
        size_t n;
        size_t capacity;
        Table by_name;
} Wanted;

#define WANTED_NULL ((Wanted){ NULL, 0, 0, TABLE_NULL })

void wanted_deinit(Wanted *wanted);

bool wanted_has(const Wanted *wanted, Span namespace, Span key);
/* Where it is there already nothing is changed. */
void wanted_add(Wanted *wanted, Span namespace, Span key, BatchOrigin origin);
