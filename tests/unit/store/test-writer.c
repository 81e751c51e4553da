/*
 * What the writer makes of single commands: of namespaces, saves, publishes and deletes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/store.h"
#include "suite.h"
#include "util/clock.h"

/*
 * Opening.
 */

static void test_a_new_store_is_empty(void **state _unused_) {
        assert_int_equal(revision(), 0);
        assert_int_equal(suite.catalog.revision, 0);
        assert_int_equal(catalog_n_releases(&suite.catalog), 0);
        assert_int_equal(catalog_n_namespaces(&suite.catalog), 0);
}

static void test_the_epoch_is_32_hex_digits_and_stays(void **state _unused_) {
        char before[33];
        Span epoch = store_epoch(suite.store);

        assert_int_equal(epoch.size, 32);
        memcpy(before, epoch.data, 32);
        before[32] = '\0';
        assert_int_equal(strspn(before, "0123456789abcdef"), 32);
        reopen_store();
        assert_true(span_equal_string(store_epoch(suite.store), before));
}

static void test_a_store_that_cannot_be_opened_names_its_file(void **state _unused_) {
        StoreOptions options = suite.options;
        Problem problem = PROBLEM_NULL;
        Store *store = NULL;

        options.path = "/no/such/directory/confer.db";
        assert_true(store_open(&options, &store, &problem) < 0);
        assert_null(store);
        assert_non_null(strstr(problem.text, options.path));
}

static void test_what_was_answered_is_there_after_a_restart(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(save("prod", "app", "2"));
        reopen_store();
        assert_served("prod", "app", 1);
        assert_true(catalog_has_namespace(&suite.catalog, SPAN_LITERAL("prod")));
        assert_int_equal(suite.catalog.revision, 3);
        assert_changes(publish("prod", "app", 0));
        assert_served("prod", "app", 2);
        assert_int_equal(revision(), 4);
}

/*
 * Namespaces.
 */

static void test_a_namespace_is_created_with_all_that_is_known_of_it(void **state _unused_) {
        int64_t before_ms = clock_wall_ms();
        const NamespaceRow *row;

        assert_changes(create_namespace("prod.acme"));
        row = &RESULT.namespace_row;
        assert_true(span_equal_string(row->name, "prod.acme"));
        assert_true(span_equal_string(row->description, "about it"));
        assert_int_equal(row->revision, 1);
        assert_in_range(row->created_at_ms, before_ms, clock_wall_ms());
        assert_true(row->updated_at_ms == row->created_at_ms);
        assert_true(span_equal_string(row->created_by, "user:admin"));
        assert_true(span_equal_string(row->updated_by, "user:admin"));
        assert_true(catalog_has_namespace(&suite.catalog, SPAN_LITERAL("prod.acme")));
        assert_false(catalog_has_namespace(&suite.catalog, SPAN_LITERAL("prod")));
        assert_audited("namespace.create prod.acme/ - 1");
}

static void test_a_namespace_exists_once(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_refused(create_namespace("prod"), STORE_E_NAMESPACE_EXISTS);
}

static void test_a_namespace_is_described_anew(void **state _unused_) {
        int64_t created_at_ms;

        assert_changes(create_namespace("prod"));
        created_at_ms = RESULT.namespace_row.created_at_ms;
        assert_changes(update_namespace("prod", "new"));
        assert_true(span_equal_string(RESULT.namespace_row.description, "new"));
        assert_int_equal(RESULT.namespace_row.revision, 2);
        assert_true(RESULT.namespace_row.created_at_ms == created_at_ms);
        assert_true(span_equal_string(RESULT.namespace_row.created_by, "user:admin"));
        assert_true(RESULT.namespace_row.updated_at_ms >= created_at_ms);
        assert_int_equal(
                fixture_number(suite.fixture, "SELECT count(*) FROM namespaces WHERE description = 'new'"),
                1);
        assert_audited("namespace.update prod/ - 2");
}

static void test_an_unknown_namespace_is_neither_described_nor_deleted(void **state _unused_) {
        assert_refused(update_namespace("prod", "new"), STORE_E_NAMESPACE_UNKNOWN);
        assert_refused(delete_namespace("prod", false), STORE_E_NAMESPACE_UNKNOWN);
        assert_refused(delete_namespace("prod", true), STORE_E_NAMESPACE_UNKNOWN);
}

