/*
 * What is wrong with somebody's input, in words: filled by whoever finds the fault, owned by the caller.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "model/macros.h"

#define PROBLEM_FIELD_MAX 128
#define PROBLEM_TEXT_MAX  384

typedef struct Problem {
        char field[PROBLEM_FIELD_MAX]; /* path of the faulty field, "operations[2].key"; or empty */
        char text[PROBLEM_TEXT_MAX];   /* one sentence without a full stop: the fault, then the fix */
        size_t line;                   /* 1-based; 0 when no place is known */
        size_t column;                 /* 1-based, in bytes; 0 when no place is known */
} Problem;

#define PROBLEM_NULL ((Problem){ .field = "" })

/* Overwrites *problem; texts that are too long are cut. @field may be NULL. */
void problem_set(Problem *problem, const char *field, const char *format, ...) _printf_(3, 4);
/* @field and @args may point into *problem. */
void problem_set_args(Problem *problem, const char *field, const char *format, va_list args) _printf_(3, 0);
