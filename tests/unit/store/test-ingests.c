/*
 * What ingests have the store remember, in the transactions of what they take in, and what they read of it.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "listed.h"
#include "model/buf.h"

static int list_ingested(_unused_ void *context, const IngestedRow *row) {
        assert_true(row->first_at_ms > 0 && row->last_at_ms >= row->first_at_ms);
        buf_append_format(&listed, "%.*s=%.*s@%" PRId64 "/%" PRId64 "%s", (int)row->etcd_key.size,
                          row->etcd_key.data, (int)row->key.size, row->key.data, row->mod_revision,
                          row->generation, row->has_config ? "+" : "");
        if (row->reason.data)
                buf_append_format(&listed, " %.*s x%" PRIu64 "%s", (int)row->reason.size, row->reason.data,
                                  row->attempts, row->is_dropped ? " dropped" : "");
        buf_append_char(&listed, ';');
        return 0;
}

static void assert_all(const char *expected) {
        bool more;

        buf_append_literal(&listed, "");
        assert_int_equal(
                reader_list_ingested(reader, span("etcd"), SPAN_NULL, 100, list_ingested, NULL, &more), 0);
        assert_false(more);
        assert_listed(expected);
}

static void assert_quarantine(const char *expected, uint64_t expected_n) {
        QuarantineQuery query = { .ingest = span("etcd"), .limit = 10 };
        uint64_t n;
        bool more;

        assert_int_equal(reader_list_quarantine(reader, &query, list_ingested, NULL, &more), 0);
        assert_listed(expected);
        assert_int_equal(reader_count_quarantine(reader, span("etcd"), &n), 0);
        assert_int_equal(n, expected_n);
}

static Operation key(const char *etcd_key, int64_t mod_revision, int64_t generation, const char *reason) {
        return (Operation){ .type = OPERATION_INGEST_KEY,
                            .namespace = span("prod"),
                            .key = span(etcd_key),
                            .comment = span(""),
                            .ingest_key = { span("etcd"), span(etcd_key), mod_revision, generation,
                                            span(reason) } };
}

static Operation forget(const char *etcd_key) {
        return (Operation){ .type = OPERATION_INGEST_FORGET,
                            .comment = span(""),
                            .ingest_key = { .ingest = span("etcd"), .etcd_key = span(etcd_key) } };
}

static Operation at(int64_t generation, int64_t revision) {
        return (Operation){ .type = OPERATION_INGEST_REACHED,
                            .comment = span(""),
                            .ingest_reached = { span("etcd"), span("123"), span("mapping"), generation,
                                                revision } };
}

/* @etcd_key: NULL: all */
static Operation asked(const char *etcd_key, bool drop) {
        return (Operation){ .type = OPERATION_QUARANTINE,
                            .comment = span(""),
                            .quarantine = { span("etcd"), span(etcd_key), drop } };
}

static int list_place(_unused_ void *context, const IngestRow *row) {
        buf_append_format(&listed, "%.*s %.*s %" PRId64 " %" PRId64, (int)row->cluster_id.size,
                          row->cluster_id.data, (int)row->mapping.size, row->mapping.data, row->generation,
                          row->revision);
        return 0;
}

static void how_far_an_ingest_has_got_is_remembered(void **state _unused_) {
        assert_int_equal(reader_get_ingest(reader, span("etcd"), list_place, NULL), 0);
        assert_listed("");
        assert_no_op(at(1, 0));
        assert_no_op(at(1, 7));
        assert_int_equal(reader_get_ingest(reader, span("etcd"), list_place, NULL), 0);
        assert_listed("123 mapping 1 7");
}

static void progress_stands_in_the_transaction_of_what_was_taken_in(void **state _unused_) {
        assert_no_op(at(1, 0));
        ASSERT_ALL_REFUSED(STORE_E_NAMESPACE_UNKNOWN, 1, key("a", 5, 1, NULL),
                           save_and_publish("prod", "a", "1"), at(1, 5));
        assert_all("");
        assert_int_equal(EXECUTE_ALL(create_namespace("prod"), save_and_publish("prod", "a", "1"),
                                     key("a", 5, 1, NULL), at(1, 5)),
                         STORE_OK);
        assert_served("prod", "a", 1);
        assert_all("a=a@5/1+;");
        assert_int_equal(reader_get_ingest(reader, span("etcd"), list_place, NULL), 0);
        assert_listed("123 mapping 1 5");
}

