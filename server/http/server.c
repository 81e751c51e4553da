#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http/early_refusal.h"
#include "http/exchange.h"
#include "http/server_private.h"
#include "util/clock.h"

#define BACKLOG 1024

static int on_request(_unused_ h2o_handler_t *handler, h2o_req_t *req) {
        exchange_begin(connection_of(req)->loop, req);
        return 0;
}

static void configure(Server *server) {
        h2o_globalconf_t *config = &server->config;
        h2o_hostconf_t *host;

        h2o_config_init(config);
        config->server_name = (h2o_iovec_t){ H2O_STRLIT("confer") };
        config->http1.req_timeout = server->options.request_timeout_ms;
        config->http1.upgrade_to_http2 = 0;
        config->max_request_entity_size = server->options.body_max_bytes;

        host = h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
        early_refusal_register(&host->fallback_path);
        h2o_create_handler(&host->fallback_path, sizeof(h2o_handler_t))->on_req = on_request;
}

int server_new(const ServerOptions *options, Server **ret_server, Problem *ret_problem) {
        _cleanup_(server_freep) Server *server = NULL;
        int r;

        if (!router_check(options->routes, options->n_routes, ret_problem))
                return -EINVAL;

        server = calloc(1, sizeof(*server) + options->n_threads * sizeof(Loop));
        if (!server)
                return -ENOMEM;

        server->options = *options;
        server->port = options->port;
        configure(server);
        (void)sem_init(&server->drained, 0, 0);
        server->denials = denials_new();
        if (!server->denials)
                return -ENOMEM;

        if (options->access_log[0]) {
                r = access_log_open(options->access_log, &server->access_log, ret_problem);
                if (r)
                        return r;
        }

        *ret_server = server;
        server = NULL;
        return 0;
}

/* Return: a listening socket, or a negative errno. */
static int listen_on(const struct addrinfo *address, bool is_shared) {
        int one = 1, fd, r;

        fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    address->ai_protocol);
        if (fd < 0)
                return -errno;

        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
            (is_shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) != 0) ||
            bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
                r = -errno;
                (void)close(fd);
                return r;
        }
        return fd;
}

static int resolve(const Server *server, struct addrinfo **ret_address, Problem *ret_problem) {
        struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
        char port[8];
        int r;

        (void)snprintf(port, sizeof(port), "%u", server->port);
        r = getaddrinfo(server->options.host, port, &hints, ret_address);
        if (r) {
                problem_set(ret_problem, "listen", "'%s' is no address of this machine: %s",
                            server->options.host, gai_strerror(r));
                return -EINVAL;
        }
        return 0;
}

/*
 * A port that is shared among our loops would be shared with another server of the same user too, unnoticed.
 * So it is tried unshared first.
 */
static int check_port_is_free(const Server *server, const struct addrinfo *address) {
        int fd;

        if (server->port == 0)
                return 0;

        fd = listen_on(address, false);
        if (fd < 0)
                return fd;
        (void)close(fd);
        return 0;
}

static void on_tick(Loop *loop) {
        if (loop->is_ready)
                exchange_flush_denials(loop->server, clock_monotonic_ms());
        hooks_tick(loop);
}

static int add_loop(Server *server, struct addrinfo *address) {
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } bound = { 0 };
        socklen_t size = sizeof(bound);
        int fd, r;

        fd = listen_on(address, true);
        if (fd < 0)
                return fd;

        if (getsockname(fd, &bound.any, &size) != 0) {
                r = -errno;
                (void)close(fd);
                return r;
        }

        /* Where the first listener was given any free port, the others take the same. */
        server->port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
        memcpy(address->ai_addr, &bound, MIN(size, address->ai_addrlen));
        r = loop_start(&server->loops[server->n_loops], server, fd, on_tick);
        if (r == 0)
                server->n_loops++;
        return r;
}

int server_listen(Server *server, Problem *ret_problem) {
        struct addrinfo *address;
        int r;

        r = resolve(server, &address, ret_problem);
        if (r)
                return r;

        r = check_port_is_free(server, address);
        while (r == 0 && server->n_loops < server->options.n_threads)
                r = add_loop(server, address);
        freeaddrinfo(address);
        if (r)
                problem_set(ret_problem, "listen", "%s port %u cannot be listened on: %s",
                            server->options.host, server->port, strerror(-r));
        return r;
}

uint16_t server_port(const Server *server) {
        return server->port;
}

/* A message that goes to every loop; whichever has run it last ends it. */
typedef struct Broadcast Broadcast;

typedef struct BroadcastPart {
        LoopMessage super;
        Broadcast *whole;
} BroadcastPart;

struct Broadcast {
        void (*run)(Loop *loop, void *context);
        void (*end)(void *context); /* @thread the last loop */
        void *context;
        _Atomic size_t n_pending;
        BroadcastPart parts[];
};

static void run_part(Loop *loop, LoopMessage *message) {
        Broadcast *whole = ((BroadcastPart *)message)->whole;

        whole->run(loop, whole->context);
        if (atomic_fetch_sub_explicit(&whole->n_pending, 1, memory_order_acq_rel) != 1)
                return;

        whole->end(whole->context);
        free(whole);
}

void server_visit_loops(Server *server, void (*run)(Loop *, void *), void (*end)(void *), void *context) {
        Broadcast *whole = malloc(sizeof(*whole) + server->n_loops * sizeof(BroadcastPart));

        if (!whole)
                abort();

        whole->run = run;
        whole->end = end;
        whole->context = context;
        whole->n_pending = server->n_loops;
        for (size_t i = 0; i < server->n_loops; i++)
                whole->parts[i] = (BroadcastPart){ { .run = run_part }, whole };
        for (size_t i = 0, n = server->n_loops; i < n; i++)
                loop_send(&server->loops[i], &whole->parts[i].super);
}

