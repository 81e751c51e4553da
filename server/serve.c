#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/app.h"
#include "api/routes.h"
#include "ingest/ingest.h"
#include "mirror/election.h"
#include "mirror/mirror.h"
#include "mirror/mirrors_file.h"
#include "push/push.h"
#include "ramp/driver.h"
#include "serve.h"
#include "store/reader.h"
#include "util/clock.h"
#include "util/data_dir.h"
#include "util/log.h"

/* Password checks that may wait, at some 300 ms each: the last of them is answered within seconds. */
#define HASHES_WAITING_MAX 16

/* All parts, in the order in which they start. */
typedef struct Parts {
        const Settings *settings;
        DataDir data;
        Access *access;
        char made_password[33]; /* "" unless this start made one */
        Job password_job;
        Route *routes;
        Push *push;
        RampDriver *ramps;
        Server *server;
        MirrorsFile mirrors_file;
        Gate *gate;
        Mirrors *mirrors;
        Ingests *ingests;
        Election *election; /* NULL: none is asked for */
        Store *store;
        Catalog catalog; /* what the loops' copies are made from */
        WorkerState *worker_states;
        Workers *workers;
        Workers *hasher;
        App app;
} Parts;

static size_t choose_n_threads(const Settings *settings) {
        long n_cores = sysconf(_SC_NPROCESSORS_ONLN);

        if (settings->threads)
                return settings->threads;
        return n_cores > 0 ? (size_t)n_cores : 1;
}

/* Signals are taken by the main thread alone, one at a time, by sigwait(). */
static void block_signals(sigset_t *ret_set) {
        (void)signal(SIGPIPE, SIG_IGN);
        (void)sigemptyset(ret_set);
        (void)sigaddset(ret_set, SIGTERM);
        (void)sigaddset(ret_set, SIGINT);
        (void)sigaddset(ret_set, SIGHUP);
        (void)pthread_sigmask(SIG_BLOCK, ret_set, NULL);
}

static int start_access(Parts *parts, Problem *ret_problem) {
        const Settings *settings = parts->settings;
        AccessOptions options = {
                .data_path = parts->data.path,
                .admin_password = settings->admin_password,
                .admin_token = settings->admin_token,
                .session_idle_ms = (int64_t)settings->session_idle_ms,
                .session_max_ms = (int64_t)settings->session_max_ms,
        };

        return access_new(&options, &parts->access, parts->made_password, ret_problem);
}

/* The change stream, and who is told of what it hears. */
static int make_push(Parts *parts) {
        const Settings *settings = parts->settings;
        PushOptions options = {
                .connections_max = settings->stream_connections_max,
                .namespaces_max = settings->stream_namespaces_max,
                .queue_max_bytes = settings->stream_queue_max_bytes,
                .memory_max_bytes = settings->stream_memory_max_bytes,
                .tail_max_changes = settings->stream_tail_max_changes,
                .tail_max_bytes = settings->stream_tail_max_bytes,
                .message_max_bytes = settings->stream_message_max_bytes,
                .ping_interval_ms = (int64_t)settings->stream_ping_interval_ms,
                .silence_ms = (int64_t)settings->stream_silence_ms,
                .refused = ramp_driver_note_refusal,
        };

        parts->ramps = ramp_driver_new((int64_t)settings->ramp_settle_ms);
        if (!parts->ramps)
                return -ENOMEM;

        options.refused_context = parts->ramps;
        parts->push = push_new(&options);
        return parts->push ? 0 : -ENOMEM;
}

static int start_server(Parts *parts, Problem *ret_problem) {
        const Settings *settings = parts->settings;
        ServerOptions options = {
                .host = settings->listen.host,
                .port = settings->listen.port,
                .n_threads = choose_n_threads(settings),
                .connections_max = settings->connections_max,
                .body_max_bytes = settings->body_max_bytes,
                .headers_max_bytes = settings->headers_max_bytes,
                .request_timeout_ms = settings->request_timeout_ms,
                .query_timeout_ms = settings->query_timeout_ms,
                .access_log = settings->access_log,
                .app = &parts->app,
        };
        int r;

        r = make_push(parts);
        if (r)
                return r;
        options.hooks[0] = push_hooks(parts->push);
        options.hooks[1] = ramp_driver_hooks(parts->ramps);
        parts->routes = routes_new(settings->metrics_public, &options.n_routes);
        options.routes = parts->routes;
        parts->app.n_threads = options.n_threads;
        r = server_new(&options, &parts->server, ret_problem);
        if (r)
                return r;

        parts->app.server = parts->server;
        return server_listen(parts->server, ret_problem);
}