static void test_an_empty_namespace_is_deleted_once(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(delete_namespace("prod", false));
        assert_int_equal(RESULT.n_deleted, 0);
        assert_false(catalog_has_namespace(&suite.catalog, SPAN_LITERAL("prod")));
        assert_audited("namespace.delete prod/ - 2");
        assert_refused(delete_namespace("prod", false), STORE_E_NAMESPACE_UNKNOWN);
        assert_refused(update_namespace("prod", "new"), STORE_E_NAMESPACE_UNKNOWN);
}

static void test_a_namespace_with_configs_is_deleted_only_when_asked_for(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "unpublished", "1"));
        assert_refused(delete_namespace("prod", false), STORE_E_NAMESPACE_NOT_EMPTY);
        assert_changes(delete_namespace("prod", true));
        assert_int_equal(RESULT.n_deleted, 1);
}

static void test_a_namespace_takes_its_configs_with_it(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(create_namespace("prod.acme"));
        assert_changes(save_and_publish("prod", "a", "1"));
        assert_changes(save_and_publish("prod", "b", "1"));
        assert_changes(save("prod", "c", "1"));
        assert_changes(save_and_publish("prod", "d", "1"));
        assert_changes(delete ("prod", "d"));
        assert_changes(save_and_publish("prod.acme", "a", "1"));

        assert_changes(delete_namespace("prod", true));
        assert_int_equal(RESULT.n_deleted, 3);
        assert_served("prod", "a", 0);
        assert_served("prod", "b", 0);
        assert_served("prod.acme", "a", 1);
        assert_int_equal(fixture_number(suite.fixture, "SELECT count(*) FROM audit WHERE revision = %d",
                                        (int)revision()),
                         4);
        assert_int_equal(
                fixture_number(suite.fixture, "SELECT count(*) FROM audit WHERE details = '{\"configs\":3}'"),
                1);
        assert_refused(save("prod", "a", "2"), STORE_E_NAMESPACE_UNKNOWN);
}

static void test_the_change_of_a_deleted_namespace_removes_its_configs_first(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "a", "1"));
        assert_changes(save("prod", "b", "1"));
        assert_changes(delete_namespace("prod", true));
        assert_int_equal(suite.newest->n_items, 2);
        assert_int_equal(suite.newest->items[0].kind, CHANGE_REMOVAL);
        assert_true(span_equal_string(suite.newest->items[0].key, "a"));
        assert_int_equal(suite.newest->items[1].kind, CHANGE_NAMESPACE_REMOVAL);
}

static void test_many_configs_go_with_their_namespace(void **state _unused_) {
        static char keys[300][16];
        Ask *asks[ARRAY_SIZE(keys)];

        assert_changes(create_namespace("prod"));
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                (void)snprintf(keys[i], sizeof(keys[i]), "%zu", i);
                asks[i] = submit_one(save_and_publish("prod", keys[i], "1"));
        }
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                wait_for(asks[i]);
                ask_free(asks[i]);
        }
        assert_changes(delete_namespace("prod", true));
        assert_int_equal(RESULT.n_deleted, ARRAY_SIZE(keys));
        assert_int_equal(catalog_n_releases(&suite.catalog), 0);
}

static void test_a_namespace_with_deleted_configs_alone_counts_as_empty(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "a", "1"));
        assert_changes(delete ("prod", "a"));
        assert_changes(delete_namespace("prod", false));
}

static void test_a_namespace_that_is_created_again_goes_on_with_its_history(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "a", "1"));
        assert_changes(delete_namespace("prod", true));
        assert_changes(create_namespace("prod"));
        assert_int_equal(RESULT.namespace_row.revision, 4);
        assert_served("prod", "a", 0);
        assert_changes(save_and_publish("prod", "a", "2"));
        assert_int_equal(RESULT.version, 2);
        assert_false(RESULT.is_new);
        assert_served("prod", "a", 2);
}

/*
 * Saving.
 */

static void test_a_save_makes_a_version_that_is_not_served(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_int_equal(RESULT.version, 1);
        assert_true(RESULT.created);
        assert_true(RESULT.is_new);
        assert_int_equal(release_version(RESULT.release), 1);
        assert_int_equal(release_revision(RESULT.release), 2);
        assert_served("prod", "app", 0);
        assert_int_equal(suite.newest->n_items, 0);
        assert_int_equal(count("outbox"), 0);
        assert_int_equal(count("releases"), 0);
        assert_audited("config.save prod/app 1 2");
}

static void test_a_save_with_publish_is_one_change_and_one_entry(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_true(RESULT.created);
        assert_served("prod", "app", 1);
        assert_ptr_equal(served("prod", "app"), RESULT.release);
        assert_int_equal(suite.newest->n_items, 1);
        assert_int_equal(count("audit"), 2);
        assert_audited("config.publish prod/app 1 2");
}

