#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/access_log.h"
#include "http/hooks.h"
#include "http/loop.h"
#include "http/server_private.h"

/* Connections taken from the listener in one turn: enough to empty a backlog quickly, few enough to keep
 * serving. */
#define ACCEPTS_PER_TURN 16
#define TICK_MS          1000

Connection *connection_of_socket(h2o_socket_t *socket) {
        return socket->on_close.data;
}

Connection *connection_of(h2o_req_t *req) {
        return connection_of_socket(req->conn->callbacks->get_socket(req->conn));
}

static void on_close(void *context) {
        Connection *connection = context;
        Loop *loop = connection->loop;

        atomic_fetch_sub_explicit(&loop->server->n_connections, 1, memory_order_relaxed);
        metric_set(&loop->metrics, METRIC_HTTP_CONNECTIONS, --loop->n_connections);
        h2o_linklist_unlink(&connection->link);
        free(connection);
}

static void format_address(h2o_socket_t *socket, char *ret_text, size_t size) {
        struct sockaddr_storage peer = { 0 };
        struct sockaddr *address = (struct sockaddr *)&peer;
        const void *bytes;

        *ret_text = '\0';
        if (h2o_socket_getpeername(socket, address) == 0)
                return;

        if (address->sa_family == AF_INET)
                bytes = &((struct sockaddr_in *)address)->sin_addr;
        else if (address->sa_family == AF_INET6)
                bytes = &((struct sockaddr_in6 *)address)->sin6_addr;
        else
                return;
        (void)inet_ntop(address->sa_family, bytes, ret_text, (socklen_t)size);
}

static void adopt(Loop *loop, h2o_socket_t *socket) {
        Connection *connection = h2o_mem_alloc(sizeof(*connection));

        *connection = (Connection){ .loop = loop, .fd = h2o_socket_get_fd(socket) };
        format_address(socket, connection->address, sizeof(connection->address));
        h2o_linklist_insert(&loop->connections, &connection->link);
        socket->on_close.cb = on_close;
        socket->on_close.data = connection;
        metric_set(&loop->metrics, METRIC_HTTP_CONNECTIONS, ++loop->n_connections);
        h2o_accept(&loop->accept, socket);
}

static void on_accept(h2o_socket_t *listener, const char *err) {
        Loop *loop = listener->data;

        if (err)
                return;

        for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
                h2o_socket_t *socket = h2o_evloop_socket_accept(listener);

                if (!socket)
                        return;
                if (atomic_fetch_add_explicit(&loop->server->n_connections, 1, memory_order_relaxed) >=
                    loop->server->options.connections_max) {
                        atomic_fetch_sub_explicit(&loop->server->n_connections, 1, memory_order_relaxed);
                        metric_add(&loop->metrics, METRIC_HTTP_CONNECTIONS_REFUSED, 1);
                        h2o_socket_close(socket);
                        continue;
                }
                adopt(loop, socket);
        }
}

static void on_messages(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages) {
        Loop *loop = H2O_STRUCT_FROM_MEMBER(Loop, receiver, receiver);

        while (!h2o_linklist_is_empty(messages)) {
                LoopMessage *message = H2O_STRUCT_FROM_MEMBER(LoopMessage, super.link, messages->next);

                h2o_linklist_unlink(&message->super.link);
                message->run(loop, message);
        }
}

static void tick(h2o_timeout_entry_t *entry) {
        Loop *loop = H2O_STRUCT_FROM_MEMBER(Loop, tick_entry, entry);

        loop->on_tick(loop);
        h2o_timeout_link(loop->context.loop, &loop->tick, &loop->tick_entry);
}

static void on_turn(h2o_timeout_entry_t *entry) {
        hooks_turn(H2O_STRUCT_FROM_MEMBER(Loop, turn_entry, entry));
}

/*
 * On the loop's own thread, because libh2o gives each socket, that of its message queue too, the free list of
 * the thread that makes it.
 */
