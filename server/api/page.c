/*
 * The console: files that any browser may have, which ask for credentials themselves.
 *
 * The policy lets the page run the scripts that it came with and speak to this server, and nothing else. It
 * allows no inline style either: the page puts what its libraries would write into style elements where no
 * policy is needed. Pictures in data: URLs are those inside its style sheets.
 */
#include <string.h>

#include "api/handlers.h"
#include "api/page.h"
#include "model/macros.h"

#define POLICY                                                                                               \
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "                    \
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

#define HEADERS(cache)                                                                                       \
        { SPAN_LITERAL("content-encoding"), SPAN_LITERAL("gzip") },                                          \
                { SPAN_LITERAL("cache-control"), SPAN_LITERAL(cache) },                                      \
                { SPAN_LITERAL("content-security-policy"), SPAN_LITERAL(POLICY) },                           \
                { SPAN_LITERAL("x-content-type-options"), SPAN_LITERAL("nosniff") },                         \
                { SPAN_LITERAL("referrer-policy"), SPAN_LITERAL("no-referrer") },

static const ReplyHeader immutable_headers[] = { HEADERS("public, max-age=31536000, immutable") };
static const ReplyHeader index_headers[] = { HEADERS("no-cache") };

/* The file that the route was made of. */
static const PageFile *file_of(const Route *route) {
        const PageFile *file = page_files;

        while (strcmp(file->path, route->path) != 0)
                file++;
        return file;
}

bool page_read(Request *request) {
        const PageFile *file = file_of(request->route);
        Reply *reply = &request->reply;

        reply->status = 200;
        reply->content_type = file->media_type;
        reply->text = (Span){ (const char *)file->data, file->size };
        reply->etag = span_from_string(file->etag);
        reply->headers = file->is_immutable ? immutable_headers : index_headers;
        reply->n_headers = ARRAY_SIZE(index_headers);
        return true;
}
