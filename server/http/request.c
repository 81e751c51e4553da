#include <inttypes.h>
#include <stdlib.h>

#include "http/request.h"
#include "model/timestamp.h"

Span request_parameter(const Request *request, const char *name) {
        Span wanted = span_from_string(name);

        for (size_t i = 0; i < request->n_parameters; i++)
                if (span_equal(request->parameters[i].name, wanted))
                        return request->parameters[i].value;

        return SPAN_NULL;
}

bool request_flag(Request *request, const char *name, bool otherwise, bool *ret_flag) {
        Span value = request_parameter(request, name);

        if (value.data && !span_equal_string(value, "true") && !span_equal_string(value, "false")) {
                reply_refusal(request, REASON_INVALID_PARAMETER, name, "%s is either true or false", name);
                return false;
        }

        *ret_flag = value.data ? span_equal_string(value, "true") : otherwise;
        return true;
}

bool number_parse(Span text, int64_t max, int64_t *ret_number) {
        int64_t number = 0;

        if (text.size == 0 || text.size > 18 || (text.data[0] == '0' && text.size > 1))
                return false;
        for (size_t i = 0; i < text.size; i++) {
                if (text.data[i] < '0' || text.data[i] > '9')
                        return false;
                number = number * 10 + (text.data[i] - '0');
        }
        if (number > max)
                return false;

        *ret_number = number;
        return true;
}

/* The same, from 1 on. */
static bool read_number(Span text, int64_t max, int64_t *ret_number) {
        int64_t number;

        if (!number_parse(text, max, &number) || number == 0)
                return false;

        *ret_number = number;
        return true;
}

bool request_number(Request *request, const char *name, int64_t max, int64_t otherwise, int64_t *ret_number) {
        Span value = request_parameter(request, name);
        int64_t number = otherwise;

        if (value.data && !number_parse(value, max, &number)) {
                if (max == INT64_MAX)
                        reply_refusal(request, REASON_INVALID_PARAMETER, name, "%s is a number, 0 or more",
                                      name);
                else
                        reply_refusal(request, REASON_INVALID_PARAMETER, name,
                                      "%s is a number from 0 to %" PRId64, name, max);
                return false;
        }

        *ret_number = number;
        return true;
}

bool request_limit(Request *request, unsigned *ret_limit) {
        Span value = request_parameter(request, "limit");
        int64_t limit = PAGE_LIMIT_DEFAULT;

        if (value.data && !read_number(value, PAGE_LIMIT_MAX, &limit)) {
                reply_refusal(request, REASON_INVALID_PARAMETER, "limit", "limit is a number from 1 to %d",
                              PAGE_LIMIT_MAX);
                return false;
        }

        *ret_limit = (unsigned)limit;
        return true;
}

bool request_version(Request *request, const char *name, int64_t *ret_version) {
        Span value = request_parameter(request, name);
        int64_t version = 0;

        if (value.data && !read_number(value, INT64_MAX, &version)) {
                reply_refusal(request, REASON_INVALID_PARAMETER, name, "%s is a version number, 1 or more",
                              name);
                return false;
        }

        *ret_version = version;
        return true;
}

bool request_path_version(Request *request, int64_t *ret_version) {
        if (!read_number(request->params[PARAM_LAST], INT64_MAX, ret_version)) {
                reply_refusal(request, REASON_INVALID_NAME, "version", "a version is a number, 1 or more");
                return false;
        }
        return true;
}

bool request_time(Request *request, const char *name, int64_t otherwise, int64_t *ret_at_ms) {
        Span value = request_parameter(request, name);
        int64_t at_ms = otherwise;

        if (value.data && !timestamp_parse(value, &at_ms)) {
                reply_refusal(request, REASON_INVALID_PARAMETER, name,
                              "%s is a time as RFC 3339 writes it, such as 2026-01-31T09:05:00Z", name);
                return false;
        }

        *ret_at_ms = at_ms;
        return true;
}

bool request_may(Request *request, Right right, Span namespace) {
        if (access_allows(&request->principal, right, namespace))
                return true;

        reply_refusal(request, REASON_FORBIDDEN, NULL, "this takes the right '%s'%s%.*s",
                      right_to_string(right), namespace.data ? " in namespace " : "", (int)namespace.size,
                      namespace.data ? namespace.data : "");
        return false;
}

void request_command(Request *request) {
        request->operation.namespace = request_namespace(request);
        request->operation.key = request_key(request);
        if (!request->operation.comment.data)
                request->operation.comment = SPAN_LITERAL("");
        request->command.operations = &request->operation;
        request->command.n_operations = 1;
}

void request_deinit(Request *request) {
        command_deinit(&request->command);
        if (request->kept)
                request->kept_free(request->kept);
        request->kept = NULL;
        reply_clear(&request->reply);
}
