#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mirror/key_template.h"
#include "model/macros.h"
#include "model/utf8.h"
#include "util/settings_message.h"

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* The alphabets are those of model/name.h. */
static const struct {
        const char *name;
        const char *alphabet;
} placeholders[KEY_PLACEHOLDER_N] = {
        [KEY_PLACEHOLDER_NAMESPACE] = { "namespace", LOWER DIGITS "._-" },
        [KEY_PLACEHOLDER_NAMESPACE_PATH] = { "namespace_path", LOWER DIGITS "/_-" },
        [KEY_PLACEHOLDER_BELOW] = { "below", LOWER DIGITS "._-" },
        [KEY_PLACEHOLDER_KEY] = { "key", LOWER UPPER DIGITS "._@:+-" },
};

typedef struct Parser {
        Span rest;
        char *at; /* where the next byte of a literal goes */
        size_t n_placeholders;
        KeyTemplate *result;
        Problem *ret_problem;
} Parser;

static _printf_(2, 3) int refuse(const Parser *parser, const char *format, ...) {
        va_list args;

        va_start(args, format);
        problem_set_args(parser->ret_problem, "key", format, args);
        va_end(args);
        return KEY_TEMPLATE_E_INVALID;
}

/* Takes the name of a placeholder and the brace behind it, whose own brace is taken already. */
static int name_take(Parser *parser, KeyPlaceholder *ret_placeholder) {
        const char *end = parser->rest.size ? memchr(parser->rest.data, '}', parser->rest.size) : NULL;
        Span name;

        if (!end)
                return refuse(parser, "a brace is opened and not closed; \"{{\" is a brace");

        name = (Span){ parser->rest.data, (size_t)(end - parser->rest.data) };
        for (KeyPlaceholder i = 0; i < KEY_PLACEHOLDER_N; i++)
                if (span_equal_string(name, placeholders[i].name)) {
                        span_drop(&parser->rest, name.size + 1);
                        *ret_placeholder = i;
                        return 0;
                }

        return refuse(parser, "{%s} is none of {namespace}, {namespace_path}, {below} and {key}",
                      settings_shown(name).text);
}

static bool is_taken(const Parser *parser, KeyPlaceholder placeholder) {
        for (size_t i = 0; i < parser->n_placeholders; i++)
                if (parser->result->placeholders[i] == placeholder)
                        return true;

        return false;
}

static bool has_namespace(const Parser *parser) {
        return is_taken(parser, KEY_PLACEHOLDER_NAMESPACE) ||
               is_taken(parser, KEY_PLACEHOLDER_NAMESPACE_PATH) || is_taken(parser, KEY_PLACEHOLDER_BELOW);
}

static int placeholder_take(Parser *parser) {
        KeyTemplate *result = parser->result;
        KeyPlaceholder placeholder = KEY_PLACEHOLDER_N;
        int r;

        r = name_take(parser, &placeholder);
        if (r)
                return r;

        if (is_taken(parser, placeholder))
                return refuse(parser, "{%s} is used twice", placeholders[placeholder].name);
        if (placeholder == KEY_PLACEHOLDER_BELOW && result->scope.size == 0)
                return refuse(parser, "{below} is for a mirror that has a namespace of its own");
        if (placeholder != KEY_PLACEHOLDER_KEY && has_namespace(parser))
                return refuse(parser, "has more than one of {namespace}, {namespace_path} and {below}");

        result->placeholders[parser->n_placeholders++] = placeholder;
        result->literals[parser->n_placeholders] = (Span){ parser->at, 0 };
        return 0;
}

static int piece_take(Parser *parser) {
        char c = *parser->rest.data;

        span_drop(&parser->rest, 1);
        if (c == '{' && !span_take_char(&parser->rest, '{'))
                return placeholder_take(parser);
        if (c == '}' && !span_take_char(&parser->rest, '}'))
                return refuse(parser, "a brace is closed that was not opened; \"}}\" is a brace");

        *parser->at++ = c;
        parser->result->literals[parser->n_placeholders].size++;
        return 0;
}

