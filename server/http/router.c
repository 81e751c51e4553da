#include <stdio.h>
#include <string.h>

#include "http/route.h"

/* Takes what stands before the next slash. */
static Span take_segment(Span *path) {
        const char *slash = memchr(path->data, '/', path->size);
        Span segment = { path->data, slash ? (size_t)(slash - path->data) : path->size };

        span_drop(path, segment.size);
        return segment;
}

static RouteParam param_of(Span placeholder) {
        if (span_equal_string(placeholder, "{ns}"))
                return PARAM_NAMESPACE;
        return span_equal_string(placeholder, "{key}") ? PARAM_KEY : PARAM_LAST;
}

/* Most routes differ from a path within a few characters, which are sooner compared than cut into segments.
 */
static bool path_matches(const Route *route, Span path, Span params[ROUTE_PARAMS_MAX]) {
        Span pattern = span_from_string(route->path);

        for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
                params[i] = SPAN_NULL; /* a route that was tried before may have left one */
        while (pattern.size > 0) {
                if (*pattern.data == '{') {
                        Span segment = take_segment(&path);

                        if (segment.size == 0)
                                return false;
                        params[param_of(take_segment(&pattern))] = segment;
                } else if (span_take_char(&path, *pattern.data))
                        span_drop(&pattern, 1);
                else
                        return false;
        }
        return path.size == 0;
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
