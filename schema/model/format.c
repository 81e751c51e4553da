#include "model/format.h"
#include "model/macros.h"

static const struct {
        const char *name;
        const char *media_type;
} formats[FORMAT_N] = {
        [FORMAT_JSON] = { "json", "application/json" },
        [FORMAT_YAML] = { "yaml", "application/yaml" }, /* RFC 9512 */
        [FORMAT_TOML] = { "toml", "application/toml" },
        [FORMAT_PROPERTIES] = { "properties", "text/plain; charset=utf-8" },
        [FORMAT_XML] = { "xml", "application/xml" },
        [FORMAT_TEXT] = { "text", "text/plain; charset=utf-8" },
};

static const struct {
        const char *extension;
        Format format;
} extensions[] = {
        { "json", FORMAT_JSON },
        { "yaml", FORMAT_YAML },
        { "yml", FORMAT_YAML },
        { "toml", FORMAT_TOML },
        { "properties", FORMAT_PROPERTIES },
        { "xml", FORMAT_XML },
        { "txt", FORMAT_TEXT },
};

const char *format_to_string(Format format) {
        return formats[format].name;
}

Format format_from_string(Span name) {
        for (Format format = 0; format < FORMAT_N; format++)
                if (span_equal_string(name, formats[format].name))
                        return format;

        return FORMAT_N;
}

Format format_from_key(Span key) {
        size_t dot = key.size;

        while (dot > 0 && key.data[dot - 1] != '.')
                dot--;
        if (dot == 0)
                return FORMAT_TEXT;

        for (size_t i = 0; i < ARRAY_SIZE(extensions); i++)
                if (span_equal_string((Span){ key.data + dot, key.size - dot }, extensions[i].extension))
                        return extensions[i].format;

        return FORMAT_TEXT;
}

const char *format_to_media_type(Format format) {
        return formats[format].media_type;
}
