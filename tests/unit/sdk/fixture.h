/*
 * A client whose network is the test: messages are handed to its stream, and what it sends is kept. It has no
 * threads; listeners are called by confer_dispatch().
 */
#pragma once

#include "client.h"
#include "follower.h"
#include "model/buf.h"

#define NAMESPACE "prod.acme.orders"

typedef struct Fixture {
        confer_client *client;
        Stream stream;
        Buf sent; /* messages, a line each */
        size_t n_pings;
} Fixture;

extern const TransportType transport_fake;

/* NULL for want of memory. @cache_path may be NULL. */
confer_options *fixture_options(void);
/* Return: what confer_client_new() did. */
confer_error fixture_init(Fixture *fixture, const confer_options *options);
void fixture_deinit(Fixture *fixture);

/* A new connection, which is open. */
void fixture_connect(Fixture *fixture);
void fixture_receive(Fixture *fixture, const char *text);
void fixture_pong(Fixture *fixture);

/* The JSON of a release, for the frames below; the checksum is right. Static, eight at a time. */
const char *release_text(const char *key, int version, unsigned revision, const char *content);
/* The same release with a gray release on it. @versions: of version_text(), joined by commas. */
const char *gray_text(const char *release, const char *rules, const char *versions);
const char *version_text(int version, const char *content);
/* One namespace of a frame: releases joined by commas; the deleted keys, quoted, or NULL for a snapshot. */
const char *namespace_text(const char *namespace_, const char *releases, const char *deleted);
void fixture_snapshot(Fixture *fixture, unsigned revision, const char *epoch, const char *namespaces,
                      bool more);
void fixture_change(Fixture *fixture, unsigned revision, const char *namespaces);

/* One config in a change of its own: releases of NAMESPACE. */
void fixture_put(Fixture *fixture, unsigned revision, const char *release);

/* The content now, or the error's sentence. Static until the next call. */
const char *content_of(confer_client *client, const char *namespace_, const char *key);
