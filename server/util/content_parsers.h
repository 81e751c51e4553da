/*
 * What the parsers of the single formats share with content.c, and nobody else may use.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"

/* A set of names, ordered so that no choice of names makes it slow. */
typedef struct NameSet {
        void *root;
} NameSet;

#define NAME_SET_NULL ((NameSet){ NULL })

/* Copies @name, unless the set has it. Return: false when memory ran out. */
bool name_set_add(NameSet *set, const char *name);
bool name_set_has(const NameSet *set, const char *name);
void name_set_clear(NameSet *set);

/* Fills *ret_problem for byte @offset of @content. Return: false, to be returned in turn. */
bool content_refuse(Span content, size_t offset, Problem *ret_problem, const char *format, ...)
        _printf_(4, 5);

/* The end of the run of bytes from @offset up to the first @wanted, or the end of @content. */
size_t content_find(Span content, size_t offset, char wanted);

/* Each expects UTF-8 without NUL, without a byte order mark, and content.data that is not NULL. */
bool content_check_json(Span content, Problem *ret_problem);
bool content_check_xml(Span content, Problem *ret_problem);
bool content_check_yaml(Span content, Problem *ret_problem);
