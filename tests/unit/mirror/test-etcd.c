/* What the etcd target does while nothing goes wrong but what it is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etcd-server.h"
#include "target-suite.h"

static EtcdServer server;
static Mirror mirror;

static int start(void **state) {
        (void)state;
        etcd_server_init(&server);
        etcd_server_start(&server);
        mirror_init(&mirror, &target_etcd, server.endpoint);
        mirror_open(&mirror);
        mirror_connect(&mirror);
        return 0;
}

static int stop(void **state) {
        (void)state;
        mirror_close(&mirror);
        etcd_server_deinit(&server);
        return 0;
}

static void assert_held(const char *key, const char *expected) {
        assert_string_equal(etcd_server_ask(&server, "get", key, "--print-value-only", NULL), expected);
}

static void test_puts_and_deletes_arrive(void **state) {
        TargetItem items[] = { item("/c/a", "1"), item("/c/b", "{\"x\": \"\xc3\xa4\"}"), item("/c/c", "3") };
        TargetItem changes[] = { item("/c/a", NULL), item("/c/b", "2"), item("/c/never", NULL) };

        (void)state;

        assert_int_equal(mirror_try(&mirror, items, ARRAY_SIZE(items)), TARGET_OK);
        assert_held("/c/a", "1");
        assert_held("/c/b", "{\"x\": \"\xc3\xa4\"}");
        assert_int_equal(mirror_try(&mirror, changes, ARRAY_SIZE(changes)), TARGET_OK);
        for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
                assert_int_equal(changes[i].outcome, TARGET_OK);
        assert_held("/c/a", "");
        assert_held("/c/b", "2");
        assert_held("/c/c", "3");
}

static void test_reading_back_tells_what_a_key_holds(void **state) {
        TargetItem items[] = { item("/r/same", "1"), item("/r/empty", ""), item("/r/other", "2"),
                               item("/r/left", "3") };
        TargetItem asked[] = { item("/r/same", "1"),  item("/r/empty", ""),   item("/r/other", "1"),
                               item("/r/left", NULL), item("/r/never", NULL), item("/r/missing", "1"),
                               item("/r/other", ""),  item("/r/missing", "") };
        static const TargetFinding expected[] = { TARGET_SAME, TARGET_SAME,    TARGET_STALE, TARGET_STALE,
                                                  TARGET_SAME, TARGET_MISSING, TARGET_STALE, TARGET_MISSING };

        (void)state;

        assert_int_equal(mirror_try(&mirror, items, ARRAY_SIZE(items)), TARGET_OK);
        assert_int_equal(mirror.kind->read_back(mirror.target, asked, ARRAY_SIZE(asked), &mirror.error),
                         TARGET_OK);
        for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
                assert_int_equal(asked[i].finding, expected[i]);
}

static void test_any_bytes_come_back(void **state) {
        char bytes[256];

        (void)state;

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (char)i;
        for (size_t size = 0; size <= sizeof(bytes); size += 51) {
                TargetItem bytes_item = item_of("/bytes", (Span){ bytes, size });

                assert_int_equal(mirror_put(&mirror, bytes_item), TARGET_OK);
                assert_int_equal(mirror_find(&mirror, bytes_item), TARGET_SAME);
        }
}

static void make_numbered(char keys[][24], TargetItem *items, size_t n, const char *prefix,
                          const char *content) {
        for (size_t i = 0; i < n; i++) {
                (void)snprintf(keys[i], sizeof(keys[i]), "%s%06zu", prefix, i);
                items[i] = item(keys[i], content);
        }
}

static void test_more_items_than_a_transaction_takes_are_done(void **state) {
        static char keys[300][24];
        static TargetItem items[300];

        (void)state;

        make_numbered(keys, items, 300, "/many/", "x");
        assert_int_equal(mirror_try(&mirror, items, 300), TARGET_OK);
        assert_int_equal(mirror.kind->read_back(mirror.target, items, 300, &mirror.error), TARGET_OK);
        for (size_t i = 0; i < 300; i++) {
                assert_int_equal(items[i].outcome, TARGET_OK);
                assert_int_equal(items[i].finding, TARGET_SAME);
        }
}

static char *make_large(size_t size) {
        char *large = malloc(size + 1);

        assert_non_null(large);
        memset(large, 'x', size);
        large[size] = '\0';
        return large;
}

static void test_a_content_of_1_mib_goes_there_and_back(void **state) {
        char *large = make_large(1024 * 1024);

        (void)state;

        assert_int_equal(mirror_put(&mirror, item("/large", large)), TARGET_OK);
        assert_int_equal(mirror_find(&mirror, item("/large", large)), TARGET_SAME);
        large[77]++;
        assert_int_equal(mirror_find(&mirror, item("/large", large)), TARGET_STALE);
        free(large);
}

/* 100 values of 64 KiB are four times what etcd takes at once, and none of them is to blame. */
static void test_a_batch_that_is_too_large_goes_in_pieces(void **state) {
        char *large = make_large(64 * 1024);
        static char keys[100][24];
        static TargetItem items[100];

        (void)state;

        make_numbered(keys, items, 100, "/pieces/", large);
        assert_int_equal(mirror_try(&mirror, items, 100), TARGET_OK);
        assert_int_equal(mirror.kind->read_back(mirror.target, items, 100, &mirror.error), TARGET_OK);
        for (size_t i = 0; i < 100; i++) {
                assert_int_equal(items[i].outcome, TARGET_OK);
                assert_int_equal(items[i].finding, TARGET_SAME);
        }
        free(large);
}

