/*
 * A server that answers requests as a script says, and keeps what it was asked. One connection after the
 * other, on a thread of its own.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/buf.h"

#define HTTP_PEER_REQUESTS_MAX 300
#define HTTP_PEER_ANSWERS_MAX  8

/* An answer of the script is "200 OK", with headers "429 Slow down\r\nRetry-After: 7", and with a body behind
 * an empty line; how long that is is added. Instead of an answer: */
#define HTTP_PEER_CLOSE  "close"  /* the connection, with nothing said */
#define HTTP_PEER_SILENT "silent" /* until the other side gives up */

typedef struct HttpPeer {
        int fd;
        char url[64];
        pthread_t thread;
        const char *script[HTTP_PEER_ANSWERS_MAX]; /* after the last the last again */
        size_t n_script;
        size_t n_connections;
        size_t n_requests;
        Buf requests[HTTP_PEER_REQUESTS_MAX]; /* heads and bodies */
} HttpPeer;

void http_peer_start(HttpPeer *peer, const char *const *script, size_t n_script);
/* After this, what it was asked can be looked at, until http_peer_deinit(). */
void http_peer_stop(HttpPeer *peer);
void http_peer_deinit(HttpPeer *peer);

/* The value of a header of a request, and its body; NUL-terminated, released with free(). NULL: it has none.
 */
char *http_peer_header(const HttpPeer *peer, size_t i, const char *name);
char *http_peer_body(const HttpPeer *peer, size_t i);

#define HTTP_PEER_START(peer, ...)                                                                           \
        http_peer_start(peer, (const char *const[]){ __VA_ARGS__ },                                          \
                        sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))
