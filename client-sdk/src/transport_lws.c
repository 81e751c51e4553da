/*
 * The transport over libwebsockets: the only file that knows it.
 *
 * Each attempt has a libwebsockets context of its own, so that nothing of a failed attempt outlives it, and
 * certificates are read anew. libwebsockets 4.1 has some state for the whole process. It is dealt with once:
 * its log, which would go to stderr, is silenced, and OpenSSL's ex_data index, which it would take anew with
 * each context under the eyes of other threads, is taken once. It also ignores SIGPIPE, which is undone: our
 * thread blocks all signals.
 */
#include <errno.h>
#include <fcntl.h>
#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/buf.h"
#include "model/macros.h"
#include "transport.h"

#define READ_SIZE                ((size_t)16 * 1024)
#define FDS_MAX                  16 /* of one context */
#define WHY_SIZE_MAX             128
#define HTTP_SWITCHING_PROTOCOLS 101

/* A message on its way out, with the room in front that libwebsockets writes its header to. */
typedef struct Message {
        struct Message *next;
        size_t size;
        unsigned char bytes[];
} Message;

struct Transport {
        struct lws_context *context;
        struct lws *wsi;
        lws_sorted_usec_list_t timer;
        const confer_options *options;
        const TransportEvents *events;
        void *events_context;
        Message *first;
        Message *last;
        Buf received;
        bool wants_ping;
        bool is_open;
        bool is_closed;
        bool has_alert;      /* the server ended TLS with a complaint: about our certificate, say */
        uint16_t close_code; /* the server's; 0: none */
        char address[256 + 8];
};

/* --------------------------------------------------------------------------------------------------- events
 */

static void closed(Transport *transport, confer_error error, const char *why) {
        if (transport->is_closed)
                return;

        transport->is_closed = true;
        transport->is_open = false;
        transport->wsi = NULL;
        transport->events->closed(transport->events_context, error, why);
}

/* What a status other than 101 says. A server that is starting, or a proxy before one, is no lasting fault.
 */
static confer_error error_of_status(unsigned status) {
        switch (status) {
        case 401:
                return CONFER_E_UNAUTHENTICATED;
        case 403:
                return CONFER_E_FORBIDDEN;
        case 408:
        case 429:
                return CONFER_E_NETWORK;
        default:
                return status >= 500 ? CONFER_E_NETWORK : CONFER_E_PROTOCOL;
        }
}

/* libwebsockets tells why an attempt failed in words only. */
static confer_error error_of_words(const char *words) {
        if (strcasestr(words, "cert") || strcasestr(words, "ssl") || strcasestr(words, "tls"))
                return CONFER_E_TLS;
        if (strncmp(words, "HS:", 3) == 0)
                return CONFER_E_PROTOCOL;
        return CONFER_E_NETWORK;
}

/* Where OpenSSL's context keeps our transport. */
static int transport_index = -1;

/* With TLS 1.3 a server refuses our certificate when we take the connection for established. */
static void on_tls_event(const SSL *ssl, int where, int what) {
        Transport *transport = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), transport_index);

        if (transport && (where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && what >> 8 == SSL3_AL_FATAL)
                transport->has_alert = true;
}

static void watch_tls(Transport *transport, SSL_CTX *tls) {
        if (SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) == 1 && transport_index >= 0 &&
            SSL_CTX_set_ex_data(tls, transport_index, transport) == 1)
                SSL_CTX_set_info_callback(tls, on_tls_event);
}

static void attempt_failed(Transport *transport, struct lws *wsi, const char *words, size_t size) {
        unsigned status = wsi ? lws_http_client_http_response(wsi) : 0;
        char why[WHY_SIZE_MAX];

        if (transport->has_alert) {
                closed(transport, CONFER_E_TLS, "the server refuses the TLS connection");
                return;
        }
        if (status >= 100 && status != HTTP_SWITCHING_PROTOCOLS) {
                (void)snprintf(why, sizeof(why), "the server answered %u", status);
                closed(transport, error_of_status(status), why);
                return;
        }
        (void)snprintf(why, sizeof(why), "%.*s", (int)MIN(size, sizeof(why) - 1),
                       words ? words : "no connection");
        closed(transport, error_of_words(why), why);
}