/* Is there a character that the placeholder never has? */
static bool has_stranger(Span literal, KeyPlaceholder placeholder) {
        for (size_t i = 0; i < literal.size; i++)
                if (!strchr(placeholders[placeholder].alphabet, literal.data[i]))
                        return true;

        return false;
}

static int check_whole(const Parser *parser) {
        const KeyTemplate *result = parser->result;
        const KeyPlaceholder *both = result->placeholders;

        if (!is_taken(parser, KEY_PLACEHOLDER_KEY))
                return refuse(parser, "has no {key}");
        if (!has_namespace(parser))
                return refuse(parser, "has none of {namespace}, {namespace_path} and {below}");
        if (!has_stranger(result->literals[1], both[0]) && !has_stranger(result->literals[1], both[1]))
                return refuse(parser,
                              "two configs could share a key: between {%s} and {%s} there has to be a "
                              "character that one of them never has, such as \":\"",
                              placeholders[both[0]].name, placeholders[both[1]].name);
        return 0;
}

static int check_text(const Parser *parser) {
        Span text = parser->rest;

        if (text.size > KEY_TEMPLATE_SIZE_MAX)
                return refuse(parser, "is longer than the most, %d bytes", KEY_TEMPLATE_SIZE_MAX);
        if (utf8_valid_size(text) < text.size)
                return refuse(parser, "is not UTF-8");
        for (size_t i = 0; i < text.size; i++)
                if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
                        return refuse(parser, "holds a control character");
        return 0;
}

int key_template_parse(Span text, Span scope, KeyTemplate *ret_template, Problem *ret_problem) {
        _cleanup_(key_template_deinit) KeyTemplate result = KEY_TEMPLATE_NULL;
        Parser parser = { .rest = text, .result = &result, .ret_problem = ret_problem };
        int r;

        r = check_text(&parser);
        if (r)
                return r;

        result.text = malloc(scope.size + text.size + 1);
        if (!result.text)
                return -ENOMEM;

        parser.at = result.text;
        result.scope = span_copy(&parser.at, scope);
        result.literals[0] = (Span){ parser.at, 0 };
        while (parser.rest.size > 0) {
                r = piece_take(&parser);
                if (r)
                        return r;
        }

        r = check_whole(&parser);
        if (r)
                return r;

        *ret_template = result;
        result = KEY_TEMPLATE_NULL;
        return 0;
}

void key_template_deinit(KeyTemplate *key_template) {
        free(key_template->text);
        *key_template = KEY_TEMPLATE_NULL;
}

static void append_path(Span namespace, Buf *to) {
        for (size_t i = 0; i < namespace.size; i++)
                buf_append_char(to, namespace.data[i] == '.' ? '/' : namespace.data[i]);
}

static void append_below(Span namespace, Span scope, Buf *to) {
        assert(span_starts_with(namespace, scope));
        span_drop(&namespace, scope.size);
        assert(namespace.size == 0 || *namespace.data == '.');
        (void)span_take_char(&namespace, '.');
        buf_append_span(to, namespace);
}

void key_template_append(const KeyTemplate *key_template, Span namespace, Span key, Buf *to) {
        for (size_t i = 0; i < ARRAY_SIZE(key_template->placeholders); i++) {
                buf_append_span(to, key_template->literals[i]);
                switch (key_template->placeholders[i]) {
                case KEY_PLACEHOLDER_NAMESPACE:
                        buf_append_span(to, namespace);
                        break;
                case KEY_PLACEHOLDER_NAMESPACE_PATH:
                        append_path(namespace, to);
                        break;
                case KEY_PLACEHOLDER_BELOW:
                        append_below(namespace, key_template->scope, to);
                        break;
                default:
                        buf_append_span(to, key);
                }
        }
        buf_append_span(to, key_template->literals[2]);
}

Span key_template_prefix(const KeyTemplate *key_template) {
        return key_template->literals[0];
}
