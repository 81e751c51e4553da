/*
 * Names of namespaces and configs: what is well-formed, and what a name inherits from.
 *
 * Neither kind of name has a character that JSON, SQL LIKE or a shell word would need to escape, except "_"
 * in LIKE.
 */
#pragma once

#include <stdbool.h>

#include "model/span.h"

#define NAMESPACE_SEGMENTS_MAX     4
#define NAMESPACE_SEGMENT_SIZE_MAX 63
#define NAMESPACE_SIZE_MAX         (NAMESPACE_SEGMENTS_MAX * (NAMESPACE_SEGMENT_SIZE_MAX + 1) - 1)
#define KEY_SIZE_MAX               255

/* 1 to 4 segments of [a-z0-9][a-z0-9_-]{0,62}, joined by dots. */
bool namespace_is_valid(Span name);

/* 1 to 255 bytes of [A-Za-z0-9._@:+-], not starting with a dot. */
bool key_is_valid(Span key);

/* "prod.acme.orders" gives "prod.acme"; "prod" gives an absent span. */
Span namespace_parent(Span name);
