#include "store/statements.h"
#include "store/config.h"
#include "store/gray_row.h"
#include "store/lookup.h"

/* The kinds of release events that put nothing in force: deletes, and what happens to a gray release. */
#define PUTS_NOTHING_IN_FORCE "IN (2, 3, 5)"

/* Those of the mirror ?1; ?2 and ?3, where they are there, name one. */
#define LISTED_DEAD_LETTERS                                                                                  \
        " WHERE mirror = ?1 AND NOT dropped AND (?2 IS NULL OR (namespace = ?2 AND key = ?3))"

/* Those of the ingest ?1; ?2, where it is there, names one. */
#define LISTED_QUARANTINE                                                                                    \
        " WHERE ingest = ?1 AND reason IS NOT NULL AND dropped = 0 AND (?2 IS NULL OR etcd_key = ?2)"

/* Is a row quarantined, and put aside again for the same? */
#define IS_SAME_QUARANTINE                                                                                   \
        "reason IS NOT NULL AND excluded.reason IS NOT NULL"                                                 \
        " AND mod_revision = excluded.mod_revision AND generation = excluded.generation"

const char *const statement_texts[STATEMENT_N] = {
        [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
        [STATEMENT_COMMIT] = "COMMIT",
        [STATEMENT_ROLLBACK] = "ROLLBACK",
        [STATEMENT_SAVEPOINT] = "SAVEPOINT command",
        [STATEMENT_RELEASE_SAVEPOINT] = "RELEASE command",
        [STATEMENT_ROLLBACK_TO_SAVEPOINT] = "ROLLBACK TO command",

        [STATEMENT_GET_STORE] = "SELECT epoch, revision, changed_at_ms, audit_hash, last_head FROM store",
        [STATEMENT_SET_STORE] = "UPDATE store SET revision = ?1, changed_at_ms = ?2, audit_hash = ?3, "
                                "last_head = ?4 WHERE id = 1",
        [STATEMENT_GET_LAST_AUDIT_ID] = "SELECT max(id) FROM audit",
        [STATEMENT_ADD_AUDIT] = "INSERT INTO audit (id, created_at_ms, actor, address, action, namespace, "
                                "key, version, revision,"
                                " outcome, comment, details, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
                                "?9, ?10, ?11, ?12, ?13)",
        [STATEMENT_ADD_OUTBOX] = "INSERT INTO outbox (revision, namespace, key, version, created_at_ms)"
                                 " VALUES (?1, ?2, ?3, ?4, ?5)",
        [STATEMENT_TRIM_OUTBOX] = "DELETE FROM outbox WHERE id <= (SELECT max(id) FROM outbox) - ?1",

        [STATEMENT_SET_MIRROR] = "INSERT INTO mirrors (name, outbox_id) VALUES (?1, ?2)"
                                 " ON CONFLICT (name) DO UPDATE SET outbox_id = excluded.outbox_id",
        /* A later revision begins anew, unless it is the same in vain once more. */
        [STATEMENT_PUT_DEAD_LETTER] =
                "INSERT INTO dead_letters (mirror, namespace, key, revision, reason, attempts, first_at_ms,"
                " last_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                " ON CONFLICT (mirror, namespace, key) DO UPDATE SET reason = excluded.reason,"
                " attempts = iif(revision = excluded.revision, attempts, 0) + excluded.attempts,"
                " first_at_ms = iif(revision = excluded.revision, first_at_ms, excluded.first_at_ms),"
                " last_at_ms = excluded.last_at_ms, revision = excluded.revision, dropped = 0",
        [STATEMENT_REMOVE_DEAD_LETTER] =
                "DELETE FROM dead_letters WHERE mirror = ?1 AND namespace = ?2 AND key = ?3",
        [STATEMENT_COUNT_DEAD_LETTERS] = "SELECT count(*) FROM dead_letters" LISTED_DEAD_LETTERS,
        [STATEMENT_DROP_DEAD_LETTERS] = "UPDATE dead_letters SET dropped = 1" LISTED_DEAD_LETTERS,

        [STATEMENT_SET_INGEST] =
                "INSERT INTO ingests (name, cluster_id, mapping, generation, revision)"
                " VALUES (?1, ?2, ?3, ?4, ?5)"
                " ON CONFLICT (name) DO UPDATE SET cluster_id = excluded.cluster_id,"
                " mapping = excluded.mapping, generation = excluded.generation, revision = excluded.revision",
        [STATEMENT_PUT_INGESTED] =
                "INSERT INTO ingested (ingest, etcd_key, namespace, key, mod_revision, generation, "
                "has_config,"
                " reason, attempts, first_at_ms, last_at_ms)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7 IS NULL, ?7, ?7 IS NOT NULL, ?8, ?8)"
                " ON CONFLICT (ingest, etcd_key) DO UPDATE SET namespace = excluded.namespace,"
                " key = excluded.key, has_config = max(excluded.has_config,"
                " has_config AND namespace IS excluded.namespace AND key IS excluded.key),"
                " attempts = excluded.attempts + iif(" IS_SAME_QUARANTINE ", attempts, 0),"
                " first_at_ms = iif(" IS_SAME_QUARANTINE ", first_at_ms, excluded.first_at_ms),"
                " last_at_ms = excluded.last_at_ms, mod_revision = excluded.mod_revision,"
                " generation = excluded.generation, reason = excluded.reason, dropped = 0",
        [STATEMENT_REMOVE_INGESTED] = "DELETE FROM ingested WHERE ingest = ?1 AND etcd_key = ?2",
        [STATEMENT_COUNT_QUARANTINED] = "SELECT count(*) FROM ingested" LISTED_QUARANTINE,
        [STATEMENT_DROP_QUARANTINED] = "UPDATE ingested SET dropped = 1" LISTED_QUARANTINE,

        [STATEMENT_GET_NAMESPACE] =
                "SELECT id, deleted, created_at_ms, created_by FROM namespaces WHERE name = ?1",
        [STATEMENT_ADD_NAMESPACE] = "INSERT INTO namespaces (name, description, revision, created_at_ms, "
                                    "created_by, updated_at_ms,"
                                    " updated_by) VALUES (?1, ?2, ?3, ?4, ?5, ?4, ?5)",
        [STATEMENT_REVIVE_NAMESPACE] =
                "UPDATE namespaces SET deleted = 0, description = ?2, revision = ?3, created_at_ms = ?4,"
                " created_by = ?5, updated_at_ms = ?4, updated_by = ?5 WHERE name = ?1",
        [STATEMENT_EDIT_NAMESPACE] =
                "UPDATE namespaces SET description = ?2, revision = ?3, updated_at_ms = ?4, updated_by = ?5"
                " WHERE name = ?1",
        [STATEMENT_DELETE_NAMESPACE] =
                "UPDATE namespaces SET deleted = 1, revision = ?2, updated_at_ms = ?3, updated_by = ?4"
                " WHERE name = ?1",
        [STATEMENT_NEXT_CONFIG_OF_NAMESPACE] =
                "SELECT key FROM configs WHERE namespace_id = ?1 AND key > ?2 AND deleted = 0"
                " ORDER BY key LIMIT 1",

        [STATEMENT_FIND_NAMESPACE] = "SELECT id FROM namespaces WHERE name = ?1 AND NOT deleted",
        [STATEMENT_GET_CONFIG] =
                "SELECT id, " HEAD_COLUMNS " FROM configs WHERE namespace_id = ?1 AND key = ?2",
        [STATEMENT_ADD_CONFIG] =
                "INSERT INTO main.configs (namespace_id, key, newest, newest_id, newest_format, "
                "newest_sha256, spine)"
                " VALUES (?1, ?2, 0, 0, 0, x'', x'')",
        [STATEMENT_ADD_HEAD] = "INSERT INTO head_log (id, config_id, " HEAD_COLUMNS ")"
                               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",

        [STATEMENT_ADD_VERSION] = "INSERT INTO versions (config_id, version, format, sha256, revision, "
                                  "created_at_ms, created_by,"
                                  " comment, content, previous_id, jump_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
                                  "?7, ?8, ?9, ?10, ?11)",
        [STATEMENT_LOOK_UP_VERSION] = LOOKUP_TEXT,
        [STATEMENT_GET_SAVED] =
                "SELECT version, format, sha256, content, revision, created_at_ms, created_by, comment"
                " FROM versions WHERE id = ?1",
        [STATEMENT_GET_RELEASED] =
                "SELECT v.version, v.format, v.sha256, v.content, (SELECT revision FROM releases WHERE id = "
                "?3),"
                " r.created_at_ms, r.created_by, r.comment"
                " FROM versions v JOIN releases r ON r.id = ?2 WHERE v.id = ?1",

        [STATEMENT_ADD_RELEASE] =
                "INSERT INTO releases (config_id, kind, version, from_version, restores, revision, "
                "created_at_ms,"
                " created_by, comment, previous) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        [STATEMENT_GET_RELEASE] = "SELECT id, kind, version, restores FROM releases WHERE id = ?1",
        [STATEMENT_GET_RELEASE_BEFORE] =
                "WITH RECURSIVE walk (id, kind, version, restores, previous) AS ("
                " SELECT id, kind, version, restores, previous FROM releases"
                " WHERE id = (SELECT previous FROM releases WHERE id = ?1)"
                " UNION ALL SELECT r.id, r.kind, r.version, r.restores, r.previous"
                " FROM walk JOIN releases r ON r.id = walk.previous"
                " WHERE walk.kind " PUTS_NOTHING_IN_FORCE ")"
                " SELECT id, kind, version, restores FROM walk WHERE kind NOT " PUTS_NOTHING_IN_FORCE
                " LIMIT 1",
        [STATEMENT_GET_RELEASE_OF_VERSION] =
                "WITH RECURSIVE walk (id, kind, version, previous) AS ("
                " SELECT id, kind, version, previous FROM releases WHERE id = ?1"
                " UNION ALL SELECT r.id, r.kind, r.version, r.previous"
                " FROM walk JOIN releases r ON r.id = walk.previous"
                " WHERE walk.kind " PUTS_NOTHING_IN_FORCE " OR walk.version <> ?2)"
                " SELECT id FROM walk WHERE kind NOT " PUTS_NOTHING_IN_FORCE " AND version = ?2 LIMIT 1",
        [STATEMENT_GET_REVISION] = "SELECT revision FROM releases WHERE id = ?1",

        [STATEMENT_GET_GRAY] = GRAY_ROW_TEXT,
        [STATEMENT_GET_GRAY_SALT] = "SELECT salt FROM grays WHERE config_id = ?1",
        [STATEMENT_GET_GRAY_VERSION] = GRAY_ROW_VERSION_TEXT,
        [STATEMENT_SET_GRAY] =
                "REPLACE INTO grays (config_id, event_id, salt, rules, plan, ramp_state, ramp_step, "
                "ramp_since_ms,"
                " ramp_held_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        [STATEMENT_LIST_SCHEMAS] =
                "SELECT n.name, s.key, m.name, c.key, c.id FROM schemas s JOIN namespaces n ON n.id = "
                "s.namespace_id"
                " JOIN configs c ON c.id = s.config_id JOIN namespaces m ON m.id = c.namespace_id"
                " ORDER BY n.name, s.key",
        [STATEMENT_ATTACH_SCHEMA] =
                "INSERT INTO schemas (namespace_id, key, config_id, created_at_ms, created_by)"
                " VALUES (?1, ?2, ?3, ?4, ?5)"
                " ON CONFLICT (namespace_id, key) DO UPDATE SET config_id = excluded.config_id,"
                " created_at_ms = excluded.created_at_ms, created_by = excluded.created_by",
        [STATEMENT_DETACH_SCHEMA] = "DELETE FROM schemas WHERE namespace_id = ?1 AND key = ?2",
        [STATEMENT_DETACH_SCHEMAS_OF_NAMESPACE] = "DELETE FROM schemas WHERE namespace_id = ?1",
        [STATEMENT_GET_STABLE] = "SELECT c.stable, c.stable_id, v.format, v.sha256 FROM configs c"
                                 " JOIN versions v ON v.id = c.stable_id WHERE c.id = ?1",
        [STATEMENT_GET_CHECKED] = "SELECT format, content FROM versions WHERE id = ?1",

        [STATEMENT_DELETE_GRAY] = "DELETE FROM grays WHERE config_id = ?1",
};
