#include <assert.h>

#include "push/channel.h"
#include "push/hub.h"
#include "push/poll.h"
#include "util/allocate.h"
#include "util/clock.h"

/* Of one turn: some 300 us of work, against which looking for events costs nothing. */
#define SLICE_WRITES 32
#define SLICE_BYTES  ((size_t)4 * 1024 * 1024)
/* How long a snapshot is kept for those who may ask at the same revision. */
#define SNAPSHOT_KEPT_MS 5000
/* Channels that are closed at once, for all memory. */
#define VICTIMS_MAX 16

static Channel *channel_of_link(h2o_linklist_t *link) {
        return H2O_STRUCT_FROM_MEMBER(Channel, link, link);
}

bool hub_admit(Hub *hub) {
        Push *push = hub->push;

        if (atomic_fetch_add_explicit(&push->n_connections, 1, memory_order_relaxed) <
            push->options.connections_max)
                return true;

        hub_release(hub);
        metric_add(hub_metrics(hub), METRIC_STREAM_REFUSED_CONNECTIONS, 1);
        return false;
}

void hub_release(Hub *hub) {
        atomic_fetch_sub_explicit(&hub->push->n_connections, 1, memory_order_relaxed);
}

void hub_schedule(Hub *hub, Channel *channel) {
        if (!h2o_linklist_is_linked(&channel->flush_link))
                h2o_linklist_insert(&hub->flushes, &channel->flush_link);
}

Audience *hub_audience(Hub *hub, Scope *asked) {
        return audience_get(&hub->audiences, asked);
}

/* The life of a loop. */

static void on_started(Loop *loop, void *context) {
        Push *push = context;
        Hub *hub = allocate(1, sizeof(*hub));

        hub->loop = loop;
        hub->push = push;
        hub->speaks = atomic_fetch_add(&push->n_hubs, 1) == 0;
        tail_init(&hub->tail, push->options.tail_max_changes, push->options.tail_max_bytes);
        h2o_linklist_init_anchor(&hub->channels);
        h2o_linklist_init_anchor(&hub->flushes);
        h2o_linklist_init_anchor(&hub->polls);
        h2o_linklist_init_anchor(&hub->woken);
        h2o_linklist_init_anchor(&hub->streams);
        loop->extension = hub;
}

static void on_seeded(Loop *loop, _unused_ void *context) {
        tail_begin(&hub_of(loop)->tail, loop->catalog.revision);
}

static void on_ended(Loop *loop, _unused_ void *context) {
        Hub *hub = hub_of(loop);

        assert(h2o_linklist_is_empty(&hub->channels));
        tail_deinit(&hub->tail);
        audience_set_deinit(&hub->audiences);
        free(hub);
        loop->extension = NULL;
}

/* Calls @visit for each channel, which may be gone afterwards. */
static void each_channel(Hub *hub, void (*visit)(Channel *channel, int64_t now_ms), int64_t now_ms) {
        for (h2o_linklist_t *at = hub->channels.next, *next; at != &hub->channels; at = next) {
                next = at->next;
                visit(channel_of_link(at), now_ms);
        }
}

static void stop_channel(Channel *channel, _unused_ int64_t now_ms) {
        channel->type->close(channel, true);
}

static void on_draining(Loop *loop, _unused_ void *context) {
        Hub *hub = hub_of(loop);

        hub->is_draining = true;
        each_channel(hub, stop_channel, 0);
        polls_answer_all(hub);
}

/* A change on its way. */

typedef struct Batch {
        size_t n;
        Event *events[];
} Batch;

static void *on_committed(void *context, const Commit *commit) {
        Push *push = context;
        Batch *batch = allocate(1, sizeof(*batch) + commit->n_changes * sizeof(Event *));

        batch->n = commit->n_changes;
        for (size_t i = 0; i < batch->n; i++)
                batch->events[i] = event_new(commit->changes[i], &push->memory_bytes);
        return batch;
}

typedef struct Touch {
        Hub *hub;
        Event *event;
} Touch;

