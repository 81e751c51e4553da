#include <errno.h>
#include <string.h>

#include "store/columns.h"
#include "store/sql.h"

int column_sha256(sqlite3_stmt *statement, int column, uint8_t ret_hash[SHA256_SIZE]) {
        Span hash = sql_column_blob(statement, column);

        if (hash.size != SHA256_SIZE)
                return -EBADMSG;

        memcpy(ret_hash, hash.data, SHA256_SIZE);
        return 0;
}

int column_choice(sqlite3_stmt *statement, int column, int n, int *ret_choice) {
        int64_t choice = sql_column_i64(statement, column);

        if (choice < 0 || choice >= n)
                return -EBADMSG;

        *ret_choice = (int)choice;
        return 0;
}

int column_audit_entry(sqlite3_stmt *statement, AuditEntry *ret_entry) {
        AuditEntry entry = {
                .id = sql_column_i64(statement, 0),
                .created_at_ms = sql_column_i64(statement, 1),
                .actor = sql_column_text(statement, 2),
                .address = sql_column_text(statement, 3),
                .action = sql_column_text(statement, 4),
                .namespace = sql_column_text(statement, 5),
                .key = sql_column_text(statement, 6),
                .version = sql_column_i64(statement, 7),
                .revision = (uint64_t)sql_column_i64(statement, 8),
                .comment = sql_column_text(statement, 10),
                .details = sql_column_text(statement, 11),
        };
        int outcome;
        int r;

        r = column_choice(statement, 9, AUDIT_OUTCOME_N, &outcome);
        if (r)
                return r;
        r = column_sha256(statement, 12, entry.hash);
        if (r)
                return r;

        entry.outcome = (AuditOutcome)outcome;
        *ret_entry = entry;
        return 0;
}
