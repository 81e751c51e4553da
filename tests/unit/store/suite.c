#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "model/buf.h"
#include "model/gray_release.h"
#include "store/maintenance.h"
#include "store/sql.h"
#include "suite.h"
#include "util/digest.h"
#include "util/log.h"

Suite suite;

_Atomic unsigned n_syncs;
_Atomic bool syncs_fail;
_Atomic bool database_is_slow;

static bool is_database(int fd) {
        struct stat file, database;

        return fstat(fd, &file) == 0 && stat(suite.fixture->path, &database) == 0 &&
               file.st_ino == database.st_ino;
}

static int count_sync(long number, int fd) {
        n_syncs++;
        if (database_is_slow && is_database(fd))
                (void)nanosleep(&(struct timespec){ .tv_nsec = 300 * 1000 * 1000 }, NULL);
        if (syncs_fail) {
                errno = EIO;
                return -1;
        }
        return (int)syscall(number, fd);
}

int fsync(int fd) {
        return count_sync(SYS_fsync, fd);
}

int fdatasync(int fd) {
        return count_sync(SYS_fdatasync, fd);
}

uint64_t next_random(uint64_t *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

int silence_log(void **state _unused_) {
        log_set_level(LOG_LEVEL_ERROR);
        return 0;
}

/*
 * The store.
 */

/* @thread writer */
static void feed(void *context, Commit *commit) {
        Suite *s = context;
        bool has_failed = false;

        pthread_mutex_lock(&s->lock);
        s->n_commits++;
        for (size_t i = 0; i < commit->n_changes; i++) {
                if (commit->changes[i]->revision != s->catalog.revision + 1)
                        s->is_out_of_order = true;
                (void)catalog_apply(&s->catalog, commit->changes[i]);
                change_unref(s->newest);
                s->newest = change_ref(commit->changes[i]);
        }
        for (Command *command = commit->commands, *next; command; command = next) {
                next = command->next;
                has_failed |= command->outcome == STORE_E_FAILED;
                command->done(command);
        }
        s->n_commits_failed += has_failed;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);

        commit_free(commit);
}

void on_done(Command *command) {
        Ask *ask = (Ask *)command;

        ask->is_done = true;
        ask->n_dones++;
        ask->n_syncs = n_syncs;
}

void open_store(void) {
        Problem problem = PROBLEM_NULL;

        if (store_open(&suite.options, &suite.store, &problem) ||
            store_load(suite.store, &suite.catalog, &problem) ||
            sql_open(suite.fixture->path, SQL_MODE_READER, &suite.fixture->database, &problem))
                fail_msg("%s", problem.text);
}

void start_store(void) {
        assert_int_equal(store_start(suite.store), 0);
}

void close_store(void) {
        suite.fixture->database = sql_close(suite.fixture->database);
        if (suite.store)
                store_stop(suite.store);
        suite.store = store_close(suite.store);
}

void reopen_store(void) {
        close_store();
        catalog_deinit(&suite.catalog);
        open_store();
        start_store();
}

static void free_last(void) {
        if (suite.last)
                command_deinit(&suite.last->command);
        free(suite.last);
        suite.last = NULL;
}

int set_up_closed(void **state) {
        if (fixture_set_up_directory(state) < 0)
                return -1;

        suite = (Suite){ .fixture = *state,
                         .lock = PTHREAD_MUTEX_INITIALIZER,
                         .changed = PTHREAD_COND_INITIALIZER };
        suite.options = (StoreOptions){
                .path = suite.fixture->path,
                .queue_max = 100000,
                .wal_max_bytes = 64 * 1024 * 1024,
                .outbox_max_rows = 1000000,
                .head_log_max_rows = 1000,
                .sink = feed,
                .sink_context = &suite,
        };
        return 0;
}

int set_up_unstarted(void **state) {
        if (set_up_closed(state) < 0)
                return -1;

        open_store();
        return 0;
}

int set_up(void **state) {
        if (set_up_unstarted(state) < 0)
                return -1;

        start_store();
        return 0;
}

static bool same_wire(const Release *a, const Release *b) {
        _cleanup_(buf_deinit) Buf wire_a = BUF_NULL, wire_b = BUF_NULL;

        release_append_wire(&wire_a, a);
        release_append_wire(&wire_b, b);
        return span_equal(buf_span(&wire_a), buf_span(&wire_b));
}

static bool same_ramp(const Ramp *a, const Ramp *b) {
        if (!a || !b)
                return a == b;
        return a->state == b->state && a->step == b->step && a->since_ms == b->since_ms &&
               a->held_ms == b->held_ms && a->n_steps == b->n_steps && a->rule == b->rule;
}

