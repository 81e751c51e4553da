/*
 * A store in a directory of its own, filled with SQL as the writer would fill it: each call is one change,
 * with the next revision, its row of the audit, and a time of a second after the one before. It is not synced
 * to the disk, which would take most of the tests' time. Whatever goes wrong here fails the test.
 */
#pragma once

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "model/macros.h"
#include "model/span.h"
#include "store/audit.h"
#include "store/rows.h"

#define FIXTURE_ACTOR   "user:admin"
#define FIXTURE_ADDRESS "192.0.2.1"

/* How the comment of a change reads. */
#define FIXTURE_COMMENT "change %d"

/* The time of a change. */
static inline int64_t fixture_at_ms(int64_t revision) {
        return INT64_C(1700000000000) + revision * 1000;
}

/* Short, for it stands in most lines of some tests. */
static inline Span span(const char *text) {
        return span_from_string(text);
}

typedef struct Fixture {
        char directory[256];
        char path[288]; /* of the database */
        sqlite3 *database;
        int revision;
} Fixture;

/* For cmocka: make and remove the store, with *state as Fixture. The first leaves out the tables. */
int fixture_set_up_directory(void **state);
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* @name in the fixture's directory; valid until the call after the next. */
const char *fixture_file(const Fixture *fixture, const char *name);
/* Over @to, if there is one. */
void fixture_copy_file(const char *from, const char *to);

/* @format is for sqlite3_mprintf(), which knows %Q. */
void fixture_execute(Fixture *fixture, const char *format, ...);
int64_t fixture_number(Fixture *fixture, const char *format, ...);

/* Executes @text in the store at @path, which need not be the fixture's. */
void fixture_damage(const char *path, const char *text);
/* store_verify() says @expected of the store at @path. @damage: what was done to it, to be told. */
void fixture_assert_broken(const char *path, const char *damage, const char *expected);

void fixture_add_namespace(Fixture *fixture, const char *name);
/* Its configs are deleted first, each with a change of its own. */
void fixture_delete_namespace(Fixture *fixture, const char *name);

/* The format is that of the key's extension. */
void fixture_save(Fixture *fixture, const char *namespace, const char *key, const char *content);
void fixture_release(Fixture *fixture, ReleaseKind kind, const char *namespace, const char *key, int version);
/* Saves and publishes in one change. */
void fixture_publish(Fixture *fixture, const char *namespace, const char *key, const char *content);
void fixture_delete(Fixture *fixture, const char *namespace, const char *key);

/* Appends to the audit; id, time and hash are filled in. A revision of 0 is a denied entry, without a change.
 */
void fixture_audit(Fixture *fixture, AuditEntry entry);
