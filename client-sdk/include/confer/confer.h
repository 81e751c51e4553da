/*
 * libconfer: a live copy of an application's configs.
 *
 * A client subscribes to namespaces of a Confer server over WebSocket, keeps what they hold in memory and in
 * a file, and calls listeners when something changes. Reading never waits, neither for the network nor for a
 * lock that is held for long; when the server is gone, everything stays as it was, and says so.
 *
 *      confer_options *options = NULL;
 *      confer_client *client = NULL;
 *      confer_value *value = NULL;
 *
 *      confer_options_new(&options);
 *      confer_options_add_server(options, "http://127.0.0.1:8750");
 *      confer_options_set_token(options, getenv("CONFER_TOKEN"));
 *      confer_options_add_namespace(options, "prod.acme.orders");
 *      confer_client_new(options, &client);
 *      confer_client_start(client);
 *      confer_client_wait_ready(client, 5000);
 *      if (confer_get(client, "prod.acme.orders", "limits.json", &value) == CONFER_OK)
 *              puts(confer_value_content(value, NULL));
 *      confer_value_unref(value);
 *      confer_client_free(client);
 *      confer_options_free(options);
 *
 * Threads: every function may be called by any thread, unless it says otherwise. A client has one thread of
 * its own for the network, and one more for listeners unless the application runs them itself
 * (confer_dispatch()). Nothing is shared among clients; a process may have many.
 *
 * Fork: a client belongs to the process that started it. After fork() the child must not use it; it may only
 * exec or _exit, or make clients of its own. File descriptors are closed on exec.
 *
 * Signals: the library installs no handler and its threads block all signals. It never raises SIGPIPE.
 *
 * The process: libwebsockets has one log for all of a process, which writes to stderr. The first client that
 * is started silences it; an application that uses libwebsockets itself may set it again afterwards.
 *
 * Memory: functions return CONFER_E_NOMEM and leave everything as it was; the library never aborts, exits or
 * prints.
 *
 * Texts are UTF-8 and NUL-terminated. Times are milliseconds; those that end in _at_ms count from 1970, UTC.
 * On failure an output argument is left untouched.
 */
#ifndef CONFER_CONFER_H
#define CONFER_CONFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. */
#define CONFER_VERSION "0.1.0"

/* The version of the library at run time: "0.1.0". Static. */
const char *confer_version(void);

/* ---------------------------------------------------------------------------------------------------- errors
 */

typedef enum confer_error {
        CONFER_OK = 0,
        CONFER_E_INVALID,   /* an argument is wrong; the log names it */
        CONFER_E_NOMEM,     /* memory ran out; nothing was changed */
        CONFER_E_NOT_FOUND, /* no such config, or no such member in it */
        CONFER_E_NOT_READY, /* nothing is known yet: neither the server nor the cache has answered */
        CONFER_E_TIMEOUT,   /* the time was up before it happened */
        CONFER_E_TYPE,      /* the value is there, but of another type, or out of range */
        CONFER_E_STATE,     /* not now: started already, not started, or called from inside a listener */
        CONFER_E_CLOSED,    /* the client was stopped */
        CONFER_E_SYSTEM,    /* a thread, file or descriptor could not be made */
        CONFER_E_NETWORK,   /* no server can be reached */
        CONFER_E_TLS,       /* the server's certificate or ours was refused */
        CONFER_E_UNAUTHENTICATED, /* the server does not know the token */
        CONFER_E_FORBIDDEN,       /* the token may not read one of the namespaces */
        CONFER_E_PROTOCOL,        /* what answered does not speak confer.v1 */
        CONFER_ERROR_N
} confer_error;

/* A sentence for people, static; "unknown error" for a number that is none. */
const char *confer_error_to_string(confer_error error);

/* Whether the same call may succeed later, without anybody changing anything on this side: NOT_READY,
 * TIMEOUT, NOMEM, SYSTEM, NETWORK. */
bool confer_error_is_retriable(confer_error error);