static void a_key_is_remembered_by_what_came_of_it_last(void **state _unused_) {
        assert_no_op(at(2, 0));
        assert_no_op(key("a", 5, 1, NULL));
        assert_no_op(key("b", 6, 1, "bad"));
        assert_no_op(key("b", 6, 1, "still bad"));
        assert_all("a=a@5/1+;b=b@6/1 still bad x2;");
        assert_no_op(key("a", 7, 1, "worse")); /* it has a config all the same */
        assert_no_op(key("b", 8, 1, "bad"));   /* that counts anew */
        assert_all("a=a@7/1+ worse x1;b=b@8/1 bad x1;");
        assert_quarantine("a=a@7/1+ worse x1;b=b@8/1 bad x1;", 2);
        assert_no_op(key("a", 7, 1, NULL));
        assert_no_op(key("b", 8, 2, "bad"));
        assert_all("a=a@7/1+;b=b@8/2 bad x1;");
        assert_no_op(forget("b"));
        assert_no_op(forget("never"));
        assert_all("a=a@7/1+;");
}

/* Or a deletion of the key would delete what somebody else has made under the new name. */
static void a_key_that_would_be_another_config_has_made_none_of_that(void **state _unused_) {
        Operation renamed = key("a", 6, 2, "bad");

        assert_no_op(at(2, 0));
        assert_no_op(key("a", 5, 1, NULL));
        assert_all("a=a@5/1+;");
        renamed.key = span("other");
        assert_no_op(renamed);
        assert_all("a=other@6/2 bad x1;");
}

static void keys_are_of_any_bytes_and_in_the_order_of_etcd(void **state _unused_) {
        Operation odd = key("x", 1, 1, "bad");
        bool more;

        assert_no_op(at(1, 0));
        odd.ingest_key.etcd_key = (Span){ "a\0\xff", 3 };
        assert_no_op(odd);
        assert_no_op(key("a", 1, 1, NULL));
        assert_no_op(key("\xc3\xa9", 1, 1, NULL));
        assert_no_op(key("b", 1, 1, NULL));
        assert_int_equal(reader_list_ingested(reader, span("etcd"), span("a"), 2, list_ingested, NULL, &more),
                         0);
        assert_true(more);
        assert_int_equal(listed.data[0], 'a');
        buf_clear(&listed);
        assert_int_equal(
                reader_get_ingested(reader, span("etcd"), odd.ingest_key.etcd_key, list_ingested, NULL), 0);
        assert_true(listed.size > 0);
        buf_clear(&listed);
        assert_int_equal(reader_get_ingested(reader, span("other"), span("a"), list_ingested, NULL), 0);
        assert_int_equal(listed.size, 0);
}

static void the_witness_is_the_newest_that_etcd_must_know(void **state _unused_) {
        IngestRow row = { .generation = 2, .revision = 8 };
        uint64_t n;

        assert_no_op(at(2, 8));
        assert_no_op(key("old", 8, 1, NULL));
        assert_no_op(key("a", 5, 2, NULL));
        assert_no_op(key("b", 7, 2, NULL));
        assert_no_op(key("later", 9, 2, NULL));
        assert_int_equal(reader_get_ingest_witness(reader, span("etcd"), &row, list_ingested, NULL), 0);
        assert_listed("b=b@7/2+;");
        assert_int_equal(reader_count_left(reader, span("etcd"), 2, &n), 0);
        assert_int_equal(n, 1);
}

static void quarantined_keys_are_dropped_and_retried_with_an_entry(void **state _unused_) {
        assert_no_op(at(1, 0));
        assert_no_op(key("a", 5, 1, "bad"));
        assert_no_op(key("b", 6, 1, "bad"));
        assert_no_op(key("c", 6, 1, NULL));
        assert_executed(asked("a", false));
        assert_int_equal(RESULT.n_deleted, 1);
        assert_quarantine("a=a@5/1 bad x1;b=b@6/1 bad x1;", 2);
        assert_executed(asked("a", true));
        assert_quarantine("b=b@6/1 bad x1;", 1);
        assert_refused(asked("a", true), STORE_E_QUARANTINE_UNKNOWN);
        assert_refused(asked("c", false), STORE_E_QUARANTINE_UNKNOWN);
        assert_executed(asked(NULL, true));
        assert_int_equal(RESULT.n_deleted, 1);
        assert_no_op(asked(NULL, true));
        assert_no_op(key("a", 5, 1, "bad"));
        assert_quarantine("a=a@5/1 bad x2;", 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST_READING(how_far_an_ingest_has_got_is_remembered),
                TEST_READING(progress_stands_in_the_transaction_of_what_was_taken_in),
                TEST_READING(a_key_is_remembered_by_what_came_of_it_last),
                TEST_READING(a_key_that_would_be_another_config_has_made_none_of_that),
                TEST_READING(keys_are_of_any_bytes_and_in_the_order_of_etcd),
                TEST_READING(the_witness_is_the_newest_that_etcd_must_know),
                TEST_READING(quarantined_keys_are_dropped_and_retried_with_an_entry),
        };

        return cmocka_run_group_tests(tests, silence_log, NULL);
}
