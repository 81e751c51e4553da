/* The HTTP target: what it sends, and what it makes of the answers. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "http-peer.h"
#include "target-suite.h"
#include "util/clock.h"
#include "util/digest.h"

static HttpPeer peer;
static Mirror mirror;

#define START(...)                                                                                           \
        do {                                                                                                 \
                HTTP_PEER_START(&peer, __VA_ARGS__);                                                         \
                mirror_init(&mirror, &target_http, peer.url);                                                \
        } while (0)

static void open_and_connect(void) {
        mirror_open(&mirror);
        mirror_connect(&mirror);
}

static void close_both(void) {
        mirror_close(&mirror);
        http_peer_stop(&peer);
}

static void assert_header(size_t i, const char *name, const char *expected) {
        char *value = http_peer_header(&peer, i, name);

        assert_non_null(value);
        assert_string_equal(value, expected);
        free(value);
}

static void assert_body(size_t i, const char *expected) {
        char *body = http_peer_body(&peer, i);

        assert_string_equal(body, expected);
        free(body);
}

static void test_a_batch_is_one_request(void **state) {
        TargetItem items[] = { item_at(4, "a", "1"), item_at(7, "b", NULL), item_at(5, "c", "2") };

        (void)state;

        START("204 No content");
        mirror.options.item = "${key}";
        open_and_connect();
        assert_int_equal(mirror_try(&mirror, items, 3), TARGET_OK);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(items[i].outcome, TARGET_OK);
        close_both();

        assert_int_equal(peer.n_requests, 1);
        assert_memory_equal(peer.requests[0].data, "POST /hook?key=1 HTTP/1.1\r\n", 26);
        assert_header(0, "Content-Type", "application/json");
        assert_header(0, "X-Confer-Mirror", "test");
        assert_header(0, "X-Confer-Revision", "7");
        assert_null(http_peer_header(&peer, 0, "X-Confer-Signature"));
        assert_body(0, "{\"mirror\":\"test\",\"revision\":7,\"changes\":[\"a\",\"b\",\"c\"]}");
        http_peer_deinit(&peer);
}

static void test_method_and_headers_are_the_operators(void **state) {
        (void)state;

        START("200 OK");
        mirror.options.method = "PUT";
        mirror.options.user = "me";
        mirror.options.password = "secret";
        mirror_add_header(&mirror, "content-type: application/x-ndjson");
        mirror_add_header(&mirror, "X-Api-Key: k");
        open_and_connect();
        assert_int_equal(mirror_put(&mirror, item("a", "1")), TARGET_OK);
        close_both();

        assert_memory_equal(peer.requests[0].data, "PUT ", 4);
        assert_header(0, "Content-Type", "application/x-ndjson");
        assert_header(0, "X-Api-Key", "k");
        assert_header(0, "Authorization", "Basic bWU6c2VjcmV0");
        http_peer_deinit(&peer);
}

static void test_the_body_and_the_time_are_signed(void **state) {
        char *signature, *body, *expected, head[32], *end;
        uint8_t mac[SHA256_SIZE];
        Buf hex = BUF_NULL;
        int64_t at_s;

        (void)state;

        START("200 OK");
        mirror.options.secret = "shared";
        open_and_connect();
        assert_int_equal(mirror_put(&mirror, item("a", "1")), TARGET_OK);
        close_both();

        signature = http_peer_header(&peer, 0, "X-Confer-Signature");
        body = http_peer_body(&peer, 0);
        assert_non_null(signature);
        assert_memory_equal(signature, "t=", 2);
        at_s = strtoll(signature + 2, &end, 10);
        assert_in_range(at_s, clock_wall_ms() / 1000 - 60, clock_wall_ms() / 1000);
        (void)snprintf(head, sizeof(head), "%" PRId64 ".", at_s);
        hmac_sha256(span_from_string("shared"), span_from_string(head), span_from_string(body), mac);
        buf_append_string(&hex, ",v1=");
        buf_append_hex(&hex, mac, sizeof(mac));
        expected = buf_take_string(&hex);
        assert_string_equal(end, expected);
        free(signature);
        free(body);
        free(expected);
        http_peer_deinit(&peer);
}

static void assert_outcome(const char *answer, TargetOutcome expected) {
        TargetItem items[] = { item("a", "1"), item("b", "2") };
        TargetOutcome outcome;

        START(answer);
        open_and_connect();
        outcome = mirror_try(&mirror, items, 2);
        if (outcome != expected)
                fail_msg("\"%s\" comes to %d", answer, outcome);
        close_both();
        assert_int_equal(peer.n_requests, 1);
        http_peer_deinit(&peer);
}

static void test_statuses_for_all_of_a_batch_are_told_apart(void **state) {
        static const char *const down[] = { "408 x", "425 x", "429 x", "502 x", "503 x", "504 x", "close" };
        static const char *const denied[] = { "301 x\r\nLocation: http://127.0.0.1:1/",
                                              "302 x",
                                              "304 x",
                                              "401 x",
                                              "403 x",
                                              "404 x",
                                              "405 x",
                                              "407 x" };
        static const char *const ok[] = { "200 x", "201 x", "202 x", "204 x", "299 x" };

        (void)state;

        for (size_t i = 0; i < ARRAY_SIZE(down); i++)
                assert_outcome(down[i], TARGET_E_DOWN);
        for (size_t i = 0; i < ARRAY_SIZE(denied); i++)
                assert_outcome(denied[i], TARGET_E_DENIED);
        for (size_t i = 0; i < ARRAY_SIZE(ok); i++)
                assert_outcome(ok[i], TARGET_OK);
}

static void test_a_failure_of_the_server_is_that_of_each_item(void **state) {
        TargetItem items[] = { item("a", "1"), item("b", "2") };

        (void)state;

        START("500 Oops\r\n\r\nno\tluck\n\xc3\xa4\xff tail");
        open_and_connect();
        assert_int_equal(mirror_try(&mirror, items, 2), TARGET_OK);
        close_both();
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(items[i].outcome, TARGET_E_FAILED);
                assert_non_null(strstr(items[i].error.problem.text, "answers 500: no luck \xc3\xa4"));
                assert_null(strstr(items[i].error.problem.text, "tail"));
                assert_null(strstr(items[i].error.problem.text, "key=1"));
        }
        http_peer_deinit(&peer);
}

/* The whole, its halves, and what is left of the second: c is to blame. */
static void test_what_is_refused_is_found_in_a_batch(void **state) {
        TargetItem items[] = { item("a", "1"), item("b", "2"), item("c", "3"), item("d", "4") };

        (void)state;

        START("422 x", "200 x", "413 x", "400 x\r\n\r\nno such field", "200 x");
        mirror.options.body = "[${items}]";
        mirror.options.item = "${key}";
        open_and_connect();
        assert_int_equal(mirror_try(&mirror, items, 4), TARGET_OK);
        close_both();

        for (size_t i = 0; i < 4; i++)
                assert_int_equal(items[i].outcome, i == 2 ? TARGET_E_REFUSED : TARGET_OK);
        assert_non_null(strstr(items[2].error.problem.text, "answers 400: no such field"));
        assert_int_equal(peer.n_requests, 5);
        assert_body(1, "[\"a\",\"b\"]");
        assert_body(2, "[\"c\",\"d\"]");
        assert_body(3, "[\"c\"]");
        assert_body(4, "[\"d\"]");
        http_peer_deinit(&peer);
}

