/*
 * Text for people, as the programs' --help and manual pages need it: columns of wrapped words, and roff.
 */
#pragma once

#include "model/buf.h"

#define HELP_COLUMNS 80

void help_append_spaces(Buf *to, size_t n);

/* Fills lines with the words of @text, from column @indent, where the buffer stands, up to HELP_COLUMNS; ends
 * the last one. */
void help_append_wrapped(Buf *to, size_t indent, const char *text);

/* Appends @text with escapes for the signs that roff gives a meaning of its own, or prints as another one
 * than was meant. */
void roff_append(Buf *to, const char *text);
void roff_append_bold(Buf *to, const char *text);
void roff_append_italic(Buf *to, const char *text);
