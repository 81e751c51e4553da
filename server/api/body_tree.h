/*
 * The text of a body as Jansson's values, made without Jansson reading it.
 *
 * For a body of 1 KiB json_loadb() takes a fifth of the processor time of a publish, nearly all of it for the
 * single bytes of the one long string. Here strings are looked through once and copied in runs.
 */
#pragma once

#include <jansson.h>

#include "model/span.h"

/*
 * body_tree_of_plain() - what json_loadb() with JSON_REJECT_DUPLICATES makes of @text, if it is plain
 *
 * Return: NULL for what is not plain in the sense of json_read_is_plain(), for fractions, for escapes in
 * names, for what is wrong, and for want of memory: json_loadb() is to decide.
 */
json_t *body_tree_of_plain(Span text);
