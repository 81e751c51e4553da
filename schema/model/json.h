/*
 * Writing JSON text, and reading back the escapes of a text that we wrote.
 */
#pragma once

#include "model/buf.h"
#include "model/span.h"

/* Appends @text with the escapes that JSON demands, without quotes. @text is valid UTF-8. */
void json_append_escaped(Buf *buf, Span text);

/* Appends @text as a JSON string, quotes included; an absent span becomes null. */
void json_append_string(Buf *buf, Span text);

/* The same for a text of any bytes: each that is no part of a character becomes U+FFFD. */
void json_append_lossy_string(Buf *buf, Span text);

/* Appends what json_append_escaped() was given, from what it made. */
void json_append_unescaped(Buf *buf, Span escaped);
