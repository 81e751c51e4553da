/*
 * Checks that a content is what its format says, before it is saved.
 *
 * A content that is refused is broken for every reader. A content that is accepted parses, but it may still
 * not be what its readers want: duplicate keys, numbers of any size and undeclared XML namespaces pass.
 */
#pragma once

#include <stdbool.h>

#include "model/format.h"
#include "model/problem.h"
#include "model/span.h"

/* How deep JSON, YAML and XML may nest. Real configs stay below 30; the parsers are recursive. */
#define CONTENT_DEPTH_MAX 256

/*
 * content_check() - is @content valid UTF-8 without NUL and, for JSON, YAML and XML, does it parse?
 * @content:     at most 1 GiB; the caller has its own limit, which is far lower
 * @ret_problem: filled on failure only, without a field name, with line and column where they are known
 *
 * A byte order mark at the start is skipped. TOML, properties and text are checked for UTF-8 and NUL only. An
 * empty content is valid, except as JSON and XML. JSON numbers must fit a double. YAML aliases must name an
 * anchor of their document. An encoding that XML declares is ignored: the content is UTF-8.
 *
 * The place of a problem is where the parser noticed it, so that the fault is there or just before. Lines end
 * with LF only; a CR is a byte like any other. Columns count bytes, not characters; a byte order mark counts
 * nothing. The text of a problem repeats no more than a few bytes of the content, so that it may be logged.
 *
 * Nothing is fetched from the network or the disk, no entity or alias is expanded, and the time is linear in
 * the size: inputs that would be costly for a parser are refused, and no real config comes near those limits.
 *
 * Thread-safe. A lack of memory is reported as a problem, too.
 */
bool content_check(Format format, Span content, Problem *ret_problem);
