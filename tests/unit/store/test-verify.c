#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "model/buf.h"
#include "store/maintenance.h"

#define LAST_AUDIT_ENTRY 12

/*
 * Revisions 1 to 11, audit entries 1 to 12. Versions by row: 1 and 2 of app.json, 1 of gone.txt, 1 of x.
 * Release events: 1 to 3 of app.json (publish 1, publish 2, roll back to 1), 4 and 5 of gone.txt, 6 and 7 of
 * x.
 */
static void fill(Fixture *fixture) {
        fixture_add_namespace(fixture, "prod");
        fixture_publish(fixture, "prod", "app.json", "1");
        fixture_save(fixture, "prod", "app.json", "2");
        fixture_release(fixture, RELEASE_PUBLISH, "prod", "app.json", 2);
        fixture_release(fixture, RELEASE_ROLLBACK, "prod", "app.json", 1);
        fixture_publish(fixture, "prod", "gone.txt", "gone");
        fixture_delete(fixture, "prod", "gone.txt");
        fixture_add_namespace(fixture, "old.ns");
        fixture_publish(fixture, "old.ns", "x", "");
        fixture_delete_namespace(fixture, "old.ns");
        fixture_audit(fixture, (AuditEntry){ .actor = SPAN_LITERAL(""),
                                             .address = SPAN_LITERAL(""),
                                             .action = SPAN_LITERAL("login"),
                                             .outcome = AUDIT_DENIED,
                                             .comment = SPAN_LITERAL("") });
}

static void assert_intact(const char *path, VerifyReport *ret_report) {
        Problem problem = PROBLEM_NULL;

        if (store_verify(path, ret_report, &problem))
                fail_msg("%s", problem.text);
}

static void an_intact_store_is_counted(void **state) {
        Fixture *fixture = *state;
        VerifyReport report;

        fill(fixture);
        assert_intact(fixture->path, &report);
        assert_int_equal(report.revision, 11);
        assert_int_equal(report.n_versions, 4);
        assert_int_equal(report.n_audit_entries, LAST_AUDIT_ENTRY);
}

static void a_new_store_is_intact(void **state) {
        Fixture *fixture = *state;
        VerifyReport report;

        assert_intact(fixture->path, &report);
        assert_int_equal(report.revision, 0);
        assert_int_equal(report.n_versions, 0);
        assert_int_equal(report.n_audit_entries, 0);
}

static void what_a_server_does_to_a_store_leaves_it_intact(void **state) {
        Fixture *fixture = *state;
        VerifyReport report;

        fill(fixture);
        fixture_add_namespace(fixture, "old.ns");
        fixture_save(fixture, "old.ns", "x", "new");
        assert_intact(fixture->path, &report);
        fixture_release(fixture, RELEASE_ROLLBACK, "old.ns", "x", 1);
        fixture_save(fixture, "prod", "gone.txt", "back");
        assert_intact(fixture->path, &report);
        fixture_delete(fixture, "prod", "gone.txt");
        fixture_publish(fixture, "prod", "gone.txt", "and forth");
        assert_intact(fixture->path, &report);
        assert_int_equal(report.n_versions, 7);
}

static void a_store_that_is_not_there_cannot_be_verified(void **state) {
        VerifyReport report;
        Problem problem = PROBLEM_NULL;

        assert_int_equal(store_verify(fixture_file(*state, "none.db"), &report, &problem), -ENOENT);
        assert_non_null(strstr(problem.text, "none.db cannot be opened"));
}

/* Whatever is done to the fixture's database, in words for the audit too. */
static void damage(Fixture *fixture, const char *text) {
        fixture_execute(fixture,
                        "PRAGMA foreign_keys = OFF; DROP TRIGGER IF EXISTS audit_is_append_only_update;"
                        "DROP TRIGGER IF EXISTS audit_is_append_only_delete");
        fixture_execute(fixture, "%s", text);
}

typedef struct Damage {
        const char *text;
        const char *expected;
} Damage;

static void read_file(const char *path, Buf *to) {
        FILE *file = fopen(path, "rb");
        char bytes[4096];
        size_t n;

        assert_non_null(file);
        while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
                buf_append(to, bytes, n);
        (void)fclose(file);
}

