#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mirror/key_pattern.h"
#include "model/digits.h"
#include "model/macros.h"
#include "model/name.h"
#include "model/utf8.h"
#include "util/settings_message.h"

#define MANY "..."

typedef struct Parser {
        const char *field; /* that is read */
        Span rest;
        char *at; /* where the next byte goes */
        KeyPattern *result;
        Problem *ret_problem;
} Parser;

static _printf_(2, 3) int refuse(const Parser *parser, const char *format, ...) {
        va_list args;

        va_start(args, format);
        problem_set_args(parser->ret_problem, parser->field, format, args);
        va_end(args);
        return KEY_PATTERN_E_INVALID;
}

/*
 * Reading.
 */

static bool is_name(Span name) {
        for (size_t i = 0; i < name.size; i++)
                if (!(name.data[i] >= 'a' && name.data[i] <= 'z') && !is_digit(name.data[i]) &&
                    name.data[i] != '_')
                        return false;

        return name.size > 0;
}

static bool take_many(Span *name) {
        size_t size = strlen(MANY);

        if (name->size < size || memcmp(name->data + name->size - size, MANY, size) != 0)
                return false;

        name->size -= size;
        return true;
}

/* Takes what stands between the braces, the first of which is taken already, and the other. */
static int name_take(Parser *parser, KeyPlaceholderName *ret_name) {
        const char *end = parser->rest.size ? memchr(parser->rest.data, '}', parser->rest.size) : NULL;
        KeyPlaceholderName taken;

        if (!end)
                return refuse(parser, "a brace is opened and not closed; \"{{\" is a brace");

        taken.name = (Span){ parser->rest.data, (size_t)(end - parser->rest.data) };
        span_drop(&parser->rest, taken.name.size + 1);
        taken.is_many = take_many(&taken.name);
        if (!is_name(taken.name))
                return refuse(parser,
                              "{%s} is no placeholder: its name is of a-z, 0-9 and _, and \"...\" may "
                              "follow",
                              settings_shown(taken.name).text);

        *ret_name = taken;
        return 0;
}

static size_t find_placeholder(const KeyPattern *pattern, Span name) {
        size_t i = 0;

        while (i < pattern->from.n && !span_equal(pattern->placeholders[i].name, name))
                i++;
        return i;
}

/* A placeholder of the pattern itself. */
static int define(Parser *parser, const KeyPlaceholderName *name) {
        KeyPattern *result = parser->result;

        if (find_placeholder(result, name->name) < result->from.n)
                return refuse(parser, "{%s} is used twice", settings_shown(name->name).text);
        for (size_t i = 0; i < result->from.n; i++)
                if (name->is_many && result->placeholders[i].is_many)
                        return refuse(parser,
                                      "two placeholders stand for many segments: where the one ends and "
                                      "the other begins cannot be told");

        result->placeholders[result->from.n] =
                (KeyPlaceholderName){ span_copy(&parser->at, name->name), name->is_many };
        return 0;
}

static bool is_used(const KeyTexts *texts, size_t which) {
        for (size_t i = 0; i < texts->n; i++)
                if (texts->which[i] == which)
                        return true;

        return false;
}

/* One that a template uses. */
static int use(Parser *parser, const KeyPlaceholderName *name, KeyTexts *texts, bool is_namespace) {
        const KeyPattern *result = parser->result;
        size_t which = find_placeholder(result, name->name);

        if (which == result->from.n)
                return refuse(parser, "{%s} is no placeholder of from", settings_shown(name->name).text);
        if (is_used(&result->namespace, which) || is_used(&result->key, which))
                return refuse(parser, "{%s} is used twice", settings_shown(name->name).text);
        if (result->placeholders[which].is_many && !is_namespace)
                return refuse(parser, "{%s...} stands for several segments, which only a namespace has",
                              settings_shown(name->name).text);

        texts->which[texts->n] = which;
        return 0;
}

