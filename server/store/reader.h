/*
 * Reading the store: lists, history, search and audit. What is released is read from the catalog instead.
 *
 * A reader is a read-only connection of its own. Any thread may use it, one at a time, and never a loop
 * thread: a query may go to the disk and takes as long as its deadline allows. It sees all that was committed
 * when the query began, so that a list asked for after an answered write shows it.
 *
 * Rows are handed to a callback, in order. Its texts are borrowed until it returns; it returns 0 to go on,
 * anything else to end the list there (the function then returns 0). Lists say in *ret_more whether rows were
 * left.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"
#include "store/audit.h"
#include "store/outcome.h"
#include "store/rows.h"

/*
 * Bytes that may be searched for. SQLite takes patterns of up to 50,000 bytes, and escaping may double them;
 * a request line bounds the rest.
 */
#define READER_SEARCH_MAX 16384

typedef struct Reader Reader;

typedef int (*NamespaceRowFn)(void *context, const NamespaceRow *row);
typedef int (*ConfigRowFn)(void *context, const ConfigRow *row);
typedef int (*ConfigDataFn)(void *context, const ConfigData *data);
typedef int (*ReleaseRowFn)(void *context, const ReleaseRow *row);
typedef int (*AuditEntryFn)(void *context, const AuditEntry *entry);
typedef int (*ServedRowFn)(void *context, const ServedRow *row);
typedef int (*OutboxRowFn)(void *context, const OutboxRow *row);
typedef int (*DeadLetterRowFn)(void *context, const DeadLetterRow *row);

/* @path: the database file, which exists. */
int reader_open(const char *path, Reader **ret_reader, Problem *ret_problem);
Reader *reader_close(Reader *reader);

/* Every later query ends with -ETIMEDOUT when it runs past @deadline_ms on the monotonic clock; 0 for none.
 */
void reader_set_deadline(Reader *reader, int64_t deadline_ms);

/* All of the following return 0, a positive StoreOutcome as noted, or a negative errno. */

typedef struct NamespaceQuery {
        Span prefix; /* or absent */
        Span after;  /* name of the last row of the page before, or absent */
        unsigned limit;
} NamespaceQuery;

int reader_list_namespaces(Reader *reader, const NamespaceQuery *query, NamespaceRowFn fn, void *context,
                           bool *ret_more);
/* STORE_E_NAMESPACE_UNKNOWN */
int reader_get_namespace(Reader *reader, Span name, NamespaceRowFn fn, void *context);

typedef struct ConfigQuery {
        Span namespace;
        Span prefix; /* of the key, or absent */
        Span search; /* ASCII case-insensitive substring of the key or of the stable content, or absent;
                        longer than READER_SEARCH_MAX is -EINVAL */
        bool with_content;
        bool with_inherited; /* adds, for keys that have no own release, the nearest release above */
        bool with_deleted;
        Span after_key; /* of the last row of the page before, or absent */
        unsigned after_depth;
        unsigned limit;
} ConfigQuery;

/* By key, then depth. STORE_E_NAMESPACE_UNKNOWN, unless @query->with_inherited. */
int reader_list_configs(Reader *reader, const ConfigQuery *query, ConfigRowFn fn, void *context,
                        bool *ret_more);

typedef struct HistoryQuery {
        Span namespace;
        Span key;
        int64_t before; /* version or event id of the last row of the page before, or 0 */
        unsigned limit;
} HistoryQuery;

/* Newest first. STORE_E_NAMESPACE_UNKNOWN, STORE_E_CONFIG_UNKNOWN. */
int reader_list_versions(Reader *reader, const HistoryQuery *query, bool with_content, ConfigDataFn fn,
                         void *context, bool *ret_more);
int reader_list_releases(Reader *reader, const HistoryQuery *query, ReleaseRowFn fn, void *context,
                         bool *ret_more);

/* As saved. STORE_E_NAMESPACE_UNKNOWN, STORE_E_CONFIG_UNKNOWN, STORE_E_VERSION_UNKNOWN. */
int reader_get_version(Reader *reader, Span namespace, Span key, int64_t version, ConfigDataFn fn,
                       void *context);

/* The numbers of the newest version and of the one in force, 0 when there is none. Outcomes as for a list. */
int reader_get_config(Reader *reader, Span namespace, Span key, int64_t *ret_newest, int64_t *ret_stable);

typedef struct AuditQuery {
        Span namespace; /* it and all below, or absent */
        Span key;       /* the rest: exactly this, or absent */
        Span actor;
        Span action;
        int64_t since_ms; /* inclusive */
        int64_t until_ms; /* exclusive; INT64_MAX for none */
        int64_t before;   /* id of the last row of the page before, or 0 */
        unsigned limit;
} AuditQuery;

/* Newest first. */
int reader_list_audit(Reader *reader, const AuditQuery *query, AuditEntryFn fn, void *context,
                      bool *ret_more);

/*
 * For the mirrors.
 */

/* The first and the last row that the outbox still has; 0 and 0 when it is empty. */
int reader_get_outbox_ends(Reader *reader, int64_t *ret_first, int64_t *ret_last);

/* The rows after the row @after, oldest first. */
int reader_list_outbox(Reader *reader, int64_t after, unsigned limit, OutboxRowFn fn, void *context,
                       bool *ret_more);

/* STORE_E_CONFIG_UNKNOWN */
int reader_get_served(Reader *reader, Span namespace, Span key, ServedPart part, ServedRowFn fn,
                      void *context);

typedef struct ServedQuery {
        Span namespace; /* it and all below; absent: all */
        ServedPart part;
        int64_t after_config; /* 0: from the first */
        unsigned limit;
} ServedQuery;

/* All configs, in the order of their ids. */
int reader_list_served(Reader *reader, const ServedQuery *query, ServedRowFn fn, void *context,
                       bool *ret_more);

/* How far the mirror @name has got in the outbox, as it was noted last; -1 when it never was. */
int reader_get_mirror(Reader *reader, Span name, int64_t *ret_outbox_id);

typedef struct DeadLetterQuery {
        Span mirror;
        int64_t after; /* id of the last row of the page before, or 0 */
        bool with_dropped;
        unsigned limit;
} DeadLetterQuery;

/* Oldest first. */
int reader_list_dead_letters(Reader *reader, const DeadLetterQuery *query, DeadLetterRowFn fn, void *context,
                             bool *ret_more);

DEFINE_CLEANUP(Reader *, reader_close);
