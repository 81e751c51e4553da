/*
 * A follower that is written to as long as it lasts: a queue of frames, and the rule for those who do not
 * read.
 *
 * What waits for one connection is bounded. When the queue is full, all that has not begun to go out is
 * dropped, and nothing more is queued; as soon as what is under way is written, the follower is sent a fresh
 * snapshot. Where an answer about some of what it follows would be dropped, the channel is closed
 * instead: who waits for that answer would take the snapshot for it. A single frame is taken whatever its
 * size is.
 *
 * A snapshot waits in the queue as a reference, and its frames are made while they go out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "push/audience.h"
#include "push/event.h"
#include "push/hub.h"
#include "push/snapshot.h"

/* In one writev. */
#define CHANNEL_FRAMES_MAX 16

typedef struct ChannelNode ChannelNode;

typedef struct ChannelType {
        /* Writes frames, which stay as they are until channel_written(), or channel_deinit(). */
        void (*write)(Channel *channel, WireFrame *const *frames, size_t n);
        /* Closes what takes too much memory, or what stands when the server stops. @channel may be gone
         * afterwards. */
        void (*close)(Channel *channel, bool is_stopping);
        /* Every second. @channel may be gone afterwards. */
        void (*tick)(Channel *channel, int64_t now_ms);
        /* It is shut, and all is written. @channel may be gone afterwards. NULL: nothing is to be done */
        void (*drained)(Channel *channel);
        bool is_closed_when_full; /* else it is sent a snapshot */
        bool is_told_current;     /* that nothing has changed is said in a frame; else by saying nothing */
} ChannelType;

struct Channel {
        Follower follower; /* first, so that an audience's followers are channels */
        const ChannelType *type;
        Hub *hub;
        h2o_linklist_t link;       /* in the hub's channels */
        h2o_linklist_t flush_link; /* in its flushes, while something is to be written */
        ChannelNode *first;
        ChannelNode *last;
        size_t n_writing; /* nodes at the front that are under way */
        size_t queued_bytes;
        uint64_t known_revision;   /* what is not newer is in a snapshot that was queued */
        uint64_t changed_revision; /* of the last change that was queued */
        uint64_t told_revision;    /* up to which all that is in scope was queued, for people to see */
        bool is_answering;         /* what is queued now is an answer that must not be dropped */
        bool is_behind;            /* changes were dropped: a snapshot is due */
        bool is_shut;              /* nothing more is taken */
};

void channel_init(Channel *channel, const ChannelType *type, Hub *hub);
void channel_deinit(Channel *channel);

/* An event in scope. @frame is borrowed. */
void channel_deliver(Channel *channel, uint64_t revision, WireFrame *frame);
/* A frame that is never dropped for want of room; a reference is taken. */
void channel_send(Channel *channel, WireFrame *frame);
/* All that is in @audience, now. */
void channel_send_snapshot(Channel *channel, Audience *audience);

/* Drops what has not begun to go out, and takes nothing more but @last, whose reference it takes over, or
 * NULL. */
void channel_shut(Channel *channel, WireFrame *last);

/* Begins to write, if nothing is under way. @channel may be gone afterwards if it is shut. Return: the bytes.
 */
size_t channel_flush(Channel *channel);
/* What was under way is written. */
void channel_written(Channel *channel);

/* What waits and has not begun to go out. */
size_t channel_pending_bytes(const Channel *channel);

static inline bool channel_is_idle(const Channel *channel) {
        return !channel->first;
}
