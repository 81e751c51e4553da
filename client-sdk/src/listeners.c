#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "listeners.h"
#include "model/hash.h"
#include "model/name.h"
#include "model/utf8.h"
#include "tag_set.h"

struct Listener {
        Listener *next;
        uint64_t id;
        confer_listener_fn fn;
        void *context;
        const ScopeName *scope_name; /* NULL: every namespace wanted */
        char *key;                   /* NULL: every one */
        Table hearings;
        bool is_removed; /* while it is being called: the caller frees it */
};

struct Hearing {
        Listener *listener;
        const ScopeName *scope_name;
        confer_value *heard; /* a reference; NULL: nothing */
        confer_value *after; /* while it waits: a reference, or NULL for a removal */
        bool is_waiting;
        bool is_called;
        Hearing *previous; /* in the queue */
        Hearing *next;
        size_t key_size;
        char key[];
};

/* ------------------------------------------------------------------------------------------------ hearings
 */

typedef struct HearingName {
        const ScopeName *scope_name;
        Span key;
} HearingName;

static Span hearing_key(const Hearing *hearing) {
        return (Span){ hearing->key, hearing->key_size };
}

static bool hearing_is_named(const void *value, const void *wanted) {
        const Hearing *hearing = value;
        const HearingName *name = wanted;

        return hearing->scope_name == name->scope_name && span_equal(hearing_key(hearing), name->key);
}

static uint64_t hearing_hash(const HearingName *name) {
        return hash_config(name->scope_name->name, name->key);
}

static Hearing *find_hearing(const Listener *listener, const ScopeName *scope_name, Span key) {
        HearingName name = { scope_name, key };

        return table_get(&listener->hearings, hearing_hash(&name), hearing_is_named, &name);
}

static Hearing *need_hearing(Listener *listener, const ScopeName *scope_name, Span key) {
        HearingName name = { scope_name, key };
        Hearing *hearing = find_hearing(listener, scope_name, key);

        if (hearing)
                return hearing;
        if (table_reserve(&listener->hearings, 1) != 0)
                return NULL;
        hearing = calloc(1, sizeof(*hearing) + key.size + 1);
        if (!hearing)
                return NULL;

        hearing->listener = listener;
        hearing->scope_name = scope_name;
        hearing->key_size = key.size;
        memcpy(hearing->key, key.data, key.size);
        (void)table_put(&listener->hearings, hearing_hash(&name), hearing_is_named, &name, hearing);
        return hearing;
}

static void enqueue(Listeners *listeners, Hearing *hearing) {
        hearing->previous = listeners->last;
        hearing->next = NULL;
        *(listeners->last ? &listeners->last->next : &listeners->next) = hearing;
        listeners->last = hearing;
        hearing->is_waiting = true;
}

static void dequeue(Listeners *listeners, Hearing *hearing) {
        *(hearing->previous ? &hearing->previous->next : &listeners->next) = hearing->next;
        *(hearing->next ? &hearing->next->previous : &listeners->last) = hearing->previous;
        hearing->is_waiting = false;
}

static void hearing_free(Listeners *listeners, Hearing *hearing) {
        if (hearing->is_waiting)
                dequeue(listeners, hearing);
        confer_value_unref(hearing->heard);
        confer_value_unref(hearing->after);
        free(hearing);
}

/* One that has nothing to remember is let go. */
static void drop_if_idle(Hearing *hearing) {
        HearingName name = { hearing->scope_name, hearing_key(hearing) };

        if (hearing->is_waiting || hearing->is_called || hearing->heard)
                return;

        (void)table_take(&hearing->listener->hearings, hearing_hash(&name), hearing_is_named, &name);
        free(hearing);
}

static void set_value(confer_value **at, confer_value *value) {
        confer_value *before = *at;

        *at = confer_value_ref(value);
        confer_value_unref(before);
}

