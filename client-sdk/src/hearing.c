/*
 * What one listener hears of one config, and the queue of those for whom a call is due.
 */
#include <stdlib.h>
#include <string.h>

#include "listeners_internal.h"
#include "model/hash.h"

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

Hearing *hearing_find(const Listener *listener, const ScopeName *scope_name, Span key) {
        HearingName name = { scope_name, key };

        return table_get(&listener->hearings, hearing_hash(&name), hearing_is_named, &name);
}

Hearing *hearing_need(Listener *listener, const ScopeName *scope_name, Span key) {
        HearingName name = { scope_name, key };
        Hearing *hearing = hearing_find(listener, scope_name, key);

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

void hearing_enqueue(Listeners *listeners, Hearing *hearing) {
        hearing->previous = listeners->last;
        hearing->next = NULL;
        *(listeners->last ? &listeners->last->next : &listeners->next) = hearing;
        listeners->last = hearing;
        hearing->is_waiting = true;
}

void hearing_dequeue(Listeners *listeners, Hearing *hearing) {
        *(hearing->previous ? &hearing->previous->next : &listeners->next) = hearing->next;
        *(hearing->next ? &hearing->next->previous : &listeners->last) = hearing->previous;
        hearing->is_waiting = false;
}

void hearing_free(Listeners *listeners, Hearing *hearing) {
        if (hearing->is_waiting)
                hearing_dequeue(listeners, hearing);
        value_unref(hearing->heard);
        value_unref(hearing->after);
        free(hearing);
}

void hearing_drop_if_idle(Hearing *hearing) {
        HearingName name = { hearing->scope_name, hearing_key(hearing) };

        if (hearing->is_waiting || hearing->is_called || hearing->heard)
                return;

        (void)table_take(&hearing->listener->hearings, hearing_hash(&name), hearing_is_named, &name);
        free(hearing);
}

static void set_value(confer_value **at, confer_value *value) {
        confer_value *before = *at;

        *at = value_ref(value);
        value_unref(before);
}

void hearing_set_after(Hearing *hearing, confer_value *after) {
        set_value(&hearing->after, after);
}

void hearing_tell(Listeners *listeners, Hearing *hearing, confer_value *after) {
        if (hearing->is_waiting)
                hearing_dequeue(listeners, hearing);

        if (value_is_same_version(hearing->heard, after)) {
                set_value(&hearing->after, NULL);
                set_value(&hearing->heard, after);
                return;
        }
        set_value(&hearing->after, after);
        hearing_enqueue(listeners, hearing);
}