/* Whether this client will never work as it is set up, so that somebody has to mend something:
 * UNAUTHENTICATED, FORBIDDEN, TLS, PROTOCOL. The client goes on trying all the same, at the slowest pace, in
 * case it is mended on the other side. */
bool confer_error_is_fatal(confer_error error);

/* --------------------------------------------------------------------------------------------------- options
 */

/*
 * What a client is made with. Setters copy what they are given and return CONFER_OK, CONFER_E_INVALID
 * (nothing was set) or CONFER_E_NOMEM. Options may be freed, changed or used again once the client is made.
 * An options object belongs to one thread at a time.
 */
typedef struct confer_options confer_options;

confer_error confer_options_new(confer_options **ret_options);
/* NULL is fine. */
void confer_options_free(confer_options *options);

/* "http://HOST[:PORT]" or "https://HOST[:PORT]", the port 8750 unless it is named; an IPv6 address in
 * brackets. Up to 16; at least one. The client begins with a random one and goes on to the next when one
 * fails. */
confer_error confer_options_add_server(confer_options *options, const char *url);

/* The bearer token: 1 to 512 printable ASCII characters. NULL: none. */
confer_error confer_options_set_token(confer_options *options, const char *token);

/* PEM file with the authorities to trust instead of the system's. NULL: the system's. */
confer_error confer_options_set_tls_ca(confer_options *options, const char *ca_file);
/* PEM files with the client's certificate (its chain after it) and key, for servers that ask for one. Both or
 * neither. */
confer_error confer_options_set_tls_certificate(confer_options *options, const char *certificate_file,
                                                const char *key_file);
/* The name that the server's certificate must bear, where it is not the host of the URL. The check cannot be
 * turned off. NULL: the host. */
confer_error confer_options_set_tls_server_name(confer_options *options, const char *name);

/* Who this is, for operators and gray rules. Id: 1 to 128 printable ASCII characters without space;
 * "HOSTNAME-PID" when none is set. It decides, by weight, which version of a gray release the instance sees:
 * one that is to see the same after a restart needs an id that stays. App: up to 128 bytes. Tags: name
 * [a-z0-9_.-]{1,64}, value UTF-8 of up to 256 bytes, up to 32; a name set again replaces the first. */
confer_error confer_options_set_instance(confer_options *options, const char *id);
confer_error confer_options_set_app(confer_options *options, const char *app);
confer_error confer_options_set_tag(confer_options *options, const char *name, const char *value);

/* What is wanted: a namespace whole, or single keys of it; in both cases with what it inherits. Up to 256
 * namespaces and 4096 keys; a namespace added whole makes its single keys superfluous. At least one of
 * either. */
confer_error confer_options_add_namespace(confer_options *options, const char *namespace_);
confer_error confer_options_add_key(confer_options *options, const char *namespace_, const char *key);

/* What confer_get() answers for a key while nothing else is known of it: before anything is, and when there
 * is no such config. It is inherited as configs are; its format is what the key's extension says. Listeners
 * do not hear of defaults. UTF-8; up to 4096; one set again replaces the first. */
confer_error confer_options_set_default(confer_options *options, const char *namespace_, const char *key,
                                        const char *content);

/* Where values are kept across restarts: one file per client, replaced as a whole, mode 0600. NULL, which is
 * the default: nowhere. A file of another set of namespaces is taken for what it has in common. */
confer_error confer_options_set_cache_file(confer_options *options, const char *path);
/* A file that was last confirmed longer ago is not used. 0, the default: it is used however old. */
confer_error confer_options_set_cache_max_age(confer_options *options, uint64_t max_age_ms);

/* Reconnecting: the first attempt at once, then after a random time between 0 and base, 2 base, 4 base ... up
 * to cap (full jitter). Defaults 500 and 30000. base 1 .. 60000, cap base .. 600000. A connection that lived
 * for stable_ms (default 30000) starts the row anew. */
