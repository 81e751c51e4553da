/*
 * The route table: what a request may be, which right it takes, and who answers it.
 *
 * A new resource is a row in the table (api/routes.c) and a file with its handlers. Handlers know nothing of
 * sockets, threads or libh2o. There are four kinds of answer:
 *
 *   read    from the catalog, on the loop thread: no lock, no disk, no waiting
 *   query   from the store, on a worker thread, with a reader
 *   write   prepare() makes a command of the request; the store executes it; answer() tells the result
 *   hold    later, or never: whoever takes the exchange (http/exchange.h) over answers it when there is
 *           something to say, or makes a connection of another protocol of it. A read and a query may come
 *           before it: where they make no reply, hold() goes on
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "access/access.h"
#include "model/span.h"
#include "store/command.h"
#include "store/reader.h"

/* What a path may name, each by its placeholder. */
typedef enum RouteParam {
        PARAM_NAMESPACE, /* {ns} */
        PARAM_KEY,       /* {key} */
        PARAM_LAST,      /* any other: a version, a mirror */
        ROUTE_PARAMS_MAX,
} RouteParam;

typedef struct Request Request;

typedef struct Route {
        const char *method;
        const char *path;       /* "/api/v1/namespaces/{ns}/configs/{key}" */
        Right right;            /* in the namespace {ns}, or everywhere where the path names none */
        const char *action;     /* the audit action of a refusal: "config.publish" */
        const char *parameters; /* names of the query parameters that it knows, by spaces; or NULL. Those with
                                   a star may be repeated: "limit tag*" */
        bool has_body;          /* a body is read; without it, one that comes is refused */

        bool is_slow; /* prepare() hashes a password: never on a loop thread */

        /* Return: true with the reply made; false to go on with query(). @thread loop */
        bool (*read)(Request *request);
        /* @thread worker */
        void (*query)(Request *request, Reader *reader);
        /* Return: true with request->command made; false with the reply made. @thread loop, or worker for a
         * large body */
        bool (*prepare)(Request *request);
        /* Called when the command has succeeded. @thread loop */
        void (*answer)(Request *request);
        /* Return: true with the exchange taken over; false with the reply made. @thread loop */
        bool (*hold)(Request *request);
} Route;

typedef struct RouteMatch {
        const Route *route;            /* NULL: no route has this path, or none with this method */
        Span params[ROUTE_PARAMS_MAX]; /* as they stand in the path, percent-encoded */
        char allow[64]; /* where the path exists, but not the method: those that do, for the Allow header;
                           else "" */
} RouteMatch;

/* @path: without the query. HEAD matches what GET does. */
RouteMatch router_match(const Route *routes, size_t n_routes, Span method, Span path);

/* Whether every route has a right, an action and handlers; names the first that has not in @ret_problem. */
bool router_check(const Route *routes, size_t n_routes, Problem *ret_problem);