/* Beyond 2 MiB it is gRPC that refuses, with other words. */
static void assert_refused_among_small_ones(size_t size) {
        char *large = make_large(size);
        static char keys[100][24];
        static TargetItem items[100];

        make_numbered(keys, items, 100, "/small/", "small");
        items[61] = item("/too-large", large);
        assert_int_equal(mirror_try(&mirror, items, 100), TARGET_OK);
        for (size_t i = 0; i < 100; i++)
                assert_int_equal(items[i].outcome, i == 61 ? TARGET_E_REFUSED : TARGET_OK);
        mirror.error = items[61].error;
        assert_int_equal(mirror_find(&mirror, item("/too-large", "")), TARGET_MISSING);
        free(large);
}

static void test_a_value_that_is_too_large_is_refused_alone(void **state) {
        (void)state;

        assert_refused_among_small_ones(1600000);
        mirror_assert_said(&mirror, "request is too large");
        assert_refused_among_small_ones(3000000);
        mirror_assert_said(&mirror, "message larger than max");
}

/* The answer is longer than anything that is expected there. */
static void test_values_much_larger_than_expected_are_stale(void **state) {
        char *large = make_large(1400 * 1024);
        static char keys[8][24];
        static TargetItem items[8];

        (void)state;

        make_numbered(keys, items, 8, "/foreign/", large);
        assert_int_equal(mirror_try(&mirror, items, 8), TARGET_OK);
        make_numbered(keys, items, 8, "/foreign/", "small");
        assert_int_equal(mirror.kind->read_back(mirror.target, items, 8, &mirror.error), TARGET_OK);
        for (size_t i = 0; i < 8; i++)
                assert_int_equal(items[i].finding, TARGET_STALE);
        free(large);
}

typedef struct Seen {
        size_t n;
        size_t n_locks;
        char last[24];
} Seen;

static void see(void *context, Span key) {
        Seen *seen = context;

        seen->n++;
        seen->n_locks += span_starts_with(key, SPAN_LITERAL("/confer-mirrors/"));
        (void)snprintf(seen->last, sizeof(seen->last), "%.*s", (int)key.size, key.data);
}

static size_t scan_all(const char *prefix, Seen *seen) {
        TargetScan scan = { .prefix = span_from_string(prefix), .position = BUF_NULL };
        size_t n_pages = 0;

        *seen = (Seen){ 0 };
        for (; !scan.is_over; n_pages++)
                assert_int_equal(mirror.kind->scan(mirror.target, &scan, see, seen, &mirror.error),
                                 TARGET_OK);
        buf_deinit(&scan.position);
        return n_pages;
}

