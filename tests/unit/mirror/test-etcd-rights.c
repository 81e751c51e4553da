/* The etcd target with users, passwords and certificates, right and wrong. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "etcd-server.h"
#include "target-suite.h"

static EtcdServer server;

static int start(void **state) {
        (void)state;
        etcd_server_init(&server);
        return 0;
}

static int stop(void **state) {
        (void)state;
        etcd_server_deinit(&server);
        return 0;
}

static void start_again(void) {
        child_kill(&server.child);
        etcd_server_start(&server);
}

static void open_as(Mirror *mirror, const char *user, const char *password) {
        mirror_init(mirror, &target_etcd, server.endpoint);
        mirror->options.user = (char *)user;
        mirror->options.password = (char *)password;
        mirror_open(mirror);
}

static void assert_denied(Mirror *mirror, const char *text) {
        TargetOutcome outcome = mirror->kind->connect(mirror->target, &mirror->error);

        mirror_close(mirror);
        mirror_assert_said(mirror, text);
        assert_int_equal(outcome, TARGET_E_DENIED);
}

static void enable_auth(void) {
        (void)etcd_server_ask(&server, "user", "add", "root:secret", NULL);
        (void)etcd_server_ask(&server, "role", "add", "root", NULL);
        (void)etcd_server_ask(&server, "user", "grant-role", "root", "root", NULL);
        (void)etcd_server_ask(&server, "user", "add", "limited:secret", NULL);
        (void)etcd_server_ask(&server, "role", "add", "some", NULL);
        (void)etcd_server_ask(&server, "role", "grant-permission", "some", "readwrite",
                              "/confer-mirrors/test", NULL);
        (void)etcd_server_ask(&server, "role", "grant-permission", "some", "readwrite", "/c/",
                              "--prefix=true", NULL);
        (void)etcd_server_ask(&server, "user", "grant-role", "limited", "some", NULL);
        (void)etcd_server_ask(&server, "auth", "enable", NULL);
}

/* A user is given before etcd asks for one, and while it begins to. */
static void test_a_user_is_asked_for_when_it_is_needed(void **state) {
        Mirror mirror;

        (void)state;

        etcd_server_start(&server);
        open_as(&mirror, "limited", "secret");
        mirror_connect(&mirror);
        assert_int_equal(mirror_put(&mirror, item("/c/a", "1")), TARGET_OK);
        enable_auth();
        assert_int_equal(mirror_put(&mirror, item("/c/a", "2")), TARGET_OK);
        mirror_close(&mirror);
}

/* Tokens live in etcd's memory. */
static void test_a_token_that_is_forgotten_is_asked_for_again(void **state) {
        Mirror mirror;

        (void)state;

        open_as(&mirror, "limited", "secret");
        mirror_connect(&mirror);
        start_again();
        assert_int_equal(mirror_put(&mirror, item("/c/a", "3")), TARGET_OK);
        assert_int_equal(mirror_find(&mirror, item("/c/a", "3")), TARGET_SAME);
        mirror_close(&mirror);
}

static void test_wrong_users_are_denied(void **state) {
        Mirror mirror;

        (void)state;

        open_as(&mirror, "", "");
        assert_denied(&mirror, "user name is empty");
        open_as(&mirror, "limited", "wrong");
        assert_denied(&mirror, "authentication failed");
        open_as(&mirror, "nobody", "\"secret\"");
        assert_denied(&mirror, "authentication failed");
}

static void test_rights_that_are_missing_are_told(void **state) {
        TargetItem change = item("/elsewhere", "1");
        TargetScan scan = { .prefix = SPAN_LITERAL("/"), .position = BUF_NULL };
        Mirror mirror;

        (void)state;

        open_as(&mirror, "limited", "secret");
        mirror_connect(&mirror);
        assert_int_equal(mirror_try(&mirror, &change, 1), TARGET_E_DENIED);
        mirror_assert_said(&mirror, "permission denied");
        assert_int_equal(mirror.kind->scan(mirror.target, &scan, NULL, NULL, &mirror.error), TARGET_E_DENIED);
        assert_int_equal(mirror_put(&mirror, item("/c/a", "4")), TARGET_OK);
        mirror_close(&mirror);

        mirror_init(&mirror, &target_etcd, server.endpoint);
        mirror.options.user = "limited";
        mirror.options.password = "secret";
        mirror.options.lock_key = "/not/mine";
        mirror_open(&mirror);
        assert_denied(&mirror, "permission denied");
}

/*
 * TLS.
 */

static char files[3][300]; /* of the options */

static char *certificate(size_t i, const char *name) {
        (void)snprintf(files[i], sizeof(files[i]), "%s/%s", server.directory, name);
        return files[i];
}