static void write_file(const char *path, const Buf *from) {
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_int_equal(fwrite(from->data, 1, from->size, file), from->size);
        assert_int_equal(fclose(file), 0);
}

static void checkpoint(Fixture *fixture) {
        assert_int_equal(
                sqlite3_wal_checkpoint_v2(fixture->database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL),
                SQLITE_OK);
}

/* Opens a copy of the store, at @path, in which @text was executed. */
static void damage_copy(const Fixture *fixture, const Buf *intact, const char *path, const char *text,
                        Fixture *ret_copy) {
        Fixture copy = *fixture;

        (void)snprintf(copy.path, sizeof(copy.path), "%s", path);
        write_file(copy.path, intact);
        assert_int_equal(sqlite3_open(copy.path, &copy.database), SQLITE_OK);
        fixture_execute(&copy, "PRAGMA synchronous = OFF");
        damage(&copy, text);
        *ret_copy = copy;
}

/* Each in a store of its own. */
static void assert_damages(Fixture *fixture, const Damage *damages, size_t n) {
        _cleanup_(buf_deinit) Buf intact = BUF_NULL;

        fill(fixture);
        checkpoint(fixture);
        read_file(fixture->path, &intact);
        for (size_t i = 0; i < n; i++) {
                Fixture copy;

                damage_copy(fixture, &intact, fixture_file(fixture, "damaged.db"), damages[i].text, &copy);
                fixture_assert_broken(copy.path, damages[i].text, damages[i].expected);
                assert_int_equal(sqlite3_close(copy.database), SQLITE_OK);
        }
}

static void damage_to_the_store_row_is_named(void **state) {
        static const Damage damages[] = {
                { "DELETE FROM store", "the row of the table store is missing" },
                { "UPDATE store SET epoch = 'abc'", "the store's epoch is not made of 32 hex digits" },
                { "UPDATE store SET epoch = upper(epoch) || 'x'",
                  "the store's epoch is not made of 32 hex digits" },
                { "UPDATE store SET epoch = replace(epoch, substr(epoch, 1, 1), 'G')",
                  "the store's epoch is not made of 32 hex digits" },
                { "UPDATE store SET audit_hash = x'00'", "the store's audit hash is not made of 32 bytes" },
                { "UPDATE store SET revision = -1", "the store's revision is below 0" },
                { "UPDATE store SET changed_at_ms = changed_at_ms - 1",
                  "the store: its last change is older than an audit entry" },
                { "UPDATE store SET audit_hash = zeroblob(32)",
                  "the audit ends with entry 12, whose hash is not the one that the store carries: entries "
                  "after it are "
                  "missing, or the store's row was changed" },
        };

        assert_damages(*state, damages, ARRAY_SIZE(damages));
}

static void damage_to_a_namespace_is_named(void **state) {
        static const Damage damages[] = {
                { "UPDATE namespaces SET revision = 12 WHERE name = 'prod'",
                  "namespace prod: its revision is not between 1 and the store's" },
                { "UPDATE namespaces SET revision = 0 WHERE name = 'old.ns'",
                  "namespace old.ns: its revision is not between 1 and the store's" },
                { "DELETE FROM namespaces WHERE name = 'prod'",
                  "row 1 of configs: it refers to a row of namespaces that does not exist" },
                { "UPDATE namespaces SET deleted = 1 WHERE name = 'prod'",
                  "config prod/app.json: it is not deleted, although its namespace is" },
        };

        assert_damages(*state, damages, ARRAY_SIZE(damages));
}

