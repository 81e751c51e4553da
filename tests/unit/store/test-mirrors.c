/*
 * What mirrors read of the store, and have it remember.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "listed.h"
#include "model/buf.h"
#include "model/gray_release.h"

#define VERSION_2 "[{\"split\":[{\"version\":2,\"weight\":10}]}]"

static int list_outbox_row(void *context, const OutboxRow *row) {
        assert_true(row->created_at_ms > 0);
        buf_append_format(&listed, "%" PRId64 ":%" PRIu64 ":%.*s/%.*s ", row->id, row->revision,
                          (int)row->namespace.size, row->namespace.data, (int)row->key.size, row->key.data);
        return context && --*(int *)context == 0;
}

static int list_served(_unused_ void *context, const ServedRow *row) {
        const ConfigData *data = &row->data;

        buf_append_format(&listed, "%.*s/%.*s@%" PRIu64, (int)data->namespace.size, data->namespace.data,
                          (int)data->key.size, data->key.data, data->revision);
        if (row->is_served)
                buf_append_format(&listed, "=%" PRId64 ":%.*s by %.*s", data->version,
                                  (int)data->content.size, data->content.data, (int)data->updated_by.size,
                                  data->updated_by.data);
        buf_append_char(&listed, ' ');
        return 0;
}

static int list_dead_letter(_unused_ void *context, const DeadLetterRow *row) {
        buf_append_format(
                &listed, "%" PRId64 ":%.*s/%.*s@%" PRIu64 " %.*s x%" PRIu64 " %" PRId64 "..%" PRId64 "%s ",
                row->id, (int)row->namespace.size, row->namespace.data, (int)row->key.size, row->key.data,
                row->revision, (int)row->reason.size, row->reason.data, row->attempts, row->first_at_ms,
                row->last_at_ms, row->is_dropped ? " dropped" : "");
        return 0;
}

static void publish_some(void) {
        assert_changes(create_namespace("prod"));
        assert_changes(create_namespace("prod.acme"));
        assert_changes(create_namespace("production"));
        assert_changes(save_and_publish("prod", "a", "1"));      /* 4 */
        assert_changes(save_and_publish("prod.acme", "b", "2")); /* 5 */
        assert_changes(save_and_publish("production", "c", "3"));
        assert_changes(save("prod", "never", "4"));
        assert_changes(save_and_publish("prod", "a", "5")); /* 8 */
        assert_changes(delete ("prod.acme", "b"));
}

static void the_outbox_is_read_from_any_row_on(void **state _unused_) {
        int64_t first, last;
        int n_left = 2;
        bool more;

        assert_int_equal(reader_get_outbox_ends(reader, &first, &last), 0);
        assert_int_equal(first, 0);
        assert_int_equal(last, 0);

        publish_some();
        assert_int_equal(reader_get_outbox_ends(reader, &first, &last), 0);
        assert_int_equal(first, 1);
        assert_int_equal(last, 5);
        assert_int_equal(reader_list_outbox(reader, 2, 10, list_outbox_row, NULL, &more), 0);
        assert_false(more);
        assert_listed("3:6:production/c 4:8:prod/a 5:9:prod.acme/b ");
        assert_int_equal(reader_list_outbox(reader, 0, 2, list_outbox_row, NULL, &more), 0);
        assert_true(more);
        assert_listed("1:4:prod/a 2:5:prod.acme/b ");
        assert_int_equal(reader_list_outbox(reader, 0, 10, list_outbox_row, &n_left, &more), 0);
        assert_true(more);
        assert_listed("1:4:prod/a 2:5:prod.acme/b ");
}

static void what_configs_serve_is_read_one_by_one(void **state _unused_) {
        publish_some();
        assert_int_equal(reader_get_served(reader, span("prod"), span("a"), SERVED_STABLE, list_served, NULL),
                         0);
        assert_int_equal(
                reader_get_served(reader, span("prod.acme"), span("b"), SERVED_STABLE, list_served, NULL), 0);
        assert_int_equal(
                reader_get_served(reader, span("prod"), span("never"), SERVED_STABLE, list_served, NULL), 0);
        assert_listed("prod/a@8=2:5 by user:admin prod.acme/b@9 prod/never@0 ");
        assert_int_equal(reader_get_served(reader, span("prod"), span("b"), SERVED_STABLE, list_served, NULL),
                         STORE_E_CONFIG_UNKNOWN);
        assert_int_equal(
                reader_get_served(reader, span("nowhere"), span("a"), SERVED_STABLE, list_served, NULL),
                STORE_E_CONFIG_UNKNOWN);
}