/* @after is what holds now: it is due, at the end of the queue, unless it is what was heard last. */
static void tell(Listeners *listeners, Hearing *hearing, confer_value *after) {
        if (hearing->is_waiting)
                dequeue(listeners, hearing);

        if (value_is_same_version(hearing->heard, after)) {
                set_value(&hearing->after, NULL);
                set_value(&hearing->heard, after);
                return;
        }
        set_value(&hearing->after, after);
        enqueue(listeners, hearing);
}

/* ------------------------------------------------------------------------------------------------ signalling
 */

static bool is_due(const Listeners *listeners) {
        return listeners->moves.n > 0 || (listeners->next && !listeners->is_closed);
}

/* Makes the descriptor, and the condition, say whether something is due. */
static void update_signal(Listeners *listeners) {
        bool due = is_due(listeners);
        uint64_t count = 1;

        if (due)
                pthread_cond_broadcast(&listeners->is_due);
        if (listeners->fd < 0 || due == listeners->is_signalled)
                return;

        if ((due ? write(listeners->fd, &count, sizeof(count))
                 : read(listeners->fd, &count, sizeof(count))) == sizeof(count))
                listeners->is_signalled = due;
}

/* ----------------------------------------------------------------------------------------- life, and members
 */

int listeners_init(Listeners *listeners, Replica *replica, Scope *scope, bool with_fd) {
        *listeners = (Listeners){ .replica = replica, .scope = scope, .moves = MOVES_NULL, .fd = -1 };
        if (with_fd) {
                listeners->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
                if (listeners->fd < 0)
                        return -errno;
        }

        pthread_mutex_init(&listeners->lock, NULL);
        pthread_cond_init(&listeners->is_due, NULL);
        pthread_cond_init(&listeners->is_done, NULL);
        return 0;
}

static void listener_free(Listeners *listeners, Listener *listener) {
        for (size_t i = 0; i < listener->hearings.n_slots; i++)
                if (listener->hearings.slots[i].value)
                        hearing_free(listeners, listener->hearings.slots[i].value);
        table_deinit(&listener->hearings);
        free(listener->key);
        free(listener);
}

void listeners_deinit(Listeners *listeners) {
        while (listeners->first) {
                Listener *listener = listeners->first;

                listeners->first = listener->next;
                listener_free(listeners, listener);
        }
        if (listeners->fd >= 0)
                (void)close(listeners->fd);
        pthread_mutex_destroy(&listeners->lock);
        pthread_cond_destroy(&listeners->is_due);
        pthread_cond_destroy(&listeners->is_done);
}

static Listener *listener_new(const ScopeName *scope_name, Span key, confer_listener_fn fn, void *context) {
        Listener *listener = calloc(1, sizeof(*listener));

        if (!listener)
                return NULL;

        listener->scope_name = scope_name;
        listener->fn = fn;
        listener->context = context;
        if (key.data) {
                listener->key = strndup(key.data, key.size);
                if (!listener->key) {
                        free(listener);
                        return NULL;
                }
        }
        return listener;
}

/* While what is known already is gathered for a new listener. */
typedef struct Gathering {
        Listener *listener;
        const ScopeName *scope_name;
        const Catalog *catalog;
        const GrayAsker *asker;
        Hearing **hearings;
        size_t n;
        size_t n_max;
        bool failed;
} Gathering;

static bool gather_release(void *context, Release *release) {
        Gathering *gathering = context;
        Span key = release_key(release);
        Hearing *hearing;

        if (!scope_name_wants(gathering->scope_name, key) ||
            (gathering->listener->key && !span_equal_string(key, gathering->listener->key)) ||
            catalog_find(gathering->catalog, gathering->scope_name->name, key) != release)
                return true;

        hearing = need_hearing(gathering->listener, gathering->scope_name, key);
        gathering->failed = !hearing || gathering->n == gathering->n_max;
        if (gathering->failed)
                return false;

        set_value(&hearing->after, value_seen_by(value_of(release), gathering->asker));
        gathering->hearings[gathering->n++] = hearing;
        return true;
}

