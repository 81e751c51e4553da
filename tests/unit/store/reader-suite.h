/*
 * A reader on a store that fixture.h fills, and what it lists as a line of text, for the tests to compare.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fixture.h"
#include "model/buf.h"
#include "store/reader.h"

/* Rows as a line of text: "a:1 b:2", pages parted by "|". */
typedef struct Listing {
        Buf text;
        unsigned n;
        unsigned stop_after; /* rows, 0 for never */
        char last_name[256];
        int64_t last_id;
        unsigned last_depth;
} Listing;

typedef struct ReaderSuite {
        Fixture *fixture;
        Reader *reader;
        Listing listing;
} ReaderSuite;

extern ReaderSuite suite;

/* For cmocka. */
int set_up(void **state);
int tear_down(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Adds a row; what it returns is what a reader's callback is to return. */
int note_row(const char *format, ...) _printf_(1, 2);
void note_name(Span name);
/* Before each page, the first too. */
void turn_page(void);
/* What was noted since the last time. */
void assert_listing(const char *expected);

/*
 * Rows for reader_list_*() and reader_get_*() to note.
 */

/* "key:version", with "@namespace" for inherited ones, "?" when it is not released, "!" when it is deleted.
 */
int note_config(void *context, const ConfigRow *row);
/* "version=content" of prod/k.json; @context: whether there is content, as const bool. */
int note_version(void *context, const ConfigData *data);
/* "id:kind:version<from_version(restores)". */
int note_release(void *context, const ReleaseRow *row);
int note_entry(void *context, const AuditEntry *entry);

/* All pages, of 100 rows where @query has no limit. */
void list_configs(ConfigQuery query);
#define LIST_CONFIGS(...) list_configs((ConfigQuery){ .namespace = SPAN_LITERAL("prod"), __VA_ARGS__ })
