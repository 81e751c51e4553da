/*
 * Writing frames: what is written is read back, and holds what it was made of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "frame_fixture.h"

#define EPOCH SPAN_LITERAL("0123456789abcdef0123456789abcdef")

static void test_what_was_written_is_read_back(void **state _unused_) {
        static const FrameType types[] = { FRAME_SUBSCRIBE, FRAME_ACK, FRAME_UNSUBSCRIBE, FRAME_CURRENT,
                                           FRAME_ERROR };

        for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
                _cleanup_(frame_deinit) Frame frame = parse(samples[types[i]]);
                _cleanup_(buf_deinit) Buf buf = BUF_NULL;

                frame_append(&buf, &frame);
                assert_text(buf_span(&buf), samples[types[i]]);
        }
}

static void test_texts_of_any_bytes_are_written_as_json(void **state _unused_) {
        FrameResult result = { SPAN_LITERAL("prod"), SPAN_LITERAL("a"), INT64_MAX, false,
                               SPAN_LITERAL("\xff\"\n") };
        Frame written = { .type = FRAME_ACK, .results = &result, .n_results = 1 };
        _cleanup_(frame_deinit) Frame frame = FRAME_NULL;
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        frame_append(&buf, &written);
        buf_append_char(&buf, '\0');
        frame = parse(buf.data);
        assert_true(frame.results[0].version == INT64_MAX);
        assert_text(frame.results[0].error, "\xef\xbf\xbd\"\n");
}

static Frame parse_change(const Change *change, const bool *is_wanted) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        frame_append_change(&buf, change, is_wanted);
        buf_append_char(&buf, '\0');
        assert_false(buf_failed(&buf));
        return parse(buf.data);
}

static void test_a_change_names_each_namespace_once(void **state _unused_) {
        static const bool all[] = { true, true, true, true, true };
        _cleanup_(change_unrefp) Change *change = change_new(5);
        _cleanup_(frame_deinit) Frame frame = FRAME_NULL;

        add_release(change, "prod", "a", 1);
        add_removal(change, "dev", "x");
        add_release(change, "prod", "b", 2);
        add_removal(change, "prod", "c");
        add_release(change, "prod.acme", "a", 3);
        frame = parse_change(change, all);

        assert_int_equal(frame.type, FRAME_CHANGE);
        assert_int_equal(frame.seq, 5);
        assert_int_equal(frame.n_namespaces, 3);
        assert_text(frame.namespaces[0].name, "dev");
        assert_int_equal(frame.namespaces[0].n_releases, 0);
        assert_text(frame.namespaces[0].deleted[0], "x");
        assert_text(frame.namespaces[1].name, "prod");
        assert_int_equal(frame.namespaces[1].n_releases, 2);
        assert_text(frame.namespaces[1].releases[0].content, "\"}]\\\n\x01\xc3\xa9");
        assert_int_equal(frame.namespaces[1].releases[1].version, 2);
        assert_int_equal(frame.namespaces[1].n_deleted, 1);
        assert_text(frame.namespaces[2].name, "prod.acme");
}

static void test_of_two_items_for_one_config_the_later_is_sent(void **state _unused_) {
        static const bool all[] = { true, true, true, true, true, true };
        _cleanup_(change_unrefp) Change *change = change_new(5);
        _cleanup_(frame_deinit) Frame frame = FRAME_NULL;

        add_release(change, "prod", "b", 1);
        add_release(change, "prod", "a", 1);
        add_removal(change, "prod", "b");
        add_release(change, "prod", "a", 2);
        add_removal(change, "prod", "c");
        add_release(change, "prod", "c", 4);
        frame = parse_change(change, all);

        assert_int_equal(frame.n_namespaces, 1);
        assert_int_equal(frame.namespaces[0].n_releases, 2);
        assert_int_equal(frame.namespaces[0].releases[0].version, 2);
        assert_int_equal(frame.namespaces[0].releases[1].version, 4);
        assert_int_equal(frame.namespaces[0].n_deleted, 1);
        assert_text(frame.namespaces[0].deleted[0], "b");
}

static void test_what_is_out_of_scope_is_not_sent(void **state _unused_) {
        static const bool some[] = { false, true, true, false };
        _cleanup_(change_unrefp) Change *change = change_new(5);
        _cleanup_(frame_deinit) Frame frame = FRAME_NULL;

        add_release(change, "prod", "a", 1);
        assert_int_equal(change_add_namespace(change, CHANGE_NAMESPACE, SPAN_LITERAL("prod")), 0);
        add_release(change, "prod", "b", 1);
        add_removal(change, "dev", "c");
        frame = parse_change(change, some);

        assert_int_equal(frame.n_namespaces, 1);
        assert_int_equal(frame.namespaces[0].n_releases, 1);
        assert_text(frame.namespaces[0].releases[0].key, "b");
        assert_int_equal(frame.namespaces[0].n_deleted, 0);
}

static void test_a_change_may_be_out_of_scope_whole(void **state _unused_) {
        static const bool none[] = { false };
        _cleanup_(change_unrefp) Change *empty = change_new(5), *change = change_new(6);
        _cleanup_(frame_deinit) Frame of_empty = FRAME_NULL, frame = FRAME_NULL;

        add_release(change, "prod", "a", 1);
        of_empty = parse_change(empty, none);
        frame = parse_change(change, none);
        assert_int_equal(of_empty.n_namespaces, 0);
        assert_int_equal(frame.n_namespaces, 0);
}

static Frame parse_snapshot(Release *const *releases, size_t n_releases, bool more) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;
        SnapshotFrame snapshot;

        snapshot_frame_begin(&snapshot, &buf, 77, EPOCH);
        for (size_t i = 0; i < n_releases; i++)
                snapshot_frame_add(&snapshot, releases[i]);
        snapshot_frame_end(&snapshot, more);
        buf_append_char(&buf, '\0');
        return parse(buf.data);
}

static void test_a_snapshot_goes_namespace_by_namespace(void **state _unused_) {
        Release *releases[] = { make_release("prod", "a", 1), make_release("prod", "b", 2),
                                make_release("prod.acme", "a", 3) };
        _cleanup_(frame_deinit) Frame frame = parse_snapshot(releases, ARRAY_SIZE(releases), true);

        assert_int_equal(frame.type, FRAME_SNAPSHOT);
        assert_int_equal(frame.seq, 77);
        assert_true(span_equal(frame.epoch, EPOCH));
        assert_true(frame.more);
        assert_int_equal(frame.n_namespaces, 2);
        assert_int_equal(frame.namespaces[0].n_releases, 2);
        assert_text(frame.namespaces[0].releases[1].namespace, "prod");
        assert_int_equal(frame.namespaces[0].releases[1].version, 2);
        assert_text(frame.namespaces[1].name, "prod.acme");
        for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
                release_unref(releases[i]);
}

static void test_a_snapshot_may_be_empty(void **state _unused_) {
        _cleanup_(frame_deinit) Frame frame = parse_snapshot(NULL, 0, false);

        assert_false(frame.more);
        assert_int_equal(frame.n_namespaces, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_was_written_is_read_back),
                cmocka_unit_test(test_texts_of_any_bytes_are_written_as_json),
                cmocka_unit_test(test_a_change_names_each_namespace_once),
                cmocka_unit_test(test_of_two_items_for_one_config_the_later_is_sent),
                cmocka_unit_test(test_what_is_out_of_scope_is_not_sent),
                cmocka_unit_test(test_a_change_may_be_out_of_scope_whole),
                cmocka_unit_test(test_a_snapshot_goes_namespace_by_namespace),
                cmocka_unit_test(test_a_snapshot_may_be_empty),
        };

        return cmocka_run_group_tests_name("frame write", tests, NULL, NULL);
}
