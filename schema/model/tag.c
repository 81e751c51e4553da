#include <string.h>

#include "model/tag.h"
#include "model/utf8.h"

static bool is_name_character(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

bool tag_name_is_valid(Span name) {
        if (name.size == 0 || name.size > TAG_NAME_SIZE_MAX)
                return false;

        for (size_t i = 0; i < name.size; i++)
                if (!is_name_character(name.data[i]))
                        return false;
        return true;
}

bool tag_value_is_valid(Span value) {
        return value.size <= TAG_VALUE_SIZE_MAX && utf8_valid_size(value) == value.size &&
               (value.size == 0 || !memchr(value.data, '\0', value.size));
}
