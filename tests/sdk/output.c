#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

#define CONTENT_SHOWN_MAX 1024

void probe_die(const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        fputs("probe: ", stderr);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
        exit(2);
}

void probe_print(json_t *object) {
        char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

        if (!text)
                probe_die("no memory for a line");
        flockfile(stdout);
        fputs(text, stdout);
        fputc('\n', stdout);
        fflush(stdout);
        funlockfile(stdout);
        free(text);
        json_decref(object);
}

const char *probe_error_name(confer_error error) {
        static const char *const names[CONFER_ERROR_N] = {
                [CONFER_OK] = "OK",
                [CONFER_E_INVALID] = "INVALID",
                [CONFER_E_NOMEM] = "NOMEM",
                [CONFER_E_NOT_FOUND] = "NOT_FOUND",
                [CONFER_E_NOT_READY] = "NOT_READY",
                [CONFER_E_TIMEOUT] = "TIMEOUT",
                [CONFER_E_TYPE] = "TYPE",
                [CONFER_E_STATE] = "STATE",
                [CONFER_E_CLOSED] = "CLOSED",
                [CONFER_E_SYSTEM] = "SYSTEM",
                [CONFER_E_NETWORK] = "NETWORK",
                [CONFER_E_TLS] = "TLS",
                [CONFER_E_UNAUTHENTICATED] = "UNAUTHENTICATED",
                [CONFER_E_FORBIDDEN] = "FORBIDDEN",
                [CONFER_E_PROTOCOL] = "PROTOCOL",
        };

        return (size_t)error < CONFER_ERROR_N && names[error] ? names[error] : "?";
}

static const char *origin_name(confer_origin origin) {
        switch (origin) {
        case CONFER_ORIGIN_SERVER:
                return "server";
        case CONFER_ORIGIN_CACHE:
                return "cache";
        case CONFER_ORIGIN_DEFAULT:
                return "default";
        }
        return "?";
}

static const char *format_name(confer_format format) {
        static const char *const names[] = { "json", "yaml", "toml", "properties", "xml", "text" };

        return (size_t)format < sizeof(names) / sizeof(names[0]) ? names[format] : "?";
}

/* The digest in hexadecimal: what the content really is, whatever the value says of itself. */
static void content_digest(const char *content, size_t size, char digest[2 * SHA256_DIGEST_LENGTH + 1]) {
        unsigned char bytes[SHA256_DIGEST_LENGTH];

        SHA256((const unsigned char *)content, size, bytes);
        for (size_t i = 0; i < sizeof(bytes); i++)
                sprintf(digest + 2 * i, "%02x", bytes[i]);
}

json_t *probe_rule_json(const confer_value *value) {
        int rule = confer_value_get_rule(value);

        return rule < 0 ? json_null() : json_integer(rule);
}

json_t *probe_value_json(confer_value *value) {
        char digest[2 * SHA256_DIGEST_LENGTH + 1];
        const char *content;
        size_t size;

        if (!value)
                return json_null();
        content = confer_value_content(value, &size);
        if (content[size] != '\0')
                probe_die("a content is followed by a NUL");
        content_digest(content, size, digest);
        return json_pack("{s:s, s:s, s:I, s:I, s:b, s:o, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:I, s:I, s:o}",
                         "namespace", confer_value_get_namespace(value), "key", confer_value_get_key(value),
                         "version", (json_int_t)confer_value_get_version(value), "revision",
                         (json_int_t)confer_value_get_revision(value), "gray", confer_value_is_gray(value),
                         "rule", probe_rule_json(value), "format",
                         format_name(confer_value_get_format(value)), "sha256",
                         confer_value_get_sha256(value), "content_sha256", digest, "size", (json_int_t)size,
                         "origin", origin_name(confer_value_get_origin(value)), "updated_by",
                         confer_value_get_updated_by(value), "comment", confer_value_get_comment(value),
                         "updated_at_ms", (json_int_t)confer_value_get_updated_at_ms(value), "age_ms",
                         (json_int_t)confer_value_get_age_ms(value), "content",
                         size <= CONTENT_SHOWN_MAX ? json_stringn(content, size) : json_null());
}
