/*
 * Asking a mirror or an ingest to go through everything again: what is written of that in the audit.
 */
#pragma once

#include "http/request.h"
#include "model/span.h"

/*
 * resync_prepare() - make the entry that somebody asked for it
 * @action: "mirror.resync"; @kind: "mirror", which the details call it by its @name
 */
void resync_prepare(Request *request, Span action, const char *kind, Span name);
