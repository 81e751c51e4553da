/*
 * Anything that takes HTTP as a target: each batch is one request.
 *
 * Nothing is read back, and there is no fence: a request that was given up may still be carried out by a
 * server that was slow. Whoever minds compares revisions, which each change carries; doing the same again has
 * to give the same.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mirror/http_body.h"
#include "mirror/http_link.h"
#include "mirror/target.h"
#include "mirror/target_apart.h"
#include "model/digits.h"
#include "model/utf8.h"
#include "util/allocate.h"
#include "util/clock.h"
#include "util/digest.h"

#define ANSWER_MAX_BYTES (64UL * 1024) /* of what nobody reads but its beginning */
#define SAYING_MAX       256           /* of an answer, in what is told of it */
#define N_OWN_HEADERS    5
#define HEADER_SIZE_MAX  256

struct Target {
        const MirrorOptions *options;
        HttpLink *link;
        HttpBody *body;
        char **places; /* of the endpoints, as they are shown */
        size_t at;     /* which of the endpoints */
};

/*
 * Opening.
 */

static int refuse(Problem *ret_problem, const char *list, size_t i, const char *fault) {
        char field[PROBLEM_FIELD_MAX];

        (void)snprintf(field, sizeof(field), "%s[%zu]", list, i);
        problem_set(ret_problem, field, "%s", fault);
        return -EINVAL;
}

static int check_endpoints(Target *target, Problem *ret_problem) {
        const MirrorOptions *options = target->options;

        if (options->n_endpoints == 0) {
                problem_set(ret_problem, "endpoints", "there are none: give at least one URL");
                return -EINVAL;
        }

        target->places = allocate(options->n_endpoints, sizeof(*target->places));
        for (size_t i = 0; i < options->n_endpoints; i++) {
                const char *fault = http_link_check_url(options->endpoints[i], &target->places[i]);

                if (fault)
                        return refuse(ret_problem, "endpoints", i, fault);
        }
        return 0;
}

static int check_headers(const MirrorOptions *options, Problem *ret_problem) {
        for (size_t i = 0; i < options->n_headers; i++) {
                const char *fault = http_link_check_header(options->headers[i]);

                if (fault)
                        return refuse(ret_problem, "headers", i, fault);
        }
        return 0;
}

static int check_method(const MirrorOptions *options, Problem *ret_problem) {
        for (const char *at = options->method; *at; at++)
                if (*at < 'A' || *at > 'Z') {
                        problem_set(ret_problem, "method", "a method is written in capitals: POST or PUT");
                        return -EINVAL;
                }
        return 0;
}

static int check(Target *target, Problem *ret_problem) {
        int r;

        r = check_endpoints(target, ret_problem);
        if (!r)
                r = check_headers(target->options, ret_problem);
        if (!r)
                r = check_method(target->options, ret_problem);
        if (!r)
                r = http_body_new(target->options, &target->body, ret_problem);
        return r;
}

static Target *http_close(Target *target) {
        if (!target)
                return NULL;

        for (size_t i = 0; target->places && i < target->options->n_endpoints; i++)
                free(target->places[i]);
        free(target->places);
        http_body_free(target->body);
        http_link_free(target->link);
        free(target);
        return NULL;
}

static int http_open(const MirrorOptions *options, _unused_ size_t worker, Waker *waker, Target **ret_target,
                     Problem *ret_problem) {
        HttpLinkOptions link = {
                .user = options->user,
                .password = options->password,
                .ca_file = options->ca_file,
                .cert_file = options->cert_file,
                .key_file = options->key_file,
        };
        Target *target = allocate(1, sizeof(*target));
        int r;

        target->options = options;
        r = check(target, ret_problem);
        if (r) {
                http_close(target);
                return r;
        }

        target->link = http_link_new(&link, waker);
        *ret_target = target;
        return 0;
}

/* There is nothing to ask before the first change: most of what takes one answers nothing else. */
static TargetOutcome http_connect(_unused_ Target *target, _unused_ TargetError *ret_error) {
        return TARGET_OK;
}

