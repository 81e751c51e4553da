/*
 * The formats that a config may have.
 */
#pragma once

#include "model/span.h"

typedef enum Format {
        FORMAT_JSON,
        FORMAT_YAML,
        FORMAT_TOML,
        FORMAT_PROPERTIES,
        FORMAT_XML,
        FORMAT_TEXT,
        FORMAT_N,
} Format;

const char *format_to_string(Format format);

/* Returns FORMAT_N for a name that is no format. */
Format format_from_string(Span name);

/* The format that a key's extension names ("app.yml" is YAML), FORMAT_TEXT when it names none. */
Format format_from_key(Span key);

/* The value of a Content-Type header for the bare content. */
const char *format_to_media_type(Format format);
