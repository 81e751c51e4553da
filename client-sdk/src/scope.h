/*
 * What a client may be asked for: the namespaces it wants, and those above them; and of which of them it
 * knows what they hold.
 *
 * Built once and then read by any thread; only what is known changes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/span.h"
#include "model/table.h"
#include "options.h"

typedef struct ScopeName {
        Span name;             /* of the text, which ends with a NUL: listeners are given it */
        bool is_wanted;        /* else it is only above one that is */
        bool all_keys;         /* else those in the table */
        Table keys;            /* of the options' texts */
        _Atomic bool is_known; /* all of it in scope, as a lookup would go */
        char text[];
} ScopeName;

typedef struct Scope {
        const confer_options *options;
        Table names;        /* of ScopeName */
        ScopeName **wanted; /* in the order of the options */
        size_t n_wanted;
} Scope;

#define SCOPE_NULL ((Scope){ .names = TABLE_NULL })

/* @options must outlive the scope. Return: 0 or -ENOMEM. */
int scope_init(Scope *scope, const confer_options *options);
void scope_deinit(Scope *scope);

/* NULL: no lookup may name it. */
ScopeName *scope_find(const Scope *scope, Span namespace);
bool scope_name_wants(const ScopeName *name, Span key);
bool scope_wants(const Scope *scope, Span namespace, Span key);

/* From here on, the first @n of those wanted for which @is_known says so are known. */
void scope_set_known(Scope *scope, const bool *is_known);
void scope_set_all_known(Scope *scope);
bool scope_is_all_known(const Scope *scope);
