#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "mirror/http_body.h"
#include "model/format.h"
#include "model/json.h"
#include "model/timestamp.h"

#define DEFAULT_BODY  "{\"mirror\":${mirror},\"revision\":${revision},\"changes\":[${items}]}"
#define BYTEORDERMARK "\xef\xbb\xbf"

/* What a placeholder is filled from. */
typedef struct Filling {
        const HttpBody *body;
        const TargetItem *items;
        size_t n;
        uint64_t revision;
        const TargetItem *item;
} Filling;

typedef void (*FillFn)(Buf *buf, const Filling *filling);

/* A text, and what comes behind it; NULL: nothing. */
typedef struct Part {
        Span text;
        FillFn fill;
} Part;

typedef struct Template {
        Part *parts;
        size_t n;
} Template;

struct HttpBody {
        const char *mirror;
        Template body;
        Template item; /* without parts: the change's document */
        bool has_lines;
};

static void append_template(Buf *buf, const Template *template, const Filling *filling) {
        for (size_t i = 0; i < template->n; i++) {
                buf_append_span(buf, template->parts[i].text);
                if (template->parts[i].fill)
                        template->parts[i].fill(buf, filling);
        }
}

static bool is_gone(const TargetItem *item) {
        return !item->value.data;
}

/*
 * An item.
 */

static void append_gone(Buf *buf, const ConfigData *config) {
        buf_append_literal(buf, "{\"namespace\":");
        json_append_string(buf, config->namespace);
        buf_append_literal(buf, ",\"key\":");
        json_append_string(buf, config->key);
        buf_append_literal(buf, ",\"revision\":");
        buf_append_u64(buf, config->revision);
        buf_append_literal(buf, ",\"deleted\":true}");
}

static void append_document(Buf *buf, const TargetItem *item) {
        if (is_gone(item)) {
                append_gone(buf, item->config);
                return;
        }

        buf_append_char(buf, '{');
        config_data_append_members(buf, item->config);
        buf_append_literal(buf, ",\"deleted\":false}");
}

static void append_null(Buf *buf) {
        buf_append_literal(buf, "null");
}

static void fill_namespace(Buf *buf, const Filling *filling) {
        json_append_string(buf, filling->item->config->namespace);
}

static void fill_key(Buf *buf, const Filling *filling) {
        json_append_string(buf, filling->item->config->key);
}

static void fill_target_key(Buf *buf, const Filling *filling) {
        json_append_lossy_string(buf, filling->item->key);
}

static void fill_version(Buf *buf, const Filling *filling) {
        if (is_gone(filling->item))
                append_null(buf);
        else
                buf_append_i64(buf, filling->item->config->version);
}

static void fill_item_revision(Buf *buf, const Filling *filling) {
        buf_append_u64(buf, filling->item->config->revision);
}

static void fill_format(Buf *buf, const Filling *filling) {
        const TargetItem *item = filling->item;

        json_append_string(buf, is_gone(item) ? SPAN_NULL
                                              : span_from_string(format_to_string(item->config->format)));
}

static void fill_content(Buf *buf, const Filling *filling) {
        const TargetItem *item = filling->item;

        json_append_string(buf, is_gone(item) ? SPAN_NULL : item->config->content);
}

/* Line ends stand between the tokens of JSON only, where a space is as good: an item stays one line. */
static void append_on_one_line(Buf *buf, Span json) {
        char *to = buf_reserve(buf, json.size);

        if (!to)
                return;
        for (size_t i = 0; i < json.size; i++)
                to[i] = json.data[i] == '\n' || json.data[i] == '\r' ? ' ' : json.data[i];
        buf_advance(buf, json.size);
}

/* A byte order mark, which a content may begin with, is no part of a value. */
static void fill_content_raw(Buf *buf, const Filling *filling) {
        const TargetItem *item = filling->item;
        Span content = item->config->content;

        if (is_gone(item) || item->config->format != FORMAT_JSON) {
                fill_content(buf, filling);
                return;
        }

        if (span_starts_with(content, SPAN_LITERAL(BYTEORDERMARK)))
                span_drop(&content, sizeof(BYTEORDERMARK) - 1);
        append_on_one_line(buf, content);
}

static void fill_sha256(Buf *buf, const Filling *filling) {
        if (is_gone(filling->item)) {
                append_null(buf);
                return;
        }

        buf_append_char(buf, '"');
        buf_append_hex(buf, filling->item->config->sha256, SHA256_SIZE);
        buf_append_char(buf, '"');
}

static void fill_updated_at(Buf *buf, const Filling *filling) {
        if (is_gone(filling->item)) {
                append_null(buf);
                return;
        }

        buf_append_char(buf, '"');
        timestamp_append(buf, filling->item->config->updated_at_ms);
        buf_append_char(buf, '"');
}

static void fill_updated_by(Buf *buf, const Filling *filling) {
        const TargetItem *item = filling->item;

        json_append_string(buf, is_gone(item) ? SPAN_NULL : item->config->updated_by);
}

static void fill_comment(Buf *buf, const Filling *filling) {
        const TargetItem *item = filling->item;

        json_append_string(buf, is_gone(item) ? SPAN_NULL : item->config->comment);
}

static void fill_deleted(Buf *buf, const Filling *filling) {
        buf_append_string(buf, is_gone(filling->item) ? "true" : "false");
}

/*
 * The body.
 */

static void fill_mirror(Buf *buf, const Filling *filling) {
        json_append_string(buf, span_from_string(filling->body->mirror));
}

