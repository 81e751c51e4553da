/* What libcurl is kept from, and what is no URL and no header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http-peer.h"
#include "mirror/http_link.h"

static const HttpLinkOptions no_options = { "", "", "", "", "" };

static TargetOutcome post_with(HttpLink *link, const char *url, HttpLinkAnswer *answer, TargetError *error) {
        static const char *const headers[] = { "X-A: b" };
        HttpLinkRequest request = {
                .method = "POST",
                .url = url,
                .headers = headers,
                .n_headers = 1,
                .body = SPAN_LITERAL("the body"),
                .answer_max_bytes = 16,
                .timeout_ms = 5000,
        };

        *answer = HTTP_LINK_ANSWER_NULL;
        return http_link_send(link, &request, answer, error);
}

/* libcurl sends again what broke off on a connection that was kept, unless it cannot. */
static void test_nothing_is_sent_twice(void **state) {
        HttpPeer peer;
        HttpLinkAnswer answer;
        TargetError error;
        HttpLink *link;
        Waker waker;

        (void)state;

        assert_int_equal(waker_init(&waker), 0);
        HTTP_PEER_START(&peer, "200 OK", HTTP_PEER_CLOSE, "200 OK");
        link = http_link_new(&no_options, &waker);
        assert_int_equal(post_with(link, peer.url, &answer, &error), TARGET_OK);
        http_link_answer_deinit(&answer);
        assert_int_equal(post_with(link, peer.url, &answer, &error), TARGET_E_DOWN);
        http_link_free(link);
        http_peer_stop(&peer);
        assert_int_equal(peer.n_requests, 2);
        http_peer_deinit(&peer);
        waker_deinit(&waker);
}

static void test_connections_are_kept_until_they_are_reset(void **state) {
        HttpPeer peer;
        HttpLinkAnswer answer;
        TargetError error;
        HttpLink *link;
        Waker waker;

        (void)state;

        assert_int_equal(waker_init(&waker), 0);
        HTTP_PEER_START(&peer, "200 OK\r\n\r\nshort");
        link = http_link_new(&no_options, &waker);
        for (int i = 0; i < 4; i++) {
                assert_int_equal(post_with(link, peer.url, &answer, &error), TARGET_OK);
                assert_int_equal(answer.status, 200);
                assert_false(answer.is_cut);
                assert_int_equal(answer.body.size, 5);
                http_link_answer_deinit(&answer);
                if (i == 1)
                        http_link_reset(link);
        }
        http_link_free(link);
        http_peer_stop(&peer);
        assert_int_equal(peer.n_requests, 4);
        assert_int_equal(peer.n_connections, 2);
        http_peer_deinit(&peer);
        waker_deinit(&waker);
}

static void test_an_answer_that_is_too_long_is_cut(void **state) {
        HttpPeer peer;
        HttpLinkAnswer answer;
        TargetError error;
        HttpLink *link;
        Waker waker;

        (void)state;

        assert_int_equal(waker_init(&waker), 0);
        HTTP_PEER_START(&peer, "201 Created\r\n\r\nsixteen bytes it",
                        "503 Busy\r\n\r\nmore than sixteen bytes");
        link = http_link_new(&no_options, &waker);
        assert_int_equal(post_with(link, peer.url, &answer, &error), TARGET_OK);
        assert_false(answer.is_cut);
        http_link_answer_deinit(&answer);
        assert_int_equal(post_with(link, peer.url, &answer, &error), TARGET_OK);
        assert_true(answer.is_cut);
        assert_int_equal(answer.status, 503);
        assert_int_equal(answer.body.size, 16);
        http_link_answer_deinit(&answer);
        http_link_free(link);
        http_peer_stop(&peer);
        http_peer_deinit(&peer);
        waker_deinit(&waker);
}

static void assert_url(const char *url, const char *expected) {
        char *place = NULL;
        const char *fault = http_link_check_url(url, &place);

        if (fault)
                fail_msg("%s: %s", url, fault);
        assert_string_equal(place, expected);
        free(place);
}

static void test_of_a_url_only_the_place_is_shown(void **state) {
        (void)state;

        assert_url("http://example.org:81/secret?token=1", "http://example.org:81");
        assert_url("https://example.org", "https://example.org:443");
        assert_url("HTTP://[::1]/", "http://[::1]:80");
}

static void test_what_is_no_url_is_told(void **state) {
        static const char *const wrong[] = { "",
                                             "example.org",
                                             "ftp://example.org",
                                             "http://",
                                             "http://a:b:c",
                                             "http://user@example.org",
                                             "http://user:secret@example.org",
                                             "http://example.org/#there",
                                             "http://exa mple.org" };
        char *place = NULL;

        (void)state;

        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                if (!http_link_check_url(wrong[i], &place))
                        fail_msg("\"%s\" is accepted", wrong[i]);
                assert_null(place);
        }
}

static void test_what_is_no_header_is_told(void **state) {
        static const char *const wrong[] = {
                "",          "Name",      "Name value",          ": value",     "Na me: v",
                "Name:",     "Name: ",    "Name: a\r\nOther: b", "Name: a\x01", "content-length: 1",
                "Expect: x", "Name: \x7f"
        };

        (void)state;

        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                if (!http_link_check_header(wrong[i]))
                        fail_msg("\"%s\" is accepted", wrong[i]);
        assert_null(http_link_check_header("X-Api-Key: a b\tc: \xc3\xa4"));
        assert_null(http_link_check_header("Authorization:Bearer x"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_is_sent_twice),
                cmocka_unit_test(test_connections_are_kept_until_they_are_reset),
                cmocka_unit_test(test_an_answer_that_is_too_long_is_cut),
                cmocka_unit_test(test_of_a_url_only_the_place_is_shown),
                cmocka_unit_test(test_what_is_no_url_is_told),
                cmocka_unit_test(test_what_is_no_header_is_told),
        };

        return cmocka_run_group_tests_name("http link", tests, NULL, NULL);
}
