/*
 * A client: its parts, and who may touch them.
 *
 *      application's threads    read the replica; add and remove listeners; set tags; ask for the state
 *      network thread           connects, follows the server, writes the replica and the cache file
 *      dispatcher thread        calls listeners, where the application does not do so itself
 *
 * What the network thread alone touches is in Network and Follower. What several touch has a lock of its own
 * or is atomic. Locks are taken in this order: lifecycle, lock, listeners, acks, network's, log.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "acks.h"
#include "confer/confer.h"
#include "follower.h"
#include "keeper.h"
#include "listeners.h"
#include "log.h"
#include "network.h"
#include "options.h"
#include "provenance.h"
#include "replica.h"
#include "scope.h"

struct confer_client {
        confer_options *options;
        char *instance;
        Log log;
        Scope scope;
        Provenance *provenance;
        Replica replica;
        Listeners listeners;
        Acks acks;
        Verdicts verdicts; /* what listeners make of values, to the acks */
        Follower follower;
        Keeper keeper;
        Network network;

        confer_state_fn on_state; /* set before it is started */
        void *on_state_context;

        _Atomic int state;      /* confer_state; written under the lock */
        _Atomic int last_error; /* confer_error */
        pthread_mutex_t lock;
        pthread_cond_t changed; /* the state, or what is known, is another one */

        pthread_mutex_t lifecycle; /* held while it starts, and while it stops */
        bool is_started;
        bool is_stopped;
        _Atomic bool is_closing; /* stop was asked for */
        pthread_t dispatcher;
        bool has_dispatcher;
};

/* Moves to another state, if that is allowed from this one. Network thread, or whoever stops. */
void client_move(confer_client *client, confer_state to);

/* Wakes those that wait for it to be ready. */
void client_signal(confer_client *client);
