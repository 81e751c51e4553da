#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "probe.h"

static const char *kind_name(confer_change_kind kind) {
        switch (kind) {
        case CONFER_CHANGE_INITIAL:
                return "initial";
        case CONFER_CHANGE_UPDATED:
                return "updated";
        case CONFER_CHANGE_REMOVED:
                return "removed";
        }
        return "?";
}

static void breach(const ProbeListener *listener, const char *what, const confer_change *change) {
        probe_print(json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:o, s:o}", "event", "breach", "client",
                              (json_int_t)listener->client->index, "listener", (json_int_t)listener->id,
                              "what", what, "namespace", confer_change_get_namespace(change), "key",
                              confer_change_get_key(change), "old",
                              probe_value_json(confer_change_get_old(change)), "new",
                              probe_value_json(confer_change_get_new(change))));
}

static void tell(const ProbeListener *listener, const confer_change *change) {
        probe_print(json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:o, s:o}", "event", "change", "client",
                              (json_int_t)listener->client->index, "listener", (json_int_t)listener->id,
                              "kind", kind_name(confer_change_get_kind(change)), "namespace",
                              confer_change_get_namespace(change), "key", confer_change_get_key(change),
                              "old", probe_value_json(confer_change_get_old(change)), "new",
                              probe_value_json(confer_change_get_new(change))));
}

/* What confer_get() answers is never behind what a listener was told. */
static const char *check_reading(confer_client *handle, const confer_change *change) {
        confer_value *new = confer_change_get_new(change), *now = NULL;
        const char *result = NULL;

        if (!new)
                return NULL;
        if (confer_get(handle, confer_change_get_namespace(change), confer_change_get_key(change), &now))
                return NULL; /* removed meanwhile; a listener is told of it */
        if (strcmp(confer_value_get_namespace(new), confer_value_get_namespace(now)) == 0 &&
            confer_value_get_revision(now) < confer_value_get_revision(new))
                result = "reading is never behind listening";
        confer_value_unref(now);
        return result;
}

static const char *check_revision(ProbeClient *client, confer_client *handle, const confer_change *change) {
        confer_value *new = confer_change_get_new(change);
        uint64_t revision, before;

        /* Held while it is asked for, so that two listeners' answers cannot change places. */
        pthread_mutex_lock(&client->lock);
        revision = confer_client_get_revision(handle);
        before = client->revision;
        client->revision = revision;
        pthread_mutex_unlock(&client->lock);
        if (revision < before)
                return "the client's revision never falls";
        if (new &&confer_value_get_revision(new) > revision)
                return "the client's revision is not behind what it tells";
        return NULL;
}

static bool take_refusal(ProbeClient *client, char **ret_reason) {
        bool refuses;

        pthread_mutex_lock(&client->lock);
        refuses = client->n_refusals > 0;
        if (refuses) {
                client->n_refusals--;
                *ret_reason = strdup(client->refusal);
        }
        pthread_mutex_unlock(&client->lock);
        return refuses;
}

static char *take_command(ProbeClient *client, unsigned *ret_slow_ms) {
        char *command;

        pthread_mutex_lock(&client->lock);
        command = client->within;
        client->within = NULL;
        *ret_slow_ms = client->slow_ms;
        pthread_mutex_unlock(&client->lock);
        return command;
}

/* What the test wants to happen inside of a listener. */
static void obey(ProbeClient *client, confer_change *change) {
        char *reason = NULL, *command;
        unsigned slow_ms = 0;

        if (take_refusal(client, &reason))
                confer_change_refuse(change, reason);
        free(reason);

        command = take_command(client, &slow_ms);
        if (command) {
                probe_print(json_pack("{s:s, s:I, s:o}", "event", "within", "client",
                                      (json_int_t)client->index, "answer",
                                      probe_run_command(client, command)));
                free(command);
        }
        if (slow_ms) {
                struct timespec pause = { slow_ms / 1000, (long)(slow_ms % 1000) * 1000000 };

                nanosleep(&pause, NULL);
        }
}

static void on_change(confer_client *handle, confer_change *change, void *context) {
        ProbeListener *listener = context;
        const char *what;

        /* Whoever asks what was heard finds that it was told, and whoever was told finds it heard. */
        pthread_mutex_lock(&listener->lock);
        what = heard_table_take(&listener->heard, change);
        if (!listener->client->probe->quiet)
                tell(listener, change);
        pthread_mutex_unlock(&listener->lock);

        if (!what)
                what = check_revision(listener->client, handle, change);
        if (!what)
                what = check_reading(handle, change);
        if (what)
                breach(listener, what, change);
        obey(listener->client, change);
}

