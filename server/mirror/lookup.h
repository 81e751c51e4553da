/*
 * The addresses of a host, looked up without holding up whoever asks: by a thread of its own, since the
 * resolver of libc cannot be interrupted. Who no longer wants to know goes away, and the thread cleans up
 * when the resolver has come back.
 */
#pragma once

#include <netdb.h>

#include "mirror/target.h"

typedef struct Lookup Lookup;

/*
 * lookup_run() - find the addresses of @host
 * @host: a name, or an IPv4 or IPv6 address, which takes no thread; @port: a number
 *
 * Return: TARGET_OK with @ret_lookup, to be released with lookup_unref(); TARGET_E_DOWN with @ret_problem;
 * TARGET_E_STOPPED.
 */
TargetOutcome lookup_run(const char *host, const char *port, Waker *waker, int64_t timeout_ms,
                         Lookup **ret_lookup, Problem *ret_problem);
Lookup *lookup_unref(Lookup *lookup);

/* At least one. Borrowed. */
const struct addrinfo *lookup_addresses(const Lookup *lookup);

DEFINE_CLEANUP(Lookup *, lookup_unref);
