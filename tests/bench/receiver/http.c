/*
 * As much of HTTP as the receiver needs: requests with a body, answers with a Content-Length or in chunks.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "receiver.h"

size_t http_head(const char *data, size_t n, int status) {
        const char *end = memmem(data, n, "\r\n\r\n", 4);
        char expected[16];

        if (!end)
                return 0;
        (void)snprintf(expected, sizeof(expected), "HTTP/1.1 %03d", status);
        if (strncmp(data, expected, strlen(expected)) != 0)
                die("%d was expected, the answer is: %.*s", status, (int)(n < 600 ? n : 600), data);
        return (size_t)(end - data) + 4;
}

/* The end is a chunk of no size and the trailers after it. */
static size_t end_of_chunks(const char *data, size_t n, size_t head) {
        const char *last = memmem(data + head, n - head, "\r\n0\r\n", 5), *end;

        if (!last)
                return 0;
        end = memmem(last + 3, n - (size_t)(last + 3 - data), "\r\n\r\n", 4);
        return end ? (size_t)(end - data) + 4 : 0;
}

size_t http_answer(const char *data, size_t n) {
        const char *length;
        size_t head, size;

        head = http_head(data, n, 200);
        if (head == 0)
                return 0;

        for (length = data; length < data + head;
             length = (const char *)memchr(length, '\n', (size_t)(data + n - length)) + 1) {
                if (strncasecmp(length, "content-length:", 15) == 0) {
                        size = head + strtoul(length + 15, NULL, 10);
                        return size <= n ? size : 0;
                }
                if (strncasecmp(length, "transfer-encoding:", 18) == 0)
                        return end_of_chunks(data, n, head);
        }
        die("an answer without a length: %.*s", (int)head, data);
}

size_t http_request(const Receiver *receiver, const char *method, const char *path, const char *body,
                    char request[REQUEST_SIZE]) {
        bool has_token = receiver->token[0] != '\0';
        int n;

        n = snprintf(request, REQUEST_SIZE,
                     "%s %s HTTP/1.1\r\nHost: bench\r\n%s%s%sContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     method, path, has_token ? "Authorization: Bearer " : "", receiver->token,
                     has_token ? "\r\n" : "", strlen(body), body);
        if (n >= REQUEST_SIZE)
                die("the request is too large");
        return (size_t)n;
}
