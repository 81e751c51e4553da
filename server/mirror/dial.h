/*
 * A socket that is connected to HOST:PORT or to a path, within a time, and at once no longer wanted when the
 * waker says so.
 */
#pragma once

#include <stdbool.h>
#include <sys/un.h>

#include "mirror/target.h"

#define DIAL_HOST_SIZE_MAX 255
#define DIAL_PATH_SIZE_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

/* Either a path, or a host and a port. */
typedef struct DialAddress {
        char path[DIAL_PATH_SIZE_MAX + 1];
        char host[DIAL_HOST_SIZE_MAX + 1];
        char port[6];
} DialAddress;

/*
 * dial_parse() - read "HOST:PORT", "[IPV6]:PORT" or "/PATH"
 * @ret_problem: filled on failure only, without a field
 */
bool dial_parse(const char *text, DialAddress *ret_address, Problem *ret_problem);

/*
 * dial_connect() - connect to the first of the addresses that takes it
 * @timeout_ms: for looking up the host, and once more for connecting
 *
 * Return: TARGET_OK with @ret_fd, which does not block and is the caller's; TARGET_E_DOWN with @ret_problem;
 * TARGET_E_STOPPED.
 */
TargetOutcome dial_connect(const DialAddress *address, Waker *waker, int64_t timeout_ms, int *ret_fd,
                           Problem *ret_problem);
