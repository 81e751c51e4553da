/*
 * The body of a request to an HTTP target: {"mirror", "revision", "changes"}, or what an operator's templates
 * make of it.
 *
 * In a template ${name} stands for a JSON value, a string with its quotes; $$ for a dollar; any other dollar
 * for itself. What is gone has null for all that it does not have any longer.
 *
 *   of the body:    mirror, revision, items
 *   of an item:     namespace, key, target_key, version, revision, format, content, content_raw, sha256,
 *                   updated_at, updated_by, comment, deleted
 *
 * content_raw is the content as it is, where its format is JSON, on one line; else as a string. Items are
 * joined by commas, unless their template ends with a newline: that makes lines of JSON.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "mirror/options.h"
#include "mirror/target.h"
#include "model/buf.h"
#include "model/macros.h"
#include "model/problem.h"

typedef struct HttpBody HttpBody;

/* The texts of @options are borrowed. Return: 0, or -EINVAL. */
int http_body_new(const MirrorOptions *options, HttpBody **ret_body, Problem *ret_problem);
HttpBody *http_body_free(HttpBody *body);

DEFINE_CLEANUP(HttpBody *, http_body_free);

void http_body_append(const HttpBody *body, Buf *buf, const TargetItem *items, size_t n, uint64_t revision);