static void on_state(confer_client *handle, confer_state from, confer_state to, void *context) {
        const ProbeClient *client = context;

        if (client->probe->quiet)
                return;
        probe_print(json_pack("{s:s, s:I, s:s, s:s, s:s}", "event", "state", "client",
                              (json_int_t)client->index, "from", confer_state_to_string(from), "to",
                              confer_state_to_string(to), "error",
                              probe_error_name(confer_client_get_last_error(handle))));
}

static void on_log(void *context, confer_log_level level, const char *message) {
        static const char *const levels[] = { "error", "warning", "info", "debug" };
        const ProbeClient *client = context;

        probe_print(json_pack("{s:s, s:I, s:s, s:s}", "event", "log", "client", (json_int_t)client->index,
                              "level", levels[level], "message", message));
}

ProbeListener *probe_client_find_listener(ProbeClient *client, uint64_t id) {
        ProbeListener *listener;

        pthread_mutex_lock(&client->lock);
        listener = client->listeners;
        while (listener && listener->id != id)
                listener = listener->next;
        pthread_mutex_unlock(&client->lock);
        return listener;
}

static ProbeListener *listener_new(ProbeClient *client) {
        ProbeListener *listener = calloc(1, sizeof(*listener));

        if (!listener)
                probe_die("no memory");
        pthread_mutex_init(&listener->lock, NULL);
        listener->client = client;
        pthread_mutex_lock(&client->lock);
        listener->id = ++client->n_listeners;
        listener->next = client->listeners;
        client->listeners = listener;
        pthread_mutex_unlock(&client->lock);
        return listener;
}

confer_error probe_client_listen(ProbeClient *client, const char *namespace, const char *key,
                                 uint64_t *ret_id) {
        ProbeListener *listener = listener_new(client);
        uint64_t handle = 0;
        confer_error error;

        error = confer_listen(client->handle, namespace, key, on_change, listener, &handle);
        if (error)
                return error;
        pthread_mutex_lock(&client->lock);
        listener->handle = handle;
        pthread_mutex_unlock(&client->lock);
        *ret_id = listener->id;
        return CONFER_OK;
}

confer_error probe_client_unlisten(ProbeClient *client, uint64_t id) {
        ProbeListener *listener = probe_client_find_listener(client, id);
        uint64_t handle;

        if (!listener)
                return confer_unlisten(client->handle, UINT64_MAX);
        pthread_mutex_lock(&client->lock);
        handle = listener->handle;
        pthread_mutex_unlock(&client->lock);
        return confer_unlisten(client->handle, handle);
}

static void listen_as_asked(ProbeClient *client, const char *what) {
        uint64_t id;
        char *namespace, *key;
        confer_error error;

        if (strcmp(what, "none") == 0)
                return;
        namespace = strcmp(what, "all") == 0 ? NULL : strdup(what);
        key = namespace ? strchr(namespace, '/') : NULL;
        if (key)
                *key++ = '\0';
        error = probe_client_listen(client, namespace, key, &id);
        if (error)
                probe_die("cannot listen to %s: %s", what, confer_error_to_string(error));
        free(namespace);
}

/* Each of several clients has an instance id and a cache file of its own. */
static void set_own_options(ProbeClient *client) {
        Probe *probe = client->probe;
        char text[4096];

        snprintf(text, sizeof(text), probe->n_clients > 1 ? "%s-%zu" : "%s", probe->instance, client->index);
        if (confer_options_set_instance(probe->options, text))
                probe_die("%s is no instance id", text);
        if (probe->log)
                (void)confer_options_set_log(probe->options, on_log, client);
        if (!probe->cache_file)
                return;
        snprintf(text, sizeof(text), probe->n_clients > 1 ? "%s-%zu" : "%s", probe->cache_file,
                 client->index);
        if (confer_options_set_cache_file(probe->options, text))
                probe_die("%s is no cache file", text);
}

void probe_client_open(ProbeClient *client, Probe *probe, size_t index) {
        confer_error error;

        *client = (ProbeClient){ .probe = probe, .index = index };
        pthread_mutex_init(&client->lock, NULL);
        set_own_options(client);
        error = confer_client_new(probe->options, &client->handle);
        if (error)
                probe_die("no client: %s", confer_error_to_string(error));
        if (confer_client_set_state_callback(client->handle, on_state, client))
                probe_die("no state callback");
        listen_as_asked(client, probe->listen);
        error = confer_client_start(client->handle);
        if (error)
                probe_die("the client does not start: %s", confer_error_to_string(error));
}

void probe_client_close(ProbeClient *client) {
        confer_client_free(client->handle);
        while (client->listeners) {
                ProbeListener *listener = client->listeners;

                client->listeners = listener->next;
                heard_table_deinit(&listener->heard);
                pthread_mutex_destroy(&listener->lock);
                free(listener);
        }
        pthread_mutex_destroy(&client->lock);
        free(client->refusal);
        free(client->within);
}
