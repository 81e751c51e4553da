#include <string.h>

#include "model/hash.h"
#include "model/macros.h"
#include "model/name.h"
#include "push/scope.h"
#include "util/allocate.h"

static int compare_spans(const void *a_, const void *b_) {
        const Span *a = a_, *b = b_;
        int order = memcmp(a->data, b->data, MIN(a->size, b->size));

        return order ? order : (a->size > b->size) - (a->size < b->size);
}

static int compare_names(const void *a_, const void *b_) {
        const ScopeName *a = a_, *b = b_;

        return compare_spans(&a->name, &b->name);
}

static size_t remove_repeats(Span *spans, size_t n) {
        size_t n_kept = 0;

        qsort(spans, n, sizeof(*spans), compare_spans);
        for (size_t i = 0; i < n; i++)
                if (n_kept == 0 || !span_equal(spans[n_kept - 1], spans[i]))
                        spans[n_kept++] = spans[i];
        return n_kept;
}

/* Makes one of the @n names, which are all the same; its keys go to @keys. */
static ScopeName unite(const ScopeName *names, size_t n, Span *keys) {
        ScopeName united = { .name = names[0].name, .keys = keys };
        size_t n_keys = 0;

        for (size_t i = 0; i < n; i++) {
                united.all_keys |= names[i].all_keys;
                if (names[i].n_keys)
                        memcpy(keys + n_keys, names[i].keys, names[i].n_keys * sizeof(Span));
                n_keys += names[i].n_keys;
        }
        united.n_keys = united.all_keys ? 0 : remove_repeats(keys, n_keys);
        return united;
}

static Span copy_text(char **at, Span text) {
        Span copy = { *at, text.size };

        memcpy(*at, text.data, text.size);
        *at += text.size;
        return copy;
}

/* One block: the scope, its names, their keys, the texts. */
static Scope *pack(const ScopeName *names, size_t n_names) {
        size_t n_keys = 0, text_size = 0;
        Scope *scope;
        Span *keys;
        char *text;

        for (size_t i = 0; i < n_names; i++) {
                n_keys += names[i].n_keys;
                text_size += names[i].name.size;
                for (size_t k = 0; k < names[i].n_keys; k++)
                        text_size += names[i].keys[k].size;
        }

        scope = allocate(1, sizeof(*scope) + n_names * sizeof(ScopeName) + n_keys * sizeof(Span) + text_size);
        scope->names = (ScopeName *)(scope + 1);
        keys = (Span *)(scope->names + n_names);
        text = (char *)(keys + n_keys);
        scope->n_names = n_names;
        scope->n_keys = n_keys;
        for (size_t i = 0; i < n_names; i++) {
                scope->names[i] = names[i];
                scope->names[i].name = copy_text(&text, names[i].name);
                scope->names[i].keys = keys;
                for (size_t k = 0; k < names[i].n_keys; k++)
                        *keys++ = copy_text(&text, names[i].keys[k]);
        }
        return scope;
}

Scope *scope_new(const ScopeName *names, size_t n_names) {
        _cleanup_(freep) ScopeName *sorted = allocate(n_names, sizeof(*sorted));
        size_t n_keys = 0, n_united = 0;
        _cleanup_(freep) Span *keys = NULL;
        Span *next_key;

        for (size_t i = 0; i < n_names; i++)
                n_keys += names[i].n_keys;
        keys = allocate(n_keys, sizeof(*keys));
        next_key = keys;
        if (n_names)
                memcpy(sorted, names, n_names * sizeof(*sorted));
        qsort(sorted, n_names, sizeof(*sorted), compare_names);

        for (size_t i = 0, end; i < n_names; i = end) {
                ScopeName united;

                for (end = i + 1; end < n_names && span_equal(sorted[end].name, sorted[i].name); end++)
                        ;
                united = unite(&sorted[i], end - i, next_key);
                next_key += united.n_keys;
                sorted[n_united++] = united;
        }
        return pack(sorted, n_united);
}

Scope *scope_cover(const Scope *asked) {
        _cleanup_(freep) ScopeName *names = allocate(asked->n_names * NAMESPACE_SEGMENTS_MAX, sizeof(*names));
        size_t n = 0;

        for (size_t i = 0; i < asked->n_names; i++)
                for (Span name = asked->names[i].name; name.data; name = namespace_parent(name)) {
                        names[n] = asked->names[i];
                        names[n++].name = name;
                }
        return scope_new(names, n);
}

Scope *scope_replace(const Scope *scope, const Scope *replacing) {
        _cleanup_(freep) ScopeName *names = allocate(scope->n_names + replacing->n_names, sizeof(*names));
        size_t n = 0;

        for (size_t i = 0; i < scope->n_names; i++)
                if (!scope_find(replacing, scope->names[i].name))
                        names[n++] = scope->names[i];
        for (size_t i = 0; i < replacing->n_names; i++)
                names[n++] = replacing->names[i];
        return scope_new(names, n);
}

Scope *scope_without(const Scope *scope, const Scope *leaving) {
        _cleanup_(freep) ScopeName *names = allocate(scope->n_names, sizeof(*names));
        size_t n = 0;

        for (size_t i = 0; i < scope->n_names; i++)
                if (!scope_find(leaving, scope->names[i].name))
                        names[n++] = scope->names[i];
        return scope_new(names, n);
}

static bool names_equal(const ScopeName *a, const ScopeName *b) {
        if (!span_equal(a->name, b->name) || a->all_keys != b->all_keys || a->n_keys != b->n_keys)
                return false;

        for (size_t i = 0; i < a->n_keys; i++)
                if (!span_equal(a->keys[i], b->keys[i]))
                        return false;
        return true;
}

bool scope_equal(const Scope *a, const Scope *b) {
        if (a->n_names != b->n_names)
                return false;

        for (size_t i = 0; i < a->n_names; i++)
                if (!names_equal(&a->names[i], &b->names[i]))
                        return false;
        return true;
}

uint64_t scope_hash(const Scope *scope) {
        uint64_t hash = scope->n_names;

        for (size_t i = 0; i < scope->n_names; i++) {
                hash = hash_span(hash_mix(hash + scope->names[i].all_keys), scope->names[i].name);
                for (size_t k = 0; k < scope->names[i].n_keys; k++)
                        hash = hash_span(hash, scope->names[i].keys[k]);
        }
        return hash;
}

const ScopeName *scope_find(const Scope *scope, Span name) {
        return bsearch(&(ScopeName){ .name = name }, scope->names, scope->n_names, sizeof(ScopeName),
                       compare_names);
}

bool scope_name_has(const ScopeName *name, Span key) {
        return name->all_keys ||
               (name->n_keys && bsearch(&key, name->keys, name->n_keys, sizeof(Span), compare_spans));
}
