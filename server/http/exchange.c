#include <stdio.h>
#include <string.h>

#include "http/exchange.h"
#include "http/server_private.h"
#include "model/digits.h"
#include "model/name.h"
#include "util/clock.h"

/* Bodies above this size are parsed by a worker: below it, parsing costs less than 1 ms of the loop's time.
 */
#define INLINE_BODY_MAX ((size_t)32 * 1024)

#define API_PREFIX SPAN_LITERAL("/api/")

static bool read_unknown(Request *request) {
        char allow[sizeof(request->reply.allow)];

        memcpy(allow, request->reply.allow, sizeof(allow));
        if (!allow[0])
                reply_refusal(request, REASON_NOT_FOUND, NULL,
                              "there is nothing at this path; /openapi.yaml describes what there is");
        else
                reply_refusal(request, REASON_METHOD_NOT_ALLOWED, NULL, "this path knows the methods %s",
                              allow);
        memcpy(request->reply.allow, allow, sizeof(allow));
        return true;
}

/* What does not exist is told to those alone who have credentials, as far as it could be a part of the API.
 */
static const Route unknown_route = { .right = RIGHT_PUBLIC, .action = "request", .read = read_unknown };
static const Route unknown_api_route = { .right = RIGHT_AUTHENTICATED,
                                         .action = "request",
                                         .read = read_unknown };

static void dispose(void *memory) {
        Exchange *exchange = memory;

        request_deinit(&exchange->request);
        exchange->loop->n_in_flight--;
        loop_tell_if_drained(exchange->loop);
}

static void take_header(Exchange *exchange, const h2o_header_t *header) {
        static const struct {
                const h2o_token_t *token;
                size_t offset;
        } known[] = {
                { H2O_TOKEN_AUTHORIZATION, offsetof(Exchange, credentials.authorization) },
                { H2O_TOKEN_COOKIE, offsetof(Exchange, credentials.cookie) },
                { H2O_TOKEN_IF_MATCH, offsetof(Exchange, request.if_match) },
                { H2O_TOKEN_IF_NONE_MATCH, offsetof(Exchange, request.if_none_match) },
        };
        static const struct {
                Span name;
                size_t offset;
        } named[] = {
                { SPAN_LITERAL("origin"), offsetof(Exchange, credentials.origin) },
                { SPAN_LITERAL("x-confer-csrf"), offsetof(Exchange, credentials.csrf) },
        };
        Span value = span_from_iovec(header->value);

        if (h2o_iovec_is_token(header->name)) {
                for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                        if (header->name == &known[i].token->buf)
                                *(Span *)((char *)exchange + known[i].offset) = value;
                return;
        }
        for (size_t i = 0; i < ARRAY_SIZE(named); i++)
                if (span_equal(span_from_iovec(*header->name), named[i].name))
                        *(Span *)((char *)exchange + named[i].offset) = value;
}

/* Return: how large the request's head is, about: request line and header fields. */
static size_t take_headers(Exchange *exchange) {
        const h2o_req_t *h2o = exchange->h2o;
        size_t size = h2o->method.len + h2o->path.len;

        for (size_t i = 0; i < h2o->headers.size; i++) {
                take_header(exchange, &h2o->headers.entries[i]);
                size += h2o->headers.entries[i].name->len + h2o->headers.entries[i].value.len + 4;
        }
        return size;
}

static bool is_unsafe(Span method) {
        return !span_equal_string(method, "GET") && !span_equal_string(method, "HEAD");
}

/* Splits the target in two, and finds the route of its path. */
static void find_route(Exchange *exchange) {
        const ServerOptions *options = &exchange->loop->server->options;
        Request *request = &exchange->request;
        Span path = span_from_iovec(exchange->h2o->path);
        const char *mark = memchr(path.data, '?', path.size);
        RouteMatch match;

        if (mark) {
                exchange->query = (Span){ mark + 1, (size_t)(path.data + path.size - mark - 1) };
                path.size = (size_t)(mark - path.data);
        }

        match = router_match(options->routes, options->n_routes, span_from_iovec(exchange->h2o->method),
                             path);
        request->route = match.route;
        memcpy(request->params, match.params, sizeof(match.params));
        if (!match.route) {
                request->route = span_starts_with(path, API_PREFIX) ? &unknown_api_route : &unknown_route;
                memset(request->params, 0, sizeof(request->params));
                memcpy(request->reply.allow, match.allow, sizeof(match.allow));
        }
}

static Exchange *exchange_new(Loop *loop, h2o_req_t *h2o) {
        Exchange *exchange = h2o_mem_alloc_shared(&h2o->pool, sizeof(*exchange), dispose);
        Span method = span_from_iovec(h2o->method);

        memset(exchange, 0, sizeof(*exchange));
        exchange->loop = loop;
        exchange->h2o = h2o;
        exchange->began_at_us = clock_monotonic_us();
        exchange->request.app = loop->server->options.app;
        exchange->request.catalog = &loop->catalog;
        exchange->request.body = span_from_iovec(h2o->entity);
        exchange->request.is_head = span_equal_string(method, "HEAD");
        exchange->request.address = span_from_string(connection_of(h2o)->address);
        exchange->credentials.address = exchange->request.address;
        exchange->credentials.host = span_from_iovec(h2o->authority);
        exchange->credentials.is_unsafe = is_unsafe(method);
        exchange->is_large = h2o->entity.len > INLINE_BODY_MAX;
        loop->n_in_flight++;
        return exchange;
}

