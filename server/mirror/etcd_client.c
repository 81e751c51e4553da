#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mirror/etcd_client.h"
#include "mirror/etcd_json.h"
#include "model/json.h"
#include "model/utf8.h"
#include "util/allocate.h"

#define TOKEN_MAX_BYTES 16384UL /* of the answer with it: a JWT has some hundred bytes */
#define SAYING_MAX      200     /* of what an answer that is no etcd's is shown */

/* What a call came to that was not carried out. */
typedef enum Fault {
        FAULT_NONE,
        FAULT_OTHER,
        FAULT_TOKEN,   /* a new one may help */
        FAULT_NO_AUTH, /* it asks nobody who they are */
} Fault;

typedef struct Endpoint {
        char *url;   /* without a slash at the end */
        char *place; /* what of it is shown */
} Endpoint;

struct EtcdClient {
        const MirrorOptions *options;
        Waker *waker;
        HttpLinkOptions link_options;
        HttpLink *link;
        Endpoint *endpoints;
        size_t n_endpoints;
        size_t at;
        char *authorization; /* the header; NULL: not asked for yet; "": etcd asks nobody */

        HttpLink *stream_link; /* NULL before the first stream */
        HttpLinkAnswer stream;
        size_t stream_taken; /* of the stream's body: the lines that were handed out */
};

void etcd_answer_deinit(EtcdAnswer *answer) {
        http_link_answer_deinit(&answer->http);
}

/*
 * The client.
 */

static int refuse_endpoint(size_t i, const char *fault, Problem *ret_problem) {
        char field[PROBLEM_FIELD_MAX];

        (void)snprintf(field, sizeof(field), "endpoints[%zu]", i);
        problem_set(ret_problem, field, "this is no URL of etcd: %s", fault);
        return -EINVAL;
}

static int add_endpoint(EtcdClient *client, size_t i, const char *url, Problem *ret_problem) {
        Endpoint *endpoint = &client->endpoints[client->n_endpoints];
        const char *fault = http_link_check_url(url, &endpoint->place);

        if (!fault && strchr(url, '?'))
                fault = "it has a query";
        if (fault)
                return refuse_endpoint(i, fault, ret_problem);

        endpoint->url = had(strdup(url));
        for (size_t size = strlen(url); size && url[size - 1] == '/'; size--)
                endpoint->url[size - 1] = '\0';
        client->n_endpoints++;
        return 0;
}

static int add_endpoints(EtcdClient *client, Problem *ret_problem) {
        const MirrorOptions *options = client->options;
        int r;

        if (options->n_endpoints == 0) {
                problem_set(ret_problem, "endpoints", "there are none: give at least one URL of etcd");
                return -EINVAL;
        }

        client->endpoints = allocate(options->n_endpoints, sizeof(*client->endpoints));
        for (size_t i = 0; i < options->n_endpoints; i++) {
                r = add_endpoint(client, i, options->endpoints[i], ret_problem);
                if (r)
                        return r;
        }
        return 0;
}

int etcd_client_open(const MirrorOptions *options, Waker *waker, EtcdClient **ret_client,
                     Problem *ret_problem) {
        _cleanup_(etcd_client_closep) EtcdClient *client = allocate(1, sizeof(*client));
        int r;

        client->options = options;
        client->waker = waker;
        client->link_options = (HttpLinkOptions){
                .user = "",
                .password = "",
                .ca_file = options->ca_file,
                .cert_file = options->cert_file,
                .key_file = options->key_file,
        };
        client->link = http_link_new(&client->link_options, waker);
        client->stream = HTTP_LINK_ANSWER_NULL;
        r = add_endpoints(client, ret_problem);
        if (r)
                return r;

        *ret_client = client;
        client = NULL;
        return 0;
}

