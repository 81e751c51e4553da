#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "changes.h"
#include "model/macros.h"
#include "push/tail.h"

static _Atomic uint64_t account;

static void add(Tail *tail, uint64_t revision, size_t n_items) {
        _cleanup_(change_unrefp) Change *change = change_new(revision);
        Event *event;

        for (size_t i = 0; i < n_items; i++)
                add_release(change, "p", "k", "content");
        event = event_new(change, &account);
        tail_add(tail, event);
        event_unref(event);
}

static uint64_t revision_at(const Tail *tail, size_t place) {
        return event_change(tail_get(tail, place))->revision;
}

static void reaches_nothing_before_it_begins(_unused_ void **state) {
        Tail tail;

        tail_init(&tail, 4, SIZE_MAX);
        assert_false(tail_reaches(&tail, 0));
        assert_false(tail_reaches(&tail, 100));
        tail_begin(&tail, 10);
        assert_false(tail_reaches(&tail, 9));
        assert_true(tail_reaches(&tail, 10));
        assert_int_equal(tail_find(&tail, 10), tail.n);
        tail_deinit(&tail);
}

static void finds_what_is_newer(_unused_ void **state) {
        Tail tail;

        tail_init(&tail, 100, SIZE_MAX);
        tail_begin(&tail, 10);
        add(&tail, 11, 1);
        add(&tail, 12, 0); /* nobody can miss it */
        add(&tail, 15, 1);
        add(&tail, 16, 2);
        assert_int_equal(tail.n, 3);
        assert_int_equal(revision_at(&tail, tail_find(&tail, 10)), 11);
        assert_int_equal(revision_at(&tail, tail_find(&tail, 11)), 15);
        assert_int_equal(revision_at(&tail, tail_find(&tail, 14)), 15);
        assert_int_equal(tail_find(&tail, 16), tail.n);
        tail_deinit(&tail);
}

static void drops_the_oldest_past_its_number(_unused_ void **state) {
        Tail tail;

        tail_init(&tail, 70, SIZE_MAX);
        tail_begin(&tail, 0);
        for (uint64_t i = 1; i <= 1000; i++)
                add(&tail, i, 1);
        assert_int_equal(tail.n, 70);
        assert_int_equal(tail.floor, 930);
        assert_false(tail_reaches(&tail, 929));
        assert_true(tail_reaches(&tail, 930));
        for (size_t i = 0; i < 70; i++)
                assert_int_equal(revision_at(&tail, i), 931 + i);
        tail_deinit(&tail);
}

static void drops_the_oldest_past_its_size(_unused_ void **state) {
        Tail tail;
        size_t one;

        tail_init(&tail, 100, SIZE_MAX);
        tail_begin(&tail, 0);
        add(&tail, 1, 1);
        one = tail.bytes;
        tail.bytes_max = 3 * one;
        for (uint64_t i = 2; i <= 9; i++)
                add(&tail, i, 1);
        assert_int_equal(tail.n, 3);
        assert_int_equal(tail.bytes, 3 * one);
        assert_int_equal(tail.floor, 6);
        tail_deinit(&tail);
}

static void holds_nothing_when_it_may_hold_nothing(_unused_ void **state) {
        Tail tail;

        tail_init(&tail, 0, SIZE_MAX);
        tail_begin(&tail, 3);
        add(&tail, 4, 1);
        assert_int_equal(tail.n, 0);
        assert_false(tail_reaches(&tail, 3));
        assert_true(tail_reaches(&tail, 4));
        tail_deinit(&tail);
}

static void a_subset_is_encoded_once(_unused_ void **state) {
        _cleanup_(change_unrefp) Change *change = change_new(3);
        WireFrame *first, *second, *other;
        bool is_encoded;
        Event *event;

        account = 0;
        add_release(change, "p", "k", "one");
        add_release(change, "q", "k", "two");
        event = event_new(change, &account);
        first = event_frame(event, (bool[]){ true, false }, &is_encoded);
        assert_true(is_encoded);
        second = event_frame(event, (bool[]){ true, false }, &is_encoded);
        assert_false(is_encoded);
        assert_ptr_equal(first, second);
        other = event_frame(event, (bool[]){ true, true }, &is_encoded);
        assert_true(is_encoded);
        assert_int_equal(account, first->size + other->size);

        event_unref(event);
        wire_frame_unref(first);
        wire_frame_unref(other);
        assert_int_equal(account, second->size);
        wire_frame_unref(second);
        assert_int_equal(account, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(reaches_nothing_before_it_begins),
                cmocka_unit_test(finds_what_is_newer),
                cmocka_unit_test(drops_the_oldest_past_its_number),
                cmocka_unit_test(drops_the_oldest_past_its_size),
                cmocka_unit_test(holds_nothing_when_it_may_hold_nothing),
                cmocka_unit_test(a_subset_is_encoded_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
