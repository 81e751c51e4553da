/*
 * Listeners, and what they are to be told: the queue of calls that are due.
 *
 * For each listener and each config that it hears of there is a Hearing: what it heard last, and, while a
 * call is due, what it is to hear next. A hearing waits once, however often its config changes meanwhile;
 * with each change it goes to the end of the queue, so that the queue is in the order of the revisions. When
 * it comes to pass that what is next is what was heard last, nothing is due any more.
 *
 * What is heard is what this instance sees: of a config with a gray release, what the rules choose for it.
 *
 * Memory: hearings are made before a change is applied. So once a change is visible to readers, nothing can
 * keep listeners from hearing of it.
 *
 * All functions take the lock themselves, but those that say otherwise.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "confer/confer.h"
#include "model/table.h"
#include "replica.h"
#include "scope.h"
#include "states.h"

typedef struct Listener Listener;
typedef struct Hearing Hearing;

typedef struct Listeners {
        pthread_mutex_t lock;
        pthread_cond_t is_due;  /* something waits, or it is closed */
        pthread_cond_t is_done; /* a call has returned */
        Replica *replica;
        Scope *scope;
        Listener *first;
        uint64_t last_id;
        Hearing *next; /* the queue */
        Hearing *last;
        Moves moves;
        int fd;             /* readable while something is due; -1: nobody waits for it */
        bool is_signalled;  /* the descriptor is readable */
        bool is_closed;     /* no listener is called any more, though moves are told */
        bool is_ended;      /* nothing more comes */
        bool is_calling;    /* one thread at a time */
        pthread_t caller;   /* while is_calling */
        uint64_t called_id; /* of the listener that is being called; 0: none, or the state callback */
} Listeners;

/* What came of a value. All are called under the lock, but the first two when a call has returned. */
typedef struct Verdicts {
        void *context;
        void (*applied)(void *context, confer_value *value);
        void (*refused)(void *context, confer_value *value, const char *reason);
        /* The instance sees it from here on. */
        void (*appeared)(void *context, confer_value *value);
        /* It is the same version as @before, and seen in its place, so that nobody hears of it. */
        void (*inherited)(void *context, const confer_value *before, confer_value *value);
} Verdicts;

/* One change, while it is being told. */
struct confer_change {
        confer_change_kind kind;
        const char *namespace;
        const char *key;
        confer_value *before;
        confer_value *after;
        char *reason; /* of a refusal, or NULL */
        bool is_refused;
};

/* Return: 0; -errno when no descriptor could be had. @with_fd: the application dispatches. */
int listeners_init(Listeners *listeners, Replica *replica, Scope *scope, bool with_fd);
void listeners_deinit(Listeners *listeners);

/* As confer_listen(), whose arguments were checked. Return: 0; -ENOMEM; -ESHUTDOWN: closed. */
int listeners_add(Listeners *listeners, Span namespace, Span key, confer_listener_fn fn, void *context,
                  uint64_t *ret_id);
/* As confer_unlisten(). Return: 0; -ENOENT. */
int listeners_remove(Listeners *listeners, uint64_t id);

/*
 * listeners_apply() - let readers, then listeners know what changes
 * @revision: what the edits lead to
 * @makes_known: once they are made, all that is wanted is known
 * @verdicts: a new value that no listener is told of counts as applied
 *
 * An edit that changes nothing makes listeners look at the config again. Return: 0; -ENOMEM, and nobody
 * knows.
 */
int listeners_apply(Listeners *listeners, const Edits *edits, uint64_t revision, bool makes_known,
                    const Verdicts *verdicts);

/*
 * listeners_set_tag() - give this instance another tag, or take one away; listeners hear of all configs of
 * which it sees another version by that. Any thread
 *
 * Return: as tag_set_with(); on failure nothing is changed.
 */
confer_error listeners_set_tag(Listeners *listeners, const char *name, const char *value,
                               const Verdicts *verdicts);

void listeners_add_move(Listeners *listeners, confer_state from, confer_state to);

/* From here on no listener is called, though moves are; a call under way is waited for, unless it is the
 * caller's own. */
void listeners_close(Listeners *listeners);
/* Lets listeners_wait() return for good, once nothing is due. */
void listeners_end(Listeners *listeners);

/* Is this thread inside a call of a listener or the state callback? */
bool listeners_is_inside(Listeners *listeners);

/*
 * listeners_call() - make the calls that are due, at most @n_max of them (0: all)
 *
 * Return: 0; -EBUSY: another thread is at it.
 */
int listeners_call(Listeners *listeners, confer_client *client, confer_state_fn on_state, void *state_context,
                   const Verdicts *verdicts, size_t n_max);

/* Waits until something is due. Return: false when nothing is due, and nothing more comes. */
bool listeners_wait(Listeners *listeners);