static void on_touch(void *context, Audience *audience, const bool *is_wanted) {
        const Touch *touch = context;
        uint64_t revision = event_change(touch->event)->revision;
        WireFrame *frame;
        bool is_encoded;

        if (!audience->first)
                return;

        frame = event_frame(touch->event, is_wanted, &is_encoded);
        if (is_encoded)
                metric_add(hub_metrics(touch->hub), METRIC_STREAM_ENCODED, 1);
        for (Follower *follower = audience->first; follower; follower = follower->next)
                if (follower->is_poll)
                        poll_wake(follower, revision);
                else
                        channel_deliver((Channel *)follower, revision, frame);
        wire_frame_unref(frame);
}

bool hub_is_over_memory(const Hub *hub) {
        return atomic_load_explicit(&hub->push->memory_bytes, memory_order_relaxed) >
               hub->push->options.memory_max_bytes;
}

/* Of those whose sockets have not taken what was written last. */
static Channel *find_slowest(Hub *hub) {
        Channel *slowest = NULL;

        for (h2o_linklist_t *at = hub->channels.next; at != &hub->channels; at = at->next) {
                Channel *channel = channel_of_link(at);

                if (!channel->is_shut && channel->n_writing > 0 &&
                    channel->queued_bytes > (slowest ? slowest->queued_bytes : 0))
                        slowest = channel;
        }
        return slowest;
}

/* Past the limit of all together, whoever has most waiting pays. */
static void bound_memory(Hub *hub) {
        for (int i = 0; i < VICTIMS_MAX && hub_is_over_memory(hub); i++) {
                Channel *slowest = find_slowest(hub);

                if (!slowest)
                        return;
                metric_add(hub_metrics(hub), METRIC_STREAM_CLOSED_MEMORY, 1);
                slowest->type->close(slowest, false);
        }
}

static void measure(Hub *hub) {
        if (!hub->speaks)
                return;

        metric_set(hub_metrics(hub), METRIC_STREAM_TAIL_CHANGES, hub->tail.n);
        metric_set(hub_metrics(hub), METRIC_STREAM_TAIL_BYTES, hub->tail.bytes);
        metric_set(hub_metrics(hub), METRIC_STREAM_MEMORY_BYTES,
                   atomic_load_explicit(&hub->push->memory_bytes, memory_order_relaxed));
}

static void on_applied(Loop *loop, _unused_ void *context, _unused_ const Commit *commit, void *made) {
        const Batch *batch = made;
        Hub *hub = hub_of(loop);

        for (size_t i = 0; i < batch->n; i++) {
                tail_add(&hub->tail, batch->events[i]);
                audience_set_match(&hub->audiences, event_change(batch->events[i]), on_touch,
                                   &(Touch){ hub, batch->events[i] });
        }
        polls_answer_woken(hub);
        bound_memory(hub);
        measure(hub);
}

static void on_delivered(void *made) {
        Batch *batch = made;

        for (size_t i = 0; i < batch->n; i++)
                event_unref(batch->events[i]);
        free(batch);
}

/* Slices. */

static bool is_due(const Loop *loop) {
        return !h2o_linklist_is_empty(&hub_of(loop)->flushes);
}

static void on_turn(Loop *loop) {
        Hub *hub = hub_of(loop);
        size_t bytes = 0;

        for (int i = 0; i < SLICE_WRITES && bytes < SLICE_BYTES && !h2o_linklist_is_empty(&hub->flushes);
             i++) {
                Channel *channel = H2O_STRUCT_FROM_MEMBER(Channel, flush_link, hub->flushes.next);

                h2o_linklist_unlink(&channel->flush_link);
                bytes += channel_flush(channel);
        }
}

/* Time. */

static void tick_channel(Channel *channel, int64_t now_ms) {
        if (channel->follower.audience && channel->follower.audience->snapshot)
                snapshot_forget(channel->follower.audience, now_ms - SNAPSHOT_KEPT_MS);
        channel->type->tick(channel, now_ms);
}

static void on_tick(Loop *loop, _unused_ void *context) {
        Hub *hub = hub_of(loop);

        hub->n_ticks++;
        each_channel(hub, tick_channel, clock_monotonic_ms());
        polls_tick(hub);
        bound_memory(hub);
        measure(hub);
}

LoopHooks push_hooks(Push *push) {
        return (LoopHooks){
                .context = push,
                .started = on_started,
                .seeded = on_seeded,
                .tick = on_tick,
                .draining = on_draining,
                .ended = on_ended,
                .is_due = is_due,
                .turn = on_turn,
                .committed = on_committed,
                .applied = on_applied,
                .delivered = on_delivered,
        };
}
