/*
 * The server's REST API.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/api.h"
#include "cli/memory.h"
#include "cli/profile.h"
#include "cli/target.h"
#include "model/name.h"

#define ROOT           "/api/v1"
#define PAGE_ITEMS_MAX INT64_C(1000) /* as many as the server gives at once */

struct Api {
        Http *http;
        char *token;
};

/*
 * Opening.
 */

static int choose_target(const Options *options, Target *ret_target) {
        _cleanup_(freep) char *path = profiles_path(getenv("XDG_CONFIG_HOME"), getenv("HOME"));
        TargetEnvironment environment = {
                .server = getenv("CONFER_SERVER"),
                .token = getenv("CONFER_TOKEN"),
                .profile = getenv("CONFER_PROFILE"),
                .profiles_path = path,
        };
        Problem problem = PROBLEM_NULL;
        bool is_exposed = false;

        if (target_choose(options, &environment, ret_target, &is_exposed, &problem))
                return fail(EXIT_USAGE, "%s", problem.text);
        if (is_exposed)
                warn("others can read the token in %s; mend it with chmod 600", path);
        return EXIT_DONE;
}

int api_open(const Options *options, Api **ret_api) {
        _cleanup_(target_deinit) Target target = TARGET_NULL;
        Problem problem = PROBLEM_NULL;
        Api *api;
        int r;

        r = choose_target(options, &target);
        if (r)
                return r;

        api = memory_new(1, sizeof(*api));
        if (http_open(target.server, target.token, &api->http, &problem)) {
                api_close(api);
                return fail(EXIT_USAGE, "%s", problem.text);
        }

        api->token = target.token;
        target.token = NULL;
        *ret_api = api;
        return EXIT_DONE;
}

Api *api_close(Api *api) {
        if (!api)
                return NULL;

        http_close(api->http);
        free(api->token);
        free(api);
        return NULL;
}

const char *api_server(const Api *api) {
        return http_server(api->http);
}

const char *api_token(const Api *api) {
        return api->token;
}

/*
 * Paths.
 */

int api_check_namespace(const char *name) {
        if (namespace_is_valid(span_from_string(name)))
                return EXIT_DONE;
        return fail(
                EXIT_USAGE,
                "%.80s is no namespace: 1 to 4 words of a-z, 0-9, _ and -, joined by dots, such as prod.acme",
                name);
}

int api_check_key(const char *key) {
        if (key_is_valid(span_from_string(key)))
                return EXIT_DONE;
        return fail(EXIT_USAGE, "%.80s is no key: 1 to 255 of A-Z, a-z, 0-9 and ._@:+-, the first no dot",
                    key);
}

static void append_encoded(Buf *path, const char *text) {
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

        for (; *text; text++)
                if (strchr(plain, *text))
                        buf_append_char(path, *text);
                else
                        buf_append_format(path, "%%%02X", (unsigned char)*text);
}

void api_path_words(Buf *path, const char *const *words) {
        buf_append_literal(path, ROOT);
        for (; *words; words++) {
                buf_append_char(path, '/');
                append_encoded(path, *words);
        }
}

void api_config_path(Buf *path, const char *namespace_, const char *key, const char *rest) {
        api_path(path, "namespaces", namespace_, "configs", key, rest);
}

void api_query(Buf *path, const char *name, const char *value) {
        if (!value)
                return;

        buf_append_char(path, path->size && memchr(path->data, '?', path->size) ? '&' : '?');
        buf_append_format(path, "%s=", name);
        append_encoded(path, value);
}

void api_query_number(Buf *path, const char *name, int64_t value) {
        char text[24];

        (void)snprintf(text, sizeof(text), "%lld", (long long)value);
        api_query(path, name, value ? text : NULL);
}

void api_query_flag(Buf *path, const char *name, bool value) {
        api_query(path, name, value ? "true" : NULL);
}

/*
 * Refusals.
 */

void api_refusal_deinit(ApiRefusal *refusal) {
        free(refusal->reason);
        free(refusal->message);
        json_decref(refusal->details);
        *refusal = API_REFUSAL_NULL;
}

static ExitCode code_of(int status) {
        switch (status) {
        case 401:
        case 403:
                return EXIT_NO_ACCESS;
        case 404:
                return EXIT_NOT_FOUND;
        case 412:
                return EXIT_CONFLICT;
        case 502:
        case 503:
        case 504:
                return EXIT_UNREACHABLE;
        default:
                return EXIT_REFUSED;
        }
}

/* "content, line 2, column 14: a comma too much", and a semicolon before all but the first. */
static void append_detail(Buf *to, json_t *detail, const char *message) {
        const char *field = json_string_value(json_object_get(detail, "field"));
        const char *problem = json_string_value(json_object_get(detail, "problem"));
        json_t *line = json_object_get(detail, "line"), *column = json_object_get(detail, "column");

        buf_append_string(to, to->size ? "; " : "");
        buf_append_string(to, field ? field : "?");
        if (json_is_integer(line))
                buf_append_format(to, ", line %lld", (long long)json_integer_value(line));
        if (json_is_integer(column))
                buf_append_format(to, ", column %lld", (long long)json_integer_value(column));
        if (problem && strcmp(problem, message) != 0)
                buf_append_format(to, ": %s", problem);
}

int api_refusal_tell(const ApiRefusal *refusal, const char *what) {
        _cleanup_(buf_deinit) Buf details = BUF_NULL;
        json_t *detail;
        size_t i;

        json_array_foreach(refusal->details, i, detail) {
                append_detail(&details, detail, refusal->message);
        }
        memory_check(&details);
        return fail(refusal->code, "%s%s%s%s%.*s%s", what ? what : "", what ? ": " : "", refusal->message,
                    details.size ? " (" : "", (int)details.size, buf_span(&details).data,
                    details.size ? ")" : "");
}

