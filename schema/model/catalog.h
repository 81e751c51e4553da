/*
 * A replica of what is released: every config's current release, found by name, with inheritance.
 *
 * A catalog belongs to one thread. It is loaded once and then follows the changes in revision order. The
 * releases in it are shared with other catalogs; a reader that keeps one past its turn takes a reference.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/change.h"
#include "model/release.h"
#include "model/span.h"
#include "model/table.h"

typedef struct Catalog {
        uint64_t revision; /* of the last change applied */
        size_t n_releases;
        size_t n_namespaces; /* that exist */
        Table namespaces;    /* by name; each has a table of its releases, by key */
} Catalog;

#define CATALOG_NULL ((Catalog){ 0, 0, 0, TABLE_NULL })

void catalog_deinit(Catalog *catalog);

/*
 * catalog_apply() - follow one change
 *
 * A change that is not newer than the catalog is passed over: revisions only grow.
 * Return: 0, or -ENOMEM, after which the catalog may hold a part of the change and is to be loaded anew.
 */
int catalog_apply(Catalog *catalog, const Change *change);

/* Fills an empty catalog with what another one holds. Return: 0 or -ENOMEM. */
int catalog_copy(Catalog *catalog, const Catalog *from);

/*
 * Single steps, for a replica that does not follow whole changes. A release replaces the one of its name, and
 * may come before its namespace. Return: 0 or -ENOMEM.
 */
int catalog_put(Catalog *catalog, Release *release);
void catalog_remove(Catalog *catalog, Span namespace, Span key);

/* Calls @visit for each release of exactly this namespace, of all when it is absent, in no order, until it
 * returns false. It must not change the catalog. */
void catalog_each(const Catalog *catalog, Span namespace, bool (*visit)(void *context, Release *release),
                  void *context);

/* The release of exactly this config, borrowed; NULL when nothing is served. */
Release *catalog_get(const Catalog *catalog, Span namespace, Span key);

/* The nearest release on the way up from @namespace, borrowed; NULL when there is none. */
Release *catalog_find(const Catalog *catalog, Span namespace, Span key);

/*
 * In a big catalog a look-up waits for memory twice: for the table's slot, and for the release that it points
 * to. Whoever knows early what it will look for has the one fetched, does some other work, has the other
 * fetched, and does some more.
 */
void catalog_prefetch_slot(const Catalog *catalog, Span namespace, Span key);
void catalog_prefetch_release(const Catalog *catalog, Span namespace, Span key);

bool catalog_has_namespace(const Catalog *catalog, Span namespace);

static inline size_t catalog_n_releases(const Catalog *catalog) {
        return catalog->n_releases;
}

static inline size_t catalog_n_namespaces(const Catalog *catalog) {
        return catalog->n_namespaces;
}
