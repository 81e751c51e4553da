/*
 * rival-broadcast: the least that a program can do that writes the same bytes to many sockets, as the measure
 * of Confer's fan-out
 *
 * One thread per --threads, each with its own epoll and its own SO_REUSEPORT listener. To a subscriber it
 * looks like Confer's stream: the handshake is answered, one canned frame says that all is current. Nothing
 * that a subscriber sends is looked at. The body of a POST to /broadcast goes to every subscriber as one
 * WebSocket frame; the request is answered before that, as Confer answers a publish when it is committed. A
 * POST elsewhere is answered, and that is all. Nothing is stored, checked, encoded or queued: a socket whose
 * buffer is full ends the program.
 *
 * SIGTERM ends it at once.
 */

#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREADS_MAX     64
#define FDS_MAX         65536
#define EVENTS_PER_WAIT 512
#define FRAME_SIZE_MAX  8192
#define NO_SUBSCRIBER   UINT32_MAX

#define UPGRADE                                                                                              \
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                  \
        "Sec-WebSocket-Protocol: confer.v1\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
#define CURRENT "{\"seq\":1,\"type\":\"current\",\"payload\":{\"epoch\":\"0\",\"namespaces\":[]}}"
#define OK      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

typedef struct Thread {
        int epoll_fd;
        int listen_fd;
        int wake_fd;
        uint32_t n_subscribers;
        int subscribers[FDS_MAX];

        /* What another thread wants broadcast: guarded, since that thread writes it. */
        pthread_mutex_t lock;
        char frame[FRAME_SIZE_MAX];
        size_t n_frame;
} Thread;

static Thread threads[THREADS_MAX];
static long n_threads = 1;
/* Where a connection stands in its thread's list. */
static uint32_t place_of[FDS_MAX];

static void die(const char *what) {
        fprintf(stderr, "rival-broadcast: %s: %s\n", what, strerror(errno));
        exit(1);
}

static void watch(Thread *thread, int fd) {
        struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

        if (epoll_ctl(thread->epoll_fd, EPOLL_CTL_ADD, fd, &event))
                die("epoll_ctl");
}

static void send_all(int fd, const char *data, size_t n) {
        if (send(fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)n)
                die("send");
}

static size_t make_frame(const char *payload, size_t n, char frame[FRAME_SIZE_MAX]) {
        size_t head = n < 126 ? 2 : 4;

        if (head + n > FRAME_SIZE_MAX) {
                errno = EMSGSIZE;
                die("the frame");
        }
        frame[0] = (char)0x81;
        frame[1] = (char)(n < 126 ? n : 126);
        if (head == 4) {
                frame[2] = (char)(n >> 8);
                frame[3] = (char)n;
        }
        memcpy(frame + head, payload, n);
        return head + n;
}

static void broadcast(Thread *thread, const char *frame, size_t n) {
        for (uint32_t i = 0; i < thread->n_subscribers; i++)
                send_all(thread->subscribers[i], frame, n);
}

static void broadcast_everywhere(Thread *self, int fd, const char *payload, size_t n_payload) {
        char frame[FRAME_SIZE_MAX];
        size_t n = make_frame(payload, n_payload, frame);

        for (long i = 0; i < n_threads; i++) {
                Thread *thread = &threads[i];

                if (thread == self)
                        continue;
                pthread_mutex_lock(&thread->lock);
                memcpy(thread->frame, frame, n);
                thread->n_frame = n;
                pthread_mutex_unlock(&thread->lock);
                if (eventfd_write(thread->wake_fd, 1))
                        die("eventfd_write");
        }
        send_all(fd, OK, strlen(OK));
        broadcast(self, frame, n);
}

static void on_wake(Thread *thread) {
        char frame[FRAME_SIZE_MAX];
        eventfd_t count;
        size_t n;

        if (eventfd_read(thread->wake_fd, &count))
                die("eventfd_read");
        pthread_mutex_lock(&thread->lock);
        n = thread->n_frame;
        memcpy(frame, thread->frame, n);
        pthread_mutex_unlock(&thread->lock);
        broadcast(thread, frame, n);
}

