#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "etcd-server.h"
#include "model/macros.h"

#define ARGUMENTS_MAX 32

bool etcd_server_is_missing(void) {
        return !child_is_installed("etcd") || !child_is_installed("etcdctl") ||
               !child_is_installed("openssl");
}

void etcd_server_init(EtcdServer *server) {
        *server = (EtcdServer){ .scheme = "http", .port = child_free_port() };
        child_make_directory(server->directory, sizeof(server->directory));
        (void)snprintf(server->data, sizeof(server->data), "%s/data", server->directory);
        (void)snprintf(server->log, sizeof(server->log), "%s/log", server->directory);
        (void)snprintf(server->peer, sizeof(server->peer), "http://127.0.0.1:%u", child_free_port());
}

void etcd_server_deinit(EtcdServer *server) {
        child_kill(&server->child);
        child_remove_directory(server->directory);
}

static bool is_listening(void *context) {
        const EtcdServer *server = context;
        struct sockaddr_in address = {
                .sin_family = AF_INET,
                .sin_port = htons(server->port),
                .sin_addr = { htonl(INADDR_LOOPBACK) },
        };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int r;

        assert_true(fd >= 0);
        r = connect(fd, (struct sockaddr *)&address, sizeof(address));
        (void)close(fd);
        return r == 0;
}

/* A single member elects itself as soon as it may. */
void etcd_server_start(EtcdServer *server) {
        char cluster[64];
        const char *arguments[ARGUMENTS_MAX] = {
                "etcd",
                "--data-dir",
                server->data,
                "--listen-client-urls",
                server->endpoint,
                "--advertise-client-urls",
                server->endpoint,
                "--listen-peer-urls",
                server->peer,
                "--initial-advertise-peer-urls",
                server->peer,
                "--initial-cluster",
                cluster,
                "--heartbeat-interval=20",
                "--election-timeout=200",
                "--log-outputs=stderr",
        };
        size_t n = 0;

        (void)snprintf(server->endpoint, sizeof(server->endpoint), "%s://127.0.0.1:%u", server->scheme,
                       server->port);
        (void)snprintf(cluster, sizeof(cluster), "default=%s", server->peer);
        while (arguments[n])
                n++;
        memcpy(&arguments[n], server->arguments, sizeof(server->arguments));
        child_start(&server->child, arguments, server->log);
        child_wait_until(&server->child, is_listening, server);
}

void etcd_server_erase(EtcdServer *server) {
        child_remove_directory(server->data);
}

const char *run_program(const char *const *arguments, const char *output) {
        static char text[65536];
        Child child = { 0 };
        int status;
        size_t size;
        FILE *file;

        (void)unlink(output);
        child_start(&child, arguments, output);
        assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
        file = fopen(output, "re");
        assert_non_null(file);
        size = fread(text, 1, sizeof(text) - 1, file);
        (void)fclose(file);
        while (size && text[size - 1] == '\n')
                size--;
        text[size] = '\0';
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                fail_msg("%s %s ends with %d: %s", arguments[0], arguments[1], status, text);
        return text;
}

const char *etcd_server_ask(const EtcdServer *server, ...) {
        const char *arguments[ARGUMENTS_MAX] = { "etcdctl", "--endpoints", server->endpoint };
        char output[320];
        size_t n = 3;
        va_list args;

        if (server->user) {
                arguments[n++] = "--user";
                arguments[n++] = server->user;
        }
        va_start(args, server);
        while ((arguments[n] = va_arg(args, const char *)))
                assert_true(++n < ARGUMENTS_MAX - 1);
        va_end(args);

        (void)setenv("ETCDCTL_API", "3", 1);
        (void)snprintf(output, sizeof(output), "%s/output", server->directory);
        return run_program(arguments, output);
}