static void start_with_certificates(void) {
        static char texts[3][320];
        char output[300];

        (void)snprintf(output, sizeof(output), "%s/openssl.log", server.directory);
        (void)run_program(
                (const char *[]){ "sh", "tests/unit/mirror/certificates.sh", server.directory, NULL },
                output);
        (void)snprintf(texts[0], sizeof(texts[0]), "--cert-file=%s/server.pem", server.directory);
        (void)snprintf(texts[1], sizeof(texts[1]), "--key-file=%s/server.key", server.directory);
        (void)snprintf(texts[2], sizeof(texts[2]), "--trusted-ca-file=%s/ca.pem", server.directory);
        for (size_t i = 0; i < 3; i++)
                server.arguments[i] = texts[i];
        server.arguments[3] = "--client-cert-auth";
        server.scheme = "https";
        child_kill(&server.child);
        etcd_server_erase(&server);
        etcd_server_start(&server);
}

static void init_with(Mirror *mirror, const char *ca, const char *cert, const char *key) {
        mirror_init(mirror, &target_etcd, server.endpoint);
        if (ca)
                mirror->options.ca_file = certificate(0, ca);
        if (cert)
                mirror->options.cert_file = certificate(1, cert);
        if (key)
                mirror->options.key_file = certificate(2, key);
        mirror_open(mirror);
}

static void test_a_client_certificate_opens_the_door(void **state) {
        Mirror mirror;

        (void)state;

        start_with_certificates();
        init_with(&mirror, "ca.pem", "client.pem", "client.key");
        mirror_connect(&mirror);
        assert_int_equal(mirror_put(&mirror, item("/tls", "1")), TARGET_OK);
        assert_int_equal(mirror_find(&mirror, item("/tls", "1")), TARGET_SAME);
        mirror_close(&mirror);
}

static void test_wrong_certificates_are_denied(void **state) {
        Mirror mirror;

        (void)state;

        init_with(&mirror, NULL, "client.pem", "client.key");
        assert_denied(&mirror, "certificate");
        init_with(&mirror, "stranger.pem", "client.pem", "client.key");
        assert_denied(&mirror, "certificate");
        init_with(&mirror, "ca.pem", NULL, NULL);
        assert_denied(&mirror, "certificate");
        init_with(&mirror, "ca.pem", "stranger.pem", "stranger.key");
        assert_denied(&mirror, "certificate");
        init_with(&mirror, "ca.pem", "client.pem", "stranger.key");
        assert_denied(&mirror, "");
        init_with(&mirror, "missing.pem", "client.pem", "client.key");
        assert_denied(&mirror, "missing.pem");
        init_with(&mirror, "ca.pem", "missing.pem", "client.key");
        assert_denied(&mirror, "missing.pem");
}

/*
 * A server that is quick: it has looked at the certificate and closed the connection before the first byte of
 * a request is sent. libcurl calls this send(), since a program's symbols come before those of a library.
 */

#define TLS_APPLICATION_DATA 23 /* the first byte of a record, RFC 8446, 5.1 */

static bool is_server_quick;

ssize_t send(int fd, const void *data, size_t size, int flags) {
        struct pollfd wait = { .fd = fd, .events = POLLRDHUP };

        if (is_server_quick && size > 0 && *(const uint8_t *)data == TLS_APPLICATION_DATA)
                (void)poll(&wait, 1, 10000);
        return sendto(fd, data, size, flags, NULL, 0);
}

static void test_a_reason_is_heard_of_a_quick_server(void **state) {
        Mirror mirror;

        (void)state;

        is_server_quick = true;
        init_with(&mirror, "ca.pem", NULL, NULL);
        assert_denied(&mirror, "certificate");
        init_with(&mirror, "ca.pem", "stranger.pem", "stranger.key");
        assert_denied(&mirror, "certificate");
        is_server_quick = false;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_user_is_asked_for_when_it_is_needed),
                cmocka_unit_test(test_a_token_that_is_forgotten_is_asked_for_again),
                cmocka_unit_test(test_wrong_users_are_denied),
                cmocka_unit_test(test_rights_that_are_missing_are_told),
                cmocka_unit_test(test_a_client_certificate_opens_the_door),
                cmocka_unit_test(test_wrong_certificates_are_denied),
                cmocka_unit_test(test_a_reason_is_heard_of_a_quick_server),
        };

        if (etcd_server_is_missing()) {
                print_message("1..0 # SKIP etcd is not installed\n");
                return 0;
        }
        return cmocka_run_group_tests_name("etcd rights", tests, start, stop);
}
