/*
 * How one field of a mirror gets its value: a function for each type, and the refusals of what does not fit.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mirror/fields.h"
#include "model/macros.h"
#include "model/name.h"
#include "model/utf8.h"
#include "util/settings_address.h"
#include "util/settings_message.h"

static _printf_(2, 3) int refuse(Problem *ret_problem, const char *format, ...) {
        va_list args;

        va_start(args, format);
        problem_set_args(ret_problem, NULL, format, args);
        va_end(args);
        return MIRROR_FIELD_E_INVALID;
}

/*
 * Texts. A message never shows one: it may be a secret, or hold one.
 */

static bool is_control(char c, bool may_break_lines) {
        if (may_break_lines && (c == '\n' || c == '\t'))
                return false;
        return (unsigned char)c < ' ' || c == 0x7f;
}

static int check_text(const MirrorField *field, Span text, Problem *ret_problem) {
        for (size_t i = 0; i < text.size; i++)
                if (is_control(text.data[i], field->type == MIRROR_FIELD_LINES))
                        return refuse(ret_problem, "holds a control character, such as a line break");
        if (utf8_valid_size(text) < text.size)
                return refuse(ret_problem, "is not UTF-8");
        if (text.size < field->min)
                return refuse(ret_problem, "must not be empty");
        if (text.size > field->max)
                return refuse(ret_problem, "is longer than the most, %llu bytes",
                              (unsigned long long)field->max);
        return 0;
}

static int string_assign(char **to, Span text) {
        char *copy = strndup(text.data, text.size);

        if (!copy)
                return -ENOMEM;

        free(*to);
        *to = copy;
        return 0;
}

static int text_set(char **to, const MirrorField *field, Span text, Problem *ret_problem) {
        int r;

        r = check_text(field, text, ret_problem);
        if (r)
                return r;

        return string_assign(to, text);
}

static int namespace_set(char **to, Span text, Problem *ret_problem) {
        if (text.size > 0 && !namespace_is_valid(text))
                return refuse(ret_problem, "\"%s\" is no name of a namespace", settings_shown(text).text);

        return string_assign(to, text);
}

/* Without a buffer, so that no copy of the secret stays behind. Returns 0 or -errno. */
static int file_read(const char *path, char *to, size_t size_max, size_t *ret_size) {
        FILE *file = fopen(path, "rbe");
        int r;

        if (!file)
                return -errno;

        setbuf(file, NULL);
        *ret_size = fread(to, 1, size_max, file);
        r = ferror(file) ? -errno : 0;
        (void)fclose(file);
        return r;
}

/* Takes the line break at the end of @text off. */
static Span without_line_break(Span text) {
        if (text.size > 0 && text.data[text.size - 1] == '\n')
                text.size--;
        if (text.size > 0 && text.data[text.size - 1] == '\r')
                text.size--;
        return text;
}

/* Reads enough to tell that a file is longer than a secret may be. */
static int secret_file_set(char **to, const MirrorField *field, Span path, Problem *ret_problem) {
        _cleanup_(freep) char *name = strndup(path.data, path.size);
        char text[2048] = "";
        size_t size = 0;
        int r;

        assert(field->max + strlen("\r\n") < sizeof(text));
        if (!name)
                return -ENOMEM;

        r = file_read(name, text, sizeof(text), &size);
        if (r)
                return refuse(ret_problem, "%s cannot be read: %s", settings_shown(path).text, strerror(-r));

        r = text_set(to, field, without_line_break((Span){ text, size }), ret_problem);
        explicit_bzero(text, sizeof(text));
        return r;
}

/*
 * Choices.
 */

static int choice_find(const MirrorField *field, Span text, unsigned *ret_i, Problem *ret_problem) {
        char names[128] = "";
        size_t size = 0;

        for (unsigned i = 0; field->choices[i]; i++) {
                if (span_equal_string(text, field->choices[i])) {
                        *ret_i = i;
                        return 0;
                }
                if (size < sizeof(names))
                        size += (size_t)snprintf(names + size, sizeof(names) - size, "%s%s", i ? ", " : "",
                                                 field->choices[i]);
        }

        return refuse(ret_problem, "\"%s\" is not one of %s", settings_shown(text).text, names);
}

static int choice_set(void *to, const MirrorField *field, Span text, Problem *ret_problem) {
        unsigned i = 0;
        int r;

        r = choice_find(field, text, &i, ret_problem);
        if (r)
                return r;
        if (field->type == MIRROR_FIELD_WORD)
                return string_assign(to, text);

        memcpy(to, &i, sizeof(i));
        return 0;
}

static int bool_set(bool *to, Span text, Problem *ret_problem) {
        bool value = span_equal_string(text, "true");

        if (!value && !span_equal_string(text, "false"))
                return refuse(ret_problem, "\"%s\" is neither true nor false", settings_shown(text).text);

        *to = value;
        return 0;
}

static int integer_set(uint64_t *to, const MirrorField *field, Span text, Problem *ret_problem) {
        return settings_read_integer(field->unit, field->min, field->max, text, to, ret_problem)
                       ? 0
                       : MIRROR_FIELD_E_INVALID;
}

/*
 * Lists. What a URL or a header holds may be a secret, and is not shown either.
 */

static bool is_visible(Span text) {
        for (size_t i = 0; i < text.size; i++)
                if (text.data[i] <= ' ' || text.data[i] > '~')
                        return false;
        return true;
}

