/*
 * Frames without memory: each allocation fails in turn.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "frame_fixture.h"
#include "lib/allocations.h"

/* LeakSanitizer finds what a failure leaves behind. */
static void test_each_allocation_of_a_parse_may_fail(void **state _unused_) {
        for (size_t type = 0; type < FRAME_TYPE_N; type++) {
                int r = -ENOMEM, n = 0;

                for (; r == -ENOMEM; n++) {
                        Frame frame = FRAME_NULL;
                        Problem problem = PROBLEM_NULL;

                        allocations_fail_after(n);
                        r = frame_parse(span_from_string(samples[type]), &frame, &problem);
                        allocations_succeed();
                        assert_true(r == 0 || r == -ENOMEM);
                        assert_true((frame.kept != NULL) == (r == 0));
                        frame_deinit(&frame);
                }
                assert_int_equal(r, 0);
                assert_true(n >= 2);
        }
}

static void test_a_refusal_without_memory_is_told_as_such(void **state _unused_) {
        _cleanup_(freep) char *text = edit(FRAME_ACK, "\"key\":\"b\"", "\"key\":\".b\"");
        int r = -ENOMEM, n = 0;

        for (; r == -ENOMEM; n++) {
                Frame frame;
                Problem problem;

                allocations_fail_after(n);
                r = frame_parse(span_from_string(text), &frame, &problem);
                allocations_succeed();
        }
        assert_int_equal(r, FRAME_E_INVALID);
        assert_true(n > 3);
}

static void test_each_allocation_of_a_change_may_fail(void **state _unused_) {
        static const bool all[] = { true, true };
        _cleanup_(change_unrefp) Change *change = change_new(5);
        bool failed = true;
        int n = 0;

        add_release(change, "prod", "a", 1);
        add_removal(change, "prod", "b");
        for (; failed; n++) {
                _cleanup_(buf_deinit) Buf buf = BUF_NULL;

                allocations_fail_after(n);
                frame_append_change(&buf, change, all);
                allocations_succeed();
                failed = buf_failed(&buf);
        }
        assert_true(n > 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_allocation_of_a_parse_may_fail),
                cmocka_unit_test(test_a_refusal_without_memory_is_told_as_such),
                cmocka_unit_test(test_each_allocation_of_a_change_may_fail),
        };

        return cmocka_run_group_tests_name("frame memory", tests, NULL, NULL);
}
