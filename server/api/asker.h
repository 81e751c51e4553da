/*
 * Who asks for a config, as gray rules see them: from a query's parameters, or from a body.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "http/request.h"
#include "model/gray.h"
#include "model/tag.h"

typedef struct Asker {
        bool is_given; /* the query says something of who asks */
        GrayAsker who; /* its tags are the ones below */
        Tag tags[TAGS_MAX];
} Asker;

/* Reads the parameters "instance" and "tag" (name:value, repeatable). Return: false with a reply made. */
bool asker_read_parameters(Request *request, Asker *ret_asker);

/* Reads an object of tags; NULL: none. Return: false with a reply made. */
bool asker_read_tags(Request *request, json_t *tags, Asker *asker);