/* What broadcasts that somebody waits for share. */
typedef struct Rendezvous {
        sem_t done;
        const Catalog *catalog; /* to be copied */
} Rendezvous;

static void end_rendezvous(void *context) {
        Rendezvous *rendezvous = context;

        (void)sem_post(&rendezvous->done);
}

static void broadcast_and_wait(Server *server, void (*run)(Loop *, void *), const Catalog *catalog) {
        Rendezvous rendezvous = { .catalog = catalog };

        (void)sem_init(&rendezvous.done, 0, 0);
        server_visit_loops(server, run, end_rendezvous, &rendezvous);
        semaphore_wait(&rendezvous.done);
        (void)sem_destroy(&rendezvous.done);
}

/* Every loop has the same catalog; the first one speaks for all. */
static void measure_catalog(Loop *loop) {
        if (loop != &loop->server->loops[0])
                return;

        metric_set(&loop->metrics, METRIC_CATALOG_CONFIGS, catalog_n_releases(&loop->catalog));
        metric_set(&loop->metrics, METRIC_CATALOG_NAMESPACES, catalog_n_namespaces(&loop->catalog));
}

static void seed_loop(Loop *loop, void *context) {
        const Rendezvous *rendezvous = context;

        if (catalog_copy(&loop->catalog, rendezvous->catalog) != 0)
                abort();
        measure_catalog(loop);
        loop->is_ready = true;
        hooks_seeded(loop);
}

void server_seed(Server *server, const Catalog *catalog, const ServerParts *parts) {
        server->parts = *parts;
        broadcast_and_wait(server, seed_loop, catalog);
}

/* A commit on its way through the loops. */
typedef struct Delivery {
        Server *server;
        Commit *commit;
        void *made[HOOKS_MAX]; /* of it, by the hooks */
} Delivery;

static void apply_commit(Loop *loop, void *context) {
        const Delivery *delivery = context;
        const Commit *commit = delivery->commit;

        for (size_t i = 0; i < commit->n_changes; i++)
                if (catalog_apply(&loop->catalog, commit->changes[i]) != 0)
                        abort();

        measure_catalog(loop);
        hooks_applied(loop, commit, delivery->made);
}

/* Every loop has the changes: now, and not before, the askers may know. */
static void answer_commit(void *context) {
        Delivery *delivery = context;
        Commit *commit = delivery->commit;

        hooks_delivered(delivery->server, delivery->made);
        free(delivery);
        for (Command *command = commit->commands, *next; command; command = next) {
                next = command->next;
                command->done(command);
        }
        commit_free(commit);
}

void server_deliver(void *context, Commit *commit) {
        Server *server = context;
        Delivery *delivery = malloc(sizeof(*delivery));

        if (!delivery)
                abort();

        *delivery = (Delivery){ .server = server, .commit = commit };
        hooks_committed(server, commit, delivery->made);
        server_visit_loops(server, apply_commit, answer_commit, delivery);
}

void server_reopen_access_log(Server *server) {
        access_log_reopen(server->access_log);
}

static void drain_loop(Loop *loop, _unused_ void *context) {
        loop->is_draining = true;
        h2o_socket_close(loop->listener);
        loop->listener = NULL;
        /* Not h2o_context_request_shutdown(): it starts a timer for HTTP/2 that disposal then trips over. */
        loop->context.shutdown_requested = 1;
        hooks_draining(loop);
        loop_tell_if_drained(loop);
}

static bool wait_until_drained(Server *server, uint64_t timeout_ms) {
        struct timespec deadline;

        (void)clock_gettime(CLOCK_MONOTONIC, &deadline);
        deadline.tv_sec += (time_t)(timeout_ms / 1000);
        deadline.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
        if (deadline.tv_nsec >= 1000000000) {
                deadline.tv_sec++;
                deadline.tv_nsec -= 1000000000;
        }

        for (size_t n = 0; n < server->n_loops;) {
                if (sem_clockwait(&server->drained, CLOCK_MONOTONIC, &deadline) == 0)
                        n++;
                else if (errno != EINTR)
                        return false;
        }
        return true;
}

static void close_loop(Loop *loop, _unused_ void *context) {
        loop->is_closed = true;
}

bool server_drain(Server *server, uint64_t timeout_ms) {
        bool is_drained;

        broadcast_and_wait(server, drain_loop, NULL);
        is_drained = wait_until_drained(server, timeout_ms);
        broadcast_and_wait(server, close_loop, NULL);
        exchange_flush_denials(server, INT64_MAX);
        return is_drained;
}

static void do_nothing(_unused_ Loop *loop, _unused_ void *context) {
}

static void end_loop(Loop *loop, _unused_ void *context) {
        loop->is_ending = true;
}

Server *server_free(Server *server) {
        if (!server)
                return NULL;

        /* The store's last answers pass from loop to loop: they have come to their ends before any loop does,
         * since whatever they send has been sent when all loops have passed this by. */
        if (server->n_loops > 0) {
                broadcast_and_wait(server, do_nothing, NULL);
                broadcast_and_wait(server, end_loop, NULL);
        }
        for (size_t i = 0; i < server->n_loops; i++)
                loop_join(&server->loops[i]);

        h2o_config_dispose(&server->config);
        (void)sem_destroy(&server->drained);
        denials_free(server->denials);
        access_log_close(server->access_log);
        free(server);
        return NULL;
}

size_t server_n_loops(const Server *server) {
        return server->n_loops;
}

const MetricSet *server_loop_metrics(const Server *server, size_t index) {
        return &server->loops[index].metrics;
}
