/*
 * The handlers of the change stream's routes, by the file that holds them.
 */
#pragma once

#include "http/request.h"

/* handshake.c: GET /stream */
bool stream_hold(Request *request);

/* changes.c: GET /changes */
bool changes_hold(Request *request);

/* instances.c: GET /instances */
bool instances_hold(Request *request);