static bool same_gray(const GrayRelease *a, const GrayRelease *b) {
        if (!a || !b)
                return a == b;
        if (a->n_arms != b->n_arms || a->updated_at_ms != b->updated_at_ms || !same_ramp(a->ramp, b->ramp))
                return false;

        for (size_t i = 0; i < a->n_arms; i++)
                if (!same_release(a->arms[i], b->arms[i]))
                        return false;
        return true;
}

bool same_release(const Release *a, const Release *b) {
        return a && b && span_equal(release_json(a), release_json(b)) &&
               span_equal(release_etag(a), release_etag(b)) && same_wire(a, b) && same_gray(a->gray, b->gray);
}

static bool has_release(void *context, Release *release) {
        const Catalog **other = context;

        if (!same_release(release, catalog_get(*other, release_namespace(release), release_key(release))))
                *other = NULL;
        return *other != NULL;
}

static bool same_catalog(const Catalog *a, const Catalog *b) {
        if (a->revision != b->revision || catalog_n_releases(a) != catalog_n_releases(b) ||
            catalog_n_namespaces(a) != catalog_n_namespaces(b))
                return false;

        catalog_each(a, SPAN_NULL, has_release, &b);
        return b != NULL;
}

/* The file at @path holds, and what is loaded from it is what the changes made. */
static bool holds(const char *path) {
        _cleanup_(catalog_deinit) Catalog loaded = CATALOG_NULL;
        _cleanup_(store_closep) Store *store = NULL;
        StoreOptions options = suite.options;
        Problem problem = PROBLEM_NULL;
        VerifyReport report;

        options.path = path;
        if (store_verify(path, &report, &problem) || store_open(&options, &store, &problem) ||
            store_load(store, &loaded, &problem)) {
                print_error("%s\n", problem.text);
                return false;
        }
        if (!same_catalog(&loaded, &suite.catalog)) {
                print_error("what is loaded is not what the changes made\n");
                return false;
        }
        return true;
}

bool is_sound(void) {
        if (suite.is_out_of_order) {
                print_error("revisions came out of order\n");
                return false;
        }
        return holds(suite.fixture->path);
}

const char *copy_as_killed(void) {
        const char *path = fixture_file(suite.fixture, "killed.db");
        Problem problem;

        (void)remove(path);
        if (store_backup(suite.fixture->path, path, &problem))
                fail_msg("%s", problem.text);
        return path;
}

bool is_sound_as_killed(void) {
        return holds(copy_as_killed());
}

void replace_store(void) {
        close_store();
        assert_true(is_sound());
        assert_int_equal(remove(suite.fixture->path), 0);
        (void)remove(fixture_file(suite.fixture, "confer.db-wal"));
        (void)remove(fixture_file(suite.fixture, "confer.db-shm"));
        catalog_deinit(&suite.catalog);
        open_store();
}

static void free_rules(void) {
        for (size_t i = 0; i < suite.n_rules; i++)
                gray_unref(suite.rules[i]);
        free(suite.rules);
}

int tear_down(void **state) {
        bool sound;

        free_last();
        sound = !suite.store || is_sound_as_killed();
        close_store();
        sound = is_sound() && sound;
        catalog_deinit(&suite.catalog);
        change_unref(suite.newest);
        free_rules();
        return fixture_tear_down(state) < 0 || !sound ? -1 : 0;
}

/*
 * Commands.
 */

Operation create_namespace(const char *name) {
        return (Operation){ .type = OPERATION_NAMESPACE_CREATE,
                            .namespace = span(name),
                            .comment = SPAN_LITERAL(""),
                            .namespace_edit = { .description = SPAN_LITERAL("about it") } };
}

Operation update_namespace(const char *name, const char *description) {
        return (Operation){ .type = OPERATION_NAMESPACE_UPDATE,
                            .namespace = span(name),
                            .comment = SPAN_LITERAL(""),
                            .namespace_edit = { .description = span(description) } };
}

Operation delete_namespace(const char *name, bool recursive) {
        return (Operation){ .type = OPERATION_NAMESPACE_DELETE,
                            .namespace = span(name),
                            .comment = SPAN_LITERAL("gone"),
                            .namespace_edit = { .recursive = recursive } };
}

Operation put_as(const char *namespace, const char *key, Format format, Span content, bool publish) {
        Operation operation = { .type = OPERATION_PUT,
                                .namespace = span(namespace),
                                .key = span(key),
                                .comment = SPAN_LITERAL("put"),
                                .put = { .format = format, .content = content, .publish = publish } };

        sha256(content, operation.put.sha256);
        return operation;
}

Operation save(const char *namespace, const char *key, const char *content) {
        return put_as(namespace, key, FORMAT_TEXT, span(content), false);
}