static void damage_to_a_version_is_named(void **state) {
        static const Damage damages[] = {
                { "UPDATE versions SET content = '3' WHERE id = 2",
                  "version 2 of prod/app.json: its content does not match its SHA-256" },
                { "UPDATE versions SET content = ' ' WHERE id = 4",
                  "version 1 of old.ns/x: its content does not match its SHA-256" },
                { "UPDATE versions SET sha256 = zeroblob(32) WHERE id = 3",
                  "version 1 of prod/gone.txt: its content does not match its SHA-256" },
                { "UPDATE versions SET sha256 = x'00' WHERE id = 3",
                  "version 1 of prod/gone.txt: its SHA-256 is not made of 32 bytes" },
                { "UPDATE versions SET format = 6 WHERE id = 1",
                  "version 1 of prod/app.json: its format is unknown" },
                { "UPDATE versions SET format = -1 WHERE id = 1",
                  "version 1 of prod/app.json: its format is unknown" },
                { "DELETE FROM versions WHERE id = 1", "version 1 of prod/app.json: it is missing" },
                { "UPDATE versions SET version = 5 WHERE id = 2",
                  "version 2 of prod/app.json: it is missing" },
                { "DELETE FROM versions WHERE id = 2",
                  "config prod/app.json: its newest version does not exist" },
                { "UPDATE versions SET version = 1 WHERE id = 2",
                  "version 2 of prod/app.json: it is missing" },
                { "UPDATE versions SET version = 3 - version WHERE id IN (1, 2)",
                  "version 1 of prod/app.json: it is missing" },
                { "INSERT INTO versions SELECT 5, config_id, version, previous_id, jump_id, format, sha256, "
                  "11,"
                  " created_at_ms, created_by, comment, content FROM versions WHERE id = 2",
                  "version 3 of prod/app.json: it is missing" },
                { "INSERT INTO versions SELECT 5, config_id, 3, 2, 2, format, sha256, 11,"
                  " created_at_ms, created_by, comment, content FROM versions WHERE id = 2",
                  "config prod/app.json: it has a version that is newer than its newest" },
                { "DELETE FROM versions WHERE id = 3",
                  "config prod/gone.txt: its newest version does not exist" },
                { "UPDATE versions SET config_id = 2 WHERE id = 2",
                  "version 1 of prod/gone.txt: it is missing" },
                { "UPDATE versions SET revision = 12 WHERE id = 4",
                  "version 1 of old.ns/x: its revision is not between 1 and the store's" },
                { "UPDATE versions SET revision = 0 WHERE id = 1",
                  "version 1 of prod/app.json: its revision is not between 1 and the store's" },
                { "UPDATE versions SET revision = 2 WHERE id = 3",
                  "version 1 of prod/gone.txt: its revision is below that of the row before it" },
                { "UPDATE versions SET config_id = 9 WHERE id = 3",
                  "row 3 of versions: its config does not exist" },
        };

        assert_damages(*state, damages, ARRAY_SIZE(damages));
}

static void damage_to_the_pointers_of_versions_is_named(void **state) {
        static const Damage damages[] = {
                { "UPDATE versions SET previous_id = NULL WHERE id = 2",
                  "version 2 of prod/app.json: the version that it says stands before it does not" },
                { "UPDATE versions SET previous_id = 3 WHERE id = 2",
                  "version 2 of prod/app.json: the version that it says stands before it does not" },
                { "UPDATE versions SET previous_id = 2 WHERE id = 1",
                  "version 1 of prod/app.json: the version that it says stands before it does not" },
                { "UPDATE versions SET previous_id = 2 WHERE id = 3",
                  "version 1 of prod/gone.txt: the version that it says stands before it does not" },
                { "UPDATE versions SET jump_id = NULL WHERE id = 2",
                  "version 2 of prod/app.json: it does not jump to the version that it should" },
                { "UPDATE versions SET jump_id = 2 WHERE id = 2",
                  "version 2 of prod/app.json: it does not jump to the version that it should" },
                { "UPDATE versions SET jump_id = 1 WHERE id = 4",
                  "version 1 of old.ns/x: it does not jump to the version that it should" },
        };

        assert_damages(*state, damages, ARRAY_SIZE(damages));
}

/* Versions 1 to 9 in the rows 1, 3, 5 ... 17; a store of its own for each damage takes most of the time. */
static void a_jump_to_another_older_version_is_named(void **state) {
        Fixture *fixture = *state;
        char content[16];

        fixture_add_namespace(fixture, "prod");
        for (int i = 1; i <= 9; i++) {
                (void)snprintf(content, sizeof(content), "%d", i);
                fixture_save(fixture, "prod", "app.json", content);
                fixture_save(fixture, "prod", "other", content);
        }
        assert_intact(fixture->path, &(VerifyReport){ 0 });

        fixture_execute(fixture, "UPDATE versions SET jump_id = 5 WHERE version = 8 AND config_id = 1");
        fixture_assert_broken(fixture->path, "a jump too short",
                              "version 8 of prod/app.json: it does not jump to the version that it should");
        fixture_execute(fixture, "UPDATE versions SET jump_id = 2 WHERE version = 8 AND config_id = 1");
        fixture_assert_broken(fixture->path, "a jump to another config",
                              "version 8 of prod/app.json: it does not jump to the version that it should");
        fixture_execute(fixture, "UPDATE versions SET jump_id = 1 WHERE version = 8 AND config_id = 1");
        assert_intact(fixture->path, &(VerifyReport){ 0 });

        fixture_execute(fixture, "UPDATE configs SET spine = x'0000000000000001000000000000000D'");
        fixture_assert_broken(fixture->path, "the spine of an older version",
                              "config prod/app.json: its spine is not what its newest version jumps to");
}

