/*
 * Why a request was refused: the stable names in answers, each with the HTTP status that it goes with.
 */
#pragma once

typedef enum Reason {
        REASON_MALFORMED_BODY,
        REASON_INVALID_FIELD,
        REASON_UNKNOWN_FIELD,
        REASON_INVALID_PARAMETER,
        REASON_UNKNOWN_PARAMETER,
        REASON_INVALID_NAME,
        REASON_INVALID_HEADER,
        REASON_MALFORMED_REQUEST,
        REASON_UNAUTHENTICATED,
        REASON_FORBIDDEN,
        REASON_CSRF_FAILED,
        REASON_NOT_FOUND,
        REASON_NAMESPACE_NOT_FOUND,
        REASON_CONFIG_NOT_FOUND,
        REASON_VERSION_NOT_FOUND,
        REASON_GRAY_NOT_FOUND,
        REASON_MIRROR_NOT_FOUND,
        REASON_DEAD_LETTER_NOT_FOUND,
        REASON_INGEST_NOT_FOUND,
        REASON_QUARANTINED_KEY_NOT_FOUND,
        REASON_SCHEMA_NOT_FOUND,
        REASON_METHOD_NOT_ALLOWED,
        REASON_NAMESPACE_EXISTS,
        REASON_NAMESPACE_NOT_EMPTY,
        REASON_NOTHING_TO_ROLL_BACK,
        REASON_NOTHING_PUBLISHED,
        REASON_RAMP_STATE,
        REASON_SCHEMA_IN_USE,
        REASON_VERSION_CONFLICT,
        REASON_CONTENT_TOO_LARGE,
        REASON_BODY_TOO_LARGE,
        REASON_EXPECTATION_FAILED,
        REASON_INVALID_CONTENT,
        REASON_SCHEMA_VIOLATION,
        REASON_SCHEMA_INVALID,
        REASON_TOO_MANY_REQUESTS,
        REASON_HEADERS_TOO_LARGE,
        REASON_NOT_READY,
        REASON_BUSY,
        REASON_STORAGE_FAILED,
        REASON_QUERY_TIMEOUT,
        REASON_N,
} Reason;

const char *reason_to_string(Reason reason);
int reason_status(Reason reason);

/* The phrase of the status line. */
const char *status_phrase(int status);
