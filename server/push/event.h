/*
 * A committed change on its way to its followers, with the frames that were made of it.
 *
 * Followers whose scopes take the same items of the change get the same frame: it is encoded by whichever
 * loop needs it first, and kept for the others and for those who resume later. The lock is held while a frame
 * is being encoded, and by none who answers a request from the catalog.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/change.h"
#include "push/wire_frame.h"

typedef struct Event Event;

/* @account: where the memory of its frames is counted. Return: an event with one reference. */
Event *event_new(Change *change, _Atomic uint64_t *account);
/* @thread any */
Event *event_ref(Event *event);
Event *event_unref(Event *event);

const Change *event_change(const Event *event);
/* What it takes of memory, about: its releases, and the frames that it keeps at most. */
size_t event_size(const Event *event);

/*
 * event_frame() - the frame of some of its items
 * @is_wanted: for each item of the change, whether it is
 * @ret_encoded: whether it had to be made
 *
 * Return: a frame with a reference for the caller.
 * @thread any
 */
WireFrame *event_frame(Event *event, const bool *is_wanted, bool *ret_encoded);