Operation save_and_publish(const char *namespace, const char *key, const char *content) {
        return put_as(namespace, key, FORMAT_TEXT, span(content), true);
}

Operation expecting(Operation operation, Expectation expectation, int64_t version) {
        operation.put.expectation = expectation;
        operation.put.expected_version = version;
        return operation;
}

Operation publish(const char *namespace, const char *key, int64_t version) {
        return (Operation){ .type = OPERATION_PUBLISH,
                            .namespace = span(namespace),
                            .key = span(key),
                            .comment = SPAN_LITERAL("publish"),
                            .publish_version = version };
}

Operation roll_back(const char *namespace, const char *key, int64_t to) {
        return (Operation){ .type = OPERATION_ROLLBACK,
                            .namespace = span(namespace),
                            .key = span(key),
                            .comment = SPAN_LITERAL("rollback"),
                            .rollback = { .to = to } };
}

Operation delete (const char *namespace, const char *key) {
        return (Operation){ .type = OPERATION_DELETE,
                            .namespace = span(namespace),
                            .key = span(key),
                            .comment = SPAN_LITERAL("delete") };
}

Gray *compile_rules(Span rules, const char *salt) {
        Problem problem;
        Gray *gray;

        if (gray_new(rules, span(salt), &gray, &problem))
                fail_msg("%s: %s", problem.field, problem.text);
        suite.rules = realloc(suite.rules, (suite.n_rules + 1) * sizeof(*suite.rules));
        assert_non_null(suite.rules);
        suite.rules[suite.n_rules++] = gray;
        return gray;
}

Operation set_gray(const char *rules) {
        return (Operation){ .type = OPERATION_GRAY_SET,
                            .namespace = SPAN_LITERAL("prod"),
                            .key = SPAN_LITERAL("app"),
                            .comment = SPAN_LITERAL("canaries"),
                            .gray_set = { .rules = compile_rules(span(rules), "fresh"),
                                          .keeps_salt = true } };
}

Operation promote(int64_t version) {
        return (Operation){ .type = OPERATION_GRAY_PROMOTE,
                            .namespace = SPAN_LITERAL("prod"),
                            .key = SPAN_LITERAL("app"),
                            .comment = SPAN_LITERAL("promote"),
                            .gray_end = { .version = version } };
}

Operation abort_gray(void) {
        return (Operation){ .type = OPERATION_GRAY_ABORT,
                            .namespace = SPAN_LITERAL("prod"),
                            .key = SPAN_LITERAL("app"),
                            .comment = SPAN_LITERAL("abort") };
}

Operation ending_gray(Operation rollback) {
        rollback.rollback.end_gray = true;
        return rollback;
}

Operation on(const char *namespace, const char *key, Operation operation) {
        operation.namespace = span(namespace);
        operation.key = span(key);
        return operation;
}

Operation note_denial(void) {
        return (Operation){ .type = OPERATION_AUDIT,
                            .namespace = SPAN_LITERAL("prod"),
                            .comment = SPAN_LITERAL(""),
                            .audit = { .action = SPAN_LITERAL("login"),
                                       .outcome = AUDIT_DENIED,
                                       .details = SPAN_LITERAL("{\"status\":401}") } };
}

Ask *submit(const Operation *operations, size_t n) {
        Ask *ask = calloc(1, sizeof(*ask));

        assert_non_null(ask);
        assert_true(n <= OPERATIONS_MAX);
        memcpy(ask->operations, operations, n * sizeof(*operations));
        ask->command = (Command){
                .actor = SPAN_LITERAL("user:admin"),
                .address = SPAN_LITERAL("192.0.2.1"),
                .operations = ask->operations,
                .n_operations = n,
                .done = on_done,
                .outcome = STORE_OUTCOME_N, /* to be overwritten */
        };
        assert_int_equal(store_submit(suite.store, &ask->command), 0);
        return ask;
}

Ask *submit_one(Operation operation) {
        return submit(&operation, 1);
}

void wait_for(Ask *ask) {
        pthread_mutex_lock(&suite.lock);
        while (!ask->is_done)
                pthread_cond_wait(&suite.changed, &suite.lock);
        pthread_mutex_unlock(&suite.lock);
}

void ask_free(Ask *ask) {
        command_deinit(&ask->command);
        free(ask);
}

StoreOutcome execute_all(const Operation *operations, size_t n) {
        free_last();
        suite.last = submit(operations, n);
        wait_for(suite.last);
        return suite.last->command.outcome;
}

StoreOutcome execute(Operation operation) {
        return execute_all(&operation, 1);
}

void assert_executed(Operation operation) {
        StoreOutcome outcome = execute(operation);

        if (outcome)
                fail_msg("outcome %d: %s", (int)outcome, suite.last->command.problem.text);
}

