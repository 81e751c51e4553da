/*
 * Checks a store from end to end, in one snapshot, and names the first thing that does not hold.
 *
 * The checks are a list, each a statement and what to do with its rows. Most are rules: the statement finds
 * what breaks the rule, so that any row is a break. Contents and the audit's chain are walked in C, since SQL
 * does not hash. The order is from the ground up, because what comes later trusts what was checked before.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "model/digits.h"
#include "model/format.h"
#include "model/gray.h"
#include "model/ramp.h"
#include "store/audit.h"
#include "store/columns.h"
#include "store/head_log.h"
#include "store/maintenance_internal.h"
#include "store/schema.h"
#include "store/spine.h"
#include "store/sql.h"
#include "util/digest.h"

#define EPOCH_SIZE 32

typedef struct Verifier {
        sqlite3 *database;
        Problem *problem;
        VerifyReport report;
        uint8_t store_hash[SHA256_SIZE]; /* with which the audit ends, by the row of store */

        /* The version before the one at hand, of the same config. */
        int64_t config_id;
        int64_t version;
        int64_t version_id;
        Spine spine;

        /* The audit entry before the one at hand. */
        int64_t entry_id;
        int64_t entry_at_ms;
        uint8_t entry_hash[SHA256_SIZE];
} Verifier;

typedef struct Check Check;

struct Check {
        const char *text;
        int (*check_row)(Verifier *verifier, const Check *check, sqlite3_stmt *row);
        const char *fault; /* of a rule: what is said of the thing that the row names */
};

#define BREAK(verifier, ...) (problem_set((verifier)->problem, NULL, __VA_ARGS__), -EBADMSG)

static int check_rule(Verifier *verifier, const Check *check, sqlite3_stmt *row) {
        Span name = sql_column_text(row, 0);

        return BREAK(verifier, "%.*s: %s", (int)name.size, name.data, check->fault);
}

static int check_integrity(Verifier *verifier, _unused_ const Check *check, sqlite3_stmt *row) {
        Span finding = sql_column_text(row, 0);

        if (span_equal_string(finding, "ok"))
                return 0;
        return BREAK(verifier, "the database file is damaged: %.*s", (int)finding.size, finding.data);
}

static int check_foreign_key(Verifier *verifier, _unused_ const Check *check, sqlite3_stmt *row) {
        Span table = sql_column_text(row, 0), parent = sql_column_text(row, 2);

        return BREAK(verifier, "row %" PRId64 " of %.*s: it refers to a row of %.*s that does not exist",
                     sql_column_i64(row, 1), (int)table.size, table.data, (int)parent.size, parent.data);
}

static bool is_epoch(Span text) {
        for (size_t i = 0; i < text.size; i++)
                if (!is_lower_hex(text.data[i]))
                        return false;
        return text.size == EPOCH_SIZE;
}

static int check_store(Verifier *verifier, _unused_ const Check *check, sqlite3_stmt *row) {
        if (sql_column_i64(row, 0) != 1)
                return BREAK(verifier, "the row of the table store is missing");
        if (!is_epoch(sql_column_text(row, 1)))
                return BREAK(verifier, "the store's epoch is not made of 32 hex digits");
        if (sql_column_i64(row, 2) < 0)
                return BREAK(verifier, "the store's revision is below 0");
        if (column_sha256(row, 3, verifier->store_hash))
                return BREAK(verifier, "the store's audit hash is not made of 32 bytes");

        verifier->report.revision = (uint64_t)sql_column_i64(row, 2);
        return 0;
}

