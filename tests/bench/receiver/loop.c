/*
 * The receiver's epoll: connections, the publisher, and the commands on stdin, all on one thread.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "receiver.h"

#define EVENTS_PER_WAIT 512

static Connection commands = { .fd = STDIN_FILENO };

void die(const char *format, ...) {
        va_list list;

        va_start(list, format);
        fputs("receiver: ", stderr);
        vfprintf(stderr, format, list);
        fputc('\n', stderr);
        va_end(list);
        exit(1);
}

uint64_t now_ns(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

void loop_init(Receiver *receiver) {
        receiver->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (receiver->epoll_fd < 0)
                die("epoll_create1: %s", strerror(errno));
        loop_watch(receiver, &commands, EPOLLIN, true);
}

void loop_watch(Receiver *receiver, Connection *connection, uint32_t events, bool is_new) {
        struct epoll_event event = { .events = events, .data.ptr = connection };

        if (epoll_ctl(receiver->epoll_fd, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, connection->fd, &event))
                die("epoll_ctl: %s", strerror(errno));
}

/* Reads what there is of the command; the one who commands waits for the answer before it sends the next. */
static void read_command(Receiver *receiver) {
        ssize_t n;

        n = read(STDIN_FILENO, receiver->command + receiver->n_command,
                 sizeof(receiver->command) - 1 - receiver->n_command);
        if (n <= 0) {
                receiver->is_ended = true;
                return;
        }
        receiver->n_command += (size_t)n;
        receiver->command[receiver->n_command] = '\0';
}

static void serve(Receiver *receiver, int timeout_ms) {
        struct epoll_event events[EVENTS_PER_WAIT];
        int n;

        n = epoll_wait(receiver->epoll_fd, events, EVENTS_PER_WAIT, timeout_ms);
        if (n < 0 && errno != EINTR)
                die("epoll_wait: %s", strerror(errno));

        for (int i = 0; i < n; i++) {
                Connection *connection = events[i].data.ptr;

                if (connection == &commands)
                        read_command(receiver);
                else
                        connection_ready(receiver, connection, events[i].events);
        }
}

void loop_run(Receiver *receiver, bool (*is_done)(const Receiver *receiver), long timeout_ms,
              const char *what) {
        uint64_t deadline_ns = now_ns() + (uint64_t)timeout_ms * 1000000U;

        while (!is_done(receiver)) {
                if (timeout_ms == 0) {
                        serve(receiver, -1);
                        continue;
                }
                if (now_ns() > deadline_ns)
                        die("%s: not within %ld s; %zu of %zu subscribers are current, %zu have the change",
                            what, timeout_ms / 1000, receiver->n_current, receiver->n_connections,
                            receiver->n_arrived);
                serve(receiver, 1000);
        }
}

void loop_pause(Receiver *receiver, long ms) {
        uint64_t now = now_ns(), deadline_ns = now + (uint64_t)ms * 1000000U;

        while (now < deadline_ns) {
                serve(receiver, (int)((deadline_ns - now + 999999) / 1000000));
                now = now_ns();
        }
}
