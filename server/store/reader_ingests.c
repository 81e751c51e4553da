/*
 * What the ingests read: what they remembered themselves.
 */
#include <errno.h>

#include "store/reader_internal.h"
#include "store/sql.h"

#define SELECT_INGESTED                                                                                      \
        "SELECT id, etcd_key, namespace, key, mod_revision, generation, has_config, reason, attempts,"       \
        " first_at_ms, last_at_ms, dropped FROM ingested"

const char reader_get_ingest_text[] =
        "SELECT cluster_id, mapping, generation, revision FROM ingests WHERE name = ?1";
const char reader_get_ingested_text[] = SELECT_INGESTED " WHERE ingest = ?1 AND etcd_key = ?2";
const char reader_list_ingested_text[] =
        SELECT_INGESTED " WHERE ingest = ?1 AND etcd_key > ?2 ORDER BY etcd_key";
const char reader_get_witness_text[] =
        SELECT_INGESTED " WHERE ingest = ?1 AND mod_revision = (SELECT max(mod_revision) FROM ingested"
                        " WHERE ingest = ?1 AND generation = ?2 AND mod_revision <= ?3) LIMIT 1";
const char reader_list_quarantine_text[] =
        SELECT_INGESTED " WHERE ingest = ?1 AND id > ?2 AND reason IS NOT NULL AND dropped = 0 ORDER BY id";
const char reader_count_quarantine_text[] =
        "SELECT count(*) FROM ingested WHERE ingest = ?1 AND reason IS NOT NULL AND dropped = 0";
const char reader_count_left_text[] = "SELECT count(*) FROM ingested WHERE ingest = ?1 AND generation < ?2";

/* One that is not there is nothing to hand out, and no error. */
static int hand_out_if_there(sqlite3_stmt *statement, ReaderHandOut hand_out, void *context) {
        int r;

        r = reader_hand_out_one(statement, hand_out, context, STORE_E_CONFIG_UNKNOWN);
        return r == STORE_E_CONFIG_UNKNOWN ? 0 : r;
}

typedef struct IngestList {
        IngestRowFn fn;
        void *context;
} IngestList;

static int hand_out_ingest(void *context, sqlite3_stmt *statement) {
        const IngestList *list = context;
        IngestRow row = {
                .cluster_id = sql_column_text(statement, 0),
                .mapping = sql_column_text(statement, 1),
                .generation = sql_column_i64(statement, 2),
                .revision = sql_column_i64(statement, 3),
        };

        return list->fn(list->context, &row);
}

int reader_get_ingest(Reader *reader, Span name, IngestRowFn fn, void *context) {
        sqlite3_stmt *statement = reader->statements[READER_GET_INGEST];
        int r;

        r = SQL_BIND(statement, sql_text(name));
        return r ? r : hand_out_if_there(statement, hand_out_ingest, &(IngestList){ fn, context });
}

typedef struct IngestedList {
        IngestedRowFn fn;
        void *context;
} IngestedList;

static int hand_out_ingested(void *context, sqlite3_stmt *statement) {
        const IngestedList *list = context;
        IngestedRow row = {
                .id = sql_column_i64(statement, 0),
                .etcd_key = sql_column_blob(statement, 1),
                .namespace = sql_column_text(statement, 2),
                .key = sql_column_text(statement, 3),
                .mod_revision = sql_column_i64(statement, 4),
                .generation = sql_column_i64(statement, 5),
                .has_config = sql_column_i64(statement, 6) != 0,
                .reason = sql_column_text(statement, 7),
                .attempts = (uint64_t)sql_column_i64(statement, 8),
                .first_at_ms = sql_column_i64(statement, 9),
                .last_at_ms = sql_column_i64(statement, 10),
                .is_dropped = sql_column_i64(statement, 11) != 0,
        };

        return list->fn(list->context, &row) != 0;
}

int reader_get_ingested(Reader *reader, Span ingest, Span etcd_key, IngestedRowFn fn, void *context) {
        sqlite3_stmt *statement = reader->statements[READER_GET_INGESTED];
        int r;

        r = SQL_BIND(statement, sql_text(ingest), sql_blob(etcd_key.data, etcd_key.size));
        return r ? r : hand_out_if_there(statement, hand_out_ingested, &(IngestedList){ fn, context });
}

int reader_list_ingested(Reader *reader, Span ingest, Span after, unsigned limit, IngestedRowFn fn,
                         void *context, bool *ret_more) {
        sqlite3_stmt *statement = reader->statements[READER_LIST_INGESTED];
        int r;

        r = SQL_BIND(statement, sql_text(ingest), sql_blob(after.data ? after.data : "", after.size));
        if (r)
                return r;
        return reader_hand_out_page(statement, limit, hand_out_ingested, &(IngestedList){ fn, context },
                                    ret_more);
}

int reader_get_ingest_witness(Reader *reader, Span ingest, const IngestRow *row, IngestedRowFn fn,
                              void *context) {
        sqlite3_stmt *statement = reader->statements[READER_GET_WITNESS];
        int r;

        r = SQL_BIND(statement, sql_text(ingest), sql_i64(row->generation), sql_i64(row->revision));
        return r ? r : hand_out_if_there(statement, hand_out_ingested, &(IngestedList){ fn, context });
}

int reader_list_quarantine(Reader *reader, const QuarantineQuery *query, IngestedRowFn fn, void *context,
                           bool *ret_more) {
        sqlite3_stmt *statement = reader->statements[READER_LIST_QUARANTINE];
        int r;

        r = SQL_BIND(statement, sql_text(query->ingest), sql_i64(query->after));
        if (r)
                return r;
        return reader_hand_out_page(statement, query->limit, hand_out_ingested,
                                    &(IngestedList){ fn, context }, ret_more);
}

int reader_count_quarantine(Reader *reader, Span ingest, uint64_t *ret_n) {
        int64_t n;
        int r;

        r = SQL_GET_I64(reader->statements[READER_COUNT_QUARANTINE], &n, sql_text(ingest));
        if (r == 0)
                *ret_n = (uint64_t)n;
        return r;
}

int reader_count_left(Reader *reader, Span ingest, int64_t generation, uint64_t *ret_n) {
        int64_t n;
        int r;

        r = SQL_GET_I64(reader->statements[READER_COUNT_LEFT], &n, sql_text(ingest), sql_i64(generation));
        if (r == 0)
                *ret_n = (uint64_t)n;
        return r;
}
