/*
 * Gray rules from texts, and whether they hold.
 */
#pragma once

#include "model/gray.h"

#define SALT "0123456789abcdef"

/* Makes what must be good rules. */
Gray *compile(const char *rules);

bool matches_tags(const char *match, const Tag *tags, size_t n_tags);
/* Does the condition hold for a tag of that value? */
bool holds(const char *condition, const char *value);

/* @n times @piece, with commas between them; %zu in it is the number. */
void append_many(Buf *buf, const char *before, size_t n, const char *piece, const char *after);