static int placeholder_take(Parser *parser, KeyTexts *texts) {
        KeyPlaceholderName name = { .is_many = false };
        int r;

        r = name_take(parser, &name);
        if (r)
                return r;
        if (texts->n == KEY_PATTERN_PLACEHOLDERS_MAX)
                return refuse(parser, "has more placeholders than the most, %d",
                              KEY_PATTERN_PLACEHOLDERS_MAX);

        r = texts == &parser->result->from ? define(parser, &name)
                                           : use(parser, &name, texts, texts == &parser->result->namespace);
        if (r)
                return r;

        texts->literals[++texts->n] = (Span){ parser->at, 0 };
        return 0;
}

static int piece_take(Parser *parser, KeyTexts *texts) {
        char c = *parser->rest.data;

        span_drop(&parser->rest, 1);
        if (c == '{' && !span_take_char(&parser->rest, '{'))
                return placeholder_take(parser, texts);
        if (c == '}' && !span_take_char(&parser->rest, '}'))
                return refuse(parser, "a brace is closed that was not opened; \"}}\" is a brace");

        *parser->at++ = c;
        texts->literals[texts->n].size++;
        return 0;
}

static int check_text(const Parser *parser) {
        Span text = parser->rest;

        if (text.size == 0)
                return refuse(parser, "must not be empty");
        if (text.size > KEY_PATTERN_SIZE_MAX)
                return refuse(parser, "is longer than the most, %d bytes", KEY_PATTERN_SIZE_MAX);
        if (utf8_valid_size(text) < text.size)
                return refuse(parser, "is not UTF-8");
        for (size_t i = 0; i < text.size; i++)
                if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
                        return refuse(parser, "holds a control character");
        return 0;
}

static int texts_read(Parser *parser, const char *field, Span text, KeyTexts *texts) {
        int r;

        parser->field = field;
        parser->rest = text;
        r = check_text(parser);
        if (r)
                return r;

        texts->literals[0] = (Span){ parser->at, 0 };
        while (parser->rest.size > 0) {
                r = piece_take(parser, texts);
                if (r)
                        return r;
        }
        return 0;
}

/*
 * Checking.
 */

static bool has_char(Span text, char c) {
        return text.size > 0 && memchr(text.data, c, text.size);
}

static bool ends_with_slash(Span text) {
        return text.size > 0 && text.data[text.size - 1] == '/';
}

static bool begins_with_slash(Span text) {
        return text.size > 0 && *text.data == '/';
}

static int check_from(const Parser *parser) {
        const KeyPattern *pattern = parser->result;
        const KeyTexts *from = &pattern->from;

        if (from->literals[0].size == 0)
                return refuse(parser,
                              "has to begin with a text, such as /tenants/: what stands before the first "
                              "placeholder is what is watched");
        for (size_t i = 0; i < from->n; i++) {
                Span behind = from->literals[i + 1];
                bool is_last = i + 1 == from->n && behind.size == 0;

                if (!is_last && i + 1 < from->n && !has_char(behind, '/'))
                        return refuse(parser, "between {%s} and {%s} there has to be a \"/\"",
                                      settings_shown(pattern->placeholders[i].name).text,
                                      settings_shown(pattern->placeholders[i + 1].name).text);
                if (pattern->placeholders[i].is_many &&
                    (!ends_with_slash(from->literals[i]) || (!is_last && !begins_with_slash(behind))))
                        return refuse(parser,
                                      "{%s...} stands for whole segments: before it there is a \"/\", and "
                                      "behind it a \"/\" or the end",
                                      settings_shown(pattern->placeholders[i].name).text);
        }
        return 0;
}

static int check_between(Parser *parser, const char *field, const KeyTexts *texts, bool is_namespace) {
        parser->field = field;
        for (size_t i = 1; i < texts->n; i++) {
                Span between = texts->literals[i];

                if (is_namespace ? has_char(between, '.') : between.size > 0)
                        continue;
                return refuse(parser,
                              "two keys of etcd could make the same config: between two placeholders "
                              "there has to be %s",
                              is_namespace ? "a dot" : "a text");
        }
        return 0;
}