static int check_content(Verifier *verifier, _unused_ const Check *check, sqlite3_stmt *row) {
        Span namespace = sql_column_text(row, 0), key = sql_column_text(row, 1);
        uint8_t expected[SHA256_SIZE], actual[SHA256_SIZE];
        const char *fault = NULL;
        int format;

        sha256(sql_column_text(row, 5), actual);
        if (column_choice(row, 3, FORMAT_N, &format))
                fault = "its format is unknown";
        else if (column_sha256(row, 4, expected))
                fault = "its SHA-256 is not made of 32 bytes";
        else if (memcmp(expected, actual, SHA256_SIZE) != 0)
                fault = "its content does not match its SHA-256";
        if (fault)
                return BREAK(verifier, "version %" PRId64 " of %.*s/%.*s: %s", sql_column_i64(row, 2),
                             (int)namespace.size, namespace.data, (int)key.size, key.data, fault);

        verifier->report.n_versions++;
        return 0;
}

static int break_version(Verifier *verifier, sqlite3_stmt *row, int64_t version, const char *fault) {
        Span namespace = sql_column_text(row, 5), key = sql_column_text(row, 6);

        return BREAK(verifier, "version %" PRId64 " of %.*s/%.*s: %s", version, (int)namespace.size,
                     namespace.data, (int)key.size, key.data, fault);
}

/* Goes through the versions of each config as the writer made them. */
static int check_pointers(Verifier *verifier, _unused_ const Check *check, sqlite3_stmt *row) {
        int64_t expected;

        if (sql_column_i64(row, 0) != verifier->config_id) {
                verifier->config_id = sql_column_i64(row, 0);
                verifier->version = verifier->version_id = 0;
                verifier->spine.size = 0;
        }
        expected = verifier->version + 1;
        spine_advance(&verifier->spine, verifier->version, verifier->version_id);

        if (sql_column_i64(row, 2) != expected)
                return break_version(verifier, row, expected, "it is missing");
        if (sql_column_i64(row, 3) != verifier->version_id)
                return break_version(verifier, row, expected,
                                     "the version that it says stands before it does not");
        if (sql_column_i64(row, 4) != spine_jump_id(&verifier->spine))
                return break_version(verifier, row, expected,
                                     "it does not jump to the version that it should");

        verifier->version = expected;
        verifier->version_id = sql_column_i64(row, 1);
        return 0;
}

/* Return: what is wrong with the ramp of the row, or NULL. */
static const char *fault_of_ramp(sqlite3_stmt *row, const Gray *rules) {
        Problem problem;
        int state, step;
        Ramp ramp;

        for (int i = 5; i < 9; i++)
                if (sql_column_is_null(row, i) != sql_column_is_null(row, 4))
                        return "it has a plan and no state of its ramp, or the other way round";
        if (sql_column_is_null(row, 4))
                return NULL;

        if (ramp_parse(sql_column_text(row, 4), gray_n_rules(rules), &ramp, &problem) ||
            ramp_check(&ramp, rules, &problem))
                return "its plan is malformed, or does not go with its rules";
        if (column_choice(row, 5, RAMP_STATE_N, &state) || column_choice(row, 6, (int)ramp.n_steps, &step) ||
            sql_column_i64(row, 8) < 0)
                return "the state of its ramp is not a possible one";
        if (gray_arm_weight(gray_first_arm(rules, ramp.rule)) != ramp.steps[step].weight)
                return "its rules do not have the weight of the step that its ramp is at";
        return NULL;
}

static const char *fault_of_gray(sqlite3_stmt *row, const Gray *rules) {
        Problem problem;

        if (gray_check_versions(rules, sql_column_i64(row, 1), &problem))
                return "its rules name a version that does not exist";
        return fault_of_ramp(row, rules);
}

static int check_gray(Verifier *verifier, _unused_ const Check *check, sqlite3_stmt *row) {
        _cleanup_(gray_unrefp) Gray *rules = NULL;
        Span name = sql_column_text(row, 0);
        const char *fault;
        Problem problem;
        int r;

        r = gray_new(sql_column_text(row, 3), sql_column_text(row, 2), &rules, &problem);
        if (r < 0)
                return r;

        fault = r ? "its rules or its salt are malformed" : fault_of_gray(row, rules);
        return fault ? BREAK(verifier, "%.*s: %s", (int)name.size, name.data, fault) : 0;
}

