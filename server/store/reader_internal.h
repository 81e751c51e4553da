/*
 * What the files of the reader share: its statements, the snapshot that a query runs in, and paging.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/macros.h"
#include "model/name.h"
#include "model/span.h"
#include "store/head_log.h"
#include "store/reader.h"

typedef enum ReaderStatement {
        READER_BEGIN,
        READER_END,
        READER_FIND_NAMESPACE,
        READER_FIND_CONFIG,

        READER_LIST_NAMESPACES,
        READER_GET_NAMESPACE,

        READER_LIST_CONFIGS,

        READER_LOOK_UP_VERSION,
        READER_LIST_VERSIONS,
        READER_GET_VERSION,
        READER_LIST_RELEASES,

        READER_LAST_AUDIT_ENTRY,
        READER_LIST_AUDIT,

        READER_LIST_SCHEMAS,
        READER_GET_GOVERNING,

        READER_GET_OUTBOX_ENDS,
        READER_LIST_OUTBOX,
        READER_GET_SERVED,
        READER_LIST_SERVED,
        READER_GET_GRAY,
        READER_GET_GRAY_VERSION,
        READER_GET_MIRROR,
        READER_LIST_DEAD_LETTERS,

        READER_GET_INGEST,
        READER_GET_INGESTED,
        READER_LIST_INGESTED,
        READER_GET_WITNESS,
        READER_LIST_QUARANTINE,
        READER_COUNT_QUARANTINE,
        READER_COUNT_LEFT,

        READER_STATEMENT_N,
} ReaderStatement;

struct Reader {
        sqlite3 *database;
        HeadLog *heads;
        int64_t deadline_ms;
        sqlite3_stmt *statements[READER_STATEMENT_N];
};

/* Each text stands in the file that reads its columns. */
extern const char *const reader_texts[READER_STATEMENT_N];
extern const char reader_list_namespaces_text[];
extern const char reader_get_namespace_text[];
extern const char reader_list_configs_text[];
extern const char reader_list_versions_text[];
extern const char reader_get_version_text[];
extern const char reader_list_releases_text[];
extern const char reader_last_audit_entry_text[];
extern const char reader_list_audit_text[];
extern const char reader_list_schemas_text[];
extern const char reader_get_governing_text[];
extern const char reader_get_outbox_ends_text[];
extern const char reader_list_outbox_text[];
extern const char reader_get_served_text[];
extern const char reader_list_served_text[];
extern const char reader_get_gray_text[];
extern const char reader_get_gray_version_text[];
extern const char reader_get_mirror_text[];
extern const char reader_list_dead_letters_text[];
extern const char reader_get_ingest_text[];
extern const char reader_get_ingested_text[];
extern const char reader_list_ingested_text[];
extern const char reader_get_witness_text[];
extern const char reader_list_quarantine_text[];
extern const char reader_count_quarantine_text[];
extern const char reader_count_left_text[];

/*
 * A query of several statements sees one state of the store, from its first statement on, until the cleanup
 * of the snapshot, which is the reader itself.
 */
int reader_begin(Reader *reader, Reader **ret_snapshot);
void reader_end(Reader *reader);
DEFINE_CLEANUP(Reader *, reader_end);

/* STORE_E_NAMESPACE_UNKNOWN */
int reader_find_namespace(Reader *reader, Span name, int64_t *ret_id);

typedef struct ReaderConfig {
        int64_t id;
        int64_t newest;
        int64_t newest_id;
        int64_t stable; /* or 0 */
} ReaderConfig;

/* STORE_E_NAMESPACE_UNKNOWN, STORE_E_CONFIG_UNKNOWN */
int reader_find_config(Reader *reader, Span namespace, Span key, ReaderConfig *ret_config);

/* Hands out the row that @statement stands on: 0 to go on, 1 to end the list there, or a negative errno. */
typedef int (*ReaderHandOut)(void *context, sqlite3_stmt *statement);

/* Hands out the rows of a bound statement, up to @limit, and says in *ret_more whether any were left. */
int reader_hand_out_page(sqlite3_stmt *statement, unsigned limit, ReaderHandOut hand_out, void *context,
                         bool *ret_more);

/* Hands out the one row of a bound statement. Return: 0, @unknown when there is none, or a negative errno. */
int reader_hand_out_one(sqlite3_stmt *statement, ReaderHandOut hand_out, void *context, StoreOutcome unknown);

#define READER_NAME_SIZE_MAX MAX(NAMESPACE_SIZE_MAX, KEY_SIZE_MAX)

/*
 * A stretch of names in their order: low <= name < high. Keyset paging takes up the list again at the name
 * that the page before ended with, and passes over that one.
 */
typedef struct ReaderRange {
        Span low;
        Span high;
        Span after; /* the name to pass over; empty for none */
        char high_text[READER_NAME_SIZE_MAX + 1];
} ReaderRange;

/* The names with @prefix from @after on; both may be absent. Return: false when there can be none. */
bool reader_range_init(ReaderRange *range, Span prefix, Span after);
