/*
 * The server's inside, for the files of http/ alone.
 */
#pragma once

#include <semaphore.h>

#include "http/access_log.h"
#include "http/h2o.h"
#include "http/loop.h"
#include "http/server.h"

struct Server {
        ServerOptions options;
        h2o_globalconf_t config;
        uint16_t port;
        AccessLog *access_log; /* or NULL */
        Denials *denials;

        ServerParts parts; /* set before the loops are told that they are ready */
        sem_t drained;     /* posted by each loop that has nothing under way any more */

        _Atomic size_t n_connections; /* open on all loops together */

        size_t n_loops;
        Loop loops[];
};
