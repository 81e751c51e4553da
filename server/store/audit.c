#include <string.h>

#include "store/audit.h"
#include "util/digest.h"

const char *audit_outcome_to_string(AuditOutcome outcome) {
        static const char *const names[AUDIT_OUTCOME_N] = { [AUDIT_OK] = "ok", [AUDIT_DENIED] = "denied" };

        return names[outcome];
}

static void hash_number(Sha256 *sha, uint64_t number) {
        uint8_t bytes[8];

        for (int i = 7; i >= 0; i--) {
                bytes[i] = (uint8_t)number;
                number >>= 8;
        }
        sha256_update(sha, bytes, sizeof(bytes));
}

static void hash_text(Sha256 *sha, Span text) {
        hash_number(sha, text.data ? text.size : UINT64_MAX);
        sha256_update(sha, text.data, text.size);
}

void audit_entry_hash(const AuditEntry *entry, const uint8_t before[SHA256_SIZE],
                      uint8_t ret_hash[SHA256_SIZE]) {
        Sha256 sha;

        sha256_init(&sha);
        sha256_update(&sha, before, SHA256_SIZE);
        hash_number(&sha, (uint64_t)entry->id);
        hash_number(&sha, (uint64_t)entry->created_at_ms);
        hash_text(&sha, entry->actor);
        hash_text(&sha, entry->address);
        hash_text(&sha, entry->action);
        hash_text(&sha, entry->namespace);
        hash_text(&sha, entry->key);
        hash_number(&sha, (uint64_t)entry->version);
        hash_number(&sha, entry->revision);
        hash_number(&sha, entry->outcome);
        hash_text(&sha, entry->comment);
        hash_text(&sha, entry->details);
        sha256_final(&sha, ret_hash);
}
