/*
 * One request as its handlers see it, and the reply that they make.
 *
 * It belongs to one thread at a time. What it points to stays as it is until the reply has been sent; HTTP/1
 * stops reading a connection while a request is being handled, so that not even a vanished client takes it
 * away.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/access.h"
#include "http/reason.h"
#include "http/route.h"
#include "model/buf.h"
#include "model/catalog.h"
#include "model/problem.h"
#include "model/release.h"
#include "model/span.h"
#include "store/command.h"

#define PARAMETERS_MAX     40 /* 32 of them may be tags */
#define PAGE_LIMIT_DEFAULT 100
#define PAGE_LIMIT_MAX     1000

/* Of the members that say which rule chose. */
#define RELEASE_TAIL_MAX 32

typedef struct Parameter {
        Span name;
        Span value; /* decoded */
} Parameter;

typedef struct ReplyHeader {
        Span name; /* in small letters */
        Span value;
} ReplyHeader;

typedef struct Reply {
        int status; /* 0: not made yet */
        const char *content_type;
        Span text;        /* what is sent, where it outlives the request: a part of the program */
        Buf body;         /* else what is sent; owned */
        Release *release; /* else the release whose envelope is sent, unless its raw content is; owned */
        char tail[RELEASE_TAIL_MAX]; /* what ends its JSON object in the place of its last brace … */
        size_t tail_size;            /* … or 0 */
        Span etag;
        Reason reason;  /* of a refusal */
        char allow[64]; /* header values; "" where not sent */
        Buf location;
        Buf cookie;
        bool is_raw_content;        /* sent with headers that keep a browser from running it */
        const ReplyHeader *headers; /* further ones, which outlive the request */
        size_t n_headers;
} Reply;

struct Request {
        const Route *route;
        void *app;              /* what the handlers' own module hung on the server */
        const Catalog *catalog; /* @thread loop */

        Span params[ROUTE_PARAMS_MAX]; /* from the path, decoded; names are well-formed */
        Parameter parameters[PARAMETERS_MAX];
        size_t n_parameters;
        Span body;
        Span if_match; /* header values, or absent */
        Span if_none_match;
        Span cookie;
        Span address; /* of the client */
        bool is_head;
        Principal principal; /* of public routes: empty */

        Reply reply;

        /* For writes. */
        Command command;
        Operation operation;           /* where command.operations points, when there is but one */
        bool is_transaction;           /* the body lists operations; faults are told as operations[i].field */
        void *kept;                    /* what the command's texts point into … */
        void (*kept_free)(void *kept); /* … and how it is released, with the request */
};

/* Absent where a route does not name them. */
static inline Span request_namespace(const Request *request) {
        return request->params[PARAM_NAMESPACE];
}

static inline Span request_key(const Request *request) {
        return request->params[PARAM_KEY];
}

/* The value of a query parameter, or absent. */
Span request_parameter(const Request *request, const char *name);

/* Reads a decimal number from 0 to @max, without sign and leading zeros. */
bool number_parse(Span text, int64_t max, int64_t *ret_number);

/* Each returns false with a reply made when the parameter is there and wrong. */
bool request_flag(Request *request, const char *name, bool otherwise, bool *ret_flag);
/* A number from 0 to @max. */
bool request_number(Request *request, const char *name, int64_t max, int64_t otherwise, int64_t *ret_number);
bool request_limit(Request *request, unsigned *ret_limit);
bool request_version(Request *request, const char *name, int64_t *ret_version); /* 0 when it is not there */
/* The version that the path names. */
bool request_path_version(Request *request, int64_t *ret_version);
bool request_time(Request *request, const char *name, int64_t otherwise, int64_t *ret_at_ms);

/* Whether the asker has the right; false with a reply made when not. For rights that depend on the body. */
bool request_may(Request *request, Right right, Span namespace);

/* Makes the command of a write out of request->operation. */
void request_command(Request *request);

/* Begins a JSON answer: what is appended to the buffer until reply_end() becomes its data. */
Buf *reply_begin(Request *request, int status);
void reply_end(Request *request);

/* A whole answer with the data of one config; takes a reference. */
void reply_release(Request *request, Release *release);
/* The same of what an arm serves, with the @rule that chose it. */
void reply_chosen_release(Request *request, Release *release, int rule);

/* Refusals. @problem names the field, and the place in it, where there is one. */
void reply_refuse(Request *request, Reason reason, const Problem *problem);
void reply_refusal(Request *request, Reason reason, const char *field, const char *format, ...)
        _printf_(4, 5);

/* A refusal for an outcome of the store's, or for a negative errno of a reader's. @problem: what it said, or
 * NULL. */
void reply_store_outcome(Request *request, int outcome, const Problem *problem);

/* Forgets a reply that was begun. */
void reply_clear(Reply *reply);

/* Releases all that the request owns. */
void request_deinit(Request *request);
