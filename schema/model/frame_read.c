#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/buf.h"
#include "model/frame_read.h"
#include "model/macros.h"
#include "model/name.h"

struct FrameBlock {
        struct FrameBlock *next;
        max_align_t data[];
};

/* An array's elements, while they are read. */
typedef struct Elements {
        Span rest;
        size_t n;
} Elements;

static void write_path(Buf *buf, const FramePath *path) {
        if (path->parent)
                write_path(buf, path->parent);
        if (!path->name) {
                buf_append_format(buf, "[%zu]", path->index);
                return;
        }
        if (path->parent)
                buf_append_char(buf, '.');
        buf_append_string(buf, path->name);
}

int frame_refuse(FrameParser *parser, const FramePath *path, const char *problem) {
        _cleanup_(buf_deinit) Buf field = BUF_NULL;
        _cleanup_(freep) char *text = NULL;

        write_path(&field, path);
        text = buf_take_string(&field);
        if (!text)
                return -ENOMEM;

        problem_set(parser->problem, text, "%s", problem);
        return FRAME_E_INVALID;
}

void *frame_keep_array(FrameParser *parser, size_t n, size_t size) {
        FrameBlock *block;
        size_t total;

        if (__builtin_mul_overflow(n, size, &total) || __builtin_add_overflow(total, sizeof(*block), &total))
                return NULL;

        block = calloc(1, total);
        if (!block)
                return NULL;

        block->next = parser->blocks;
        parser->blocks = block;
        return block->data;
}

void frame_free_blocks(FrameBlock *blocks) {
        while (blocks) {
                FrameBlock *next = blocks->next;

                free(blocks);
                blocks = next;
        }
}

Span frame_keep_text(FrameParser *parser, JsonValue value) {
        Span text = { parser->text, json_read_decode(value.text, parser->text) };

        parser->text += text.size;
        return text;
}

Span frame_keep_raw(FrameParser *parser, JsonValue value) {
        size_t around = value.kind == JSON_KIND_ARRAY || value.kind == JSON_KIND_OBJECT ? 1 : 0;
        Span text = { parser->text, value.text.size + 2 * around };

        memcpy(parser->text, value.text.data - around, text.size);
        parser->text += text.size;
        return text;
}

static int refuse_kind(FrameParser *parser, const FramePath *path, JsonKind kind) {
        char problem[32];

        (void)snprintf(problem, sizeof(problem), "must be %s", json_kind_in_words(kind));
        return frame_refuse(parser, path, problem);
}

int frame_read_members(FrameParser *parser, const FramePath *path, JsonValue object, JsonMember *members,
                       size_t n_members) {
        FramePath at = { .parent = path };
        JsonFault fault;

        if (json_object_read(object, JSON_MANNER_LENIENT, members, n_members, &fault))
                return 0;

        at.name = fault.member->name;
        if (fault.kind == JSON_FAULT_KIND)
                return refuse_kind(parser, &at, fault.member->kind);
        return frame_refuse(parser, &at,
                            fault.kind == JSON_FAULT_TWICE ? "it stands twice" : "it is missing");
}

int frame_read_text(FrameParser *parser, const FramePath *path, const JsonMember *member, size_t size_min,
                    size_t size_max, Span *ret_text) {
        const FramePath at = { .parent = path, .name = member->name };
        Span text;

        if (!member->is_present)
                return 0;

        text = frame_keep_text(parser, member->value);
        if (text.size < size_min)
                return frame_refuse(parser, &at, "it is empty");
        if (text.size > size_max)
                return frame_refuse(parser, &at, "it is too long");
        if (memchr(text.data, '\0', text.size))
                return frame_refuse(parser, &at, "it has a NUL character");

        *ret_text = text;
        return 0;
}

int frame_read_number(FrameParser *parser, const FramePath *path, const JsonMember *member, int64_t min,
                      int64_t max, int64_t *ret_number) {
        const FramePath at = { .parent = path, .name = member->name };
        char problem[96];
        int64_t number;

        if (!member->is_present)
                return 0;

        if (json_read_integer(member->value, &number) && number >= min && number <= max) {
                *ret_number = number;
                return 0;
        }

        (void)snprintf(problem, sizeof(problem), "must be a whole number from %" PRId64 " to %" PRId64, min,
                       max);
        return frame_refuse(parser, &at, problem);
}

