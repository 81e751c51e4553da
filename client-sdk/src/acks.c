#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "acks.h"
#include "model/frame.h"

/* What a result takes beside its names and its text, about. */
#define RESULT_SIZE_BESIDES 64

void acks_init(Acks *acks, void (*wake)(void *context), void *wake_context) {
        *acks = (Acks){ .wake = wake, .wake_context = wake_context };
        pthread_mutex_init(&acks->lock, NULL);
}

/* Return: the reference that the list had. */
static confer_value *take_first(Acks *acks) {
        confer_value *value = acks->first;

        acks->first = value->body->next_ack;
        if (!acks->first)
                acks->last = NULL;
        value->body->next_ack = NULL;
        value->body->is_queued = false;
        return value;
}

void acks_deinit(Acks *acks) {
        while (acks->first)
                value_unref(take_first(acks));
        pthread_mutex_destroy(&acks->lock);
}

static void take_out(Acks *acks, const confer_value *value) {
        confer_value *before = NULL;

        for (confer_value *at = acks->first; at != value; at = at->body->next_ack)
                before = at;
        *(before ? &before->body->next_ack : &acks->first) = value->body->next_ack;
        if (acks->last == value)
                acks->last = before;
}

/* One that has come into sight again goes behind what was seen meanwhile: the server keeps what comes last.
 */
static void append(Acks *acks, confer_value *value) {
        bool is_old = value->body->is_queued, is_reported = value->body->is_reported;

        value->body->is_reported = true;
        if (is_old && is_reported)
                return;
        if (is_old)
                take_out(acks, value);

        value->body->is_queued = true;
        value->body->next_ack = NULL;
        *(acks->last ? &acks->last->body->next_ack : &acks->first) = is_old ? value : value_ref(value);
        acks->last = value;
}

void acks_applied(Acks *acks, confer_value *value) {
        bool was_empty;

        pthread_mutex_lock(&acks->lock);
        was_empty = !acks->first;
        if (value->body->verdict == VERDICT_NONE)
                value->body->verdict = VERDICT_APPLIED;
        if (!value->body->is_reported)
                append(acks, value);
        was_empty &= acks->first != NULL;
        pthread_mutex_unlock(&acks->lock);
        if (was_empty)
                acks->wake(acks->wake_context);
}

void acks_refused(Acks *acks, confer_value *value, const char *reason) {
        char *copy = reason ? strdup(reason) : NULL;
        bool was_empty;

        pthread_mutex_lock(&acks->lock);
        was_empty = !acks->first;
        free(value->body->reason);
        value->body->reason = copy;
        value->body->verdict = VERDICT_REFUSED;
        append(acks, value);
        pthread_mutex_unlock(&acks->lock);
        if (was_empty)
                acks->wake(acks->wake_context);
}

void acks_appeared(Acks *acks, confer_value *value) {
        pthread_mutex_lock(&acks->lock);
        value->body->is_reported = false;
        pthread_mutex_unlock(&acks->lock);
}

void acks_inherit(Acks *acks, const confer_value *before, confer_value *value) {
        const ValueBody *from = before->body;
        ValueBody *to = value->body;

        pthread_mutex_lock(&acks->lock);
        if (from->verdict > to->verdict) {
                to->verdict = from->verdict;
                free(to->reason);
                to->reason = from->reason ? strdup(from->reason) : NULL;
        }
        to->is_reported |= from->is_reported;
        pthread_mutex_unlock(&acks->lock);
}

/* While verdicts are renewed. */
typedef struct Renewal {
        Acks *acks;
        const GrayAsker *asker;
} Renewal;

static bool renew_one(void *context, Release *release) {
        const Renewal *renewal = context;
        confer_value *value = value_seen_by(value_of(release), renewal->asker);

        if (value->body->verdict != VERDICT_NONE)
                append(renewal->acks, value);
        return true;
}

void acks_renew(Acks *acks, Replica *replica) {
        Visit visit = replica_enter(replica);
        Renewal renewal = { acks, &visit.side->asker };

        pthread_mutex_lock(&acks->lock);
        catalog_each(&visit.side->catalog, SPAN_NULL, renew_one, &renewal);
        pthread_mutex_unlock(&acks->lock);
        replica_leave(visit);
}

bool acks_are_waiting(Acks *acks) {
        bool waiting;

        pthread_mutex_lock(&acks->lock);
        waiting = acks->first != NULL;
        pthread_mutex_unlock(&acks->lock);
        return waiting;
}

static FrameResult result_of(const confer_value *value) {
        bool is_refused = value->body->verdict == VERDICT_REFUSED;

        return (FrameResult){
                .namespace = release_namespace(&value->release),
                .key = release_key(&value->release),
                .version = value->release.version,
                .ok = !is_refused,
                .error = is_refused ? span_from_string(value->body->reason) : SPAN_NULL,
        };
}

static size_t result_size(const FrameResult *result) {
        return result->namespace.size + result->key.size + 2 * result->error.size + RESULT_SIZE_BESIDES;
}

/* How many of those that wait go into one frame. */
static size_t count_for_one_frame(const Acks *acks) {
        size_t n = 0, size = 0;

        for (const confer_value *value = acks->first; value && n < FRAME_RESULTS_MAX;
             value = value->body->next_ack) {
                FrameResult result = result_of(value);

                size += result_size(&result);
                if (n > 0 && size > ACK_FRAME_SIZE_MAX)
                        break;
                n++;
        }
        return n;
}

static int take_locked(Acks *acks, Buf *buf) {
        size_t n = count_for_one_frame(acks);
        FrameResult *results = calloc(n ? n : 1, sizeof(*results));
        confer_value *value = acks->first;

        if (!results)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++, value = value->body->next_ack)
                results[i] = result_of(value);
        frame_append(buf, &(Frame){ .type = FRAME_ACK, .results = results, .n_results = n });
        free(results);
        if (buf_failed(buf))
                return -ENOMEM;

        for (size_t i = 0; i < n; i++)
                value_unref(take_first(acks));
        return 0;
}

int acks_take(Acks *acks, Buf *buf) {
        int r;

        pthread_mutex_lock(&acks->lock);
        r = take_locked(acks, buf);
        pthread_mutex_unlock(&acks->lock);
        return r;
}
