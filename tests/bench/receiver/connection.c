/*
 * One connection of the receiver: a subscriber's, or the publisher's.
 *
 * Sources are spread over several addresses of the loopback network, so that the ports that one address has
 * are enough for many connections, one run after another.
 */

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "receiver.h"

#define N_SOURCES        8
#define READ_SIZE        (256 * 1024)
#define PENDING_SIZE_MAX ((size_t)64 * 1024 * 1024)

static void bind_source(int fd, uint32_t index) {
        struct sockaddr_in source = { .sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + index % N_SOURCES) };
        int one = 1;

        if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) ||
            bind(fd, (struct sockaddr *)&source, sizeof(source)))
                die("bind: %s", strerror(errno));
}

void connection_open(Receiver *receiver, Connection *connection) {
        struct sockaddr_in server = { .sin_family = AF_INET,
                                      .sin_port = htons(receiver->port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int one = 1;

        connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (connection->fd < 0)
                die("socket: %s", strerror(errno));
        if (setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
                die("TCP_NODELAY: %s", strerror(errno));
        bind_source(connection->fd, connection->index);
        if (connect(connection->fd, (struct sockaddr *)&server, sizeof(server)) && errno != EINPROGRESS)
                die("connect: %s", strerror(errno));

        connection->state = STATE_CONNECTING;
        connection->n_releases = 0;
        connection->has_marker = false;
        loop_watch(receiver, connection, EPOLLOUT, true);
}

/* With a reset, so that nothing of it stays behind in the kernel. */
void connection_close(Connection *connection) {
        struct linger linger = { .l_onoff = 1, .l_linger = 0 };

        if (connection->fd >= 0) {
                (void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
                close(connection->fd);
        }
        free(connection->pending);
        *connection = (Connection){ .fd = -1, .index = connection->index };
}

/* What is sent is small, and nothing else is on its way: it goes out whole, or something is wrong. */
void connection_send(const Connection *connection, const char *data, size_t n) {
        ssize_t k = send(connection->fd, data, n, MSG_NOSIGNAL);

        if (k != (ssize_t)n)
                die("send: %s", k < 0 ? strerror(errno) : "the socket's buffer is full");
}

static void connected(Receiver *receiver, Connection *connection) {
        char request[REQUEST_SIZE];
        socklen_t size = sizeof(int);
        int error = 0;

        if (getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size) || error)
                die("the server does not accept connection %u: %s", connection->index, strerror(error));

        connection->state = STATE_OPENING;
        loop_watch(receiver, connection, EPOLLIN, false);
        if (connection != &receiver->publisher)
                connection_send(connection, request,
                                receiver->protocol->hello(receiver, connection, request));
}

static void lost(Receiver *receiver, Connection *connection) {
        if (connection->state != STATE_CURRENT)
                die("the server closed connection %u, %s", connection->index,
                    connection == &receiver->publisher ? "the publisher's" : "before it was current");
        if (receiver->publisher.state != STATE_CLOSED)
                die("the server closed connection %u amid the measurement", connection->index);

        close(connection->fd);
        connection->fd = -1;
        connection->state = STATE_LOST;
        receiver->n_current--;
}

static size_t consume(Receiver *receiver, Connection *connection, const char *data, size_t n) {
        size_t used;

        if (connection != &receiver->publisher)
                return receiver->protocol->consume(receiver, connection, data, n);

        used = receiver->protocol->answer(data, n);
        if (used > 0)
                receiver->answered_ns = now_ns();
        return used;
}

/* Adds to the message that has begun; a connection has a buffer only while one is on its way. */
static void take(Receiver *receiver, Connection *connection, const char *data, size_t n) {
        char *pending = NULL;
        size_t used;

        if (connection->n_pending == 0) {
                used = consume(receiver, connection, data, n);
                data += used;
                n -= used;
        }
        if (n == 0)
                return;

        if (connection->n_pending + n > PENDING_SIZE_MAX)
                die("the server sends connection %u a message without end", connection->index);
        pending = realloc(connection->pending, connection->n_pending + n);
        if (!pending)
                die("out of memory");
        connection->pending = pending;
        memcpy(pending + connection->n_pending, data, n);
        if (connection->n_pending == 0) {
                connection->n_pending = n;
                return;
        }

        connection->n_pending += n;
        used = consume(receiver, connection, pending, connection->n_pending);
        connection->n_pending -= used;
        memmove(pending, pending + used, connection->n_pending);
        if (connection->n_pending == 0) {
                free(connection->pending);
                connection->pending = NULL;
        }
}

void connection_ready(Receiver *receiver, Connection *connection, uint32_t events) {
        static char buffer[READ_SIZE];
        ssize_t n;

        if (connection->state == STATE_CONNECTING) {
                connected(receiver, connection);
                return;
        }
        (void)events;

        n = recv(connection->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0) {
                lost(receiver, connection);
                return;
        }
        take(receiver, connection, buffer, (size_t)n);
}

void connection_current(Receiver *receiver, Connection *connection) {
        if (connection->state == STATE_CURRENT)
                return;

        connection->state = STATE_CURRENT;
        receiver->n_current++;
        receiver->n_connecting--;
        subscribers_open_more(receiver);
}

void connection_marker(Receiver *receiver, Connection *connection, size_t message_bytes) {
        if (connection->has_marker)
                die("connection %u got the same change twice", connection->index);

        connection->has_marker = true;
        receiver->message_bytes = message_bytes;
        receiver->n_arrived++;
        if (receiver->n_arrived == 1)
                receiver->first_ns = now_ns();
        if (receiver->n_arrived == receiver->n_connections)
                receiver->last_ns = now_ns();
}
