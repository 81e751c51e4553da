/*
 * Wall-clock times as they are written: RFC 3339, UTC, with milliseconds ("2026-01-31T09:05:00.000Z").
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/span.h"

/* Appends @at_ms, milliseconds since the epoch, in years 1970 to 9999. */
void timestamp_append(Buf *buf, int64_t at_ms);

/* Reads any RFC 3339 time, with any offset and fraction; what is finer than a millisecond is cut. */
bool timestamp_parse(Span text, int64_t *ret_at_ms);