static void test_pieces_have_revisions_of_their_own(void **state) {
        TargetItem items[] = { item_at(5, "a", "1"), item_at(9, "b", "2") };

        (void)state;

        START("400 x", "200 x", "200 x");
        open_and_connect();
        assert_int_equal(mirror_try(&mirror, items, 2), TARGET_OK);
        close_both();
        assert_header(0, "X-Confer-Revision", "9");
        assert_header(1, "X-Confer-Revision", "5");
        assert_header(2, "X-Confer-Revision", "9");
        http_peer_deinit(&peer);
}

static int64_t retry_after(const char *answer) {
        TargetItem change = item("a", "1");

        START(answer);
        open_and_connect();
        assert_int_equal(mirror_try(&mirror, &change, 1), TARGET_E_DOWN);
        close_both();
        http_peer_deinit(&peer);
        return mirror.error.retry_after_ms;
}

static void test_retry_after_is_passed_on(void **state) {
        time_t at = time(NULL) + 100;
        char answer[128];
        struct tm utc;

        (void)state;

        assert_int_equal(retry_after("429 Slow down\r\nRetry-After: 7"), 7000);
        assert_int_equal(retry_after("503 Busy\r\nRetry-After: 120"), 120000);
        assert_int_equal(retry_after("503 Busy"), 0);
        assert_int_equal(retry_after("503 Busy\r\nRetry-After: soon"), 0);
        assert_int_equal(retry_after("503 Busy\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT"), 0);
        assert_int_equal(retry_after("503 Busy\r\nRetry-After: 9999999999"), 24 * 60 * 60 * 1000);
        (void)strftime(answer, sizeof(answer), "503 Busy\r\nRetry-After: %a, %d %b %Y %H:%M:%S GMT",
                       gmtime_r(&at, &utc));
        assert_in_range(retry_after(answer), 40000, 100000);
}