static int break_chain(Verifier *verifier, int64_t id) {
        if (verifier->entry_id == 0)
                return BREAK(verifier, "audit entry %" PRId64 ": its hash is not that of a first entry", id);
        return BREAK(verifier, "audit entry %" PRId64 ": its hash does not follow from entry %" PRId64, id,
                     verifier->entry_id);
}

static int check_audit_entry(Verifier *verifier, _unused_ const Check *check, sqlite3_stmt *row) {
        uint8_t expected[SHA256_SIZE];
        AuditEntry entry;

        if (sql_column_i64(row, 0) != verifier->entry_id + 1)
                return BREAK(verifier, "audit entry %" PRId64 ": it is missing", verifier->entry_id + 1);
        if (column_audit_entry(row, &entry))
                return BREAK(verifier, "audit entry %" PRId64 ": its outcome or its hash is malformed",
                             verifier->entry_id + 1);

        audit_entry_hash(&entry, verifier->entry_hash, expected);
        if (memcmp(entry.hash, expected, SHA256_SIZE) != 0)
                return break_chain(verifier, entry.id);
        if (entry.created_at_ms < verifier->entry_at_ms)
                return BREAK(verifier, "audit entry %" PRId64 ": it is older than entry %" PRId64, entry.id,
                             verifier->entry_id);

        verifier->entry_id = entry.id;
        verifier->entry_at_ms = entry.created_at_ms;
        memcpy(verifier->entry_hash, entry.hash, SHA256_SIZE);
        verifier->report.n_audit_entries++;
        return 0;
}

static int check_audit_end(Verifier *verifier, _unused_ const Check *check, _unused_ sqlite3_stmt *row) {
        if (memcmp(verifier->entry_hash, verifier->store_hash, SHA256_SIZE) == 0)
                return 0;
        return BREAK(verifier,
                     "the audit ends with entry %" PRId64
                     ", whose hash is not the one that the store carries: "
                     "entries after it are missing, or the store's row was changed",
                     verifier->entry_id);
}

/* The names of things in breaks. A config is c in the namespace n, a version v, a release event r, a gray
 * release g. */
#define CONFIG       "n.name || '/' || c.key"
#define NAME_CONFIG  "SELECT 'config ' || " CONFIG
#define NAME_VERSION "SELECT 'version ' || v.version || ' of ' || " CONFIG
#define NAME_RELEASE "SELECT 'release event ' || r.id || ' of ' || " CONFIG
#define NAME_GRAY    "SELECT 'gray release of ' || " CONFIG
#define FROM_CONFIGS " FROM configs c JOIN namespaces n ON n.id = c.namespace_id"
#define FROM_VERSIONS                                                                                        \
        " FROM versions v JOIN configs c ON c.id = v.config_id JOIN namespaces n ON n.id = c.namespace_id"
#define FROM_RELEASES                                                                                        \
        " FROM releases r JOIN configs c ON c.id = r.config_id JOIN namespaces n ON n.id = c.namespace_id"

#define FROM_GRAYS                                                                                           \
        " FROM grays g JOIN configs c ON c.id = g.config_id JOIN namespaces n ON n.id = c.namespace_id"

/* Kinds of events: those that put a version in force, and those that leave it as it is. */
#define PUTS_IN_FORCE "IN (0, 1, 4)"
#define LEAVES_STABLE "IN (3, 5)"

/* What the newest version of c jumps to, and so on, as hex(c.spine) should be. */
#define SPINE_OF_NEWEST                                                                                      \
        "(WITH RECURSIVE walk (id, spine) AS ("                                                              \
        " SELECT jump_id, '' FROM versions WHERE id = c.newest_id"                                           \
        " UNION ALL SELECT v.jump_id, printf('%016X', walk.id) || walk.spine"                                \
        " FROM walk JOIN versions v ON v.id = walk.id)"                                                      \
        " SELECT spine FROM walk WHERE id IS NULL)"

