#include <string.h>

#include "http/early_refusal.h"
#include "http/exchange.h"
#include "http/request.h"

typedef struct Replacement {
        h2o_ostream_t super;
        h2o_iovec_t body;
} Replacement;

/* libh2o's own errors are the only answers of 400 and above that are plain text. */
static bool is_foreign(const h2o_req_t *req) {
        return req->res.status >= 400 && req->res.headers.size == 1 &&
               req->res.headers.entries[0].name == &H2O_TOKEN_CONTENT_TYPE->buf &&
               h2o_memis(req->res.headers.entries[0].value.base, 10, H2O_STRLIT("text/plain"));
}

static Reason reason_of(int status) {
        switch (status) {
        case 413:
                return REASON_BODY_TOO_LARGE;
        case 417:
                return REASON_EXPECTATION_FAILED;
        default:
                return REASON_MALFORMED_REQUEST;
        }
}

static const char *text_of(int status) {
        switch (status) {
        case 413:
                return "the body is larger than body_max_bytes allows";
        case 417:
                return "the only expectation that is met is 100-continue";
        default:
                return "the request is not well-formed HTTP";
        }
}

static void send_replacement(h2o_ostream_t *super, h2o_req_t *req, _unused_ h2o_iovec_t *bufs,
                             _unused_ size_t n_bufs, h2o_send_state_t state) {
        Replacement *replacement = (Replacement *)super;

        h2o_ostream_send_next(super, req, &replacement->body, 1, state);
}

static h2o_iovec_t envelope_of(h2o_req_t *req) {
        Request request = { 0 };
        h2o_iovec_t body;

        reply_refusal(&request, reason_of(req->res.status), NULL, "%s", text_of(req->res.status));
        body = h2o_strdup(&req->pool, request.reply.body.data, request.reply.body.size);
        reply_clear(&request.reply);
        return body;
}

static void on_setup_ostream(_unused_ h2o_filter_t *self, h2o_req_t *req, h2o_ostream_t **slot) {
        if (is_foreign(req)) {
                Replacement *replacement = (Replacement *)h2o_add_ostream(req, sizeof(*replacement), slot);

                replacement->super.do_send = send_replacement;
                replacement->body = envelope_of(req);
                req->res.content_length = replacement->body.len;
                req->res.headers.entries[0].value = (h2o_iovec_t){ H2O_STRLIT("application/json") };
                slot = &replacement->super.next;
                exchange_account(connection_of(req)->loop, req, SPAN_NULL, 0, replacement->body.len);
        }
        h2o_setup_next_ostream(req, slot);
}

void early_refusal_register(h2o_pathconf_t *path) {
        h2o_filter_t *filter = h2o_create_filter(path, sizeof(*filter));

        filter->on_setup_ostream = on_setup_ostream;
}
