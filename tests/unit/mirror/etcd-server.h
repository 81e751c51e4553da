/*
 * A real etcd, in a directory of its own, and what tests ask it by etcdctl.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "lib/child.h"

#define ETCD_SERVER_ARGUMENTS_MAX 8

typedef struct EtcdServer {
        Child child;
        char endpoint[48]; /* its URL */
        char peer[48];     /* the other, for members of a cluster */
        uint16_t port;
        char directory[256];
        char data[288];
        char log[288];
        const char *arguments[ETCD_SERVER_ARGUMENTS_MAX + 1]; /* more of them, NULL last */
        const char *user;                                     /* of etcdctl, "NAME:PASSWORD"; NULL: none */
        const char *scheme;
} EtcdServer;

/* For cmocka: why all is skipped; false when it is not. */
bool etcd_server_is_missing(void);

/* Its directory is there from now on; arguments may be added before it is started. */
void etcd_server_init(EtcdServer *server);
void etcd_server_deinit(EtcdServer *server);
/* At the same port each time, with the data that is there. */
void etcd_server_start(EtcdServer *server);
void etcd_server_erase(EtcdServer *server);

/* What etcdctl prints, without the last newline; it succeeds. Valid until the next call. The arguments end
 * with NULL. */
const char *etcd_server_ask(const EtcdServer *server, ...);

/* The same for any program; @arguments: its name first, NULL last. */
const char *run_program(const char *const *arguments, const char *output);
