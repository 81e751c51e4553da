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
                                   NULL, CONFER_ORIGIN_SERVER, &value, NULL),
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
                confer_value_unref(value);
        }
        assert_int_equal(replica_apply(&replica, &edits), 0);
        edits_deinit(&edits);
}

/* Revisions only grow, of each key and over all of them, and a value is what it says it is. */
static void *read_on(void *context) {
        uint64_t newest = 0;
        uintptr_t n_faults = 0;
        unsigned at = (unsigned)(uintptr_t)context;
        char key[16], content[24];

        while (!atomic_load(&is_over)) {
                confer_value *value;

                snprintf(key, sizeof(key), "key-%u", at++ % N_KEYS);
                value = replica_find(&replica, SPAN_LITERAL("prod.acme"), span_from_string(key), NULL);
                if (!value)
                        continue;
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
        assert_int_equal(replica_apply(&replica, &edits), 0);
        edits_deinit(&edits);
        assert_int_equal(replica.sides[0].catalog.n_releases, N_KEYS - 1);
        assert_int_equal(replica.sides[1].catalog.n_releases, N_KEYS - 1);
        replica_deinit(&replica);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(readers_see_whole_changes_in_order_while_one_writes),
                cmocka_unit_test(removals_reach_both_catalogs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
