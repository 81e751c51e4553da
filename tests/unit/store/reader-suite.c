#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "reader-suite.h"

ReaderSuite suite;

int set_up(void **state) {
        Problem problem = PROBLEM_NULL;

        if (fixture_set_up(state) < 0)
                return -1;

        suite = (ReaderSuite){ .fixture = *state };
        return reader_open(suite.fixture->path, &suite.reader, &problem);
}

int tear_down(void **state) {
        buf_deinit(&suite.listing.text);
        reader_close(suite.reader);
        return fixture_tear_down(state);
}

static void listing_clear(void) {
        buf_deinit(&suite.listing.text);
        suite.listing = (Listing){ .text = BUF_NULL };
}

int note_row(const char *format, ...) {
        char text[1024];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (suite.listing.text.size && suite.listing.text.data[suite.listing.text.size - 1] != '|')
                buf_append_char(&suite.listing.text, ' ');
        buf_append_string(&suite.listing.text, text);
        return ++suite.listing.n == suite.listing.stop_after;
}

void note_name(Span name) {
        (void)snprintf(suite.listing.last_name, sizeof(suite.listing.last_name), "%.*s", (int)name.size,
                       name.data);
}

void turn_page(void) {
        if (suite.listing.n)
                buf_append_char(&suite.listing.text, '|');
}

void assert_listing(const char *expected) {
        char *text;

        buf_append_literal(&suite.listing.text, "");
        text = buf_take_string(&suite.listing.text);
        assert_string_equal(text, expected);
        free(text);
        listing_clear();
}

int note_config(void *context, const ConfigRow *row) {
        const ConfigData *data = &row->data;

        (void)context;
        assert_int_equal(data->content.data != NULL, false);
        note_name(data->key);
        suite.listing.last_depth = row->depth;
        return note_row("%.*s:%" PRId64 "%s%s%s%.*s", (int)data->key.size, data->key.data, data->version,
                        row->is_released ? "" : "?", row->is_deleted ? "!" : "", row->depth ? "@" : "",
                        row->depth ? (int)data->namespace.size : 0, data->namespace.data);
}

int note_version(void *context, const ConfigData *data) {
        const bool *with_content = context;
        char comment[32];

        (void)snprintf(comment, sizeof(comment), FIXTURE_COMMENT, (int)data->revision);
        assert_true(span_equal_string(data->namespace, "prod"));
        assert_true(span_equal_string(data->key, "k.json"));
        assert_int_equal(data->format, FORMAT_JSON);
        assert_true(span_equal_string(data->updated_by, FIXTURE_ACTOR));
        assert_true(data->updated_at_ms == fixture_at_ms((int64_t)data->revision));
        assert_true(span_equal_string(data->comment, comment));
        assert_int_equal(data->content.data != NULL, *with_content);
        suite.listing.last_id = data->version;
        return note_row("%" PRId64 "=%.*s", data->version, (int)data->content.size,
                        data->content.data ? data->content.data : "");
}

int note_release(void *context, const ReleaseRow *row) {
        char comment[32];

        (void)context;
        (void)snprintf(comment, sizeof(comment), FIXTURE_COMMENT, (int)row->revision);
        assert_true(span_equal_string(row->comment, comment));
        assert_true(span_equal_string(row->created_by, FIXTURE_ACTOR));
        assert_true(row->created_at_ms == fixture_at_ms((int64_t)row->revision));
        suite.listing.last_id = row->id;
        return note_row("%" PRId64 ":%s:%" PRId64 "<%" PRId64 "(%" PRId64 ")", row->id,
                        release_kind_to_string(row->kind), row->version, row->from_version, row->restores);
}

int note_entry(void *context, const AuditEntry *entry) {
        (void)context;
        suite.listing.last_id = entry->id;
        return note_row("%" PRId64, entry->id);
}

void list_configs(ConfigQuery query) {
        bool more = true;

        if (!query.limit)
                query.limit = 100;
        while (more) {
                turn_page();
                if (suite.listing.n) {
                        query.after_key = span(suite.listing.last_name);
                        query.after_depth = suite.listing.last_depth;
                }
                assert_int_equal(reader_list_configs(suite.reader, &query, note_config, NULL, &more), 0);
        }
}