static void gather_name(Gathering *gathering, const ScopeName *scope_name) {
        gathering->scope_name = scope_name;
        for (Span at = scope_name->name; at.data && !gathering->failed && scope_name->is_known;
             at = namespace_parent(at))
                catalog_each(gathering->catalog, at, gather_release, gathering);
}

static int compare_hearings(const void *a, const void *b) {
        uint64_t revision_a = (*(Hearing *const *)a)->after->release.revision;
        uint64_t revision_b = (*(Hearing *const *)b)->after->release.revision;

        return (revision_a > revision_b) - (revision_a < revision_b);
}

/* Lets a new listener know of all that is known, in the order of the revisions. */
static int tell_known(Listeners *listeners, Listener *listener) {
        Gathering gathering = {
                .listener = listener,
                .catalog = replica_catalog(listeners->replica),
                .asker = replica_asker(listeners->replica),
        };
        size_t n_names = listener->scope_name ? 1 : listeners->scope->n_wanted;

        gathering.n_max = gathering.catalog->n_releases * n_names;
        if (gathering.n_max == 0)
                return 0;
        gathering.hearings = malloc(sizeof(Hearing *) * gathering.n_max);
        if (!gathering.hearings)
                return -ENOMEM;

        for (size_t i = 0; i < n_names && !gathering.failed; i++)
                gather_name(&gathering,
                            listener->scope_name ? listener->scope_name : listeners->scope->wanted[i]);
        if (gathering.n > 1)
                qsort(gathering.hearings, gathering.n, sizeof(Hearing *), compare_hearings);
        for (size_t i = 0; i < gathering.n && !gathering.failed; i++)
                enqueue(listeners, gathering.hearings[i]);
        free(gathering.hearings);
        return gathering.failed ? -ENOMEM : 0;
}

static int add_locked(Listeners *listeners, Listener *listener) {
        int r;

        if (listeners->is_closed)
                return -ESHUTDOWN;
        r = tell_known(listeners, listener);
        if (r)
                return r;

        listener->id = ++listeners->last_id;
        listener->next = listeners->first;
        listeners->first = listener;
        update_signal(listeners);
        return 0;
}

int listeners_add(Listeners *listeners, Span namespace, Span key, confer_listener_fn fn, void *context,
                  uint64_t *ret_id) {
        const ScopeName *scope_name = namespace.data ? scope_find(listeners->scope, namespace) : NULL;
        Listener *listener = listener_new(scope_name, key, fn, context);
        int r;

        if (!listener)
                return -ENOMEM;

        pthread_mutex_lock(&listeners->lock);
        r = add_locked(listeners, listener);
        if (r)
                listener_free(listeners, listener);
        else if (ret_id)
                *ret_id = listener->id;
        pthread_mutex_unlock(&listeners->lock);
        return r;
}

static Listener *unlink_listener(Listeners *listeners, uint64_t id) {
        for (Listener **at = &listeners->first; *at; at = &(*at)->next)
                if ((*at)->id == id) {
                        Listener *listener = *at;

                        *at = listener->next;
                        return listener;
                }
        return NULL;
}

/* Takes all calls back that wait for the listener. */
static void silence(Listeners *listeners, Listener *listener) {
        for (size_t i = 0; i < listener->hearings.n_slots; i++) {
                Hearing *hearing = listener->hearings.slots[i].value;

                if (hearing && hearing->is_waiting)
                        dequeue(listeners, hearing);
        }
}

static bool is_own_call(const Listeners *listeners) {
        return listeners->is_calling && pthread_equal(listeners->caller, pthread_self());
}

static void remove_listener(Listeners *listeners, Listener *listener) {
        uint64_t id = listener->id;

        if (listeners->called_id != id) {
                listener_free(listeners, listener);
                return;
        }

        silence(listeners, listener);
        listener->is_removed = true;
        while (listeners->called_id == id && !is_own_call(listeners))
                pthread_cond_wait(&listeners->is_done, &listeners->lock);
}