EtcdClient *etcd_client_close(EtcdClient *client) {
        if (!client)
                return NULL;

        /* The place of one that was refused stands behind the others. */
        for (size_t i = 0; client->endpoints && i < client->options->n_endpoints; i++) {
                free(client->endpoints[i].url);
                free(client->endpoints[i].place);
        }
        free(client->endpoints);
        free(client->authorization);
        http_link_free(client->link);
        http_link_free(client->stream_link);
        http_link_answer_deinit(&client->stream);
        free(client);
        return NULL;
}

static void forget_token(EtcdClient *client) {
        free(client->authorization);
        client->authorization = NULL;
}

void etcd_client_disconnect(EtcdClient *client) {
        forget_token(client);
        http_link_reset(client->link);
        etcd_client_close_stream(client);
}

/*
 * What an answer says.
 */

typedef struct Saying {
        const char *text;
        Fault fault;
        TargetOutcome outcome;
        const char *advice;
} Saying;

/* Those that the status does not tell apart. */
static const Saying sayings[] = {
        { "invalid auth token", FAULT_TOKEN, TARGET_E_DENIED, "" },
        { "revision of auth store is old", FAULT_TOKEN, TARGET_E_DENIED, "" },
        { "user name is empty", FAULT_TOKEN, TARGET_E_DENIED, ": give a user and a password" },
        { "authentication is not enabled", FAULT_NO_AUTH, TARGET_E_DENIED, "" },
        { "authentication failed", FAULT_OTHER, TARGET_E_DENIED, "" },
        { "permission denied", FAULT_OTHER, TARGET_E_DENIED, "" },
        { "request is too large", FAULT_OTHER, TARGET_E_REFUSED, "" },
        { "message larger than max", FAULT_OTHER, TARGET_E_REFUSED, "" },
        { "too many operations in txn", FAULT_OTHER, TARGET_E_DENIED,
          ": set batch_max lower, or --max-txn-ops of etcd higher" },
};

static const Saying *find_saying(const char *text) {
        for (size_t i = 0; i < ARRAY_SIZE(sayings); i++)
                if (strstr(text, sayings[i].text))
                        return &sayings[i];

        return NULL;
}

static TargetOutcome outcome_of_status(unsigned status, bool is_etcds) {
        switch (status) {
        case 400:
                return is_etcds ? TARGET_E_REFUSED : TARGET_E_DENIED;
        case 413:
                return TARGET_E_REFUSED;
        case 408:
        case 412:
        case 425:
        case 429:
                return TARGET_E_DOWN;
        default:
                return status >= 500 ? TARGET_E_DOWN : TARGET_E_DENIED;
        }
}

/* The object that the body is; false where it is none. */
static bool read_object(const HttpLinkAnswer *answer, JsonValue *ret_object) {
        const char *problem;
        size_t at;

        if (!json_read_check(buf_span(&answer->body), ETCD_JSON_DEPTH_MAX, &problem, &at))
                return false;

        *ret_object = json_read_value(buf_span(&answer->body));
        return ret_object->kind == JSON_KIND_OBJECT;
}

/* What etcd says in words, as far as there is room. Return: false: something else answers, such as a proxy.
 */
static bool read_text(const HttpLinkAnswer *answer, char text[static SAYING_MAX]) {
        JsonValue object, message;
        char *decoded;
        size_t size;

        if (!read_object(answer, &object) || !etcd_json_find(object, "error", JSON_KIND_STRING, &message)) {
                (void)snprintf(text, SAYING_MAX, "the answer is %u, and none of etcd's", answer->status);
                return false;
        }

        decoded = had(malloc(message.text.size + 1));
        size = MIN(json_read_decode(message.text, decoded), (size_t)SAYING_MAX - 1);
        size = utf8_valid_size((Span){ decoded, size });
        memcpy(text, decoded, size);
        text[size] = '\0';
        free(decoded);
        return true;
}

static const char *place(const EtcdClient *client) {
        return client->endpoints[client->at].place;
}

