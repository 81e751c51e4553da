/*
 * Who listens: listeners come and go, and what is known already is told to each that comes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "listeners_internal.h"
#include "model/name.h"

bool listeners_is_due(const Listeners *listeners) {
        return listeners->moves.n > 0 || (listeners->next && !listeners->is_closed);
}

void listeners_update_signal(Listeners *listeners) {
        bool due = listeners_is_due(listeners);
        uint64_t count = 1;

        if (due)
                pthread_cond_broadcast(&listeners->is_due);
        if (listeners->fd < 0 || due == listeners->is_signalled)
                return;

        if ((due ? write(listeners->fd, &count, sizeof(count))
                 : read(listeners->fd, &count, sizeof(count))) == sizeof(count))
                listeners->is_signalled = due;
}

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

void listener_free(Listeners *listeners, Listener *listener) {
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

        hearing = hearing_need(gathering->listener, gathering->scope_name, key);
        gathering->failed = !hearing || gathering->n == gathering->n_max;
        if (gathering->failed)
                return false;

        hearing_set_after(hearing, value_seen_by(value_of(release), gathering->asker));
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
                hearing_enqueue(listeners, gathering.hearings[i]);
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
        listeners_update_signal(listeners);
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
                        hearing_dequeue(listeners, hearing);
        }
}

bool listeners_is_own_call(const Listeners *listeners) {
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
        while (listeners->called_id == id && !listeners_is_own_call(listeners))
                pthread_cond_wait(&listeners->is_done, &listeners->lock);
}

int listeners_remove(Listeners *listeners, uint64_t id) {
        Listener *listener;

        pthread_mutex_lock(&listeners->lock);
        listener = unlink_listener(listeners, id);
        if (listener)
                remove_listener(listeners, listener);
        listeners_update_signal(listeners);
        pthread_mutex_unlock(&listeners->lock);
        return listener ? 0 : -ENOENT;
}

void listeners_add_move(Listeners *listeners, confer_state from, confer_state to) {
        pthread_mutex_lock(&listeners->lock);
        moves_add(&listeners->moves, from, to);
        listeners_update_signal(listeners);
        pthread_mutex_unlock(&listeners->lock);
}

void listeners_close(Listeners *listeners) {
        pthread_mutex_lock(&listeners->lock);
        listeners->is_closed = true;
        while (listeners->called_id != 0 && !listeners_is_own_call(listeners))
                pthread_cond_wait(&listeners->is_done, &listeners->lock);
        listeners_update_signal(listeners);
        pthread_mutex_unlock(&listeners->lock);
}

void listeners_end(Listeners *listeners) {
        pthread_mutex_lock(&listeners->lock);
        listeners->is_ended = true;
        pthread_cond_broadcast(&listeners->is_due);
        pthread_mutex_unlock(&listeners->lock);
}

bool listeners_is_inside(Listeners *listeners) {
        bool is_inside;

        pthread_mutex_lock(&listeners->lock);
        is_inside = listeners_is_own_call(listeners);
        pthread_mutex_unlock(&listeners->lock);
        return is_inside;
}

bool listeners_wait(Listeners *listeners) {
        bool due;

        pthread_mutex_lock(&listeners->lock);
        while (!listeners_is_due(listeners) && !listeners->is_ended)
                pthread_cond_wait(&listeners->is_due, &listeners->lock);
        due = listeners_is_due(listeners);
        pthread_mutex_unlock(&listeners->lock);
        return due;
}
