/*
 * The sessions of browsers: who holds a session's id is who opened it, until it ends.
 *
 * A session ends when it was not used for a while, some time after it was opened in any case, and with the
 * process. At most SESSIONS_MAX are open; one more closes that which was not used for longest. Times are of
 * the wall clock, because a session's end is shown to people.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/macros.h"
#include "model/span.h"

#define SESSIONS_MAX 1024

/* Ids and CSRF values: 256 random bits in base64url. */
#define SESSION_TEXT_SIZE 43

typedef struct SessionTable SessionTable;

typedef struct Session {
        char csrf[SESSION_TEXT_SIZE + 1]; /* NUL-terminated */
        int64_t expires_at_ms;            /* unless it is used before */
} Session;

/*
 * @idle_ms: how long a session lasts without being used
 * @max_ms:  how long it lasts in any case
 * Return: NULL for want of memory.
 */
SessionTable *session_table_new(int64_t idle_ms, int64_t max_ms);
SessionTable *session_table_free(SessionTable *table);

/*
 * Of @ret_id, NUL-terminated, only the SHA-256 is kept.
 * @thread any, as the other two
 */
void session_open(SessionTable *table, int64_t now_ms, char ret_id[static SESSION_TEXT_SIZE + 1],
                  Session *ret_session);

/* Puts the end for want of use off. Return: whether there is such a session. */
bool session_use(SessionTable *table, Span id, int64_t now_ms, Session *ret_session);

/* Does nothing when there is no such session. */
void session_close(SessionTable *table, Span id);

DEFINE_CLEANUP(SessionTable *, session_table_free);
