#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "model/format.h"
#include "store/maintenance.h"
#include "store/schema.h"
#include "store/spine.h"
#include "store/sql.h"
#include "util/digest.h"

int fixture_set_up_directory(void **state) {
        const char *parent = getenv("TMPDIR");
        Fixture *fixture = calloc(1, sizeof(*fixture));

        if (!fixture)
                return -1;

        (void)snprintf(fixture->directory, sizeof(fixture->directory), "%s/confer-test-XXXXXX",
                       parent ? parent : "/tmp");
        if (!mkdtemp(fixture->directory)) {
                free(fixture);
                return -1;
        }
        (void)snprintf(fixture->path, sizeof(fixture->path), "%s/confer.db", fixture->directory);
        *state = fixture;
        return 0;
}

int fixture_set_up(void **state) {
        Problem problem = PROBLEM_NULL;
        Fixture *fixture;

        if (fixture_set_up_directory(state) < 0)
                return -1;

        fixture = *state;
        if (sql_open(fixture->path, SQL_MODE_WRITER, &fixture->database, &problem) ||
            sql_execute(fixture->database, "PRAGMA synchronous = OFF") || sql_use_wal(fixture->database) ||
            schema_migrate(fixture->database, &problem)) {
                print_error("%s\n", problem.text);
                (void)fixture_tear_down(state);
                return -1;
        }
        return 0;
}

int fixture_tear_down(void **state) {
        Fixture *fixture = *state;
        DIR *directory;
        struct dirent *entry;

        sql_close(fixture->database);
        directory = opendir(fixture->directory);
        if (!directory)
                return -1;

        while ((entry = readdir(directory)))
                if (entry->d_name[0] != '.')
                        (void)unlink(fixture_file(fixture, entry->d_name));
        (void)closedir(directory);
        (void)rmdir(fixture->directory);
        free(fixture);
        return 0;
}

const char *fixture_file(const Fixture *fixture, const char *name) {
        static char paths[2][512];
        static unsigned turn;
        char *path = paths[turn++ % 2];

        (void)snprintf(path, sizeof(paths[0]), "%s/%s", fixture->directory, name);
        return path;
}

void fixture_copy_file(const char *from, const char *to) {
        FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
        char bytes[4096];
        size_t n;

        if (!in)
                fail_msg("%s cannot be opened", from);
        assert_non_null(out);
        while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
                assert_int_equal(fwrite(bytes, 1, n, out), n);
        (void)fclose(in);
        assert_int_equal(fclose(out), 0);
}

static char *print_sql(const char *format, va_list args) {
        char *text = sqlite3_vmprintf(format, args);

        assert_non_null(text);
        return text;
}

void fixture_execute(Fixture *fixture, const char *format, ...) {
        va_list args;
        char *text;
        int code;

        va_start(args, format);
        text = print_sql(format, args);
        va_end(args);
        code = sqlite3_exec(fixture->database, text, NULL, NULL, NULL);
        if (code != SQLITE_OK)
                fail_msg("%s: %s", text, sqlite3_errmsg(fixture->database));
        sqlite3_free(text);
}

int64_t fixture_number(Fixture *fixture, const char *format, ...) {
        sqlite3_stmt *statement = NULL;
        int64_t number;
        va_list args;
        char *text;

        va_start(args, format);
        text = print_sql(format, args);
        va_end(args);
        if (sqlite3_prepare_v2(fixture->database, text, -1, &statement, NULL) != SQLITE_OK ||
            sqlite3_step(statement) != SQLITE_ROW)
                fail_msg("%s: %s", text, sqlite3_errmsg(fixture->database));
        number = sqlite3_column_int64(statement, 0);
        (void)sqlite3_finalize(statement);
        sqlite3_free(text);
        return number;
}

