#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "replica.h"

#define N_READERS 3
#define N_KEYS    8
#define N_ROUNDS  400

static Replica replica;
static Provenance *provenance;
static _Atomic bool is_over;

static confer_value *make(const char *key, unsigned revision) {
        char content[16];
        confer_value *value;

        snprintf(content, sizeof(content), "%u", revision);
        assert_int_equal(value_new(&(ConfigData){ .namespace = SPAN_LITERAL("prod"),
                                                  .key = span_from_string(key),
                                                  .version = revision,
                                                  .revision = revision,
                                                  .content = span_from_string(content) },
                                   provenance, CONFER_ORIGIN_SERVER, &value, NULL),
                         0);
        return value;
}

static void put_all(unsigned revision) {
        Edits edits = EDITS_NULL;
        char key[16];

        for (int i = 0; i < N_KEYS; i++) {
                confer_value *value;

                snprintf(key, sizeof(key), "key-%d", i);
                value = make(key, revision);
                assert_int_equal(edits_add(&edits, NULL, value, revision), 0);
                value_unref(value);
        }
        assert_int_equal(replica_apply(&replica, &edits, revision), 0);
        edits_deinit(&edits);
}

/* Revisions only grow, of each key and over all of them, and a value is what it says it is. */
static void *read_on(void *context) {
        uint64_t newest = 0;
        uintptr_t n_faults = 0;
        unsigned at = (unsigned)(uintptr_t)context;
        char key[16], content[24];

        while (!atomic_load(&is_over)) {
                uint64_t least = atomic_load(&replica.revision);
                confer_value *value;

                snprintf(key, sizeof(key), "key-%u", at++ % N_KEYS);
                value = replica_find(&replica, SPAN_LITERAL("prod.acme"), span_from_string(key), NULL);
                n_faults += !value && least > 0;
                if (!value)
                        continue;
                n_faults += confer_value_get_revision(value) < least;
                snprintf(content, sizeof(content), "%u", (unsigned)confer_value_get_revision(value));
                n_faults += confer_value_get_revision(value) < newest;
                n_faults += strcmp(content, confer_value_content(value, NULL)) != 0;
                newest = confer_value_get_revision(value);
                confer_value_unref(value);
        }
        return (void *)n_faults;
}

static void readers_see_whole_changes_in_order_while_one_writes(void **state) {
        pthread_t readers[N_READERS];
        void *n_faults;

        (void)state;
        replica_init(&replica, SPAN_NULL, NULL);
        for (uintptr_t i = 0; i < N_READERS; i++)
                assert_int_equal(pthread_create(&readers[i], NULL, read_on, (void *)i), 0);
        for (unsigned revision = 1; revision <= N_ROUNDS; revision++)
                put_all(revision);
        atomic_store(&is_over, true);
        for (int i = 0; i < N_READERS; i++) {
                pthread_join(readers[i], &n_faults);
                assert_int_equal((uintptr_t)n_faults, 0);
        }
        assert_int_equal(replica_catalog(&replica)->n_releases, N_KEYS);
        replica_deinit(&replica);
}

static void removals_reach_both_catalogs(void **state) {
        Edits edits = EDITS_NULL;
        confer_value *value;

        (void)state;
        replica_init(&replica, SPAN_NULL, NULL);
        put_all(1);
        value = replica_find(&replica, SPAN_LITERAL("prod"), SPAN_LITERAL("key-3"), NULL);
        assert_non_null(value);
        assert_int_equal(edits_add(&edits, value, NULL, 2), 0);
        confer_value_unref(value);
        assert_int_equal(replica_apply(&replica, &edits, 2), 0);
        edits_deinit(&edits);
        assert_int_equal(replica.sides[0].catalog.n_releases, N_KEYS - 1);
        assert_int_equal(replica.sides[1].catalog.n_releases, N_KEYS - 1);
        replica_deinit(&replica);
}

/* ------------------------------------------------------------------------------------------------------ tags
 */

#define GRAY_KEY "gray"