static void http_disconnect(Target *target) {
        http_link_reset(target->link);
}

/*
 * A request.
 */

typedef struct OwnHeaders {
        char texts[N_OWN_HEADERS][HEADER_SIZE_MAX];
        size_t n;
} OwnHeaders;

static _printf_(2, 3) void add_header(OwnHeaders *headers, const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vsnprintf(headers->texts[headers->n++], HEADER_SIZE_MAX, format, args);
        va_end(args);
}

/* The time is signed with the body, so that a request cannot be kept and sent again. */
static void add_signature(OwnHeaders *headers, const char *secret, Span body) {
        int64_t at_s = clock_wall_ms() / 1000;
        uint8_t mac[SHA256_SIZE];
        char head[32], hex[2 * SHA256_SIZE];
        int size = snprintf(head, sizeof(head), "%" PRId64 ".", at_s);

        hmac_sha256(span_from_string(secret), (Span){ head, (size_t)size }, body, mac);
        (void)hex_encode(hex, mac, sizeof(mac));
        add_header(headers, "X-Confer-Signature: t=%" PRId64 ",v1=%.*s", at_s, (int)sizeof(hex), hex);
}

static bool is_given(const MirrorOptions *options, const char *name) {
        size_t size = strlen(name);

        for (size_t i = 0; i < options->n_headers; i++)
                if (strncasecmp(options->headers[i], name, size) == 0 && options->headers[i][size] == ':')
                        return true;

        return false;
}

static void make_headers(const Target *target, Span body, uint64_t revision, OwnHeaders *headers) {
        headers->n = 0;
        if (!is_given(target->options, "Content-Type"))
                add_header(headers, "Content-Type: application/json");
        if (!is_given(target->options, "User-Agent"))
                add_header(headers, "User-Agent: confer/" CONFERD_VERSION);
        add_header(headers, "X-Confer-Mirror: %.200s", target->options->name);
        add_header(headers, "X-Confer-Revision: %" PRIu64, revision);
        if (*target->options->secret)
                add_signature(headers, target->options->secret, body);
}

static const char **list_headers(const Target *target, const OwnHeaders *own, size_t *ret_n) {
        const MirrorOptions *options = target->options;
        const char **headers = allocate(own->n + options->n_headers, sizeof(*headers));

        for (size_t i = 0; i < own->n; i++)
                headers[i] = own->texts[i];
        for (size_t i = 0; i < options->n_headers; i++)
                headers[own->n + i] = options->headers[i];
        *ret_n = own->n + options->n_headers;
        return headers;
}

static TargetOutcome post(Target *target, Span body, uint64_t revision, HttpLinkAnswer *ret_answer,
                          TargetError *ret_error) {
        _cleanup_(freep) const char **headers = NULL;
        HttpLinkRequest request = {
                .method = *target->options->method ? target->options->method : "POST",
                .url = target->options->endpoints[target->at],
                .body = body,
                .answer_max_bytes = ANSWER_MAX_BYTES,
                .timeout_ms = (int64_t)target->options->timeout_ms,
        };
        OwnHeaders own;

        make_headers(target, body, revision, &own);
        headers = list_headers(target, &own, &request.n_headers);
        request.headers = headers;
        return http_link_send(target->link, &request, ret_answer, ret_error);
}

/*
 * What an answer says.
 */

static TargetOutcome outcome_of_status(unsigned status) {
        switch (status) {
        case 408:
        case 425:
        case 429:
        case 502:
        case 503:
        case 504:
                return TARGET_E_DOWN;
        case 401:
        case 403:
        case 404:
        case 405:
        case 407:
                return TARGET_E_DENIED;
        default:
                if (status >= 500)
                        return TARGET_E_FAILED;
                if (status >= 400)
                        return TARGET_E_REFUSED;
                return status >= 200 && status < 300 ? TARGET_OK : TARGET_E_DENIED;
        }
}