static void connection_lost(Transport *transport) {
        char why[WHY_SIZE_MAX];

        if (transport->close_code == 0) {
                closed(transport, CONFER_E_NETWORK, "the connection is gone");
                return;
        }
        (void)snprintf(why, sizeof(why), "the server closed the connection with code %u",
                       transport->close_code);
        switch (transport->close_code) {
        case LWS_CLOSE_STATUS_PROTOCOL_ERR:
        case LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE:
        case LWS_CLOSE_STATUS_INVALID_PAYLOAD:
        case LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE:
                closed(transport, CONFER_E_PROTOCOL, why);
                break;
        default:
                closed(transport, CONFER_E_NETWORK, why);
        }
}

/* Return: false when the connection is to be closed. */
static bool take_in(Transport *transport, struct lws *wsi, const void *bytes, size_t size) {
        if (lws_frame_is_binary(wsi)) {
                closed(transport, CONFER_E_PROTOCOL, "the server sent a binary message");
                return false;
        }
        if (transport->received.size + size > MESSAGE_SIZE_MAX) {
                closed(transport, CONFER_E_PROTOCOL, "the server sent a message that is too long");
                return false;
        }
        buf_append(&transport->received, bytes, size);
        if (buf_failed(&transport->received)) {
                closed(transport, CONFER_E_NOMEM, "there is no memory for a message");
                return false;
        }
        if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
                transport->events->received(transport->events_context, buf_span(&transport->received));
                if (transport->received.capacity > 16 * READ_SIZE)
                        buf_deinit(&transport->received);
                buf_clear(&transport->received);
        }
        return true;
}

/* Return: false when the connection is to be closed. */
static bool write_next(Transport *transport, struct lws *wsi) {
        unsigned char nothing[LWS_PRE + 1] = { 0 };
        Message *message = transport->first;
        int written;

        if (message) {
                written = lws_write(wsi, message->bytes + LWS_PRE, message->size, LWS_WRITE_TEXT);
                transport->first = message->next;
                if (!transport->first)
                        transport->last = NULL;
                free(message);
        } else if (transport->wants_ping) {
                transport->wants_ping = false;
                written = lws_write(wsi, nothing + LWS_PRE, 0, LWS_WRITE_PING);
        } else
                return true;

        if (transport->first || transport->wants_ping)
                lws_callback_on_writable(wsi);
        return written >= 0;
}

static int add_credentials(const Transport *transport, struct lws *wsi, unsigned char **at, size_t size) {
        char text[sizeof("Bearer ") + TOKEN_SIZE_MAX];
        int written;

        if (!transport->options->token)
                return 0;

        written = snprintf(text, sizeof(text), "Bearer %s", transport->options->token);
        return lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, (unsigned char *)text, written,
                                            at, *at + size);
}