static void test_versions_count_from_1_for_each_config(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "a", "1"));
        assert_changes(save("prod", "a", "2"));
        assert_int_equal(RESULT.version, 2);
        assert_false(RESULT.is_new);
        assert_changes(save("prod", "b", "1"));
        assert_int_equal(RESULT.version, 1);
        assert_true(RESULT.is_new);
}

static void test_the_same_content_again_is_no_change(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_no_op(save("prod", "app", "1"));
        assert_false(RESULT.created);
        assert_false(RESULT.is_new);
        assert_int_equal(RESULT.version, 1);
        assert_no_op(save_and_publish("prod", "app", "1"));
        assert_false(RESULT.created);
        assert_true(same_release(RESULT.release, served("prod", "app")));
}

static void test_the_same_content_in_another_format_is_a_new_version(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(put_as("prod", "app", FORMAT_TEXT, SPAN_LITERAL("1"), false));
        assert_changes(put_as("prod", "app", FORMAT_JSON, SPAN_LITERAL("1"), false));
        assert_true(RESULT.created);
        assert_int_equal(RESULT.version, 2);
        assert_int_equal(release_format(RESULT.release), FORMAT_JSON);
}

static void test_the_content_of_an_older_version_is_a_new_version(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(save("prod", "app", "2"));
        assert_changes(save("prod", "app", "1"));
        assert_true(RESULT.created);
        assert_int_equal(RESULT.version, 3);
}

static void
test_a_saved_content_that_is_published_again_is_released_without_a_new_version(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_false(RESULT.created);
        assert_int_equal(RESULT.version, 1);
        assert_served("prod", "app", 1);
        assert_int_equal(release_revision(served("prod", "app")), 3);
        assert_int_equal(count("versions"), 1);
}

static void test_the_newest_content_is_not_taken_for_the_one_in_force(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(save("prod", "app", "2"));
        assert_no_op(save("prod", "app", "2"));
        assert_int_equal(RESULT.version, 2);
        assert_int_equal(release_version(RESULT.release), 2);
        assert_served("prod", "app", 1);
}

static void test_nothing_is_saved_in_an_unknown_namespace(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_refused(save("prod.acme", "app", "1"), STORE_E_NAMESPACE_UNKNOWN);
        assert_refused(save_and_publish("dev", "app", "1"), STORE_E_NAMESPACE_UNKNOWN);
}

static void test_contents_are_kept_byte_for_byte(void **state _unused_) {
        static const Span contents[] = { SPAN_LITERAL(""), SPAN_LITERAL("\r\n\t \n"),
                                         SPAN_LITERAL("\xef\xbb\xbf\xc3\xa9"), SPAN_LITERAL("'\";--\\"),
                                         SPAN_LITERAL("\x01\x7f\xf0\x9f\x98\x80") };

        assert_changes(create_namespace("prod"));
        for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
                assert_changes(put_as("prod", "app", FORMAT_TEXT, contents[i], true));
                assert_content(served("prod", "app"), contents[i]);
        }
        reopen_store();
        for (int64_t version = 1; version <= (int64_t)ARRAY_SIZE(contents); version++) {
                if (version < (int64_t)ARRAY_SIZE(contents))
                        assert_changes(publish("prod", "app", version));
                else
                        assert_executed(publish("prod", "app", version));
                assert_content(served("prod", "app"), contents[version - 1]);
        }
}

static void test_a_large_content_is_kept_whole(void **state _unused_) {
        size_t size = 1024 * 1024;
        char *content = malloc(size);

        assert_non_null(content);
        for (size_t i = 0; i < size; i++)
                content[i] = (char)('a' + i % 26);
        assert_changes(create_namespace("prod"));
        assert_changes(put_as("prod", "app", FORMAT_TEXT, (Span){ content, size }, true));
        reopen_store();
        assert_content(served("prod", "app"), (Span){ content, size });
        free(content);
}

static void test_a_release_tells_who_published_it_why_and_when(void **state _unused_) {
        static const char expected[] = "\"updated_by\":\"user:admin\",\"comment\":\"publish\"";
        int64_t before_ms = clock_wall_ms();
        Span json;

        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(publish("prod", "app", 1));
        json = release_json(served("prod", "app"));
        assert_non_null(memmem(json.data, json.size, expected, strlen(expected)));
        assert_int_equal(release_revision(served("prod", "app")), 3);
        assert_in_range(fixture_number(suite.fixture, "SELECT max(created_at_ms) FROM releases"), before_ms,
                        clock_wall_ms());
}