static int refuse_answer(const Api *api, const HttpAnswer *answer, json_t *envelope,
                         ApiRefusal *ret_refusal) {
        const char *message = json_string_value(json_object_get(envelope, "message"));
        const char *reason = json_string_value(json_object_get(envelope, "reason"));

        *ret_refusal = (ApiRefusal){
                .code = code_of(answer->status),
                .reason = memory_copy(reason),
                .message = message ? memory_copy(message)
                                   : memory_format("%s answers %d, and not as Confer does", api_server(api),
                                                   answer->status),
                .details = json_incref(json_object_get(envelope, "details")),
        };
        if (!message && answer->status < 300)
                ret_refusal->code = EXIT_REFUSED;
        return ret_refusal->code;
}

static int refuse_exchange(int r, const Problem *problem, ApiRefusal *ret_refusal) {
        *ret_refusal = (ApiRefusal){
                .code = r == HTTP_E_UNREACHABLE ? EXIT_UNREACHABLE : EXIT_REFUSED,
                .message = memory_copy(problem->text),
        };
        return ret_refusal->code;
}

/*
 * Requests.
 */

static bool is_success(int status) {
        return status >= 200 && status < 300;
}

int api_try(Api *api, const HttpRequest *request, json_t **ret_data, ApiRefusal *ret_refusal) {
        _cleanup_(http_answer_deinit) HttpAnswer answer = HTTP_ANSWER_NULL;
        json_auto_t *envelope = NULL;
        Problem problem = PROBLEM_NULL;
        json_t *data;
        int r;

        r = http_exchange(api->http, request, &answer, &problem);
        if (r)
                return refuse_exchange(r, &problem, ret_refusal);

        envelope = json_loadb(buf_span(&answer.body).data, answer.body.size, 0, NULL);
        data = json_object_get(envelope, "data");
        if (!is_success(answer.status) || !data)
                return refuse_answer(api, &answer, envelope, ret_refusal);

        *ret_data = json_incref(data);
        return EXIT_DONE;
}

static char *path_string(const Buf *path) {
        memory_check(path);
        return memory_format("%.*s", (int)path->size, path->data);
}

int api_call(Api *api, const char *method, const Buf *path, json_t *body, json_t **ret_data) {
        _cleanup_(api_refusal_deinit) ApiRefusal refusal = API_REFUSAL_NULL;
        _cleanup_(freep) char *target = path_string(path), *text = NULL;
        HttpRequest request = { .method = method, .path = target };

        if (body) {
                /* Fifteen digits are what a weight such as 10.1 survives. */
                text = memory_had(json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(15)));
                json_decref(body);
                request.body = span_from_string(text);
        }

        return api_try(api, &request, ret_data, &refusal) ? api_refusal_tell(&refusal, NULL) : EXIT_DONE;
}

int api_get_bytes(Api *api, const Buf *path, Buf *ret_bytes) {
        _cleanup_(http_answer_deinit) HttpAnswer answer = HTTP_ANSWER_NULL;
        _cleanup_(api_refusal_deinit) ApiRefusal refusal = API_REFUSAL_NULL;
        _cleanup_(freep) char *target = path_string(path);
        HttpRequest request = { .method = "GET", .path = target };
        json_auto_t *envelope = NULL;
        Problem problem = PROBLEM_NULL;

        if (http_exchange(api->http, &request, &answer, &problem))
                return fail(EXIT_UNREACHABLE, "%s", problem.text);
        if (!is_success(answer.status)) {
                envelope = json_loadb(buf_span(&answer.body).data, answer.body.size, 0, NULL);
                (void)refuse_answer(api, &answer, envelope, &refusal);
                return api_refusal_tell(&refusal, NULL);
        }

        *ret_bytes = answer.body;
        answer.body = BUF_NULL;
        return EXIT_DONE;
}

/*
 * Lists.
 */

static int get_page(Api *api, const Buf *path, int64_t limit, const char *cursor, json_t **ret_data) {
        _cleanup_(buf_deinit) Buf page = BUF_NULL;

        buf_append_span(&page, buf_span(path));
        api_query_number(&page, "limit", limit);
        api_query(&page, "cursor", cursor);
        return api_call(api, "GET", &page, NULL, ret_data);
}

int api_each_page(Api *api, const Buf *path, int64_t n_max, ApiPageFn on_page, void *context) {
        _cleanup_(freep) char *cursor = NULL;
        int64_t left = n_max;
        int r;

        for (;;) {
                json_auto_t *data = NULL;
                json_t *items;

                r = get_page(api, path, n_max ? MIN(left, PAGE_ITEMS_MAX) : PAGE_ITEMS_MAX, cursor, &data);
                if (r)
                        return r;

                items = json_object_get(data, "items");
                r = on_page(context, items);
                if (r)
                        return r;

                free(cursor);
                cursor = memory_copy(json_string_value(json_object_get(data, "cursor")));
                left -= (int64_t)json_array_size(items);
                if (!cursor || (n_max && left <= 0))
                        return EXIT_DONE;
        }
}

static int gather(void *context, json_t *items) {
        if (json_array_extend(context, items))
                (void)memory_had(NULL);
        return EXIT_DONE;
}

int api_list(Api *api, const Buf *path, int64_t n_max, json_t **ret_data) {
        json_auto_t *items = memory_had(json_array());
        int r;

        r = api_each_page(api, path, n_max, gather, items);
        if (r)
                return r;

        *ret_data = memory_had(json_pack("{s:O, s:n}", "items", items, "cursor"));
        return EXIT_DONE;
}
