#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "http-peer.h"
#include "model/macros.h"

#define READ_SIZE 65536

/* On the peer's thread nothing may fail by cmocka. */
static void must(bool is_so) {
        if (!is_so)
                abort();
}

static size_t head_size(const Buf *request) {
        const char *end = request->size ? memmem(request->data, request->size, "\r\n\r\n", 4) : NULL;

        return end ? (size_t)(end - request->data) + 4 : 0;
}

static char *find_header(const Buf *request, const char *name) {
        char *head = strndup(buf_span(request).data, head_size(request)), *value = NULL;

        for (char *line = strstr(head, "\r\n"); line && !value; line = strstr(line + 2, "\r\n"))
                if (strncasecmp(line + 2, name, strlen(name)) == 0 && line[2 + strlen(name)] == ':')
                        value = strndup(line + 4 + strlen(name), strcspn(line + 4 + strlen(name), "\r"));
        free(head);
        return value;
}

static bool is_whole(const Buf *request) {
        size_t head = head_size(request);
        char *length;
        bool is;

        if (head == 0)
                return false;
        length = find_header(request, "Content-Length");
        is = length && request->size >= head + strtoul(length, NULL, 10);
        free(length);
        return is;
}

static bool read_request(int fd, Buf *request) {
        while (!is_whole(request)) {
                char *to = buf_reserve(request, READ_SIZE);
                ssize_t size;

                must(to);
                size = recv(fd, to, READ_SIZE, 0);
                if (size <= 0)
                        return false;
                buf_advance(request, (size_t)size);
        }
        return true;
}

static void send_answer(int fd, const char *answer) {
        const char *body = strstr(answer, "\r\n\r\n");
        int head = body ? (int)(body - answer) : (int)strlen(answer);
        char *text;
        int size;

        body = body ? body + 4 : "";
        size = asprintf(&text, "HTTP/1.1 %.*s\r\nContent-Length: %zu\r\n\r\n%s", head, answer, strlen(body),
                        body);
        must(size > 0);
        (void)send(fd, text, (size_t)size, MSG_NOSIGNAL);
        free(text);
}

static void wait_for_end(int fd) {
        char byte;

        while (recv(fd, &byte, 1, 0) > 0)
                continue;
}

/* Return: whether the connection goes on. */
static bool serve_one(HttpPeer *peer, int fd) {
        const char *answer = peer->script[MIN(peer->n_requests, peer->n_script - 1)];

        must(peer->n_requests < HTTP_PEER_REQUESTS_MAX);
        if (!read_request(fd, &peer->requests[peer->n_requests])) {
                buf_clear(&peer->requests[peer->n_requests]);
                return false;
        }

        peer->n_requests++;
        if (strcmp(answer, HTTP_PEER_SILENT) == 0)
                wait_for_end(fd);
        else if (strcmp(answer, HTTP_PEER_CLOSE) != 0)
                send_answer(fd, answer);
        return strcmp(answer, HTTP_PEER_SILENT) != 0 && strcmp(answer, HTTP_PEER_CLOSE) != 0;
}

static void *serve(void *context) {
        HttpPeer *peer = context;
        int fd;

        while ((fd = accept(peer->fd, NULL, NULL)) >= 0) {
                peer->n_connections++;
                while (serve_one(peer, fd))
                        continue;
                (void)close(fd);
        }
        return NULL;
}

void http_peer_start(HttpPeer *peer, const char *const *script, size_t n_script) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t size = sizeof(address);

        memset(peer, 0, sizeof(*peer));
        assert_in_range(n_script, 1, HTTP_PEER_ANSWERS_MAX);
        memcpy(peer->script, script, n_script * sizeof(*script));
        peer->n_script = n_script;
        peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(peer->fd >= 0);
        assert_int_equal(bind(peer->fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(peer->fd, 8), 0);
        assert_int_equal(getsockname(peer->fd, (struct sockaddr *)&address, &size), 0);
        (void)snprintf(peer->url, sizeof(peer->url), "http://127.0.0.1:%u/hook?key=1",
                       ntohs(address.sin_port));
        assert_int_equal(pthread_create(&peer->thread, NULL, serve, peer), 0);
}

void http_peer_stop(HttpPeer *peer) {
        (void)shutdown(peer->fd, SHUT_RDWR);
        assert_int_equal(pthread_join(peer->thread, NULL), 0);
        (void)close(peer->fd);
}

void http_peer_deinit(HttpPeer *peer) {
        for (size_t i = 0; i < HTTP_PEER_REQUESTS_MAX; i++)
                buf_deinit(&peer->requests[i]);
}

char *http_peer_header(const HttpPeer *peer, size_t i, const char *name) {
        return find_header(&peer->requests[i], name);
}

char *http_peer_body(const HttpPeer *peer, size_t i) {
        const Buf *request = &peer->requests[i];
        size_t head = head_size(request);

        return strndup(request->data + head, request->size - head);
}
