/*
 * Which configs a namespace inherits from those above it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reader-suite.h"
#include "store/reader.h"

static void list_inherited(const char *namespace, unsigned limit) {
        list_configs((ConfigQuery){ .namespace = span(namespace), .with_inherited = true, .limit = limit });
}

static void fill_lineage(void) {
        static const char *const names[] = { "prod", "prod.acme", "prod.acme.shop.eu", "other" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                fixture_add_namespace(suite.fixture, names[i]);
        fixture_publish(suite.fixture, "prod", "a", "prod a");
        fixture_publish(suite.fixture, "prod", "b", "prod b");
        fixture_publish(suite.fixture, "prod", "c", "prod c");
        fixture_publish(suite.fixture, "prod", "e", "prod e");
        fixture_publish(suite.fixture, "prod.acme", "b", "acme b");
        fixture_save(suite.fixture, "prod.acme", "c", "acme c, not published");
        fixture_publish(suite.fixture, "prod.acme", "e", "acme e");
        fixture_delete(suite.fixture, "prod.acme", "e");
        fixture_publish(suite.fixture, "prod.acme.shop.eu", "a", "eu a");
        fixture_save(suite.fixture, "prod.acme.shop.eu", "b", "eu b, not published");
        fixture_publish(suite.fixture, "prod.acme.shop.eu", "d", "eu d");
        fixture_publish(suite.fixture, "other", "z", "of another tree");
}

static void the_nearest_release_is_inherited(void **state) {
        (void)state;
        fill_lineage();
        list_inherited("prod", 100);
        assert_listing("a:1 b:1 c:1 e:1");
        list_inherited("prod.acme", 100);
        assert_listing("a:1@prod b:1 c:1? c:1@prod e:1@prod");
        list_inherited("prod.acme.shop.eu", 100);
        assert_listing("a:1 b:1? b:1@prod.acme c:1@prod d:1 e:1@prod");
}

static void namespaces_that_do_not_exist_inherit_too(void **state) {
        (void)state;
        fill_lineage();
        list_inherited("prod.acme.shop", 100);
        assert_listing("a:1@prod b:1@prod.acme c:1@prod e:1@prod");
        list_inherited("prod.acme.shop.us", 100);
        assert_listing("a:1@prod b:1@prod.acme c:1@prod e:1@prod");
        list_inherited("none.at.all", 100);
        assert_listing("");
}

static void deleted_namespaces_pass_nothing_on(void **state) {
        (void)state;
        fill_lineage();
        fixture_delete_namespace(suite.fixture, "prod.acme");
        list_inherited("prod.acme.shop.eu", 100);
        assert_listing("a:1 b:1? b:1@prod c:1@prod d:1 e:1@prod");
        list_inherited("prod.acme", 100);
        assert_listing("a:1@prod b:1@prod c:1@prod e:1@prod");
}

static void inherited_configs_are_listed_in_pages(void **state) {
        (void)state;
        fill_lineage();
        list_inherited("prod.acme.shop.eu", 1);
        assert_listing("a:1|b:1?|b:1@prod.acme|c:1@prod|d:1|e:1@prod");
        list_inherited("prod.acme.shop.eu", 2);
        assert_listing("a:1 b:1?|b:1@prod.acme c:1@prod|d:1 e:1@prod");
        list_inherited("prod.acme.shop.eu", 4);
        assert_listing("a:1 b:1? b:1@prod.acme c:1@prod|d:1 e:1@prod");
}

static void deleted_configs_stand_beside_what_they_inherit(void **state) {
        (void)state;
        fill_lineage();
        list_configs((ConfigQuery){ .namespace = SPAN_LITERAL("prod.acme"),
                                    .with_inherited = true,
                                    .with_deleted = true,
                                    .prefix = SPAN_LITERAL("e"),
                                    .limit = 1 });
        assert_listing("e:1?!|e:1@prod");
}

static void search_looks_at_what_is_inherited_and_not_at_what_is_hidden(void **state) {
        (void)state;
        fill_lineage();
        list_configs((ConfigQuery){ .namespace = SPAN_LITERAL("prod.acme.shop.eu"),
                                    .with_inherited = true,
                                    .search = SPAN_LITERAL("prod"),
                                    .limit = 100 });
        assert_listing("c:1@prod e:1@prod");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(the_nearest_release_is_inherited),
                TEST(namespaces_that_do_not_exist_inherit_too),
                TEST(deleted_namespaces_pass_nothing_on),
                TEST(inherited_configs_are_listed_in_pages),
                TEST(deleted_configs_stand_beside_what_they_inherit),
                TEST(search_looks_at_what_is_inherited_and_not_at_what_is_hidden),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