static void damage_to_a_config_is_named(void **state) {
        static const Damage damages[] = {
                { "UPDATE configs SET newest_id = 1 WHERE key = 'app.json'",
                  "config prod/app.json: its newest version does not exist" },
                { "UPDATE configs SET newest = 3 WHERE key = 'app.json'",
                  "config prod/app.json: its newest version does not exist" },
                { "UPDATE configs SET newest = 1, newest_id = 1 WHERE key = 'app.json'",
                  "config prod/app.json: it has a version that is newer than its newest" },
                { "UPDATE configs SET newest_sha256 = zeroblob(32) WHERE key = 'app.json'",
                  "config prod/app.json: its format and hash are not those of its newest version" },
                { "UPDATE configs SET newest_format = 1 WHERE key = 'app.json'",
                  "config prod/app.json: its format and hash are not those of its newest version" },
                { "UPDATE configs SET spine = x'' WHERE key = 'app.json'",
                  "config prod/app.json: its spine is not what its newest version jumps to" },
                { "UPDATE configs SET spine = x'0000000000000002' WHERE key = 'app.json'",
                  "config prod/app.json: its spine is not what its newest version jumps to" },
                { "UPDATE configs SET spine = x'0000000000000003' WHERE key = 'gone.txt'",
                  "config prod/gone.txt: its spine is not what its newest version jumps to" },
                { "UPDATE configs SET stable_id = 2 WHERE key = 'app.json'",
                  "config prod/app.json: the version that it serves does not exist" },
                { "UPDATE configs SET stable_id = NULL WHERE key = 'app.json'",
                  "config prod/app.json: the version that it serves does not exist" },
                { "UPDATE configs SET stable_id = 3 WHERE key = 'app.json'",
                  "config prod/app.json: the version that it serves does not exist" },
                { "UPDATE configs SET stable = 2, stable_id = 2 WHERE key = 'app.json'",
                  "config prod/app.json: it does not serve what its last release event says" },
                { "UPDATE configs SET stable = NULL, stable_id = NULL WHERE key = 'app.json'",
                  "config prod/app.json: it does not serve what its last release event says" },
                { "UPDATE configs SET stable = 1, stable_id = 3 WHERE key = 'gone.txt'",
                  "config prod/gone.txt: it does not serve what its last release event says" },
                { "UPDATE configs SET release_id = 1 WHERE key = 'app.json'",
                  "config prod/app.json: its release event is not the last one that put a version in force" },
                { "UPDATE configs SET release_id = NULL WHERE key = 'gone.txt'",
                  "config prod/gone.txt: its release event is not the last one that put a version in force" },
                { "UPDATE configs SET release_id = 5 WHERE key = 'gone.txt'",
                  "config prod/gone.txt: its release event is not the last one that put a version in force" },
                { "INSERT INTO schemas SELECT 1, n.id, '', c.id, 0, '' FROM namespaces n JOIN configs c"
                  " WHERE n.name = 'prod' AND c.key = 'gone.txt'",
                  "schema attachment 1: its schema serves no JSON" },
                { "INSERT INTO schemas SELECT 1, n.id, '', c.id, 0, '' FROM namespaces n JOIN configs c"
                  " WHERE n.name = 'old.ns' AND c.key = 'app.json'",
                  "schema attachment 1: its namespace is deleted" },
                { "UPDATE configs SET deleted = 1 WHERE key = 'app.json'",
                  "config prod/app.json: it is deleted, and still served" },
                { "UPDATE configs SET deleted = 0 WHERE key = 'x'",
                  "config old.ns/x: it is not deleted, although its namespace is" },
        };

        assert_damages(*state, damages, ARRAY_SIZE(damages));
}

