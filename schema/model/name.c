#include "model/name.h"

static bool is_lower_or_digit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool segment_is_valid(Span segment) {
        if (segment.size == 0 || segment.size > NAMESPACE_SEGMENT_SIZE_MAX)
                return false;
        if (!is_lower_or_digit(segment.data[0]))
                return false;

        for (size_t i = 1; i < segment.size; i++)
                if (!is_lower_or_digit(segment.data[i]) && segment.data[i] != '_' && segment.data[i] != '-')
                        return false;

        return true;
}

bool namespace_is_valid(Span name) {
        Span rest = name;

        if (name.size > NAMESPACE_SIZE_MAX)
                return false;

        for (size_t n_segments = 1; n_segments <= NAMESPACE_SEGMENTS_MAX; n_segments++) {
                const char *dot = rest.size ? memchr(rest.data, '.', rest.size) : NULL;

                if (!dot)
                        return segment_is_valid(rest);
                if (!segment_is_valid((Span){ rest.data, (size_t)(dot - rest.data) }))
                        return false;

                rest = (Span){ dot + 1, (size_t)(rest.data + rest.size - dot - 1) };
        }

        return false;
}

bool key_is_valid(Span key) {
        if (key.size == 0 || key.size > KEY_SIZE_MAX || key.data[0] == '.')
                return false;

        for (size_t i = 0; i < key.size; i++) {
                char c = key.data[i];

                if (!is_lower_or_digit(c) && !(c >= 'A' && c <= 'Z') && (c == '\0' || !strchr("._@:+-", c)))
                        return false;
        }

        return true;
}

Span namespace_parent(Span name) {
        for (size_t i = name.size; i > 0; i--)
                if (name.data[i - 1] == '.')
                        return (Span){ name.data, i - 1 };

        return SPAN_NULL;
}