/*
 * Expectations. What they stand before: nothing, two versions, two versions and a delete.
 */

static void test_an_expectation_is_held_against_the_newest_version(void **state _unused_) {
        static const struct {
                Expectation expectation;
                int64_t version;
                bool met_absent, met_present, met_deleted;
        } rows[] = {
                { EXPECT_ANYTHING, 0, true, true, true },  { EXPECT_ABSENT, 0, true, false, true },
                { EXPECT_PRESENT, 0, false, true, false }, { EXPECT_VERSION, 1, false, false, false },
                { EXPECT_VERSION, 2, false, true, true },  { EXPECT_VERSION, 3, false, false, false },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                for (int place = 0; place < 3; place++) {
                        bool met = place == 0   ? rows[i].met_absent
                                   : place == 1 ? rows[i].met_present
                                                : rows[i].met_deleted;
                        Operation put = expecting(save_and_publish("prod", "app", "new"), rows[i].expectation,
                                                  rows[i].version);

                        assert_changes(create_namespace("prod"));
                        if (place > 0) {
                                assert_changes(save_and_publish("prod", "app", "1"));
                                assert_changes(save("prod", "app", "2"));
                        }
                        if (place > 1)
                                assert_changes(delete ("prod", "app"));
                        if (met)
                                assert_changes(put);
                        else
                                assert_refused(put, STORE_E_VERSION_CONFLICT);

                        replace_store();
                        start_store();
                }
        }
}

static void test_a_missed_expectation_is_told_even_when_the_content_is_the_same(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_refused(expecting(save("prod", "app", "1"), EXPECT_VERSION, 7), STORE_E_VERSION_CONFLICT);
        assert_refused(expecting(save("prod", "app", "1"), EXPECT_ABSENT, 0), STORE_E_VERSION_CONFLICT);
        assert_no_op(expecting(save("prod", "app", "1"), EXPECT_VERSION, 1));
}

/*
 * Publishing.
 */

static void test_any_version_is_published(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(save("prod", "app", "2"));
        assert_changes(publish("prod", "app", 1));
        assert_served("prod", "app", 1);
        assert_int_equal(RESULT.version, 1);
        assert_false(RESULT.created);
        assert_ptr_equal(RESULT.release, served("prod", "app"));
        assert_audited("config.publish prod/app 1 4");
}

static void test_each_of_many_versions_is_published_by_its_number(void **state _unused_) {
        char content[8];

        assert_changes(create_namespace("prod"));
        for (int i = 1; i <= 40; i++) {
                (void)snprintf(content, sizeof(content), "%d", i);
                assert_executed(save("prod", "app", content));
                assert_executed(save("prod", "other", content));
        }
        for (int i = 1; i <= 40; i++) {
                (void)snprintf(content, sizeof(content), "%d", i);
                assert_executed(i % 2 ? publish("prod", "app", i) : roll_back("prod", "app", i));
                assert_served("prod", "app", i);
                assert_content(served("prod", "app"), span(content));
        }
}

static void test_without_a_number_the_newest_version_is_published(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(save("prod", "app", "2"));
        assert_changes(publish("prod", "app", 0));
        assert_served("prod", "app", 2);
}

static void test_publishing_what_is_in_force_is_no_change(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_no_op(publish("prod", "app", 1));
        assert_no_op(publish("prod", "app", 0));
        assert_int_equal(RESULT.version, 1);
        assert_true(same_release(RESULT.release, served("prod", "app")));
}

static void test_what_does_not_exist_is_not_published(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_refused(publish("prod", "app", 0), STORE_E_CONFIG_UNKNOWN);
        assert_refused(publish("dev", "app", 0), STORE_E_NAMESPACE_UNKNOWN);
        assert_changes(save("prod", "app", "1"));
        assert_refused(publish("prod", "app", 2), STORE_E_VERSION_UNKNOWN);
}

/*
 * Deleting.
 */

static void test_a_deleted_config_is_not_served_and_keeps_its_history(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_null(RESULT.release);
        assert_int_equal(RESULT.version, 0);
        assert_served("prod", "app", 0);
        assert_int_equal(count("versions"), 1);
        assert_int_equal(count("releases"), 2);
        assert_audited("config.delete prod/app 1 3");
}