void fixture_damage(const char *path, const char *text) {
        sqlite3 *database;
        char *message = NULL;

        assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
        if (sqlite3_exec(database, text, NULL, NULL, &message) != SQLITE_OK)
                fail_msg("%s: %s", text, message);
        assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

void fixture_assert_broken(const char *path, const char *damage, const char *expected) {
        VerifyReport report = { .revision = 77 };
        Problem problem = PROBLEM_NULL;

        if (store_verify(path, &report, &problem) != -EBADMSG)
                fail_msg("this is not seen: %s", damage);
        if (strcmp(problem.text, expected) != 0)
                fail_msg("%s\nis not\n%s\nafter: %s", problem.text, expected, damage);
        assert_int_equal(report.revision, 77);
}

static int64_t next_time(Fixture *fixture) {
        return fixture_at_ms(++fixture->revision);
}

static void read_audit_hash(Fixture *fixture, uint8_t ret_hash[SHA256_SIZE]) {
        static const char *const text = "SELECT audit_hash FROM store";
        sqlite3_stmt *statement = NULL;

        assert_int_equal(sql_prepare(fixture->database, &text, &statement, 1), 0);
        assert_int_equal(sql_step(statement), 1);
        memcpy(ret_hash, sql_column_blob(statement, 0).data, SHA256_SIZE);
        sql_finalize(&statement, 1);
}

void fixture_audit(Fixture *fixture, AuditEntry entry) {
        static const char *const text =
                "INSERT INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        uint8_t before[SHA256_SIZE];
        sqlite3_stmt *statement = NULL;

        entry.id = fixture_number(fixture, "SELECT ifnull(max(id), 0) + 1 FROM audit");
        entry.created_at_ms = fixture_at_ms(fixture->revision);
        read_audit_hash(fixture, before);
        audit_entry_hash(&entry, before, entry.hash);

        assert_int_equal(sql_prepare(fixture->database, &text, &statement, 1), 0);
        assert_int_equal(SQL_RUN(statement, sql_i64(entry.id), sql_i64(entry.created_at_ms),
                                 sql_text(entry.actor), sql_text(entry.address), sql_text(entry.action),
                                 sql_text(entry.namespace), sql_text(entry.key),
                                 sql_i64_or_null(entry.version), sql_i64_or_null((int64_t)entry.revision),
                                 sql_i64(entry.outcome), sql_text(entry.comment), sql_text(entry.details),
                                 sql_blob(entry.hash, SHA256_SIZE)),
                         0);
        sql_finalize(&statement, 1);
        fixture_execute(fixture,
                        "UPDATE store SET revision = %d, changed_at_ms = %lld, audit_hash ="
                        " (SELECT hash FROM audit ORDER BY id DESC LIMIT 1)",
                        fixture->revision, fixture_at_ms(fixture->revision));
}

static void audit_change(Fixture *fixture, const char *action, const char *namespace, const char *key,
                         int64_t version) {
        char comment[32];

        (void)snprintf(comment, sizeof(comment), FIXTURE_COMMENT, fixture->revision);
        fixture_audit(fixture, (AuditEntry){
                                       .actor = SPAN_LITERAL(FIXTURE_ACTOR),
                                       .address = SPAN_LITERAL(FIXTURE_ADDRESS),
                                       .action = span_from_string(action),
                                       .namespace = span_from_string(namespace),
                                       .key = span_from_string(key),
                                       .version = version,
                                       .revision = (uint64_t)fixture->revision,
                                       .comment = span_from_string(comment),
                               });
}

void fixture_add_namespace(Fixture *fixture, const char *name) {
        int64_t at_ms = next_time(fixture);

        fixture_execute(
                fixture,
                "INSERT INTO namespaces (name, description, revision, created_at_ms, created_by, "
                "updated_at_ms,"
                " updated_by) VALUES (%Q, 'about ' || %Q, %d, %lld, %Q, %lld, %Q) ON CONFLICT DO UPDATE"
                " SET deleted = 0, revision = excluded.revision, created_at_ms = excluded.created_at_ms,"
                " updated_at_ms = excluded.updated_at_ms",
                name, name, fixture->revision, at_ms, FIXTURE_ACTOR, at_ms, FIXTURE_ACTOR);
        audit_change(fixture, "namespace.create", name, NULL, 0);
}

static int64_t config_id(Fixture *fixture, const char *namespace, const char *key) {
        return fixture_number(
                fixture,
                "SELECT ifnull((SELECT c.id FROM configs c JOIN namespaces n ON n.id = c.namespace_id"
                " WHERE n.name = %Q AND c.key = %Q), 0)",
                namespace, key);
}

static void add_config(Fixture *fixture, const char *namespace, const char *key) {
        if (!config_id(fixture, namespace, key))
                fixture_execute(fixture,
                                "INSERT INTO configs (namespace_id, key, newest, newest_id, newest_format, "
                                "newest_sha256, spine)"
                                " SELECT id, %Q, 0, 0, 0, x'', x'' FROM namespaces WHERE name = %Q",
                                key, namespace);
}

static void to_hex(Span bytes, char *ret_hex) {
        for (size_t i = 0; i < bytes.size; i++)
                (void)snprintf(ret_hex + 2 * i, 3, "%02x", (unsigned)(uint8_t)bytes.data[i]);
        ret_hex[2 * bytes.size] = '\0';
}

/* The spine of the version that comes next. */
static void next_spine(Fixture *fixture, int64_t config, Spine *ret_spine) {
        static const char *const text = "SELECT newest, newest_id, spine FROM configs WHERE id = ?1";
        sqlite3_stmt *statement = NULL;
        int64_t newest;

        assert_int_equal(sql_prepare(fixture->database, &text, &statement, 1), 0);
        assert_int_equal(SQL_BIND(statement, sql_i64(config)), 0);
        assert_int_equal(sql_step(statement), 1);
        newest = sql_column_i64(statement, 0);
        assert_int_equal(spine_read(sql_column_blob(statement, 2), newest, ret_spine), 0);
        spine_advance(ret_spine, newest, sql_column_i64(statement, 1));
        sql_finalize(&statement, 1);
}

/* As a part of the change that has begun. */
static void add_version(Fixture *fixture, int64_t config, const char *key, const char *content) {
        uint8_t hash[SHA256_SIZE];
        char hex[2 * SHA256_SIZE + 1], spine_hex[2 * sizeof(((Spine *)NULL)->bytes) + 1];
        Spine spine;

        sha256(span_from_string(content), hash);
        to_hex((Span){ (const char *)hash, sizeof(hash) }, hex);
        next_spine(fixture, config, &spine);
        to_hex(spine_bytes(&spine), spine_hex);
        fixture_execute(
                fixture,
                "INSERT INTO versions (config_id, version, format, content, sha256, revision, created_at_ms,"
                " created_by, comment, previous_id, jump_id)"
                " SELECT id, newest + 1, %d, %Q, x'%s', %d, %lld, %Q, 'change %d', nullif(newest_id, 0), "
                "nullif(%lld, 0)"
                " FROM configs WHERE id = %lld",
                (int)format_from_key(span_from_string(key)), content, hex, fixture->revision,
                fixture_at_ms(fixture->revision), FIXTURE_ACTOR, fixture->revision, spine_jump_id(&spine),
                config);
        fixture_execute(
                fixture,
                "UPDATE configs SET newest = newest + 1, newest_id = last_insert_rowid(), deleted = 0,"
                " newest_format = %d, newest_sha256 = x'%s', spine = x'%s' WHERE id = %lld",
                (int)format_from_key(span_from_string(key)), hex, spine_hex, config);
}

/* @version is 0 for a delete. */
static void add_release(Fixture *fixture, int64_t config, ReleaseKind kind, int64_t version) {
        fixture_execute(
                fixture,
                "INSERT INTO releases (config_id, kind, version, from_version, previous, restores, revision,"
                " created_at_ms, created_by, comment) SELECT id, %d, nullif(%lld, 0), stable, last_event_id,"
                " iif(%d = 1, (SELECT max(id) FROM releases WHERE config_id = c.id AND version = "
                "%lld), NULL),"
                " %d, %lld, %Q, 'change %d' FROM configs c WHERE id = %lld",
                (int)kind, version, (int)kind, version, fixture->revision, fixture_at_ms(fixture->revision),
                FIXTURE_ACTOR, fixture->revision, config);
        fixture_execute(fixture,
                        "UPDATE configs SET stable = nullif(%lld, 0), stable_id = (SELECT id FROM versions"
                        " WHERE config_id = configs.id AND version = %lld), deleted = %d,"
                        " last_event_id = last_insert_rowid(),"
                        " release_id = iif(%lld, last_insert_rowid(), release_id) WHERE id = %lld",
                        version, version, kind == RELEASE_DELETE, version, config);
        fixture_execute(
                fixture,
                "INSERT INTO outbox (revision, namespace, key, version) SELECT %d, n.name, c.key, c.stable"
                " FROM configs c JOIN namespaces n ON n.id = c.namespace_id WHERE c.id = %lld",
                fixture->revision, config);
}

void fixture_save(Fixture *fixture, const char *namespace, const char *key, const char *content) {
        (void)next_time(fixture);
        add_config(fixture, namespace, key);
        add_version(fixture, config_id(fixture, namespace, key), key, content);
        audit_change(fixture, "config.save", namespace, key,
                     fixture_number(fixture, "SELECT max(version) FROM versions WHERE config_id = %lld",
                                    config_id(fixture, namespace, key)));
}

void fixture_release(Fixture *fixture, ReleaseKind kind, const char *namespace, const char *key,
                     int version) {
        (void)next_time(fixture);
        add_release(fixture, config_id(fixture, namespace, key), kind, version);
        audit_change(fixture, kind == RELEASE_ROLLBACK ? "config.rollback" : "config.publish", namespace, key,
                     version);
}

void fixture_publish(Fixture *fixture, const char *namespace, const char *key, const char *content) {
        int64_t config, version;

        (void)next_time(fixture);
        add_config(fixture, namespace, key);
        config = config_id(fixture, namespace, key);
        add_version(fixture, config, key, content);
        version = fixture_number(fixture, "SELECT newest FROM configs WHERE id = %lld", config);
        add_release(fixture, config, RELEASE_PUBLISH, version);
        audit_change(fixture, "config.publish", namespace, key, version);
}

void fixture_delete(Fixture *fixture, const char *namespace, const char *key) {
        (void)next_time(fixture);
        add_release(fixture, config_id(fixture, namespace, key), RELEASE_DELETE, 0);
        audit_change(fixture, "config.delete", namespace, key, 0);
}

/* Copies the first key that is not deleted. Return: whether there is one. */
static bool next_key(Fixture *fixture, const char *namespace, char ret_key[256]) {
        char *text = sqlite3_mprintf("SELECT c.key FROM configs c JOIN namespaces n ON n.id = c.namespace_id"
                                     " WHERE n.name = %Q AND NOT c.deleted LIMIT 1",
                                     namespace);
        sqlite3_stmt *statement = NULL;
        bool found;

        assert_int_equal(sql_prepare(fixture->database, (const char *const *)&text, &statement, 1), 0);
        found = sql_step(statement) > 0;
        if (found)
                (void)snprintf(ret_key, 256, "%s", (const char *)sqlite3_column_text(statement, 0));
        sql_finalize(&statement, 1);
        sqlite3_free(text);
        return found;
}

void fixture_delete_namespace(Fixture *fixture, const char *name) {
        char key[256];

        while (next_key(fixture, name, key))
                fixture_delete(fixture, name, key);

        (void)next_time(fixture);
        fixture_execute(fixture, "UPDATE namespaces SET deleted = 1, revision = %d WHERE name = %Q",
                        fixture->revision, name);
        audit_change(fixture, "namespace.delete", name, NULL, 0);
}
