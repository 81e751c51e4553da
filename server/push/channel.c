#include <assert.h>

#include "push/channel.h"
#include "util/allocate.h"
#include "util/clock.h"

/* In one writev, about: as much as a socket's buffer takes. */
#define WRITE_BYTES_MAX ((size_t)256 * 1024)
/* Of a node, the allocator's part included. */
#define NODE_BYTES 64

struct ChannelNode {
        ChannelNode *next;
        WireFrame *frame;   /* or NULL: */
        Snapshot *snapshot; /* the frames from place on */
        SnapshotPlace place;
        bool is_answer;
};

void channel_init(Channel *channel, const ChannelType *type, Hub *hub) {
        *channel = (Channel){ .type = type, .hub = hub };
        h2o_linklist_insert(&hub->channels, &channel->link);
}

static size_t node_bytes(const ChannelNode *node) {
        return NODE_BYTES + (node->frame ? node->frame->size : 0);
}

static void node_free(Channel *channel, ChannelNode *node) {
        channel->queued_bytes -= node_bytes(node);
        wire_frame_unref(node->frame);
        snapshot_unref(node->snapshot);
        free(node);
}

static ChannelNode *node_new(Channel *channel, WireFrame *frame, Snapshot *snapshot) {
        ChannelNode *node = allocate(1, sizeof(*node));

        node->frame = frame;
        node->snapshot = snapshot;
        node->is_answer = channel->is_answering;
        channel->queued_bytes += node_bytes(node);
        return node;
}

static void append(Channel *channel, ChannelNode *node) {
        if (channel->last)
                channel->last->next = node;
        else
                channel->first = node;
        channel->last = node;
        hub_schedule(channel->hub, channel);
}

/* Frees the nodes after the first @n_kept. Return: whether one of them was an answer. */
static bool drop_after(Channel *channel, size_t n_kept) {
        ChannelNode **at = &channel->first, *last = NULL, *dropped;
        bool was_answer = false;

        for (size_t i = 0; i < n_kept; i++) {
                last = *at;
                at = &last->next;
        }
        dropped = *at;
        *at = NULL;
        channel->last = last;
        while (dropped) {
                ChannelNode *next = dropped->next;

                was_answer |= dropped->is_answer;
                node_free(channel, dropped);
                dropped = next;
        }
        return was_answer;
}

void channel_deinit(Channel *channel) {
        follower_join(&channel->follower, NULL);
        (void)drop_after(channel, 0);
        h2o_linklist_unlink(&channel->link);
        if (h2o_linklist_is_linked(&channel->flush_link))
                h2o_linklist_unlink(&channel->flush_link);
}

static bool has_room(const Channel *channel, const WireFrame *frame) {
        return channel->queued_bytes == 0 || channel->queued_bytes + NODE_BYTES + frame->size <=
                                                     channel->hub->push->options.queue_max_bytes;
}

static void fall_behind(Channel *channel) {
        channel->is_behind = true;
        metric_add(hub_metrics(channel->hub), METRIC_STREAM_OVERFLOWS, 1);
        if (drop_after(channel, channel->n_writing) || channel->is_answering ||
            channel->type->is_closed_when_full)
                channel->type->close(channel, false);
        else
                hub_schedule(channel->hub, channel);
}

void channel_deliver(Channel *channel, uint64_t revision, WireFrame *frame) {
        if (channel->is_shut || channel->is_behind || revision <= channel->known_revision)
                return;

        /* Many changes may come in one turn: that nothing was written yet is not the reader's fault. */
        if (!has_room(channel, frame))
                (void)channel_flush(channel);
        if (has_room(channel, frame)) {
                append(channel, node_new(channel, wire_frame_ref(frame), NULL));
                channel->changed_revision = channel->told_revision = revision;
        } else
                fall_behind(channel);
}

void channel_send(Channel *channel, WireFrame *frame) {
        if (!channel->is_shut)
                append(channel, node_new(channel, wire_frame_ref(frame), NULL));
}

size_t channel_pending_bytes(const Channel *channel) {
        const ChannelNode *node = channel->first;
        size_t bytes = channel->queued_bytes;

        for (size_t i = 0; i < channel->n_writing; i++, node = node->next)
                bytes -= node_bytes(node);
        return bytes;
}

static Snapshot *capture(Channel *channel, Audience *audience) {
        const Hub *hub = channel->hub;

        metric_add(hub_metrics(channel->hub), METRIC_STREAM_SNAPSHOTS, 1);
        return snapshot_get(audience, &hub->loop->catalog, hub->push->epoch, clock_monotonic_ms(),
                            &hub->push->memory_bytes);
}

void channel_send_snapshot(Channel *channel, Audience *audience) {
        if (!channel->is_shut)
                append(channel, node_new(channel, NULL, capture(channel, audience)));
}

void channel_shut(Channel *channel, WireFrame *last) {
        channel->is_behind = false;
        (void)drop_after(channel, channel->n_writing);
        if (last)
                append(channel, node_new(channel, last, NULL));
        channel->is_shut = true;
}

static void catch_up(Channel *channel) {
        channel->is_behind = false;
        if (!channel->follower.audience)
                return;

        channel->known_revision = channel->told_revision = channel->hub->loop->catalog.revision;
        channel_send_snapshot(channel, channel->follower.audience);
}

/* Puts the next frame of a snapshot, at the place *@at of the queue, in front of the rest of it. */
static void expand(Channel *channel, ChannelNode **at) {
        ChannelNode *rest = *at, *node;
        bool is_encoded;

        node = node_new(channel, snapshot_next(rest->snapshot, &rest->place, &is_encoded), NULL);
        if (is_encoded)
                metric_add(hub_metrics(channel->hub), METRIC_STREAM_ENCODED, 1);
        node->is_answer = rest->is_answer;
        *at = node;
        if (!rest->place.is_done) {
                node->next = rest;
                return;
        }

        node->next = rest->next;
        if (channel->last == rest)
                channel->last = node;
        node_free(channel, rest);
}

static void account(Channel *channel, size_t n, size_t bytes) {
        metric_add(hub_metrics(channel->hub), METRIC_STREAM_FRAMES, n);
        metric_add(hub_metrics(channel->hub), METRIC_STREAM_SENT_BYTES, bytes);
}

size_t channel_flush(Channel *channel) {
        WireFrame *frames[CHANNEL_FRAMES_MAX];
        size_t n = 0, bytes = 0;

        if (channel->n_writing > 0)
                return 0;
        if (channel->is_behind)
                catch_up(channel);

        for (ChannelNode **at = &channel->first; *at && n < CHANNEL_FRAMES_MAX && bytes < WRITE_BYTES_MAX;
             at = &(*at)->next) {
                if (!(*at)->frame)
                        expand(channel, at);
                frames[n++] = (*at)->frame;
                bytes += (*at)->frame->size;
        }
        if (n == 0) {
                if (channel->is_shut && channel->type->drained)
                        channel->type->drained(channel);
                return 0;
        }

        channel->n_writing = n;
        account(channel, n, bytes);
        channel->type->write(channel, frames, n);
        return bytes;
}

void channel_written(Channel *channel) {
        for (; channel->n_writing > 0; channel->n_writing--) {
                ChannelNode *node = channel->first;

                assert(node);
                channel->first = node->next;
                if (!channel->first)
                        channel->last = NULL;
                node_free(channel, node);
        }
        if (channel->first || channel->is_behind || channel->is_shut)
                hub_schedule(channel->hub, channel);
}