static void fill_revision(Buf *buf, const Filling *filling) {
        buf_append_u64(buf, filling->revision);
}

static void fill_items(Buf *buf, const Filling *filling) {
        const HttpBody *body = filling->body;
        Filling of_item = *filling;

        for (size_t i = 0; i < filling->n; i++) {
                of_item.item = &filling->items[i];
                if (i > 0 && !body->has_lines)
                        buf_append_char(buf, ',');
                if (body->item.n > 0)
                        append_template(buf, &body->item, &of_item);
                else
                        append_document(buf, of_item.item);
        }
}

void http_body_append(const HttpBody *body, Buf *buf, const TargetItem *items, size_t n, uint64_t revision) {
        Filling filling = { .body = body, .items = items, .n = n, .revision = revision };

        append_template(buf, &body->body, &filling);
}

/*
 * Reading templates.
 */

typedef struct Placeholder {
        const char *name;
        FillFn fill;
} Placeholder;

static const Placeholder of_body[] = {
        { "items", fill_items },
        { "mirror", fill_mirror },
        { "revision", fill_revision },
        { NULL, NULL },
};

static const Placeholder of_item[] = {
        { "comment", fill_comment },         { "content", fill_content },
        { "content_raw", fill_content_raw }, { "deleted", fill_deleted },
        { "format", fill_format },           { "key", fill_key },
        { "namespace", fill_namespace },     { "revision", fill_item_revision },
        { "sha256", fill_sha256 },           { "target_key", fill_target_key },
        { "updated_at", fill_updated_at },   { "updated_by", fill_updated_by },
        { "version", fill_version },         { NULL, NULL },
};

/* A template that is read, in the field @field. */
typedef struct TemplateReader {
        const Placeholder *placeholders;
        const char *field;
        Template *template;
} TemplateReader;

static void add_part(Template *template, Span text, FillFn fill) {
        Part *parts = realloc(template->parts, (template->n + 1) * sizeof(*parts));

        if (!parts)
                abort();
        template->parts = parts;
        template->parts[template->n++] = (Part){ text, fill };
}

static FillFn find_fill(const TemplateReader *reader, Span name) {
        for (const Placeholder *placeholder = reader->placeholders; placeholder->name; placeholder++)
                if (span_equal_string(name, placeholder->name))
                        return placeholder->fill;

        return NULL;
}

static int refuse_placeholder(const TemplateReader *reader, Span name, Problem *ret_problem) {
        problem_set(ret_problem, reader->field, "${%.*s} stands for nothing: $$ writes a dollar",
                    (int)MIN(name.size, 64), name.data);
        return -EINVAL;
}

/* Where the next thing begins that does not stand for itself. */
static size_t find_dollar(Span text) {
        size_t at = 0;

        while (at + 1 < text.size &&
               (text.data[at] != '$' || (text.data[at + 1] != '{' && text.data[at + 1] != '$')))
                at++;
        return at + 1 < text.size ? at : text.size;
}

/* Takes a dollar and what belongs to it off @rest, which begins with them. */
static int read_placeholder(const TemplateReader *reader, Span before, Span *rest, Problem *ret_problem) {
        const char *end = memchr(rest->data, '}', rest->size);
        FillFn fill;
        Span name;

        if (rest->data[1] == '$') {
                add_part(reader->template, (Span){ before.data, before.size + 1 }, NULL);
                span_drop(rest, 2);
                return 0;
        }

        name = (Span){ rest->data + 2, (size_t)((end ? end : rest->data + rest->size) - rest->data) - 2 };
        fill = end ? find_fill(reader, name) : NULL;
        if (!fill)
                return refuse_placeholder(reader, name, ret_problem);

        add_part(reader->template, before, fill);
        span_drop(rest, name.size + 3);
        return 0;
}

static int read_template(const TemplateReader *reader, const char *text, Problem *ret_problem) {
        Span rest = span_from_string(text);
        int r;

        while (rest.size) {
                Span before = { rest.data, find_dollar(rest) };

                span_drop(&rest, before.size);
                if (rest.size == 0) {
                        add_part(reader->template, before, NULL);
                        return 0;
                }
                r = read_placeholder(reader, before, &rest, ret_problem);
                if (r)
                        return r;
        }
        return 0;
}

static int refuse_lines(Problem *ret_problem) {
        problem_set(ret_problem, "item",
                    "it ends with a newline, which the body's array does not take: give a body, too");
        return -EINVAL;
}

static bool ends_with_newline(const char *text) {
        return *text && text[strlen(text) - 1] == '\n';
}

int http_body_new(const MirrorOptions *options, HttpBody **ret_body, Problem *ret_problem) {
        _cleanup_(http_body_freep) HttpBody *body = calloc(1, sizeof(*body));
        int r;

        if (!body)
                abort();
        body->mirror = options->name;
        body->has_lines = ends_with_newline(options->item);
        if (body->has_lines && !*options->body)
                return refuse_lines(ret_problem);

        r = read_template(&(TemplateReader){ of_body, "body", &body->body },
                          *options->body ? options->body : DEFAULT_BODY, ret_problem);
        if (r)
                return r;
        r = read_template(&(TemplateReader){ of_item, "item", &body->item }, options->item, ret_problem);
        if (r)
                return r;

        *ret_body = body;
        body = NULL;
        return 0;
}

HttpBody *http_body_free(HttpBody *body) {
        if (!body)
                return NULL;

        free(body->body.parts);
        free(body->item.parts);
        free(body);
        return NULL;
}
