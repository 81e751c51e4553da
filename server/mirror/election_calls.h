/*
 * What an election asks of etcd, one call each: who holds the key, a lease, the key with the lease, more time
 * for it, its end.
 *
 * The key's value says who this server is, and is its alone. So a request whose answer was lost is understood
 * by looking again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mirror/etcd_client.h"
#include "mirror/options.h"
#include "mirror/target.h"
#include "mirror/waker.h"
#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"

#define ELECTION_NAME_MAX  256 /* with the NUL; of a server, as it is shown */
#define ELECTION_LEASE_MAX 24  /* digits of a lease, and the NUL */

typedef struct ElectionCalls ElectionCalls;

typedef enum ElectionHolder {
        ELECTION_NOBODY,
        ELECTION_SELF,        /* by the lease that this server has */
        ELECTION_SELF_FORMER, /* by one that it has no more: it ends by itself, or is ended */
        ELECTION_OTHER,
} ElectionHolder;

typedef struct ElectionView {
        ElectionHolder holder;
        char name[ELECTION_NAME_MAX];   /* of another one */
        char lease[ELECTION_LEASE_MAX]; /* of the key; "": it has none */
        bool has_gone_back; /* etcd holds older data than it did, or none: whoever leads may not know yet */
} ElectionView;

/* @options: of the kind election, and @waker: borrowed; @name: of this server. Return: as open() of a target.
 */
int election_calls_open(const MirrorOptions *options, const char *name, Waker *waker,
                        ElectionCalls **ret_calls, Problem *ret_problem);
ElectionCalls *election_calls_close(ElectionCalls *calls);

/* All of these: the outcome of the call. */

TargetOutcome election_look(ElectionCalls *calls, int64_t timeout_ms, ElectionView *ret_view,
                            TargetError *ret_error);
/* Makes a lease the one that this server has. */
TargetOutcome election_grant(ElectionCalls *calls, int64_t timeout_ms, TargetError *ret_error);
/* Takes the key by that lease where nobody holds it; tells who does then. */
TargetOutcome election_campaign(ElectionCalls *calls, int64_t timeout_ms, ElectionView *ret_view,
                                TargetError *ret_error);
/* @ret_is_alive: false: etcd does not know the lease any more */
TargetOutcome election_renew(ElectionCalls *calls, int64_t timeout_ms, bool *ret_is_alive,
                             TargetError *ret_error);
/* Ends a lease, and with it its key; one that is not known has ended. */
TargetOutcome election_revoke(ElectionCalls *calls, const char *lease, int64_t timeout_ms,
                              TargetError *ret_error);

/* The lease that this server has; "": none. */
const char *election_lease(const ElectionCalls *calls);
void election_forget_lease(ElectionCalls *calls);

DEFINE_CLEANUP(ElectionCalls *, election_calls_close);
