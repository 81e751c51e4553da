#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

static confer_options *options;

static int setup(void **state) {
        (void)state;
        return confer_options_new(&options) == CONFER_OK ? 0 : -1;
}

static int teardown(void **state) {
        (void)state;
        confer_options_free(options);
        return 0;
}

static void servers_are_urls_with_a_host_and_perhaps_a_port(void **state) {
        static const char *const good[] = { "http://a",      "http://127.0.0.1:8750",      "https://[::1]:1",
                                            "https://[::1]", "http://confer.example.org/", "http://a:65535" };
        static const char *const bad[] = {
                "",           "a",           "ws://a",         "http://",       "http://:80",
                "http://a:",  "http://a:0",  "http://a:65536", "http://a:1x",   "http://a/path",
                "http://a b", "http://[::1", "http://::1",     "http://user@a", "HTTP://a",
                "http://a?x"
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                assert_int_equal(confer_options_add_server(options, good[i]), CONFER_OK);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(confer_options_add_server(options, bad[i]), CONFER_E_INVALID);
        assert_int_equal(options->n_servers, ARRAY_SIZE(good));
        assert_int_equal(options->servers[0].port, 8750);
        assert_string_equal(options->servers[2].host, "::1");
        assert_true(options->servers[2].is_tls);
        while (options->n_servers < SERVERS_MAX)
                assert_int_equal(confer_options_add_server(options, "http://a"), CONFER_OK);
        assert_int_equal(confer_options_add_server(options, "http://a"), CONFER_E_INVALID);
}

static void texts_have_their_limits(void **state) {
        char long_text[600];

        (void)state;
        memset(long_text, 'x', sizeof(long_text));
        long_text[513] = '\0';
        assert_int_equal(confer_options_set_token(options, long_text), CONFER_E_INVALID);
        long_text[512] = '\0';
        assert_int_equal(confer_options_set_token(options, long_text), CONFER_OK);
        assert_int_equal(confer_options_set_token(options, ""), CONFER_E_INVALID);
        assert_int_equal(confer_options_set_token(options, "a\r\nb"), CONFER_E_INVALID);
        assert_int_equal(strlen(options->token), 512);
        assert_int_equal(confer_options_set_token(options, NULL), CONFER_OK);
        long_text[129] = '\0';
        assert_int_equal(confer_options_set_instance(options, long_text), CONFER_E_INVALID);
        assert_int_equal(confer_options_set_app(options, long_text), CONFER_E_INVALID);
        assert_int_equal(confer_options_set_instance(options, "a b"), CONFER_E_INVALID);
        assert_int_equal(confer_options_set_app(options, "\xff"), CONFER_E_INVALID);
        long_text[128] = '\0';
        assert_int_equal(confer_options_set_instance(options, long_text), CONFER_OK);
        assert_int_equal(confer_options_set_app(options, long_text), CONFER_OK);
        assert_int_equal(confer_options_set_tls_certificate(options, "a", NULL), CONFER_E_INVALID);
        assert_int_equal(confer_options_set_tls_certificate(options, "a", "b"), CONFER_OK);
}

static void a_tag_set_again_replaces_the_first(void **state) {
        char name[16];

        (void)state;
        assert_int_equal(confer_options_set_tag(options, "ring", "a"), CONFER_OK);
        assert_int_equal(confer_options_set_tag(options, "ring", "b"), CONFER_OK);
        assert_int_equal(options->tags->n_tags, 1);
        assert_true(span_equal_string(options->tags->tags[0].value, "b"));
        assert_int_equal(confer_options_set_tag(options, "Ring", "b"), CONFER_E_INVALID);
        assert_int_equal(confer_options_set_tag(options, "", "b"), CONFER_E_INVALID);
        for (int i = 1; i < TAGS_MAX; i++) {
                snprintf(name, sizeof(name), "t%d", i);
                assert_int_equal(confer_options_set_tag(options, name, ""), CONFER_OK);
        }
        assert_int_equal(confer_options_set_tag(options, "more", ""), CONFER_E_INVALID);
        assert_int_equal(confer_options_set_tag(options, "ring", "c"), CONFER_OK);
}

static void wishes_have_their_limits(void **state) {
        char name[32];

        (void)state;
        assert_int_equal(confer_options_add_namespace(options, "Prod"), CONFER_E_INVALID);
        assert_int_equal(confer_options_add_key(options, "prod", ".x"), CONFER_E_INVALID);
        for (int i = 0; i < FRAME_KEYS_MAX; i++) {
                snprintf(name, sizeof(name), "k%d", i);
                assert_int_equal(confer_options_add_key(options, "prod", name), CONFER_OK);
        }
        assert_int_equal(confer_options_add_key(options, "prod", "k0"), CONFER_OK);
        assert_int_equal(confer_options_add_key(options, "prod", "more"), CONFER_E_INVALID);
        assert_int_equal(confer_options_add_key(options, "test", "more"), CONFER_E_INVALID);
        assert_int_equal(options->n_wanted, 1);
        for (int i = 1; i < FRAME_NAMESPACES_MAX; i++) {
                snprintf(name, sizeof(name), "n%d", i);
                assert_int_equal(confer_options_add_namespace(options, name), CONFER_OK);
        }
        assert_int_equal(confer_options_add_namespace(options, "more"), CONFER_E_INVALID);
}

static void backoff_has_its_limits(void **state) {
        (void)state;
        assert_int_equal(confer_options_set_backoff(options, 0, 100, 0), CONFER_E_INVALID);
        assert_int_equal(confer_options_set_backoff(options, 60001, 60001, 0), CONFER_E_INVALID);
        assert_int_equal(confer_options_set_backoff(options, 100, 99, 0), CONFER_E_INVALID);
        assert_int_equal(confer_options_set_backoff(options, 100, 600001, 0), CONFER_E_INVALID);
        assert_int_equal(options->backoff.base_ms, 500);
        assert_int_equal(confer_options_set_backoff(options, 60000, 600000, 0), CONFER_OK);
}

static void a_client_needs_a_server_and_a_namespace(void **state) {
        confer_client *client = NULL;

        (void)state;
        assert_int_equal(confer_client_new(options, &client), CONFER_E_INVALID);
        assert_int_equal(confer_options_add_server(options, "http://127.0.0.1"), CONFER_OK);
        assert_int_equal(confer_client_new(options, &client), CONFER_E_INVALID);
        assert_null(client);
        assert_int_equal(confer_options_add_namespace(options, "prod.acme"), CONFER_OK);
        assert_int_equal(confer_client_new(options, &client), CONFER_OK);
        assert_int_equal(confer_client_get_state(client), CONFER_STATE_DISCONNECTED);
        assert_int_equal(confer_client_wait_ready(client, 0), CONFER_E_STATE);
        assert_int_equal(confer_client_get_age_ms(client), -1);
        assert_int_equal(confer_client_get_fd(client), -1);
        assert_int_equal(confer_dispatch(client, 0), CONFER_E_STATE);
        assert_non_null(strchr(client->instance, '-'));
        assert_int_equal(confer_client_stop(client), CONFER_OK);
        assert_int_equal(confer_client_stop(client), CONFER_OK);
        assert_int_equal(confer_client_start(client), CONFER_E_STATE);
        assert_int_equal(confer_client_wait_ready(client, 0), CONFER_E_CLOSED);
        confer_client_free(client);
}

static bool count_one(confer_value *value, void *context) {
        (void)value;
        ++*(int *)context;
        return true;
}

static void defaults_are_answered_for_what_is_not_there(void **state) {
        confer_client *client;
        confer_value *value;
        int n = 0;

        (void)state;
        assert_int_equal(confer_options_add_server(options, "http://127.0.0.1"), CONFER_OK);
        assert_int_equal(confer_options_add_namespace(options, "prod.acme"), CONFER_OK);
        assert_int_equal(confer_options_set_default(options, "prod.acme", "a.json", "{\"n\": 1}"), CONFER_OK);
        assert_int_equal(confer_options_set_default(options, "prod.acme", "a.json", "{\"n\": 2}"), CONFER_OK);
        assert_int_equal(confer_options_set_default(options, "prod", "b", "x"), CONFER_OK);
        assert_int_equal(confer_options_set_default(options, "prod", "/", "x"), CONFER_E_INVALID);
        assert_int_equal(confer_client_new(options, &client), CONFER_OK);
        assert_int_equal(confer_get_int64(client, "prod.acme", "a.json", "/n", 0), 2);
        assert_int_equal(confer_get(client, "prod.acme", "b", &value), CONFER_OK);
        assert_int_equal(confer_value_get_origin(value), CONFER_ORIGIN_DEFAULT);
        assert_int_equal(confer_value_get_age_ms(value), -1);
        assert_int_equal(confer_value_get_version(value), 0);
        assert_string_equal(confer_value_get_sha256(value), "");
        assert_string_equal(confer_value_get_updated_by(value), "");
        confer_value_unref(value);
        assert_int_equal(confer_get(client, "prod.acme", "c", &value), CONFER_E_NOT_READY);
        assert_int_equal(confer_each(client, "prod.acme", count_one, &n), CONFER_OK);
        assert_int_equal(n, 2);
        confer_client_free(client);
}

static void errors_have_sentences_and_kinds(void **state) {
        (void)state;
        for (int i = 0; i < CONFER_ERROR_N; i++)
                assert_string_not_equal(confer_error_to_string((confer_error)i), "unknown error");
        assert_string_equal(confer_error_to_string((confer_error)-1), "unknown error");
        assert_true(
                confer_error_is_retriable(CONFER_E_NETWORK) && confer_error_is_retriable(CONFER_E_NOMEM) &&
                confer_error_is_retriable(CONFER_E_TIMEOUT) && confer_error_is_retriable(CONFER_E_SYSTEM) &&
                confer_error_is_retriable(CONFER_E_NOT_READY));
        assert_true(confer_error_is_fatal(CONFER_E_TLS) && confer_error_is_fatal(CONFER_E_FORBIDDEN) &&
                    confer_error_is_fatal(CONFER_E_UNAUTHENTICATED) &&
                    confer_error_is_fatal(CONFER_E_PROTOCOL));
        assert_false(confer_error_is_fatal(CONFER_E_NETWORK) || confer_error_is_retriable(CONFER_OK));
        assert_string_equal(confer_version(), CONFER_VERSION);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(servers_are_urls_with_a_host_and_perhaps_a_port),
                TEST(texts_have_their_limits),
                TEST(a_tag_set_again_replaces_the_first),
                TEST(wishes_have_their_limits),
                TEST(backoff_has_its_limits),
                TEST(a_client_needs_a_server_and_a_namespace),
                TEST(defaults_are_answered_for_what_is_not_there),
                TEST(errors_have_sentences_and_kinds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
