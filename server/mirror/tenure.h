/*
 * How long a server may believe that it leads, and when it has to do something about it: times in, times out.
 *
 * etcd counts a lease from when it hears of it, which is never before that was sent. So this server counts
 * from the sending, and stops a margin earlier: for clocks that do not run alike, and for what was begun just
 * before. A renewal is tried each third of the time, and more often while it fails. Example, a lease of 5 s
 * that was renewed by what was sent at 0: renewed again at 1666 ms, tried each 500 ms where that fails, and
 * not believed in any more from 4000 ms on. etcd gives it to somebody else at 5000 ms at the earliest.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Tenure {
        int64_t ttl_ms;
        int64_t sent_at_ms; /* of the newest grant or renewal that was answered; INT64_MIN: there is none */
} Tenure;

#define TENURE_NULL(ttl) ((Tenure){ (ttl), INT64_MIN })

/* A grant or a renewal was answered that was sent then. */
void tenure_renew(Tenure *tenure, int64_t sent_at_ms);
void tenure_end(Tenure *tenure);

/* Until when this server leads; INT64_MIN: it does not. */
int64_t tenure_until_ms(const Tenure *tenure);
static inline bool tenure_holds(const Tenure *tenure, int64_t now_ms) {
        return now_ms < tenure_until_ms(tenure);
}

/* How long to wait from @now_ms on before it is renewed. @has_failed: what was tried last; never beyond the
 * end of the tenure. */
int64_t tenure_wait_ms(const Tenure *tenure, bool has_failed, int64_t now_ms);

/* How long a request may take: that there is another try before the end. */
int64_t tenure_timeout_ms(const Tenure *tenure, int64_t now_ms);

/* How long a server that does not lead waits between two looks at who does. */
int64_t tenure_look_ms(const Tenure *tenure);
