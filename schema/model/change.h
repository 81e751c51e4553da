/*
 * One committed change: all that a replica needs to follow the store from one revision to the next.
 *
 * Immutable and shared by reference count. Applying it computes nothing, so that every replica comes out the
 * same.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "model/macros.h"
#include "model/release.h"
#include "model/span.h"

typedef enum ChangeKind {
        CHANGE_RELEASE,           /* the config serves another release from here on */
        CHANGE_REMOVAL,           /* the config is no longer served */
        CHANGE_NAMESPACE,         /* the namespace exists from here on */
        CHANGE_NAMESPACE_REMOVAL, /* the namespace is gone; its configs were removed before it */
        CHANGE_KIND_N,
} ChangeKind;

typedef struct ChangeItem {
        ChangeKind kind;
        Release *release; /* CHANGE_RELEASE only; one reference, owned */
        Span namespace;
        Span key;   /* absent for namespaces */
        char *text; /* what namespace and key point into, where there is no release; owned */
} ChangeItem;

typedef struct Change {
        _Atomic uint32_t n_refs;
        uint64_t revision;
        size_t n_items; /* 0 when only the revision moved: a version was saved, not released */
        size_t n_items_max;
        ChangeItem *items;
} Change;

/* Return: a change with one reference, or NULL for want of memory. */
Change *change_new(uint64_t revision);
Change *change_ref(Change *change);
Change *change_unref(Change *change);

/*
 * Add an item while the change is being built, before anyone else sees it. Items stand in the order of the
 * operations; of two for the same name the later holds. @release is referenced, texts are copied.
 * Return: 0 or -ENOMEM.
 */
int change_add_release(Change *change, Release *release);
int change_add_removal(Change *change, Span namespace, Span key);
int change_add_namespace(Change *change, ChangeKind kind, Span namespace);

DEFINE_CLEANUP(Change *, change_unref);
