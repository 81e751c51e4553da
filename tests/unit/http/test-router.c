#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/routes.h"
#include "http/route.h"
#include "model/buf.h"
#include "model/macros.h"

static bool read_nothing(Request *request _unused_) {
        return true;
}

static void query_nothing(Request *request _unused_, Reader *reader _unused_) {
}

static bool prepare_nothing(Request *request _unused_) {
        return true;
}

static void answer_nothing(Request *request _unused_) {
}

#define READ_ROUTE(method, path)                                                                             \
        { method, path, RIGHT_READER, "config.read", .read = read_nothing }

static const Route table[] = {
        READ_ROUTE("GET", "/healthz"),
        READ_ROUTE("GET", "/v1/things/{ns}/{key}/versions/{n}"),
        READ_ROUTE("GET", "/v1/things/{ns}/{key}"),
        READ_ROUTE("PUT", "/v1/things/{ns}/{key}"),
        READ_ROUTE("DELETE", "/v1/things/{ns}/{key}"),
        READ_ROUTE("POST", "/v1/things/{ns}/{key}/publish"),
        READ_ROUTE("GET", "/v1/things"),
        READ_ROUTE("POST", "/v1/things"),
};

static RouteMatch match(const char *method, const char *path) {
        return router_match(table, ARRAY_SIZE(table), span_from_string(method), span_from_string(path));
}

static void assert_route(const char *method, const char *path, const char *expected_method,
                         const char *expected_path) {
        RouteMatch found = match(method, path);

        assert_non_null(found.route);
        assert_string_equal(found.route->method, expected_method);
        assert_string_equal(found.route->path, expected_path);
        assert_string_equal(found.allow, "");
}

static void assert_no_such_path(const char *path) {
        static const char *const methods[] = { "GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS" };

        for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
                RouteMatch found = match(methods[i], path);

                if (found.route || found.allow[0])
                        fail_msg("%s %s is known", methods[i], path);
        }
}

static void assert_allowed(const char *method, const char *path, const char *expected) {
        RouteMatch found = match(method, path);

        assert_null(found.route);
        assert_string_equal(found.allow, expected);
}

static void test_a_path_without_parameters_is_matched_as_it_stands(void **state _unused_) {
        assert_route("GET", "/healthz", "GET", "/healthz");
        assert_route("POST", "/v1/things", "POST", "/v1/things");
        assert_no_such_path("/health");
        assert_no_such_path("/healthzz");
        assert_no_such_path("/HEALTHZ");
}

static void test_parameters_are_the_segments_in_their_places(void **state _unused_) {
        RouteMatch found = match("GET", "/v1/things/prod.acme/app.json/versions/12");

        assert_non_null(found.route);
        assert_string_equal(found.route->path, "/v1/things/{ns}/{key}/versions/{n}");
        assert_true(span_equal_string(found.params[0], "prod.acme"));
        assert_true(span_equal_string(found.params[1], "app.json"));
        assert_true(span_equal_string(found.params[2], "12"));
}

static void test_parameters_that_a_route_has_not_are_absent(void **state _unused_) {
        RouteMatch found = match("GET", "/v1/things/prod/app");

        assert_non_null(found.route);
        assert_true(span_equal_string(found.params[1], "app"));
        assert_null(found.params[2].data);
        found = match("GET", "/v1/things");
        assert_non_null(found.route);
        assert_null(found.params[0].data);
}

/* Nothing is left of a route that was tried before, and did not match. */
static void test_parameters_are_those_of_the_route_that_matches(void **state _unused_) {
        static const Route similar[] = {
                READ_ROUTE("GET", "/v1/{ns}/{key}/{n}"),
                READ_ROUTE("GET", "/v1/status/all"),
        };
        RouteMatch found = router_match(similar, ARRAY_SIZE(similar), SPAN_LITERAL("GET"),
                                        SPAN_LITERAL("/v1/status/all"));

        assert_ptr_equal(found.route, &similar[1]);
        for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
                assert_null(found.params[i].data);
}