confer_error confer_options_set_backoff(confer_options *options, uint64_t base_ms, uint64_t cap_ms,
                                        uint64_t stable_ms);

typedef enum confer_log_level {
        CONFER_LOG_ERROR,
        CONFER_LOG_WARNING,
        CONFER_LOG_INFO,
        CONFER_LOG_DEBUG
} confer_log_level;

/* The only way that the library ever tells anything by itself. Never has contents or tokens. Called by any
 * thread of the client, never two at a time; must not call back into the client. NULL: silence, which is the
 * default. */
typedef void (*confer_log_fn)(void *context, confer_log_level level, const char *message);
confer_error confer_options_set_log(confer_options *options, confer_log_fn log, void *context);

/* Who runs listeners: a thread of the client (the default), or the application, by confer_dispatch(). */
typedef enum confer_dispatch_mode {
        CONFER_DISPATCH_THREAD,
        CONFER_DISPATCH_APPLICATION
} confer_dispatch_mode;
confer_error confer_options_set_dispatch(confer_options *options, confer_dispatch_mode mode);

/* ---------------------------------------------------------------------------------------------------- client
 */

typedef struct confer_client confer_client;

/*
 * confer_client_new() - make a client; nothing is connected and no file is read before confer_client_start()
 *
 * Return: CONFER_OK; CONFER_E_INVALID: no server or no namespace; CONFER_E_SYSTEM: no descriptor (for
 * CONFER_DISPATCH_APPLICATION); CONFER_E_NOMEM.
 */
confer_error confer_client_new(const confer_options *options, confer_client **ret_client);

/*
 * confer_client_start() - read the cache, and begin to connect; returns at once
 *
 * Return: CONFER_OK; CONFER_E_STATE: started before; CONFER_E_SYSTEM: no thread; CONFER_E_NOMEM.
 */
confer_error confer_client_start(confer_client *client);

/*
 * confer_client_wait_ready() - wait until every namespace wanted is known, from the server or from the cache
 * @timeout_ms: 0 only asks; negative waits for ever
 *
 * Known from the cache is ready, but the server is given the first chance: while its first attempt is under
 * way and time is left, the wait goes on, for 2 s at most. confer_client_get_state() and
 * confer_value_get_origin() tell which it was.
 *
 * Return: CONFER_OK; CONFER_E_TIMEOUT; CONFER_E_CLOSED; CONFER_E_STATE: not started, or inside a listener of
 * this client.
 */
confer_error confer_client_wait_ready(confer_client *client, int64_t timeout_ms);

/*
 * confer_client_stop() - disconnect, write the cache, end the threads
 *
 * What is known stays readable. No listener runs after it has returned. Stopping twice is fine; a stopped
 * client cannot be started again. Return: CONFER_OK; CONFER_E_STATE: called from inside a listener of this
 * client.
 */
confer_error confer_client_stop(confer_client *client);

/* Stops and frees it, with its listeners. Not from inside a listener. Values that are held live on. NULL is
 * fine. */
void confer_client_free(confer_client *client);

/*
 *      DISCONNECTED --start--> CONNECTING --server answered--> CONNECTED
 *                                  |                             |   ^
 *                                  '--attempt failed--.       lost   | server answered
 *                                                     v          v   |
 *      DISCONNECTED <--stop-- (any)                   RECONNECTING --'
 */
typedef enum confer_state {
        CONFER_STATE_DISCONNECTED, /* not started, or stopped */
        CONFER_STATE_CONNECTING,   /* the first attempt is under way */
        CONFER_STATE_CONNECTED,    /* subscribed, and what is known is current */
        CONFER_STATE_RECONNECTING, /* between attempts, or at one; what is known may be old */
        CONFER_STATE_N
} confer_state;

/* "connected". Static. */
const char *confer_state_to_string(confer_state state);

confer_state confer_client_get_state(const confer_client *client);
/* Why the last attempt or connection failed; CONFER_OK when none did since the client was last connected. */
confer_error confer_client_get_last_error(const confer_client *client);
/* The newest revision that the client has applied; 0: none. It never falls, but for a server with another
 * epoch. */
