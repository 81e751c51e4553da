#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "changes.h"
#include "model/macros.h"
#include "push/audience.h"

#define S(text) SPAN_LITERAL(text)

static Audience *get(AudienceSet *set, const char *name) {
        return audience_get(set,
                            scope_new(&(ScopeName){ .name = span_from_string(name), .all_keys = true }, 1));
}

static Audience *get_key(AudienceSet *set, const char *name, const char *key) {
        Span keys[] = { span_from_string(key) };

        return audience_get(
                set, scope_new(&(ScopeName){ .name = span_from_string(name), .keys = keys, .n_keys = 1 }, 1));
}

typedef struct Seen {
        size_t n;
        Audience *audiences[8];
        unsigned wanted[8]; /* a bit for each item */
        size_t n_items;
} Seen;

static void note(void *context, Audience *audience, const bool *is_wanted) {
        Seen *seen = context;

        for (size_t i = 0; i < seen->n_items; i++)
                seen->wanted[seen->n] |= (unsigned)is_wanted[i] << i;
        seen->audiences[seen->n++] = audience;
}

static unsigned wanted_by(const Seen *seen, const Audience *audience) {
        for (size_t i = 0; i < seen->n; i++)
                if (seen->audiences[i] == audience)
                        return seen->wanted[i];
        return 0;
}

static void equal_scopes_share_one(_unused_ void **state) {
        AudienceSet set = AUDIENCE_SET_NULL;
        Audience *a = get(&set, "p.q"), *b = get(&set, "p.q"), *c = get(&set, "p");

        assert_ptr_equal(a, b);
        assert_ptr_not_equal(a, c);
        audience_unref(a);
        assert_ptr_equal(b->covered->names[0].name.data, get(&set, "p.q")->covered->names[0].name.data);
        audience_unref(b);
        audience_unref(b);
        audience_unref(c);
        audience_set_deinit(&set);
}

static void a_change_finds_those_that_it_touches(_unused_ void **state) {
        AudienceSet set = AUDIENCE_SET_NULL;
        Audience *low = get(&set, "p"), *high = get(&set, "p.q.r"), *key = get_key(&set, "p.q", "k");
        Audience *other = get(&set, "o");
        _cleanup_(change_unrefp) Change *change = change_new(7);
        Seen seen = { .n_items = 5 };

        (void)change_add_namespace(change, CHANGE_NAMESPACE, S("p"));
        add_release(change, "p", "k", "1");
        add_release(change, "p.q", "l", "2");
        (void)change_add_removal(change, S("p.q.r"), S("k"));
        add_release(change, "p.q.z", "k", "3");
        audience_set_match(&set, change, note, &seen);

        assert_int_equal(seen.n, 3);
        assert_int_equal(wanted_by(&seen, low), 1 << 1);
        assert_int_equal(wanted_by(&seen, high), 1 << 1 | 1 << 2 | 1 << 3);
        assert_int_equal(wanted_by(&seen, key), 1 << 1);
        assert_int_equal(wanted_by(&seen, other), 0);
        audience_unref(low);
        audience_unref(high);
        audience_unref(key);
        audience_unref(other);
        audience_set_deinit(&set);
}

static void matching_one_scope_says_the_same(_unused_ void **state) {
        AudienceSet set = AUDIENCE_SET_NULL;
        Audience *audience = get_key(&set, "p.q", "k");
        _cleanup_(change_unrefp) Change *change = change_new(7);
        bool is_wanted[3];

        add_release(change, "p.q", "l", "1");
        assert_false(scope_match(audience->covered, change, is_wanted));
        add_release(change, "p", "k", "2");
        (void)change_add_removal(change, S("x"), S("k"));
        assert_true(scope_match(audience->covered, change, is_wanted));
        assert_false(is_wanted[0]);
        assert_true(is_wanted[1]);
        assert_false(is_wanted[2]);
        assert_true(audience_covers(audience, S("p"), S("k")));
        assert_false(audience_covers(audience, S("p"), S("l")));
        audience_unref(audience);
        audience_set_deinit(&set);
}

static void followers_come_go_and_move(_unused_ void **state) {
        AudienceSet set = AUDIENCE_SET_NULL;
        Audience *first = get(&set, "a"), *second = get(&set, "b");
        Follower x = { 0 }, y = { 0 }, z = { 0 };

        follower_join(&x, audience_ref(first));
        follower_join(&y, audience_ref(first));
        follower_join(&z, audience_ref(first));
        follower_join(&y, audience_ref(second));
        assert_ptr_equal(second->first, &y);
        assert_ptr_equal(first->first, &z);
        assert_ptr_equal(z.next, &x);
        assert_ptr_equal(x.previous, &z);
        follower_join(&z, NULL);
        follower_join(&x, NULL);
        assert_null(first->first);
        audience_unref(first);
        audience_unref(second);
        follower_join(&y, NULL);
        audience_set_deinit(&set);
}

/* The index moves covers about when one goes; any order must leave it right. */
static void the_index_stays_right_as_audiences_go(_unused_ void **state) {
        AudienceSet set = AUDIENCE_SET_NULL;
        _cleanup_(change_unrefp) Change *change = change_new(1);
        Audience *audiences[8];

        add_release(change, "p", "k", "1");
        for (size_t i = 0; i < 8; i++) {
                char name[16];

                (void)snprintf(name, sizeof(name), "p.a%zu", i);
                audiences[i] = get(&set, name);
        }
        for (size_t i = 0; i < 8; i++) {
                Seen seen = { .n_items = 1 };

                audience_set_match(&set, change, note, &seen);
                assert_int_equal(seen.n, 8 - i);
                audience_unref(audiences[i * 5 % 8]);
        }
        audience_set_deinit(&set);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(equal_scopes_share_one),
                cmocka_unit_test(a_change_finds_those_that_it_touches),
                cmocka_unit_test(matching_one_scope_says_the_same),
                cmocka_unit_test(followers_come_go_and_move),
                cmocka_unit_test(the_index_stays_right_as_audiences_go),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
