#include "http/reason.h"
#include "model/macros.h"

static const struct {
        const char *name;
        int status;
} reasons[REASON_N] = {
        [REASON_MALFORMED_BODY] = { "malformed_body", 400 },
        [REASON_INVALID_FIELD] = { "invalid_field", 400 },
        [REASON_UNKNOWN_FIELD] = { "unknown_field", 400 },
        [REASON_INVALID_PARAMETER] = { "invalid_parameter", 400 },
        [REASON_UNKNOWN_PARAMETER] = { "unknown_parameter", 400 },
        [REASON_INVALID_NAME] = { "invalid_name", 400 },
        [REASON_INVALID_HEADER] = { "invalid_header", 400 },
        [REASON_MALFORMED_REQUEST] = { "malformed_request", 400 },
        [REASON_UNAUTHENTICATED] = { "unauthenticated", 401 },
        [REASON_FORBIDDEN] = { "forbidden", 403 },
        [REASON_CSRF_FAILED] = { "csrf_failed", 403 },
        [REASON_NOT_FOUND] = { "not_found", 404 },
        [REASON_NAMESPACE_NOT_FOUND] = { "namespace_not_found", 404 },
        [REASON_CONFIG_NOT_FOUND] = { "config_not_found", 404 },
        [REASON_VERSION_NOT_FOUND] = { "version_not_found", 404 },
        [REASON_GRAY_NOT_FOUND] = { "gray_not_found", 404 },
        [REASON_MIRROR_NOT_FOUND] = { "mirror_not_found", 404 },
        [REASON_DEAD_LETTER_NOT_FOUND] = { "dead_letter_not_found", 404 },
        [REASON_INGEST_NOT_FOUND] = { "ingest_not_found", 404 },
        [REASON_QUARANTINED_KEY_NOT_FOUND] = { "quarantined_key_not_found", 404 },
        [REASON_SCHEMA_NOT_FOUND] = { "schema_not_found", 404 },
        [REASON_METHOD_NOT_ALLOWED] = { "method_not_allowed", 405 },
        [REASON_NAMESPACE_EXISTS] = { "namespace_exists", 409 },
        [REASON_NAMESPACE_NOT_EMPTY] = { "namespace_not_empty", 409 },
        [REASON_NOTHING_TO_ROLL_BACK] = { "nothing_to_roll_back", 409 },
        [REASON_NOTHING_PUBLISHED] = { "nothing_published", 409 },
        [REASON_RAMP_STATE] = { "ramp_state", 409 },
        [REASON_SCHEMA_IN_USE] = { "schema_in_use", 409 },
        [REASON_VERSION_CONFLICT] = { "version_conflict", 412 },
        [REASON_CONTENT_TOO_LARGE] = { "content_too_large", 413 },
        [REASON_BODY_TOO_LARGE] = { "body_too_large", 413 },
        [REASON_EXPECTATION_FAILED] = { "expectation_failed", 417 },
        [REASON_INVALID_CONTENT] = { "invalid_content", 422 },
        [REASON_SCHEMA_VIOLATION] = { "schema_violation", 422 },
        [REASON_SCHEMA_INVALID] = { "schema_invalid", 422 },
        [REASON_TOO_MANY_REQUESTS] = { "too_many_requests", 429 },
        [REASON_HEADERS_TOO_LARGE] = { "headers_too_large", 431 },
        [REASON_NOT_READY] = { "not_ready", 503 },
        [REASON_BUSY] = { "busy", 503 },
        [REASON_STORAGE_FAILED] = { "storage_failed", 503 },
        [REASON_QUERY_TIMEOUT] = { "query_timeout", 503 },
};

static const struct {
        int status;
        const char *phrase;
} phrases[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 304, "Not Modified" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 409, "Conflict" },
        { 412, "Precondition Failed" },
        { 413, "Content Too Large" },
        { 417, "Expectation Failed" },
        { 422, "Unprocessable Content" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 503, "Service Unavailable" },
};

const char *reason_to_string(Reason reason) {
        return reasons[reason].name;
}

int reason_status(Reason reason) {
        return reasons[reason].status;
}

const char *status_phrase(int status) {
        for (size_t i = 0; i < ARRAY_SIZE(phrases); i++)
                if (phrases[i].status == status)
                        return phrases[i].phrase;

        return "Unknown";
}
