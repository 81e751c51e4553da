/*
 * Gray releases in the history of a config: its events, walking back over them, lists and the audit.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gray-suite.h"
#include "model/buf.h"
#include "store/reader.h"

static void test_walking_back_passes_over_gray_events(void **state _unused_) {
        publish_and_save(3);
        assert_changes(set_gray(VERSION_2));
        assert_changes(publish("prod", "app", 2));
        assert_changes(abort_gray());
        assert_changes(set_gray(VERSION_2));
        assert_changes(publish("prod", "app", 3));
        assert_changes(set_gray(VERSION_2));
        assert_changes(roll_back("prod", "app", 0));
        assert_served("prod", "app", 2);
        assert_changes(roll_back("prod", "app", 0));
        assert_served("prod", "app", 1);
        assert_refused(roll_back("prod", "app", 0), STORE_E_NOTHING_TO_ROLL_BACK);
}

static void test_a_rollback_restores_a_release_and_no_gray_event(void **state _unused_) {
        publish_and_save(3);
        assert_changes(set_gray(VERSION_2)); /* event 2 */
        assert_changes(abort_gray());        /* event 3 */
        assert_changes(roll_back("prod", "app", 2));
        assert_rows(LAST_EVENT, "1|2|1|(null)|7|user:admin|rollback|\n");
        assert_changes(set_gray(VERSION_2));
        assert_changes(publish("prod", "app", 3));
        assert_changes(roll_back("prod", "app", 2));
        assert_rows(LAST_EVENT, "1|2|3|4|10|user:admin|rollback|\n");
}

static void test_after_a_delete_what_was_in_force_comes_back_and_not_a_gray_event(void **state _unused_) {
        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        assert_changes(abort_gray());
        assert_changes(delete ("prod", "app"));
        assert_changes(roll_back("prod", "app", 0));
        assert_rows(LAST_EVENT, "1|1|(null)|1|7|user:admin|rollback|\n");
}

static int append_kind(void *context, const ReleaseRow *row) {
        buf_append_format(context, "%s %" PRId64 " %" PRId64 "\n", release_kind_to_string(row->kind),
                          row->version, row->from_version);
        return 0;
}

static int append_revision(void *context, const ConfigRow *row) {
        buf_append_format(context, "%" PRId64 " %" PRIu64 " ", row->data.version, row->data.revision);
        buf_append_span(context, row->data.comment);
        return 0;
}

static Reader *open_reader(void) {
        Reader *reader;
        Problem problem;

        if (reader_open(suite.fixture->path, &reader, &problem))
                fail_msg("%s", problem.text);
        return reader;
}

static void test_gray_events_stand_in_the_history(void **state _unused_) {
        HistoryQuery query = { .namespace = SPAN_LITERAL("prod"), .key = SPAN_LITERAL("app"), .limit = 100 };
        _cleanup_(reader_closep) Reader *reader = NULL;
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        bool more;

        publish_and_save(3);
        assert_changes(set_gray(VERSIONS_2_3));
        assert_changes(set_gray(VERSION_2));
        assert_changes(abort_gray());
        assert_changes(set_gray(VERSION_2));
        assert_changes(promote(2));

        reader = open_reader();
        assert_int_equal(reader_list_releases(reader, &query, append_kind, &text, &more), 0);
        assert_true(span_equal_string(buf_span(&text),
                                      "promote 2 1\ngray 2 0\nabort 2 0\ngray 2 0\ngray 0 0\n"
                                      "publish 1 0\n"));
}

static void
test_a_list_shows_the_revision_of_the_gray_release_and_the_comment_of_the_publish(void **state _unused_) {
        ConfigQuery query = { .namespace = SPAN_LITERAL("prod"), .limit = 100 };
        _cleanup_(reader_closep) Reader *reader = NULL;
        _cleanup_(buf_deinit) Buf text = BUF_NULL;
        bool more;

        publish_and_save(2);
        assert_changes(set_gray(VERSION_2));
        reader = open_reader();
        assert_int_equal(reader_list_configs(reader, &query, append_revision, &text, &more), 0);
        assert_true(span_equal_string(buf_span(&text), "1 4 put"));
}

static void test_every_change_is_audited_in_order(void **state _unused_) {
        publish_and_save(2);
        assert_changes(planned(set_gray(VERSION_2), PLAN));
        assert_changes(move(GRAY_MOVE_PAUSE));
        assert_changes(move(GRAY_MOVE_RESUME));
        assert_changes(move(GRAY_MOVE_STEP));
        assert_changes(promote(0));
        assert_changes(set_gray(VERSION_2));
        assert_changes(abort_gray());
        assert_rows("SELECT action, version, revision, comment, details IS NOT NULL FROM audit WHERE id > 3",
                    "gray.set|2|4|canaries|1|\n"
                    "gray.pause|2|5|move|0|\n"
                    "gray.resume|2|6|move|0|\n"
                    "gray.step|2|7|move|1|\n"
                    "gray.promote|2|8|promote|0|\n"
                    "gray.set|2|9|canaries|1|\n"
                    "gray.abort|2|10|abort|0|\n");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_walking_back_passes_over_gray_events),
                TEST(test_a_rollback_restores_a_release_and_no_gray_event),
                TEST(test_after_a_delete_what_was_in_force_comes_back_and_not_a_gray_event),
                TEST(test_gray_events_stand_in_the_history),
                TEST(test_a_list_shows_the_revision_of_the_gray_release_and_the_comment_of_the_publish),
                TEST(test_every_change_is_audited_in_order),
        };

        return cmocka_run_group_tests_name("store gray-history", tests, silence_log, NULL);
}