uint64_t confer_client_get_revision(const confer_client *client);
/* For how long nobody has confirmed that what is known is current: 0 while connected, -1 when nothing is
 * known. */
int64_t confer_client_get_age_ms(const confer_client *client);

/* Called on every move from one state to another, in order, wherever listeners run, and under the same rules;
 * the last is to DISCONNECTED. Where more than 64 moves wait, those that lead back to where they began are
 * left out. With CONFER_DISPATCH_APPLICATION, confer_dispatch() tells the last move after the client was
 * stopped. */
typedef void (*confer_state_fn)(confer_client *client, confer_state from, confer_state to, void *context);
/* Before confer_client_start(). Return: CONFER_OK or CONFER_E_STATE. */
confer_error confer_client_set_state_callback(confer_client *client, confer_state_fn callback, void *context);

/*
 * confer_client_set_tag() - give this instance another tag, or another value of one, while it runs
 * @name, @value: as for confer_options_set_tag(); @value NULL takes the tag away
 *
 * When it has returned, confer_get() answers what the gray rules choose for the new tags, and listeners are
 * about to hear of every config of which the instance sees another version now. The server is told as soon as
 * it is connected. Tags are not kept in the cache file.
 *
 * Return: CONFER_OK, also when nothing changes by it; CONFER_E_INVALID: no tag, or a 33rd one;
 * CONFER_E_NOMEM.
 */
confer_error confer_client_set_tag(confer_client *client, const char *name, const char *value);

/* ---------------------------------------------------------------------------------------------------- values
 */

/*
 * One version of a config: immutable, reference-counted, good for as long as it is held, whatever becomes of
 * the client.
 */
typedef struct confer_value confer_value;

typedef enum confer_format {
        CONFER_FORMAT_JSON,
        CONFER_FORMAT_YAML,
        CONFER_FORMAT_TOML,
        CONFER_FORMAT_PROPERTIES,
        CONFER_FORMAT_XML,
        CONFER_FORMAT_TEXT
} confer_format;

typedef enum confer_origin {
        CONFER_ORIGIN_SERVER, /* the server sent or confirmed it in this run */
        CONFER_ORIGIN_CACHE,  /* it is from the file; no server has confirmed it yet */
        CONFER_ORIGIN_DEFAULT /* it was given with confer_options_set_default() */
} confer_origin;

/*
 * confer_get() - what a config is now: the nearest one on the way up from the namespace, whole
 * @ret_value: a reference, the caller's, for confer_value_unref()
 *
 * Of a config with a gray release it is the version that the rules choose for this instance's id and tags.
 *
 * Answers from memory: no system call, no network, no waiting for other readers. The namespace must be one
 * that the client wants, or an ancestor of one. Return: CONFER_OK; CONFER_E_NOT_FOUND: there is none;
 * CONFER_E_NOT_READY: nothing is known yet of this namespace, and there is no default; CONFER_E_INVALID: the
 * name is malformed, or not among those wanted.
 */
confer_error confer_get(confer_client *client, const char *namespace_, const char *key,
                        confer_value **ret_value);

/*
 * Whom one request is for, where gray rules are to choose by user or tenant and not by instance: a unit,
 * which weights count by, and tags. It is a context of its own: the instance's id and tags play no part in
 * it.
 *
 * A context may be used for any number of requests, of any client, and by many threads as long as nobody
 * changes it.
 */
typedef struct confer_context confer_context;

confer_error confer_context_new(confer_context **ret_context);
/* NULL is fine. */
void confer_context_free(confer_context *context);
/* A text of any length; copied. NULL or "", as at first: there is none, and weights choose only where one arm
 * has all. Return: CONFER_OK; CONFER_E_NOMEM; CONFER_E_INVALID: no context. */
confer_error confer_context_set_unit(confer_context *context, const char *unit);
/* As confer_options_set_tag(); @value NULL takes the tag away. */
confer_error confer_context_set_tag(confer_context *context, const char *name, const char *value);