/* What cannot be shown on one line becomes a space, and what is no character ends it. */
static void read_saying(const HttpLinkAnswer *answer, char saying[static SAYING_MAX + 1]) {
        Span body = buf_span(&answer->body);
        size_t size = utf8_valid_size((Span){ body.data, MIN(body.size, (size_t)SAYING_MAX) });

        for (size_t i = 0; i < size; i++)
                saying[i] = (unsigned char)body.data[i] < ' ' || body.data[i] == 0x7f ? ' ' : body.data[i];
        saying[size] = '\0';
}

static void explain(const Target *target, const HttpLinkAnswer *answer, TargetError *ret_error) {
        char saying[SAYING_MAX + 1];

        read_saying(answer, saying);
        *ret_error = (TargetError){ .retry_after_ms = answer->retry_after_ms };
        if (answer->status >= 300 && answer->status < 400)
                problem_set(&ret_error->problem, "endpoints",
                            "%.80s answers %u: redirects are not followed: give the URL that it leads to",
                            target->places[target->at], answer->status);
        else
                problem_set(&ret_error->problem, NULL, "%.80s answers %u%s%s", target->places[target->at],
                            answer->status, *saying ? ": " : "", saying);
}

static void mark(TargetItem *items, size_t n, TargetOutcome outcome, const TargetError *error) {
        for (size_t i = 0; i < n; i++) {
                items[i].outcome = outcome;
                items[i].error = *error;
        }
}

static TargetOutcome read_answer(const Target *target, const HttpLinkAnswer *answer, TargetItem *items,
                                 size_t n, TargetError *ret_error) {
        TargetOutcome outcome = outcome_of_status(answer->status);
        TargetError error = { 0 };

        if (outcome != TARGET_OK)
                explain(target, answer, &error);
        if (outcome == TARGET_OK || outcome == TARGET_E_FAILED) {
                mark(items, n, outcome, &error);
                return TARGET_OK;
        }
        *ret_error = error;
        return outcome;
}

static TargetOutcome explain_silence(const Target *target, TargetOutcome outcome, const TargetError *error,
                                     TargetError *ret_error) {
        if (outcome == TARGET_E_STOPPED)
                return outcome;

        *ret_error = (TargetError){ 0 };
        problem_set(&ret_error->problem, NULL, "%.80s: %s", target->places[target->at], error->problem.text);
        return outcome;
}

/*
 * Writing.
 */

static uint64_t newest_revision(const TargetItem *items, size_t n) {
        uint64_t revision = 0;

        for (size_t i = 0; i < n; i++)
                revision = MAX(revision, items[i].config->revision);
        return revision;
}

/* TargetSendFn */
static TargetOutcome send_batch(Target *target, TargetItem *items, size_t n, TargetError *ret_error) {
        _cleanup_(http_link_answer_deinit) HttpLinkAnswer answer = HTTP_LINK_ANSWER_NULL;
        _cleanup_(buf_deinit) Buf body = BUF_NULL;
        uint64_t revision = newest_revision(items, n);
        TargetError error;
        TargetOutcome outcome;

        http_body_append(target->body, &body, items, n, revision);
        if (buf_failed(&body))
                abort();
        outcome = post(target, buf_span(&body), revision, &answer, &error);
        if (outcome == TARGET_OK)
                return read_answer(target, &answer, items, n, ret_error);
        return explain_silence(target, outcome, &error, ret_error);
}

static TargetOutcome http_apply(Target *target, TargetItem *items, size_t n, _unused_ uint64_t revision,
                                TargetError *ret_error) {
        TargetOutcome outcome = TARGET_OK;

        if (n > 0)
                outcome = target_send_apart(target, items, n, send_batch, ret_error);
        if (outcome == TARGET_E_DOWN || outcome == TARGET_E_DENIED)
                target->at = (target->at + 1) % target->options->n_endpoints;
        return outcome;
}

const TargetKind target_http = {
        .name = "http",
        .open = http_open,
        .close = http_close,
        .connect = http_connect,
        .disconnect = http_disconnect,
        .apply = http_apply,
};
