/*
 * Wrong passwords, counted by the address that sent them, so that guessing is slow from any one place.
 *
 * The count begins with an address's first wrong password and is forgotten a minute later. The tenth within
 * it shuts the address out for a minute: further tries are refused unseen, right ones too, else a guesser
 * would learn which one was right. The cost: whoever shares an address with a guesser, as behind a proxy,
 * waits as well.
 *
 * An IPv6 address counts as its network of 64 bits, all of which one host may use. Times are arguments.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/macros.h"
#include "model/span.h"

#define THROTTLE_FAILURES_MAX 10
#define THROTTLE_WINDOW_MS    60000

/* At most so many addresses are remembered; one more replaces the one that failed longest ago. */
#define THROTTLE_ADDRESSES_MAX 1024

typedef struct Throttle Throttle;

/* Return: NULL for want of memory. */
Throttle *throttle_new(void);
Throttle *throttle_free(Throttle *throttle);

/* Takes no lock unless some address is shut out. @thread any */
bool throttle_is_shut(Throttle *throttle, Span address, int64_t now_ms);

/* Counts a wrong password of an address that is not shut out. Return: whether it is now. @thread any */
bool throttle_count_failure(Throttle *throttle, Span address, int64_t now_ms);

DEFINE_CLEANUP(Throttle *, throttle_free);
