/*
 * What the commands on mirrors and ingests have in common: a list of them, one of them by its name, a list of
 * one, and a change of one.
 */
#pragma once

#include <jansson.h>

#include "cli/api.h"
#include "cli/commands.h"
#include "model/buf.h"

typedef struct NamedKind {
        const char *path; /* "mirrors" */
        const char *word; /* "mirror" */
} NamedKind;

typedef struct OneNamed {
        const char *name; /* borrowed */
        Api *api;
        Buf path;
} OneNamed;

/* All return an exit code, and failures are told. The data is printed as JSON where that is asked for. */

/* All of a kind. */
int named_list(const Invocation *invocation, const NamedKind *kind, void (*print)(json_t *data));
/* The one that the first argument names. */
int named_show(const Invocation *invocation, const NamedKind *kind,
               void (*print)(const OneNamed *one, json_t *data));
/* A list of it. @rest: what follows the name in the path. */
int named_list_of(const Invocation *invocation, const NamedKind *kind, const char *rest,
                  void (*print)(json_t *data));
/*
 * A change of it.
 * @body: stolen; or NULL
 * @sentence: to be told afterwards; and the number in the answer's member @count, unless that is NULL
 */
int named_change(const Invocation *invocation, const NamedKind *kind, const char *rest, json_t *body,
                 const char *sentence, const char *count);
