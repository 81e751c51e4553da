#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mirror/lookup.h"

#define HOST_SIZE_MAX 256
#define PORT_SIZE_MAX 8

struct Lookup {
        _Atomic unsigned n_refs; /* who asked, and the thread */
        _Atomic bool is_done;
        int fd; /* becomes readable then */
        int error;
        struct addrinfo *found;
        char host[HOST_SIZE_MAX];
        char port[PORT_SIZE_MAX];
};

Lookup *lookup_unref(Lookup *lookup) {
        if (!lookup || atomic_fetch_sub(&lookup->n_refs, 1) > 1)
                return NULL;

        if (lookup->found)
                freeaddrinfo(lookup->found);
        if (lookup->fd >= 0)
                (void)close(lookup->fd);
        free(lookup);
        return NULL;
}

const struct addrinfo *lookup_addresses(const Lookup *lookup) {
        return lookup->found;
}

static Lookup *lookup_new(const char *host, const char *port) {
        Lookup *lookup = calloc(1, sizeof(*lookup));

        if (!lookup)
                return NULL;

        lookup->n_refs = 1;
        lookup->fd = -1;
        (void)strncpy(lookup->host, host, sizeof(lookup->host) - 1);
        (void)strncpy(lookup->port, port, sizeof(lookup->port) - 1);
        return lookup;
}

static void find(Lookup *lookup, int flags) {
        struct addrinfo hints = {
                .ai_family = AF_UNSPEC,
                .ai_socktype = SOCK_STREAM,
                .ai_flags = flags | AI_NUMERICSERV,
        };

        lookup->error = getaddrinfo(lookup->host, lookup->port, &hints, &lookup->found);
}

static void *find_name(void *context) {
        Lookup *lookup = context;

        find(lookup, AI_ADDRCONFIG);
        atomic_store_explicit(&lookup->is_done, true, memory_order_release);
        (void)!write(lookup->fd, &(uint64_t){ 1 }, sizeof(uint64_t));
        lookup_unref(lookup);
        return NULL;
}

/* Return: 0, or what is wrong as errno. */
static int start(Lookup *lookup) {
        pthread_attr_t attributes;
        pthread_t thread;
        int r;

        lookup->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (lookup->fd < 0)
                return errno;

        (void)pthread_attr_init(&attributes);
        (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        lookup->n_refs = 2;
        r = pthread_create(&thread, &attributes, find_name, lookup);
        if (r)
                lookup->n_refs = 1;
        (void)pthread_attr_destroy(&attributes);
        return r;
}

static TargetOutcome wait_for(Lookup *lookup, Waker *waker, int64_t timeout_ms, Problem *ret_problem) {
        int r = start(lookup);

        if (r) {
                problem_set(ret_problem, NULL, "the address of %s cannot be looked up: %s", lookup->host,
                            strerrordesc_np(r));
                return TARGET_E_DOWN;
        }
        if (waker_poll(waker, lookup->fd, POLLIN, timeout_ms, 0) == 0) {
                problem_set(ret_problem, NULL, "looking up the address of %s takes more than %lld ms",
                            lookup->host, (long long)timeout_ms);
                return waker_is_stopping(waker) ? TARGET_E_STOPPED : TARGET_E_DOWN;
        }
        return atomic_load_explicit(&lookup->is_done, memory_order_acquire) ? TARGET_OK : TARGET_E_DOWN;
}

TargetOutcome lookup_run(const char *host, const char *port, Waker *waker, int64_t timeout_ms,
                         Lookup **ret_lookup, Problem *ret_problem) {
        _cleanup_(lookup_unrefp) Lookup *lookup = lookup_new(host, port);
        TargetOutcome outcome;

        if (!lookup) {
                problem_set(ret_problem, NULL, "there is not enough memory to look up an address");
                return TARGET_E_DOWN;
        }

        find(lookup, AI_NUMERICHOST);
        if (lookup->error) {
                outcome = wait_for(lookup, waker, timeout_ms, ret_problem);
                if (outcome != TARGET_OK)
                        return outcome;
        }
        if (lookup->error) {
                problem_set(ret_problem, NULL, "the address of %s is not found: %s", host,
                            gai_strerror(lookup->error));
                return TARGET_E_DOWN;
        }

        *ret_lookup = lookup;
        lookup = NULL;
        return TARGET_OK;
}
