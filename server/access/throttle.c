#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "access/throttle.h"
#include "util/digest.h"

/* What is counted together. */
typedef struct Place {
        uint8_t bytes[16];
} Place;

typedef struct ThrottleEntry {
        Place place;
        int64_t first_at_ms; /* the failure that the count began with */
        int64_t last_at_ms;
        unsigned n_failures; /* 0: the entry is free */
} ThrottleEntry;

struct Throttle {
        /* When the last of all shut-outs is over. Nearly always in the past, which spares right passwords the
         * lock. */
        _Atomic int64_t shut_until_ms;
        pthread_mutex_t lock;
        ThrottleEntry entries[THROTTLE_ADDRESSES_MAX];
};

Throttle *throttle_new(void) {
        Throttle *throttle = calloc(1, sizeof(*throttle));

        if (!throttle)
                return NULL;

        (void)pthread_mutex_init(&throttle->lock, NULL);
        atomic_init(&throttle->shut_until_ms, INT64_MIN);
        return throttle;
}

Throttle *throttle_free(Throttle *throttle) {
        if (!throttle)
                return NULL;

        (void)pthread_mutex_destroy(&throttle->lock);
        free(throttle);
        return NULL;
}

/* An IPv4 address is placed as in "::ffff:192.0.2.1", so that it is the same one on a socket for both. */
static Place place_of(Span address) {
        static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
        char text[INET6_ADDRSTRLEN] = "";
        uint8_t hash[SHA256_SIZE];
        Place place;

        if (address.size > 0 && address.size < sizeof(text))
                memcpy(text, address.data, address.size);

        if (inet_pton(AF_INET, text, place.bytes + sizeof(mapped)) == 1)
                memcpy(place.bytes, mapped, sizeof(mapped));
        else if (inet_pton(AF_INET6, text, place.bytes) == 1) {
                if (memcmp(place.bytes, mapped, sizeof(mapped)) != 0)
                        memset(place.bytes + 8, 0, 8);
        } else {
                sha256(address, hash);
                memcpy(place.bytes, hash, sizeof(place.bytes));
        }
        return place;
}

static ThrottleEntry *find(Throttle *throttle, Place place) {
        for (size_t i = 0; i < THROTTLE_ADDRESSES_MAX; i++) {
                ThrottleEntry *entry = &throttle->entries[i];

                if (entry->n_failures && memcmp(&entry->place, &place, sizeof(place)) == 0)
                        return entry;
        }
        return NULL;
}

/* A free entry, made by forgetting the failure longest ago where there is none. */
static ThrottleEntry *make_room(Throttle *throttle) {
        ThrottleEntry *oldest = &throttle->entries[0];

        for (size_t i = 0; i < THROTTLE_ADDRESSES_MAX; i++) {
                ThrottleEntry *entry = &throttle->entries[i];

                if (!entry->n_failures)
                        return entry;
                if (entry->last_at_ms < oldest->last_at_ms)
                        oldest = entry;
        }
        return oldest;
}

/* Is @now_ms in the minute after @since_ms? A clock that was set back ends the minute. */
static bool is_within(int64_t since_ms, int64_t now_ms) {
        return now_ms >= since_ms && now_ms - since_ms < THROTTLE_WINDOW_MS;
}

bool throttle_is_shut(Throttle *throttle, Span address, int64_t now_ms) {
        const ThrottleEntry *entry;
        bool is_shut;
        Place place;

        if (now_ms >= atomic_load_explicit(&throttle->shut_until_ms, memory_order_acquire))
                return false;

        place = place_of(address);
        (void)pthread_mutex_lock(&throttle->lock);
        entry = find(throttle, place);
        is_shut = entry && entry->n_failures >= THROTTLE_FAILURES_MAX && is_within(entry->last_at_ms, now_ms);
        (void)pthread_mutex_unlock(&throttle->lock);
        return is_shut;
}

static ThrottleEntry *entry_for(Throttle *throttle, Place place, int64_t now_ms) {
        ThrottleEntry *entry = find(throttle, place);

        if (entry && is_within(entry->first_at_ms, now_ms))
                return entry;
        if (!entry)
                entry = make_room(throttle);
        *entry = (ThrottleEntry){ .place = place, .first_at_ms = now_ms };
        return entry;
}

bool throttle_count_failure(Throttle *throttle, Span address, int64_t now_ms) {
        Place place = place_of(address);
        ThrottleEntry *entry;
        bool has_shut;

        (void)pthread_mutex_lock(&throttle->lock);
        entry = entry_for(throttle, place, now_ms);
        entry->last_at_ms = now_ms;
        entry->n_failures++;
        has_shut = entry->n_failures == THROTTLE_FAILURES_MAX;
        if (has_shut && atomic_load(&throttle->shut_until_ms) < now_ms + THROTTLE_WINDOW_MS)
                atomic_store(&throttle->shut_until_ms, now_ms + THROTTLE_WINDOW_MS);
        (void)pthread_mutex_unlock(&throttle->lock);
        return has_shut;
}
