/*
 * Tags on the command line: NAME=VALUE, in an option that may stand several times.
 */
#pragma once

#include <jansson.h>

#include "cli/options.h"
#include "model/problem.h"

#define TAGS_E_INVALID 1 /* the problem names the option and says what is wrong */

/* Looks at the tags of --tag, each of which stands once. Return: 0 or TAGS_E_INVALID. */
int tags_check(const TextList *tags, Problem *ret_problem);

/* The parts of the one at @index, which has been looked at: the name to be freed, the value borrowed. */
char *tags_name(const TextList *tags, size_t index);
const char *tags_value(const TextList *tags, size_t index);

/* {"ring": "canary"} of tags that have been looked at. New. */
json_t *tags_to_json(const TextList *tags);

/*
 * tags_to_match() - the match of a gray rule, from the tags of --match
 *
 * Of a tag that stands several times each value is as good: {"ring": ["canary", "early"]}. Return: 0 or
 * TAGS_E_INVALID.
 */
int tags_to_match(const TextList *tags, json_t **ret_match, Problem *ret_problem);
