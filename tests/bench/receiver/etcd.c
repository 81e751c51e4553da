/*
 * etcd's watchers through its JSON gateway: a request whose answer goes on, a line per event.
 */

#include <stdio.h>
#include <string.h>

#include "receiver.h"

#define KEY       "Y29uZmVyLWJlbmNoLWhvdA==" /* confer-bench-hot */
#define QUIET_KEY "Y29uZmVyLWJlbmNoLXF1aWV0" /* confer-bench-quiet */

static size_t etcd_hello(const Receiver *receiver, const Connection *connection, char request[REQUEST_SIZE]) {
        (void)connection;
        return http_request(receiver, "POST", "/v3/watch", "{\"create_request\": {\"key\": \"" KEY "\"}}",
                            request);
}

static void etcd_line(Receiver *receiver, Connection *connection, const char *line, size_t n) {
        if (memmem(line, n, "\"created\":true", 14))
                connection_current(receiver, connection);
        else if (receiver->marker[0] != '\0' && memmem(line, n, receiver->marker, strlen(receiver->marker)))
                connection_marker(receiver, connection, n);
}

static size_t etcd_consume(Receiver *receiver, Connection *connection, const char *data, size_t n) {
        size_t used = 0;
        const char *end;

        if (connection->state == STATE_OPENING) {
                used = http_head(data, n, 200);
                if (used == 0)
                        return 0;
                connection->state = STATE_UPGRADED;
        }
        while ((end = memchr(data + used, '\n', n - used)) != NULL) {
                etcd_line(receiver, connection, data + used, (size_t)(end - data) - used);
                used = (size_t)(end - data) + 1;
        }
        return used;
}

static size_t etcd_publish(const Receiver *receiver, bool is_quiet, char request[REQUEST_SIZE]) {
        char body[REQUEST_SIZE / 2], value[CONTENT_SIZE / 3 * 4 + 1];

        base64(receiver->content, CONTENT_SIZE, value);
        (void)snprintf(body, sizeof(body), "{\"key\": \"%s\", \"value\": \"%s\"}", is_quiet ? QUIET_KEY : KEY,
                       value);
        return http_request(receiver, "POST", "/v3/kv/put", body, request);
}

const Protocol etcd_protocol = {
        .name = "etcd",
        .hello = etcd_hello,
        .consume = etcd_consume,
        .publish = etcd_publish,
        .answer = http_answer,
};
