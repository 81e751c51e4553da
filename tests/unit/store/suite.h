/*
 * The store through store.h alone: a file in a directory of its own, a sink that feeds a catalog, and at the
 * end of each test a look at the whole: the file is verified, and what is loaded from it is what the changes
 * made. What stands here are the words that the tests are written in.
 *
 * A program that is linked with this makes fsync() and fdatasync() its own: they are counted, and fail or are
 * slow where a test says so.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fixture.h"
#include "model/catalog.h"
#include "store/store.h"

#define OPERATIONS_MAX 8

typedef struct Ask {
        Command command;
        Operation operations[OPERATIONS_MAX];
        bool is_done;
        unsigned n_dones;
        unsigned n_syncs; /* when it was answered */
} Ask;

typedef struct Suite {
        Fixture *fixture;
        StoreOptions options;
        Store *store;
        Ask *last;    /* as execute() left it */
        Gray **rules; /* of all operations that were made: they borrow theirs */
        size_t n_rules;

        pthread_mutex_t lock; /* guards what follows, and every Ask's is_done */
        pthread_cond_t changed;
        Catalog catalog; /* fed by the sink */
        size_t n_commits;
        size_t n_commits_failed; /* in which a command was answered with STORE_E_FAILED */
        Change *newest;          /* the last that came */
        bool is_out_of_order;    /* a revision did not follow on the one before */
} Suite;

extern Suite suite;

extern _Atomic unsigned n_syncs;
extern _Atomic bool syncs_fail;
extern _Atomic bool
        database_is_slow; /* the file, not the log beside it: moving the one into the other takes long */

/* For cmocka; the store is made and started, or not as the name says. */
int set_up_closed(void **state);
int set_up_unstarted(void **state);
int set_up(void **state);
int tear_down(void **state);

/* Of the whole group: nothing but errors is logged. */
int silence_log(void **state);

#define TEST(name)              cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_WITH(name, before) cmocka_unit_test_setup_teardown(name, before, tear_down)

/* Opens the store, without starting it, and fills the catalog from it. */
void open_store(void);
void start_store(void);
void close_store(void);
void reopen_store(void);
/* The file holds, and a server that starts from it serves what this one did. */
bool is_sound(void);
/* The same of a copy as it is now, which is what a killed server leaves. */
bool is_sound_as_killed(void);
/* Such a copy; valid until the next one is made. */
const char *copy_as_killed(void);
/* Goes on with an empty store, not started, in place of one that is sound. */
void replace_store(void);

uint64_t next_random(uint64_t *state);

/*
 * Operations.
 */

Operation create_namespace(const char *name);
Operation update_namespace(const char *name, const char *description);
Operation delete_namespace(const char *name, bool recursive);
Operation put_as(const char *namespace, const char *key, Format format, Span content, bool publish);
Operation save(const char *namespace, const char *key, const char *content);
Operation save_and_publish(const char *namespace, const char *key, const char *content);
Operation expecting(Operation operation, Expectation expectation, int64_t version);
/* @version: 0 for the newest. */
Operation publish(const char *namespace, const char *key, int64_t version);
/* @to: 0 for one step back. */
Operation roll_back(const char *namespace, const char *key, int64_t to);
Operation delete (const char *namespace, const char *key);
Operation note_denial(void);

/* Compiled rules, which are good until the test is over. */
Gray *compile_rules(Span rules, const char *salt);

/* Of gray releases, all on the config prod/app. */

/* With the salt of the one that runs, else with "fresh". */
Operation set_gray(const char *rules);
/* @version: 0 for the only one. */
Operation promote(int64_t version);
Operation abort_gray(void);

Operation ending_gray(Operation rollback);
/* The same on another config. */
Operation on(const char *namespace, const char *key, Operation operation);

/*
 * Commands.
 */

/* What submit() makes a command's done(). @thread writer, with the lock */
void on_done(Command *command);
Ask *submit(const Operation *operations, size_t n);
Ask *submit_one(Operation operation);
void wait_for(Ask *ask);
void ask_free(Ask *ask);

StoreOutcome execute_all(const Operation *operations, size_t n);
StoreOutcome execute(Operation operation);
#define EXECUTE_ALL(...)                                                                                     \
        execute_all((const Operation[]){ __VA_ARGS__ }, ARRAY_SIZE(((const Operation[]){ __VA_ARGS__ })))

/* The result of the last command's only operation. */
#define RESULT (suite.last->operations[0].result)

void assert_executed(Operation operation);
/* It succeeds, with the next revision. */
void assert_changes(Operation operation);
/* It succeeds, and leaves no trace: no revision, no entry in the audit. */
void assert_no_op(Operation operation);
/* Of prod/app, which both are the first to make. */
void save_two_versions(void);
/* Publishes these in turn, @n times; waits for the last. */
void publish_many(int n);
void assert_refused(Operation operation, StoreOutcome expected);
void assert_all_refused(const Operation *operations, size_t n, StoreOutcome expected,
                        size_t failed_operation);
#define ASSERT_ALL_REFUSED(expected, failed_operation, ...)                                                  \
        assert_all_refused((const Operation[]){ __VA_ARGS__ },                                               \
                           ARRAY_SIZE(((const Operation[]){ __VA_ARGS__ })), (expected), (failed_operation))

/*
 * What became of them.
 */

uint64_t revision(void);
int64_t count(const char *table);
const Release *served(const char *namespace, const char *key);
/* 0: nothing is served. */
void assert_served(const char *namespace, const char *key, int64_t version);
void assert_content(const Release *release, Span content);
/* In all that is served, and in memory. */
bool same_release(const Release *a, const Release *b);
/* All that @texts select, to be freed. Blobs show up to their first NUL. */
char *dump(const char *const *texts, size_t n);
/* All that the store holds, likewise. */
char *dump_all(void);
void assert_nothing_changed(const char *before);
/* The last entry of the audit, as "action namespace/key version revision". */
void assert_audited(const char *expected);
