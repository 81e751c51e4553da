/*
 * What the readers of frames' payloads are made of: members by name, each checked for kind, size and range,
 * and arrays. What is at fault is told with its path, "namespaces[2].keys[0]". Only frame_parse.c and
 * frame_release.c use it.
 *
 * All functions return 0, -ENOMEM, or FRAME_E_INVALID with the parser's problem filled.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/frame.h"
#include "model/json_object.h"
#include "model/json_read.h"
#include "model/problem.h"
#include "model/span.h"

typedef struct FrameBlock FrameBlock;

/* Where in the payload something stands, to be told when it is wrong. */
typedef struct FramePath {
        const struct FramePath *parent; /* NULL: the payload, or the frame itself */
        const char *name;               /* NULL: the element @index of @parent */
        size_t index;
} FramePath;

typedef struct Parser {
        Frame frame;
        Problem *problem;
        FrameBlock *blocks; /* arrays, and the text; newest first */
        char *text;         /* where the next text goes; there is room for all that the frame has */
} FrameParser;

int frame_refuse(FrameParser *parser, const FramePath *path, const char *problem);

/* An array of @n zeroed elements, which lives as long as the frame; NULL for want of memory. */
void *frame_keep_array(FrameParser *parser, size_t n, size_t size);
void frame_free_blocks(FrameBlock *blocks);

/* Copies that live as long as the frame: of a string, decoded; of anything else, as it stands. */
Span frame_keep_text(FrameParser *parser, JsonValue value);
Span frame_keep_raw(FrameParser *parser, JsonValue value);

/* Finds @members in @object, and passes over all others. @path: where the object stands; NULL at the top. */
int frame_read_members(FrameParser *parser, const FramePath *path, JsonValue object, JsonMember *members,
                       size_t n_members);

/* Read a member of the object at @path. One that is not there leaves what is returned alone. */

/* A text of @size_min to @size_max bytes, without NUL. */
int frame_read_text(FrameParser *parser, const FramePath *path, const JsonMember *member, size_t size_min,
                    size_t size_max, Span *ret_text);
int frame_read_number(FrameParser *parser, const FramePath *path, const JsonMember *member, int64_t min,
                      int64_t max, int64_t *ret_number);
int frame_read_revision(FrameParser *parser, const FramePath *path, const JsonMember *member, uint64_t min,
                        uint64_t *ret_revision);
bool frame_member_is_true(const JsonMember *member);

/* The name of a namespace or config, by namespace_is_valid() or key_is_valid(). */
int frame_read_name(FrameParser *parser, const FramePath *path, const JsonMember *member,
                    bool (*is_valid)(Span name), Span *ret_name);
int frame_read_names(FrameParser *parser, const FramePath *path, const JsonMember *member,
                     bool (*is_valid)(Span name), size_t n_max, Span **ret_names, size_t *ret_n_names);

/* Reads @object, which stands at @path, into *ret_element, which is zeroed. */
typedef int (*FrameReadElement)(FrameParser *parser, const FramePath *path, JsonValue object,
                                void *ret_element);

/* An array of up to @n_max objects, each read into an element of @size bytes. @ret_array: where the pointer
 * to the first goes. */
int frame_read_objects(FrameParser *parser, const FramePath *path, const JsonMember *member, size_t n_max,
                       FrameReadElement read, size_t size, void *ret_array, size_t *ret_n);
