/*
 * Who is at the other end of a stream, as it says of itself, and what it did with the configs that it got.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/frame.h"
#include "model/table.h"

/* Of what one instance reports: room for a thousand configs with usual names. Results beyond it are counted
 * and not kept. */
#define INSTANCE_RESULTS_BYTES_MAX ((size_t)256 * 1024)

/* One block. */
typedef struct Instance {
        Span id;
        Span app; /* or absent */
        Span sdk; /* or absent */
        size_t n_tags;
        Tag tags[];
} Instance;

/* Copies what @frame, a subscribe, says. To be released with free(). */
Instance *instance_new(const Frame *frame);

typedef struct InstanceResults {
        Table by_config;
        size_t bytes;
} InstanceResults;

/* Return: false when there is no room. */
bool instance_results_put(InstanceResults *results, const FrameResult *result);
void instance_results_deinit(InstanceResults *results);

/* What was told last of the config; NULL: nothing. Lives until the next put. */
const FrameResult *instance_results_get(const InstanceResults *results, Span namespace, Span key);

/* Appends those of @namespace and @key, each of which may be absent, as items of a JSON array. */
void instance_results_append(const InstanceResults *results, Span namespace, Span key, Buf *buf);