uint64_t revision(void) {
        return (uint64_t)fixture_number(suite.fixture, "SELECT revision FROM store");
}

int64_t count(const char *table) {
        return fixture_number(suite.fixture, "SELECT count(*) FROM %s", table);
}

const Release *served(const char *namespace, const char *key) {
        return catalog_get(&suite.catalog, span(namespace), span(key));
}

void assert_served(const char *namespace, const char *key, int64_t version) {
        const Release *release = served(namespace, key);

        assert_int_equal(release ? release_version(release) : 0, version);
}

void assert_content(const Release *release, Span content) {
        _cleanup_(buf_deinit) Buf bare = BUF_NULL;

        assert_non_null(release);
        release_append_content(release, &bare);
        assert_true(span_equal(buf_span(&bare), content));
}

static const char *const all_rows[] = {
        "SELECT * FROM store",    "SELECT * FROM namespaces", "SELECT * FROM configs",
        "SELECT * FROM versions", "SELECT * FROM releases",   "SELECT * FROM audit",
        "SELECT * FROM outbox",   "SELECT * FROM grays",      "SELECT * FROM head_log",
};

static int dump_row(void *context, int n_columns, char **values, _unused_ char **names) {
        for (int i = 0; i < n_columns; i++) {
                buf_append_string(context, values[i] ? values[i] : "(null)");
                buf_append_char(context, '|');
        }
        buf_append_char(context, '\n');
        return 0;
}

char *dump(const char *const *texts, size_t n) {
        Buf text = BUF_NULL;

        for (size_t i = 0; i < n; i++)
                assert_int_equal(sqlite3_exec(suite.fixture->database, texts[i], dump_row, &text, NULL),
                                 SQLITE_OK);
        return buf_take_string(&text);
}

char *dump_all(void) {
        return dump(all_rows, ARRAY_SIZE(all_rows));
}

void assert_nothing_changed(const char *before) {
        char *after = dump_all();

        assert_string_equal(before, after);
        free(after);
}

void assert_all_refused(const Operation *operations, size_t n, StoreOutcome expected,
                        size_t failed_operation) {
        char *before = dump_all();
        uint64_t catalog_revision = suite.catalog.revision;
        StoreOutcome outcome = execute_all(operations, n);

        if (outcome != expected)
                fail_msg("outcome %d instead of %d: %s", (int)outcome, (int)expected,
                         suite.last->command.problem.text);
        assert_true(strlen(suite.last->command.problem.text) > 0);
        if (expected != STORE_E_GRAY_INVALID)
                assert_string_equal(suite.last->command.problem.field, "");
        assert_int_equal(suite.last->command.failed_operation, failed_operation);
        for (size_t i = 0; i < n; i++) {
                assert_null(suite.last->operations[i].result.release);
                assert_null(suite.last->operations[i].result.namespace_text);
        }
        assert_int_equal(suite.catalog.revision, catalog_revision);
        assert_nothing_changed(before);
        free(before);
}

void assert_refused(Operation operation, StoreOutcome expected) {
        assert_all_refused(&operation, 1, expected, 0);
}

void assert_no_op(Operation operation) {
        char *before = dump_all();
        uint64_t current = revision();

        assert_executed(operation);
        assert_int_equal(suite.last->command.revision, current);
        assert_int_equal(suite.catalog.revision, current);
        assert_nothing_changed(before);
        free(before);
}

void assert_changes(Operation operation) {
        uint64_t before = revision();

        assert_executed(operation);
        assert_int_equal(suite.last->command.revision, before + 1);
        assert_int_equal(suite.catalog.revision, before + 1);
        assert_int_equal(revision(), before + 1);
}

void assert_audited(const char *expected) {
        char *actual =
                dump((const char *const[]){ "SELECT action || ' ' || ifnull(namespace, '') || '/' ||"
                                            " ifnull(key, '') || ' ' || ifnull(version, '-') || ' ' ||"
                                            " ifnull(revision, '-') FROM audit ORDER BY id DESC LIMIT 1" },
                     1);

        actual[strlen(actual) - 2] = '\0';
        assert_string_equal(actual, expected);
        free(actual);
}

void publish_many(int n) {
        Ask **asks = calloc((size_t)n, sizeof(Ask *));

        assert_non_null(asks);
        for (int i = 0; i < n; i++)
                asks[i] = submit_one(publish("prod", "app", 1 + i % 2));
        for (int i = 0; i < n; i++) {
                wait_for(asks[i]);
                assert_int_equal(asks[i]->command.outcome, STORE_OK);
                ask_free(asks[i]);
        }
        free(asks);
}

void save_two_versions(void) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(save_and_publish("prod", "app", "2"));
}
