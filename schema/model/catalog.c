#include <errno.h>
#include <stdlib.h>

#include "model/catalog.h"
#include "model/hash.h"
#include "model/name.h"
#include "model/prefetch.h"

/* Of a release: the struct, and the texts behind it as far as the key. */
#define LOOKED_AT_SIZE ((size_t)3 * CACHE_LINE_SIZE)

typedef struct NamespaceEntry {
        Table releases; /* by key */
        bool exists;    /* else it only has releases */
        size_t size;
        char name[];
} NamespaceEntry;

/* The makers put the texts right behind the struct: both cache lines are fetched at once. */
static bool release_has_key(const void *value, const void *wanted) {
        __builtin_prefetch((const char *)value + CACHE_LINE_SIZE);
        return span_equal(release_key(value), *(const Span *)wanted);
}

static bool namespace_is_named(const void *value, const void *wanted) {
        const NamespaceEntry *entry = value;

        return span_equal((Span){ entry->name, entry->size }, *(const Span *)wanted);
}

static NamespaceEntry *find_namespace(const Catalog *catalog, Span name) {
        return table_get(&catalog->namespaces, hash_span(0, name), namespace_is_named, &name);
}

static void namespace_entry_free(NamespaceEntry *entry) {
        for (size_t i = 0; i < entry->releases.n_slots; i++)
                release_unref(entry->releases.slots[i].value);
        table_deinit(&entry->releases);
        free(entry);
}

void catalog_deinit(Catalog *catalog) {
        for (size_t i = 0; i < catalog->namespaces.n_slots; i++)
                if (catalog->namespaces.slots[i].value)
                        namespace_entry_free(catalog->namespaces.slots[i].value);

        table_deinit(&catalog->namespaces);
        *catalog = CATALOG_NULL;
}

/* Finds the namespace, or makes room for it. Return: NULL for want of memory. */
static NamespaceEntry *need_namespace(Catalog *catalog, Span name) {
        NamespaceEntry *entry = find_namespace(catalog, name);

        if (entry)
                return entry;
        if (table_reserve(&catalog->namespaces, 1) != 0)
                return NULL;

        entry = malloc(sizeof(*entry) + name.size);
        if (!entry)
                return NULL;

        entry->releases = TABLE_NULL;
        entry->exists = false;
        entry->size = name.size;
        memcpy(entry->name, name.data, name.size);
        (void)table_put(&catalog->namespaces, hash_span(0, name), namespace_is_named, &name, entry);
        return entry;
}

static void drop_if_empty(Catalog *catalog, NamespaceEntry *entry) {
        Span name = { entry->name, entry->size };

        if (entry->exists || entry->releases.n_values > 0)
                return;

        (void)table_take(&catalog->namespaces, hash_span(0, name), namespace_is_named, &name);
        namespace_entry_free(entry);
}

int catalog_put(Catalog *catalog, Release *release) {
        NamespaceEntry *entry = need_namespace(catalog, release_namespace(release));
        Span key = release_key(release);
        Release *replaced;
        int r;

        if (!entry)
                return -ENOMEM;
        r = table_reserve(&entry->releases, 1);
        if (r) {
                drop_if_empty(catalog, entry);
                return r;
        }

        replaced =
                table_put(&entry->releases, hash_span(0, key), release_has_key, &key, release_ref(release));
        catalog->n_releases += !replaced;
        release_unref(replaced);
        return 0;
}

void catalog_remove(Catalog *catalog, Span namespace, Span key) {
        NamespaceEntry *entry = find_namespace(catalog, namespace);
        Release *removed;

        if (!entry)
                return;

        removed = table_take(&entry->releases, hash_span(0, key), release_has_key, &key);
        catalog->n_releases -= removed != NULL;
        release_unref(removed);
        drop_if_empty(catalog, entry);
}

static int add_namespace(Catalog *catalog, Span name) {
        NamespaceEntry *entry = need_namespace(catalog, name);

        if (!entry)
                return -ENOMEM;

        catalog->n_namespaces += !entry->exists;
        entry->exists = true;
        return 0;
}

static void remove_namespace(Catalog *catalog, Span name) {
        NamespaceEntry *entry = find_namespace(catalog, name);

        if (!entry)
                return;

        catalog->n_namespaces -= entry->exists;
        entry->exists = false;
        drop_if_empty(catalog, entry);
}

