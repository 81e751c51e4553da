/*
 * The difference of two texts, in the unified format that diff -u writes and patch(1) reads.
 */
#pragma once

#include <stdbool.h>

#include "model/buf.h"
#include "model/span.h"

/* Unchanged lines shown before and after a change; changes closer than twice this share a hunk. */
#define DIFF_CONTEXT_LINES 3

/*
 * diff_unified() - append to @out what turns @from into @to
 * @from_label, @to_label: what follows "--- " and "+++ ", on one line each
 *
 * Equal texts append nothing. A line ends with LF; a CR before it is part of the line. A text of any bytes
 * will do. The result always turns @from into @to; it is also the shortest one, unless the texts differ in
 * more than a thousand lines that occur in both, see diff.c for the bound on the work. Memory is at most
 * about 50 bytes per line.
 *
 * Return: false when memory ran out or a text is larger than 4 GiB; then @out holds nothing useful.
 */
bool diff_unified(Span from, Span to, const char *from_label, const char *to_label, Buf *out);
