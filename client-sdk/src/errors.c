#include "confer/confer.h"
#include "model/macros.h"

typedef struct ErrorKind {
        const char *sentence;
        bool is_retriable;
        bool is_fatal;
} ErrorKind;

static const ErrorKind kinds[CONFER_ERROR_N] = {
        [CONFER_OK] = { .sentence = "success" },
        [CONFER_E_INVALID] = { .sentence = "an argument is wrong" },
        [CONFER_E_NOMEM] = { .sentence = "memory ran out", .is_retriable = true },
        [CONFER_E_NOT_FOUND] = { .sentence = "there is no such thing" },
        [CONFER_E_NOT_READY] = { .sentence = "nothing is known yet of this namespace", .is_retriable = true },
        [CONFER_E_TIMEOUT] = { .sentence = "the time was up before it happened", .is_retriable = true },
        [CONFER_E_TYPE] = { .sentence = "the value is of another type, or out of range" },
        [CONFER_E_STATE] = { .sentence = "this cannot be done now" },
        [CONFER_E_CLOSED] = { .sentence = "the client was stopped" },
        [CONFER_E_SYSTEM] = { .sentence = "a thread, file or descriptor could not be made",
                              .is_retriable = true },
        [CONFER_E_NETWORK] = { .sentence = "no server can be reached", .is_retriable = true },
        [CONFER_E_TLS] = { .sentence = "a certificate was refused", .is_fatal = true },
        [CONFER_E_UNAUTHENTICATED] = { .sentence = "the server does not know the token", .is_fatal = true },
        [CONFER_E_FORBIDDEN] = { .sentence = "the token may not read one of the namespaces",
                                 .is_fatal = true },
        [CONFER_E_PROTOCOL] = { .sentence = "what answered does not speak confer.v1", .is_fatal = true },
};

static const ErrorKind *kind_of(confer_error error) {
        static const ErrorKind none = { .sentence = "unknown error" };

        return (unsigned)error < CONFER_ERROR_N ? &kinds[error] : &none;
}

_public_ const char *confer_error_to_string(confer_error error) {
        return kind_of(error)->sentence;
}

_public_ bool confer_error_is_retriable(confer_error error) {
        return kind_of(error)->is_retriable;
}

_public_ bool confer_error_is_fatal(confer_error error) {
        return kind_of(error)->is_fatal;
}

_public_ const char *confer_version(void) {
        return CONFER_VERSION;
}
