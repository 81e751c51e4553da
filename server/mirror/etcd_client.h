/*
 * Calls of etcd's JSON gateway, version 3.4: which endpoint, as whom, and what became of it.
 *
 * Of several endpoints one is used until a call to it fails, then the next. A token is asked for when there
 * is none, and once more where etcd does not know it any longer: that call was refused, so it can be
 * repeated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mirror/http_link.h"
#include "mirror/options.h"
#include "mirror/target.h"
#include "mirror/waker.h"
#include "model/json_read.h"
#include "model/macros.h"

typedef struct EtcdClient EtcdClient;

typedef struct EtcdCall {
        const char *path; /* "/v3/kv/txn" */
        Span body;
        size_t answer_max_bytes;
        int64_t timeout_ms;
} EtcdCall;

typedef struct EtcdAnswer {
        HttpLinkAnswer http;
        JsonValue object; /* in the body; good to read, unless that is cut */
} EtcdAnswer;

#define ETCD_ANSWER_NULL ((EtcdAnswer){ .http = HTTP_LINK_ANSWER_NULL })

void etcd_answer_deinit(EtcdAnswer *answer);

/* As open() of a target. */
int etcd_client_open(const MirrorOptions *options, Waker *waker, EtcdClient **ret_client,
                     Problem *ret_problem);
EtcdClient *etcd_client_close(EtcdClient *client);

DEFINE_CLEANUP(EtcdClient *, etcd_client_close);

/* The endpoint that is used, as it may be shown; borrowed. */
const char *etcd_client_place(const EtcdClient *client);

/* Closes the connections, and forgets the token. */
void etcd_client_disconnect(EtcdClient *client);

/*
 * etcd_client_call() - call, and wait for the answer
 * @ret_answer: filled where TARGET_OK is returned
 *
 * Return: TARGET_OK; TARGET_E_REFUSED: etcd does not take such a request: it is too large; or another one.
 */
TargetOutcome etcd_client_call(EtcdClient *client, const EtcdCall *call, EtcdAnswer *ret_answer,
                               TargetError *ret_error);

/*
 * etcd_client_open_stream() - call, and read the answer line by line while it comes
 *
 * Over a connection of its own, to the endpoint of the calls and as the same user; one at a time. A call
 * comes first, which sees to the token. The answer's most is for one line; the time is for connecting.
 */
void etcd_client_open_stream(EtcdClient *client, const EtcdCall *call);

/*
 * etcd_client_read_stream() - the next line of the answer
 * @timeout_ms: how long to wait for it; news end the wait, too
 * @ret_line: one JSON object, borrowed until the next call; absent: there is none yet
 *
 * Return: TARGET_OK; TARGET_E_REFUSED: the line is longer than the most; or as a call. After a failure the
 * stream is closed.
 */
TargetOutcome etcd_client_read_stream(EtcdClient *client, int64_t timeout_ms, JsonValue *ret_line,
                                      TargetError *ret_error);
void etcd_client_close_stream(EtcdClient *client);

/* Did etcd refuse because it does not have that revision any more? */
bool etcd_client_is_compaction(const TargetError *error);
