/*
 * The way from HTTP to WebSocket: RFC 6455, 4.2, and the sub-protocol confer.v1.
 */
#include <string.h>
#include <strings.h>

#include "push/handlers.h"
#include "push/stream.h"
#include "util/digest.h"

#define SUBPROTOCOL   "confer.v1"
#define ACCEPT_SECRET "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_SIZE      24

static bool refuse(Request *request, const char *field, const char *text) {
        reply_refusal(request, REASON_INVALID_HEADER, field, "%s", text);
        return false;
}

/* Whether @wanted is in a list of tokens, separated by commas. */
static bool has_token(h2o_iovec_t list, Span wanted) {
        return h2o_contains_token(list.base, list.len, wanted.data, wanted.size, ',');
}

/* The header may stand several times. */
static bool offers_subprotocol(const h2o_req_t *h2o) {
        static const Span name = SPAN_LITERAL("sec-websocket-protocol");
        ssize_t at = -1;

        while ((at = h2o_find_header_by_str(&h2o->headers, name.data, name.size, at)) >= 0)
                if (has_token(h2o->headers.entries[at].value, SPAN_LITERAL(SUBPROTOCOL)))
                        return true;
        return false;
}

static bool check(Request *request, const Exchange *exchange) {
        const h2o_req_t *h2o = exchange->h2o;

        if (request->is_head || !h2o->upgrade.base ||
            strncasecmp(h2o->upgrade.base, "websocket", h2o->upgrade.len) != 0 || h2o->upgrade.len != 9)
                return refuse(request, "Upgrade",
                              "this is a WebSocket: send Upgrade: websocket, or ask /api/v1/changes");
        if (!span_equal_string(header_of(h2o, SPAN_LITERAL("sec-websocket-version")), "13"))
                return refuse(request, "Sec-WebSocket-Version", "the version of WebSocket must be 13");
        if (header_of(h2o, SPAN_LITERAL("sec-websocket-key")).size != KEY_SIZE)
                return refuse(request, "Sec-WebSocket-Key", "the key must be 16 bytes in base64");
        if (!offers_subprotocol(h2o))
                return refuse(request, "Sec-WebSocket-Protocol",
                              "the sub-protocol must be offered: " SUBPROTOCOL);
        if (access_is_foreign(&exchange->credentials)) {
                reply_refusal(request, REASON_CSRF_FAILED, "Origin",
                              "a page of another server may not open a stream here");
                return false;
        }
        return true;
}

static bool admit(Request *request, Hub *hub) {
        if (hub->is_draining) {
                reply_refusal(request, REASON_NOT_READY, NULL, "the server is stopping");
                return false;
        }
        if (!hub_admit(hub)) {
                reply_refusal(request, REASON_BUSY, NULL,
                              "stream_connections_max streams are open: try again in a moment");
                return false;
        }
        return true;
}

static void append_accept(Buf *buf, Span key) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        uint8_t hash[SHA1_SIZE];

        buf_append_span(&text, key);
        buf_append_literal(&text, ACCEPT_SECRET);
        sha1(buf_span(&text), hash);
        base64_append(buf, (Span){ (const char *)hash, sizeof(hash) });
}

static void add_header(h2o_req_t *h2o, Span name, Span value) {
        h2o_iovec_t kept = h2o_strdup(&h2o->pool, value.data, value.size);

        h2o_add_header_by_str(&h2o->pool, &h2o->res.headers, name.data, name.size, 0, NULL, kept.base,
                              kept.len);
}

bool stream_hold(Request *request) {
        Exchange *exchange = exchange_of_request(request);
        Hub *hub = hub_of(exchange->loop);
        _cleanup_(buf_deinit) Buf accept = BUF_NULL;
        h2o_req_t *h2o = exchange->h2o;

        if (!check(request, exchange) || !admit(request, hub))
                return false;

        append_accept(&accept, header_of(h2o, SPAN_LITERAL("sec-websocket-key")));
        h2o->res.status = 101;
        h2o->res.reason = "Switching Protocols";
        add_header(h2o, SPAN_LITERAL("upgrade"), SPAN_LITERAL("websocket"));
        add_header(h2o, SPAN_LITERAL("sec-websocket-accept"), buf_span(&accept));
        add_header(h2o, SPAN_LITERAL("sec-websocket-protocol"), SPAN_LITERAL(SUBPROTOCOL));
        stream_begin(hub, exchange);
        return true;
}