static void test_a_scan_finds_the_keys_with_its_prefix_page_by_page(void **state) {
        static char keys[2500][24];
        static TargetItem items[2500];
        Seen seen;

        (void)state;

        make_numbered(keys, items, 2500, "/scan/", "");
        assert_int_equal(mirror_try(&mirror, items, 2500), TARGET_OK);
        assert_int_equal(mirror_put(&mirror, item("/scan0", "behind")), TARGET_OK);
        assert_int_equal(mirror_put(&mirror, item("/scan", "before")), TARGET_OK);

        assert_int_equal(scan_all("/scan/", &seen), 3);
        assert_int_equal(seen.n, 2500);
        assert_string_equal(seen.last, "/scan/002499");
        assert_int_equal(scan_all("/nothing/", &seen), 1);
        assert_int_equal(seen.n, 0);
}

static void test_a_prefix_may_end_with_the_last_byte_or_be_empty(void **state) {
        Seen seen;

        (void)state;

        assert_int_equal(mirror_put(&mirror, item("\xff\xff"
                                                  "a",
                                                  "1")),
                         TARGET_OK);
        assert_int_equal(mirror_put(&mirror, item("b\xff"
                                                  "a",
                                                  "1")),
                         TARGET_OK);
        (void)scan_all("\xff\xff", &seen);
        assert_int_equal(seen.n, 1);
        (void)scan_all("b\xff", &seen);
        assert_int_equal(seen.n, 1);
        (void)scan_all("", &seen);
        assert_true(seen.n > 2);
}

static void test_the_lock_is_neither_shown_nor_written(void **state) {
        Seen seen;

        (void)state;

        (void)scan_all("", &seen);
        assert_int_equal(seen.n_locks, 0);
        assert_int_equal(mirror_put(&mirror, item("/confer-mirrors/test", "mine")), TARGET_E_REFUSED);
        mirror_assert_said(&mirror, "locks");
        assert_int_equal(mirror_put(&mirror, item("/after", "1")), TARGET_OK);
}

static void assert_endpoint_refused(const char *endpoint) {
        Mirror wrong;

        mirror_init(&wrong, &target_etcd, server.endpoint);
        mirror_add_endpoint(&wrong, endpoint);
        mirror_assert_refuses(&wrong, "endpoints[1]");
        mirror_close(&wrong);
}

static void test_what_is_no_endpoint_is_refused_when_opened(void **state) {
        Mirror without;

        (void)state;

        assert_endpoint_refused("127.0.0.1:2379");
        assert_endpoint_refused("ftp://127.0.0.1");
        assert_endpoint_refused("http://me:secret@127.0.0.1");
        assert_endpoint_refused("http://127.0.0.1/?a=b");
        assert_endpoint_refused("http://:1:2");
        mirror_init(&without, &target_etcd, "");
        without.options.n_endpoints = 0;
        mirror_assert_refuses(&without, "endpoints");
        mirror_close(&without);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_puts_and_deletes_arrive),
                cmocka_unit_test(test_reading_back_tells_what_a_key_holds),
                cmocka_unit_test(test_any_bytes_come_back),
                cmocka_unit_test(test_more_items_than_a_transaction_takes_are_done),
                cmocka_unit_test(test_a_content_of_1_mib_goes_there_and_back),
                cmocka_unit_test(test_a_batch_that_is_too_large_goes_in_pieces),
                cmocka_unit_test(test_a_value_that_is_too_large_is_refused_alone),
                cmocka_unit_test(test_values_much_larger_than_expected_are_stale),
                cmocka_unit_test(test_a_scan_finds_the_keys_with_its_prefix_page_by_page),
                cmocka_unit_test(test_a_prefix_may_end_with_the_last_byte_or_be_empty),
                cmocka_unit_test(test_the_lock_is_neither_shown_nor_written),
                cmocka_unit_test(test_what_is_no_endpoint_is_refused_when_opened),
        };

        if (etcd_server_is_missing()) {
                print_message("1..0 # SKIP etcd is not installed\n");
                return 0;
        }
        return cmocka_run_group_tests_name("etcd", tests, start, stop);
}
