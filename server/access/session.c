#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "access/session.h"
#include "model/table.h"
#include "util/digest.h"

#define SESSION_RANDOM_SIZE 32

typedef struct SessionEntry {
        uint8_t id_hash[SHA256_SIZE];
        char csrf[SESSION_TEXT_SIZE + 1];
        int64_t opened_at_ms;
        int64_t used_at_ms;
        bool is_open;
} SessionEntry;

struct SessionTable {
        int64_t idle_ms;
        int64_t max_ms;
        /*
         * Held for one look-up, or for one pass over the entries where a session is opened. Only the requests
         * of browsers take it; programs come with a token or a password.
         */
        pthread_mutex_t lock;
        Table by_hash;
        SessionEntry entries[SESSIONS_MAX];
};

SessionTable *session_table_new(int64_t idle_ms, int64_t max_ms) {
        _cleanup_(session_table_freep) SessionTable *table = calloc(1, sizeof(*table));
        SessionTable *made = table;

        if (!table)
                return NULL;

        (void)pthread_mutex_init(&table->lock, NULL);
        table->idle_ms = idle_ms;
        table->max_ms = max_ms;
        if (table_reserve(&table->by_hash, SESSIONS_MAX) < 0)
                return NULL;

        table = NULL;
        return made;
}

SessionTable *session_table_free(SessionTable *table) {
        if (!table)
                return NULL;

        table_deinit(&table->by_hash);
        (void)pthread_mutex_destroy(&table->lock);
        wipe(table, sizeof(*table));
        free(table);
        return NULL;
}

static bool has_hash(const void *value, const void *wanted) {
        const SessionEntry *entry = value;

        return equal_in_constant_time(entry->id_hash, wanted, SHA256_SIZE);
}

/* Nobody can choose a SHA-256 of random bytes, so its beginning serves as it is. */
static uint64_t place_of(const uint8_t id_hash[SHA256_SIZE]) {
        uint64_t place;

        memcpy(&place, id_hash, sizeof(place));
        return place;
}

static bool has_ended(const SessionTable *table, const SessionEntry *entry, int64_t now_ms) {
        return now_ms - entry->used_at_ms >= table->idle_ms || now_ms - entry->opened_at_ms >= table->max_ms;
}

static void close_entry(SessionTable *table, SessionEntry *entry) {
        (void)table_take(&table->by_hash, place_of(entry->id_hash), has_hash, entry->id_hash);
        wipe(entry, sizeof(*entry));
}

/* A free entry: the first that is unused or has ended, else the one that was not used for longest. */
static SessionEntry *make_room(SessionTable *table, int64_t now_ms) {
        SessionEntry *oldest = &table->entries[0];

        for (size_t i = 0; i < SESSIONS_MAX; i++) {
                SessionEntry *entry = &table->entries[i];

                if (!entry->is_open)
                        return entry;
                if (has_ended(table, entry, now_ms)) {
                        oldest = entry;
                        break;
                }
                if (entry->used_at_ms < oldest->used_at_ms)
                        oldest = entry;
        }

        close_entry(table, oldest);
        return oldest;
}

static void random_text(char ret_text[static SESSION_TEXT_SIZE + 1]) {
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        uint8_t bytes[SESSION_RANDOM_SIZE];

        random_bytes(bytes, sizeof(bytes));
        base64url_append(&text, (Span){ (const char *)bytes, sizeof(bytes) });
        if (buf_failed(&text))
                abort();

        memcpy(ret_text, text.data, SESSION_TEXT_SIZE);
        ret_text[SESSION_TEXT_SIZE] = '\0';
        wipe(text.data, text.size);
        wipe(bytes, sizeof(bytes));
}

static void describe(const SessionTable *table, const SessionEntry *entry, Session *ret_session) {
        memcpy(ret_session->csrf, entry->csrf, sizeof(ret_session->csrf));
        ret_session->expires_at_ms =
                MIN(entry->used_at_ms + table->idle_ms, entry->opened_at_ms + table->max_ms);
}

void session_open(SessionTable *table, int64_t now_ms, char ret_id[static SESSION_TEXT_SIZE + 1],
                  Session *ret_session) {
        SessionEntry opened = { .opened_at_ms = now_ms, .used_at_ms = now_ms, .is_open = true };
        SessionEntry *entry;

        random_text(ret_id);
        random_text(opened.csrf);
        sha256((Span){ ret_id, SESSION_TEXT_SIZE }, opened.id_hash);

        (void)pthread_mutex_lock(&table->lock);
        entry = make_room(table, now_ms);
        *entry = opened;
        (void)table_put(&table->by_hash, place_of(entry->id_hash), has_hash, entry->id_hash, entry);
        (void)pthread_mutex_unlock(&table->lock);

        describe(table, &opened, ret_session);
        wipe(&opened, sizeof(opened));
}

static SessionEntry *find(SessionTable *table, Span id) {
        uint8_t id_hash[SHA256_SIZE];

        sha256(id, id_hash);
        return table_get(&table->by_hash, place_of(id_hash), has_hash, id_hash);
}

bool session_use(SessionTable *table, Span id, int64_t now_ms, Session *ret_session) {
        SessionEntry *entry;

        (void)pthread_mutex_lock(&table->lock);
        entry = find(table, id);
        if (entry && has_ended(table, entry, now_ms)) {
                close_entry(table, entry);
                entry = NULL;
        }
        if (entry) {
                entry->used_at_ms = now_ms;
                describe(table, entry, ret_session);
        }
        (void)pthread_mutex_unlock(&table->lock);
        return entry;
}

void session_close(SessionTable *table, Span id) {
        SessionEntry *entry;

        (void)pthread_mutex_lock(&table->lock);
        entry = find(table, id);
        if (entry)
                close_entry(table, entry);
        (void)pthread_mutex_unlock(&table->lock);
}
