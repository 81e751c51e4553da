#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "model/name.h"

/* How long a client that knows its configs from the cache waits for the server at most. */
#define FIRST_CHANCE_MS 2000

/* -------------------------------------------------------------------------------------------------- states
 */

void client_signal(confer_client *client) {
        pthread_mutex_lock(&client->lock);
        pthread_cond_broadcast(&client->changed);
        pthread_mutex_unlock(&client->lock);
}

void client_move(confer_client *client, confer_state to) {
        confer_state from;
        bool moves;

        pthread_mutex_lock(&client->lock);
        from = (confer_state)atomic_load(&client->state);
        moves = state_may_move(from, to);
        if (moves) {
                atomic_store(&client->state, (int)to);
                pthread_cond_broadcast(&client->changed);
                if (client->on_state)
                        listeners_add_move(&client->listeners, from, to);
        }
        pthread_mutex_unlock(&client->lock);
        if (moves)
                log_write(&client->log, CONFER_LOG_INFO, "The client is %s", confer_state_to_string(to));
}

/* ---------------------------------------------------------------------------------------- making and freeing
 */

static void wake_for_acks(void *context) {
        network_wake(&((confer_client *)context)->network);
}

static void applied(void *context, confer_value *value) {
        acks_applied(&((confer_client *)context)->acks, value);
}

static void refused(void *context, confer_value *value, const char *reason) {
        acks_refused(&((confer_client *)context)->acks, value, reason);
}

static void appeared(void *context, confer_value *value) {
        acks_appeared(&((confer_client *)context)->acks, value);
}

static void inherited(void *context, const confer_value *before, confer_value *value) {
        acks_inherit(&((confer_client *)context)->acks, before, value);
}

static Verdicts verdicts_of(confer_client *client) {
        return (Verdicts){
                .context = client,
                .applied = applied,
                .refused = refused,
                .appeared = appeared,
                .inherited = inherited,
        };
}

/* "HOSTNAME-PID", with what an instance's id may not have replaced. */
static char *name_of_process(void) {
        char host[INSTANCE_ID_SIZE_MAX - 16], *name;

        if (gethostname(host, sizeof(host)) < 0)
                (void)snprintf(host, sizeof(host), "localhost");
        host[sizeof(host) - 1] = '\0';
        for (char *c = host; *c; c++)
                if (*c < 0x21 || *c > 0x7e)
                        *c = '_';
        return asprintf(&name, "%s-%ld", host, (long)getpid()) < 0 ? NULL : name;
}

static void init_locks(confer_client *client) {
        pthread_condattr_t attributes;

        pthread_mutex_init(&client->lock, NULL);
        pthread_mutex_init(&client->lifecycle, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&client->changed, &attributes);
        pthread_condattr_destroy(&attributes);
}

static void deinit_locks(confer_client *client) {
        pthread_mutex_destroy(&client->lock);
        pthread_mutex_destroy(&client->lifecycle);
        pthread_cond_destroy(&client->changed);
}

/* What may fail comes first; the rest is made by client_init_parts(). */
static int make_parts(confer_client *client, const confer_options *options) {
        int r;

        r = options_copy(options, &client->options);
        if (r)
                return r;
        client->instance = options->instance ? strdup(options->instance) : name_of_process();
        client->provenance = provenance_new();
        if (!client->instance || !client->provenance)
                return -ENOMEM;
        r = scope_init(&client->scope, client->options);
        if (r)
                return r;
        return listeners_init(&client->listeners, &client->replica, &client->scope,
                              options->dispatch == CONFER_DISPATCH_APPLICATION);
}

static void free_parts(confer_client *client) {
        scope_deinit(&client->scope);
        provenance_unref(client->provenance);
        free(client->instance);
        confer_options_free(client->options);
        free(client);
}

/* The replica has cache lines of its own. */
static confer_client *allocate_client(void) {
        void *client;

        if (posix_memalign(&client, CACHE_LINE_SIZE, sizeof(confer_client)) != 0)
                return NULL;

        memset(client, 0, sizeof(confer_client));
        return client;
}

_public_ confer_error confer_client_new(const confer_options *options, confer_client **ret_client) {
        confer_client *client;
        int r;

        if (!options || !ret_client || options->n_servers == 0 || options->n_wanted == 0)
                return CONFER_E_INVALID;
        client = allocate_client();
        if (!client)
                return CONFER_E_NOMEM;

        client->scope = SCOPE_NULL;
        r = make_parts(client, options);
        if (r) {
                free_parts(client);
                return r == -ENOMEM ? CONFER_E_NOMEM : CONFER_E_SYSTEM;
        }

        init_locks(client);
        log_init(&client->log, options->log, options->log_context);
        acks_init(&client->acks, wake_for_acks, client);
        client->verdicts = verdicts_of(client);
        replica_init(&client->replica, span_from_string(client->instance), client->options->tags);
        keeper_init(&client->keeper, options->cache_max_age_ms);
        network_init(&client->network, &transport_lws, options->n_servers);
        *ret_client = client;
        return CONFER_OK;
}

