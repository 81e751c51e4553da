/*
 * Calls of etcd's JSON gateway, version 3.4: which endpoint, as whom, and what became of it.
 *
 * Of several endpoints one is used until a call to it fails, then the next. A token is asked for when there
 * is none, and once more where etcd does not know it any longer: that call was refused, so it can be
 * repeated.
 */
#pragma once

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
