/*
 * What a mirror has the store remember. It is submitted and not waited for: the writer carries notes out in
 * their order. Each returns false where its queue is full; then nothing is noted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mirror/troubles.h"
#include "model/span.h"
#include "store/store.h"

bool note_reached(Store *store, const char *mirror, int64_t outbox_id);
bool note_dead_letter(Store *store, const char *mirror, const Trouble *trouble, Span reason, int64_t now_ms);
bool note_delivered(Store *store, const char *mirror, const Trouble *trouble);