static void damage_to_a_release_event_is_named(void **state) {
        static const Damage damages[] = {
                { "UPDATE releases SET kind = 6 WHERE id = 1",
                  "release event 1 of prod/app.json: its kind is unknown, or does not go with its version" },
                { "UPDATE releases SET kind = 2 WHERE id = 2",
                  "release event 2 of prod/app.json: its kind is unknown, or does not go with its version" },
                { "UPDATE releases SET kind = 0 WHERE id = 5",
                  "release event 5 of prod/gone.txt: its kind is unknown, or does not go with its version" },
                { "UPDATE releases SET version = 9 WHERE id = 2",
                  "release event 2 of prod/app.json: the version that it names does not exist" },
                { "UPDATE releases SET version = 1 WHERE id = 2",
                  "release event 3 of prod/app.json: what was in force before it is not what the event "
                  "before it says" },
                { "UPDATE releases SET from_version = 1 WHERE id = 1",
                  "release event 1 of prod/app.json: what was in force before it is not what the event "
                  "before it says" },
                { "UPDATE releases SET from_version = NULL WHERE id = 5",
                  "release event 5 of prod/gone.txt: what was in force before it is not what the event "
                  "before it says" },
                { "DELETE FROM releases WHERE id = 2",
                  "release event 3 of prod/app.json: the event that it says stands before it does not" },
                { "UPDATE releases SET previous = 1 WHERE id = 3",
                  "release event 3 of prod/app.json: the event that it says stands before it does not" },
                { "UPDATE configs SET last_event_id = NULL WHERE id = 1",
                  "config prod/app.json: it does not serve what its last release event says" },
                { "UPDATE releases SET restores = 2 WHERE id = 3",
                  "release event 3 of prod/app.json: the event that it restores is not an earlier one of the "
                  "same "
                  "version" },
                { "UPDATE releases SET restores = 3 WHERE id = 3",
                  "release event 3 of prod/app.json: the event that it restores is not an earlier one of the "
                  "same "
                  "version" },
                { "UPDATE releases SET restores = 1 WHERE id = 4",
                  "release event 4 of prod/gone.txt: the event that it restores is not an earlier one of the "
                  "same "
                  "version" },
                { "UPDATE releases SET restores = 77 WHERE id = 3",
                  "row 3 of releases: it refers to a row of releases that does not exist" },
                { "UPDATE releases SET config_id = 9 WHERE id = 7",
                  "row 7 of releases: its config does not exist" },
                { "UPDATE releases SET revision = 3 WHERE id = 3",
                  "release event 3 of prod/app.json: its revision is below that of the row before it" },
                { "UPDATE releases SET revision = 99 WHERE id = 7",
                  "release event 7 of old.ns/x: its revision is not between 1 and the store's" },
        };

        assert_damages(*state, damages, ARRAY_SIZE(damages));
}

static void damage_to_the_outbox_is_named(void **state) {
        static const Damage damages[] = {
                { "UPDATE outbox SET revision = 12 WHERE id = 7",
                  "outbox row 7: its revision is not between 1 and the store's" },
                { "UPDATE outbox SET revision = 1 WHERE id = 2",
                  "outbox row 2: its revision is below that of the row before it" },
        };

        assert_damages(*state, damages, ARRAY_SIZE(damages));
}