static int check_whole(Parser *parser) {
        KeyPattern *result = parser->result;
        int r;

        parser->field = "from";
        r = check_from(parser);
        if (r)
                return r;
        r = check_between(parser, "namespace", &result->namespace, true);
        if (r)
                return r;
        r = check_between(parser, "key", &result->key, false);
        if (r)
                return r;

        parser->field = "from";
        for (size_t i = 0; i < result->from.n; i++)
                if (!is_used(&result->namespace, i) && !is_used(&result->key, i))
                        return refuse(
                                parser,
                                "two keys of etcd could make the same config: neither namespace nor key has "
                                "{%s}",
                                settings_shown(result->placeholders[i].name).text);
        return 0;
}

int key_pattern_parse(Span from, Span namespace, Span key, KeyPattern *ret_pattern, Problem *ret_problem) {
        _cleanup_(key_pattern_deinit) KeyPattern result = KEY_PATTERN_NULL;
        Parser parser = { .result = &result, .ret_problem = ret_problem };
        int r;

        result.text = malloc(from.size + namespace.size + key.size + 1);
        if (!result.text)
                return -ENOMEM;

        parser.at = result.text;
        r = texts_read(&parser, "from", from, &result.from);
        if (r == 0)
                r = texts_read(&parser, "namespace", namespace, &result.namespace);
        if (r == 0)
                r = texts_read(&parser, "key", key, &result.key);
        if (r == 0)
                r = check_whole(&parser);
        if (r)
                return r;

        *ret_pattern = result;
        result = KEY_PATTERN_NULL;
        return 0;
}

void key_pattern_deinit(KeyPattern *pattern) {
        free(pattern->text);
        *pattern = KEY_PATTERN_NULL;
}

Span key_pattern_prefix(const KeyPattern *pattern) {
        return pattern->from.literals[0];
}

/*
 * Matching. All that stands for placeholders is found from both ends: what is before {name...} from the
 * front, what is behind it from the back, and it is the rest.
 */

typedef Span Values[KEY_PATTERN_PLACEHOLDERS_MAX];

static bool take_front(Span *rest, Span literal) {
        if (!span_starts_with(*rest, literal))
                return false;

        span_drop(rest, literal.size);
        return true;
}

static bool take_back(Span *rest, Span literal) {
        if (rest->size < literal.size || (literal.size > 0 && memcmp(rest->data + rest->size - literal.size,
                                                                     literal.data, literal.size) != 0))
                return false;

        rest->size -= literal.size;
        return true;
}

static size_t size_before(Span text, char c) {
        const char *found = text.size ? memchr(text.data, c, text.size) : NULL;

        return found ? (size_t)(found - text.data) : text.size;
}

/* What of a literal lies in the segment that it begins in. */
static Span first_segment(Span literal) {
        return (Span){ literal.data, size_before(literal, '/') };
}

/* Takes the value of a {name} off the front: of its segment what the literal behind it leaves. */
static bool take_value(Span *rest, Span behind, Span *ret_value) {
        Span value = { rest->data, size_before(*rest, '/') };

        if (!take_back(&value, first_segment(behind)) || value.size == 0)
                return false;

        span_drop(rest, value.size);
        *ret_value = value;
        return true;
}

static bool are_segments(Span text) {
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] == '/' && (i == 0 || i + 1 == text.size || text.data[i - 1] == '/'))
                        return false;

        return text.size > 0;
}

/* How many slashes stand in the pattern behind the placeholder @i. */
static size_t slashes_behind(const KeyTexts *from, size_t i) {
        size_t n = 0;

        for (size_t k = i + 1; k <= from->n; k++)
                for (size_t at = 0; at < from->literals[k].size; at++)
                        n += from->literals[k].data[at] == '/';
        return n;
}