static void test_a_config_is_deleted_once(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_refused(delete ("prod", "app"), STORE_E_CONFIG_UNKNOWN);
        assert_refused(delete ("prod", "none"), STORE_E_CONFIG_UNKNOWN);
        assert_refused(delete ("dev", "app"), STORE_E_NAMESPACE_UNKNOWN);
}

static void test_a_config_that_was_never_served_is_deleted_without_telling_mirrors(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_int_equal(suite.newest->n_items, 0);
        assert_int_equal(count("outbox"), 0);
        assert_audited("config.delete prod/app - 3");
}

static void test_a_save_after_a_delete_goes_on_with_the_versions(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_changes(save("prod", "app", "2"));
        assert_false(RESULT.is_new);
        assert_int_equal(RESULT.version, 2);
        assert_served("prod", "app", 0);
        assert_changes(delete ("prod", "app"));
}

static void test_the_same_content_after_a_delete_brings_the_config_back_unpublished(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_changes(save("prod", "app", "1"));
        assert_false(RESULT.created);
        assert_int_equal(RESULT.version, 1);
        assert_served("prod", "app", 0);
        assert_no_op(save("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
}

static void test_the_same_content_with_publish_after_a_delete_is_served_again(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_false(RESULT.created);
        assert_served("prod", "app", 1);
        assert_int_equal(release_revision(served("prod", "app")), 4);
}

static void test_a_publish_brings_a_deleted_config_back(void **state _unused_) {
        assert_changes(create_namespace("prod"));
        assert_changes(save_and_publish("prod", "app", "1"));
        assert_changes(delete ("prod", "app"));
        assert_changes(publish("prod", "app", 1));
        assert_served("prod", "app", 1);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                TEST(test_a_new_store_is_empty),
                TEST(test_the_epoch_is_32_hex_digits_and_stays),
                TEST(test_a_store_that_cannot_be_opened_names_its_file),
                TEST(test_what_was_answered_is_there_after_a_restart),
                TEST(test_a_namespace_is_created_with_all_that_is_known_of_it),
                TEST(test_a_namespace_exists_once),
                TEST(test_a_namespace_is_described_anew),
                TEST(test_an_unknown_namespace_is_neither_described_nor_deleted),
                TEST(test_an_empty_namespace_is_deleted_once),
                TEST(test_a_namespace_with_configs_is_deleted_only_when_asked_for),
                TEST(test_a_namespace_takes_its_configs_with_it),
                TEST(test_the_change_of_a_deleted_namespace_removes_its_configs_first),
                TEST(test_many_configs_go_with_their_namespace),
                TEST(test_a_namespace_with_deleted_configs_alone_counts_as_empty),
                TEST(test_a_namespace_that_is_created_again_goes_on_with_its_history),
                TEST(test_a_save_makes_a_version_that_is_not_served),
                TEST(test_a_save_with_publish_is_one_change_and_one_entry),
                TEST(test_versions_count_from_1_for_each_config),
                TEST(test_the_same_content_again_is_no_change),
                TEST(test_the_same_content_in_another_format_is_a_new_version),
                TEST(test_the_content_of_an_older_version_is_a_new_version),
                TEST(test_a_saved_content_that_is_published_again_is_released_without_a_new_version),
                TEST(test_the_newest_content_is_not_taken_for_the_one_in_force),
                TEST(test_nothing_is_saved_in_an_unknown_namespace),
                TEST(test_contents_are_kept_byte_for_byte),
                TEST(test_a_large_content_is_kept_whole),
                TEST(test_a_release_tells_who_published_it_why_and_when),
                TEST(test_an_expectation_is_held_against_the_newest_version),
                TEST(test_a_missed_expectation_is_told_even_when_the_content_is_the_same),
                TEST(test_any_version_is_published),
                TEST(test_each_of_many_versions_is_published_by_its_number),
                TEST(test_without_a_number_the_newest_version_is_published),
                TEST(test_publishing_what_is_in_force_is_no_change),
                TEST(test_what_does_not_exist_is_not_published),
                TEST(test_a_deleted_config_is_not_served_and_keeps_its_history),
                TEST(test_a_config_is_deleted_once),
                TEST(test_a_config_that_was_never_served_is_deleted_without_telling_mirrors),
                TEST(test_a_save_after_a_delete_goes_on_with_the_versions),
                TEST(test_the_same_content_after_a_delete_brings_the_config_back_unpublished),
                TEST(test_the_same_content_with_publish_after_a_delete_is_served_again),
                TEST(test_a_publish_brings_a_deleted_config_back),
        };

        return cmocka_run_group_tests_name("store writer", tests, silence_log, NULL);
}
