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
        char field[PROBLEM_FIELD_MAX] = "", text[PROBLEM_TEXT_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);

        append_path(field, path);
        cut_field(field);
        problem_set(compiler->problem, field, "%s", text);
        return GRAY_E_INVALID;
}

static const char *kind_name(JsonKind kind) {
        static const char *const names[] = {
                [JSON_KIND_NULL] = "null",       [JSON_KIND_BOOLEAN] = "true or false",
                [JSON_KIND_NUMBER] = "a number", [JSON_KIND_STRING] = "a string",
                [JSON_KIND_ARRAY] = "an array",  [JSON_KIND_OBJECT] = "an object",
        };

        return names[kind];
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

static GrayMember *find_member(GrayMember *members, size_t n_members, Span name) {
        for (size_t i = 0; i < n_members; i++)
                if (span_equal_string(name, members[i].name))
                        return &members[i];
        return NULL;
}

static int fill_member(GrayCompiler *compiler, const GrayPath *path, GrayMember *member, JsonValue value) {
        const GrayPath at = { .parent = path, .name = span_from_string(member->name) };

        if (member->is_present)
                return gray_refuse(compiler, &at, "it stands twice: leave one of them out");
        if (value.kind != member->kind)
                return gray_refuse(compiler, &at, "must be %s", kind_name(member->kind));

        member->value = value;
        member->is_present = true;
        return 0;
}

int gray_read_members(GrayCompiler *compiler, const GrayPath *path, JsonValue object, GrayMember *members,
                      size_t n_members, const char *problem_of_others) {
        Span rest = object.text, escaped;
        JsonValue value;

        if (object.kind != JSON_KIND_OBJECT)
                return gray_refuse(compiler, path, "must be an object");

        while (json_read_member(&rest, &escaped, &value)) {
                Span name = gray_decode(compiler, escaped);
                GrayMember *member = find_member(members, n_members, name);
                int r = member ? fill_member(compiler, path, member, value)
                               : gray_refuse_member(compiler, path, name, problem_of_others);

                if (r)
                        return r;
        }

        for (size_t i = 0; i < n_members; i++)
                if (!members[i].is_present && !members[i].is_optional)
                        return gray_refuse_member(compiler, path, span_from_string(members[i].name),
                                                  "it is missing");
        return 0;
}