_public_ void confer_client_free(confer_client *client) {
        if (!client || confer_client_stop(client) != CONFER_OK)
                return;

        network_deinit(&client->network);
        listeners_deinit(&client->listeners);
        acks_deinit(&client->acks);
        replica_deinit(&client->replica);
        log_deinit(&client->log);
        deinit_locks(client);
        free_parts(client);
}

/* --------------------------------------------------------------------------------------- starting, stopping
 */

static void state_ignored(confer_client *client _unused_, confer_state from _unused_,
                          confer_state to _unused_, void *context _unused_) {
}

static int call_listeners(confer_client *client, size_t n_max) {
        return listeners_call(&client->listeners, client, client->on_state ? client->on_state : state_ignored,
                              client->on_state_context, &client->verdicts, n_max);
}

static void *dispatcher_main(void *context) {
        confer_client *client = context;

        while (listeners_wait(&client->listeners))
                (void)call_listeners(client, 0);
        return NULL;
}

static void end_dispatcher(confer_client *client) {
        listeners_end(&client->listeners);
        if (client->has_dispatcher)
                (void)pthread_join(client->dispatcher, NULL);
        client->has_dispatcher = false;
}

static confer_error start(confer_client *client) {
        if (client->is_started || client->is_stopped)
                return CONFER_E_STATE;
        if (keeper_load(client) != 0)
                return CONFER_E_NOMEM;

        if (client->options->dispatch == CONFER_DISPATCH_THREAD && !client->has_dispatcher) {
                if (network_make_thread(&client->dispatcher, dispatcher_main, client) != 0)
                        return CONFER_E_SYSTEM;
                client->has_dispatcher = true;
        }
        client_move(client, CONFER_STATE_CONNECTING);
        if (network_start(client) != 0) {
                client_move(client, CONFER_STATE_DISCONNECTED);
                return CONFER_E_SYSTEM;
        }
        client->is_started = true;
        return CONFER_OK;
}

_public_ confer_error confer_client_start(confer_client *client) {
        confer_error error;

        if (!client)
                return CONFER_E_INVALID;

        pthread_mutex_lock(&client->lifecycle);
        error = start(client);
        pthread_mutex_unlock(&client->lifecycle);
        return error;
}

static void stop(confer_client *client) {
        if (client->is_stopped)
                return;

        atomic_store(&client->is_closing, true);
        client_signal(client);
        if (client->is_started)
                network_join(client);
        listeners_close(&client->listeners);
        client_move(client, CONFER_STATE_DISCONNECTED);
        end_dispatcher(client);
        client->is_stopped = true;
}

_public_ confer_error confer_client_stop(confer_client *client) {
        if (!client)
                return CONFER_E_INVALID;
        if (listeners_is_inside(&client->listeners))
                return CONFER_E_STATE;

        pthread_mutex_lock(&client->lifecycle);
        stop(client);
        pthread_mutex_unlock(&client->lifecycle);
        return CONFER_OK;
}

/* -------------------------------------------------------------------------------------------------- waiting
 */

/* CONFER_OK: ready; CONFER_E_TIMEOUT: not yet. @first_chance: the server's first attempt is waited for. */
static confer_error ask_ready(const confer_client *client, bool first_chance) {
        if (atomic_load(&client->is_closing))
                return CONFER_E_CLOSED;
        if (!scope_is_all_known(&client->scope) ||
            (first_chance && atomic_load(&client->state) == (int)CONFER_STATE_CONNECTING))
                return CONFER_E_TIMEOUT;
        return CONFER_OK;
}

static void wait_for_change(confer_client *client, int64_t ms) {
        struct timespec at;

        (void)clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_sec += ms / 1000;
        at.tv_nsec += ms % 1000 * 1000000;
        if (at.tv_nsec >= 1000000000) {
                at.tv_sec++;
                at.tv_nsec -= 1000000000;
        }
        (void)pthread_cond_timedwait(&client->changed, &client->lock, &at);
}