static bool is_address(Span text) {
        Span host, port;
        uint64_t value;

        if (text.size > 1 && *text.data == '/')
                return memchr(text.data, '\0', text.size) == NULL;
        return settings_split_address(text, &host, &port) &&
               settings_parse_integer(SETTING_UNIT_NONE, port, &value) && value >= 1 && value <= UINT16_MAX;
}

static int address_check(Span text, Problem *ret_problem) {
        if (!is_address(text))
                return refuse(ret_problem, "\"%s\" is neither HOST:PORT nor the path of a socket",
                              settings_shown(text).text);
        return 0;
}

/* Credentials in a URL would be shown with it, and have fields of their own. */
static int url_check(Span text, Problem *ret_problem) {
        static const char wrong[] = "is no URL, such as http://127.0.0.1:2379 or https://etcd.example:2379";
        Span authority = text;

        if (span_starts_with(text, SPAN_LITERAL("http://")))
                span_drop(&authority, strlen("http://"));
        else if (span_starts_with(text, SPAN_LITERAL("https://")))
                span_drop(&authority, strlen("https://"));
        else
                return refuse(ret_problem, "%s", wrong);

        for (size_t i = 0; i < authority.size; i++)
                if (strchr("/?#", authority.data[i]))
                        authority.size = i;
        if (authority.size == 0 || *authority.data == ':' || !is_visible(text) ||
            memchr(text.data, '#', text.size))
                return refuse(ret_problem, "%s", wrong);
        if (memchr(authority.data, '@', authority.size))
                return refuse(ret_problem, "has credentials in its URL, which have fields of their own");
        return 0;
}

static bool is_token_char(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

/* Headers that say where a request ends belong to who sends it. */
static bool is_framing(Span name) {
        static const char *const names[] = { "Connection", "Content-Length", "Transfer-Encoding" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (name.size == strlen(names[i]) && strncasecmp(name.data, names[i], name.size) == 0)
                        return true;
        return false;
}

static int header_check(Span text, Problem *ret_problem) {
        size_t size = 0;

        while (size < text.size && is_token_char(text.data[size]))
                size++;
        if (size == 0 || size == text.size || text.data[size] != ':')
                return refuse(ret_problem, "a header is not \"Name: value\"");
        for (size_t i = size; i < text.size; i++)
                if (is_control(text.data[i], false))
                        return refuse(ret_problem, "a header holds a control character");
        if (is_framing((Span){ text.data, size }))
                return refuse(ret_problem, "%.*s is not for settings to say", (int)size, text.data);
        return 0;
}

static int value_check(MirrorFieldType type, Span text, Problem *ret_problem) {
        switch (type) {
        case MIRROR_FIELD_ADDRESSES:
                return address_check(text, ret_problem);
        case MIRROR_FIELD_URLS:
                return url_check(text, ret_problem);
        default:
                return header_check(text, ret_problem);
        }
}

static int list_check(const MirrorField *field, const Span *values, size_t n, Problem *ret_problem) {
        if (n < field->min)
                return refuse(ret_problem, "must not be empty");
        if (n > field->max)
                return refuse(ret_problem, "has more than the most, %llu", (unsigned long long)field->max);

        for (size_t i = 0; i < n; i++) {
                int r;

                r = value_check(field->type, values[i], ret_problem);
                if (r)
                        return r;
        }
        return 0;
}

static void list_free(char **texts, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(texts[i]);
        free(texts);
}

static int list_set(MirrorOptions *options, const MirrorField *field, const Span *values, size_t n,
                    Problem *ret_problem) {
        char ***to = mirror_field_of(options, field), **texts;
        int r;

        r = list_check(field, values, n, ret_problem);
        if (r)
                return r;

        texts = calloc(MAX(n, (size_t)1), sizeof(*texts));
        if (!texts)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                r = string_assign(&texts[i], values[i]);
                if (r) {
                        list_free(texts, i);
                        return r;
                }
        }

        list_free(*to, *mirror_field_n_of(options, field));
        *to = texts;
        *mirror_field_n_of(options, field) = n;
        return 0;
}

int mirror_field_set(MirrorOptions *options, const MirrorField *field, const Span *values, size_t n,
                     Problem *ret_problem) {
        void *to = mirror_field_of(options, field);

        assert(n == 1 || mirror_field_is_list(field));
        switch (field->type) {
        case MIRROR_FIELD_CHOICE:
        case MIRROR_FIELD_WORD:
                return choice_set(to, field, values[0], ret_problem);
        case MIRROR_FIELD_TEXT:
        case MIRROR_FIELD_LINES:
        case MIRROR_FIELD_PATH:
        case MIRROR_FIELD_SECRET:
                return text_set(to, field, values[0], ret_problem);
        case MIRROR_FIELD_SECRET_FILE:
                return secret_file_set(to, field, values[0], ret_problem);
        case MIRROR_FIELD_NAMESPACE:
                return namespace_set(to, values[0], ret_problem);
        case MIRROR_FIELD_BOOL:
                return bool_set(to, values[0], ret_problem);
        case MIRROR_FIELD_INTEGER:
                return integer_set(to, field, values[0], ret_problem);
        case MIRROR_FIELD_ADDRESSES:
        case MIRROR_FIELD_URLS:
        case MIRROR_FIELD_HEADERS:
                return list_set(options, field, values, n, ret_problem);
        case MIRROR_FIELD_TYPE_N:
                break;
        }

        assert(false);
        return -ENOTRECOVERABLE;
}
