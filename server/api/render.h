/*
 * Rows of the store as JSON.
 */
#pragma once

#include "model/buf.h"
#include "store/rows.h"

/* Appends "name":value pairs; an absent text and a number 0 become null. The name is preceded by a comma. */
void render_text(Buf *buf, const char *name, Span text);
void render_number_or_null(Buf *buf, const char *name, int64_t number);
/* The same, where 0 is a number like others, and what is below it becomes null. */
void render_index_or_null(Buf *buf, const char *name, int64_t index);
void render_count(Buf *buf, const char *name, uint64_t count);
void render_time(Buf *buf, const char *name, int64_t at_ms);
/* The same, where 0 becomes null. */
void render_optional_time(Buf *buf, const char *name, int64_t at_ms);

void render_namespace(Buf *buf, const NamespaceRow *row);