/*
 * confer_get_for() - what a config is for one request
 *
 * As confer_get(), but that the rules of a gray release are evaluated for @context. What is chosen for a
 * request is no matter of listeners, and is not reported to the server. Return: as confer_get().
 */
confer_error confer_get_for(confer_client *client, const char *namespace_, const char *key,
                            const confer_context *context, confer_value **ret_value);

confer_value *confer_value_ref(confer_value *value);
/* NULL is fine. */
void confer_value_unref(confer_value *value);

/* The content, as it was saved, followed by a NUL that does not count; @ret_size may be NULL. Borrowed from
 * the value. */
const char *confer_value_content(const confer_value *value, size_t *ret_size);
const char *
confer_value_get_namespace(const confer_value *value); /* where it lives: perhaps an ancestor. Borrowed */
const char *confer_value_get_key(const confer_value *value);   /* borrowed */
int64_t confer_value_get_version(const confer_value *value);   /* 0: a default */
uint64_t confer_value_get_revision(const confer_value *value); /* 0: a default */
/* Whether a gray release chose it, and by which of its rules, counted from 0; -1: none did. Who changed it
 * last, when and why, is then said of the gray release. */
bool confer_value_is_gray(const confer_value *value);
int confer_value_get_rule(const confer_value *value);
confer_format confer_value_get_format(const confer_value *value);
const char *
confer_value_get_sha256(const confer_value *value); /* 64 hex digits; "" for a default. Borrowed */
int64_t confer_value_get_updated_at_ms(const confer_value *value);  /* 0: a default */
const char *confer_value_get_updated_by(const confer_value *value); /* "" for a default. Borrowed */
const char *confer_value_get_comment(const confer_value *value);    /* borrowed */
confer_origin confer_value_get_origin(const confer_value *value);
/* For how long nobody has confirmed that this is the current value: 0 while the client is connected and has
 * no newer one; -1 for a default. A value that was replaced or removed ages from that time on. */
int64_t confer_value_get_age_ms(const confer_value *value);

/*
 * Typed reading. @pointer is a JSON pointer (RFC 6901: "/limits/0/rate") into a JSON config; NULL or "" is
 * the whole content. The whole content of another format is read as plain text, without white space around
 * it: "42", "true".
 *
 * Strings are borrowed from the value. Numbers: an integer for int64; any number for double. Booleans: true,
 * false. Return: CONFER_OK; CONFER_E_NOT_FOUND: the pointer leads nowhere; CONFER_E_TYPE; CONFER_E_INVALID:
 * no JSON pointer; CONFER_E_NOMEM.
 */
confer_error confer_value_get_string(confer_value *value, const char *pointer, const char **ret_text);
confer_error confer_value_get_int64(confer_value *value, const char *pointer, int64_t *ret_number);
confer_error confer_value_get_double(confer_value *value, const char *pointer, double *ret_number);
confer_error confer_value_get_bool(confer_value *value, const char *pointer, bool *ret_truth);

/* The same in one step, with what to use for every reason why there is no such value. The string is the
 * caller's, for free(); NULL only when memory ran out, or when the fallback is NULL and was needed. */
char *confer_get_string(confer_client *client, const char *namespace_, const char *key, const char *pointer,
                        const char *fallback);
int64_t confer_get_int64(confer_client *client, const char *namespace_, const char *key, const char *pointer,
                         int64_t fallback);
double confer_get_double(confer_client *client, const char *namespace_, const char *key, const char *pointer,
                         double fallback);
bool confer_get_bool(confer_client *client, const char *namespace_, const char *key, const char *pointer,
                     bool fallback);

/* Calls @visit for every config that is effective in the namespace, inherited ones included, in no order; it
 * returns false to end the walk. The values are borrowed. Return: as confer_get(); CONFER_E_NOMEM. */