static bool is_plain(Span text, bool plus_is_space) {
        return text.size == 0 ||
               (!memchr(text.data, '%', text.size) && !(plus_is_space && memchr(text.data, '+', text.size)));
}

/* Decodes percent escapes into the request's pool; what has none stays where it is. */
static bool decode(Exchange *exchange, Span text, bool plus_is_space, Span *ret_decoded) {
        char *to, *begin;

        if (is_plain(text, plus_is_space)) {
                *ret_decoded = text;
                return true;
        }

        to = begin = h2o_mem_alloc_pool(&exchange->h2o->pool, text.size);
        for (size_t i = 0; i < text.size; i++) {
                if (text.data[i] == '%') {
                        int high = i + 2 < text.size ? hex_value(text.data[i + 1]) : -1;
                        int low = i + 2 < text.size ? hex_value(text.data[i + 2]) : -1;

                        if (high < 0 || low < 0)
                                return false;
                        *to++ = (char)(high * 16 + low);
                        i += 2;
                } else
                        *to++ = plus_is_space && text.data[i] == '+' ? ' ' : text.data[i];
        }

        *ret_decoded = (Span){ begin, (size_t)(to - begin) };
        return true;
}

static bool name_is_valid(RouteParam param, Span name) {
        switch (param) {
        case PARAM_NAMESPACE:
                return namespace_is_valid(name);
        case PARAM_KEY:
                return key_is_valid(name);
        default:
                return true; /* its handler knows */
        }
}

static bool take_params(Exchange *exchange) {
        static const char *const fields[ROUTE_PARAMS_MAX] = { "namespace", "key", NULL };
        static const char *const rules[ROUTE_PARAMS_MAX] = {
                "a namespace is 1 to 4 segments of a-z, 0-9, _ and -, each up to 63 long, joined by dots",
                "a key is 1 to 255 of A-Z, a-z, 0-9 and ._@:+- and does not begin with a dot",
                "it is not percent-encoded as it should be",
        };
        Request *request = &exchange->request;

        for (RouteParam i = 0; i < ROUTE_PARAMS_MAX; i++) {
                if (!request->params[i].data)
                        continue;
                if (!decode(exchange, request->params[i], false, &request->params[i]) ||
                    !name_is_valid(i, request->params[i])) {
                        reply_refusal(request, REASON_INVALID_NAME, fields[i], "%s", rules[i]);
                        return false;
                }
        }
        return true;
}

/* Finds @name among the words in @names. Return: what follows it, or NULL. */
static const char *find_listed(const char *names, Span name) {
        const char *at = names ? names : "";

        while (*at) {
                size_t size = 0;

                while (at[size] > '*') /* what ends a word is below: a star, a space, the end */
                        size++;
                if (span_equal((Span){ at, size }, name))
                        return at + size;
                for (at += size; *at == ' ' || *at == '*';)
                        at++;
        }
        return NULL;
}

static bool is_given(const Request *request, Span name) {
        for (size_t i = 0; i < request->n_parameters; i++)
                if (span_equal(request->parameters[i].name, name))
                        return true;
        return false;
}

static bool refuse_parameter(Request *request, Reason reason, Span name, const char *problem) {
        char shown[65];

        (void)snprintf(shown, sizeof(shown), "%.*s", (int)MIN(name.size, sizeof(shown) - 1), name.data);
        reply_refusal(request, reason, shown, "%s", problem);
        return false;
}

/* @is_decoded: there is nothing to decode in the whole query */
static bool take_parameter(Exchange *exchange, Span text, bool is_decoded) {
        Request *request = &exchange->request;
        const char *equals = memchr(text.data, '=', text.size);
        Span raw_name = { text.data, equals ? (size_t)(equals - text.data) : text.size };
        Span raw_value = equals ? (Span){ equals + 1, text.size - raw_name.size - 1 } : (Span){ "", 0 };
        Span name = raw_name, value = raw_value;
        const char *listed;

        if (!is_decoded &&
            (!decode(exchange, raw_name, true, &name) || !decode(exchange, raw_value, true, &value))) {
                reply_refusal(request, REASON_INVALID_PARAMETER, "query",
                              "a %% is not followed by two hex digits");
                return false;
        }

        listed = find_listed(request->route->parameters, name);
        if (!listed)
                return refuse_parameter(request, REASON_UNKNOWN_PARAMETER, name,
                                        "there is no query parameter of this name here");
        if (*listed != '*' && is_given(request, name))
                return refuse_parameter(request, REASON_INVALID_PARAMETER, name, "it is given twice");
        if (request->n_parameters == PARAMETERS_MAX)
                return refuse_parameter(request, REASON_INVALID_PARAMETER, name, "it is given too often");

        request->parameters[request->n_parameters++] = (Parameter){ name, value };
        return true;
}

