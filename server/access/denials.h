/*
 * Refusals on their way to the audit, so few that nobody can fill the disk from outside.
 *
 * The first refusal of an address is to be written at once. Those that follow within a second are counted,
 * and written as one entry when the second is over; the next second begins with that entry. So an address
 * that goes on and on makes one entry a second. At most DENIALS_ADDRESSES_MAX addresses are told apart at a
 * time; the rest are only counted, together, under the address "*".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/macros.h"
#include "model/span.h"

#define DENIALS_ADDRESSES_MAX 256
#define DENIALS_WINDOW_MS     1000
#define DENIALS_TEXT_SIZE_MAX 255 /* a namespace and a key have no more */

typedef struct Denials Denials;

typedef struct Denial {
        Span address;
        Span actor;     /* "" when unknown */
        Span action;    /* the audit action that was asked for */
        Span namespace; /* or absent; not longer than a valid one */
        Span key;       /* or absent */
        Span reason;    /* the reason answered */
        int status;     /* the HTTP status answered */
        uint64_t count;
} Denial;

typedef void (*DenialFn)(void *context, const Denial *denial);

/* Return: NULL for want of memory. */
Denials *denials_new(void);
Denials *denials_free(Denials *denials);

/*
 * @now_ms: monotonic
 * Return: whether @denial (count 1) is to be written now. Else what it says is copied; texts longer than
 * DENIALS_TEXT_SIZE_MAX are cut.
 * @thread any
 */
bool denials_note(Denials *denials, const Denial *denial, int64_t now_ms);

/*
 * Hands out what was counted and is due, with the fields of the first one counted. To be called several times
 * a second, and at the end with INT64_MAX, when all is due. @fn runs under no lock; when it returns, the
 * texts are gone.
 * @thread any
 */
void denials_flush(Denials *denials, int64_t now_ms, DenialFn fn, void *context);

DEFINE_CLEANUP(Denials *, denials_free);
