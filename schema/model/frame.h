/*
 * The frames of the change stream, confer.v1: JSON text to values and back.
 *
 *      {"seq": REVISION or 0, "type": "…", "payload": {…}}
 *
 * schema/push.schema.json is the contract; server and SDK both read and write frames with this code. It does
 * no I/O: bytes in, values out.
 *
 * A frame that was parsed owns what its spans and arrays point to, until frame_deinit(). A frame that is to
 * be written is filled by the caller, and owns nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/change.h"
#include "model/problem.h"
#include "model/release.h"
#include "model/span.h"
#include "model/tag.h"

/* What a client may send at most, in one frame. */
#define FRAME_NAMESPACES_MAX 256
#define FRAME_KEYS_MAX       4096 /* of all its namespaces together */
#define FRAME_RESULTS_MAX    4096
#define INSTANCE_ID_SIZE_MAX 128
#define INSTANCE_TEXT_MAX    128 /* of app and sdk */
#define ACK_ERROR_SIZE_MAX   512

#define EPOCH_SIZE_MAX  64 /* whoever sends it; the server's have 32 */
#define FRAME_DEPTH_MAX 64 /* of arrays and objects in each other, those that are passed over included */

typedef enum FrameType {
        /* from the client */
        FRAME_SUBSCRIBE,
        FRAME_ACK,
        FRAME_UNSUBSCRIBE,
        /* from the server */
        FRAME_SNAPSHOT,
        FRAME_CHANGE,
        FRAME_CURRENT,
        FRAME_ERROR,
        FRAME_TYPE_N,
} FrameType;

const char *frame_type_to_string(FrameType type);

enum {
        FRAME_E_MALFORMED = 1, /* no JSON, or no object of this shape */
        FRAME_E_UNKNOWN,       /* a type that is none of these */
        FRAME_E_INVALID, /* a field is missing, of the wrong type, or past a limit; the problem names it */
};

/* A namespace in a frame; which members mean something depends on the frame's type. */
typedef struct FrameNamespace {
        Span name;

        /* subscribe: which of its keys, and the newest revision that the client has of it */
        bool all_keys; /* ["*"], or none named */
        Span *keys;
        size_t n_keys;
        uint64_t since; /* 0: none */

        /* snapshot, change; of the releases' data, the namespace is this one */
        ConfigData *releases;
        size_t n_releases;
        Span *deleted; /* change only */
        size_t n_deleted;
} FrameNamespace;

typedef struct FrameResult {
        Span namespace;
        Span key;
        int64_t version;
        bool ok;
        Span error; /* absent when ok, and where nothing was said */
} FrameResult;

typedef struct Frame {
        FrameType type;
        uint64_t seq;

        Span epoch; /* subscribe (absent: none), snapshot, current */

        Span instance_id; /* subscribe; all five absent where it says nothing of the instance */
        Span app;
        Span sdk;
        Tag *tags;
        size_t n_tags;

        FrameNamespace *namespaces; /* all but ack and error */
        size_t n_namespaces;
        bool more; /* snapshot: another frame of it follows */

        FrameResult *results; /* ack */
        size_t n_results;

        int code; /* error: as HTTP's */
        Span reason;
        Span message;

        void *kept; /* what a parsed frame points into */
} Frame;

#define FRAME_NULL ((Frame){ .type = FRAME_TYPE_N })

/*
 * frame_parse() - read a frame
 * @text: any bytes
 *
 * Unknown members are passed over. Names of namespaces and keys, tags, and all sizes are checked, for what a
 * client sends as for what a server sends. Return: 0; -ENOMEM; FRAME_E_MALFORMED, FRAME_E_UNKNOWN or
 * FRAME_E_INVALID with @ret_problem filled.
 */
int frame_parse(Span text, Frame *ret_frame, Problem *ret_problem);
void frame_deinit(Frame *frame);

/* Appends the JSON text of a frame that carries no releases: all but snapshot and change. */
void frame_append(Buf *buf, const Frame *frame);

/*
 * frame_append_change() - the frame of a committed change, as far as it is in scope
 * @is_wanted: for each of the change's items, whether it is; items of namespaces are passed over
 */
void frame_append_change(Buf *buf, const Change *change, const bool *is_wanted);

/* One frame of a snapshot, while it is being written: releases of the same namespace one after another. Where
 * a namespace goes on in the next frame, it stands there again. */
typedef struct SnapshotFrame {
        Buf *buf;
        Span namespace; /* of the last release */
} SnapshotFrame;

void snapshot_frame_begin(SnapshotFrame *frame, Buf *buf, uint64_t revision, Span epoch);
void snapshot_frame_add(SnapshotFrame *frame, const Release *release);
/* @more: another frame of this snapshot follows */
void snapshot_frame_end(SnapshotFrame *frame, bool more);
