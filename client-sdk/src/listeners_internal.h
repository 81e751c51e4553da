/*
 * What the files of listeners share: listeners.c knows who listens, hearing.c what each is to hear, with the
 * queue of it, listeners_apply.c who hears of a change, and listeners_call.c makes the calls.
 *
 * All functions are called under the lock, or when nobody else is left.
 */
#pragma once

#include "listeners.h"

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

Hearing *hearing_find(const Listener *listener, const ScopeName *scope_name, Span key);
/* The one that there is, or a new one. Return: NULL for want of memory. */
Hearing *hearing_need(Listener *listener, const ScopeName *scope_name, Span key);
/* For a listener that goes: its table is left alone. */
void hearing_free(Listeners *listeners, Hearing *hearing);
/* One that has nothing to remember is let go. */
void hearing_drop_if_idle(Hearing *hearing);

void hearing_enqueue(Listeners *listeners, Hearing *hearing);
void hearing_dequeue(Listeners *listeners, Hearing *hearing);
void hearing_set_after(Hearing *hearing, confer_value *after);
/* @after is what holds now: it is due, at the end of the queue, unless it is what was heard last. */
void hearing_tell(Listeners *listeners, Hearing *hearing, confer_value *after);

void listener_free(Listeners *listeners, Listener *listener);

bool listeners_is_due(const Listeners *listeners);
/* Makes the descriptor, and the condition, say whether something is due. */
void listeners_update_signal(Listeners *listeners);
/* Is it this thread that makes calls? */
bool listeners_is_own_call(const Listeners *listeners);