int frame_read_revision(FrameParser *parser, const FramePath *path, const JsonMember *member, uint64_t min,
                        uint64_t *ret_revision) {
        int64_t revision = 0;
        int r;

        if (!member->is_present)
                return 0;

        r = frame_read_number(parser, path, member, (int64_t)min, INT64_MAX, &revision);
        if (r)
                return r;

        *ret_revision = (uint64_t)revision;
        return 0;
}

bool frame_member_is_true(const JsonMember *member) {
        return member->is_present && span_equal_string(member->value.text, "true");
}

/* Reads the name of a namespace or config, which stands at @path. */
static int read_name_at(FrameParser *parser, const FramePath *path, JsonValue value,
                        bool (*is_valid)(Span name), Span *ret_name) {
        Span name;

        if (value.kind != JSON_KIND_STRING)
                return refuse_kind(parser, path, JSON_KIND_STRING);

        name = frame_keep_text(parser, value);
        if (!is_valid(name))
                return frame_refuse(parser, path,
                                    is_valid == key_is_valid ? "this is no name of a config"
                                                             : "this is no name of a namespace");

        *ret_name = name;
        return 0;
}

int frame_read_name(FrameParser *parser, const FramePath *path, const JsonMember *member,
                    bool (*is_valid)(Span name), Span *ret_name) {
        return read_name_at(parser, &(FramePath){ .parent = path, .name = member->name }, member->value,
                            is_valid, ret_name);
}

/*
 * Makes room for the elements of an array, or the members of an object. @ret_array stays NULL where there are
 * none.
 */
static int begin_elements(FrameParser *parser, const FramePath *path, const JsonMember *member, size_t n_max,
                          size_t size, Elements *ret_elements, void *ret_array) {
        size_t n = member->is_present ? json_read_count(member->value) : 0;
        void *array = NULL;

        if (n > n_max)
                return frame_refuse(parser, path, "it has too many elements");
        if (n > 0 && !(array = frame_keep_array(parser, n, size)))
                return -ENOMEM;

        *ret_elements = (Elements){ member->value.text, n };
        memcpy(ret_array, &array, sizeof(array));
        return 0;
}

int frame_read_names(FrameParser *parser, const FramePath *path, const JsonMember *member,
                     bool (*is_valid)(Span name), size_t n_max, Span **ret_names, size_t *ret_n_names) {
        const FramePath at = { .parent = path, .name = member->name };
        Elements elements;
        Span *names = NULL;
        int r;

        r = begin_elements(parser, &at, member, n_max, sizeof(*names), &elements, &names);
        for (size_t i = 0; !r && i < elements.n; i++) {
                JsonValue value;

                (void)json_read_element(&elements.rest, &value);
                r = read_name_at(parser, &(FramePath){ .parent = &at, .index = i }, value, is_valid,
                                 &names[i]);
        }
        if (r)
                return r;

        *ret_names = names;
        *ret_n_names = elements.n;
        return 0;
}

int frame_read_objects(FrameParser *parser, const FramePath *path, const JsonMember *member, size_t n_max,
                       FrameReadElement read, size_t size, void *ret_array, size_t *ret_n) {
        const FramePath at = { .parent = path, .name = member->name };
        Elements elements;
        char *array = NULL;
        int r;

        r = begin_elements(parser, &at, member, n_max, size, &elements, &array);
        for (size_t i = 0; !r && i < elements.n; i++) {
                const FramePath element_at = { .parent = &at, .index = i };
                JsonValue value;

                (void)json_read_element(&elements.rest, &value);
                if (value.kind != JSON_KIND_OBJECT)
                        return refuse_kind(parser, &element_at, JSON_KIND_OBJECT);
                r = read(parser, &element_at, value, array + i * size);
        }
        if (r)
                return r;

        memcpy(ret_array, &array, sizeof(array));
        *ret_n = elements.n;
        return 0;
}