static void init(Loop *loop) {
        h2o_linklist_init_anchor(&loop->connections);
        h2o_context_init(&loop->context, h2o_evloop_create(), &loop->server->config);
        loop->accept = (h2o_accept_ctx_t){ .ctx = &loop->context, .hosts = loop->server->config.hosts };
        loop->queue = h2o_multithread_create_queue(loop->context.loop);
        h2o_multithread_register_receiver(loop->queue, &loop->receiver, on_messages);

        h2o_timeout_init(loop->context.loop, &loop->tick, TICK_MS);
        loop->tick_entry.cb = tick;
        loop->turn_entry.cb = on_turn;
        h2o_timeout_link(loop->context.loop, &loop->tick, &loop->tick_entry);

        loop->listener =
                h2o_evloop_socket_create(loop->context.loop, loop->listener_fd, H2O_SOCKET_FLAG_DONT_READ);
        loop->listener->data = loop;
        h2o_socket_read_start(loop->listener, on_accept);
}

static void deinit(Loop *loop) {
        h2o_loop_t *events = loop->context.loop;
        h2o_multithread_queue_t *queues[] = { loop->queue, loop->context.queue };

        if (loop->listener)
                h2o_socket_close(loop->listener);
        h2o_timeout_unlink(&loop->turn_entry);
        h2o_timeout_unlink(&loop->tick_entry);
        h2o_timeout_dispose(loop->context.loop, &loop->tick);
        h2o_multithread_unregister_receiver(loop->queue, &loop->receiver);
        h2o_multithread_destroy_queue(loop->queue);
        h2o_context_dispose(&loop->context);
        h2o_evloop_destroy(events);
        for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
                free(queues[i]); /* which h2o_multithread_destroy_queue() of libh2o 2.2.5 forgets */
        catalog_deinit(&loop->catalog);
        buf_deinit(&loop->access_lines);
}

void loop_tell_if_drained(Loop *loop) {
        if (!loop->is_draining || loop->is_drained || loop->n_in_flight > 0)
                return;

        loop->is_drained = true;
        (void)sem_post(&loop->server->drained);
}

/* Closes what clients left open, by the way that libh2o itself notices a client's leaving. */
static void hang_up(Loop *loop) {
        for (h2o_linklist_t *at = loop->connections.next; at != &loop->connections; at = at->next)
                (void)shutdown(H2O_STRUCT_FROM_MEMBER(Connection, link, at)->fd, SHUT_RDWR);
}

/*
 * The hooks' work is done as that of a timeout which is over, inside of libh2o's run and never beside it.
 * When a write is done at once, libh2o 2.2.5 calls back before the run ends; begun beside it, the callback
 * would have to wait for the next event, and a socket that was polled for an earlier write would still be
 * polled when the callback is gone, which libh2o asserts never to be.
 */
static void turn(Loop *loop) {
        if (hooks_are_due(loop) && !h2o_timeout_is_linked(&loop->turn_entry))
                h2o_timeout_link(loop->context.loop, &loop->context.zero_timeout, &loop->turn_entry);
        /* -1 is a signal's interruption, and no reason to stop. */
        (void)h2o_evloop_run(loop->context.loop, INT32_MAX);
        if (loop->access_lines.size)
                access_log_write(loop->server->access_log, &loop->access_lines);
}

static void *loop_main(void *context) {
        Loop *loop = context;

        init(loop);
        hooks_started(loop);
        (void)sem_post(&loop->started);
        while (!loop->is_ending)
                turn(loop);

        hang_up(loop);
        while (!h2o_linklist_is_empty(&loop->connections))
                turn(loop);
        hooks_ended(loop);
        /* A message is taken before its sender has done: the queue goes when nobody can be at it. */
        semaphore_wait(&loop->left);
        deinit(loop);
        return NULL;
}

int loop_start(Loop *loop, Server *server, int fd, void (*on_tick)(Loop *loop)) {
        int r;

        *loop = (Loop){ .server = server, .listener_fd = fd, .on_tick = on_tick };
        (void)sem_init(&loop->started, 0, 0);
        (void)sem_init(&loop->left, 0, 0);
        r = -pthread_create(&loop->thread, NULL, loop_main, loop);
        if (r)
                return r;

        semaphore_wait(&loop->started);
        return 0;
}

void loop_join(Loop *loop) {
        (void)sem_post(&loop->left);
        (void)pthread_join(loop->thread, NULL);
        (void)sem_destroy(&loop->started);
        (void)sem_destroy(&loop->left);
}

void loop_send(Loop *loop, LoopMessage *message) {
        message->super = (h2o_multithread_message_t){ { NULL } };
        h2o_multithread_send_message(&loop->receiver, &message->super);
}
