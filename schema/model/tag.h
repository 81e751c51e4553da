/*
 * Tags: what gray rules match on, names and values that an instance or a request bears.
 */
#pragma once

#include <stdbool.h>

#include "model/span.h"

#define TAGS_MAX           32 /* of one instance or request */
#define TAG_NAME_SIZE_MAX  64
#define TAG_VALUE_SIZE_MAX 256

typedef struct Tag {
        Span name;
        Span value;
} Tag;

/* 1 to 64 bytes of [a-z0-9_.-]. */
bool tag_name_is_valid(Span name);

/* Up to 256 bytes of UTF-8 without NUL. */
bool tag_value_is_valid(Span value);
