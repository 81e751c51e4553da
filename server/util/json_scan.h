/*
 * Is a text JSON beyond doubt? One pass without memory, for the many contents that are plain and right.
 *
 * A no is no verdict: what is rare (\u escapes, exponents, long numbers, deep nesting) or wrong is left to a
 * parser, which then says what is the matter. A yes is never given to what Jansson refuses; a fuzzer holds
 * the two against each other.
 */
#pragma once

#include <stdbool.h>

#include "model/span.h"

/* @text: valid UTF-8 */
bool json_scan_is_plain(Span text);
