/*
 * Contents on their way from a file to the server.
 */
#pragma once

#include <stdbool.h>

#include "model/buf.h"
#include "model/problem.h"
#include "model/span.h"

/* More than any server takes in one request; what stands here is only that a device file ends somewhere. */
#define CONTENT_MAX_BYTES (64UL * 1024 * 1024)

#define CONTENT_E_INVALID                                                                                    \
        1 /* it cannot be read, or is no UTF-8 without NUL; the problem names file and place */

/* Reads @path; NULL is the standard input. */
int content_read(const char *path, Buf *ret_content, Problem *ret_problem);

/* Whether JSON can carry it; @name, for the problem, may be NULL. Return: 0 or CONTENT_E_INVALID. */
int content_check(const char *name, Span content, Problem *ret_problem);

/* Appends the body of a PUT. @format and @comment may be NULL. */
void content_append_put(Buf *to, Span content, const char *format, const char *comment, bool publish);

/* Appends ", \"name\": \"text\"", unless @text is NULL. */
void content_append_member(Buf *to, const char *name, const char *text);