static void damage_to_the_audit_is_named(void **state) {
        static const Damage damages[] = {
                { "UPDATE audit SET comment = 'harmless' WHERE id = 7",
                  "audit entry 7: its hash does not follow from entry 6" },
                { "UPDATE audit SET actor = 'user:nobody' WHERE id = 1",
                  "audit entry 1: its hash is not that of a first entry" },
                { "UPDATE audit SET key = NULL WHERE id = 2",
                  "audit entry 2: its hash does not follow from entry 1" },
                { "UPDATE audit SET details = '' WHERE id = 12",
                  "audit entry 12: its hash does not follow from entry 11" },
                { "UPDATE audit SET outcome = 0 WHERE id = 12",
                  "audit entry 12: its hash does not follow from entry 11" },
                { "UPDATE audit SET hash = (SELECT hash FROM audit WHERE id = 2) WHERE id = 3",
                  "audit entry 3: its hash does not follow from entry 2" },
                { "UPDATE audit SET outcome = 2 WHERE id = 4",
                  "audit entry 4: its outcome or its hash is malformed" },
                { "UPDATE audit SET hash = x'' WHERE id = 4",
                  "audit entry 4: its outcome or its hash is malformed" },
                { "DELETE FROM audit WHERE id = 1", "audit entry 1: it is missing" },
                { "DELETE FROM audit WHERE id = 5", "audit entry 5: it is missing" },
                { "DELETE FROM audit WHERE id = 5; UPDATE audit SET id = id - 1 WHERE id > 5",
                  "audit entry 5: its hash does not follow from entry 4" },
                { "UPDATE audit SET id = -id WHERE id IN (3, 4); UPDATE audit SET id = 7 + id WHERE id < 0",
                  "audit entry 3: its hash does not follow from entry 2" },
                { "DELETE FROM audit WHERE id = 12", "the audit ends with entry 11, whose hash is not the "
                                                     "one that the store carries: entries after it are "
                                                     "missing, or the store's row was changed" },
                { "DELETE FROM audit", "the audit ends with entry 0, whose hash is not the one that the "
                                       "store carries: entries after it are "
                                       "missing, or the store's row was changed" },
                { "INSERT INTO audit SELECT 13, created_at_ms, actor, address, action, namespace, key, "
                  "version, revision,"
                  " outcome, comment, details, hash FROM audit WHERE id = 12",
                  "audit entry 13: its hash does not follow from entry 12" },
        };

        assert_damages(*state, damages, ARRAY_SIZE(damages));
}

static void an_entry_that_went_back_in_time_is_named(void **state) {
        Fixture *fixture = *state;

        fill(fixture);
        fixture->revision -= 2;
        fixture_audit(fixture, (AuditEntry){ .action = SPAN_LITERAL("login"),
                                             .actor = SPAN_LITERAL(""),
                                             .address = SPAN_LITERAL(""),
                                             .comment = SPAN_LITERAL("") });
        fixture_execute(fixture, "UPDATE store SET revision = revision + 2");
        fixture_assert_broken(fixture->path, "an older entry", "audit entry 13: it is older than entry 12");
}

static void an_entry_with_a_revision_to_come_is_named(void **state) {
        Fixture *fixture = *state;

        fill(fixture);
        fixture_audit(fixture, (AuditEntry){ .action = SPAN_LITERAL("config.save"),
                                             .actor = SPAN_LITERAL(""),
                                             .address = SPAN_LITERAL(""),
                                             .revision = 12,
                                             .comment = SPAN_LITERAL("") });
        fixture_assert_broken(fixture->path, "a revision to come",
                              "audit entry 13: its revision is above the store's");
}

static void the_audit_cannot_be_changed_with_its_triggers_in_place(void **state) {
        Fixture *fixture = *state;

        fill(fixture);
        assert_int_equal(sqlite3_exec(fixture->database, "UPDATE audit SET comment = ''", NULL, NULL, NULL),
                         SQLITE_CONSTRAINT);
        assert_string_equal(sqlite3_errmsg(fixture->database), "the audit is append-only");
        assert_int_equal(sqlite3_exec(fixture->database, "DELETE FROM audit WHERE id = 1", NULL, NULL, NULL),
                         SQLITE_CONSTRAINT);
        assert_string_equal(sqlite3_errmsg(fixture->database), "the audit is append-only");
}

static void a_config_cannot_be_taken_from_its_history(void **state) {
        static const char *const texts[] = {
                "DELETE FROM configs WHERE id = 1",
                "UPDATE configs SET id = 9 WHERE id = 1",
        };
        Fixture *fixture = *state;

        fill(fixture);
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                assert_int_equal(sqlite3_exec(fixture->database, texts[i], NULL, NULL, NULL),
                                 SQLITE_CONSTRAINT);
                assert_string_equal(sqlite3_errmsg(fixture->database), "rows of configs are kept");
        }
}