/* Takes what {name...} stands for: all but the last @n_slashes slashes, and what is behind the first of
 * these. */
static bool take_segments(Span *rest, size_t n_slashes, Span *ret_value) {
        Span value = *rest;

        for (; n_slashes > 0; n_slashes--) {
                const char *slash = value.size ? memrchr(value.data, '/', value.size) : NULL;

                if (!slash)
                        return false;
                value.size = (size_t)(slash - value.data);
        }
        if (!are_segments(value))
                return false;

        span_drop(rest, value.size);
        *ret_value = value;
        return true;
}

static bool match(const KeyPattern *pattern, Span etcd_key, Values ret_values) {
        const KeyTexts *from = &pattern->from;
        Span rest = etcd_key;

        if (!take_front(&rest, from->literals[0]))
                return false;
        for (size_t i = 0; i < from->n; i++) {
                bool is_taken = pattern->placeholders[i].is_many
                                        ? take_segments(&rest, slashes_behind(from, i), &ret_values[i])
                                        : take_value(&rest, from->literals[i + 1], &ret_values[i]);

                if (!is_taken || !take_front(&rest, from->literals[i + 1]))
                        return false;
        }
        return rest.size == 0;
}

/*
 * Naming.
 */

static int refuse_value(const KeyPattern *pattern, size_t which, char c, Problem *ret_problem) {
        problem_set(ret_problem, NULL,
                    "what stands for {%s} has a \"%c\", and another key of etcd could make the same "
                    "config",
                    settings_shown(pattern->placeholders[which].name).text, c);
        return KEY_PATTERN_E_UNNAMED;
}

/* The character that the value of the placeholder @i of a template must not have; 0: there is none. */
static char forbidden(const KeyPattern *pattern, const KeyTexts *texts, size_t i, bool is_namespace) {
        if (is_namespace)
                return texts->n > 1 || pattern->placeholders[texts->which[i]].is_many ? '.' : '\0';
        return i + 1 < texts->n ? *texts->literals[i + 1].data : '\0';
}

static int append_texts(const KeyPattern *pattern, const KeyTexts *texts, const Span *values,
                        bool is_namespace, Buf *to, Problem *ret_problem) {
        buf_clear(to);
        for (size_t i = 0; i < texts->n; i++) {
                char c = forbidden(pattern, texts, i, is_namespace);
                Span value = values[texts->which[i]];

                if (c && has_char(value, c))
                        return refuse_value(pattern, texts->which[i], c, ret_problem);
                buf_append_span(to, texts->literals[i]);
                for (size_t at = 0; at < value.size; at++)
                        buf_append_char(to, value.data[at] == '/' ? '.' : value.data[at]);
        }
        buf_append_span(to, texts->literals[texts->n]);
        if (buf_failed(to))
                abort();
        return 0;
}

int key_pattern_map(const KeyPattern *pattern, Span etcd_key, Buf *namespace, Buf *key,
                    Problem *ret_problem) {
        Values values;
        int r;

        if (!match(pattern, etcd_key, values))
                return KEY_PATTERN_E_OTHER;

        r = append_texts(pattern, &pattern->namespace, values, true, namespace, ret_problem);
        if (r == 0)
                r = append_texts(pattern, &pattern->key, values, false, key, ret_problem);
        if (r)
                return r;
        if (!namespace_is_valid(buf_span(namespace))) {
                problem_set(ret_problem, NULL, "\"%s\" is no name of a namespace",
                            settings_shown(buf_span(namespace)).text);
                return KEY_PATTERN_E_UNNAMED;
        }
        if (!key_is_valid(buf_span(key))) {
                problem_set(ret_problem, NULL, "\"%s\" is no name of a config",
                            settings_shown(buf_span(key)).text);
                return KEY_PATTERN_E_UNNAMED;
        }
        return 0;
}