static bool take_parameters(Exchange *exchange) {
        Span rest = exchange->query;
        bool is_decoded = is_plain(rest, true);

        while (rest.size > 0) {
                const char *ampersand = memchr(rest.data, '&', rest.size);
                size_t size = ampersand ? (size_t)(ampersand - rest.data) : rest.size;

                if (size > 0 && !take_parameter(exchange, (Span){ rest.data, size }, is_decoded))
                        return false;
                rest = ampersand ? (Span){ ampersand + 1, rest.size - size - 1 } : SPAN_NULL;
        }
        return true;
}

static bool check_size(Exchange *exchange) {
        const ServerOptions *options = &exchange->loop->server->options;
        Request *request = &exchange->request;

        if (request->body.size > options->body_max_bytes) {
                reply_refusal(request, REASON_BODY_TOO_LARGE, NULL, "the body has more than %zu bytes",
                              options->body_max_bytes);
                return false;
        }
        if (request->body.size > 0 && !request->route->has_body && request->route->right != RIGHT_PUBLIC) {
                reply_refusal(request, REASON_MALFORMED_BODY, NULL, "this request takes no body");
                return false;
        }
        return true;
}

/* Whoever asks is known: may they, and is what they ask well-formed? */
static void admit(Exchange *exchange) {
        Request *request = &exchange->request;
        bool is_known = request->route != &unknown_route && request->route != &unknown_api_route;

        if (request_key(request).data)
                catalog_prefetch_release(request->catalog, request_namespace(request), request_key(request));
        if (is_known && (!take_params(exchange) || !take_parameters(exchange) || !check_size(exchange))) {
                exchange_send(exchange);
                return;
        }
        if (request->route->right > RIGHT_AUTHENTICATED &&
            !request_may(request, request->route->right, request_namespace(request))) {
                exchange_finish(exchange);
                return;
        }
        exchange_run(exchange);
}

static void judge(Exchange *exchange) {
        Request *request = &exchange->request;

        switch (exchange->verdict) {
        case ACCESS_GRANTED:
                admit(exchange);
                return;
        case ACCESS_CSRF_FAILED:
                reply_refusal(
                        request, REASON_CSRF_FAILED, NULL,
                        "a browser's request needs the session's X-Confer-CSRF and an Origin of this server");
                exchange_finish(exchange);
                return;
        case ACCESS_TOO_MANY_FAILURES:
                reply_refusal(request, REASON_TOO_MANY_REQUESTS, NULL,
                              "too many wrong passwords came from this address: wait a minute");
                exchange_send(exchange);
                return;
        default:
                reply_refusal(request, REASON_UNAUTHENTICATED, NULL,
                              "this needs credentials: send Authorization: Bearer TOKEN");
                exchange_finish(exchange);
        }
}

static void hash_password(Exchange *exchange, _unused_ WorkerState *state) {
        exchange->verdict =
                access_authenticate_slowly(exchange->loop->server->parts.access, &exchange->credentials,
                                           clock_wall_ms(), &exchange->request.principal);
}

static void authenticate(Exchange *exchange) {
        const ServerParts *parts = &exchange->loop->server->parts;

        exchange->verdict = access_authenticate(parts->access, &exchange->credentials, clock_wall_ms(),
                                                &exchange->request.principal);
        if (exchange->verdict == ACCESS_NEEDS_HASHING)
                exchange_offload(exchange, parts->hasher, hash_password, judge);
        else
                judge(exchange);
}

/* A login brings no credentials yet, but a page of another server must not try passwords through a browser.
 */
static void admit_anybody(Exchange *exchange) {
        exchange->verdict = exchange->credentials.is_unsafe && access_is_foreign(&exchange->credentials)
                                    ? ACCESS_CSRF_FAILED
                                    : ACCESS_GRANTED;
        judge(exchange);
}

void exchange_begin(Loop *loop, h2o_req_t *h2o) {
        Exchange *exchange = exchange_new(loop, h2o);
        Request *request = &exchange->request;

        find_route(exchange);
        if (request_key(request).data)
                catalog_prefetch_slot(request->catalog, request_namespace(request), request_key(request));
        if (take_headers(exchange) > loop->server->options.headers_max_bytes) {
                reply_refusal(request, REASON_HEADERS_TOO_LARGE, NULL,
                              "the request line and headers have more than %zu bytes",
                              loop->server->options.headers_max_bytes);
                exchange_send(exchange);
                return;
        }
        request->cookie = exchange->credentials.cookie;

        if (loop->is_closed) {
                reply_refusal(request, REASON_NOT_READY, NULL, "the server is stopping");
                exchange_send(exchange);
        } else if (!loop->is_ready && (request->route->right != RIGHT_PUBLIC || request->route->prepare)) {
                reply_refusal(request, REASON_NOT_READY, NULL,
                              "the server is starting: try again in a moment");
                exchange_send(exchange);
        } else if (request->route->right == RIGHT_PUBLIC)
                admit_anybody(exchange);
        else
                authenticate(exchange);
}
