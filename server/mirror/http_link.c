#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "mirror/http_link.h"
#include "util/allocate.h"
#include "util/clock.h"

#define POLL_MAX_MS       60000
#define UPLOAD_SIZE_BYTES (512L * 1024) /* a step of sending; by default 64 KiB */
#define REFUSAL_MAX_MS    1000          /* that the reason of a refusal is waited for */

struct HttpLink {
        HttpLinkOptions options;
        Waker *waker;
        CURLM *multi;
        CURL *curl;
        Span unsent;       /* of the request that is under way */
        size_t answer_max; /* of the same */
        HttpLinkAnswer *answer;
        struct curl_slist *stream_headers; /* while a stream is open */
        char *stream_body;
        int64_t stream_timeout_ms;
        char error[CURL_ERROR_SIZE];
};

void http_link_answer_deinit(HttpLinkAnswer *answer) {
        buf_deinit(&answer->body);
}

/*
 * URLs and headers.
 */

static bool has_part(CURLU *url, CURLUPart part) {
        char *text = NULL;
        bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

        curl_free(text);
        return has;
}

static const char *url_fault(CURLU *parsed, const char *url) {
        if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
                return "it does not begin with http:// or https://";
        if (curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK)
                return "it is no URL";
        if (has_part(parsed, CURLUPART_USER) || has_part(parsed, CURLUPART_PASSWORD))
                return "it has a user or a password, which are settings of their own";
        if (has_part(parsed, CURLUPART_FRAGMENT))
                return "it has a fragment, which is never sent";
        return NULL;
}

static char *url_place(CURLU *parsed) {
        Buf place = BUF_NULL;
        char *scheme = NULL, *host = NULL, *port = NULL;

        (void)curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0);
        (void)curl_url_get(parsed, CURLUPART_HOST, &host, 0);
        (void)curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
        buf_append_format(&place, "%s://%s:%s", (char *)had(scheme), (char *)had(host), (char *)had(port));
        curl_free(scheme);
        curl_free(host);
        curl_free(port);
        return had(buf_take_string(&place));
}

const char *http_link_check_url(const char *url, char **ret_place) {
        CURLU *parsed = had(curl_url());
        const char *fault = url_fault(parsed, url);

        if (!fault)
                *ret_place = url_place(parsed);
        curl_url_cleanup(parsed);
        return fault;
}

static bool is_name_sign(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_value_sign(char c) {
        return c == '\t' || (unsigned char)c >= ' ';
}

static bool is_own_header(const char *header, size_t name_size) {
        static const char *const own[] = { "Connection", "Content-Length", "Expect", "Transfer-Encoding" };

        for (size_t i = 0; i < ARRAY_SIZE(own); i++)
                if (strlen(own[i]) == name_size && strncasecmp(header, own[i], name_size) == 0)
                        return true;

        return false;
}

const char *http_link_check_header(const char *header) {
        size_t size = 0;

        while (is_name_sign(header[size]))
                size++;
        if (size == 0 || header[size] != ':')
                return "it is not of the form \"Name: value\"";
        if (is_own_header(header, size))
                return "how a request is sent is not for a setting to say";
        if (header[size + 1 + strspn(header + size + 1, " \t")] == '\0')
                return "it has no value";

        for (const char *at = header + size + 1; *at; at++)
                if (!is_value_sign(*at) || *at == 0x7f)
                        return "it has a control character";
        return NULL;
}

/*
 * The link.
 */

static void global_init(void) {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                abort();
}

void http_link_global_init(void) {
        static pthread_once_t once = PTHREAD_ONCE_INIT;

        (void)pthread_once(&once, global_init);
}

static void open_handles(HttpLink *link) {
        link->multi = had(curl_multi_init());
        link->curl = had(curl_easy_init());
}

static void close_handles(HttpLink *link) {
        curl_easy_cleanup(link->curl);
        (void)curl_multi_cleanup(link->multi);
}

HttpLink *http_link_new(const HttpLinkOptions *options, Waker *waker) {
        HttpLink *link = allocate(1, sizeof(*link));

        http_link_global_init();
        link->options = *options;
        link->waker = waker;
        open_handles(link);
        return link;
}

HttpLink *http_link_free(HttpLink *link) {
        if (!link)
                return NULL;

        http_link_close_stream(link);
        close_handles(link);
        free(link);
        return NULL;
}

void http_link_reset(HttpLink *link) {
        http_link_close_stream(link);
        close_handles(link);
        open_handles(link);
}

/*
 * A request.
 */

/* There is no function to seek beside this one: that keeps libcurl from sending a body twice. */
static size_t on_send(char *to, size_t size, size_t n, void *context) {
        HttpLink *link = context;
        size_t taken = MIN(size * n, link->unsent.size);

        if (taken)
                memcpy(to, link->unsent.data, taken);
        link->unsent = (Span){ link->unsent.data + taken, link->unsent.size - taken };
        return taken;
}

static size_t on_receive(char *data, size_t size, size_t n, void *context) {
        HttpLink *link = context;
        size_t room = link->answer_max - link->answer->body.size;

        buf_append(&link->answer->body, data, MIN(size * n, room));
        if (buf_failed(&link->answer->body))
                abort();
        if (size * n <= room)
                return size * n;

        link->answer->is_cut = true;
        return 0;
}

static struct curl_slist *list_headers(const HttpLinkRequest *request) {
        struct curl_slist *headers = had(curl_slist_append(NULL, "Expect:"));

        for (size_t i = 0; i < request->n_headers; i++)
                headers = had(curl_slist_append(headers, request->headers[i]));
        return headers;
}

static void set_text(CURL *curl, CURLoption option, const char *text) {
        if (*text)
                curl_easy_setopt(curl, option, text);
}

static void set_credentials(CURL *curl, const HttpLinkOptions *options) {
        set_text(curl, CURLOPT_USERNAME, options->user);
        set_text(curl, CURLOPT_PASSWORD, options->password);
        set_text(curl, CURLOPT_CAINFO, options->ca_file);
        set_text(curl, CURLOPT_SSLCERT, options->cert_file);
        set_text(curl, CURLOPT_SSLKEY, options->key_file);
}

/* A request that takes its time to look a name up is given up like any other: QUICK_EXIT leaves the thread
 * that does it to end by itself, where libcurl would wait for it. */
static void set_limits(CURL *curl, int64_t timeout_ms) {
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)MAX(timeout_ms, 1));
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)MAX(timeout_ms, 1));
}