static TargetOutcome read_fault(const EtcdClient *client, const HttpLinkAnswer *answer, Fault *ret_fault,
                                TargetError *ret_error) {
        char text[SAYING_MAX];
        bool is_etcds = read_text(answer, text);
        const Saying *saying = find_saying(text);

        *ret_fault = saying ? saying->fault : FAULT_OTHER;
        *ret_error = (TargetError){ .retry_after_ms = answer->retry_after_ms };
        problem_set(&ret_error->problem, NULL, "%.100s: %s%s", place(client), text,
                    saying ? saying->advice : "");
        return saying ? saying->outcome : outcome_of_status(answer->status, is_etcds);
}

static TargetOutcome read_answer(const EtcdClient *client, EtcdAnswer *answer, Fault *ret_fault,
                                 TargetError *ret_error) {
        if (answer->http.status != 200)
                return read_fault(client, &answer->http, ret_fault, ret_error);
        if (answer->http.is_cut || read_object(&answer->http, &answer->object))
                return TARGET_OK;

        *ret_fault = FAULT_OTHER;
        *ret_error = (TargetError){ 0 };
        problem_set(&ret_error->problem, "endpoints", "%.100s: what answers there is not etcd's gateway",
                    place(client));
        return TARGET_E_DENIED;
}

/*
 * A call.
 */

/* What a call is as a request. */
typedef struct Sending {
        char *url;
        const char *headers[2];
        HttpLinkRequest request;
} Sending;

static void sending_init(Sending *sending, const EtcdClient *client, const EtcdCall *call) {
        *sending = (Sending){
                .headers = { "Content-Type: application/json", client->authorization },
                .request = {
                        .method = "POST",
                        .n_headers = client->authorization && *client->authorization ? 2 : 1,
                        .body = call->body,
                        .answer_max_bytes = call->answer_max_bytes,
                        .timeout_ms = call->timeout_ms,
                },
        };
        if (asprintf(&sending->url, "%s%s", client->endpoints[client->at].url, call->path) < 0)
                abort();
        sending->request.url = sending->url;
        sending->request.headers = sending->headers;
}

static void sending_deinit(Sending *sending) {
        free(sending->url);
}

/* Says where it was. */
static TargetOutcome tell_place(const EtcdClient *client, TargetOutcome outcome, const TargetError *error,
                                TargetError *ret_error) {
        if (outcome != TARGET_OK && outcome != TARGET_E_STOPPED) {
                *ret_error = (TargetError){ 0 };
                problem_set(&ret_error->problem, NULL, "%.100s: %s", place(client), error->problem.text);
        }
        return outcome;
}

static TargetOutcome send_once(EtcdClient *client, const EtcdCall *call, HttpLinkAnswer *ret_answer,
                               TargetError *ret_error) {
        _cleanup_(sending_deinit) Sending sending;
        TargetError error;
        TargetOutcome outcome;

        sending_init(&sending, client, call);
        outcome = http_link_send(client->link, &sending.request, ret_answer, &error);
        return tell_place(client, outcome, &error, ret_error);
}

static TargetOutcome call_once(EtcdClient *client, const EtcdCall *call, EtcdAnswer *ret_answer,
                               Fault *ret_fault, TargetError *ret_error) {
        EtcdAnswer answer = ETCD_ANSWER_NULL;
        TargetOutcome outcome;

        *ret_fault = FAULT_NONE;
        outcome = send_once(client, call, &answer.http, ret_error);
        if (outcome == TARGET_OK)
                outcome = read_answer(client, &answer, ret_fault, ret_error);
        if (outcome == TARGET_OK)
                *ret_answer = answer;
        else
                etcd_answer_deinit(&answer);
        return outcome;
}