/* Of the config "gray", everybody sees the version that stands in the tag "wanted": 2 or 3. */
static confer_value *make_gray_value(unsigned revision) {
        const GrayVersion versions[] = {
                { .version = 2, .content = SPAN_LITERAL("two") },
                { .version = 3, .content = SPAN_LITERAL("three") },
        };
        const GrayData gray = {
                .salt = SPAN_LITERAL("salt"),
                .rules = SPAN_LITERAL(
                        "[{\"match\":{\"wanted\":[\"2\"]},\"split\":[{\"version\":2,\"weight\":100}]},"
                        "{\"match\":{\"wanted\":[\"3\"]},\"split\":[{\"version\":3,\"weight\":100}]}]"),
                .updated_by = SPAN_LITERAL("user:g"),
                .comment = SPAN_LITERAL(""),
                .versions = versions,
                .n_versions = ARRAY_SIZE(versions),
        };
        const ConfigData data = {
                .namespace = SPAN_LITERAL("prod"),
                .key = SPAN_LITERAL(GRAY_KEY),
                .version = 1,
                .revision = revision,
                .content = SPAN_LITERAL("one"),
                .gray = &gray,
        };
        confer_value *value;
        Problem problem;

        assert_int_equal(value_new(&data, provenance, CONFER_ORIGIN_SERVER, &value, &problem), 0);
        return value;
}

static void put_gray_value(unsigned revision) {
        confer_value *value = make_gray_value(revision);
        Edits edits = EDITS_NULL;

        assert_int_equal(edits_add(&edits, NULL, value, revision), 0);
        value_unref(value);
        assert_int_equal(replica_apply(&replica, &edits, revision), 0);
        edits_deinit(&edits);
}

/* What is found is always one of the two, and whole; the tags are always those of one moment. */
static void *read_gray(void *context) {
        uintptr_t n_faults = 0;

        (void)context;
        while (!atomic_load(&is_over)) {
                confer_value *value =
                        replica_find(&replica, SPAN_LITERAL("prod"), SPAN_LITERAL(GRAY_KEY), NULL);
                TagSet *tags = replica_tags(&replica);

                n_faults += strcmp(confer_value_content(value, NULL),
                                   confer_value_get_rule(value) == 0 ? "two" : "three") != 0;
                n_faults += !confer_value_is_gray(value);
                n_faults += tags->n_tags != 1 || !span_equal_string(tags->tags[0].name, "wanted");
                tag_set_unref(tags);
                confer_value_unref(value);
        }
        return (void *)n_faults;
}

static void wear_tag(TagSet **tags, const char *wanted) {
        assert_int_equal(tag_set_change(tags, "wanted", wanted), CONFER_OK);
        assert_int_equal(replica_set_tags(&replica, *tags), 0);
}

static void readers_see_configs_and_tags_of_one_moment(void **state) {
        pthread_t readers[N_READERS];
        TagSet *tags = NULL;
        void *n_faults;

        (void)state;
        atomic_store(&is_over, false);
        replica_init(&replica, SPAN_LITERAL("i-1"), NULL);
        wear_tag(&tags, "2");
        put_gray_value(1);
        for (uintptr_t i = 0; i < N_READERS; i++)
                assert_int_equal(pthread_create(&readers[i], NULL, read_gray, NULL), 0);
        for (unsigned revision = 2; revision <= N_ROUNDS; revision++) {
                wear_tag(&tags, revision % 2 ? "2" : "3");
                put_gray_value(revision);
        }
        atomic_store(&is_over, true);
        for (int i = 0; i < N_READERS; i++) {
                pthread_join(readers[i], &n_faults);
                assert_int_equal((uintptr_t)n_faults, 0);
        }
        tag_set_unref(tags);
        replica_deinit(&replica);
}

static int make_provenance(void **state _unused_) {
        provenance = provenance_new();
        return provenance ? 0 : -1;
}

/* Each value holds a reference to it for as long as it is there. */
static int free_provenance(void **state _unused_) {
        int n_values = (int)provenance->n_refs - 1;

        provenance = provenance_unref(provenance);
        return n_values;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(readers_see_whole_changes_in_order_while_one_writes,
                                                make_provenance, free_provenance),
                cmocka_unit_test_setup_teardown(removals_reach_both_catalogs, make_provenance,
                                                free_provenance),
                cmocka_unit_test_setup_teardown(readers_see_configs_and_tags_of_one_moment, make_provenance,
                                                free_provenance),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
