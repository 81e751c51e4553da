/*
 * Compiling gray rules, shared by the files that do it: gray_parse.c reads rules, gray_condition.c what their
 * matches ask of a tag, gray_compiler.c what all of them need, and gray_assemble.c makes the one block of it.
 *
 * The parts gather in buffers, and refer to each other by index, until all is known to be right. Each fault
 * is told with its path, "rules[2].split[0].weight".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/gray.h"
#include "model/gray_compiled.h"
#include "model/json_object.h"
#include "model/json_read.h"
#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"

/* Where something stands, to be told when it is wrong. */
typedef struct GrayPath {
        const struct GrayPath *parent; /* NULL: the rules themselves */
        Span name;                     /* absent: the element @index of @parent */
        size_t index;
} GrayPath;

/* Texts of a semver operator; its comparators are parsed when the texts have come to their place. */
typedef struct GrayRange {
        GrayText text;
        uint32_t first;
        uint32_t n;
} GrayRange;

typedef struct GrayCompiler {
        Problem *problem;
        Buf rules, tests, arms, names, texts, networks, ranges;
        Buf bytes; /* has room for all from the beginning, so that texts stay where they are */
        uint32_t n_comparators;
        int64_t versions[GRAY_VERSIONS_MAX]; /* that the arms name, each once */
        size_t n_versions;
} GrayCompiler;

/* How many elements a buffer has. */
#define GRAY_N_OF(buf, type) ((uint32_t)((buf)->size / sizeof(type)))

void gray_compiler_deinit(GrayCompiler *compiler);

/* Has one of the buffers failed? */
bool gray_compiler_failed(const GrayCompiler *compiler);

/* Tells what is wrong, and where. Return: GRAY_E_INVALID. */
int gray_refuse(GrayCompiler *compiler, const GrayPath *path, const char *format, ...) _printf_(3, 4);

/* What is refused is the member @name of the object at @path. */
int gray_refuse_member(GrayCompiler *compiler, const GrayPath *path, Span name, const char *problem);

/* Decodes a string or name; nothing else is put behind it until it is kept by gray_keep_text(). */
Span gray_decode(GrayCompiler *compiler, Span escaped);

/* @text is what was decoded last. */
GrayText gray_keep_text(GrayCompiler *compiler, Span text);

/* Reads an object that has @members and no others. */
int gray_read_members(GrayCompiler *compiler, const GrayPath *path, JsonValue object, JsonMember *members,
                      size_t n_members, const char *problem_of_others);

/* Reads what is asked of the tag whose name has the index @tag, into tests. */
int gray_read_condition(GrayCompiler *compiler, const GrayPath *path, uint16_t tag, JsonValue condition);

/* Makes the block of all that was read. Return: NULL for want of memory. */
Gray *gray_assemble(const GrayCompiler *compiler, Span rules, Span salt);
