#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/catalog.h"
#include "model/macros.h"

static uint64_t next_random(uint64_t *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

static Span span(const char *text) {
        return span_from_string(text);
}

static Release *make_release(const char *namespace, const char *key, int64_t version, uint64_t revision) {
        Release *release = release_new(&(ConfigData){ .namespace = span(namespace),
                                                      .key = span(key),
                                                      .version = version,
                                                      .revision = revision,
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

static void add_release(Change *change, const char *namespace, const char *key, int64_t version) {
        _cleanup_(release_unrefp) Release *release = make_release(namespace, key, version, change->revision);

        assert_int_equal(change_add_release(change, release), 0);
}

static void apply(Catalog *catalog, const Change *change) {
        assert_int_equal(catalog_apply(catalog, change), 0);
}

static void publish(Catalog *catalog, const char *namespace, const char *key, int64_t version) {
        _cleanup_(change_unrefp) Change *change = make_change(catalog->revision + 1);

        add_release(change, namespace, key, version);
        apply(catalog, change);
}

static void withdraw(Catalog *catalog, const char *namespace, const char *key) {
        _cleanup_(change_unrefp) Change *change = make_change(catalog->revision + 1);

        assert_int_equal(change_add_removal(change, span(namespace), span(key)), 0);
        apply(catalog, change);
}

static void edit_namespace(Catalog *catalog, ChangeKind kind, const char *name) {
        _cleanup_(change_unrefp) Change *change = make_change(catalog->revision + 1);

        assert_int_equal(change_add_namespace(change, kind, span(name)), 0);
        apply(catalog, change);
}

/* As somebody does who looks up in a moment: it is to touch nothing that is not there, and to change nothing.
 */
static void prefetch_config(const Catalog *catalog, const char *namespace, const char *key) {
        catalog_prefetch_slot(catalog, span(namespace), span(key));
        catalog_prefetch_release(catalog, span(namespace), span(key));
}

/* 0: nothing is served. */
static void assert_version(const Catalog *catalog, const char *namespace, const char *key, int64_t expected) {
        const Release *release;

        prefetch_config(catalog, namespace, key);
        release = catalog_get(catalog, span(namespace), span(key));

        assert_int_equal(release ? release_version(release) : 0, expected);
}

/* @expected_namespace: where it is found, or NULL for nowhere. */
static void assert_found(const Catalog *catalog, const char *namespace, const char *key,
                         const char *expected_namespace) {
        const Release *release = catalog_find(catalog, span(namespace), span(key));

        assert_int_equal(release != NULL, expected_namespace != NULL);
        if (release)
                assert_true(span_equal_string(release_namespace(release), expected_namespace));
}

static void test_an_empty_catalog_serves_nothing(void **state _unused_) {
        Catalog catalog = CATALOG_NULL;

        assert_int_equal(catalog.revision, 0);
        assert_version(&catalog, "prod", "app", 0);
        assert_found(&catalog, "prod.acme", "app", NULL);
        assert_false(catalog_has_namespace(&catalog, SPAN_LITERAL("prod")));
        assert_int_equal(catalog_n_releases(&catalog), 0);
        assert_int_equal(catalog_n_namespaces(&catalog), 0);
        catalog_deinit(&catalog);
}

static void test_a_change_is_served_when_it_is_applied(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        publish(&catalog, "prod", "app", 1);
        assert_int_equal(catalog.revision, 1);
        assert_version(&catalog, "prod", "app", 1);
        publish(&catalog, "prod", "app", 2);
        assert_int_equal(catalog.revision, 2);
        assert_version(&catalog, "prod", "app", 2);
        assert_int_equal(catalog_n_releases(&catalog), 1);
}

/* A rollback: it is the revision that counts. */
static void test_a_newer_change_may_carry_an_older_version(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        publish(&catalog, "prod", "app", 9);
        publish(&catalog, "prod", "app", 3);
        assert_version(&catalog, "prod", "app", 3);
}

static void test_an_older_change_is_passed_over(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;
        _cleanup_(change_unrefp) Change *older = make_change(4), *newer = make_change(7);

        add_release(older, "prod", "app", 4);
        add_release(older, "prod", "other", 4);
        assert_int_equal(change_add_namespace(older, CHANGE_NAMESPACE, SPAN_LITERAL("prod")), 0);
        add_release(newer, "prod", "app", 7);
        apply(&catalog, newer);
        apply(&catalog, older);
        assert_int_equal(catalog.revision, 7);
        assert_version(&catalog, "prod", "app", 7);
        assert_version(&catalog, "prod", "other", 0);
        assert_false(catalog_has_namespace(&catalog, SPAN_LITERAL("prod")));
}

static void test_a_change_of_the_same_revision_is_passed_over(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;
        _cleanup_(change_unrefp) Change *again = make_change(1);

        publish(&catalog, "prod", "app", 1);
        assert_int_equal(change_add_removal(again, SPAN_LITERAL("prod"), SPAN_LITERAL("app")), 0);
        apply(&catalog, again);
        assert_version(&catalog, "prod", "app", 1);
}

static void test_a_change_without_items_moves_the_revision_only(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;
        _cleanup_(change_unrefp) Change *saved = make_change(12);

        publish(&catalog, "prod", "app", 1);
        apply(&catalog, saved);
        assert_int_equal(catalog.revision, 12);
        assert_version(&catalog, "prod", "app", 1);
}

static void test_a_removed_config_is_no_longer_served(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        publish(&catalog, "prod", "app", 1);
        publish(&catalog, "prod", "other", 1);
        withdraw(&catalog, "prod", "app");
        assert_version(&catalog, "prod", "app", 0);
        assert_version(&catalog, "prod", "other", 1);
        assert_int_equal(catalog_n_releases(&catalog), 1);
}

static void test_removing_what_is_not_served_changes_nothing_else(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        publish(&catalog, "prod", "app", 1);
        withdraw(&catalog, "prod", "none");
        withdraw(&catalog, "dev", "app");
        assert_version(&catalog, "prod", "app", 1);
        assert_int_equal(catalog_n_releases(&catalog), 1);
        assert_int_equal(catalog.revision, 3);
}

static void test_of_two_items_for_one_config_the_later_holds(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;
        _cleanup_(change_unrefp) Change *change = make_change(1);

        add_release(change, "prod", "a", 1);
        add_release(change, "prod", "a", 2);
        add_release(change, "prod", "b", 1);
        assert_int_equal(change_add_removal(change, SPAN_LITERAL("prod"), SPAN_LITERAL("b")), 0);
        assert_int_equal(change_add_removal(change, SPAN_LITERAL("prod"), SPAN_LITERAL("c")), 0);
        add_release(change, "prod", "c", 1);
        apply(&catalog, change);
        assert_version(&catalog, "prod", "a", 2);
        assert_version(&catalog, "prod", "b", 0);
        assert_version(&catalog, "prod", "c", 1);
        assert_int_equal(catalog_n_releases(&catalog), 2);
}

/* "ab" + "c" and "a" + "bc" are the same bytes in a row. */
static void test_namespace_and_key_are_told_apart(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        publish(&catalog, "ab", "c", 1);
        assert_version(&catalog, "a", "bc", 0);
        publish(&catalog, "a", "bc", 2);
        assert_version(&catalog, "ab", "c", 1);
        assert_version(&catalog, "a", "bc", 2);
}

static void test_a_config_is_inherited_from_above(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        publish(&catalog, "prod", "app", 1);
        assert_found(&catalog, "prod", "app", "prod");
        assert_found(&catalog, "prod.acme", "app", "prod");
        assert_found(&catalog, "prod.acme.orders.eu", "app", "prod");
        assert_version(&catalog, "prod.acme", "app", 0);
}

static void test_the_nearest_release_wins(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        publish(&catalog, "prod", "app", 1);
        publish(&catalog, "prod.acme.orders", "app", 1);
        assert_found(&catalog, "prod.acme.orders.eu", "app", "prod.acme.orders");
        assert_found(&catalog, "prod.acme.orders", "app", "prod.acme.orders");
        assert_found(&catalog, "prod.acme", "app", "prod");
        withdraw(&catalog, "prod.acme.orders", "app");
        assert_found(&catalog, "prod.acme.orders.eu", "app", "prod");
}

static void test_nothing_is_inherited_from_below_or_beside(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        publish(&catalog, "prod.acme", "app", 1);
        assert_found(&catalog, "prod", "app", NULL);
        assert_found(&catalog, "prod.acme2", "app", NULL);
        assert_found(&catalog, "prod.globex", "app", NULL);
        assert_found(&catalog, "dev.acme", "app", NULL);
        assert_found(&catalog, "acme", "app", NULL);
        assert_found(&catalog, "prod.acme", "application", NULL);
}

static void test_a_namespace_exists_from_its_making_to_its_removal(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        edit_namespace(&catalog, CHANGE_NAMESPACE, "prod.acme");
        assert_true(catalog_has_namespace(&catalog, SPAN_LITERAL("prod.acme")));
        assert_false(catalog_has_namespace(&catalog, SPAN_LITERAL("prod")));
        assert_int_equal(catalog_n_namespaces(&catalog), 1);
        edit_namespace(&catalog, CHANGE_NAMESPACE_REMOVAL, "prod.acme");
        assert_false(catalog_has_namespace(&catalog, SPAN_LITERAL("prod.acme")));
        assert_int_equal(catalog_n_namespaces(&catalog), 0);
}

static void test_a_namespace_that_is_made_twice_is_one(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        edit_namespace(&catalog, CHANGE_NAMESPACE, "prod");
        edit_namespace(&catalog, CHANGE_NAMESPACE, "prod");
        assert_int_equal(catalog_n_namespaces(&catalog), 1);
        edit_namespace(&catalog, CHANGE_NAMESPACE_REMOVAL, "prod");
        edit_namespace(&catalog, CHANGE_NAMESPACE_REMOVAL, "prod");
        assert_int_equal(catalog_n_namespaces(&catalog), 0);
}

static void test_a_release_that_a_reader_keeps_outlives_its_successor(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;
        Release *kept;

        publish(&catalog, "prod", "app", 1);
        kept = release_ref(catalog_get(&catalog, SPAN_LITERAL("prod"), SPAN_LITERAL("app")));
        publish(&catalog, "prod", "app", 2);
        assert_int_equal(release_version(kept), 1);
        release_unref(kept);
}

static void test_a_catalog_that_is_deinitialised_can_be_filled_again(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        publish(&catalog, "prod", "app", 5);
        edit_namespace(&catalog, CHANGE_NAMESPACE, "prod");
        catalog_deinit(&catalog);
        assert_int_equal(catalog.revision, 0);
        assert_version(&catalog, "prod", "app", 0);
        publish(&catalog, "prod", "app", 6);
        assert_version(&catalog, "prod", "app", 6);
}

static void test_a_copy_serves_the_very_same_releases(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL, copy = CATALOG_NULL;

        publish(&catalog, "prod", "app", 1);
        edit_namespace(&catalog, CHANGE_NAMESPACE, "prod");
        assert_int_equal(catalog_copy(&copy, &catalog), 0);
        assert_int_equal(copy.revision, 2);
        assert_ptr_equal(catalog_get(&copy, SPAN_LITERAL("prod"), SPAN_LITERAL("app")),
                         catalog_get(&catalog, SPAN_LITERAL("prod"), SPAN_LITERAL("app")));
        assert_true(catalog_has_namespace(&copy, SPAN_LITERAL("prod")));
}

static void test_a_copy_goes_its_own_way(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL, copy = CATALOG_NULL;

        publish(&catalog, "prod", "app", 1);
        assert_int_equal(catalog_copy(&copy, &catalog), 0);
        publish(&catalog, "prod", "app", 2);
        assert_version(&copy, "prod", "app", 1);
        catalog_deinit(&catalog);
        assert_version(&copy, "prod", "app", 1);
}

static void test_an_empty_catalog_is_copied_too(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL, copy = CATALOG_NULL;

        assert_int_equal(catalog_copy(&copy, &catalog), 0);
        assert_int_equal(catalog_n_releases(&copy), 0);
        publish(&copy, "prod", "app", 1);
        assert_version(&copy, "prod", "app", 1);
}

/*
 * Random changes against plain arrays.
 */

static const char *const namespaces[] = { "a", "a.b", "a.b.c", "a.b.c.d", "a.bb", "b", "b.a", "b.a.x" };
static const char *const parents[] = { NULL, "a", "a.b", "a.b.c", "a", NULL, "b", "b.a" };

#define N_NAMESPACES ARRAY_SIZE(namespaces)
#define N_KEYS       40

typedef struct Model {
        int64_t versions[N_NAMESPACES][N_KEYS]; /* 0: not served */
        uint64_t revisions[N_NAMESPACES][N_KEYS];
        bool exists[N_NAMESPACES];
} Model;

static const char *key_name(size_t key) {
        static char name[16];

        (void)snprintf(name, sizeof(name), "key%zu", key);
        return name;
}

static void add_random_item(Model *model, Change *change, uint64_t *random) {
        size_t namespace = next_random(random) % N_NAMESPACES, key = next_random(random) % N_KEYS;
        int64_t version = 1 + (int64_t)(next_random(random) % 50);

        switch (next_random(random) % 6) {
        case 0:
                assert_int_equal(change_add_namespace(change, CHANGE_NAMESPACE, span(namespaces[namespace])),
                                 0);
                model->exists[namespace] = true;
                return;
        case 1:
                assert_int_equal(
                        change_add_namespace(change, CHANGE_NAMESPACE_REMOVAL, span(namespaces[namespace])),
                        0);
                model->exists[namespace] = false;
                return;
        case 2:
        case 3:
                assert_int_equal(change_add_removal(change, span(namespaces[namespace]), span(key_name(key))),
                                 0);
                model->versions[namespace][key] = 0;
                return;
        default:
                add_release(change, namespaces[namespace], key_name(key), version);
                model->versions[namespace][key] = version;
                model->revisions[namespace][key] = change->revision;
        }
}

static size_t index_of(const char *namespace) {
        for (size_t i = 0; i < N_NAMESPACES; i++)
                if (strcmp(namespaces[i], namespace) == 0)
                        return i;

        fail();
        return 0;
}

static void assert_config(const Catalog *catalog, const Model *model, size_t namespace, size_t key) {
        const Release *own = catalog_get(catalog, span(namespaces[namespace]), span(key_name(key)));
        const Release *found = catalog_find(catalog, span(namespaces[namespace]), span(key_name(key)));
        const char *nearest = namespaces[namespace];

        assert_int_equal(own ? release_version(own) : 0, model->versions[namespace][key]);
        if (own)
                assert_int_equal(release_revision(own), model->revisions[namespace][key]);

        while (nearest && !model->versions[index_of(nearest)][key])
                nearest = parents[index_of(nearest)];
        assert_int_equal(found != NULL, nearest != NULL);
        if (found) {
                assert_true(span_equal_string(release_namespace(found), nearest));
                assert_int_equal(release_version(found), model->versions[index_of(nearest)][key]);
        }
}

static void assert_equals_model(const Catalog *catalog, const Model *model) {
        size_t n_releases = 0, n_namespaces = 0;

        for (size_t namespace = 0; namespace < N_NAMESPACES; namespace ++) {
                assert_int_equal(catalog_has_namespace(catalog, span(namespaces[namespace])),
                                 model->exists[namespace]);
                n_namespaces += model->exists[namespace];
                for (size_t key = 0; key < N_KEYS; key++) {
                        assert_config(catalog, model, namespace, key);
                        n_releases += model->versions[namespace][key] != 0;
                }
        }
        assert_int_equal(catalog_n_releases(catalog), n_releases);
        assert_int_equal(catalog_n_namespaces(catalog), n_namespaces);
}

/* As after a restart: all that the model holds in one change. */
static void rebuild(Catalog *catalog, const Model *model, uint64_t revision) {
        _cleanup_(change_unrefp) Change *change = make_change(revision);

        for (size_t namespace = 0; namespace < N_NAMESPACES; namespace ++) {
                if (model->exists[namespace])
                        assert_int_equal(
                                change_add_namespace(change, CHANGE_NAMESPACE, span(namespaces[namespace])),
                                0);
                for (size_t key = 0; key < N_KEYS; key++) {
                        _cleanup_(release_unrefp) Release *release = NULL;

                        if (!model->versions[namespace][key])
                                continue;
                        release = make_release(namespaces[namespace], key_name(key),
                                               model->versions[namespace][key],
                                               model->revisions[namespace][key]);
                        assert_int_equal(change_add_release(change, release), 0);
                }
        }
        apply(catalog, change);
}

/* One catalog from the beginning, one that is rebuilt now and then, one that is a copy. All have to agree. */
static void follow_random_changes(uint64_t seed) {
        _cleanup_(catalog_deinit) Catalog fed = CATALOG_NULL, rebuilt = CATALOG_NULL, copied = CATALOG_NULL;
        uint64_t random = seed;
        Model model = { 0 };

        for (uint64_t revision = 1; revision <= 1000; revision++) {
                _cleanup_(change_unrefp) Change *change = make_change(revision);

                for (size_t n = next_random(&random) % 6; n > 0; n--)
                        add_random_item(&model, change, &random);
                apply(&fed, change);
                apply(&rebuilt, change);
                apply(&copied, change);
                if (revision % 50)
                        continue;

                assert_equals_model(&fed, &model);
                assert_equals_model(&rebuilt, &model);
                assert_equals_model(&copied, &model);
                catalog_deinit(&rebuilt);
                rebuild(&rebuilt, &model, revision);
                catalog_deinit(&copied);
                assert_int_equal(catalog_copy(&copied, &fed), 0);
                assert_equals_model(&rebuilt, &model);
                assert_equals_model(&copied, &model);
                assert_int_equal(rebuilt.revision, fed.revision);
                assert_int_equal(copied.revision, fed.revision);
        }
}

static void test_catalogs_fed_rebuilt_and_copied_agree_after_random_changes(void **state _unused_) {
        for (uint64_t seed = 1; seed <= 5; seed++)
                follow_random_changes(seed);
}

static void put(Catalog *catalog, const char *namespace, const char *key, int64_t version) {
        _cleanup_(release_unrefp) Release *release = make_release(namespace, key, version, 1);

        assert_int_equal(catalog_put(catalog, release), 0);
}

static void test_a_release_that_is_put_replaces_the_one_of_its_name(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        put(&catalog, "prod.acme", "app", 1);
        put(&catalog, "prod", "app", 1);
        put(&catalog, "prod", "app", 2);
        assert_version(&catalog, "prod", "app", 2);
        assert_version(&catalog, "prod.acme", "app", 1);
        assert_found(&catalog, "prod.acme.orders", "app", "prod.acme");
        assert_int_equal(catalog_n_releases(&catalog), 2);
        assert_int_equal(catalog.revision, 0);
}

static void test_putting_a_release_makes_no_namespace(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        put(&catalog, "prod", "app", 1);
        assert_false(catalog_has_namespace(&catalog, SPAN_LITERAL("prod")));
        assert_int_equal(catalog_n_namespaces(&catalog), 0);
}

static void test_what_is_put_can_be_removed(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        put(&catalog, "prod", "app", 1);
        put(&catalog, "prod", "other", 1);
        catalog_remove(&catalog, SPAN_LITERAL("prod"), SPAN_LITERAL("app"));
        catalog_remove(&catalog, SPAN_LITERAL("prod"), SPAN_LITERAL("app"));
        catalog_remove(&catalog, SPAN_LITERAL("dev"), SPAN_LITERAL("app"));
        assert_version(&catalog, "prod", "app", 0);
        assert_version(&catalog, "prod", "other", 1);
        assert_int_equal(catalog_n_releases(&catalog), 1);
}

static void test_the_catalog_keeps_what_is_put_alive(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;
        _cleanup_(release_unrefp) Release *release = make_release("prod", "app", 1, 1);

        assert_int_equal(catalog_put(&catalog, release), 0);
        assert_int_equal(release->n_refs, 2);
        assert_int_equal(catalog_put(&catalog, release), 0);
        assert_int_equal(release->n_refs, 2);
        catalog_remove(&catalog, SPAN_LITERAL("prod"), SPAN_LITERAL("app"));
        assert_int_equal(release->n_refs, 1);
}

typedef struct Visits {
        size_t n;
        size_t n_max; /* after so many it has seen enough */
        int64_t versions;
} Visits;

static bool visit(void *context, Release *release) {
        Visits *visits = context;

        visits->versions += release_version(release);
        return ++visits->n < visits->n_max;
}

static Visits visit_each(const Catalog *catalog, Span namespace, size_t n_max) {
        Visits visits = { .n_max = n_max };

        catalog_each(catalog, namespace, visit, &visits);
        return visits;
}

static void test_each_release_is_visited_once(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;
        Visits visits;

        put(&catalog, "prod", "a", 1);
        put(&catalog, "prod", "b", 10);
        put(&catalog, "prod.acme", "a", 100);
        edit_namespace(&catalog, CHANGE_NAMESPACE, "empty");

        visits = visit_each(&catalog, SPAN_NULL, SIZE_MAX);
        assert_int_equal(visits.n, 3);
        assert_int_equal(visits.versions, 111);
        visits = visit_each(&catalog, SPAN_LITERAL("prod"), SIZE_MAX);
        assert_int_equal(visits.n, 2);
        assert_int_equal(visits.versions, 11);
        assert_int_equal(visit_each(&catalog, SPAN_LITERAL("empty"), SIZE_MAX).n, 0);
        assert_int_equal(visit_each(&catalog, SPAN_LITERAL("none"), SIZE_MAX).n, 0);
}

static void test_a_visit_ends_when_it_has_seen_enough(void **state _unused_) {
        _cleanup_(catalog_deinit) Catalog catalog = CATALOG_NULL;

        put(&catalog, "prod", "a", 1);
        put(&catalog, "prod", "b", 1);
        put(&catalog, "dev", "a", 1);
        put(&catalog, "dev", "b", 1);
        assert_int_equal(visit_each(&catalog, SPAN_NULL, 3).n, 3);
        assert_int_equal(visit_each(&catalog, SPAN_NULL, 1).n, 1);
        assert_int_equal(visit_each(&catalog, SPAN_LITERAL("dev"), 1).n, 1);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_empty_catalog_serves_nothing),
                cmocka_unit_test(test_a_change_is_served_when_it_is_applied),
                cmocka_unit_test(test_a_newer_change_may_carry_an_older_version),
                cmocka_unit_test(test_an_older_change_is_passed_over),
                cmocka_unit_test(test_a_change_of_the_same_revision_is_passed_over),
                cmocka_unit_test(test_a_change_without_items_moves_the_revision_only),
                cmocka_unit_test(test_a_removed_config_is_no_longer_served),
                cmocka_unit_test(test_removing_what_is_not_served_changes_nothing_else),
                cmocka_unit_test(test_of_two_items_for_one_config_the_later_holds),
                cmocka_unit_test(test_namespace_and_key_are_told_apart),
                cmocka_unit_test(test_a_config_is_inherited_from_above),
                cmocka_unit_test(test_the_nearest_release_wins),
                cmocka_unit_test(test_nothing_is_inherited_from_below_or_beside),
                cmocka_unit_test(test_a_namespace_exists_from_its_making_to_its_removal),
                cmocka_unit_test(test_a_namespace_that_is_made_twice_is_one),
                cmocka_unit_test(test_a_release_that_a_reader_keeps_outlives_its_successor),
                cmocka_unit_test(test_a_catalog_that_is_deinitialised_can_be_filled_again),
                cmocka_unit_test(test_a_copy_serves_the_very_same_releases),
                cmocka_unit_test(test_a_copy_goes_its_own_way),
                cmocka_unit_test(test_an_empty_catalog_is_copied_too),
                cmocka_unit_test(test_catalogs_fed_rebuilt_and_copied_agree_after_random_changes),
                cmocka_unit_test(test_a_release_that_is_put_replaces_the_one_of_its_name),
                cmocka_unit_test(test_putting_a_release_makes_no_namespace),
                cmocka_unit_test(test_what_is_put_can_be_removed),
                cmocka_unit_test(test_the_catalog_keeps_what_is_put_alive),
                cmocka_unit_test(test_each_release_is_visited_once),
                cmocka_unit_test(test_a_visit_ends_when_it_has_seen_enough),
        };

        return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
