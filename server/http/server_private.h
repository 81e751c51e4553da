/*
 * The server's inside, for the files of http/ alone.
 */
#pragma once

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

        /* Set before the loops are told that they are ready. */
        Store *store;
        Access *access;
        Workers *workers;

        size_t n_loops;
        Loop loops[];
};

/* Open on all loops together. @thread any */
size_t server_n_connections(const Server *server);
