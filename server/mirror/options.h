/*
 * The mirrors that an operator has asked for, as the file of mirrors says it (mirrors_file.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/problem.h"

#define MIRRORS_MAX 16

typedef enum MirrorKind {
        MIRROR_REDIS,
        MIRROR_ETCD,
        MIRROR_HTTP,
        MIRROR_ELECTION, /* none, but an entry of the same file: who of several servers works */
        MIRROR_KIND_N,
} MirrorKind;

/* What the value of a key is made of. */
typedef enum MirrorValue {
        MIRROR_VALUE_RAW,      /* the content as it is; Redis: a JSON object becomes a Hash */
        MIRROR_VALUE_DOCUMENT, /* JSON: the content with namespace, key, version, revision, format, sha256 …
                                */
        MIRROR_VALUE_GRAY,     /* JSON: the gray release that runs; where none does there is no key */
        MIRROR_VALUE_N,
} MirrorValue;

/* Texts that are not given are "", lists are empty. Times are in ms, sizes in bytes. */
typedef struct MirrorOptions {
        char *name;
        MirrorKind kind;

        /* What is mirrored, and to which keys. */
        char *namespace; /* it and all below; "": all */
        char *key;       /* template, see key_template.h */
        MirrorValue value;

        /* How. */
        uint64_t workers;
        uint64_t batch_max; /* keys */
        uint64_t batch_max_bytes;
        uint64_t batch_wait_ms; /* for more, after the first */
        uint64_t timeout_ms;    /* of a request, and of connecting */
        uint64_t retry_min_ms;
        uint64_t retry_max_ms;
        uint64_t attempts_max; /* of what the target answers that it failed */
        uint64_t dead_letters_max;
        uint64_t compare_interval_ms; /* 0: at start, after a reconnect and on demand only */
        bool prune;                   /* removes keys under the prefix that are none of Confer's */

        /* Where to. */
        char **endpoints; /* etcd and http: URLs; redis: one, HOST:PORT or a path of a socket */
        size_t n_endpoints;
        char *user;
        char *password;
        char *ca_file; /* PEM */
        char *cert_file;
        char *key_file;

        /* Redis. */
        uint64_t database;
        char *channel; /* "": nothing is published */
        bool tls;

        /* etcd. */
        char *lock_key;     /* where the worker that writes stands; "": beside the others */
        char *election_key; /* of the election of the same file, which is none of the mirror's; "": there is
                               none */

        /* Election; the key is no template. */
        uint64_t ttl_ms; /* of the lease */

        /* http. */
        char *method;
        char **headers; /* "Name: value" */
        size_t n_headers;
        char *body;   /* template of the whole body, see http_body.h; "": {"mirror", "revision", "changes"} */
        char *item;   /* template of one change in it; "": the change's document */
        char *secret; /* signs the body; "": none */
} MirrorOptions;

#define MIRROR_OPTIONS_NULL ((MirrorOptions){ .name = NULL })

enum {
        MIRROR_OPTIONS_E_INVALID = 1, /* the problem says why, and of which field */
};

/* With the defaults of @kind. Returns 0 or -ENOMEM. */
int mirror_options_init(MirrorOptions *ret_options, const char *name, MirrorKind kind);

/* Do the values fit each other? Returns 0, MIRROR_OPTIONS_E_INVALID or -ENOMEM. */
int mirror_options_check(const MirrorOptions *options, Problem *ret_problem);

/* Overwrites the secrets before it frees them. */
void mirror_options_deinit(MirrorOptions *options);
