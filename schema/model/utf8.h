/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
 */
#pragma once

#include <stddef.h>

#include "model/span.h"

/* How many bytes at the start of @text are valid UTF-8, in whole characters. */
size_t utf8_valid_size(Span text);