static void test_parameters_stand_as_they_are_encoded(void **state _unused_) {
        RouteMatch found = match("GET", "/v1/things/a%2Fb/%20+%zz");

        assert_non_null(found.route);
        assert_true(span_equal_string(found.params[0], "a%2Fb"));
        assert_true(span_equal_string(found.params[1], "%20+%zz"));
}

static void test_a_parameter_borrows_from_the_path(void **state _unused_) {
        const char *path = "/v1/things/prod/app";
        RouteMatch found = match("GET", path);

        assert_ptr_equal(found.params[0].data, path + strlen("/v1/things/"));
}

static void test_the_method_chooses_among_routes_of_one_path(void **state _unused_) {
        assert_route("GET", "/v1/things/a/b", "GET", "/v1/things/{ns}/{key}");
        assert_route("PUT", "/v1/things/a/b", "PUT", "/v1/things/{ns}/{key}");
        assert_route("DELETE", "/v1/things/a/b", "DELETE", "/v1/things/{ns}/{key}");
}

static void test_head_matches_what_get_does(void **state _unused_) {
        assert_route("HEAD", "/healthz", "GET", "/healthz");
        assert_route("HEAD", "/v1/things/a/b", "GET", "/v1/things/{ns}/{key}");
}

static void test_head_does_not_match_where_there_is_no_get(void **state _unused_) {
        assert_allowed("HEAD", "/v1/things/a/b/publish", "POST");
}

static void test_a_wrong_method_is_told_which_are_allowed(void **state _unused_) {
        assert_allowed("POST", "/healthz", "GET, HEAD");
        assert_allowed("POST", "/v1/things/a/b", "GET, HEAD, PUT, DELETE");
        assert_allowed("PATCH", "/v1/things", "GET, HEAD, POST");
        assert_allowed("GET", "/v1/things/a/b/publish", "POST");
}

static void test_methods_are_told_apart_by_case(void **state _unused_) {
        assert_allowed("get", "/healthz", "GET, HEAD");
        assert_allowed("Head", "/healthz", "GET, HEAD");
        assert_allowed("", "/healthz", "GET, HEAD");
        assert_allowed("GETT", "/healthz", "GET, HEAD");
        assert_allowed("GE", "/healthz", "GET, HEAD");
}

static void test_a_trailing_slash_makes_another_path(void **state _unused_) {
        assert_no_such_path("/healthz/");
        assert_no_such_path("/v1/things/");
        assert_no_such_path("/v1/things/a/b/");
        assert_no_such_path("/v1/things/a/b/publish/");
}

static void test_an_empty_segment_is_no_parameter(void **state _unused_) {
        assert_no_such_path("/v1/things//b");
        assert_no_such_path("/v1/things/a/");
        assert_no_such_path("/v1/things//");
        assert_no_such_path("/v1/things/a/b/versions/");
        assert_no_such_path("//v1/things");
        assert_no_such_path("/v1//things");
}

static void test_a_path_that_is_too_short_or_too_long_is_unknown(void **state _unused_) {
        assert_no_such_path("/");
        assert_no_such_path("/v1");
        assert_no_such_path("/v1/things/a");
        assert_no_such_path("/v1/things/a/b/c");
        assert_no_such_path("/v1/things/a/b/versions");
        assert_no_such_path("/v1/things/a/b/versions/1/2");
}

static void test_a_target_that_is_no_path_is_unknown(void **state _unused_) {
        assert_no_such_path("");
        assert_no_such_path("*");
        assert_no_such_path("healthz");
        assert_no_such_path("x/healthz");
        assert_no_such_path("/healthz?");
}

/* Paths come out of a larger buffer, without a NUL. */
static void test_nothing_is_read_past_the_end_of_the_path(void **state _unused_) {
        static const char whole[] = "/v1/things/prod/app/versions/12";

        for (size_t size = 0; size < sizeof(whole); size++) {
                char *path = malloc(size + 1);
                RouteMatch found;

                assert_non_null(path);
                memcpy(path, whole, size);
                found = router_match(table, ARRAY_SIZE(table), SPAN_LITERAL("GET"), (Span){ path, size });
                for (size_t i = 0; found.route && i < ROUTE_PARAMS_MAX; i++)
                        if (found.params[i].data)
                                assert_true(found.params[i].data + found.params[i].size <= path + size);
                free(path);
        }
}

