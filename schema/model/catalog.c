#include <errno.h>
#include <stdlib.h>

#include "model/catalog.h"
#include "model/hash.h"
#include "model/name.h"

typedef struct ConfigName {
        Span namespace;
        Span key;
} ConfigName;

typedef struct NamespaceEntry {
        size_t size;
        char name[];
} NamespaceEntry;

static uint64_t config_hash(Span namespace, Span key) {
        return hash_span(hash_span(0, namespace), key);
}

static bool release_is_named(const void *value, const void *wanted) {
        const ConfigName *name = wanted;

        return span_equal(release_key(value), name->key) &&
               span_equal(release_namespace(value), name->namespace);
}

static bool namespace_is_named(const void *value, const void *wanted) {
        const NamespaceEntry *entry = value;

        return span_equal((Span){ entry->name, entry->size }, *(const Span *)wanted);
}

void catalog_deinit(Catalog *catalog) {
        for (size_t i = 0; i < catalog->releases.n_slots; i++)
                release_unref(catalog->releases.slots[i].value);
        for (size_t i = 0; i < catalog->namespaces.n_slots; i++)
                free(catalog->namespaces.slots[i].value);

        table_deinit(&catalog->releases);
        table_deinit(&catalog->namespaces);
        *catalog = CATALOG_NULL;
}

static NamespaceEntry *namespace_entry_new(Span name) {
        NamespaceEntry *entry = malloc(sizeof(*entry) + name.size);

        if (!entry)
                return NULL;

        entry->size = name.size;
        memcpy(entry->name, name.data, name.size);
        return entry;
}

static void put_release(Catalog *catalog, Release *release) {
        ConfigName name = { release_namespace(release), release_key(release) };

        release_unref(table_put(&catalog->releases, config_hash(name.namespace, name.key), release_is_named,
                                &name, release_ref(release)));
}

static void remove_release(Catalog *catalog, Span namespace, Span key) {
        ConfigName name = { namespace, key };

        release_unref(table_take(&catalog->releases, config_hash(namespace, key), release_is_named, &name));
}

static int put_namespace(Catalog *catalog, Span name) {
        NamespaceEntry *entry = namespace_entry_new(name);

        if (!entry)
                return -ENOMEM;

        free(table_put(&catalog->namespaces, hash_span(0, name), namespace_is_named, &name, entry));
        return 0;
}

static int apply_item(Catalog *catalog, const ChangeItem *item) {
        switch (item->kind) {
        case CHANGE_RELEASE:
                put_release(catalog, item->release);
                return 0;
        case CHANGE_REMOVAL:
                remove_release(catalog, item->namespace, item->key);
                return 0;
        case CHANGE_NAMESPACE:
                return put_namespace(catalog, item->namespace);
        case CHANGE_NAMESPACE_REMOVAL:
                free(table_take(&catalog->namespaces, hash_span(0, item->namespace), namespace_is_named,
                                &item->namespace));
                return 0;
        default:
                return -EINVAL;
        }
}

static int reserve_for(Catalog *catalog, const Change *change) {
        size_t n_releases = 0, n_namespaces = 0;
        int r;

        for (size_t i = 0; i < change->n_items; i++) {
                n_releases += change->items[i].kind == CHANGE_RELEASE;
                n_namespaces += change->items[i].kind == CHANGE_NAMESPACE;
        }

        r = table_reserve(&catalog->releases, n_releases);
        if (r)
                return r;
        return table_reserve(&catalog->namespaces, n_namespaces);
}

int catalog_apply(Catalog *catalog, const Change *change) {
        int r;

        if (change->revision <= catalog->revision)
                return 0;

        r = reserve_for(catalog, change);
        if (r)
                return r;

        for (size_t i = 0; i < change->n_items; i++) {
                r = apply_item(catalog, &change->items[i]);
                if (r)
                        return r;
        }

        catalog->revision = change->revision;
        return 0;
}

int catalog_copy(Catalog *catalog, const Catalog *from) {
        int r;

        r = table_reserve(&catalog->releases, from->releases.n_values);
        if (r)
                return r;
        r = table_reserve(&catalog->namespaces, from->namespaces.n_values);
        if (r)
                return r;

        for (size_t i = 0; i < from->releases.n_slots; i++)
                if (from->releases.slots[i].value)
                        put_release(catalog, from->releases.slots[i].value);

        for (size_t i = 0; i < from->namespaces.n_slots; i++) {
                const NamespaceEntry *entry = from->namespaces.slots[i].value;

                if (!entry)
                        continue;
                r = put_namespace(catalog, (Span){ entry->name, entry->size });
                if (r)
                        return r;
        }

        catalog->revision = from->revision;
        return 0;
}

Release *catalog_get(const Catalog *catalog, Span namespace, Span key) {
        ConfigName name = { namespace, key };

        return table_get(&catalog->releases, config_hash(namespace, key), release_is_named, &name);
}

Release *catalog_find(const Catalog *catalog, Span namespace, Span key) {
        for (Span name = namespace; name.data; name = namespace_parent(name)) {
                Release *release = catalog_get(catalog, name, key);

                if (release)
                        return release;
        }
        return NULL;
}

bool catalog_has_namespace(const Catalog *catalog, Span namespace) {
        return table_get(&catalog->namespaces, hash_span(0, namespace), namespace_is_named, &namespace) !=
               NULL;
}

size_t catalog_n_releases(const Catalog *catalog) {
        return catalog->releases.n_values;
}

size_t catalog_n_namespaces(const Catalog *catalog) {
        return catalog->namespaces.n_values;
}
