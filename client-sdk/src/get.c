/*
 * Reading: what a config is now. Lookups go to the replica; what it lacks is looked for among the defaults,
 * which never change.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "client.h"
#include "context.h"
#include "model/name.h"

static confer_value *find_default(const confer_client *client, Span namespace, Span key) {
        if (client->options->defaults.n_releases == 0)
                return NULL;
        return value_of(release_ref(catalog_find(&client->options->defaults, namespace, key)));
}

/* @asker: NULL: this instance */
static confer_error get(confer_client *client, const char *namespace_, const char *key,
                        const GrayAsker *asker, confer_value **ret_value) {
        Span namespace = span_from_string(namespace_), key_span = span_from_string(key);
        confer_value *value = NULL;
        const ScopeName *name;
        bool is_known;

        if (!client || !namespace_ || !key || !ret_value)
                return CONFER_E_INVALID;
        name = scope_find(&client->scope, namespace);
        if (!name || !scope_name_wants(name, key_span))
                return CONFER_E_INVALID;

        is_known = atomic_load_explicit(&name->is_known, memory_order_acquire);
        if (is_known)
                value = replica_find(&client->replica, namespace, key_span, asker);
        if (!value && !key_is_valid(key_span))
                return CONFER_E_INVALID;
        if (!value)
                value = find_default(client, namespace, key_span);
        if (!value)
                return is_known ? CONFER_E_NOT_FOUND : CONFER_E_NOT_READY;

        *ret_value = value;
        return CONFER_OK;
}

_public_ confer_error confer_get(confer_client *client, const char *namespace_, const char *key,
                                 confer_value **ret_value) {
        return get(client, namespace_, key, NULL, ret_value);
}

_public_ confer_error confer_get_for(confer_client *client, const char *namespace_, const char *key,
                                     const confer_context *context, confer_value **ret_value) {
        GrayAsker asker;

        if (!context)
                return CONFER_E_INVALID;

        asker = context_asker(context);
        return get(client, namespace_, key, &asker, ret_value);
}

/* -------------------------------------------------------------------------------------------------------
 * each
 */

/* What is effective, as references: nobody else's code may run inside the replica. */
typedef struct Collection {
        const ScopeName *name;
        const Catalog *catalog;
        const GrayAsker *asker;
        Catalog found;
        bool failed;
} Collection;

static bool collect(void *context, Release *release) {
        Collection *collection = context;
        Span key = release_key(release);
        confer_value *seen;

        if (!scope_name_wants(collection->name, key) ||
            catalog_find(collection->catalog, collection->name->name, key) != release)
                return true;

        seen = value_seen_by(value_of(release), collection->asker);
        collection->failed = catalog_put(&collection->found, &seen->release) != 0;
        return !collection->failed;
}

static void collect_from(Collection *collection, const Catalog *catalog) {
        collection->catalog = catalog;
        for (Span at = collection->name->name; at.data && !collection->failed; at = namespace_parent(at))
                catalog_each(catalog, at, collect, collection);
}

/* While the application visits. */
typedef struct Tour {
        confer_visit_fn visit;
        void *context;
        const Catalog *except; /* what is found there is passed over */
        Span namespace;
        bool is_ended;
} Tour;

static bool visit_one(void *context, Release *release) {
        Tour *tour = context;

        if (tour->except && catalog_find(tour->except, tour->namespace, release_key(release)))
                return true;
        tour->is_ended = !tour->visit(value_of(release), tour->context);
        return !tour->is_ended;
}

/* The catalogs hold references, so that visits may do as they like. */
static confer_error visit_all(confer_client *client, Collection *collection, bool is_known,
                              confer_visit_fn visit, void *context) {
        Tour tour = { .visit = visit, .context = context, .namespace = collection->name->name };
        Catalog of_server = collection->found;

        collection->found = CATALOG_NULL;
        collect_from(collection, &client->options->defaults);
        if (!collection->failed && (is_known || collection->found.n_releases > 0)) {
                catalog_each(&of_server, SPAN_NULL, visit_one, &tour);
                tour.except = &of_server;
                if (!tour.is_ended)
                        catalog_each(&collection->found, SPAN_NULL, visit_one, &tour);
        }
        catalog_deinit(&of_server);
        if (collection->failed)
                return CONFER_E_NOMEM;
        return is_known || collection->found.n_releases > 0 ? CONFER_OK : CONFER_E_NOT_READY;
}

_public_ confer_error confer_each(confer_client *client, const char *namespace_, confer_visit_fn visit,
                                  void *context) {
        Collection collection = { .found = CATALOG_NULL };
        confer_error error = CONFER_E_NOMEM;
        bool is_known;
        Visit at;

        if (!client || !namespace_ || !visit)
                return CONFER_E_INVALID;
        collection.name = scope_find(&client->scope, span_from_string(namespace_));
        if (!collection.name)
                return CONFER_E_INVALID;

        is_known = atomic_load(&collection.name->is_known);
        if (is_known) {
                at = replica_enter(&client->replica);
                collection.asker = &at.side->asker;
                collect_from(&collection, &at.side->catalog);
                replica_leave(at);
        }
        if (!collection.failed)
                error = visit_all(client, &collection, is_known, visit, context);
        catalog_deinit(&collection.found);
        return error;
}