static void test_without_routes_every_path_is_unknown(void **state _unused_) {
        RouteMatch found = router_match(NULL, 0, SPAN_LITERAL("GET"), SPAN_LITERAL("/healthz"));

        assert_null(found.route);
        assert_string_equal(found.allow, "");
}

/*
 * What a route has to have.
 */

static const Route sound = { "GET", "/sound", RIGHT_READER, "config.read", .read = read_nothing };

static void assert_sound(Route route) {
        Problem problem = PROBLEM_NULL;

        assert_true(router_check((Route[]){ sound, route }, 2, &problem));
        assert_string_equal(problem.text, "");
}

static void assert_unsound(Route route) {
        Problem problem = PROBLEM_NULL;

        route.method = "PUT";
        route.path = "/unsound";
        assert_false(router_check((Route[]){ sound, route, sound }, 3, &problem));
        assert_string_equal(problem.field, "/unsound");
        assert_non_null(strstr(problem.text, "PUT /unsound"));
}

static void test_a_route_without_a_right_is_refused(void **state _unused_) {
        assert_unsound((Route){ .action = "config.read", .read = read_nothing });
        assert_unsound((Route){ .right = RIGHT_UNSET, .action = "config.read", .read = read_nothing });
        assert_unsound((Route){ .right = RIGHT_N, .action = "config.read", .read = read_nothing });
}

static void test_a_route_with_any_right_is_sound(void **state _unused_) {
        for (Right right = RIGHT_UNSET + 1; right < RIGHT_N; right++)
                assert_sound((Route){ "GET", "/other", right, "config.read", .read = read_nothing });
}

static void test_a_route_without_an_action_is_refused(void **state _unused_) {
        assert_unsound((Route){ .right = RIGHT_READER, .read = read_nothing });
}

static void test_a_route_without_handlers_is_refused(void **state _unused_) {
        assert_unsound((Route){ .right = RIGHT_READER, .action = "config.read" });
}

static void test_a_route_with_half_a_write_is_refused(void **state _unused_) {
        assert_unsound((Route){ .right = RIGHT_EDITOR, .action = "config.save", .prepare = prepare_nothing });
        assert_unsound((Route){ .right = RIGHT_EDITOR, .action = "config.save", .answer = answer_nothing });
}

static void test_a_route_that_both_reads_and_writes_is_refused(void **state _unused_) {
        assert_unsound((Route){ .right = RIGHT_EDITOR,
                                .action = "config.save",
                                .read = read_nothing,
                                .prepare = prepare_nothing,
                                .answer = answer_nothing });
        assert_unsound((Route){ .right = RIGHT_EDITOR,
                                .action = "config.save",
                                .query = query_nothing,
                                .prepare = prepare_nothing,
                                .answer = answer_nothing });
}

static void test_reads_queries_and_writes_are_sound(void **state _unused_) {
        assert_sound((Route){ "GET", "/other", RIGHT_READER, "config.read", .read = read_nothing });
        assert_sound((Route){ "GET", "/other", RIGHT_READER, "config.read", .query = query_nothing });
        assert_sound((Route){ "GET", "/other", RIGHT_READER, "config.read", .read = read_nothing,
                              .query = query_nothing });
        assert_sound((Route){ "PUT", "/other", RIGHT_EDITOR, "config.save", .prepare = prepare_nothing,
                              .answer = answer_nothing });
}

