#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "model/change.h"

Change *change_new(uint64_t revision) {
        Change *change = calloc(1, sizeof(*change));

        if (!change)
                return NULL;

        change->n_refs = 1;
        change->revision = revision;
        return change;
}

Change *change_ref(Change *change) {
        if (change)
                atomic_fetch_add_explicit(&change->n_refs, 1, memory_order_relaxed);
        return change;
}

static void item_deinit(ChangeItem *item) {
        release_unref(item->release);
        free(item->text);
}

Change *change_unref(Change *change) {
        if (!change || atomic_fetch_sub_explicit(&change->n_refs, 1, memory_order_acq_rel) != 1)
                return NULL;

        for (size_t i = 0; i < change->n_items; i++)
                item_deinit(&change->items[i]);
        free(change->items);
        free(change);
        return NULL;
}

/* Takes what @item owns, whether or not it succeeds. */
static int add_item(Change *change, ChangeItem item) {
        if (change->n_items == change->n_items_max) {
                size_t n_items_max = MAX(change->n_items_max * 2, (size_t)1);
                ChangeItem *items = realloc(change->items, n_items_max * sizeof(*items));

                if (!items) {
                        item_deinit(&item);
                        return -ENOMEM;
                }
                change->items = items;
                change->n_items_max = n_items_max;
        }

        change->items[change->n_items++] = item;
        return 0;
}

int change_add_release(Change *change, Release *release) {
        return add_item(change, (ChangeItem){
                                        .kind = CHANGE_RELEASE,
                                        .release = release_ref(release),
                                        .namespace = release_namespace(release),
                                        .key = release_key(release),
                                });
}

static int add_named(Change *change, ChangeKind kind, Span namespace, Span key) {
        char *text = malloc(namespace.size + key.size);

        if (!text)
                return -ENOMEM;

        memcpy(text, namespace.data, namespace.size);
        if (key.size)
                memcpy(text + namespace.size, key.data, key.size);
        return add_item(change,
                        (ChangeItem){
                                .kind = kind,
                                .namespace = { text, namespace.size },
                                .key = key.data ? (Span){ text + namespace.size, key.size } : SPAN_NULL,
                                .text = text,
                        });
}

int change_add_removal(Change *change, Span namespace, Span key) {
        return add_named(change, CHANGE_REMOVAL, namespace, key);
}

int change_add_namespace(Change *change, ChangeKind kind, Span namespace) {
        return add_named(change, kind, namespace, SPAN_NULL);
}
