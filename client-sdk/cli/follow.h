/*
 * Following a namespace through the SDK: what watch and render have in common.
 *
 * The SDK's listeners run inside follow_step(), on the only thread of this program that has a say.
 */
#pragma once

#include <confer/confer.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "cli/run.h"

typedef struct Follow {
        const char *namespace_;
        const char *const *keys; /* n_keys; none: all of the namespace */
        size_t n_keys;
        bool is_patient; /* go on when the first attempt to connect fails */
        confer_client *client;
        Signals signals;
        bool was_connected;
        int code; /* the exit code that something unbearable asks for; or EXIT_DONE */
} Follow;

#define FOLLOW_NULL ((Follow){ .signals = SIGNALS_NULL })

void follow_deinit(Follow *follow);

/* Starts a client for the namespace and keys that the caller has set. @app: what operators see. Return: an
 * exit code, told. */
int follow_start(Follow *follow, const Options *options, const char *app);

/*
 * follow_listen() - wait for the server, then hear every value in force, and from then on every change
 *
 * When it returns EXIT_DONE, either the listener has heard all that is in force, or a signal asks for the
 * end. Return: an exit code, told; EXIT_UNREACHABLE and EXIT_NO_ACCESS as the SDK has it.
 */
int follow_listen(Follow *follow, confer_listener_fn listener, void *context);

/*
 * follow_step() - sleep until there is something to do, and call the listeners that are due
 * @timeout_ms: at most so long; negative: for ever
 * @other_fd: wakes it too, when readable; -1: none
 *
 * Return: whether to go on; no more once follow->code or follow->signals.end is set.
 */
bool follow_step(Follow *follow, int64_t timeout_ms, int other_fd);