static void set_functions(HttpLink *link) {
        curl_easy_setopt(link->curl, CURLOPT_READFUNCTION, on_send);
        curl_easy_setopt(link->curl, CURLOPT_READDATA, link);
        curl_easy_setopt(link->curl, CURLOPT_WRITEFUNCTION, on_receive);
        curl_easy_setopt(link->curl, CURLOPT_WRITEDATA, link);
        curl_easy_setopt(link->curl, CURLOPT_ERRORBUFFER, link->error);
}

static void set_request(HttpLink *link, const HttpLinkRequest *request, struct curl_slist *headers) {
        CURL *curl = link->curl;

        curl_easy_reset(curl);
        curl_easy_setopt(curl, CURLOPT_URL, request->url);
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
        curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_SIZE_BYTES);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        set_credentials(curl, &link->options);
        set_limits(curl, request->timeout_ms);
        set_functions(link);
}

/*
 * For what libcurl knows of itself, the waker, and @fd if it is one. News stay in the waker, but its
 * descriptor has to be emptied for the next poll to wait.
 */
static void wait_for_something(HttpLink *link, curl_socket_t fd, int64_t timeout_ms) {
        struct curl_waitfd waits[] = {
                { .fd = link->waker->fd, .events = CURL_WAIT_POLLIN },
                { .fd = fd, .events = CURL_WAIT_POLLIN },
        };
        unsigned n_waits = fd == CURL_SOCKET_BAD ? 1 : 2;

        if (curl_multi_poll(link->multi, waits, n_waits, (int)MIN(timeout_ms, POLL_MAX_MS), NULL) != CURLM_OK)
                abort();
        if (waits[0].revents)
                (void)waker_poll(link->waker, -1, 0, 0, 0);
}

/* Return: whether it came to an end before the waker said stop. */
static bool run(HttpLink *link) {
        int n_running = 1;

        while (!waker_is_stopping(link->waker)) {
                if (curl_multi_perform(link->multi, &n_running) != CURLM_OK)
                        abort();
                if (n_running == 0)
                        return true;
                wait_for_something(link, CURL_SOCKET_BAD, POLL_MAX_MS);
        }
        return false;
}

static CURLcode result(HttpLink *link) {
        CURLMsg *message;
        int n_left;

        while ((message = curl_multi_info_read(link->multi, &n_left)))
                if (message->msg == CURLMSG_DONE)
                        return message->data.result;
        return CURLE_OK;
}

/* What TLS ends with because of what one side showed or demanded, told by words only: a server that does not
 * like a certificate says so after the handshake, as an error in receiving. */
static bool is_refusal_of_tls(const char *text) {
        static const char *const signs[] = { "certificate",          "unknown ca",       "handshake failure",
                                             "wrong version number", "protocol version", "access denied" };

        for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
                if (strcasestr(text, signs[i]))
                        return true;

        return false;
}

