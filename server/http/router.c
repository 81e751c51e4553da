#include <stdio.h>
#include <string.h>

#include "http/route.h"

/* Cuts the next segment off the front of *path, which begins with a slash. */
static Span next_segment(Span *path) {
        const char *begin = path->data + 1, *end = path->data + path->size;
        const char *slash = memchr(begin, '/', (size_t)(end - begin));
        const char *stop = slash ? slash : end;

        *path = (Span){ stop, (size_t)(end - stop) };
        return (Span){ begin, (size_t)(stop - begin) };
}

static RouteParam param_of(Span placeholder) {
        if (span_equal_string(placeholder, "{ns}"))
                return PARAM_NAMESPACE;
        return span_equal_string(placeholder, "{key}") ? PARAM_KEY : PARAM_LAST;
}

static bool path_matches(const Route *route, Span path, Span params[ROUTE_PARAMS_MAX]) {
        Span pattern = span_from_string(route->path);

        for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
                params[i] = SPAN_NULL; /* a route that was tried before may have left one */
        while (pattern.size > 0 && path.size > 0 && path.data[0] == '/') {
                Span wanted = next_segment(&pattern), segment = next_segment(&path);

                if (wanted.size > 0 && wanted.data[0] == '{') {
                        if (segment.size == 0)
                                return false;
                        params[param_of(wanted)] = segment;
                } else if (!span_equal(wanted, segment))
                        return false;
        }
        return pattern.size == 0 && path.size == 0;
}

static bool method_matches(const Route *route, Span method) {
        return span_equal_string(method, route->method) ||
               (span_equal_string(method, "HEAD") && strcmp(route->method, "GET") == 0);
}

static void append_allowed(RouteMatch *match, const char *method) {
        size_t used = strlen(match->allow);

        (void)snprintf(match->allow + used, sizeof(match->allow) - used, "%s%s%s", used ? ", " : "", method,
                       strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

RouteMatch router_match(const Route *routes, size_t n_routes, Span method, Span path) {
        RouteMatch match = { 0 };

        for (size_t i = 0; i < n_routes; i++) {
                if (!path_matches(&routes[i], path, match.params))
                        continue;
                if (method_matches(&routes[i], method)) {
                        match.route = &routes[i];
                        match.allow[0] = '\0';
                        return match;
                }
                append_allowed(&match, routes[i].method);
        }
        return match;
}

static bool has_handlers(const Route *route) {
        if (route->prepare || route->answer)
                return route->prepare && route->answer && !route->read && !route->query && !route->hold;
        return route->hold ? !route->read == !route->query : route->read || route->query;
}

bool router_check(const Route *routes, size_t n_routes, Problem *ret_problem) {
        for (size_t i = 0; i < n_routes; i++) {
                const Route *route = &routes[i];

                if (route->right <= RIGHT_UNSET || route->right >= RIGHT_N || !route->action ||
                    !has_handlers(route)) {
                        problem_set(ret_problem, route->path,
                                    "the route %s %s has no right, action or handlers", route->method,
                                    route->path);
                        return false;
                }
        }
        return true;
}
