/*
 * Who hears of a change: of edits to the catalog, and of other tags of this instance.
 */
#include <errno.h>

#include "listeners_internal.h"
#include "tag_set.h"

/* What is done to each pair of a listener and a namespace of its that a config matters to. */
typedef bool (*PairFn)(void *context, Listener *listener, const ScopeName *scope_name);

/* Is a config of @namespace looked up from @scope_name: is it that one, or above it? */
static bool reaches(const ScopeName *scope_name, Span namespace, Span key) {
        Span name = scope_name->name;

        return span_starts_with(name, namespace) &&
               (name.size == namespace.size || name.data[namespace.size] == '.') &&
               scope_name_wants(scope_name, key);
}

static bool each_name(const Listeners *listeners, Listener *listener, const Edit *edit, PairFn fn,
                      void *context) {
        Span namespace = edit_namespace(edit), key = edit_key(edit);

        if (listener->key && !span_equal_string(key, listener->key))
                return true;
        if (listener->scope_name)
                return !reaches(listener->scope_name, namespace, key) ||
                       fn(context, listener, listener->scope_name);
        for (size_t i = 0; i < listeners->scope->n_wanted; i++)
                if (reaches(listeners->scope->wanted[i], namespace, key) &&
                    !fn(context, listener, listeners->scope->wanted[i]))
                        return false;
        return true;
}

/* Ends when @fn returns false, and says so. */
static bool each_pair(const Listeners *listeners, const Edit *edit, PairFn fn, void *context) {
        for (Listener *listener = listeners->first; listener; listener = listener->next)
                if (!each_name(listeners, listener, edit, fn, context))
                        return false;
        return true;
}

/* While edits are made. */
typedef struct Making {
        Listeners *listeners;
        const Edit *edit;
        confer_value *seen; /* of the edit's new value */
        bool is_heard;      /* some listener is told of it */
} Making;

static bool prepare_pair(void *context, Listener *listener, const ScopeName *scope_name) {
        const Making *making = context;

        return hearing_need(listener, scope_name, edit_key(making->edit)) != NULL;
}

/* What this instance sees of the config now. */
static confer_value *find_seen(const Listeners *listeners, const ScopeName *scope_name, Span key) {
        Release *release = catalog_find(replica_catalog(listeners->replica), scope_name->name, key);

        return value_seen_by(value_of(release), replica_asker(listeners->replica));
}

static bool tell_pair(void *context, Listener *listener, const ScopeName *scope_name) {
        Making *making = context;
        Span key = edit_key(making->edit);
        Hearing *hearing = hearing_find(listener, scope_name, key);

        if (scope_name->is_known)
                hearing_tell(making->listeners, hearing, find_seen(making->listeners, scope_name, key));
        making->is_heard |= hearing->is_waiting && hearing->after == making->seen;
        hearing_drop_if_idle(hearing);
        return true;
}

static bool drop_pair(void *context, Listener *listener, const ScopeName *scope_name) {
        const Making *making = context;
        Hearing *hearing = hearing_find(listener, scope_name, edit_key(making->edit));

        if (hearing)
                hearing_drop_if_idle(hearing);
        return true;
}

/* Makes all hearings that the edits need. Return: 0 or -ENOMEM. */
static int prepare(Listeners *listeners, const Edits *edits) {
        for (size_t i = 0; i < edits->n; i++) {
                Making making = { .listeners = listeners, .edit = &edits->items[i] };

                if (!each_pair(listeners, making.edit, prepare_pair, &making))
                        return -ENOMEM;
        }
        return 0;
}

static void unprepare(Listeners *listeners, const Edits *edits) {
        for (size_t i = 0; i < edits->n; i++) {
                Making making = { .listeners = listeners, .edit = &edits->items[i] };

                (void)each_pair(listeners, making.edit, drop_pair, &making);
        }
}

