/*
 * rival-h2o: the least that libh2o can do, as the measure of Confer's read path
 *
 * One loop thread per --threads, each with its own SO_REUSEPORT listener. Every request is answered with a
 * body of --size bytes: the one whose number stands last in its path, of --bodies that lie in memory, or the
 * only one; with --etag, a request whose If-None-Match equals it byte for byte gets a bodiless 304, and every
 * answer carries the ETag. Nothing is looked up, checked or logged: what Confer costs beyond this program is
 * the price of being a configuration centre.
 *
 * SIGTERM ends it at once.
 */

#include <errno.h>
#include <getopt.h>
#include <h2o.h>
#include <h2o/http1.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

_Static_assert(H2O_USE_LIBUV == 0, "this program is written for the evloop build of libh2o");

#define THREADS_MAX       64
#define SIZE_MAX_BYTES    (64 * 1024 * 1024)
#define BODIES_MAX        1000000
#define ACCEPTS_PER_EVENT 16

typedef struct Loop {
        h2o_context_t context;
        h2o_accept_ctx_t accept;
        int listen_fd;
} Loop;

static h2o_globalconf_t config;
static h2o_iovec_t *bodies;
static size_t n_bodies = 1;
static h2o_iovec_t etag;

static void die(const char *what) {
        fprintf(stderr, "rival-h2o: %s: %s\n", what, strerror(errno));
        exit(1);
}

static h2o_iovec_t *body_of(const h2o_req_t *req) {
        const char *at = req->path.base + req->path.len;
        size_t number = 0, power = 1;

        if (n_bodies == 1)
                return bodies;

        while (at > req->path.base && (at[-1] < '0' || at[-1] > '9'))
                at--;
        for (; at > req->path.base && at[-1] >= '0' && at[-1] <= '9'; at--, power *= 10)
                number += (size_t)(at[-1] - '0') * power;
        return &bodies[number % n_bodies];
}

static void make_bodies(size_t size) {
        bodies = h2o_mem_alloc(n_bodies * sizeof(*bodies));
        for (size_t i = 0; i < n_bodies; i++) {
                bodies[i] = h2o_iovec_init(h2o_mem_alloc(size), size);
                memset(bodies[i].base, 'x', size);
        }
}

static int on_request(h2o_handler_t *self, h2o_req_t *req) {
        static h2o_generator_t generator = { NULL, NULL };
        h2o_iovec_t *body;

        (void)self;

        if (etag.len > 0) {
                ssize_t i;

                h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_ETAG, NULL, etag.base, etag.len);
                i = h2o_find_header(&req->headers, H2O_TOKEN_IF_NONE_MATCH, -1);
                if (i >= 0 && h2o_memis(req->headers.entries[i].value.base, req->headers.entries[i].value.len,
                                        etag.base, etag.len)) {
                        req->res.status = 304;
                        req->res.reason = "Not Modified";
                        h2o_start_response(req, &generator);
                        h2o_send(req, NULL, 0, H2O_SEND_STATE_FINAL);
                        return 0;
                }
        }

        body = body_of(req);
        req->res.status = 200;
        req->res.reason = "OK";
        req->res.content_length = body->len;
        h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL,
                       H2O_STRLIT("application/json"));
        h2o_start_response(req, &generator);
        h2o_send(req, body, 1, H2O_SEND_STATE_FINAL);
        return 0;
}

static void on_accept(h2o_socket_t *listener, const char *err) {
        Loop *loop = listener->data;

        if (err)
                return;

        for (int i = 0; i < ACCEPTS_PER_EVENT; i++) {
                h2o_socket_t *sock = h2o_evloop_socket_accept(listener);

                if (!sock)
                        return;
                h2o_accept(&loop->accept, sock);
        }
}

static int listen_on(uint16_t port) {
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd, one = 1;

        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                die("socket");
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) ||
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
                die("setsockopt");
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
                die("bind");
        if (listen(fd, SOMAXCONN))
                die("listen");
        return fd;
}

static uint16_t port_of(int fd) {
        struct sockaddr_in address;
        socklen_t n = sizeof(address);

        if (getsockname(fd, (struct sockaddr *)&address, &n))
                die("getsockname");
        return ntohs(address.sin_port);
}

static void *run(void *arg) {
        Loop *loop = arg;
        h2o_socket_t *listener;

        h2o_context_init(&loop->context, h2o_evloop_create(), &config);
        loop->accept = (h2o_accept_ctx_t){ .ctx = &loop->context, .hosts = config.hosts };
        listener = h2o_evloop_socket_create(loop->context.loop, loop->listen_fd, H2O_SOCKET_FLAG_DONT_READ);
        listener->data = loop;
        h2o_socket_read_start(listener, on_accept);

        while (h2o_evloop_run(loop->context.loop, INT32_MAX) == 0 || errno == EINTR)
                ;
        die("h2o_evloop_run");
        return NULL;
}

static long number_or_die(const char *name, const char *text, long low, long high) {
        char *end;
        long n = strtol(text, &end, 10);

        if (*text == '\0' || *end != '\0' || n < low || n > high) {
                fprintf(stderr, "rival-h2o: --%s must be a number from %ld to %ld\n", name, low, high);
                exit(2);
        }
        return n;
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "threads", required_argument, NULL, 't' },
                { "size", required_argument, NULL, 's' },
                { "bodies", required_argument, NULL, 'b' },
                { "etag", required_argument, NULL, 'e' },
                { NULL, 0, NULL, 0 },
        };
        static Loop loops[THREADS_MAX];
        h2o_pathconf_t *path;
        h2o_handler_t *handler;
        long n_threads = 1, size = 1024;
        uint16_t port = 0;
        pthread_t thread;
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
                switch (c) {
                case 't':
                        n_threads = number_or_die("threads", optarg, 1, THREADS_MAX);
                        break;
                case 's':
                        size = number_or_die("size", optarg, 1, SIZE_MAX_BYTES);
                        break;
                case 'b':
                        n_bodies = (size_t)number_or_die("bodies", optarg, 1, BODIES_MAX);
                        break;
                case 'e':
                        etag = h2o_iovec_init(optarg, strlen(optarg));
                        break;
                default:
                        fprintf(stderr, "usage: rival-h2o [--threads N] [--size BYTES] [--bodies N] "
                                        "[--etag ETAG]\n");
                        return 2;
                }
        }

        signal(SIGPIPE, SIG_IGN);
        make_bodies((size_t)size);

        h2o_config_init(&config);
        config.http1.upgrade_to_http2 = 0;
        path = h2o_config_register_path(
                h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535), "/", 0);
        handler = h2o_create_handler(path, sizeof(*handler));
        handler->on_req = on_request;

        for (long i = 0; i < n_threads; i++) {
                loops[i].listen_fd = listen_on(port);
                port = port_of(loops[i].listen_fd);
        }
        for (long i = 1; i < n_threads; i++) {
                errno = pthread_create(&thread, NULL, run, &loops[i]);
                if (errno)
                        die("pthread_create");
        }

        printf("rival-h2o is ready on http://127.0.0.1:%u\n", port);
        fflush(stdout);
        run(&loops[0]);
}
