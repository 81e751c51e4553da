/*
 * Reading JSON bodies by tables of fields: what is missing, unknown, too long or of the wrong type is refused
 * with the field's path.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/request.h"

#define COMMENT_SIZE_MAX 4096
#define BODY_PREFIX_MAX  48

typedef enum FieldType {
        FIELD_TEXT,   /* Span, up to COMMENT_SIZE_MAX bytes, without NUL */
        FIELD_STRING, /* Span of any bytes and size; checked by whoever knows what it is: a name, a content */
        FIELD_FLAG,   /* bool */
        FIELD_VERSION, /* int64_t, a version number: 1 or more */
        FIELD_NUMBER,  /* int64_t, 0 or more */
        FIELD_LIST,    /* json_t *, an array */
        FIELD_OBJECT,  /* json_t *, an object */
} FieldType;

typedef struct Field {
        const char *name;
        FieldType type;
        bool is_required;
        size_t offset; /* in the struct that is filled */
} Field;

/*
 * body_parse() - parse the request's body as a JSON object; an empty body is {}
 *
 * What comes of it, and all texts in it, lives as long as the request. Return: NULL with a reply made.
 */
json_t *body_parse(Request *request);

/*
 * body_read() - fill @target from the members of @object
 * @prefix: put before names in refusals: "operations[3]." or ""
 *
 * Members that are not there leave @target as it is. Return: false with a reply made.
 */
bool body_read(Request *request, json_t *object, const char *prefix, const Field *fields, size_t n_fields,
               void *target);

/* Refuses a field of the body. */
void body_refuse(Request *request, Reason reason, const char *prefix, const char *name, const char *format,
                 ...) _printf_(5, 6);
