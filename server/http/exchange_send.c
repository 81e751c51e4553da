/*
 * The end of an exchange: the reply becomes libh2o's response.
 */
#include <string.h>

#include "http/exchange.h"
#include "http/server_private.h"
#include "util/clock.h"

#define ENVELOPE_BEGIN "{\"code\":200,\"message\":\"ok\",\"data\":"
#define ENVELOPE_END   "}"
#define BODY_PARTS_MAX 4

typedef struct Body {
        h2o_iovec_t parts[BODY_PARTS_MAX];
        size_t n_parts;
        size_t size;
} Body;

static void body_add(Body *body, Span part) {
        body->parts[body->n_parts++] = iovec_from_span(part);
        body->size += part.size;
}

static void body_add_release(Body *body, const Reply *reply) {
        Span json = release_json(reply->release);

        body_add(body, SPAN_LITERAL(ENVELOPE_BEGIN));
        if (reply->tail_size) {
                body_add(body, (Span){ json.data, json.size - 1 });
                body_add(body, (Span){ reply->tail, reply->tail_size });
        } else
                body_add(body, json);
        body_add(body, SPAN_LITERAL(ENVELOPE_END));
}

static Body body_of(const Reply *reply) {
        Body body = { .n_parts = 0 };

        if (reply->release && !reply->is_raw_content)
                body_add_release(&body, reply);
        else
                body_add(&body, reply->text.data ? reply->text : buf_span(&reply->body));
        return body;
}

/* Whether the client holds what would be sent: If-None-Match lists tags, perhaps weak ones, or is a star. */
static bool is_held(const Request *request) {
        Span tag = request->reply.etag, rest = request->if_none_match;

        if (!rest.data || !tag.data || request->reply.status != 200)
                return false;
        if (span_equal(rest, tag) || span_equal_string(rest, "*"))
                return true;

        while (rest.size >= tag.size) {
                const char *quote = memchr(rest.data, '"', rest.size);

                if (!quote)
                        return false;
                rest = (Span){ quote, (size_t)(rest.data + rest.size - quote) };
                if (span_starts_with(rest, tag))
                        return true;

                quote = memchr(rest.data + 1, '"', rest.size - 1);
                if (!quote)
                        return false;
                rest = (Span){ quote + 1, (size_t)(rest.data + rest.size - quote - 1) };
        }
        return false;
}

static void add_header(h2o_req_t *h2o, const h2o_token_t *token, Span value) {
        if (value.size)
                h2o_add_header(&h2o->pool, &h2o->res.headers, token, NULL, value.data, value.size);
}

static void add_named_header(h2o_req_t *h2o, Span name, Span value) {
        h2o_add_header_by_str(&h2o->pool, &h2o->res.headers, name.data, name.size, 0, NULL, value.data,
                              value.size);
}

static void add_refusal_headers(h2o_req_t *h2o, const Reply *reply) {
        add_header(h2o, H2O_TOKEN_ALLOW, span_from_string(reply->allow));
        if (reply->status == 401)
                add_header(h2o, H2O_TOKEN_WWW_AUTHENTICATE, SPAN_LITERAL("Bearer"));
        if (reply->status == 429)
                add_header(h2o, H2O_TOKEN_RETRY_AFTER, SPAN_LITERAL("60"));
        if (reply->status == 503)
                add_header(h2o, H2O_TOKEN_RETRY_AFTER, SPAN_LITERAL("1"));
}

static void add_headers(h2o_req_t *h2o, const Reply *reply, bool with_body) {
        if (with_body)
                add_header(h2o, H2O_TOKEN_CONTENT_TYPE, span_from_string(reply->content_type));
        add_header(h2o, H2O_TOKEN_ETAG, reply->etag);
        if (reply->status >= 400)
                add_refusal_headers(h2o, reply);
        add_header(h2o, H2O_TOKEN_LOCATION, buf_span(&reply->location));
        add_header(h2o, H2O_TOKEN_SET_COOKIE, buf_span(&reply->cookie));
        if (reply->is_raw_content) {
                add_named_header(h2o, SPAN_LITERAL("x-content-type-options"), SPAN_LITERAL("nosniff"));
                add_named_header(h2o, SPAN_LITERAL("content-security-policy"), SPAN_LITERAL("sandbox"));
        }
        for (size_t i = 0; i < reply->n_headers; i++)
                add_named_header(h2o, reply->headers[i].name, reply->headers[i].value);
}

void exchange_log(Loop *loop, const AccessLine *line) {
        if (loop->server->access_log)
                access_line_append(&loop->access_lines, line);
}

void exchange_account(Loop *loop, h2o_req_t *h2o, Span user, int64_t duration_us, uint64_t sent_bytes) {
        static const Metric classes[] = { METRIC_HTTP_REQUESTS_2XX, METRIC_HTTP_REQUESTS_3XX,
                                          METRIC_HTTP_REQUESTS_4XX, METRIC_HTTP_REQUESTS_5XX };
        Span target = span_from_iovec(h2o->input.path);
        const char *mark;

        metric_add(&loop->metrics, classes[h2o->res.status / 100 - 2], 1);
        metric_add(&loop->metrics, METRIC_HTTP_SENT_BYTES, sent_bytes);
        if (!loop->server->access_log)
                return; /* no clock is read for a line that nobody wants */

        mark = target.size ? memchr(target.data, '?', target.size) : NULL;
        exchange_log(loop,
                     &(AccessLine){
                             .at_ms = clock_wall_ms(),
                             .address = span_from_string(connection_of(h2o)->address),
                             .user = user.data ? user : SPAN_LITERAL(""),
                             .method = span_from_iovec(h2o->input.method),
                             .path = mark ? (Span){ target.data, (size_t)(mark - target.data) } : target,
                             .status = h2o->res.status,
                             .sent_bytes = sent_bytes,
                             .duration_us = duration_us,
                     });
}

void exchange_send(Exchange *exchange) {
        static h2o_generator_t generator = { NULL, NULL };
        Request *request = &exchange->request;
        h2o_req_t *h2o = exchange->h2o;
        bool is_held_by_client = is_held(request), with_body = !is_held_by_client && !request->is_head;
        int64_t duration_us = clock_monotonic_us() - exchange->began_at_us;
        Body body = body_of(&request->reply);

        if (is_held_by_client)
                request->reply.status = 304;
        h2o->res.status = request->reply.status;
        h2o->res.reason = status_phrase(request->reply.status);
        h2o->res.content_length = is_held_by_client ? SIZE_MAX : body.size;
        add_headers(h2o, &request->reply, !is_held_by_client);
        if (exchange->histogram != HISTOGRAM_N)
                metric_observe_us(&exchange->loop->metrics, exchange->histogram, (uint64_t)duration_us);
        exchange_account(exchange->loop, h2o, request->principal.name, duration_us,
                         with_body ? body.size : 0);

        h2o_start_response(h2o, &generator);
        h2o_send(h2o, body.parts, with_body ? body.n_parts : 0, H2O_SEND_STATE_FINAL);
}