static TargetOutcome outcome_of(CURLcode code, const char *text) {
        switch (code) {
        case CURLE_OK:
                return TARGET_OK;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_CIPHER:
                return TARGET_E_DENIED;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
                return is_refusal_of_tls(text) ? TARGET_E_DENIED : TARGET_E_DOWN;
        default:
                return TARGET_E_DOWN;
        }
}

static void read_status(CURL *curl, HttpLinkAnswer *answer) {
        long status = 0;
        curl_off_t retry_after = 0;

        (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        (void)curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
        answer->status = (unsigned)status;
        if (retry_after > 0)
                answer->retry_after_ms =
                        MIN((int64_t)retry_after, HTTP_LINK_RETRY_AFTER_MAX_MS / 1000) * 1000;
}

/* What libcurl says, as a part of a sentence. */
static TargetOutcome fail(const HttpLink *link, CURLcode code, TargetError *ret_error) {
        const char *text = *link->error ? link->error : curl_easy_strerror(code);

        *ret_error = (TargetError){ 0 };
        problem_set(&ret_error->problem, NULL, "%s", text);
        return outcome_of(code, text);
}

/* Return: false: stopped */
static bool carry_out(HttpLink *link, CURLcode *ret_code) {
        bool is_over;

        if (curl_multi_add_handle(link->multi, link->curl) != CURLM_OK)
                abort();
        is_over = run(link);
        *ret_code = result(link);
        return is_over;
}

/*
 * With TLS 1.3 a server looks at the client's certificate when to the client the connection is made already,
 * and closes it. The request that is sent meanwhile breaks off because of that, and the reason, which came
 * before the end, is not read any more. Where nothing is sent it can be: so the reason is asked for by a
 * connection for nothing else.
 */

static bool hides_a_reason(const HttpLink *link, CURLcode code) {
        long n_connects = 0, status = 0;
        const char *scheme = NULL;

        if (code != CURLE_SEND_ERROR && code != CURLE_RECV_ERROR)
                return false;
        (void)curl_easy_getinfo(link->curl, CURLINFO_NUM_CONNECTS, &n_connects);
        (void)curl_easy_getinfo(link->curl, CURLINFO_RESPONSE_CODE, &status);
        (void)curl_easy_getinfo(link->curl, CURLINFO_SCHEME, &scheme);
        return n_connects > 0 && status == 0 && scheme && strcasecmp(scheme, "https") == 0 &&
               !is_refusal_of_tls(link->error);
}

/* Of all that goes wrong with a connection libcurl keeps the first text, and that may be that a connection
 * that is closed has no address any more. */
static int on_text(_unused_ CURL *curl, curl_infotype type, char *text, size_t size, void *context) {
        HttpLink *link = context;

        if (type != CURLINFO_TEXT)
                return 0;

        (void)snprintf(link->error, sizeof(link->error), "%.*s", (int)size, text);
        link->error[strcspn(link->error, "\n")] = '\0';
        return 0;
}

/* Return: what reading ends with, or CURLE_AGAIN if there was nothing to read */
static CURLcode read_reason(HttpLink *link) {
        int64_t deadline_ms = clock_monotonic_ms() + REFUSAL_MAX_MS, left_ms = REFUSAL_MAX_MS;
        curl_socket_t fd = CURL_SOCKET_BAD;
        CURLcode code = CURLE_AGAIN;
        size_t n_read;
        char byte;

        (void)curl_easy_getinfo(link->curl, CURLINFO_ACTIVESOCKET, &fd);
        curl_easy_setopt(link->curl, CURLOPT_DEBUGFUNCTION, on_text);
        curl_easy_setopt(link->curl, CURLOPT_DEBUGDATA, link);
        curl_easy_setopt(link->curl, CURLOPT_VERBOSE, 1L);
        while (code == CURLE_AGAIN && left_ms > 0 && !waker_is_stopping(link->waker)) {
                wait_for_something(link, fd, left_ms);
                code = curl_easy_recv(link->curl, &byte, 1, &n_read);
                left_ms = deadline_ms - clock_monotonic_ms();
        }
        curl_easy_setopt(link->curl, CURLOPT_VERBOSE, 0L);
        return code;
}

/* Return: whether the server refuses; the reason is in link->error then */
static bool ask_for_reason(HttpLink *link) {
        CURLcode code;

        curl_easy_setopt(link->curl, CURLOPT_CONNECT_ONLY, 1L);
        curl_easy_setopt(link->curl, CURLOPT_TIMEOUT_MS, (long)REFUSAL_MAX_MS);
        if (carry_out(link, &code) && code == CURLE_OK)
                code = read_reason(link);
        (void)curl_multi_remove_handle(link->multi, link->curl);
        return outcome_of(code, link->error) == TARGET_E_DENIED;
}

static TargetOutcome fail_with_reason(HttpLink *link, CURLcode code, TargetError *ret_error) {
        TargetOutcome outcome = fail(link, code, ret_error);

        if (!hides_a_reason(link, code) || !ask_for_reason(link))
                return outcome;
        return fail(link, code, ret_error);
}

static TargetOutcome perform(HttpLink *link, TargetError *ret_error) {
        CURLcode code;
        bool is_over = carry_out(link, &code);

        (void)curl_multi_remove_handle(link->multi, link->curl);
        if (!is_over)
                return TARGET_E_STOPPED;
        if (code != CURLE_OK && !link->answer->is_cut)
                return fail_with_reason(link, code, ret_error);

        read_status(link->curl, link->answer);
        return TARGET_OK;
}

TargetOutcome http_link_send(HttpLink *link, const HttpLinkRequest *request, HttpLinkAnswer *ret_answer,
                             TargetError *ret_error) {
        struct curl_slist *headers = list_headers(request);
        HttpLinkAnswer answer = HTTP_LINK_ANSWER_NULL;
        TargetOutcome outcome;

        link->unsent = request->body;
        link->answer_max = request->answer_max_bytes;
        link->answer = &answer;
        link->error[0] = '\0';
        set_request(link, request, headers);
        outcome = perform(link, ret_error);

        curl_slist_free_all(headers);
        if (outcome == TARGET_OK)
                *ret_answer = answer;
        else
                http_link_answer_deinit(&answer);
        return outcome;
}

/*
 * A stream.
 */

/* A peer that is gone without a word is noticed by the kernel: it is asked for a sign of life while all is
 * silent, and given up when it has sent none for the time of the request. */
static int on_socket(void *context, curl_socket_t fd, _unused_ curlsocktype type) {
        const HttpLink *link = context;
        int on = 1, timeout_ms = (int)MIN(link->stream_timeout_ms, INT32_MAX);
        int idle_s = MAX(timeout_ms / 2000, 1), interval_s = 1;

        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
        (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
        (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
        return CURL_SOCKOPT_OK;
}

static char *copy_body(Span body) {
        char *copy = had(malloc(body.size + 1));

        memcpy(copy, body.data, body.size);
        return copy;
}

void http_link_open_stream(HttpLink *link, const HttpLinkRequest *request, HttpLinkAnswer *answer) {
        http_link_close_stream(link);
        link->stream_body = copy_body(request->body);
        link->stream_headers = list_headers(request);
        link->stream_timeout_ms = request->timeout_ms;
        link->unsent = (Span){ link->stream_body, request->body.size };
        link->answer_max = request->answer_max_bytes;
        link->answer = answer;
        link->error[0] = '\0';
        set_request(link, request, link->stream_headers);
        curl_easy_setopt(link->curl, CURLOPT_TIMEOUT_MS, 0L);
        curl_easy_setopt(link->curl, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(link->curl, CURLOPT_SOCKOPTFUNCTION, on_socket);
        curl_easy_setopt(link->curl, CURLOPT_SOCKOPTDATA, link);
        if (curl_multi_add_handle(link->multi, link->curl) != CURLM_OK)
                abort();
}

void http_link_close_stream(HttpLink *link) {
        if (!link->stream_headers)
                return;

        (void)curl_multi_remove_handle(link->multi, link->curl);
        curl_slist_free_all(link->stream_headers);
        free(link->stream_body);
        link->stream_headers = NULL;
        link->stream_body = NULL;
}

static TargetOutcome end_stream(HttpLink *link, TargetError *ret_error) {
        CURLcode code = result(link);

        if (code != CURLE_OK && !link->answer->is_cut)
                return fail(link, code, ret_error);

        read_status(link->curl, link->answer);
        return TARGET_OK;
}

TargetOutcome http_link_read_stream(HttpLink *link, int64_t timeout_ms, bool *ret_is_over,
                                    TargetError *ret_error) {
        int64_t deadline_ms = clock_monotonic_ms() + timeout_ms, left_ms;
        size_t before = link->answer->body.size;
        int n_running = 1;

        *ret_is_over = false;
        for (;;) {
                if (waker_is_stopping(link->waker))
                        return TARGET_E_STOPPED;
                if (curl_multi_perform(link->multi, &n_running) != CURLM_OK)
                        abort();
                *ret_is_over = n_running == 0;
                if (n_running == 0)
                        return end_stream(link, ret_error);

                left_ms = deadline_ms - clock_monotonic_ms();
                if (link->answer->body.size > before || waker_has_news(link->waker) || left_ms <= 0)
                        return TARGET_OK;
                wait_for_something(link, CURL_SOCKET_BAD, left_ms);
        }
}