/* Where no foreign key asks for it. */
#define CONFIG_RULE(table)                                                                                   \
        {                                                                                                    \
                "SELECT 'row ' || t.id || ' of " table "' FROM " table " t"                                  \
                " WHERE NOT EXISTS (SELECT 1 FROM main.configs c WHERE c.id = t.config_id)",                 \
                        check_rule, "its config does not exist"                                              \
        }

/* Rows are added in the order of their commits, so that their revisions never fall. */
#define REVISION_RULES(select, table, row)                                                                   \
        { select " WHERE " row ".revision NOT BETWEEN 1 AND (SELECT revision FROM store)", check_rule,       \
          "its revision is not between 1 and the store's" },                                                 \
        {                                                                                                    \
                select " WHERE " row ".revision < (SELECT revision FROM " table " WHERE id < " row ".id"     \
                       " ORDER BY id DESC LIMIT 1)",                                                         \
                        check_rule, "its revision is below that of the row before it"                        \
        }

static const Check checks[] = {
        { "PRAGMA integrity_check(1)", check_integrity, NULL },
        { "PRAGMA foreign_key_check", check_foreign_key, NULL },
        CONFIG_RULE("versions"),
        CONFIG_RULE("releases"),
        CONFIG_RULE("head_log"),
        { "SELECT count(*), epoch, revision, audit_hash FROM store", check_store, NULL },

        { "SELECT 'namespace ' || name FROM namespaces WHERE revision NOT BETWEEN 1 AND (SELECT revision "
          "FROM store)",
          check_rule, "its revision is not between 1 and the store's" },

        { "SELECT n.name, c.key, v.version, v.format, v.sha256, v.content" FROM_VERSIONS " ORDER BY v.id",
          check_content, NULL },
        /* The limit keeps SQLite from dropping the order, CROSS JOIN from choosing another one. */
        { "WITH v AS MATERIALIZED (SELECT config_id, id, version, previous_id, jump_id FROM versions"
          " ORDER BY config_id, id LIMIT -1)"
          "SELECT v.config_id, v.id, v.version, v.previous_id, v.jump_id, n.name, c.key"
          " FROM v CROSS JOIN configs c ON c.id = v.config_id CROSS JOIN namespaces n ON n.id = "
          "c.namespace_id",
          check_pointers, NULL },
        REVISION_RULES(NAME_VERSION FROM_VERSIONS, "versions", "v"),

        { "SELECT 'row ' || l.id || ' of head_log' FROM head_log l"
          " WHERE l.id > (SELECT last_head FROM store)",
          check_rule, "it is newer than the newest that the store knows of" },

        { NAME_CONFIG FROM_CONFIGS
          " WHERE NOT EXISTS (SELECT 1 FROM versions v"
          " WHERE v.id = c.newest_id AND v.config_id = c.id AND v.version = c.newest)",
          check_rule, "its newest version does not exist" },
        { NAME_CONFIG FROM_VERSIONS " WHERE v.version > c.newest", check_rule,
          "it has a version that is newer than its newest" },
        { NAME_CONFIG FROM_CONFIGS " WHERE hex(c.spine) IS NOT " SPINE_OF_NEWEST, check_rule,
          "its spine is not what its newest version jumps to" },
        { NAME_CONFIG FROM_CONFIGS " JOIN versions v ON v.id = c.newest_id"
                                   " WHERE c.newest_format <> v.format OR c.newest_sha256 <> v.sha256",
          check_rule, "its format and hash are not those of its newest version" },
        { NAME_CONFIG FROM_CONFIGS " WHERE c.stable IS NOT (SELECT version FROM versions v"
                                   " WHERE v.id = c.stable_id AND v.config_id = c.id)",
          check_rule, "the version that it serves does not exist" },
        { NAME_CONFIG " FROM configs c JOIN namespaces n ON n.id = c.namespace_id LEFT JOIN"
                      " (SELECT config_id, max(id) AS id FROM releases WHERE kind NOT " LEAVES_STABLE
                      " GROUP BY config_id) l ON l.config_id = c.id AND l.id <= c.last_event_id"
                      " LEFT JOIN releases r ON r.id = l.id WHERE c.stable IS NOT r.version",
          check_rule, "it does not serve what its last release event says" },
        { NAME_CONFIG " FROM (SELECT config_id, max(id) AS last,"
                      " max(iif(version IS NULL OR kind " LEAVES_STABLE ", 0, id)) AS last_in_force"
                      " FROM releases GROUP BY config_id) r JOIN configs c ON c.id = r.config_id"
                      " JOIN namespaces n ON n.id = c.namespace_id"
                      " WHERE c.last_event_id IS NOT r.last OR ifnull(c.release_id, 0) <> r.last_in_force",
          check_rule, "its release event is not the last one that put a version in force" },
        { NAME_CONFIG FROM_CONFIGS
          " WHERE ifnull(c.last_event_id, c.release_id) IS NOT NULL AND NOT EXISTS"
          " (SELECT 1 FROM releases r WHERE r.id = c.last_event_id AND r.config_id = c.id)",
          check_rule, "its last release event does not exist" },
        { NAME_CONFIG FROM_CONFIGS " WHERE c.stable IS NOT NULL AND c.deleted", check_rule,
          "it is deleted, and still served" },
        { NAME_CONFIG FROM_CONFIGS " WHERE n.deleted AND NOT c.deleted", check_rule,
          "it is not deleted, although its namespace is" },

        { NAME_RELEASE FROM_RELEASES
          " WHERE r.kind NOT BETWEEN 0 AND 5 OR (r.kind = 2 AND r.version IS NOT NULL)"
          " OR (r.kind " PUTS_IN_FORCE " AND r.version IS NULL)",
          check_rule, "its kind is unknown, or does not go with its version" },
        /* By now a config is known to have the versions from 1 to the newest, each once. */
        { NAME_RELEASE FROM_RELEASES " WHERE r.version NOT BETWEEN 1 AND c.newest", check_rule,
          "the version that it names does not exist" },
        { NAME_RELEASE FROM_RELEASES
          " JOIN (SELECT id, lag(id) OVER (PARTITION BY config_id ORDER BY id) AS previous FROM releases) o"
          " ON o.id = r.id WHERE r.previous IS NOT o.previous",
          check_rule, "the event that it says stands before it does not" },
        { NAME_RELEASE FROM_RELEASES
          " JOIN (SELECT id, lag(version) OVER (PARTITION BY config_id ORDER BY id) AS version FROM releases"
          " WHERE kind NOT " LEAVES_STABLE ") o ON o.id = r.id WHERE r.from_version IS NOT o.version",
          check_rule, "what was in force before it is not what the event before it says" },
        { NAME_RELEASE FROM_RELEASES " WHERE r.kind " LEAVES_STABLE
                                     " AND ifnull(r.from_version, r.restores) IS NOT NULL",
          check_rule, "it puts nothing in force, and says what was before, or what it restores" },
        { NAME_RELEASE FROM_RELEASES
          " WHERE r.restores IS NOT NULL AND NOT EXISTS (SELECT 1 FROM releases old"
          " WHERE old.id = r.restores AND old.id < r.id AND old.config_id = r.config_id"
          " AND old.kind " PUTS_IN_FORCE " AND old.version = r.version)",
          check_rule, "the event that it restores is not an earlier one of the same version" },
        REVISION_RULES(NAME_RELEASE FROM_RELEASES, "releases", "r"),

        { NAME_CONFIG FROM_CONFIGS
          " WHERE c.has_gray <> EXISTS (SELECT 1 FROM grays g WHERE g.config_id = c.id)",
          check_rule, "it has a gray release and does not say so, or the other way round" },
        { NAME_GRAY FROM_GRAYS " WHERE c.stable IS NULL", check_rule, "its config serves nothing" },
        { NAME_GRAY FROM_GRAYS " WHERE NOT EXISTS (SELECT 1 FROM releases r"
                               " WHERE r.id = g.event_id AND r.config_id = c.id AND r.kind = 3)",
          check_rule, "the event that set it is none of its config, or of another kind" },
        { NAME_GRAY FROM_GRAYS " JOIN releases r ON r.config_id = g.config_id"
                               " WHERE r.id > g.event_id AND r.kind IN (2, 4, 5)",
          check_rule, "an event after the one that set it ended it" },
        { NAME_GRAY ", c.newest, g.salt, g.rules, g.plan, g.ramp_state, g.ramp_step, g.ramp_since_ms,"
                    " g.ramp_held_ms" FROM_GRAYS,
          check_gray, NULL },

        REVISION_RULES("SELECT 'outbox row ' || o.id FROM outbox o", "outbox", "o"),
        { "SELECT 'schema attachment ' || s.id FROM schemas s JOIN namespaces n ON n.id = s.namespace_id"
          " WHERE n.deleted",
          check_rule, "its namespace is deleted" },
        { "SELECT 'schema attachment ' || s.id FROM schemas s JOIN configs c ON c.id = s.config_id"
          " LEFT JOIN versions v ON v.id = c.stable_id WHERE v.format IS NOT 0",
          check_rule, "its schema serves no JSON" },
        { "SELECT 'dead letter ' || d.id FROM dead_letters d"
          " WHERE d.revision NOT BETWEEN 1 AND (SELECT revision FROM store)",
          check_rule, "its revision is not between 1 and the store's" },
        { "SELECT 'ingested key ' || i.id FROM ingested i LEFT JOIN ingests p ON p.name = i.ingest"
          " WHERE i.generation > ifnull(p.generation, 0)",
          check_rule, "its generation is above that of its ingest" },

        { "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY id", check_audit_entry, NULL },
        { "SELECT 1", check_audit_end, NULL },
        { "SELECT 'audit entry ' || a.id FROM audit a WHERE a.revision > (SELECT revision FROM store)",
          check_rule, "its revision is above the store's" },
        { "SELECT 'the store' FROM store WHERE changed_at_ms < (SELECT max(created_at_ms) FROM audit)",
          check_rule, "its last change is older than an audit entry" },
};