/* What the file of mirrors asks for. The election closes the gate before anybody else looks at it. */
static int make_mirrors(Parts *parts, Problem *ret_problem) {
        const MirrorsFile *file = &parts->mirrors_file;
        int r;

        r = mirrors_file_read(parts->settings->mirrors, environ, &parts->mirrors_file, ret_problem);
        if (r)
                return r;

        parts->gate = gate_new();
        if (file->has_election) {
                r = election_new(&file->election, parts->gate, &parts->election, ret_problem);
                if (r)
                        return r;
        }
        r = mirrors_new(file->items, file->n, parts->gate, &parts->mirrors, ret_problem);
        if (r)
                return r;
        r = ingests_new(file->items, file->n, parts->settings->content_max_bytes, parts->gate,
                        &parts->ingests, ret_problem);
        if (r)
                return r;

        parts->app.mirrors = parts->mirrors;
        parts->app.ingests = parts->ingests;
        parts->app.election = parts->election;
        return 0;
}

/* The others show to people where the one that leads is. */
static int start_election(Parts *parts, Problem *ret_problem) {
        char address[ELECTION_NAME_MAX];

        if (!parts->election)
                return 0;

        (void)snprintf(address, sizeof(address), "%.128s:%u", parts->settings->listen.host,
                       server_port(parts->server));
        return election_start(parts->election, address, ret_problem);
}

/* A StoreSink: the loops are told, and whoever mirrors what they serve. */
static void deliver(void *context, Commit *commit) {
        const Parts *parts = context;
        bool has_changed = commit->n_changes > 0;

        server_deliver(parts->server, commit);
        if (has_changed)
                mirrors_wake(parts->mirrors);
}

static int start_store(Parts *parts, Problem *ret_problem) {
        const Settings *settings = parts->settings;
        StoreOptions options = {
                .path = parts->data.database,
                .queue_max = settings->write_queue_max,
                .wal_max_bytes = settings->wal_max_bytes,
                .outbox_max_rows = settings->outbox_max_rows,
                .head_log_max_rows = settings->head_log_max_rows,
                .sink = deliver,
                .sink_context = parts,
        };
        int r;

        r = store_open(&options, &parts->store, ret_problem);
        if (r)
                return r;
        r = store_load(parts->store, &parts->catalog, ret_problem);
        if (r)
                return r;
        r = store_start(parts->store);
        if (r)
                problem_set(ret_problem, NULL, "the writer cannot be started: %s", strerror(-r));
        return r;
}

static int start_workers(Parts *parts, Problem *ret_problem) {
        size_t n = parts->settings->query_threads;
        void *states[64];
        int r;

        parts->worker_states = calloc(n, sizeof(WorkerState));
        if (!parts->worker_states)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++) {
                r = reader_open(parts->data.database, &parts->worker_states[i].reader, ret_problem);
                if (r)
                        return r;
                states[i] = &parts->worker_states[i];
        }

        r = workers_start(states, n, parts->settings->query_queue_max, &parts->workers);
        if (r == 0)
                r = workers_start((void *[]){ NULL }, 1, HASHES_WAITING_MAX, &parts->hasher);
        if (r)
                problem_set(ret_problem, "query_threads", "a thread cannot be started: %s", strerror(-r));
        return r;
}

static void hash_password(Job *job, _unused_ void *state) {
        Parts *parts = (Parts *)((char *)job - offsetof(Parts, password_job));

        access_hash_password(parts->access);
}

/* That takes a third of a second, which only logins have to wait for. */
static void hash_password_in_background(Parts *parts) {
        parts->password_job = (Job){ .run = hash_password };
        (void)workers_submit(parts->hasher, &parts->password_job);
}