/* The token is for a header, where it has to be of signs that can be seen. */
static bool take_token(EtcdClient *client, JsonValue object) {
        JsonValue token;

        if (!etcd_json_find(object, "token", JSON_KIND_STRING, &token) || token.text.size == 0)
                return false;
        for (size_t i = 0; i < token.text.size; i++)
                if (token.text.data[i] <= ' ' || token.text.data[i] > '~' || token.text.data[i] == '\\')
                        return false;

        if (asprintf(&client->authorization, "Authorization: %.*s", (int)token.text.size, token.text.data) <
            0)
                abort();
        return true;
}

static TargetOutcome refuse_token(const EtcdClient *client, TargetError *ret_error) {
        *ret_error = (TargetError){ 0 };
        problem_set(&ret_error->problem, NULL, "%.100s: the answer to the user and password has no token",
                    place(client));
        return TARGET_E_DENIED;
}

static void append_credentials(Buf *buf, const MirrorOptions *options) {
        buf_append_literal(buf, "{\"name\":");
        json_append_string(buf, span_from_string(options->user));
        buf_append_literal(buf, ",\"password\":");
        json_append_string(buf, span_from_string(options->password));
        buf_append_char(buf, '}');
        if (buf_failed(buf))
                abort();
}

/* Where etcd asks nobody who they are, a user that is given does no harm, as with etcdctl: so a mirror gets
 * on with one that was set up anew. */
static TargetOutcome authenticate(EtcdClient *client, int64_t timeout_ms, TargetError *ret_error) {
        _cleanup_(buf_deinit) Buf body = BUF_NULL;
        _cleanup_(etcd_answer_deinit) EtcdAnswer answer = ETCD_ANSWER_NULL;
        EtcdCall call = { "/v3/auth/authenticate", SPAN_NULL, TOKEN_MAX_BYTES, timeout_ms };
        TargetOutcome outcome;
        Fault fault;

        append_credentials(&body, client->options);
        call.body = buf_span(&body);
        forget_token(client);
        outcome = call_once(client, &call, &answer, &fault, ret_error);
        if (fault == FAULT_NO_AUTH) {
                client->authorization = had(strdup(""));
                return TARGET_OK;
        }
        if (outcome != TARGET_OK)
                return outcome == TARGET_E_REFUSED ? TARGET_E_DENIED : outcome;
        if (answer.http.is_cut || !take_token(client, answer.object))
                return refuse_token(client, ret_error);
        return TARGET_OK;
}

static TargetOutcome call_as_user(EtcdClient *client, const EtcdCall *call, EtcdAnswer *ret_answer,
                                  TargetError *ret_error) {
        bool has_user = *client->options->user, is_new = false;
        TargetOutcome outcome;
        Fault fault;

        for (;;) {
                if (has_user && !client->authorization) {
                        is_new = true;
                        outcome = authenticate(client, call->timeout_ms, ret_error);
                        if (outcome != TARGET_OK)
                                return outcome;
                }

                outcome = call_once(client, call, ret_answer, &fault, ret_error);
                if (fault != FAULT_TOKEN || !has_user || is_new)
                        return outcome;
                forget_token(client);
        }
}

static TargetOutcome leave_after(EtcdClient *client, TargetOutcome outcome) {
        if (outcome == TARGET_E_DOWN || outcome == TARGET_E_DENIED)
                client->at = (client->at + 1) % client->n_endpoints;
        return outcome;
}

TargetOutcome etcd_client_call(EtcdClient *client, const EtcdCall *call, EtcdAnswer *ret_answer,
                               TargetError *ret_error) {
        return leave_after(client, call_as_user(client, call, ret_answer, ret_error));
}

const char *etcd_client_place(const EtcdClient *client) {
        return place(client);
}

bool etcd_client_is_compaction(const TargetError *error) {
        return strstr(error->problem.text, "required revision has been compacted");
}

/*
 * A stream.
 */

void etcd_client_open_stream(EtcdClient *client, const EtcdCall *call) {
        _cleanup_(sending_deinit) Sending sending;

        etcd_client_close_stream(client);
        if (!client->stream_link)
                client->stream_link = http_link_new(&client->link_options, client->waker);
        sending_init(&sending, client, call);
        http_link_open_stream(client->stream_link, &sending.request, &client->stream);
}

