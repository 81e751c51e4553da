/*
 * What all of the compiling of gray rules needs: telling faults, keeping texts, and reading objects.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/gray_compiler.h"
#include "model/utf8.h"

/* Names that are too long, and are told all the same, leave room for "operations[127]." in front. */
#define FIELD_SIZE_MAX ((size_t)PROBLEM_FIELD_MAX - 17)

void gray_compiler_deinit(GrayCompiler *compiler) {
        buf_deinit(&compiler->rules);
        buf_deinit(&compiler->tests);
        buf_deinit(&compiler->arms);
        buf_deinit(&compiler->names);
        buf_deinit(&compiler->texts);
        buf_deinit(&compiler->networks);
        buf_deinit(&compiler->ranges);
        buf_deinit(&compiler->bytes);
}

bool gray_compiler_failed(const GrayCompiler *compiler) {
        return buf_failed(&compiler->rules) || buf_failed(&compiler->tests) || buf_failed(&compiler->arms) ||
               buf_failed(&compiler->names) || buf_failed(&compiler->texts) ||
               buf_failed(&compiler->networks) || buf_failed(&compiler->ranges) ||
               buf_failed(&compiler->bytes);
}

/* Appends to @field, which has PROBLEM_FIELD_MAX bytes, and cuts what is too long. A name ends at its NUL. */
static void append_field(char *field, const char *format, ...) _printf_(2, 3);

static void append_field(char *field, const char *format, ...) {
        size_t size = strlen(field);
        va_list args;

        va_start(args, format);
        (void)vsnprintf(field + size, PROBLEM_FIELD_MAX - size, format, args);
        va_end(args);
}

static void append_path(char *field, const GrayPath *path) {
        if (!path->parent) {
                append_field(field, "rules");
                return;
        }

        append_path(field, path->parent);
        if (path->name.data)
                append_field(field, ".%.*s", (int)path->name.size, path->name.data);
        else
                append_field(field, "[%zu]", path->index);
}

/* Ends the text of @field where it is too long, behind a whole character. */
static void cut_field(char *field) {
        Span span = { field, MIN(strlen(field), FIELD_SIZE_MAX) };

        field[utf8_valid_size(span)] = '\0';
}

int gray_refuse(GrayCompiler *compiler, const GrayPath *path, const char *format, ...) {
        char field[PROBLEM_FIELD_MAX] = "";
        va_list args;

        append_path(field, path);
        cut_field(field);
        va_start(args, format);
        problem_set_args(compiler->problem, field, format, args);
        va_end(args);
        return GRAY_E_INVALID;
}

int gray_refuse_member(GrayCompiler *compiler, const GrayPath *path, Span name, const char *problem) {
        const GrayPath at = { .parent = path, .name = name };

        return gray_refuse(compiler, &at, "%s", problem);
}

Span gray_decode(GrayCompiler *compiler, Span escaped) {
        char *to = compiler->bytes.data + compiler->bytes.size;

        return (Span){ to, json_read_decode(escaped, to) };
}

GrayText gray_keep_text(GrayCompiler *compiler, Span text) {
        GrayText kept = {
                .head = gray_text_head(text),
                .at = (uint32_t)compiler->bytes.size,
                .size = (uint32_t)text.size,
        };

        buf_advance(&compiler->bytes, text.size);
        return kept;
}

/* @problem_of_others: what is said of a member that is not known. */
static int refuse_fault(GrayCompiler *compiler, const GrayPath *path, const JsonFault *fault,
                        const char *problem_of_others) {
        GrayPath at = { .parent = path };

        if (fault->kind == JSON_FAULT_UNKNOWN)
                return gray_refuse_member(compiler, path, gray_decode(compiler, fault->unknown_name),
                                          problem_of_others);

        at.name = span_from_string(fault->member->name);
        if (fault->kind == JSON_FAULT_KIND)
                return gray_refuse(compiler, &at, "must be %s", json_kind_in_words(fault->member->kind));
        return gray_refuse(compiler, &at,
                           fault->kind == JSON_FAULT_TWICE ? "it stands twice: leave one of them out"
                                                           : "it is missing");
}

int gray_read_members(GrayCompiler *compiler, const GrayPath *path, JsonValue object, JsonMember *members,
                      size_t n_members, const char *problem_of_others) {
        JsonFault fault;

        if (object.kind != JSON_KIND_OBJECT)
                return gray_refuse(compiler, path, "must be an object");
        if (json_object_read(object, JSON_MANNER_STRICT, members, n_members, &fault))
                return 0;
        return refuse_fault(compiler, path, &fault, problem_of_others);
}