static int apply_item(Catalog *catalog, const ChangeItem *item) {
        switch (item->kind) {
        case CHANGE_RELEASE:
                return catalog_put(catalog, item->release);
        case CHANGE_REMOVAL:
                catalog_remove(catalog, item->namespace, item->key);
                return 0;
        case CHANGE_NAMESPACE:
                return add_namespace(catalog, item->namespace);
        case CHANGE_NAMESPACE_REMOVAL:
                remove_namespace(catalog, item->namespace);
                return 0;
        default:
                return -EINVAL;
        }
}

int catalog_apply(Catalog *catalog, const Change *change) {
        if (change->revision <= catalog->revision)
                return 0;

        for (size_t i = 0; i < change->n_items; i++) {
                int r = apply_item(catalog, &change->items[i]);

                if (r)
                        return r;
        }

        catalog->revision = change->revision;
        return 0;
}

static int copy_namespace(Catalog *catalog, const NamespaceEntry *from) {
        Span name = { from->name, from->size };
        NamespaceEntry *entry;
        int r;

        if (from->exists && add_namespace(catalog, name) != 0)
                return -ENOMEM;
        entry = need_namespace(catalog, name);
        if (!entry)
                return -ENOMEM;
        r = table_reserve(&entry->releases, from->releases.n_values);
        if (r)
                return r;

        for (size_t i = 0; i < from->releases.n_slots; i++) {
                if (!from->releases.slots[i].value)
                        continue;
                r = catalog_put(catalog, from->releases.slots[i].value);
                if (r)
                        return r;
        }
        return 0;
}

int catalog_copy(Catalog *catalog, const Catalog *from) {
        int r;

        r = table_reserve(&catalog->namespaces, from->namespaces.n_values);
        if (r)
                return r;

        for (size_t i = 0; i < from->namespaces.n_slots; i++) {
                if (!from->namespaces.slots[i].value)
                        continue;
                r = copy_namespace(catalog, from->namespaces.slots[i].value);
                if (r)
                        return r;
        }

        catalog->revision = from->revision;
        return 0;
}

static bool each_in_namespace(const NamespaceEntry *entry, bool (*visit)(void *context, Release *release),
                              void *context) {
        for (size_t i = 0; i < entry->releases.n_slots; i++)
                if (entry->releases.slots[i].value && !visit(context, entry->releases.slots[i].value))
                        return false;
        return true;
}

void catalog_each(const Catalog *catalog, Span namespace, bool (*visit)(void *context, Release *release),
                  void *context) {
        const NamespaceEntry *entry = namespace.data ? find_namespace(catalog, namespace) : NULL;

        if (entry)
                (void)each_in_namespace(entry, visit, context);
        for (size_t i = 0; !namespace.data && i < catalog->namespaces.n_slots; i++)
                if (catalog->namespaces.slots[i].value &&
                    !each_in_namespace(catalog->namespaces.slots[i].value, visit, context))
                        return;
}

static Release *get_with_hash(const Catalog *catalog, Span namespace, Span key, uint64_t key_hash) {
        const NamespaceEntry *entry = find_namespace(catalog, namespace);

        return entry ? table_get(&entry->releases, key_hash, release_has_key, &key) : NULL;
}

Release *catalog_get(const Catalog *catalog, Span namespace, Span key) {
        return get_with_hash(catalog, namespace, key, hash_span(0, key));
}

Release *catalog_find(const Catalog *catalog, Span namespace, Span key) {
        uint64_t key_hash = hash_span(0, key);

        for (Span name = namespace; name.data; name = namespace_parent(name)) {
                Release *release = get_with_hash(catalog, name, key, key_hash);

                if (release)
                        return release;
        }
        return NULL;
}

void catalog_prefetch_slot(const Catalog *catalog, Span namespace, Span key) {
        const NamespaceEntry *entry = find_namespace(catalog, namespace);

        if (entry)
                table_prefetch(&entry->releases, hash_span(0, key));
}

static bool has_hash(_unused_ const void *value, _unused_ const void *wanted) {
        return true;
}

void catalog_prefetch_release(const Catalog *catalog, Span namespace, Span key) {
        const NamespaceEntry *entry = find_namespace(catalog, namespace);
        const Release *release =
                entry ? table_get(&entry->releases, hash_span(0, key), has_hash, NULL) : NULL;

        if (release)
                prefetch(release, LOOKED_AT_SIZE);
}

bool catalog_has_namespace(const Catalog *catalog, Span namespace) {
        const NamespaceEntry *entry = find_namespace(catalog, namespace);

        return entry && entry->exists;
}
