/*
 * HTTP by libcurl's easy interface: one handle, so that a long import uses one connection.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "cli/http.h"
#include "cli/memory.h"

#define ANSWER_MAX_BYTES   (256UL * 1024 * 1024) /* a page of a list ends soon after 8 MiB */
#define CONNECT_TIMEOUT_MS 10000L
#define STALL_SECONDS      120L /* without a byte; the server ends a query long before */
#define DEFAULT_PORT       "8750"

struct Http {
        CURL *curl;
        char *server;
        struct curl_slist *headers;
        char error[CURL_ERROR_SIZE];
};

void http_answer_deinit(HttpAnswer *answer) {
        buf_deinit(&answer->body);
}

/*
 * The server.
 */

static bool has_part(CURLU *url, CURLUPart part) {
        char *text = NULL;
        bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK && *text && strcmp(text, "/") != 0;

        curl_free(text);
        return has;
}

/* What is wrong with the URL of a server; NULL: nothing. */
static const char *url_fault(CURLU *parsed, const char *url) {
        if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
                return "it does not begin with http:// or https://";
        if (curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK)
                return "it is no URL";
        if (has_part(parsed, CURLUPART_USER) || has_part(parsed, CURLUPART_PASSWORD))
                return "it has a user or a password; a token is given apart from it";
        if (has_part(parsed, CURLUPART_PATH) || has_part(parsed, CURLUPART_QUERY) ||
            has_part(parsed, CURLUPART_FRAGMENT))
                return "it has more than a host and a port";
        return NULL;
}

static char *url_server(CURLU *parsed) {
        char *scheme = NULL, *host = NULL, *port = NULL, *server;

        (void)curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0);
        (void)curl_url_get(parsed, CURLUPART_HOST, &host, 0);
        (void)curl_url_get(parsed, CURLUPART_PORT, &port, 0);
        server = memory_format("%s://%s:%s", (char *)memory_had(scheme), (char *)memory_had(host),
                               port ? port : DEFAULT_PORT);
        curl_free(scheme);
        curl_free(host);
        curl_free(port);
        return server;
}

int http_server_parse(const char *url, char **ret_server, Problem *ret_problem) {
        CURLU *parsed = memory_had(curl_url());
        const char *fault = url_fault(parsed, url);

        if (fault)
                problem_set(ret_problem, "server", "the server %.200s: %s", url, fault);
        else
                *ret_server = url_server(parsed);
        curl_url_cleanup(parsed);
        return fault ? HTTP_E_INVALID : 0;
}

/*
 * The handle.
 */

static bool token_is_valid(const char *token) {
        for (; *token; token++)
                if (*token <= ' ' || *token > '~')
                        return false;

        return true;
}

/* Appends to a list of headers, whose new head it returns. */
static struct curl_slist *add_header(struct curl_slist *headers, const char *header) {
        return memory_had(curl_slist_append(headers, header));
}

static void set_headers(Http *http, const char *token) {
        _cleanup_(freep) char *authorization = NULL;

        http->headers = add_header(http->headers, "Content-Type: application/json");
        http->headers = add_header(http->headers, "Expect:");
        if (token) {
                authorization = memory_format("Authorization: Bearer %s", token);
                http->headers = add_header(http->headers, authorization);
        }
}

int http_open(const char *url, const char *token, Http **ret_http, Problem *ret_problem) {
        _cleanup_(http_closep) Http *http = memory_new(1, sizeof(*http));
        int r;

        r = http_server_parse(url, &http->server, ret_problem);
        if (r)
                return r;
        if (token && (!*token || !token_is_valid(token))) {
                problem_set(ret_problem, "token", "the token is empty, or has signs that no token has");
                return HTTP_E_INVALID;
        }

        http->curl = memory_had(curl_easy_init());
        set_headers(http, token);
        *ret_http = http;
        http = NULL;
        return 0;
}

Http *http_close(Http *http) {
        if (!http)
                return NULL;

        curl_slist_free_all(http->headers);
        curl_easy_cleanup(http->curl);
        free(http->server);
        free(http);
        return NULL;
}

const char *http_server(const Http *http) {
        return http->server;
}

/*
 * An exchange.
 */

static size_t on_body(char *data, size_t size, size_t n, void *context) {
        Buf *body = context;

        if (body->size + size * n > ANSWER_MAX_BYTES)
                return 0;

        buf_append(body, data, size * n);
        memory_check(body);
        return size * n;
}

static void set_body(CURL *curl, const HttpRequest *request) {
        if (!request->body.data)
                return;

        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.data);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
}

static void set_request(Http *http, const HttpRequest *request, const char *url, struct curl_slist *headers,
                        Buf *body) {
        CURL *curl = http->curl;

        curl_easy_reset(curl);
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        set_body(curl, request);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "confer/" CONFER_CLI_VERSION);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->error);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
}

/* Whether the request may have reached the server although there is no answer. */
static bool may_be_done(const HttpRequest *request, CURLcode code) {
        return strcmp(request->method, "GET") != 0 && code != CURLE_COULDNT_RESOLVE_HOST &&
               code != CURLE_COULDNT_RESOLVE_PROXY && code != CURLE_COULDNT_CONNECT &&
               code != CURLE_SSL_CONNECT_ERROR && code != CURLE_PEER_FAILED_VERIFICATION;
}

static int refuse_code(const Http *http, const HttpRequest *request, CURLcode code, Problem *ret_problem) {
        problem_set(ret_problem, NULL, "%s cannot be reached: %s%s", http->server,
                    *http->error ? http->error : curl_easy_strerror(code),
                    may_be_done(request, code) ? "; whether the change was made is not known" : "");
        return HTTP_E_UNREACHABLE;
}

/* The request's own header stands before the lasting ones, and is taken off again. */
static CURLcode perform(Http *http, const HttpRequest *request, Buf *body) {
        _cleanup_(freep) char *url = memory_format("%s%s", http->server, request->path);
        struct curl_slist *headers = http->headers, *own = NULL;
        CURLcode code;

        if (request->header) {
                own = add_header(NULL, request->header);
                own->next = http->headers;
                headers = own;
        }

        http->error[0] = '\0';
        set_request(http, request, url, headers, body);
        code = curl_easy_perform(http->curl);
        if (own) {
                own->next = NULL;
                curl_slist_free_all(own);
        }
        return code;
}

int http_exchange(Http *http, const HttpRequest *request, HttpAnswer *ret_answer, Problem *ret_problem) {
        _cleanup_(http_answer_deinit) HttpAnswer answer = HTTP_ANSWER_NULL;
        CURLcode code = perform(http, request, &answer.body);
        long status = 0;

        if (code != CURLE_OK)
                return refuse_code(http, request, code, ret_problem);

        curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
        answer.status = (int)status;
        *ret_answer = answer;
        answer.body = BUF_NULL;
        return 0;
}
