/*
 * What a client is made with. Everything in it is checked by the setters, and is the options' own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backoff.h"
#include "confer/confer.h"
#include "model/catalog.h"
#include "model/frame.h"
#include "model/macros.h"
#include "tag_set.h"

#define SERVERS_MAX    16
#define TOKEN_SIZE_MAX 512
#define DEFAULTS_MAX   4096
#define PORT_DEFAULT   8750

typedef struct Server {
        char *host; /* without brackets */
        uint16_t port;
        bool is_tls;
} Server;

/* A namespace that is wanted: whole, or those of its keys. */
typedef struct Wanted {
        char *name;
        bool all_keys;
        char **keys;
        size_t n_keys;
} Wanted;

struct confer_options {
        Server servers[SERVERS_MAX];
        size_t n_servers;
        char *token;
        char *tls_ca;
        char *tls_certificate;
        char *tls_key;
        char *tls_server_name;
        char *instance;
        char *app;
        TagSet *tags;
        Wanted *wanted;
        size_t n_wanted;
        size_t n_keys; /* of all that is wanted */
        Catalog defaults;
        char *cache_path;
        uint64_t cache_max_age_ms; /* 0: however old */
        BackoffPolicy backoff;
        confer_log_fn log;
        void *log_context;
        confer_dispatch_mode dispatch;
};

/* A copy that shares nothing but the tags and the defaults' values. Return: 0 or -ENOMEM. */
int options_copy(const confer_options *options, confer_options **ret_options);

DEFINE_CLEANUP(confer_options *, confer_options_free);
