/*
 * Memory of a program that runs for one command: what cannot be had ends it, with a message and EXIT_REFUSED.
 */
#pragma once

#include <stddef.h>

#include "model/buf.h"
#include "model/macros.h"

/* Zeroed; never NULL. */
void *memory_new(size_t n, size_t size);

/* @data grown to @n items of @size bytes; never NULL. */
void *memory_grow(void *data, size_t n, size_t size);

/* NULL of NULL. */
char *memory_copy(const char *text);

char *memory_format(const char *format, ...) _printf_(1, 2);

/* The bytes of @buf as a string, which is the caller's. */
char *memory_take(Buf *buf);

/* Ends the program when @buf could not grow. */
void memory_check(const Buf *buf);

/* Ends the program when @value, which somebody else's function made, is NULL. */
void *memory_had(void *value);
