#include <stdlib.h>
#include <string.h>

#include "api/body_tree.h"
#include "model/json_read.h"
#include "model/macros.h"

/* More than any body needs, and as many calls of make_value() as there are ever at once. */
#define DEPTH_MAX 16

static json_t *make_value(JsonValue value);

static bool has_escape(Span text) {
        return text.size && memchr(text.data, '\\', text.size);
}

static json_t *make_string(Span escaped) {
        _cleanup_(freep) char *text = NULL;

        if (!has_escape(escaped))
                return json_stringn_nocheck(escaped.data, escaped.size);

        text = malloc(escaped.size);
        return text ? json_stringn_nocheck(text, json_read_decode(escaped, text)) : NULL;
}

static json_t *make_integer(JsonValue number) {
        int64_t integer;

        return json_read_integer(number, &integer) ? json_integer(integer) : NULL;
}

static json_t *make_array(Span elements) {
        json_auto_t *array = json_array();
        JsonValue element;

        while (json_read_element(&elements, &element))
                if (json_array_append_new(array, make_value(element)) != 0)
                        return NULL;
        return json_incref(array);
}

static json_t *make_object(Span members) {
        json_auto_t *object = json_object();
        JsonValue value;
        Span name;

        while (json_read_member(&members, &name, &value))
                if (has_escape(name) || json_object_getn(object, name.data, name.size) ||
                    json_object_setn_new_nocheck(object, name.data, name.size, make_value(value)) != 0)
                        return NULL;
        return json_incref(object);
}

static json_t *make_value(JsonValue value) {
        switch (value.kind) {
        case JSON_KIND_NULL:
                return json_null();
        case JSON_KIND_BOOLEAN:
                return json_boolean(value.text.data[0] == 't');
        case JSON_KIND_NUMBER:
                return make_integer(value);
        case JSON_KIND_STRING:
                return make_string(value.text);
        case JSON_KIND_ARRAY:
                return make_array(value.text);
        case JSON_KIND_OBJECT:
        default:
                return make_object(value.text);
        }
}

json_t *body_tree_of_plain(Span text) {
        return json_read_is_plain(text, DEPTH_MAX) ? make_value(json_read_value(text)) : NULL;
}
