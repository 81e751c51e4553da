/*
 * The calls that are due, one after another, and what a listener is shown of the change that it hears.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "listeners_internal.h"
#include "model/utf8.h"

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

        hearing_dequeue(listeners, hearing);
        hearing->heard = value_ref(hearing->after);
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
        value_unref(change.before);
        value_unref(change.after);
        free(change.reason);
        listeners->called_id = 0;
        hearing->is_called = false;
        if (listener->is_removed)
                listener_free(listeners, listener);
        else
                hearing_drop_if_idle(hearing);
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
        for (; listeners_is_due(listeners) && (n_max == 0 || n < n_max); n++) {
                if (!moves_take(&listeners->moves, &move)) {
                        call(listeners, listeners->next, client, verdicts);
                        continue;
                }
                pthread_mutex_unlock(&listeners->lock);
                on_state(client, move.from, move.to, state_context);
                pthread_mutex_lock(&listeners->lock);
        }
        listeners->is_calling = false;
        listeners_update_signal(listeners);
        pthread_mutex_unlock(&listeners->lock);
        return 0;
}

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
