/*
 * Gray rules without memory: each allocation fails in turn.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gray_fixture.h"
#include "lib/allocations.h"

static void test_each_allocation_may_fail(void **state _unused_) {
        static const char rules[] = "[{\"match\":{\"a\":[\"x\",\"y\"],\"b\":{\"semver\":\"^1.2.3\"},"
                                    "\"c\":{\"cidr\":\"::/0\"}},\"split\":[{\"version\":9,\"weight\":5}]}]";
        int r = -ENOMEM, n = 0;

        for (; r == -ENOMEM; n++) {
                Gray *gray = NULL;
                Problem problem = PROBLEM_NULL;

                allocations_fail_after(n);
                r = gray_new(span_from_string(rules), SPAN_LITERAL(SALT), &gray, &problem);
                allocations_succeed();
                assert_true(r == 0 || r == -ENOMEM);
                assert_true((gray != NULL) == (r == 0));
                gray_unref(gray);
        }
        assert_int_equal(r, 0);
        assert_true(n > 8);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_allocation_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