int listeners_remove(Listeners *listeners, uint64_t id) {
        Listener *listener;

        pthread_mutex_lock(&listeners->lock);
        listener = unlink_listener(listeners, id);
        if (listener)
                remove_listener(listeners, listener);
        update_signal(listeners);
        pthread_mutex_unlock(&listeners->lock);
        return listener ? 0 : -ENOENT;
}

/* -------------------------------------------------------------------------------------------------- changes
 */

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

        return need_hearing(listener, scope_name, edit_key(making->edit)) != NULL;
}

/* What this instance sees of the config now. */
static confer_value *find_seen(const Listeners *listeners, const ScopeName *scope_name, Span key) {
        Release *release = catalog_find(replica_catalog(listeners->replica), scope_name->name, key);

        return value_seen_by(value_of(release), replica_asker(listeners->replica));
}

static bool tell_pair(void *context, Listener *listener, const ScopeName *scope_name) {
        Making *making = context;
        Span key = edit_key(making->edit);
        Hearing *hearing = find_hearing(listener, scope_name, key);

        if (scope_name->is_known)
                tell(making->listeners, hearing, find_seen(making->listeners, scope_name, key));
        making->is_heard |= hearing->is_waiting && hearing->after == making->seen;
        drop_if_idle(hearing);
        return true;
}

static bool drop_pair(void *context, Listener *listener, const ScopeName *scope_name) {
        const Making *making = context;
        Hearing *hearing = find_hearing(listener, scope_name, edit_key(making->edit));

        if (hearing)
                drop_if_idle(hearing);
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
        update_signal(listeners);
        pthread_mutex_unlock(&listeners->lock);
        return r;
}

/* --------------------------------------------------------------------------------------------- other tags
 */

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
        update_signal(listeners);
        pthread_mutex_unlock(&listeners->lock);
        return error;
}

void listeners_add_move(Listeners *listeners, confer_state from, confer_state to) {
        pthread_mutex_lock(&listeners->lock);
        moves_add(&listeners->moves, from, to);
        update_signal(listeners);
        pthread_mutex_unlock(&listeners->lock);
}

void listeners_close(Listeners *listeners) {
        pthread_mutex_lock(&listeners->lock);
        listeners->is_closed = true;
        while (listeners->called_id != 0 && !is_own_call(listeners))
                pthread_cond_wait(&listeners->is_done, &listeners->lock);
        update_signal(listeners);
        pthread_mutex_unlock(&listeners->lock);
}

void listeners_end(Listeners *listeners) {
        pthread_mutex_lock(&listeners->lock);
        listeners->is_ended = true;
        pthread_cond_broadcast(&listeners->is_due);
        pthread_mutex_unlock(&listeners->lock);
}

/* ---------------------------------------------------------------------------------------------------- calls
 */

bool listeners_is_inside(Listeners *listeners) {
        bool is_inside;

        pthread_mutex_lock(&listeners->lock);
        is_inside = is_own_call(listeners);
        pthread_mutex_unlock(&listeners->lock);
        return is_inside;
}

static confer_change_kind kind_of(const confer_value *before, const confer_value *after) {
        if (!before)
                return CONFER_CHANGE_INITIAL;
        return after ? CONFER_CHANGE_UPDATED : CONFER_CHANGE_REMOVED;
}

/* Takes the first hearing out of the queue, as the change that it hears. */
static confer_change take_change(Listeners *listeners, Hearing *hearing) {
        confer_change change = {
                .kind = kind_of(hearing->heard, hearing->after),
                .namespace = hearing->scope_name->name.data,
                .key = hearing->key,
                .before = hearing->heard,
                .after = hearing->after,
        };

        dequeue(listeners, hearing);
        hearing->heard = confer_value_ref(hearing->after);
        hearing->after = NULL;
        return change;
}

