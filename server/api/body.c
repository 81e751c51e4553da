#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/body.h"
#include "api/body_tree.h"

static void free_json(void *kept) {
        json_decref(kept);
}

static json_t *parse_text(Request *request) {
        json_t *json = body_tree_of_plain(request->body);
        json_error_t error;

        if (json)
                return json;

        json = json_loadb(request->body.data, request->body.size,
                          JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
        if (!json)
                reply_refusal(request, REASON_MALFORMED_BODY, NULL,
                              "the body is no JSON: %s at line %d, column %d",
                              json_error_code(&error) == json_error_duplicate_key
                                      ? "a member stands twice"
                                      : "the text breaks off or is wrong",
                              error.line, error.column);
        return json;
}

json_t *body_parse(Request *request) {
        json_t *json = request->body.size ? parse_text(request) : json_object();

        if (!json)
                return NULL;

        request->kept = json;
        request->kept_free = free_json;
        if (!json_is_object(json)) {
                reply_refusal(request, REASON_MALFORMED_BODY, NULL, "the body is no JSON object");
                return NULL;
        }
        return json;
}

void body_refuse(Request *request, Reason reason, const char *prefix, const char *name, const char *format,
                 ...) {
        char field[PROBLEM_FIELD_MAX], text[PROBLEM_TEXT_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        (void)snprintf(field, sizeof(field), "%s%s", prefix, name);
        reply_refusal(request, reason, field, "%s", text);
}

static const char *type_name(FieldType type) {
        switch (type) {
        case FIELD_FLAG:
                return "true or false";
        case FIELD_VERSION:
                return "a version number, 1 or more";
        case FIELD_NUMBER:
                return "a whole number, 0 or more";
        case FIELD_LIST:
                return "an array";
        case FIELD_OBJECT:
                return "an object";
        case FIELD_TEXT:
        case FIELD_STRING:
        default:
                return "a string";
        }
}

static bool has_type(const json_t *value, FieldType type) {
        switch (type) {
        case FIELD_FLAG:
                return json_is_boolean(value);
        case FIELD_VERSION:
                return json_is_integer(value) && json_integer_value(value) >= 1;
        case FIELD_NUMBER:
                return json_is_integer(value) && json_integer_value(value) >= 0;
        case FIELD_LIST:
                return json_is_array(value);
        case FIELD_OBJECT:
                return json_is_object(value);
        case FIELD_TEXT:
        case FIELD_STRING:
        default:
                return json_is_string(value);
        }
}

static void fill(void *place, json_t *value, FieldType type) {
        switch (type) {
        case FIELD_FLAG:
                *(bool *)place = json_is_true(value);
                return;
        case FIELD_VERSION:
        case FIELD_NUMBER:
                *(int64_t *)place = json_integer_value(value);
                return;
        case FIELD_LIST:
        case FIELD_OBJECT:
                *(json_t **)place = value;
                return;
        case FIELD_TEXT:
        case FIELD_STRING:
        default:
                *(Span *)place = (Span){ json_string_value(value), json_string_length(value) };
        }
}

static bool check_text(Request *request, const char *prefix, const Field *field, const json_t *value) {
        size_t size = json_string_length(value);

        if (size > COMMENT_SIZE_MAX) {
                body_refuse(request, REASON_INVALID_FIELD, prefix, field->name,
                            "%s has %zu bytes, %d are allowed", field->name, size, COMMENT_SIZE_MAX);
                return false;
        }
        if (memchr(json_string_value(value), '\0', size)) {
                body_refuse(request, REASON_INVALID_FIELD, prefix, field->name, "%s has a NUL character",
                            field->name);
                return false;
        }
        return true;
}

static bool read_field(Request *request, json_t *object, const char *prefix, const Field *field,
                       void *target) {
        json_t *value = json_object_get(object, field->name);

        if (!value && !field->is_required)
                return true;
        if (!value) {
                body_refuse(request, REASON_INVALID_FIELD, prefix, field->name, "%s is missing", field->name);
                return false;
        }
        if (!has_type(value, field->type)) {
                body_refuse(request, REASON_INVALID_FIELD, prefix, field->name, "%s must be %s", field->name,
                            type_name(field->type));
                return false;
        }
        if (field->type == FIELD_TEXT && !check_text(request, prefix, field, value))
                return false;

        fill((char *)target + field->offset, value, field->type);
        return true;
}

static bool is_known(const Field *fields, size_t n_fields, const char *name) {
        for (size_t i = 0; i < n_fields; i++)
                if (strcmp(fields[i].name, name) == 0)
                        return true;

        return false;
}

bool body_read(Request *request, json_t *object, const char *prefix, const Field *fields, size_t n_fields,
               void *target) {
        const char *name;
        json_t *value;

        json_object_foreach(object, name, value) {
                if (is_known(fields, n_fields, name))
                        continue;
                body_refuse(request, REASON_UNKNOWN_FIELD, prefix, name,
                            "there is no field of this name here");
                return false;
        }

        for (size_t i = 0; i < n_fields; i++)
                if (!read_field(request, object, prefix, &fields[i], target))
                        return false;
        return true;
}
