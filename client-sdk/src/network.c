#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/random.h>

#include "client.h"
#include "clock.h"
#include "model/hash.h"
#include "network.h"

/* What draws waits and servers need not be secret, only different on each client. */
static uint64_t next_random(Network *network) {
        network->random += UINT64_C(0x9e3779b97f4a7c15);
        return hash_mix(network->random);
}

void network_init(Network *network, const TransportType *type, size_t n_servers) {
        pthread_condattr_t attributes;

        *network = (Network){ .type = type, .backoff = BACKOFF_NULL };
        if (getrandom(&network->random, sizeof(network->random), GRND_NONBLOCK) < 0)
                network->random = (uint64_t)clock_wall_ms() ^ (uint64_t)(uintptr_t)network;
        network->server = next_random(network) % n_servers;
        pthread_mutex_init(&network->lock, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&network->woken, &attributes);
        pthread_condattr_destroy(&attributes);
}

void network_deinit(Network *network) {
        pthread_mutex_destroy(&network->lock);
        pthread_cond_destroy(&network->woken);
}

void network_wake(Network *network) {
        pthread_mutex_lock(&network->lock);
        network->is_woken = true;
        if (network->transport)
                network->type->wake(network->transport);
        pthread_cond_signal(&network->woken);
        pthread_mutex_unlock(&network->lock);
}

static void set_transport(Network *network, Transport *transport) {
        pthread_mutex_lock(&network->lock);
        network->transport = transport;
        pthread_mutex_unlock(&network->lock);
}

/* ------------------------------------------------------------------------------------------------- an
 * attempt
 */

static void run(confer_client *client, Stream *stream) {
        const TransportType *type = client->network.type;

        while (!stream->is_ended && !atomic_load(&client->is_closing)) {
                int64_t now_ms = clock_now_ms();

                type->run(stream->transport,
                          MIN(stream_timeout_ms(stream, now_ms), keeper_timeout_ms(client, now_ms)));
                now_ms = clock_now_ms();
                stream_tick(stream, now_ms);
                keeper_tick(client, now_ms);
        }
}

static void attempt(confer_client *client, Stream *stream) {
        Network *network = &client->network;
        const Server *server = &client->options->servers[network->server];
        confer_error error;

        log_write(&client->log, CONFER_LOG_DEBUG, "Connecting to %s, port %u", server->host, server->port);
        error = network->type->open(server, client->options, &stream_events, stream, &stream->transport);
        if (error) {
                stream->is_ended = true;
                stream->error = error;
                (void)snprintf(stream->why, sizeof(stream->why), "%s", confer_error_to_string(error));
                return;
        }

        set_transport(network, stream->transport);
        run(client, stream);
        set_transport(network, NULL);
        network->type->free(stream->transport);
}

/* A connection that was current is lost: what is known was confirmed when the server was last heard. */
static void note_loss(confer_client *client, const Stream *stream) {
        Network *network = &client->network;

        if (!stream->current_at_ms)
                return;

        provenance_set_confirmed(client->provenance, stream->heard_at_ms);
        keeper_note_change(&client->keeper, clock_now_ms());
        backoff_connection_lost(&network->backoff, &client->options->backoff, stream->current_at_ms,
                                clock_now_ms());
}

/* Where every server has a lasting fault, there is no hurry. One that was followed does speak confer.v1. */
static void note_failure(confer_client *client, const Stream *stream) {
        Network *network = &client->network;
        const Server *server = &client->options->servers[network->server];
        confer_error error = stream->error ? stream->error : CONFER_E_NETWORK;

        if (atomic_load(&client->is_closing))
                return;

        log_write(&client->log, CONFER_LOG_WARNING, "No connection to %s, port %u: %s", server->host,
                  server->port, stream->why);
        if (confer_error_is_fatal(error) && !stream->current_at_ms)
                network->n_faults++;
        else
                network->n_faults = 0;
        if (network->n_faults >= client->options->n_servers)
                backoff_slow_down(&network->backoff);
        network->server = (network->server + 1) % client->options->n_servers;
        atomic_store(&client->last_error, (int)error);
        client_move(client, CONFER_STATE_RECONNECTING);
}

/* -------------------------------------------------------------------------------------------------- waiting
 */

static struct timespec deadline_in(int64_t ms) {
        struct timespec at;

        (void)clock_gettime(CLOCK_MONOTONIC, &at);
        at.tv_sec += ms / 1000;
        at.tv_nsec += ms % 1000 * 1000000;
        if (at.tv_nsec >= 1000000000) {
                at.tv_sec++;
                at.tv_nsec -= 1000000000;
        }
        return at;
}

static void wait_until_woken(Network *network, int64_t ms) {
        struct timespec deadline = deadline_in(ms);

        pthread_mutex_lock(&network->lock);
        while (!network->is_woken &&
               pthread_cond_timedwait(&network->woken, &network->lock, &deadline) == 0) {
        }
        network->is_woken = false;
        pthread_mutex_unlock(&network->lock);
}

static void pause_between(confer_client *client) {
        Network *network = &client->network;
        int64_t now_ms = clock_now_ms(), until_ms;

        until_ms = now_ms + (int64_t)backoff_next_ms(&network->backoff, &client->options->backoff,
                                                     next_random(network));
        while (now_ms < until_ms && !atomic_load(&client->is_closing)) {
                wait_until_woken(network, MIN(until_ms - now_ms, keeper_timeout_ms(client, now_ms)));
                now_ms = clock_now_ms();
                keeper_tick(client, now_ms);
        }
}

/* ----------------------------------------------------------------------------------------------- the thread
 */

static void *network_main(void *context) {
        confer_client *client = context;
        Stream stream;

        for (;;) {
                pause_between(client);
                if (atomic_load(&client->is_closing))
                        break;

                stream_init(&stream, client, client->network.type, clock_now_ms());
                attempt(client, &stream);
                note_loss(client, &stream);
                note_failure(client, &stream);
                stream_deinit(&stream);
        }

        keeper_write(client);
        return NULL;
}

int network_make_thread(pthread_t *ret_thread, void *(*main)(void *context), void *context) {
        sigset_t all, before;
        int r;

        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(ret_thread, NULL, main, context);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        return -r;
}

int network_start(confer_client *client) {
        return network_make_thread(&client->network.thread, network_main, client);
}

void network_join(confer_client *client) {
        network_wake(&client->network);
        (void)pthread_join(client->network.thread, NULL);
}
