#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/change.h"
#include "model/macros.h"

static Release *make_release(const char *key, int64_t version) {
        Release *release = release_new(&(ConfigData){ .namespace = SPAN_LITERAL("prod"),
                                                      .key = span_from_string(key),
                                                      .version = version,
                                                      .content = SPAN_LITERAL("text"),
                                                      .updated_by = SPAN_LITERAL("user:x"),
                                                      .comment = SPAN_LITERAL("") },
                                       SPAN_LITERAL("epoch"));

        assert_non_null(release);
        return release;
}

static Change *make_change(uint64_t revision) {
        Change *change = change_new(revision);

        assert_non_null(change);
        return change;
}

static void test_a_new_change_has_a_revision_and_no_items(void **state _unused_) {
        _cleanup_(change_unrefp) Change *change = make_change(4711);

        assert_int_equal(change->revision, 4711);
        assert_int_equal(change->n_items, 0);
}

static void test_a_release_in_a_change_outlives_its_maker(void **state _unused_) {
        _cleanup_(change_unrefp) Change *change = make_change(1);
        Release *release = make_release("app", 3);

        assert_int_equal(change_add_release(change, release), 0);
        release_unref(release);
        assert_int_equal(change->n_items, 1);
        assert_int_equal(change->items[0].kind, CHANGE_RELEASE);
        assert_int_equal(release_version(change->items[0].release), 3);
        assert_true(span_equal_string(change->items[0].namespace, "prod"));
        assert_true(span_equal_string(change->items[0].key, "app"));
}

static void test_a_release_outlives_a_change(void **state _unused_) {
        _cleanup_(release_unrefp) Release *release = make_release("app", 3);
        Change *change = make_change(1);

        assert_int_equal(change_add_release(change, release), 0);
        assert_null(change_unref(change));
        assert_int_equal(release_version(release), 3);
}

static void test_a_removal_copies_its_names(void **state _unused_) {
        _cleanup_(change_unrefp) Change *change = make_change(1);
        char namespace[] = "prod", key[] = "app";

        assert_int_equal(change_add_removal(change, span_from_string(namespace), span_from_string(key)), 0);
        memset(namespace, '?', strlen(namespace));
        memset(key, '?', strlen(key));
        assert_int_equal(change->items[0].kind, CHANGE_REMOVAL);
        assert_null(change->items[0].release);
        assert_true(span_equal_string(change->items[0].namespace, "prod"));
        assert_true(span_equal_string(change->items[0].key, "app"));
}

static void test_a_namespace_has_no_key(void **state _unused_) {
        _cleanup_(change_unrefp) Change *change = make_change(1);
        char name[] = "prod.acme";

        assert_int_equal(change_add_namespace(change, CHANGE_NAMESPACE, span_from_string(name)), 0);
        assert_int_equal(change_add_namespace(change, CHANGE_NAMESPACE_REMOVAL, span_from_string(name)), 0);
        memset(name, '?', strlen(name));
        assert_int_equal(change->items[0].kind, CHANGE_NAMESPACE);
        assert_int_equal(change->items[1].kind, CHANGE_NAMESPACE_REMOVAL);
        for (size_t i = 0; i < 2; i++) {
                assert_true(span_equal_string(change->items[i].namespace, "prod.acme"));
                assert_null(change->items[i].key.data);
                assert_null(change->items[i].release);
        }
}

static void test_items_stand_in_the_order_in_which_they_were_added(void **state _unused_) {
        _cleanup_(change_unrefp) Change *change = make_change(1);
        char key[16];

        for (int i = 0; i < 1000; i++) {
                (void)snprintf(key, sizeof(key), "key%d", i);
                if (i % 2) {
                        _cleanup_(release_unrefp) Release *release = make_release(key, i);

                        assert_int_equal(change_add_release(change, release), 0);
                } else
                        assert_int_equal(
                                change_add_removal(change, SPAN_LITERAL("prod"), span_from_string(key)), 0);
        }

        assert_int_equal(change->n_items, 1000);
        for (int i = 0; i < 1000; i++) {
                (void)snprintf(key, sizeof(key), "key%d", i);
                assert_int_equal(change->items[i].kind, i % 2 ? CHANGE_RELEASE : CHANGE_REMOVAL);
                assert_true(span_equal_string(change->items[i].key, key));
                if (i % 2)
                        assert_int_equal(release_version(change->items[i].release), i);
        }
}

static void test_two_items_of_one_name_both_stand(void **state _unused_) {
        _cleanup_(change_unrefp) Change *change = make_change(1);
        _cleanup_(release_unrefp) Release *release = make_release("app", 1);

        assert_int_equal(change_add_release(change, release), 0);
        assert_int_equal(change_add_release(change, release), 0);
        assert_int_equal(change_add_removal(change, SPAN_LITERAL("prod"), SPAN_LITERAL("app")), 0);
        assert_int_equal(change->n_items, 3);
}

static void test_a_referenced_change_outlives_its_maker(void **state _unused_) {
        Change *change = make_change(9), *other = change_ref(change);

        assert_ptr_equal(change, other);
        assert_int_equal(change_add_removal(change, SPAN_LITERAL("prod"), SPAN_LITERAL("app")), 0);
        assert_null(change_unref(change));
        assert_int_equal(other->revision, 9);
        assert_true(span_equal_string(other->items[0].key, "app"));
        assert_null(change_unref(other));
}

static void test_no_change_is_referenced_and_unreferenced_too(void **state _unused_) {
        assert_null(change_ref(NULL));
        assert_null(change_unref(NULL));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_new_change_has_a_revision_and_no_items),
                cmocka_unit_test(test_a_release_in_a_change_outlives_its_maker),
                cmocka_unit_test(test_a_release_outlives_a_change),
                cmocka_unit_test(test_a_removal_copies_its_names),
                cmocka_unit_test(test_a_namespace_has_no_key),
                cmocka_unit_test(test_items_stand_in_the_order_in_which_they_were_added),
                cmocka_unit_test(test_two_items_of_one_name_both_stand),
                cmocka_unit_test(test_a_referenced_change_outlives_its_maker),
                cmocka_unit_test(test_no_change_is_referenced_and_unreferenced_too),
        };

        return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
