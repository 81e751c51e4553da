/*
 * The probe: clients of the SDK in one process, for tests. It knows the public header alone.
 *
 * What the clients see goes to standard output, one JSON object a line:
 *
 *      {"event": "state", "client": 0, "from": "connecting", "to": "connected", "error": "OK"}
 *      {"event": "change", "client": 0, "listener": 1, "kind": "updated", "key": …, "old": {…}, "new": {…}}
 *      {"event": "breach", "client": 0, "listener": 1, "what": …}     a promise of the header was broken
 *      {"event": "log", "client": 0, "level": "info", "message": …}   with --log
 *
 * Each line of standard input is a command (command.c), and is answered by one line, {"event": "answer", …}.
 * At the end of standard input the clients are stopped and freed, and the probe ends with 0. It aborts when
 * memory runs out.
 */
#pragma once

#include <confer/confer.h>
#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heard.h"

#define PROBE_NAMESPACES_MAX 32

typedef struct Probe Probe;
typedef struct ProbeClient ProbeClient;

/* Ids are small and the probe's own, so that a test can name a listener before the client has a number for
 * it. */
typedef struct ProbeListener {
        ProbeClient *client;
        uint64_t id;
        uint64_t handle; /* the client's id of it */
        pthread_mutex_t lock;
        HeardTable heard;
        struct ProbeListener *next;
} ProbeListener;

struct ProbeClient {
        Probe *probe;
        size_t index;
        confer_client *handle;

        pthread_mutex_t lock; /* of what follows: listeners and commands meet here */
        ProbeListener *listeners;
        uint64_t n_listeners;
        uint64_t revision; /* the newest that was seen */
        size_t n_refusals; /* how many changes are still to be refused */
        char *refusal;
        char *within; /* the command that the next listener runs */
        unsigned slow_ms;
};

struct Probe {
        confer_options *options;
        const char *namespaces[PROBE_NAMESPACES_MAX];
        size_t n_namespaces;
        const char *instance;
        const char *cache_file;
        const char *listen; /* "all", "none" or NAMESPACE[/KEY] */
        size_t n_clients;
        bool application; /* this thread runs the listeners */
        bool quiet;       /* changes are checked, and not printed */
        bool log;

        ProbeClient *clients;
};

/* options.c. Ends the process with 2 when the command line is wrong. */
void probe_parse_options(Probe *probe, int argc, char **argv);

/* client.c. */
void probe_client_open(ProbeClient *client, Probe *probe, size_t index);
void probe_client_close(ProbeClient *client);
confer_error probe_client_listen(ProbeClient *client, const char *namespace, const char *key,
                                 uint64_t *ret_id);
confer_error probe_client_unlisten(ProbeClient *client, uint64_t id);
/* NULL: there is none of this id. */
ProbeListener *probe_client_find_listener(ProbeClient *client, uint64_t id);

/* command.c. @line is taken apart. The object that comes back is the caller's. */
json_t *probe_run_command(ProbeClient *client, char *line);

/* output.c. Takes over @object; lines of several threads do not mix. */
void probe_print(json_t *object);
const char *probe_error_name(confer_error error);
/* The rule that chose it, or null. */
json_t *probe_rule_json(const confer_value *value);
/* NULL becomes null. Contents of up to 1 KiB are shown; the hash is made of the content's bytes in any case.
 */
json_t *probe_value_json(confer_value *value);

/* Ends the process: this test program is set up wrongly, or has no memory. */
void probe_die(const char *format, ...) __attribute__((__format__(__printf__, 1, 2), __noreturn__));