static void test_a_hold_stands_alone_or_behind_a_read_and_a_query(void **state _unused_) {
        assert_sound((Route){ "GET", "/other", RIGHT_READER, "config.read", .hold = read_nothing });
        assert_sound((Route){ "POST", "/other", RIGHT_READER, "config.read", .read = read_nothing,
                              .query = query_nothing, .hold = read_nothing });
        assert_unsound((Route){
                .right = RIGHT_READER, .action = "config.read", .read = read_nothing, .hold = read_nothing });
        assert_unsound((Route){ .right = RIGHT_READER,
                                .action = "config.read",
                                .query = query_nothing,
                                .hold = read_nothing });
        assert_unsound((Route){ .right = RIGHT_READER,
                                .action = "config.read",
                                .prepare = prepare_nothing,
                                .answer = answer_nothing,
                                .hold = read_nothing });
}

/*
 * The program's own table.
 */

static void test_the_routes_of_the_program_are_sound(void **state _unused_) {
        size_t n_routes;
        Route *routes = routes_new(false, &n_routes);
        Problem problem = PROBLEM_NULL;

        if (!router_check(routes, n_routes, &problem))
                fail_msg("%s", problem.text);
        free(routes);
}

/* "/namespaces/{ns}" becomes "/namespaces/x". */
static void fill_path(Buf *buf, const char *pattern) {
        for (const char *at = pattern; *at; at++) {
                if (*at != '{') {
                        buf_append_char(buf, *at);
                        continue;
                }
                buf_append_char(buf, 'x');
                at = strchr(at, '}');
        }
}

static void test_every_route_of_the_program_is_reached(void **state _unused_) {
        size_t n_routes;
        Route *routes = routes_new(true, &n_routes);

        for (size_t i = 0; i < n_routes; i++) {
                _cleanup_(buf_deinit) Buf path = BUF_NULL;

                fill_path(&path, routes[i].path);
                if (router_match(routes, n_routes, span_from_string(routes[i].method), buf_span(&path))
                            .route != &routes[i])
                        fail_msg("%s %s is not reached", routes[i].method, routes[i].path);
        }
        free(routes);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_path_without_parameters_is_matched_as_it_stands),
                cmocka_unit_test(test_parameters_are_the_segments_in_their_places),
                cmocka_unit_test(test_parameters_that_a_route_has_not_are_absent),
                cmocka_unit_test(test_parameters_are_those_of_the_route_that_matches),
                cmocka_unit_test(test_parameters_stand_as_they_are_encoded),
                cmocka_unit_test(test_a_parameter_borrows_from_the_path),
                cmocka_unit_test(test_the_method_chooses_among_routes_of_one_path),
                cmocka_unit_test(test_head_matches_what_get_does),
                cmocka_unit_test(test_head_does_not_match_where_there_is_no_get),
                cmocka_unit_test(test_a_wrong_method_is_told_which_are_allowed),
                cmocka_unit_test(test_methods_are_told_apart_by_case),
                cmocka_unit_test(test_a_trailing_slash_makes_another_path),
                cmocka_unit_test(test_an_empty_segment_is_no_parameter),
                cmocka_unit_test(test_a_path_that_is_too_short_or_too_long_is_unknown),
                cmocka_unit_test(test_a_target_that_is_no_path_is_unknown),
                cmocka_unit_test(test_nothing_is_read_past_the_end_of_the_path),
                cmocka_unit_test(test_without_routes_every_path_is_unknown),
                cmocka_unit_test(test_a_route_without_a_right_is_refused),
                cmocka_unit_test(test_a_route_with_any_right_is_sound),
                cmocka_unit_test(test_a_route_without_an_action_is_refused),
                cmocka_unit_test(test_a_route_without_handlers_is_refused),
                cmocka_unit_test(test_a_route_with_half_a_write_is_refused),
                cmocka_unit_test(test_a_route_that_both_reads_and_writes_is_refused),
                cmocka_unit_test(test_reads_queries_and_writes_are_sound),
                cmocka_unit_test(test_a_hold_stands_alone_or_behind_a_read_and_a_query),
                cmocka_unit_test(test_the_routes_of_the_program_are_sound),
                cmocka_unit_test(test_every_route_of_the_program_is_reached),
        };

        return cmocka_run_group_tests_name("router", tests, NULL, NULL);
}