static void what_configs_of_a_namespace_and_below_serve_is_walked(void **state _unused_) {
        ServedQuery query = { .limit = 10 };
        bool more;

        publish_some();
        assert_int_equal(reader_list_served(reader, &query, list_served, NULL, &more), 0);
        assert_listed(
                "prod/a@8=2:5 by user:admin prod.acme/b@9 production/c@6=1:3 by user:admin prod/never@0 ");
        assert_false(more);

        query.namespace = span("prod");
        assert_int_equal(reader_list_served(reader, &query, list_served, NULL, &more), 0);
        assert_listed("prod/a@8=2:5 by user:admin prod.acme/b@9 prod/never@0 ");

        query.after_config = 1;
        query.limit = 1;
        assert_int_equal(reader_list_served(reader, &query, list_served, NULL, &more), 0);
        assert_listed("prod.acme/b@9 ");
        assert_true(more);
}

static void configs_of_a_deleted_namespace_are_walked_as_served_no_more(void **state _unused_) {
        bool more;

        publish_some();
        assert_changes(delete_namespace("prod", true));
        assert_int_equal(reader_list_served(reader, &(ServedQuery){ .namespace = span("prod"), .limit = 10 },
                                            list_served, NULL, &more),
                         0);
        assert_listed("prod/a@10 prod.acme/b@9 prod/never@10 ");
}

static int list_gray(_unused_ void *context, const ServedRow *row) {
        const GrayData *gray = row->data.gray;

        buf_append_format(&listed, "%.*s@%" PRIu64, (int)row->data.key.size, row->data.key.data,
                          row->data.revision);
        for (size_t i = 0; row->is_served && i < gray->n_versions; i++)
                buf_append_format(&listed, "=%" PRId64 ":%.*s", gray->versions[i].version,
                                  (int)gray->versions[i].content.size, gray->versions[i].content.data);
        buf_append_char(&listed, ' ');
        return 0;
}

static void gray_releases_are_read_where_they_run(void **state _unused_) {
        ServedQuery query = { .part = SERVED_GRAY, .limit = 10 };
        bool more;

        publish_some();
        assert_changes(save_and_publish("prod", "app", "stable")); /* 10 */
        assert_changes(save("prod", "app", "candidate"));
        assert_changes(set_gray(VERSION_2)); /* 12 */
        assert_int_equal(reader_list_served(reader, &query, list_gray, NULL, &more), 0);
        assert_listed("a@8 b@9 c@6 never@0 app@12=2:candidate ");
        assert_int_equal(
                reader_get_served(reader, span("prod"), span("app"), SERVED_STABLE, list_served, NULL), 0);
        assert_listed("prod/app@12=1:stable by user:admin ");

        assert_changes(abort_gray());
        assert_int_equal(reader_get_served(reader, span("prod"), span("app"), SERVED_GRAY, list_gray, NULL),
                         0);
        assert_listed("app@13 ");
}

static Operation reached(const char *mirror, int64_t outbox_id) {
        return (Operation){ .type = OPERATION_MIRROR_REACHED,
                            .comment = span(""),
                            .reached = { span(mirror), outbox_id } };
}

static void how_far_a_mirror_has_got_is_remembered(void **state _unused_) {
        int64_t outbox_id;

        assert_int_equal(reader_get_mirror(reader, span("redis"), &outbox_id), 0);
        assert_int_equal(outbox_id, -1);
        assert_no_op(reached("redis", 7));
        assert_no_op(reached("etcd", 0));
        assert_no_op(reached("redis", 9));
        assert_int_equal(reader_get_mirror(reader, span("redis"), &outbox_id), 0);
        assert_int_equal(outbox_id, 9);
        assert_int_equal(reader_get_mirror(reader, span("etcd"), &outbox_id), 0);
        assert_int_equal(outbox_id, 0);
}

static Operation dead_letter(const char *key, uint64_t revision, const char *reason, int64_t at_ms) {
        return (Operation){ .type = OPERATION_DEAD_LETTER_PUT,
                            .namespace = span("prod"),
                            .key = span(key),
                            .comment = span(""),
                            .dead_letter = { span("redis"), revision, span(reason), 2, at_ms, at_ms + 1 } };
}

static Operation removed(const char *mirror, const char *key) {
        return (Operation){ .type = OPERATION_DEAD_LETTER_REMOVE,
                            .namespace = span("prod"),
                            .key = span(key),
                            .comment = span(""),
                            .dead_letter = { .mirror = span(mirror) } };
}