static void test_a_server_that_never_answers_is_down(void **state) {
        TargetItem change = item("a", "1");
        int64_t from_ms = clock_monotonic_ms();

        (void)state;

        START(HTTP_PEER_SILENT);
        mirror.options.timeout_ms = 100;
        open_and_connect();
        assert_int_equal(mirror_try(&mirror, &change, 1), TARGET_E_DOWN);
        assert_in_range(clock_monotonic_ms() - from_ms, 100, 3000);
        mirror_assert_said(&mirror, "timed out");
        close_both();
        http_peer_deinit(&peer);
}

static void test_after_a_failure_the_next_endpoint_is_used(void **state) {
        TargetItem change = item("a", "1");
        char living[64];

        (void)state;

        START("200 OK");
        (void)snprintf(living, sizeof(living), "%s", peer.url);
        mirror_close(&mirror);
        mirror_init(&mirror, &target_http, "http://127.0.0.1:1/");
        mirror_add_endpoint(&mirror, living);
        open_and_connect();
        assert_int_equal(mirror_try(&mirror, &change, 1), TARGET_E_DOWN);
        mirror_reconnect(&mirror);
        assert_int_equal(mirror_put(&mirror, change), TARGET_OK);
        close_both();
        http_peer_deinit(&peer);
}

static void test_wrong_options_are_refused_when_opened(void **state) {
        (void)state;

        mirror_init(&mirror, &target_http, "example.org");
        mirror_assert_refuses(&mirror, "endpoints[0]");
        mirror_close(&mirror);
        mirror_init(&mirror, &target_http, "http://example.org");
        mirror_add_header(&mirror, "A: b");
        mirror_add_header(&mirror, "no header");
        mirror_assert_refuses(&mirror, "headers[1]");
        mirror_close(&mirror);
        mirror_init(&mirror, &target_http, "http://example.org");
        mirror.options.method = "post it";
        mirror_assert_refuses(&mirror, "method");
        mirror_close(&mirror);
        mirror_init(&mirror, &target_http, "http://example.org");
        mirror.options.item = "${nothing}";
        mirror_assert_refuses(&mirror, "item");
        mirror_close(&mirror);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_batch_is_one_request),
                cmocka_unit_test(test_method_and_headers_are_the_operators),
                cmocka_unit_test(test_the_body_and_the_time_are_signed),
                cmocka_unit_test(test_statuses_for_all_of_a_batch_are_told_apart),
                cmocka_unit_test(test_a_failure_of_the_server_is_that_of_each_item),
                cmocka_unit_test(test_what_is_refused_is_found_in_a_batch),
                cmocka_unit_test(test_pieces_have_revisions_of_their_own),
                cmocka_unit_test(test_retry_after_is_passed_on),
                cmocka_unit_test(test_a_server_that_never_answers_is_down),
                cmocka_unit_test(test_after_a_failure_the_next_endpoint_is_used),
                cmocka_unit_test(test_wrong_options_are_refused_when_opened),
        };

        return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