/* @asker: this instance, as it was before. */
static void tell_one(Listeners *listeners, const Edit *edit, const GrayAsker *asker,
                     const Verdicts *verdicts) {
        confer_value *before = value_seen_by(edit->before, asker);
        Making making = {
                .listeners = listeners,
                .edit = edit,
                .seen = value_seen_by(edit->after, replica_asker(listeners->replica)),
        };

        if (making.seen && making.seen != before)
                verdicts->appeared(verdicts->context, making.seen);
        (void)each_pair(listeners, edit, tell_pair, &making);
        if (!making.seen || making.seen == before)
                return;

        if (before && value_is_same_version(before, making.seen))
                verdicts->inherited(verdicts->context, before, making.seen);
        else if (!making.is_heard)
                verdicts->applied(verdicts->context, making.seen);
}

static void tell_all(Listeners *listeners, const Edits *edits, const GrayAsker *asker,
                     const Verdicts *verdicts) {
        for (size_t i = 0; i < edits->n; i++)
                tell_one(listeners, &edits->items[i], asker, verdicts);
}

int listeners_apply(Listeners *listeners, const Edits *edits, uint64_t revision, bool makes_known,
                    const Verdicts *verdicts) {
        int r;

        pthread_mutex_lock(&listeners->lock);
        r = prepare(listeners, edits);
        if (r == 0)
                r = replica_apply(listeners->replica, edits, revision);
        if (r == 0 && makes_known)
                scope_set_all_known(listeners->scope);
        if (r == 0)
                tell_all(listeners, edits, replica_asker(listeners->replica), verdicts);
        else
                unprepare(listeners, edits);
        listeners_update_signal(listeners);
        pthread_mutex_unlock(&listeners->lock);
        return r;
}

/* While those configs are looked for of which other tags show another value. */
typedef struct Search {
        const GrayAsker *before;
        const GrayAsker *after;
        Edits edits;
        int error;
} Search;

static bool search_release(void *context, Release *release) {
        confer_value *value = value_of(release);
        Search *search = context;

        if (value_seen_by(value, search->before) == value_seen_by(value, search->after))
                return true;

        search->error = edits_add(&search->edits, value, value, release->revision);
        return search->error == 0;
}

/* The configs whose value is another one with @tags, as edits that change nothing. Return: 0 or -ENOMEM. */
static int find_changes(const Listeners *listeners, const TagSet *tags, Edits *ret_edits) {
        const GrayAsker *before = replica_asker(listeners->replica), after = asker_of(before->unit, tags);
        Search search = { .before = before, .after = &after, .edits = EDITS_NULL };

        catalog_each(replica_catalog(listeners->replica), SPAN_NULL, search_release, &search);
        if (search.error) {
                edits_deinit(&search.edits);
                return search.error;
        }

        edits_sort(&search.edits);
        *ret_edits = search.edits;
        return 0;
}

/* The tags before are kept until all is told: what was seen depends on them. */
static int use_tags(Listeners *listeners, TagSet *tags, const Verdicts *verdicts) {
        _cleanup_(tag_set_unrefp) TagSet *before = replica_tags(listeners->replica);
        const GrayAsker asker = asker_of(replica_asker(listeners->replica)->unit, before);
        Edits edits = EDITS_NULL;
        int r;

        r = find_changes(listeners, tags, &edits);
        if (r)
                return r;
        r = prepare(listeners, &edits);
        if (r == 0)
                r = replica_set_tags(listeners->replica, tags);
        if (r == 0)
                tell_all(listeners, &edits, &asker, verdicts);
        else
                unprepare(listeners, &edits);
        edits_deinit(&edits);
        return r;
}

confer_error listeners_set_tag(Listeners *listeners, const char *name, const char *value,
                               const Verdicts *verdicts) {
        _cleanup_(tag_set_unrefp) TagSet *before = NULL, *after = NULL;
        confer_error error;

        pthread_mutex_lock(&listeners->lock);
        before = replica_tags(listeners->replica);
        error = tag_set_with(before, name, value, &after);
        if (error == CONFER_OK && after != before && use_tags(listeners, after, verdicts) != 0)
                error = CONFER_E_NOMEM;
        listeners_update_signal(listeners);
        pthread_mutex_unlock(&listeners->lock);
        return error;
}
