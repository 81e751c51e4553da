#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/macros.h"
#include "push/scope.h"

#define S(text) SPAN_LITERAL(text)

static ScopeName all(const char *name) {
        return (ScopeName){ .name = span_from_string(name), .all_keys = true };
}

static ScopeName some(const char *name, const Span *keys, size_t n_keys) {
        return (ScopeName){ .name = span_from_string(name), .keys = keys, .n_keys = n_keys };
}

static void is_the_same_in_any_order(_unused_ void **state) {
        const Span keys[] = { S("b"), S("a"), S("b") }, sorted[] = { S("a"), S("b") };
        _cleanup_(freep) Scope *a = scope_new((ScopeName[]){ some("y", keys, 3), all("x") }, 2);
        _cleanup_(freep) Scope *b = scope_new((ScopeName[]){ all("x"), some("y", sorted, 2), all("x") }, 3);

        assert_int_equal(a->n_names, 2);
        assert_int_equal(a->n_keys, 2);
        assert_true(scope_equal(a, b));
        assert_true(scope_hash(a) == scope_hash(b));
}

static void differs_by_names_keys_and_kind(_unused_ void **state) {
        const Span keys[] = { S("a"), S("b") };
        _cleanup_(freep) Scope *base = scope_new((ScopeName[]){ some("x", keys, 2) }, 1);
        _cleanup_(freep) Scope *fewer = scope_new((ScopeName[]){ some("x", keys, 1) }, 1);
        _cleanup_(freep) Scope *whole = scope_new((ScopeName[]){ all("x") }, 1);
        _cleanup_(freep) Scope *other = scope_new((ScopeName[]){ some("y", keys, 2) }, 1);

        assert_false(scope_equal(base, fewer));
        assert_false(scope_equal(base, whole));
        assert_false(scope_equal(base, other));
}

static void unites_the_keys_of_a_name_that_stands_twice(_unused_ void **state) {
        const Span a[] = { S("a") }, b[] = { S("b") };
        _cleanup_(freep) Scope *both = scope_new((ScopeName[]){ some("x", a, 1), some("x", b, 1) }, 2);
        _cleanup_(freep) Scope *whole = scope_new((ScopeName[]){ some("x", a, 1), all("x") }, 2);

        assert_true(scope_name_has(scope_find(both, S("x")), S("a")));
        assert_true(scope_name_has(scope_find(both, S("x")), S("b")));
        assert_false(scope_name_has(scope_find(both, S("x")), S("c")));
        assert_true(scope_name_has(scope_find(whole, S("x")), S("c")));
        assert_int_equal(whole->n_keys, 0);
}

static void covers_what_is_above_with_the_same_keys(_unused_ void **state) {
        const Span a[] = { S("a") };
        _cleanup_(freep) Scope *asked = scope_new((ScopeName[]){ some("p.q.r", a, 1), all("p.x") }, 2);
        _cleanup_(freep) Scope *covered = scope_cover(asked);

        assert_int_equal(covered->n_names, 4);
        assert_true(scope_find(covered, S("p"))->all_keys);
        assert_true(scope_find(covered, S("p.x"))->all_keys);
        assert_false(scope_name_has(scope_find(covered, S("p.q")), S("b")));
        assert_true(scope_name_has(scope_find(covered, S("p.q")), S("a")));
        assert_null(scope_find(covered, S("p.q.r.s")));
}

static void replaces_and_takes_away(_unused_ void **state) {
        const Span a[] = { S("a") };
        _cleanup_(freep) Scope *base = scope_new((ScopeName[]){ all("x"), all("y") }, 2);
        _cleanup_(freep) Scope *added = scope_new((ScopeName[]){ some("y", a, 1), all("z") }, 2);
        _cleanup_(freep) Scope *replaced = scope_replace(base, added);
        _cleanup_(freep) Scope *rest = scope_without(replaced, added);

        assert_int_equal(replaced->n_names, 3);
        assert_false(scope_find(replaced, S("y"))->all_keys);
        assert_int_equal(rest->n_names, 1);
        assert_non_null(scope_find(rest, S("x")));
}

static void may_be_empty(_unused_ void **state) {
        _cleanup_(freep) Scope *none = scope_new(NULL, 0);
        _cleanup_(freep) Scope *covered = scope_cover(none);

        assert_int_equal(covered->n_names, 0);
        assert_null(scope_find(none, S("x")));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(is_the_same_in_any_order),
                cmocka_unit_test(differs_by_names_keys_and_kind),
                cmocka_unit_test(unites_the_keys_of_a_name_that_stands_twice),
                cmocka_unit_test(covers_what_is_above_with_the_same_keys),
                cmocka_unit_test(replaces_and_takes_away),
                cmocka_unit_test(may_be_empty),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