static void announce(const Parts *parts) {
        const char *host = parts->settings->listen.host;
        bool is_v6 = strchr(host, ':');

        if (parts->made_password[0])
                printf("The admin password is %s (also in %s/admin-password)\n", parts->made_password,
                       parts->data.path);
        printf("conferd is ready on http://%s%s%s:%u\n", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
               server_port(parts->server));
        (void)fflush(stdout);
        log_info("server.ready", "Serving %zu configs in %zu namespaces, revision %llu, on port %u.",
                 catalog_n_releases(&parts->catalog), catalog_n_namespaces(&parts->catalog),
                 (unsigned long long)parts->catalog.revision, server_port(parts->server));
}

static int start(Parts *parts, Problem *ret_problem) {
        int r;

        r = data_dir_open(&parts->data, parts->settings->data, DATA_DIR_OWN, ret_problem);
        if (r)
                return r;
        r = make_mirrors(parts, ret_problem);
        if (r)
                return r;
        r = start_server(parts, ret_problem);
        if (r)
                return r;
        r = start_store(parts, ret_problem);
        if (r)
                return r;
        r = start_access(parts, ret_problem);
        if (r)
                return r;
        r = start_workers(parts, ret_problem);
        if (r)
                return r;

        parts->app.access = parts->access;
        parts->app.store = parts->store;
        parts->app.workers = parts->worker_states;
        parts->app.n_workers = parts->settings->query_threads;
        push_set_epoch(parts->push, store_epoch(parts->store));
        ramp_driver_set_store(parts->ramps, parts->store);
        server_seed(parts->server, &parts->catalog,
                    &(ServerParts){ parts->store, parts->access, parts->workers, parts->hasher });
        r = mirrors_start(parts->mirrors, parts->store, parts->data.database, ret_problem);
        if (r)
                return r;
        r = ingests_start(parts->ingests, parts->store, parts->data.database, ret_problem);
        if (r)
                return r;
        r = start_election(parts, ret_problem);
        if (r)
                return r;
        parts->app.is_ready = true;
        hash_password_in_background(parts);
        announce(parts);
        catalog_deinit(&parts->catalog);
        return 0;
}

/* No new connections, then no new requests, then no commands that wait, then no threads. */
static void stop(Parts *parts) {
        if (parts->app.is_ready && !server_drain(parts->server, parts->settings->stop_timeout_ms))
                log_warning("server.stop-timeout",
                            "Some requests were still under way when the time to stop was up.");

        if (parts->ingests)
                ingests_stop(parts->ingests);
        if (parts->mirrors)
                mirrors_stop(parts->mirrors);
        if (parts->election)
                election_stop(parts->election);
        parts->hasher = workers_stop(parts->hasher);
        parts->workers = workers_stop(parts->workers);
        if (parts->store)
                store_stop(parts->store);
        parts->server = server_free(parts->server);
        parts->ingests = ingests_free(parts->ingests);
        parts->election = election_free(parts->election);
        parts->mirrors = mirrors_free(parts->mirrors);
        parts->gate = gate_free(parts->gate);
        mirrors_file_deinit(&parts->mirrors_file);
        parts->push = push_free(parts->push);
        parts->ramps = ramp_driver_free(parts->ramps);
        parts->store = store_close(parts->store);
        for (size_t i = 0; parts->worker_states && i < parts->settings->query_threads; i++)
                reader_close(parts->worker_states[i].reader);

        free(parts->worker_states);
        free(parts->routes);
        catalog_deinit(&parts->catalog);
        access_free(parts->access);
        data_dir_close(&parts->data);
}

static void wait_for_stop(Parts *parts, const sigset_t *signals) {
        int number = 0;

        while (number != SIGTERM && number != SIGINT) {
                (void)sigwait(signals, &number);
                if (number == SIGHUP)
                        server_reopen_access_log(parts->server);
        }
        log_info("server.stopping", "Stopping on %s.", strsignal(number));
}

int serve(const Settings *settings, const char *version, Problem *ret_problem) {
        Parts parts = {
                .settings = settings,
                .data = DATA_DIR_NULL,
                .mirrors_file = MIRRORS_FILE_NULL,
                .app = {
                        .version = version,
                        .started_at_ms = clock_wall_ms(),
                        .content_max_bytes = settings->content_max_bytes,
                },
        };
        sigset_t signals;
        int r;

        block_signals(&signals);
        r = start(&parts, ret_problem);
        if (r == 0)
                wait_for_stop(&parts, &signals);
        stop(&parts);
        return r;
}
