/*
 * The election among servers that share an etcd: one of them leads, and only there the gate is open.
 *
 * Who leads holds a key in etcd by a lease, and renews it. When it dies the lease ends, the key goes with it,
 * and who finds that first puts its own there, by a transaction that asks that there is none. tenure.h says
 * how long a leader believes in it: always shorter than etcd keeps its lease.
 *
 * Where etcd is away for longer than that nobody leads, and nobody works. That is the choice made here: two
 * who work is what the election is to prevent.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mirror/election_calls.h"
#include "mirror/gate.h"
#include "mirror/options.h"
#include "model/buf.h"
#include "model/macros.h"
#include "model/problem.h"

typedef struct Election Election;

typedef struct ElectionStatus {
        bool is_leader;
        char leader[ELECTION_NAME_MAX]; /* "": nobody, or not known */
        int64_t since_ms;               /* wall time: when it came to lead, or not to */
        char error[PROBLEM_TEXT_MAX];   /* why etcd cannot be asked; "" */
        uint64_t n_won;
        uint64_t n_lost;
} ElectionStatus;

/* @options: of the kind election; @gate: guarded from here on. Both borrowed. Return: as mirrors_new() */
int election_new(const MirrorOptions *options, Gate *gate, Election **ret_election, Problem *ret_problem);
/* @address: where this server listens, which is shown to people on the others */
int election_start(Election *election, const char *address, Problem *ret_problem);
/* Gives the leadership back, so that another server takes over at once. Who works has to have stopped. */
void election_stop(Election *election);
Election *election_free(Election *election);

/* @thread any */
const char *election_key(const Election *election);
void election_get_status(Election *election, ElectionStatus *ret_status);

/* For Prometheus; NULL: there is no election. */
void election_append_metrics(Election *election, Buf *buf);

DEFINE_CLEANUP(Election *, election_free);