/* libwebsockets leaves its sockets open across exec. */
static void close_on_exec(struct lws *wsi) {
        int fd = (int)lws_get_socket_fd(wsi);

        if (fd >= 0)
                (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t size) {
        Transport *transport = wsi ? lws_context_user(lws_get_context(wsi)) : NULL;
        const unsigned char *bytes = in;

        if (transport && reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_CLIENT_VERIFY_CERTS)
                watch_tls(transport, user);

        if (!transport || transport->is_closed)
                return transport && transport->wsi == wsi ? -1 : 0;

        switch (reason) {
        case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
                close_on_exec(wsi);
                return add_credentials(transport, wsi, in, size) ? -1 : 0;
        case LWS_CALLBACK_CLIENT_ESTABLISHED:
                transport->is_open = true;
                transport->events->opened(transport->events_context);
                return 0;
        case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
                attempt_failed(transport, wsi, in, size);
                return 0;
        case LWS_CALLBACK_CLIENT_RECEIVE:
                return take_in(transport, wsi, in, size) ? 0 : -1;
        case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
                transport->events->heard(transport->events_context);
                return 0;
        case LWS_CALLBACK_CLIENT_WRITEABLE:
                return write_next(transport, wsi) ? 0 : -1;
        case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
                if (size >= 2)
                        transport->close_code = (uint16_t)(bytes[0] << 8 | bytes[1]);
                return 0;
        case LWS_CALLBACK_CLIENT_CLOSED:
                connection_lost(transport);
                return 0;
        default:
                return 0;
        }
}

/* -------------------------------------------------------------------------------------------------- opening
 */

static const struct lws_protocols protocols[] = {
        { .name = STREAM_PROTOCOL, .callback = on_event, .rx_buffer_size = READ_SIZE },
        { .name = NULL },
};

/* Pings, and giving up on a silent server, are the stream's. */
static const lws_retry_bo_t no_pings = { .secs_since_valid_ping = UINT16_MAX,
                                         .secs_since_valid_hangup = UINT16_MAX };

static struct lws_context *create_context(const struct lws_context_creation_info *info) {
        struct sigaction before, after;
        struct lws_context *context;

        (void)sigaction(SIGPIPE, NULL, &before);
        context = lws_create_context(info);
        (void)sigaction(SIGPIPE, NULL, &after);
        if (after.sa_handler != before.sa_handler)
                (void)sigaction(SIGPIPE, &before, NULL);
        return context;
}

static struct lws_context_creation_info context_info(Transport *transport) {
        return (struct lws_context_creation_info){
                .port = CONTEXT_PORT_NO_LISTEN,
                .http_proxy_address = "", /* else the variable http_proxy counts */
                .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
                .protocols = protocols,
                .gid = (gid_t)-1,
                .uid = (uid_t)-1,
                .fd_limit_per_thread = FDS_MAX,
                .retry_and_idle_policy = &no_pings,
                .timeout_secs = CONNECT_TIMEOUT_S,
                .connect_timeout_secs = CONNECT_TIMEOUT_S,
                .user = transport,
        };
}

static void prepare_process(void) {
        struct lws_context_creation_info info = context_info(NULL);
        struct lws_context *context;

        lws_set_log_level(0, NULL);
        transport_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        context = create_context(&info);
        if (context)
                lws_context_destroy(context);
}

/* libwebsockets passes over files that it cannot read. */
static bool files_are_readable(const confer_options *options) {
        const char *const files[] = { options->tls_ca, options->tls_certificate, options->tls_key };

        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
                if (files[i] && access(files[i], R_OK) < 0)
                        return false;
        return true;
}

/* A file that names authorities takes the place of the system's. */
static struct lws_vhost *create_vhost(Transport *transport, bool is_tls) {
        const confer_options *options = transport->options;
        struct lws_context_creation_info info = context_info(transport);

        if (is_tls) {
                info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
                if (options->tls_ca)
                        info.options |= LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
                info.client_ssl_ca_filepath = options->tls_ca;
                info.client_ssl_cert_filepath = options->tls_certificate;
                info.client_ssl_private_key_filepath = options->tls_key;
        }
        return lws_create_vhost(transport->context, &info);
}

static bool connect_to(Transport *transport, struct lws_vhost *vhost, const Server *server) {
        const char *name = server->host;
        struct lws_client_connect_info info = {
                .context = transport->context,
                .vhost = vhost,
                .address = server->host,
                .port = server->port,
                .path = STREAM_PATH,
                .protocol = STREAM_PROTOCOL,
                .local_protocol_name = STREAM_PROTOCOL,
                .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
                .retry_and_idle_policy = &no_pings,
                .pwsi = &transport->wsi,
        };

        if (server->is_tls) {
                info.ssl_connection |= LCCSCF_USE_SSL;
                if (transport->options->tls_server_name)
                        name = transport->options->tls_server_name;
        }
        (void)snprintf(transport->address, sizeof(transport->address), "%s", name);
        info.host = transport->address;
        return lws_client_connect_via_info(&info) != NULL;
}

static void free_transport(Transport *transport) {
        if (!transport)
                return;

        transport->is_closed = true;
        if (transport->context) {
                lws_sul_schedule(transport->context, 0, &transport->timer, NULL, LWS_SET_TIMER_USEC_CANCEL);
                lws_context_destroy(transport->context);
        }
        while (transport->first) {
                Message *message = transport->first;

                transport->first = message->next;
                free(message);
        }
        buf_deinit(&transport->received);
        free(transport);
}

/*
 * libwebsockets runs the timers that are over before it waits, and with none left it waits for ever. So one
 * that was over already, since our thread did not get on, is set again: the wait must end.
 */
static void on_timer(lws_sorted_usec_list_t *timer) {
        Transport *transport = (Transport *)((char *)timer - offsetof(Transport, timer));

        lws_sul_schedule(transport->context, 0, timer, on_timer, LWS_US_PER_MS);
}

static confer_error open_transport(const Server *server, const confer_options *options,
                                   const TransportEvents *events, void *context, Transport **ret_transport) {
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        Transport *transport = calloc(1, sizeof(*transport));
        struct lws_context_creation_info info = context_info(transport);
        struct lws_vhost *vhost;

        if (!transport)
                return CONFER_E_NOMEM;
        if (server->is_tls && !files_are_readable(options)) {
                free(transport);
                return CONFER_E_TLS;
        }

        (void)pthread_once(&once, prepare_process);
        transport->options = options;
        transport->events = events;
        transport->events_context = context;
        transport->context = create_context(&info);
        if (!transport->context) {
                free_transport(transport);
                return CONFER_E_SYSTEM;
        }
        vhost = create_vhost(transport, server->is_tls);
        if (!vhost) {
                free_transport(transport);
                return server->is_tls ? CONFER_E_TLS : CONFER_E_NOMEM;
        }

        /* What fails at once may have been told by an event already, as what fails later is. */
        if (!connect_to(transport, vhost, server))
                closed(transport, CONFER_E_NETWORK, "no connection can be made");
        *ret_transport = transport;
        return CONFER_OK;
}

/* ------------------------------------------------------------------------------------------------ once open
 */

static int send_message(Transport *transport, Span text) {
        Message *message;

        if (!transport->is_open)
                return 0;
        message = malloc(sizeof(*message) + LWS_PRE + text.size);
        if (!message)
                return -ENOMEM;

        message->next = NULL;
        message->size = text.size;
        memcpy(message->bytes + LWS_PRE, text.data, text.size);
        *(transport->last ? &transport->last->next : &transport->first) = message;
        transport->last = message;
        lws_callback_on_writable(transport->wsi);
        return 0;
}

static void ping(Transport *transport) {
        if (!transport->is_open)
                return;

        transport->wants_ping = true;
        lws_callback_on_writable(transport->wsi);
}

/* libwebsockets waits for its own timers only, so that ours has to be among them. */
static void run(Transport *transport, int64_t timeout_ms) {
        lws_sul_schedule(transport->context, 0, &transport->timer, on_timer,
                         MAX(timeout_ms, (int64_t)1) * LWS_US_PER_MS);
        (void)lws_service(transport->context, 0);
}

static void wake(Transport *transport) {
        lws_cancel_service(transport->context);
}

const TransportType transport_lws = {
        .open = open_transport,
        .free = free_transport,
        .send = send_message,
        .ping = ping,
        .run = run,
        .wake = wake,
};
