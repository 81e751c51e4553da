#include "mirror/tenure.h"
#include "model/macros.h"

#define MARGIN_PARTS  5 /* of the time of a lease */
#define RENEWAL_PARTS 3
#define RETRY_PARTS   10
#define LOOK_MAX_MS   1000 /* a look costs etcd one small read */

void tenure_renew(Tenure *tenure, int64_t sent_at_ms) {
        tenure->sent_at_ms = MAX(tenure->sent_at_ms, sent_at_ms);
}

void tenure_end(Tenure *tenure) {
        tenure->sent_at_ms = INT64_MIN;
}

int64_t tenure_until_ms(const Tenure *tenure) {
        if (tenure->sent_at_ms == INT64_MIN)
                return INT64_MIN;
        return tenure->sent_at_ms + tenure->ttl_ms - tenure->ttl_ms / MARGIN_PARTS;
}

int64_t tenure_wait_ms(const Tenure *tenure, bool has_failed, int64_t now_ms) {
        int64_t at_ms = has_failed ? now_ms + tenure->ttl_ms / RETRY_PARTS
                                   : tenure->sent_at_ms + tenure->ttl_ms / RENEWAL_PARTS;

        return MAX(MIN(at_ms, tenure_until_ms(tenure)) - now_ms, 0);
}

int64_t tenure_timeout_ms(const Tenure *tenure, int64_t now_ms) {
        int64_t timeout_ms = tenure->ttl_ms / RENEWAL_PARTS;

        if (tenure_holds(tenure, now_ms))
                timeout_ms = MIN(timeout_ms, tenure_until_ms(tenure) - now_ms);
        return MAX(timeout_ms, 1);
}

int64_t tenure_look_ms(const Tenure *tenure) {
        return MIN(tenure->ttl_ms / RENEWAL_PARTS, LOOK_MAX_MS);
}