typedef bool (*confer_visit_fn)(confer_value *value, void *context);
confer_error confer_each(confer_client *client, const char *namespace_, confer_visit_fn visit, void *context);

/* ------------------------------------------------------------------------------------------------- listeners
 */

typedef enum confer_change_kind {
        CONFER_CHANGE_INITIAL, /* the first that this listener hears of the config, or the first since it was
                                  removed: there is no old value */
        CONFER_CHANGE_UPDATED, /* another version, or another config that now is the nearest */
        CONFER_CHANGE_REMOVED  /* there is none any more: there is no new value */
} confer_change_kind;

/* One change, as a listener sees it. Valid, with all that is borrowed from it, until the listener returns. */
typedef struct confer_change confer_change;

confer_change_kind confer_change_get_kind(const confer_change *change);
const char *confer_change_get_namespace(const confer_change *change); /* the one that was listened to */
const char *confer_change_get_key(const confer_change *change);
confer_value *confer_change_get_old(
        const confer_change *change); /* what this listener heard last; NULL: nothing. Borrowed */
confer_value *confer_change_get_new(const confer_change *change); /* NULL: removed. Borrowed */

/*
 * confer_change_refuse() - tell the operators that this application cannot use the new value
 * @reason: up to 512 bytes, for people; longer ones are cut
 *
 * It appears beside the instance in GET /instances. The value stays what confer_get() answers: the
 * application keeps using the old one for as long as it wants by holding it. The last reason given for a
 * value counts.
 */
void confer_change_refuse(confer_change *change, const char *reason);

typedef void (*confer_listener_fn)(confer_client *client, confer_change *change, void *context);

/*
 * confer_listen() - call @listener when the effective value of a config changes
 * @key: NULL: of every config in the namespace, inherited ones included
 * @namespace_: NULL, and @key NULL: of every config in every namespace wanted
 * @ret_id: names it for confer_unlisten(); may be NULL
 *
 * First every value that is known, and every one that becomes known, is told as CONFER_CHANGE_INITIAL; then
 * every change. Calls to a listener come in the order of the revisions, and calls of the client one at a
 * time. Where changes come faster than they are listened to, a listener hears the newest value of a config
 * and not each in between, and never the same version of a config twice in a row. A reconnect alone, or a
 * confirmed cache, is no change; nor is a gray release that leaves this instance the version that it has, or
 * the promotion of a version that it has already. A version that comes or goes by confer_client_set_tag() is
 * told after all that was due before.
 *
 * A listener may call everything but confer_client_wait_ready(), _stop(), _free() and confer_dispatch() of
 * its own client: it may add listeners and remove any, itself too. While one is slow, the others of this
 * client wait; reading, and the connection, do not.
 *
 * Return: CONFER_OK; CONFER_E_INVALID: as confer_get(); CONFER_E_NOMEM; CONFER_E_CLOSED.
 */
confer_error confer_listen(confer_client *client, const char *namespace_, const char *key,
                           confer_listener_fn listener, void *context, uint64_t *ret_id);

/*
 * confer_unlisten() - after it has returned, the listener is not called again
 *
 * When the listener is just running on another thread, it is waited for; inside the listener itself it is
 * not. Return: CONFER_OK; CONFER_E_NOT_FOUND: there is no such listener.
 */
confer_error confer_unlisten(confer_client *client, uint64_t id);

/*
 * For CONFER_DISPATCH_APPLICATION: a descriptor that is readable while listeners or the state callback are to
 * be called, for the application's poll(), epoll or event loop. It stays the client's; only ever wait on it.
 * -1 in the other mode.
 */
int confer_client_get_fd(const confer_client *client);

/*
 * confer_dispatch() - call the listeners that are due; returns when none is left, or after @calls_max calls
 * (0: no limit)
 *
 * One thread at a time. Return: CONFER_OK; CONFER_E_STATE: the other mode, or inside a listener.
 */
confer_error confer_dispatch(confer_client *client, size_t calls_max);

#ifdef __cplusplus
}
#endif

#endif
