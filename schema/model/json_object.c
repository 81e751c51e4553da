#include "model/json_object.h"

const char *json_kind_in_words(JsonKind kind) {
        static const char *const words[] = {
                [JSON_KIND_NULL] = "null",       [JSON_KIND_BOOLEAN] = "true or false",
                [JSON_KIND_NUMBER] = "a number", [JSON_KIND_STRING] = "a string",
                [JSON_KIND_ARRAY] = "an array",  [JSON_KIND_OBJECT] = "an object",
        };

        return words[kind];
}

static bool refuse(JsonFault *fault, JsonFaultKind kind, const JsonMember *member) {
        *fault = (JsonFault){ .kind = kind, .member = member };
        return false;
}

static JsonMember *find_member(JsonMember *members, size_t n_members, Span name) {
        for (size_t i = 0; i < n_members; i++)
                if (json_read_equals(name, span_from_string(members[i].name)))
                        return &members[i];
        return NULL;
}

static bool fill_member(JsonMember *member, JsonManner manner, JsonValue value, JsonFault *ret_fault) {
        if (member->is_present)
                return refuse(ret_fault, JSON_FAULT_TWICE, member);
        if (manner == JSON_MANNER_LENIENT && member->is_optional && value.kind == JSON_KIND_NULL)
                return true;
        if (value.kind != member->kind)
                return refuse(ret_fault, JSON_FAULT_KIND, member);

        member->value = value;
        member->is_present = true;
        return true;
}

bool json_object_read(JsonValue object, JsonManner manner, JsonMember *members, size_t n_members,
                      JsonFault *ret_fault) {
        Span rest = object.text, name;
        JsonValue value;

        while (json_read_member(&rest, &name, &value)) {
                JsonMember *member = find_member(members, n_members, name);

                if (member && !fill_member(member, manner, value, ret_fault))
                        return false;
                if (!member && manner == JSON_MANNER_STRICT) {
                        *ret_fault = (JsonFault){ .kind = JSON_FAULT_UNKNOWN, .unknown_name = name };
                        return false;
                }
        }

        for (size_t i = 0; i < n_members; i++)
                if (!members[i].is_present && !members[i].is_optional)
                        return refuse(ret_fault, JSON_FAULT_MISSING, &members[i]);
        return true;
}
