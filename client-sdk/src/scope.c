#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "model/hash.h"
#include "model/name.h"
#include "scope.h"

static bool name_is(const void *value, const void *wanted) {
        return span_equal(((const ScopeName *)value)->name, *(const Span *)wanted);
}

static bool key_is(const void *value, const void *wanted) {
        return span_equal(span_from_string(value), *(const Span *)wanted);
}

ScopeName *scope_find(const Scope *scope, Span namespace) {
        return table_get(&scope->names, hash_span(0, namespace), name_is, &namespace);
}

bool scope_name_wants(const ScopeName *name, Span key) {
        return name->all_keys || table_get(&name->keys, hash_span(0, key), key_is, &key);
}

bool scope_wants(const Scope *scope, Span namespace, Span key) {
        const ScopeName *name = scope_find(scope, namespace);

        return name && scope_name_wants(name, key);
}

static ScopeName *need_name(Scope *scope, Span namespace) {
        ScopeName *name = scope_find(scope, namespace);

        if (name)
                return name;
        if (table_reserve(&scope->names, 1) != 0)
                return NULL;

        name = calloc(1, sizeof(*name) + namespace.size + 1);
        if (!name)
                return NULL;

        memcpy(name->text, namespace.data, namespace.size);
        name->name = (Span){ name->text, namespace.size };
        (void)table_put(&scope->names, hash_span(0, namespace), name_is, &namespace, name);
        return name;
}

static int add_keys(ScopeName *name, const Wanted *wanted) {
        int r;

        name->all_keys |= wanted->all_keys;
        r = table_reserve(&name->keys, wanted->n_keys);
        if (r)
                return r;

        for (size_t i = 0; i < wanted->n_keys; i++) {
                Span key = span_from_string(wanted->keys[i]);

                (void)table_put(&name->keys, hash_span(0, key), key_is, &key, wanted->keys[i]);
        }
        return 0;
}

static int add_wanted(Scope *scope, const Wanted *wanted) {
        Span namespace = span_from_string(wanted->name);

        for (Span at = namespace; at.data; at = namespace_parent(at)) {
                ScopeName *name = need_name(scope, at);
                int r;

                if (!name)
                        return -ENOMEM;
                r = add_keys(name, wanted);
                if (r)
                        return r;
                if (at.size == namespace.size) {
                        name->is_wanted = true;
                        scope->wanted[scope->n_wanted++] = name;
                }
        }
        return 0;
}

int scope_init(Scope *scope, const confer_options *options) {
        int r = 0;

        *scope = SCOPE_NULL;
        scope->options = options;
        scope->wanted = calloc(options->n_wanted, sizeof(ScopeName *));
        if (!scope->wanted)
                return -ENOMEM;

        for (size_t i = 0; i < options->n_wanted && r == 0; i++)
                r = add_wanted(scope, &options->wanted[i]);
        if (r)
                scope_deinit(scope);
        return r;
}

void scope_deinit(Scope *scope) {
        for (size_t i = 0; i < scope->names.n_slots; i++) {
                ScopeName *name = scope->names.slots[i].value;

                if (name)
                        table_deinit(&name->keys);
                free(name);
        }
        table_deinit(&scope->names);
        free(scope->wanted);
        *scope = SCOPE_NULL;
}

/* A namespace above others is known when all of these are: what each of them covers of it differs. */
void scope_set_known(Scope *scope, const bool *is_known) {
        for (size_t i = 0; i < scope->names.n_slots; i++)
                if (scope->names.slots[i].value)
                        atomic_store(&((ScopeName *)scope->names.slots[i].value)->is_known, true);

        for (size_t i = 0; i < scope->n_wanted; i++)
                for (Span at = scope->wanted[i]->name; at.data && !is_known[i]; at = namespace_parent(at))
                        atomic_store(&scope_find(scope, at)->is_known, false);
}

void scope_set_all_known(Scope *scope) {
        for (size_t i = 0; i < scope->names.n_slots; i++)
                if (scope->names.slots[i].value)
                        atomic_store(&((ScopeName *)scope->names.slots[i].value)->is_known, true);
}

bool scope_is_all_known(const Scope *scope) {
        for (size_t i = 0; i < scope->n_wanted; i++)
                if (!atomic_load(&scope->wanted[i]->is_known))
                        return false;
        return true;
}
