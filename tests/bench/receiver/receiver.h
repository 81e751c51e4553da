/*
 * The receiver: many subscribers of one server in one process, and the publisher that they wait for.
 *
 * One thread, one epoll. Since the publish is sent and the changes are read by the same process, one clock
 * says how long each took. What a server speaks is behind the table Protocol; everything else is the same
 * for every server that is measured.
 *
 * Whatever is not as it should be (a refusal, a connection that breaks, a change that does not come) ends the
 * program with a message: a measurement is sound, or there is none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUBSCRIBERS_MAX 19000
#define MARKER_SIZE     24  /* a multiple of three, so that it has a base64 of its own */
#define CONTENT_SIZE    300 /* of a change */
#define REQUEST_SIZE    8192
#define EPOCH_SIZE_MAX  64

typedef enum State {
        STATE_CLOSED,
        STATE_CONNECTING, /* until the kernel says that it is connected */
        STATE_OPENING,    /* has asked; the server has not agreed */
        STATE_UPGRADED,   /* has agreed; what is known is not current */
        STATE_CURRENT,
        STATE_LOST, /* the server closed it after it had become current */
        STATE_N,
} State;

typedef struct Connection {
        int fd;
        uint32_t index;
        State state;
        bool has_marker; /* of the publish under way */
        char *pending;   /* the beginning of a message whose end has not come */
        size_t n_pending;
        size_t n_releases; /* that its snapshot brought */
} Connection;

typedef struct Receiver Receiver;

typedef struct Protocol {
        const char *name;
        /* Writes what a subscriber sends first; returns its size. */
        size_t (*hello)(const Receiver *receiver, const Connection *connection, char request[REQUEST_SIZE]);
        /* Reads the whole messages at the beginning of @data; returns the size of what it has used. */
        size_t (*consume)(Receiver *receiver, Connection *connection, const char *data, size_t n);
        /* Writes a publish of receiver->content; returns its size. A quiet one has nobody who waits for it.
         */
        size_t (*publish)(const Receiver *receiver, bool is_quiet, char request[REQUEST_SIZE]);
        /* The size of the server's answer to a publish, 0 while it is not whole; ends the program if the
         * answer is a refusal. */
        size_t (*answer)(const char *data, size_t n);
} Protocol;

extern const Protocol confer_protocol;
extern const Protocol bare_protocol;
extern const Protocol etcd_protocol;
extern const Protocol redis_protocol;

struct Receiver {
        const Protocol *protocol;
        uint16_t port;
        const char *token;
        const char *namespace;
        size_t frame_bytes; /* bare: of the frame to broadcast, without its head */
        bool is_acking;
        int pid; /* of the server */
        long gap_ms;

        int epoll_fd;
        Connection *connections;
        size_t n_connections;
        size_t n_opened;
        size_t n_connecting; /* begun, not yet current */
        size_t n_current;

        /* confer: what the subscribers have been told */
        bool is_resuming;
        char epoch[EPOCH_SIZE_MAX + 1];
        uint64_t seq;
        size_t n_snapshots;
        size_t n_currents;

        /* the publish under way */
        char content[CONTENT_SIZE + 1];
        char marker[2 * MARKER_SIZE + 1]; /* as it stands in what a subscriber reads */
        size_t n_arrived;
        uint64_t first_ns;
        uint64_t last_ns;
        uint64_t answered_ns;
        size_t message_bytes; /* of the message that brought the marker */
        Connection publisher;

        char command[256];
        size_t n_command;
        bool is_ended; /* nobody will command any more */
};

/* loop.c */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);
uint64_t now_ns(void);
void loop_init(Receiver *receiver);
void loop_watch(Receiver *receiver, Connection *connection, uint32_t events, bool is_new);
/* Serves events until @is_done says so; ends the program when that takes longer than @timeout_ms, 0 being for
 * ever. */
void loop_run(Receiver *receiver, bool (*is_done)(const Receiver *receiver), long timeout_ms,
              const char *what);
void loop_pause(Receiver *receiver, long ms);

/* connection.c */
void connection_open(Receiver *receiver, Connection *connection);
void connection_close(Connection *connection);
void connection_send(const Connection *connection, const char *data, size_t n);
void connection_ready(Receiver *receiver, Connection *connection, uint32_t events);
/* What protocols tell. */
void connection_current(Receiver *receiver, Connection *connection);
void connection_marker(Receiver *receiver, Connection *connection, size_t message_bytes);

/* subscribers.c */
void subscribers_connect(Receiver *receiver, size_t n, bool is_resuming);
void subscribers_disconnect(Receiver *receiver);
void subscribers_open_more(Receiver *receiver);

/* publish.c */
void publish_measure(Receiver *receiver, size_t n);

/* http.c */
/* The size of an answer with a Content-Length or in chunks, 0 while it is not whole; ends the program if its
 * status is no 200. */
size_t http_answer(const char *data, size_t n);
/* The size of an answer's head, 0 while it is not whole; ends the program if its status is not @status. */
size_t http_head(const char *data, size_t n, int status);
size_t http_request(const Receiver *receiver, const char *method, const char *path, const char *body,
                    char request[REQUEST_SIZE]);

/* base64.c */
void base64(const char *text, size_t n, char *ret_text);

/* cpu.c */
uint64_t cpu_of_ns(int pid);
