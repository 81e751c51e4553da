/*
 * HTTP to what mirrors write to, by libcurl: the only file of the server that knows it.
 *
 * One request after the other, over connections that are kept alive. A request is sent once: where a
 * connection breaks that was kept, libcurl would send it again on the next, and nobody would know how often
 * it is carried out, nor when. Redirects are not followed, and no proxy is taken from the environment: what
 * an operator wrote is where it goes. A link has one request at a time: an answer that is waited for, or one
 * that is read while it comes and has no end, such as that of a watch.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mirror/target.h"
#include "mirror/waker.h"
#include "model/buf.h"
#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"

/* What a target may ask for by Retry-After: a clock that is wrong must not stop a mirror for good. */
#define HTTP_LINK_RETRY_AFTER_MAX_MS (INT64_C(24) * 60 * 60 * 1000)

typedef struct HttpLink HttpLink;

/* Texts are borrowed, and outlive the link; those that are not given are "". */
typedef struct HttpLinkOptions {
        const char *user; /* for basic authentication */
        const char *password;
        const char *ca_file; /* PEM, else the system's */
        const char *cert_file;
        const char *key_file;
} HttpLinkOptions;

typedef struct HttpLinkRequest {
        const char *method;
        const char *url;
        const char *const *headers; /* "Name: value" */
        size_t n_headers;
        Span body;
        size_t answer_max_bytes; /* of its body */
        int64_t timeout_ms;      /* for all of it, connecting included */
} HttpLinkRequest;

typedef struct HttpLinkAnswer {
        unsigned status;
        Buf body;
        bool is_cut; /* there was more of the body */
        int64_t retry_after_ms;
} HttpLinkAnswer;

#define HTTP_LINK_ANSWER_NULL ((HttpLinkAnswer){ .body = BUF_NULL })

void http_link_answer_deinit(HttpLinkAnswer *answer);

/*
 * http_link_check_url() - is @url one that a mirror may write to?
 * @ret_place: "https://host:port" of it, which may be shown: the rest may be secret; released with free()
 *
 * Users and passwords do not belong there. Return: NULL, or what is wrong with it.
 */
const char *http_link_check_url(const char *url, char **ret_place);

/* "Name: value", as RFC 9110 has it, and none that libcurl makes itself. Return: NULL, or what is wrong. */
const char *http_link_check_header(const char *header);

/* Is done by http_link_new(), too; @thread any, but best while there is one only. */
void http_link_global_init(void);

/* @options and @waker: borrowed */
HttpLink *http_link_new(const HttpLinkOptions *options, Waker *waker);
HttpLink *http_link_free(HttpLink *link);

DEFINE_CLEANUP(HttpLink *, http_link_free);

/*
 * http_link_send() - send a request and wait for its answer
 * @ret_answer: filled where there is one, whatever its status
 *
 * Return: TARGET_OK; TARGET_E_DOWN: no answer; TARGET_E_DENIED: certificates; TARGET_E_STOPPED.
 */
TargetOutcome http_link_send(HttpLink *link, const HttpLinkRequest *request, HttpLinkAnswer *ret_answer,
                             TargetError *ret_error);

/*
 * http_link_open_stream() - send a request whose answer is read while it comes
 * @request: its answer_max_bytes is for what was not taken yet, its timeout_ms for connecting, and for a peer
 *           that does not even acknowledge; how long an answer may be silent is for the caller to say
 * @answer: what comes is appended to its body, whose front is the caller's to take off; borrowed until the
 *          stream is closed
 */
void http_link_open_stream(HttpLink *link, const HttpLinkRequest *request, HttpLinkAnswer *answer);

/*
 * http_link_read_stream() - wait until more of the answer is there, the time is up, or there are news
 * @ret_is_over: whether the answer has ended, as a whole or because more than its most was not taken
 *
 * Return: as http_link_send()
 */
TargetOutcome http_link_read_stream(HttpLink *link, int64_t timeout_ms, bool *ret_is_over,
                                    TargetError *ret_error);
void http_link_close_stream(HttpLink *link);

/* Closes the connections. */
void http_link_reset(HttpLink *link);