/* @key: NULL: all */
static Operation asked(const char *mirror, const char *key, bool drop) {
        return (Operation){ .type = OPERATION_DEAD_LETTERS,
                            .namespace = key ? span("prod") : SPAN_NULL,
                            .key = span(key),
                            .comment = span(""),
                            .dead_letters = { span(mirror), drop } };
}

static void list_dead_letters(bool with_dropped) {
        DeadLetterQuery query = { .mirror = span("redis"), .with_dropped = with_dropped, .limit = 10 };
        bool more;

        assert_int_equal(reader_list_dead_letters(reader, &query, list_dead_letter, NULL, &more), 0);
        assert_false(more);
}

static void dead_letters_are_kept_one_for_each_config(void **state _unused_) {
        publish_some();
        assert_no_op(dead_letter("a", 4, "too large", 100));
        assert_no_op(dead_letter("never", 5, "wrong", 200));
        list_dead_letters(false);
        assert_listed("1:prod/a@4 too large x2 100..101 2:prod/never@5 wrong x2 200..201 ");

        assert_no_op(dead_letter("a", 4, "still too large", 300)); /* in vain once more */
        assert_no_op(dead_letter("never", 6, "wrong again", 400)); /* of a newer release */
        list_dead_letters(false);
        assert_listed("1:prod/a@4 still too large x4 100..301 2:prod/never@6 wrong again x2 400..401 ");

        assert_no_op(removed("etcd", "a"));
        assert_no_op(removed("redis", "never"));
        list_dead_letters(true);
        assert_listed("1:prod/a@4 still too large x4 100..301 ");
}

static void put_three_dead_letters(void) {
        publish_some();
        assert_no_op(dead_letter("a", 4, "too large", 100));
        assert_no_op(dead_letter("b", 5, "too large", 100));
        assert_no_op(dead_letter("c", 6, "too large", 100));
}

static void dead_letters_that_are_dropped_are_listed_no_more(void **state _unused_) {
        put_three_dead_letters();
        assert_executed(asked("redis", "b", true));
        assert_int_equal(RESULT.n_deleted, 1);
        assert_audited("mirror.drop prod/b - -");
        list_dead_letters(false);
        assert_listed("1:prod/a@4 too large x2 100..101 3:prod/c@6 too large x2 100..101 ");
        assert_refused(asked("redis", "b", true), STORE_E_DEAD_LETTER_UNKNOWN);
        assert_refused(asked("etcd", "a", true), STORE_E_DEAD_LETTER_UNKNOWN);

        assert_executed(asked("redis", NULL, true));
        assert_int_equal(RESULT.n_deleted, 2);
        assert_no_op(asked("redis", NULL, true));
        list_dead_letters(false);
        assert_listed("");

        assert_no_op(dead_letter("b", 7, "too large", 500)); /* a newer release is one again */
        list_dead_letters(false);
        assert_listed("2:prod/b@7 too large x2 500..501 ");
}

static void that_dead_letters_are_tried_again_is_audited(void **state _unused_) {
        put_three_dead_letters();
        assert_executed(asked("redis", "b", false));
        assert_int_equal(RESULT.n_deleted, 1);
        assert_audited("mirror.retry prod/b - -");
        assert_executed(asked("redis", NULL, false));
        assert_int_equal(RESULT.n_deleted, 3);
        assert_refused(asked("redis", "d", false), STORE_E_DEAD_LETTER_UNKNOWN);
        assert_no_op(asked("etcd", NULL, false));
        list_dead_letters(false);
        assert_listed("1:prod/a@4 too large x2 100..101 2:prod/b@5 too large x2 100..101 "
                      "3:prod/c@6 too large x2 100..101 ");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST_READING(the_outbox_is_read_from_any_row_on),
                TEST_READING(what_configs_serve_is_read_one_by_one),
                TEST_READING(what_configs_of_a_namespace_and_below_serve_is_walked),
                TEST_READING(gray_releases_are_read_where_they_run),
                TEST_READING(configs_of_a_deleted_namespace_are_walked_as_served_no_more),
                TEST_READING(how_far_a_mirror_has_got_is_remembered),
                TEST_READING(dead_letters_are_kept_one_for_each_config),
                TEST_READING(dead_letters_that_are_dropped_are_listed_no_more),
                TEST_READING(that_dead_letters_are_tried_again_is_audited),
        };

        return cmocka_run_group_tests_name("store mirrors", tests, silence_log, NULL);
}
