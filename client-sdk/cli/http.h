/*
 * One HTTP request after the other to one server, by libcurl: the only place that knows it.
 */
#pragma once

#include "model/buf.h"
#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"

typedef struct Http Http;

typedef struct HttpRequest {
        const char *method;
        const char *path;   /* with its query: "/api/v1/status" */
        Span body;          /* absent: none */
        const char *header; /* one more, "If-Match: \"7\""; or NULL */
} HttpRequest;

typedef struct HttpAnswer {
        int status;
        Buf body;
} HttpAnswer;

#define HTTP_ANSWER_NULL ((HttpAnswer){ 0, BUF_NULL })

void http_answer_deinit(HttpAnswer *answer);

#define HTTP_E_INVALID     1 /* the URL or the token is malformed */
#define HTTP_E_UNREACHABLE 2 /* there is no answer */

/* @url as the server is known by everywhere: "http://HOST:PORT", with 8750 for a port that is left out.
 * Return: 0 or HTTP_E_INVALID. */
int http_server_parse(const char *url, char **ret_server, Problem *ret_problem);

/* @token may be NULL. Nothing is connected yet. Return: 0 or HTTP_E_INVALID. */
int http_open(const char *url, const char *token, Http **ret_http, Problem *ret_problem);
Http *http_close(Http *http);

DEFINE_CLEANUP(Http *, http_close);

/* "http://127.0.0.1:8750". Borrowed. */
const char *http_server(const Http *http);

/* Redirects are not followed: the token is for this server. Return: 0, HTTP_E_INVALID or HTTP_E_UNREACHABLE.
 */
int http_exchange(Http *http, const HttpRequest *request, HttpAnswer *ret_answer, Problem *ret_problem);
