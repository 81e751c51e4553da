/*
 * Redis' publish and subscribe. What is sent holds no line break, so that its messages can be read by lines.
 */

#include <stdio.h>
#include <string.h>

#include "receiver.h"

static size_t redis_hello(const Receiver *receiver, const Connection *connection,
                          char request[REQUEST_SIZE]) {
        (void)receiver;
        (void)connection;
        return (size_t)snprintf(request, REQUEST_SIZE, "SUBSCRIBE hot\r\n");
}

static void redis_line(Receiver *receiver, Connection *connection, const char *line, size_t n) {
        if (line[0] == '-')
                die("Redis refuses: %.*s", (int)n, line);
        if (line[0] == ':')
                connection_current(receiver, connection);
        else if (receiver->marker[0] != '\0' && memmem(line, n, receiver->marker, MARKER_SIZE))
                connection_marker(receiver, connection, n);
}

static size_t redis_consume(Receiver *receiver, Connection *connection, const char *data, size_t n) {
        size_t used = 0;
        const char *end;

        while ((end = memchr(data + used, '\n', n - used)) != NULL) {
                redis_line(receiver, connection, data + used, (size_t)(end - data) - used);
                used = (size_t)(end - data) + 1;
        }
        return used;
}

static size_t redis_publish(const Receiver *receiver, bool is_quiet, char request[REQUEST_SIZE]) {
        const char *channel = is_quiet ? "quiet" : "hot";

        return (size_t)snprintf(request, REQUEST_SIZE, "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s\r\n$%d\r\n%s\r\n",
                                strlen(channel), channel, CONTENT_SIZE, receiver->content);
}

static size_t redis_answer(const char *data, size_t n) {
        const char *end = memchr(data, '\n', n);

        if (n > 0 && data[0] != ':')
                die("Redis refuses: %.*s", (int)n, data);
        return end ? (size_t)(end - data) + 1 : 0;
}

const Protocol redis_protocol = {
        .name = "redis",
        .hello = redis_hello,
        .consume = redis_consume,
        .publish = redis_publish,
        .answer = redis_answer,
};
