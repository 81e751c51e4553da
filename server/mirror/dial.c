#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mirror/dial.h"
#include "mirror/lookup.h"
#include "model/digits.h"
#include "util/clock.h"

#define PORT_MAX 65535

static bool refuse_shape(const char *text, Problem *ret_problem) {
        problem_set(ret_problem, NULL, "\"%s\" is neither HOST:PORT nor the path of a socket: %s", text,
                    "write redis.example.com:6379, [2001:db8::1]:6379 or /run/redis/redis.sock");
        return false;
}

static bool parse_path(const char *text, DialAddress *ret_address, Problem *ret_problem) {
        if (strlen(text) > DIAL_PATH_SIZE_MAX) {
                problem_set(ret_problem, NULL, "a path of a socket has at most %zu bytes",
                            DIAL_PATH_SIZE_MAX);
                return false;
        }

        *ret_address = (DialAddress){ .path = "" };
        memcpy(ret_address->path, text, strlen(text));
        return true;
}

static bool port_is_valid(const char *text) {
        unsigned port = 0;

        for (const char *at = text; *at; at++) {
                if (!is_digit(*at) || port > PORT_MAX)
                        return false;
                port = port * 10 + (unsigned)(*at - '0');
        }
        return port > 0 && port <= PORT_MAX && strlen(text) < sizeof(((DialAddress *)NULL)->port);
}

/* The host of @text, whose port begins after the colon at @colon; absent when it is none. */
static Span find_host(const char *text, const char *colon) {
        Span host = { text, (size_t)(colon - text) };

        if (host.size > 2 && text[0] == '[' && colon[-1] == ']')
                return (Span){ text + 1, host.size - 2 };
        if (host.size == 0 || memchr(text, ':', host.size) || memchr(text, '/', host.size) || text[0] == '[')
                return SPAN_NULL;
        return host;
}

bool dial_parse(const char *text, DialAddress *ret_address, Problem *ret_problem) {
        const char *colon = strrchr(text, ':');
        Span host;

        if (text[0] == '/')
                return parse_path(text, ret_address, ret_problem);
        if (!colon || !port_is_valid(colon + 1))
                return refuse_shape(text, ret_problem);

        host = find_host(text, colon);
        if (!host.data || host.size > DIAL_HOST_SIZE_MAX)
                return refuse_shape(text, ret_problem);

        *ret_address = (DialAddress){ .path = "" };
        memcpy(ret_address->host, host.data, host.size);
        memcpy(ret_address->port, colon + 1, strlen(colon + 1));
        return true;
}

static TargetOutcome fail(const char *to, int error, Problem *ret_problem) {
        problem_set(ret_problem, NULL, "%s cannot be reached: %s", to, strerrordesc_np(error));
        return TARGET_E_DOWN;
}

/* What has become of a connection that was begun; as errno. */
static int take_error(int fd) {
        socklen_t size = sizeof(int);
        int error = 0;

        return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

/* Return: 0, or what is wrong as errno; ECANCELED when the waker says stop. */
static int connect_socket(int fd, const struct sockaddr *address, socklen_t size, Waker *waker,
                          int64_t timeout_ms) {
        if (connect(fd, address, size) == 0)
                return 0;
        if (errno != EINPROGRESS)
                return errno;
        if (waker_poll(waker, fd, POLLOUT, timeout_ms, 0) == 0)
                return waker_is_stopping(waker) ? ECANCELED : ETIMEDOUT;
        return take_error(fd);
}

/* Return: a descriptor, or what is wrong as negative errno. */
static int try_address(int family, const struct sockaddr *address, socklen_t size, Waker *waker,
                       int64_t timeout_ms) {
        int fd, error;

        fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;

        error = connect_socket(fd, address, size, waker, timeout_ms);
        if (error) {
                (void)close(fd);
                return -error;
        }
        return fd;
}

static TargetOutcome connect_path(const DialAddress *address, Waker *waker, int64_t timeout_ms, int *ret_fd,
                                  Problem *ret_problem) {
        struct sockaddr_un name = { .sun_family = AF_UNIX };
        int fd;

        memcpy(name.sun_path, address->path, sizeof(name.sun_path));
        fd = try_address(AF_UNIX, (const struct sockaddr *)&name, sizeof(name), waker, timeout_ms);
        if (fd == -ECANCELED)
                return TARGET_E_STOPPED;
        if (fd < 0)
                return fail(address->path, -fd, ret_problem);

        *ret_fd = fd;
        return TARGET_OK;
}

static size_t count(const struct addrinfo *found) {
        size_t n = 0;

        for (; found; found = found->ai_next)
                n++;
        return n;
}

/* An address that never answers leaves the ones after it their share of the time. */
static int try_addresses(const struct addrinfo *found, Waker *waker, int64_t timeout_ms) {
        int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
        size_t n_left = count(found);
        int fd = -EADDRNOTAVAIL;

        for (; found && fd < 0 && fd != -ECANCELED; found = found->ai_next, n_left--) {
                int64_t left_ms = MAX(deadline_ms - clock_monotonic_ms(), 0);

                fd = try_address(found->ai_family, found->ai_addr, found->ai_addrlen, waker,
                                 left_ms / (int64_t)n_left);
        }
        return fd;
}

static TargetOutcome connect_host(const DialAddress *address, Waker *waker, int64_t timeout_ms, int *ret_fd,
                                  Problem *ret_problem) {
        _cleanup_(lookup_unrefp) Lookup *lookup = NULL;
        TargetOutcome outcome;
        char to[sizeof(address->host) + sizeof(address->port)];
        int fd;

        outcome = lookup_run(address->host, address->port, waker, timeout_ms, &lookup, ret_problem);
        if (outcome != TARGET_OK)
                return outcome;

        fd = try_addresses(lookup_addresses(lookup), waker, timeout_ms);
        if (fd == -ECANCELED)
                return TARGET_E_STOPPED;
        if (fd < 0) {
                (void)snprintf(to, sizeof(to), "%s:%s", address->host, address->port);
                return fail(to, -fd, ret_problem);
        }

        /* What is sent is whole requests already. */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
        *ret_fd = fd;
        return TARGET_OK;
}

TargetOutcome dial_connect(const DialAddress *address, Waker *waker, int64_t timeout_ms, int *ret_fd,
                           Problem *ret_problem) {
        return address->path[0] ? connect_path(address, waker, timeout_ms, ret_fd, ret_problem)
                                : connect_host(address, waker, timeout_ms, ret_fd, ret_problem);
}