/* Overwrites a page of an index, so that the file is malformed. */
static void a_damaged_file_is_named(void **state) {
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        VerifyReport report;
        int64_t page;
        FILE *file;

        fill(fixture);
        page = fixture_number(fixture,
                              "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_configs_1'");
        checkpoint(fixture);
        file = fopen(fixture->path, "r+b");
        assert_non_null(file);
        assert_int_equal(fseek(file, (long)(page - 1) * 4096, SEEK_SET), 0);
        for (int i = 0; i < 4096; i++)
                assert_int_not_equal(fputc(i & 0xff, file), EOF);
        assert_int_equal(fclose(file), 0);

        assert_int_equal(store_verify(fixture->path, &report, &problem), -EBADMSG);
        assert_non_null(strstr(problem.text, "the database file is damaged: "));
}

static void assert_same_file(const char *path, const Buf *expected) {
        _cleanup_(buf_deinit) Buf bytes = BUF_NULL;

        read_file(path, &bytes);
        assert_int_equal(bytes.size, expected->size);
        assert_memory_equal(bytes.data, expected->data, expected->size);
}

/* As a killed server leaves it: what was committed since the last checkpoint is in the log. */
static void a_log_is_read_and_left_where_it_is(void **state) {
        _cleanup_(buf_deinit) Buf database = BUF_NULL;
        _cleanup_(buf_deinit) Buf log = BUF_NULL;
        Fixture *fixture = *state;
        VerifyReport report;
        char from[320];

        fixture_add_namespace(fixture, "prod");
        checkpoint(fixture);
        fixture_publish(fixture, "prod", "app.json", "1");
        read_file(fixture->path, &database);
        (void)snprintf(from, sizeof(from), "%s-wal", fixture->path);
        read_file(from, &log);
        assert_true(log.size > 0);
        write_file(fixture_file(fixture, "killed.db"), &database);
        write_file(fixture_file(fixture, "killed.db-wal"), &log);

        assert_intact(fixture_file(fixture, "killed.db"), &report);
        assert_int_equal(report.revision, 2);
        assert_int_equal(report.n_versions, 1);
        assert_same_file(fixture_file(fixture, "killed.db"), &database);
        assert_same_file(fixture_file(fixture, "killed.db-wal"), &log);
}

static void a_store_that_cannot_be_opened_keeps_its_log(void **state) {
        _cleanup_(buf_deinit) Buf database = BUF_NULL;
        _cleanup_(buf_deinit) Buf log = BUF_NULL;
        Fixture *fixture = *state;
        Problem problem = PROBLEM_NULL;
        VerifyReport report;
        char from[320];

        fixture_add_namespace(fixture, "prod");
        checkpoint(fixture);
        fixture_publish(fixture, "prod", "app.json", "1");
        buf_append_literal(&database, "no header of SQLite");
        read_file(fixture->path, &database);
        (void)snprintf(from, sizeof(from), "%s-wal", fixture->path);
        read_file(from, &log);
        write_file(fixture_file(fixture, "killed.db"), &database);
        write_file(fixture_file(fixture, "killed.db-wal"), &log);

        assert_int_equal(store_verify(fixture_file(fixture, "killed.db"), &report, &problem), -EBADMSG);
        assert_non_null(strstr(problem.text, "killed.db cannot be opened: file is not a database"));
        assert_same_file(fixture_file(fixture, "killed.db"), &database);
        assert_same_file(fixture_file(fixture, "killed.db-wal"), &log);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_set_up, fixture_tear_down)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(an_intact_store_is_counted),
                TEST(a_new_store_is_intact),
                TEST(what_a_server_does_to_a_store_leaves_it_intact),
                TEST(a_store_that_is_not_there_cannot_be_verified),
                TEST(damage_to_the_store_row_is_named),
                TEST(damage_to_a_namespace_is_named),
                TEST(damage_to_a_version_is_named),
                TEST(damage_to_the_pointers_of_versions_is_named),
                TEST(a_jump_to_another_older_version_is_named),
                TEST(damage_to_a_config_is_named),
                TEST(damage_to_a_release_event_is_named),
                TEST(damage_to_the_outbox_is_named),
                TEST(damage_to_the_audit_is_named),
                TEST(an_entry_that_went_back_in_time_is_named),
                TEST(an_entry_with_a_revision_to_come_is_named),
                TEST(the_audit_cannot_be_changed_with_its_triggers_in_place),
                TEST(a_config_cannot_be_taken_from_its_history),
                TEST(a_damaged_file_is_named),
                TEST(a_log_is_read_and_left_where_it_is),
                TEST(a_store_that_cannot_be_opened_keeps_its_log),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