static int fail_to_read(Verifier *verifier, int r) {
        problem_set(verifier->problem, NULL, "the store cannot be read: %s",
                    sqlite3_errmsg(verifier->database));
        return r;
}

static int run_check(Verifier *verifier, const Check *check) {
        sqlite3_stmt *statement = NULL;
        int step;
        int r;

        r = sql_prepare(verifier->database, &check->text, &statement, 1);
        if (r)
                return fail_to_read(verifier, r);

        while (r == 0 && (step = sql_step(statement)) != 0)
                r = step > 0 ? check->check_row(verifier, check, statement) : fail_to_read(verifier, step);
        sql_finalize(&statement, 1);
        return r;
}

static int run_checks(Verifier *verifier) {
        for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
                int r = run_check(verifier, &checks[i]);

                if (r)
                        return r;
        }
        return 0;
}

int maintenance_verify(sqlite3 *database, VerifyReport *ret_report, Problem *ret_problem) {
        _cleanup_(head_log_closep) HeadLog *heads = NULL;
        Verifier verifier = { .database = database, .problem = ret_problem };
        int r;

        r = schema_check(database, ret_problem);
        if (r)
                return r;
        r = sql_execute(database, "BEGIN");
        if (r)
                return fail_to_read(&verifier, r);

        r = head_log_open(database, &heads);
        if (r == 0)
                r = head_log_read(heads);
        r = r ? fail_to_read(&verifier, r) : run_checks(&verifier);
        (void)sql_execute(database, "COMMIT");
        if (r)
                return r;

        *ret_report = verifier.report;
        return 0;
}

int store_verify(const char *path, VerifyReport *ret_report, Problem *ret_problem) {
        _cleanup_(sql_closep) sqlite3 *database = NULL;
        int r;

        r = sql_open(path, SQL_MODE_READER, &database, ret_problem);
        if (r)
                return r;

        return maintenance_verify(database, ret_report, ret_problem);
}
