#include <assert.h>

#include "model/hash.h"
#include "model/macros.h"
#include "push/audience.h"
#include "push/snapshot.h"
#include "util/allocate.h"

/* Who covers a namespace. */
typedef struct Cover {
        Audience *audience;
        size_t name; /* index in its covered scope */
} Cover;

typedef struct Place {
        size_t n;
        size_t n_slots;
        Cover *covers;
        size_t size;
        char name[];
} Place;

static bool audience_has_scope(const void *value, const void *wanted) {
        return scope_equal(((const Audience *)value)->asked, wanted);
}

static bool place_is_named(const void *value, const void *wanted) {
        const Place *place = value;

        return span_equal((Span){ place->name, place->size }, *(const Span *)wanted);
}

static Place *find_place(const AudienceSet *set, Span name) {
        return table_get(&set->by_namespace, hash_span(0, name), place_is_named, &name);
}

static Place *need_place(AudienceSet *set, Span name) {
        Place *place = find_place(set, name);

        if (place)
                return place;
        if (table_reserve(&set->by_namespace, 1) != 0)
                abort();

        place = allocate(1, sizeof(*place) + name.size);
        place->size = name.size;
        memcpy(place->name, name.data, name.size);
        (void)table_put(&set->by_namespace, hash_span(0, name), place_is_named, &name, place);
        return place;
}

static void add_cover(AudienceSet *set, Audience *audience, size_t i) {
        Place *place = need_place(set, audience->covered->names[i].name);

        if (place->n == place->n_slots) {
                place->n_slots = MAX(2 * place->n_slots, (size_t)1);
                place->covers = realloc(place->covers, place->n_slots * sizeof(Cover));
                if (!place->covers)
                        abort();
        }
        audience->places[i] = place->n;
        place->covers[place->n++] = (Cover){ audience, i };
}

/* The last one takes its place. */
static void remove_cover(AudienceSet *set, Audience *audience, size_t i) {
        Span name = audience->covered->names[i].name;
        Place *place = find_place(set, name);
        Cover *moved = &place->covers[--place->n];

        moved->audience->places[moved->name] = audience->places[i];
        place->covers[audience->places[i]] = *moved;
        if (place->n > 0)
                return;

        (void)table_take(&set->by_namespace, hash_span(0, name), place_is_named, &name);
        free(place->covers);
        free(place);
}

void audience_set_deinit(AudienceSet *set) {
        assert(set->by_scope.n_values == 0 && set->by_namespace.n_values == 0);
        table_deinit(&set->by_scope);
        table_deinit(&set->by_namespace);
}

Audience *audience_get(AudienceSet *set, Scope *asked) {
        uint64_t hash = scope_hash(asked);
        Audience *audience = table_get(&set->by_scope, hash, audience_has_scope, asked);

        if (audience) {
                free(asked);
                return audience_ref(audience);
        }
        if (table_reserve(&set->by_scope, 1) != 0)
                abort();

        audience = allocate(1, sizeof(*audience));
        audience->n_refs = 1;
        audience->set = set;
        audience->hash = hash;
        audience->asked = asked;
        audience->covered = scope_cover(asked);
        audience->places = allocate(audience->covered->n_names, sizeof(size_t));
        for (size_t i = 0; i < audience->covered->n_names; i++)
                add_cover(set, audience, i);
        (void)table_put(&set->by_scope, hash, audience_has_scope, asked, audience);
        return audience;
}

Audience *audience_ref(Audience *audience) {
        audience->n_refs++;
        return audience;
}

Audience *audience_unref(Audience *audience) {
        if (!audience || --audience->n_refs > 0)
                return NULL;

        assert(!audience->first);
        for (size_t i = 0; i < audience->covered->n_names; i++)
                remove_cover(audience->set, audience, i);
        (void)table_take(&audience->set->by_scope, audience->hash, audience_has_scope, audience->asked);
        snapshot_unref(audience->snapshot);
        free(audience->places);
        free(audience->covered);
        free(audience->asked);
        free(audience);
        return NULL;
}

static void leave(Follower *follower) {
        if (follower->previous)
                follower->previous->next = follower->next;
        else
                follower->audience->first = follower->next;
        if (follower->next)
                follower->next->previous = follower->previous;
        audience_unref(follower->audience);
}

void follower_join(Follower *follower, Audience *audience) {
        if (follower->audience)
                leave(follower);

        *follower = (Follower){ .audience = audience, .is_poll = follower->is_poll };
        if (!audience)
                return;
        follower->next = audience->first;
        if (follower->next)
                follower->next->previous = follower;
        audience->first = follower;
}

bool audience_covers(const Audience *audience, Span namespace, Span key) {
        const ScopeName *name = scope_find(audience->covered, namespace);

        return name && scope_name_has(name, key);
}

static bool is_of_config(const ChangeItem *item) {
        return item->kind == CHANGE_RELEASE || item->kind == CHANGE_REMOVAL;
}

bool scope_match(const Scope *covered, const Change *change, bool *ret_is_wanted) {
        bool any = false;

        for (size_t i = 0; i < change->n_items; i++) {
                const ChangeItem *item = &change->items[i];
                const ScopeName *name = is_of_config(item) ? scope_find(covered, item->namespace) : NULL;

                ret_is_wanted[i] = name && scope_name_has(name, item->key);
                any |= ret_is_wanted[i];
        }
        return any;
}

static void match_item(const AudienceSet *set, const Change *change, size_t i, Audience **touched) {
        const ChangeItem *item = &change->items[i];
        const Place *place = find_place(set, item->namespace);

        for (size_t c = 0; place && c < place->n; c++) {
                Audience *audience = place->covers[c].audience;

                if (!scope_name_has(&audience->covered->names[place->covers[c].name], item->key))
                        continue;
                if (!audience->is_wanted) {
                        audience->is_wanted = allocate(change->n_items, sizeof(bool));
                        audience->next_touched = *touched;
                        *touched = audience_ref(audience);
                }
                audience->is_wanted[i] = true;
        }
}

void audience_set_match(AudienceSet *set, const Change *change,
                        void (*touch)(void *context, Audience *audience, const bool *is_wanted),
                        void *context) {
        Audience *touched = NULL;

        for (size_t i = 0; i < change->n_items; i++)
                if (is_of_config(&change->items[i]))
                        match_item(set, change, i, &touched);

        while (touched) {
                Audience *audience = touched;
                _cleanup_(freep) bool *is_wanted = audience->is_wanted;

                touched = audience->next_touched;
                audience->is_wanted = NULL;
                touch(context, audience, is_wanted);
                audience_unref(audience);
        }
}
