/*
 * Saving a config, as a request of its own and as an operation of a transaction: one reading of the fields
 * for both.
 */
#pragma once

#include "api/body.h"
#include "http/request.h"

typedef struct PutBody {
        Span namespace; /* these two in a transaction only */
        Span key;
        Span content;
        Span format;
        Span comment;
        bool publish;
        int64_t expect_version; /* -1: anything; 0: it must not exist */
} PutBody;

#define PUT_BODY_NULL ((PutBody){ .comment = SPAN_LITERAL(""), .expect_version = -1 })

/* Checks format, size and content, and fills @operation. @prefix as for body_read(). Return: false with a
 * reply made. */
bool put_fill(Request *request, const char *prefix, const PutBody *body, Operation *operation);
