#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "access/denials.h"
#include "model/hash.h"

/* The entry after those of addresses counts for all others. */
#define ENTRY_OTHERS DENIALS_ADDRESSES_MAX
#define ENTRIES_N    (DENIALS_ADDRESSES_MAX + 1)

typedef struct KeptText {
        bool is_present;
        uint8_t size;
        char data[DENIALS_TEXT_SIZE_MAX];
} KeptText;

/* One address in its current second. */
typedef struct Entry {
        bool is_used;
        int64_t began_at_ms;
        KeptText address;

        uint64_t count; /* what is not written yet; 0 leaves the rest unset */
        KeptText actor;
        KeptText action;
        KeptText namespace;
        KeptText key;
        KeptText reason;
        int status;
} Entry;

/* The hashes of addresses lie together, so that a flood searches 2 KiB and not the entries. */
struct Denials {
        pthread_mutex_t lock;
        uint64_t hashes[DENIALS_ADDRESSES_MAX];
        Entry entries[ENTRIES_N];
};

Denials *denials_new(void) {
        Denials *denials = calloc(1, sizeof(*denials));

        if (denials)
                (void)pthread_mutex_init(&denials->lock, NULL);
        return denials;
}

Denials *denials_free(Denials *denials) {
        if (!denials)
                return NULL;

        (void)pthread_mutex_destroy(&denials->lock);
        free(denials);
        return NULL;
}

static void keep_text(KeptText *kept, Span text) {
        kept->is_present = text.data;
        kept->size = (uint8_t)MIN(text.size, (size_t)DENIALS_TEXT_SIZE_MAX);
        if (text.size > 0)
                memcpy(kept->data, text.data, kept->size);
}

static Span kept_text(const KeptText *kept) {
        return kept->is_present ? (Span){ kept->data, kept->size } : SPAN_NULL;
}

static bool is_over(const Entry *entry, int64_t now_ms) {
        return now_ms - entry->began_at_ms >= DENIALS_WINDOW_MS;
}

/* Nothing counted, and nothing to hold back any more. */
static bool is_idle(const Entry *entry, int64_t now_ms) {
        return !entry->is_used || (entry->count == 0 && is_over(entry, now_ms));
}

static Entry *find_address(Denials *denials, Span address, uint64_t hash) {
        for (size_t i = 0; i < DENIALS_ADDRESSES_MAX; i++)
                if (denials->hashes[i] == hash && denials->entries[i].is_used &&
                    span_equal(kept_text(&denials->entries[i].address), address))
                        return &denials->entries[i];
        return NULL;
}

static Entry *find_idle(Denials *denials, uint64_t hash, int64_t now_ms) {
        for (size_t i = 0; i < DENIALS_ADDRESSES_MAX; i++)
                if (is_idle(&denials->entries[i], now_ms)) {
                        denials->hashes[i] = hash;
                        return &denials->entries[i];
                }
        return NULL;
}

static void begin(Entry *entry, Span address, int64_t now_ms) {
        entry->is_used = true;
        entry->began_at_ms = now_ms;
        entry->count = 0;
        keep_text(&entry->address, address);
}

static void count(Entry *entry, const Denial *denial) {
        entry->count += denial->count;
        if (entry->count > denial->count)
                return;

        keep_text(&entry->actor, denial->actor);
        keep_text(&entry->action, denial->action);
        keep_text(&entry->namespace, denial->namespace);
        keep_text(&entry->key, denial->key);
        keep_text(&entry->reason, denial->reason);
        entry->status = denial->status;
}

/* Return: whether the second of @address begins here; else @ret_entry is where to count. */
static bool begin_address(Denials *denials, Span address, int64_t now_ms, Entry **ret_entry) {
        uint64_t hash = hash_span(0, address);
        Entry *entry = find_address(denials, address, hash);

        if (entry && !is_idle(entry, now_ms)) {
                *ret_entry = entry;
                return false;
        }

        if (!entry)
                entry = find_idle(denials, hash, now_ms);
        if (entry) {
                begin(entry, address, now_ms);
                return true;
        }

        *ret_entry = &denials->entries[ENTRY_OTHERS];
        if (is_idle(*ret_entry, now_ms))
                begin(*ret_entry, SPAN_LITERAL("*"), now_ms);
        return false;
}

bool denials_note(Denials *denials, const Denial *denial, int64_t now_ms) {
        Span address = { denial->address.data, MIN(denial->address.size, (size_t)DENIALS_TEXT_SIZE_MAX) };
        bool is_first;
        Entry *entry;

        (void)pthread_mutex_lock(&denials->lock);
        is_first = begin_address(denials, address, now_ms, &entry);
        if (!is_first)
                count(entry, denial);
        (void)pthread_mutex_unlock(&denials->lock);
        return is_first;
}

/* Copies what is due to @ret_due and begins the next second. */
static bool take_due(Denials *denials, Entry *entry, int64_t now_ms, Entry *ret_due) {
        bool is_due;

        (void)pthread_mutex_lock(&denials->lock);
        is_due = entry->is_used && entry->count > 0 && is_over(entry, now_ms);
        if (is_due) {
                *ret_due = *entry;
                entry->count = 0;
                entry->began_at_ms = now_ms;
        }
        (void)pthread_mutex_unlock(&denials->lock);
        return is_due;
}

static void hand_out(const Entry *due, DenialFn fn, void *context) {
        const Denial denial = {
                .address = kept_text(&due->address),
                .actor = kept_text(&due->actor),
                .action = kept_text(&due->action),
                .namespace = kept_text(&due->namespace),
                .key = kept_text(&due->key),
                .reason = kept_text(&due->reason),
                .status = due->status,
                .count = due->count,
        };

        fn(context, &denial);
}

void denials_flush(Denials *denials, int64_t now_ms, DenialFn fn, void *context) {
        Entry due;

        for (size_t i = 0; i < ENTRIES_N; i++)
                if (take_due(denials, &denials->entries[i], now_ms, &due))
                        hand_out(&due, fn, context);
}