/* The connection goes with it. */
void etcd_client_close_stream(EtcdClient *client) {
        if (client->stream_link)
                http_link_reset(client->stream_link);
        http_link_answer_deinit(&client->stream);
        client->stream = HTTP_LINK_ANSWER_NULL;
        client->stream_taken = 0;
}

/* Finds the first line that was not handed out. */
static bool find_line(const EtcdClient *client, Span *ret_line) {
        Span rest = buf_span(&client->stream.body);
        const char *end;

        span_drop(&rest, client->stream_taken);
        end = rest.size ? memchr(rest.data, '\n', rest.size) : NULL;
        if (!end)
                return false;

        *ret_line = (Span){ rest.data, (size_t)(end - rest.data) };
        return true;
}

static TargetOutcome refuse_line(const EtcdClient *client, const char *problem, TargetOutcome outcome,
                                 TargetError *ret_error) {
        *ret_error = (TargetError){ 0 };
        problem_set(&ret_error->problem, NULL, "%.100s: %s", place(client), problem);
        return outcome;
}

static TargetOutcome take_line(EtcdClient *client, Span line, JsonValue *ret_line, TargetError *ret_error) {
        const char *problem;
        size_t at;

        client->stream_taken += line.size + 1;
        if (json_read_check(line, ETCD_JSON_DEPTH_MAX, &problem, &at)) {
                *ret_line = json_read_value(line);
                return TARGET_OK;
        }
        return refuse_line(client, "a line of a watch is no JSON", TARGET_E_DOWN, ret_error);
}

/* Makes room: what was handed out is done with. */
static void forget_lines(EtcdClient *client) {
        Buf *body = &client->stream.body;

        if (client->stream_taken == 0)
                return;

        body->size -= client->stream_taken;
        memmove(body->data, body->data + client->stream_taken, body->size);
        client->stream_taken = 0;
}

static TargetOutcome end_of_stream(EtcdClient *client, TargetError *ret_error) {
        TargetOutcome outcome;
        Fault fault;

        if (client->stream.is_cut)
                return refuse_line(client, "a line of a watch is too long", TARGET_E_REFUSED, ret_error);
        if (client->stream.status != 200) {
                outcome = read_fault(client, &client->stream, &fault, ret_error);
                return outcome == TARGET_E_REFUSED ? TARGET_E_DENIED
                                                   : outcome; /* a watch is never too large */
        }
        return refuse_line(client, "etcd has ended the watch", TARGET_E_DOWN, ret_error);
}

static TargetOutcome read_more(EtcdClient *client, int64_t timeout_ms, TargetError *ret_error) {
        TargetError error = { .retry_after_ms = 0 };
        TargetOutcome outcome;
        bool is_over = false;
        Span line;

        forget_lines(client);
        outcome = http_link_read_stream(client->stream_link, timeout_ms, &is_over, &error);
        if (outcome != TARGET_OK)
                return tell_place(client, outcome, &error, ret_error);
        if (is_over && !find_line(client, &line))
                return end_of_stream(client, ret_error);
        return TARGET_OK;
}

TargetOutcome etcd_client_read_stream(EtcdClient *client, int64_t timeout_ms, JsonValue *ret_line,
                                      TargetError *ret_error) {
        TargetOutcome outcome = TARGET_OK;
        Span line;

        *ret_line = (JsonValue){ .text = SPAN_NULL };
        if (!find_line(client, &line))
                outcome = read_more(client, timeout_ms, ret_error);
        if (outcome == TARGET_OK && find_line(client, &line))
                outcome = take_line(client, line, ret_line, ret_error);
        if (outcome != TARGET_OK)
                etcd_client_close_stream(client);
        return leave_after(client, outcome);
}