static void on_accept(Thread *thread) {
        int fd, one = 1;

        while ((fd = accept4(thread->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                if (fd >= FDS_MAX) {
                        errno = EMFILE;
                        die("accept");
                }
                (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
                place_of[fd] = NO_SUBSCRIBER;
                watch(thread, fd);
        }
        if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
                die("accept");
}

static void forget(Thread *thread, int fd) {
        uint32_t place = place_of[fd];

        if (place != NO_SUBSCRIBER) {
                thread->subscribers[place] = thread->subscribers[--thread->n_subscribers];
                place_of[thread->subscribers[place]] = place;
        }
        close(fd);
}

static void subscribe(Thread *thread, int fd) {
        char answer[FRAME_SIZE_MAX + sizeof(UPGRADE)] = UPGRADE;
        size_t n = strlen(UPGRADE);

        n += make_frame(CURRENT, strlen(CURRENT), answer + n);
        send_all(fd, answer, n);
        place_of[fd] = thread->n_subscribers;
        thread->subscribers[thread->n_subscribers++] = fd;
}

/* Requests are small and come from a program that sends each in one piece. */
static void on_request(Thread *thread, int fd, const char *request, size_t n) {
        const char *body = memmem(request, n, "\r\n\r\n", 4);

        if (!body) {
                errno = EPROTO;
                die("a request in pieces");
        }
        body += 4;
        if (strncmp(request, "GET ", 4) == 0)
                subscribe(thread, fd);
        else if (strncmp(request, "POST /broadcast ", 16) == 0)
                broadcast_everywhere(thread, fd, body, n - (size_t)(body - request));
        else
                send_all(fd, OK, strlen(OK));
}

static void on_readable(Thread *thread, int fd) {
        char data[FRAME_SIZE_MAX];
        ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0)
                forget(thread, fd);
        else if (place_of[fd] == NO_SUBSCRIBER)
                on_request(thread, fd, data, (size_t)n);
}

static void *run(void *arg) {
        struct epoll_event events[EVENTS_PER_WAIT];
        Thread *thread = arg;

        for (;;) {
                int n = epoll_wait(thread->epoll_fd, events, EVENTS_PER_WAIT, -1);

                if (n < 0 && errno != EINTR)
                        die("epoll_wait");
                for (int i = 0; i < n; i++) {
                        if (events[i].data.fd == thread->listen_fd)
                                on_accept(thread);
                        else if (events[i].data.fd == thread->wake_fd)
                                on_wake(thread);
                        else
                                on_readable(thread, events[i].data.fd);
                }
        }
        return NULL;
}

static int listen_on(uint16_t *port) {
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons(*port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(address);
        int fd, one = 1;

        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) ||
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
            bind(fd, (struct sockaddr *)&address, size) || listen(fd, SOMAXCONN) ||
            getsockname(fd, (struct sockaddr *)&address, &size))
                die("listen");
        *port = ntohs(address.sin_port);
        return fd;
}

static void thread_init(Thread *thread, uint16_t *port) {
        thread->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        thread->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (thread->epoll_fd < 0 || thread->wake_fd < 0)
                die("epoll_create1, eventfd");
        thread->listen_fd = listen_on(port);
        pthread_mutex_init(&thread->lock, NULL);
        watch(thread, thread->wake_fd);
        watch(thread, thread->listen_fd);
}

static void allow_descriptors(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit))
                die("getrlimit");
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit))
                die("setrlimit");
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "threads", required_argument, NULL, 't' },
                { NULL, 0, NULL, 0 },
        };
        uint16_t port = 0;
        pthread_t id;
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
                n_threads = c == 't' ? strtol(optarg, NULL, 10) : 0;
        if (optind != argc || n_threads < 1 || n_threads > THREADS_MAX) {
                fprintf(stderr, "usage: rival-broadcast [--threads N]\n");
                return 2;
        }

        allow_descriptors();
        for (long i = 0; i < n_threads; i++)
                thread_init(&threads[i], &port);
        for (long i = 1; i < n_threads; i++) {
                errno = pthread_create(&id, NULL, run, &threads[i]);
                if (errno)
                        die("pthread_create");
        }

        printf("rival-broadcast is ready on http://127.0.0.1:%u\n", port);
        fflush(stdout);
        run(&threads[0]);
}
