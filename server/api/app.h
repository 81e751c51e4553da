/*
 * What the handlers know of the program around them.
 */
#pragma once

#include <stdint.h>

#include "access/access.h"
#include "http/request.h"
#include "http/server.h"
#include "mirror/election.h"
#include "mirror/mirror.h"
#include "store/store.h"
#include "util/metrics.h"

typedef struct App {
        const char *version; /* of the program */
        int64_t started_at_ms;
        size_t content_max_bytes;
        size_t n_threads;
        bool metrics_public;
        Access *access;
        Store *store; /* NULL until it is open */
        Mirrors *mirrors;
        Election *election; /* NULL: none is asked for */
        Server *server;     /* for its counters */
        const WorkerState *workers;
        size_t n_workers;
        _Atomic bool is_ready;
} App;

static inline App *app_of(const Request *request) {
        return request->app;
}