static confer_error wait_ready(confer_client *client, int64_t timeout_ms) {
        int64_t began_ms = clock_now_ms(), passed_ms = 0;
        confer_error error;

        for (;;) {
                bool is_over = timeout_ms >= 0 && passed_ms >= timeout_ms;
                bool first_chance = !is_over && passed_ms < FIRST_CHANCE_MS;
                int64_t left_ms = timeout_ms < 0 ? FIRST_CHANCE_MS : timeout_ms - passed_ms;

                error = ask_ready(client, first_chance);
                if (error != CONFER_E_TIMEOUT || is_over)
                        return error;
                if (first_chance)
                        left_ms = MIN(left_ms, FIRST_CHANCE_MS - passed_ms);
                wait_for_change(client, left_ms);
                passed_ms = clock_now_ms() - began_ms;
        }
}

_public_ confer_error confer_client_wait_ready(confer_client *client, int64_t timeout_ms) {
        confer_error error = CONFER_E_STATE;

        if (!client)
                return CONFER_E_INVALID;
        if (listeners_is_inside(&client->listeners))
                return CONFER_E_STATE;

        pthread_mutex_lock(&client->lock);
        if (atomic_load(&client->is_closing) || atomic_load(&client->state) != (int)CONFER_STATE_DISCONNECTED)
                error = wait_ready(client, timeout_ms);
        pthread_mutex_unlock(&client->lock);
        return error;
}

/* -------------------------------------------------------------------------------------------------- getters
 */

_public_ confer_state confer_client_get_state(const confer_client *client) {
        return (confer_state)atomic_load(&client->state);
}

_public_ confer_error confer_client_get_last_error(const confer_client *client) {
        return (confer_error)atomic_load(&client->last_error);
}

_public_ uint64_t confer_client_get_revision(const confer_client *client) {
        return atomic_load(&client->replica.revision);
}

_public_ int64_t confer_client_get_age_ms(const confer_client *client) {
        int64_t now_ms = clock_now_ms();
        int64_t confirmed_ms = provenance_confirmed_ms(client->provenance, now_ms);

        return confirmed_ms == INT64_MIN ? -1 : MAX(now_ms - confirmed_ms, (int64_t)0);
}

_public_ confer_error confer_client_set_state_callback(confer_client *client, confer_state_fn callback,
                                                       void *context) {
        confer_error error = CONFER_OK;

        if (!client)
                return CONFER_E_INVALID;

        pthread_mutex_lock(&client->lifecycle);
        if (client->is_started || client->is_stopped)
                error = CONFER_E_STATE;
        else {
                client->on_state = callback;
                client->on_state_context = context;
        }
        pthread_mutex_unlock(&client->lifecycle);
        return error;
}

/* ------------------------------------------------------------------------------------------------------ tags
 */

_public_ confer_error confer_client_set_tag(confer_client *client, const char *name, const char *value) {
        confer_error error;

        if (!client || !name)
                return CONFER_E_INVALID;

        error = listeners_set_tag(&client->listeners, name, value, &client->verdicts);
        if (error == CONFER_OK)
                network_wake(&client->network);
        return error;
}

/* ------------------------------------------------------------------------------------------------- listening
 */

_public_ confer_error confer_listen(confer_client *client, const char *namespace_, const char *key,
                                    confer_listener_fn listener, void *context, uint64_t *ret_id) {
        Span namespace = span_from_string(namespace_), key_span = span_from_string(key);
        const ScopeName *name;
        int r;

        if (!client || !listener || (!namespace_ && key))
                return CONFER_E_INVALID;
        name = namespace_ ? scope_find(&client->scope, namespace) : NULL;
        if (namespace_ && (!name || (key && (!key_is_valid(key_span) || !scope_name_wants(name, key_span)))))
                return CONFER_E_INVALID;

        r = listeners_add(&client->listeners, namespace, key_span, listener, context, ret_id);
        if (r == -ESHUTDOWN)
                return CONFER_E_CLOSED;
        return r ? CONFER_E_NOMEM : CONFER_OK;
}

_public_ confer_error confer_unlisten(confer_client *client, uint64_t id) {
        if (!client)
                return CONFER_E_INVALID;

        return listeners_remove(&client->listeners, id) == 0 ? CONFER_OK : CONFER_E_NOT_FOUND;
}

_public_ int confer_client_get_fd(const confer_client *client) {
        return client->listeners.fd;
}

_public_ confer_error confer_dispatch(confer_client *client, size_t calls_max) {
        if (!client)
                return CONFER_E_INVALID;
        if (client->options->dispatch != CONFER_DISPATCH_APPLICATION)
                return CONFER_E_STATE;

        return call_listeners(client, calls_max) == 0 ? CONFER_OK : CONFER_E_STATE;
}