static void settle(const confer_change *change, const Verdicts *verdicts) {
        if (change->after && change->is_refused)
                verdicts->refused(verdicts->context, change->after, change->reason);
        else if (change->after)
                verdicts->applied(verdicts->context, change->after);
}

/* What took the place of the value while a listener was called with it, and is the same version, is not told
 * again: what came of the value came of that too. */
static void pass_on(const Hearing *hearing, const confer_change *change, const Verdicts *verdicts) {
        if (change->after && hearing->heard && hearing->heard != change->after)
                verdicts->inherited(verdicts->context, change->after, hearing->heard);
}

/* The lock is given up meanwhile. @hearing, and its listener, may be gone afterwards. */
static void call(Listeners *listeners, Hearing *hearing, confer_client *client, const Verdicts *verdicts) {
        confer_change change = take_change(listeners, hearing);
        Listener *listener = hearing->listener;

        listeners->called_id = listener->id;
        hearing->is_called = true;
        pthread_mutex_unlock(&listeners->lock);

        listener->fn(client, &change, listener->context);
        settle(&change, verdicts);

        pthread_mutex_lock(&listeners->lock);
        pass_on(hearing, &change, verdicts);
        confer_value_unref(change.before);
        confer_value_unref(change.after);
        free(change.reason);
        listeners->called_id = 0;
        hearing->is_called = false;
        if (listener->is_removed)
                listener_free(listeners, listener);
        else
                drop_if_idle(hearing);
        pthread_cond_broadcast(&listeners->is_done);
}

int listeners_call(Listeners *listeners, confer_client *client, confer_state_fn on_state, void *state_context,
                   const Verdicts *verdicts, size_t n_max) {
        size_t n = 0;
        Move move;

        pthread_mutex_lock(&listeners->lock);
        if (listeners->is_calling) {
                pthread_mutex_unlock(&listeners->lock);
                return -EBUSY;
        }

        listeners->is_calling = true;
        listeners->caller = pthread_self();
        for (; is_due(listeners) && (n_max == 0 || n < n_max); n++) {
                if (!moves_take(&listeners->moves, &move)) {
                        call(listeners, listeners->next, client, verdicts);
                        continue;
                }
                pthread_mutex_unlock(&listeners->lock);
                on_state(client, move.from, move.to, state_context);
                pthread_mutex_lock(&listeners->lock);
        }
        listeners->is_calling = false;
        update_signal(listeners);
        pthread_mutex_unlock(&listeners->lock);
        return 0;
}

bool listeners_wait(Listeners *listeners) {
        bool due;

        pthread_mutex_lock(&listeners->lock);
        while (!is_due(listeners) && !listeners->is_ended)
                pthread_cond_wait(&listeners->is_due, &listeners->lock);
        due = is_due(listeners);
        pthread_mutex_unlock(&listeners->lock);
        return due;
}

/* --------------------------------------------------------------------------------------- what is public of
 * it
 */

_public_ confer_change_kind confer_change_get_kind(const confer_change *change) {
        return change->kind;
}

_public_ const char *confer_change_get_namespace(const confer_change *change) {
        return change->namespace;
}

_public_ const char *confer_change_get_key(const confer_change *change) {
        return change->key;
}

_public_ confer_value *confer_change_get_old(const confer_change *change) {
        return change->before;
}

_public_ confer_value *confer_change_get_new(const confer_change *change) {
        return change->after;
}

/* Cut where a character begins. */
static size_t reason_size(Span reason) {
        size_t size = MIN(reason.size, (size_t)ACK_ERROR_SIZE_MAX);

        return utf8_valid_size((Span){ reason.data, size });
}

_public_ void confer_change_refuse(confer_change *change, const char *reason) {
        Span text = span_from_string(reason ? reason : "");

        free(change->reason);
        change->reason = strndup(text.data, reason_size(text));
        change->is_refused = true;
}
