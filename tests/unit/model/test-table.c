#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/hash.h"
#include "model/macros.h"
#include "model/table.h"

#define N_KEYS 300

typedef struct Value {
        int key;
        int serial; /* tells two values of one key apart */
} Value;

static uint64_t next_random(uint64_t *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

static bool has_key(const void *value, const void *wanted) {
        return ((const Value *)value)->key == *(const int *)wanted;
}

/* From one run for all values to hardly any two alike; at_the_end makes runs that go round the table's end.
 */
static uint64_t hash_all_alike(int key _unused_) {
        return 5;
}

static uint64_t hash_few(int key) {
        return (uint64_t)key % 3;
}

static uint64_t hash_at_the_end(int key) {
        return UINT64_MAX - (uint64_t)key % 4;
}

static uint64_t hash_high_bits_only(int key) {
        return (uint64_t)key << 40;
}

static uint64_t hash_in_rows(int key) {
        return (uint64_t)key;
}

static uint64_t hash_well(int key) {
        return hash_mix((uint64_t)key);
}

static uint64_t (*const hashes[])(int key) = { hash_all_alike,      hash_few,     hash_at_the_end,
                                               hash_high_bits_only, hash_in_rows, hash_well };

static void *get(const Table *table, uint64_t (*hash)(int), int key) {
        return table_get(table, hash(key), has_key, &key);
}

static void *put(Table *table, uint64_t (*hash)(int), Value *value) {
        return table_put(table, hash(value->key), has_key, &value->key, value);
}

static void *take(Table *table, uint64_t (*hash)(int), int key) {
        return table_take(table, hash(key), has_key, &key);
}

static void test_nothing_is_found_in_an_empty_table(void **state _unused_) {
        Table table = TABLE_NULL;

        assert_null(get(&table, hash_well, 1));
        assert_null(take(&table, hash_well, 1));
        table_deinit(&table);
        assert_int_equal(table_reserve(&table, 1), 0);
        assert_null(get(&table, hash_well, 1));
        assert_null(take(&table, hash_well, 1));
        table_deinit(&table);
}

static void test_a_value_is_found_until_it_is_taken(void **state _unused_) {
        Table table = TABLE_NULL;
        Value value = { 7, 0 };

        assert_int_equal(table_reserve(&table, 1), 0);
        assert_null(put(&table, hash_well, &value));
        assert_ptr_equal(get(&table, hash_well, 7), &value);
        assert_int_equal(table.n_values, 1);
        assert_ptr_equal(take(&table, hash_well, 7), &value);
        assert_null(get(&table, hash_well, 7));
        assert_null(take(&table, hash_well, 7));
        assert_int_equal(table.n_values, 0);
        table_deinit(&table);
}

static void test_a_second_value_of_a_key_replaces_the_first(void **state _unused_) {
        Value first = { 7, 0 }, second = { 7, 1 };
        Table table = TABLE_NULL;

        assert_int_equal(table_reserve(&table, 2), 0);
        assert_null(put(&table, hash_well, &first));
        assert_ptr_equal(put(&table, hash_well, &second), &first);
        assert_ptr_equal(get(&table, hash_well, 7), &second);
        assert_int_equal(table.n_values, 1);
        table_deinit(&table);
}

static void test_equal_hashes_do_not_make_equal_keys(void **state _unused_) {
        Value one = { 1, 0 }, other = { 2, 0 };
        Table table = TABLE_NULL;

        assert_int_equal(table_reserve(&table, 2), 0);
        assert_null(put(&table, hash_all_alike, &one));
        assert_null(get(&table, hash_all_alike, 2));
        assert_null(put(&table, hash_all_alike, &other));
        assert_ptr_equal(get(&table, hash_all_alike, 1), &one);
        assert_ptr_equal(get(&table, hash_all_alike, 2), &other);
        table_deinit(&table);
}

/* A bad @equal must not be asked about values of another hash: comparing is what costs. */
static bool never_equal(const void *value _unused_, const void *wanted _unused_) {
        fail_msg("a value of another hash was compared");
        return false;
}

static void test_values_of_another_hash_are_not_compared(void **state _unused_) {
        Value one = { 1, 0 };
        Table table = TABLE_NULL;
        int key = 17;

        assert_int_equal(table_reserve(&table, 1), 0);
        assert_int_equal(table.n_slots, 16);
        assert_null(put(&table, hash_in_rows, &one));
        assert_null(table_get(&table, 17, never_equal, &key));
        table_deinit(&table);
}

static void test_as_many_values_as_were_reserved_need_no_memory(void **state _unused_) {
        static Value values[N_KEYS];

        for (size_t n = 1; n <= N_KEYS; n++) {
                Table table = TABLE_NULL;
                TableSlot *slots;

                assert_int_equal(table_reserve(&table, n), 0);
                slots = table.slots;
                for (size_t i = 0; i < n; i++) {
                        values[i] = (Value){ (int)i, 0 };
                        assert_null(put(&table, hash_few, &values[i]));
                }
                assert_ptr_equal(table.slots, slots);
                assert_int_equal(table.n_values, n);
                assert_true(table.n_slots > n);
                table_deinit(&table);
        }
}

static void test_what_was_put_survives_growth(void **state _unused_) {
        static Value values[N_KEYS];

        for (size_t h = 0; h < ARRAY_SIZE(hashes); h++) {
                Table table = TABLE_NULL;

                for (int key = 0; key < N_KEYS; key++) {
                        values[key] = (Value){ key, 0 };
                        assert_int_equal(table_reserve(&table, 1), 0);
                        assert_null(put(&table, hashes[h], &values[key]));
                }
                for (int key = 0; key < N_KEYS; key++)
                        assert_ptr_equal(get(&table, hashes[h], key), &values[key]);
                assert_null(get(&table, hashes[h], N_KEYS));
                table_deinit(&table);
        }
}

static void assert_same(const Table *table, uint64_t (*hash)(int), Value *const *expected,
                        size_t n_expected) {
        size_t n_slots_taken = 0;

        assert_int_equal(table->n_values, n_expected);
        for (int key = 0; key < N_KEYS; key++)
                assert_ptr_equal(get(table, hash, key), expected[key]);
        for (size_t i = 0; i < table->n_slots; i++)
                n_slots_taken += table->slots[i].value != NULL;
        assert_int_equal(n_slots_taken, n_expected);
}

/* A plain array as an oracle. Phases in which more is put, then more is taken, so that tables fill and empty.
 */
static void run_random_operations(uint64_t (*hash)(int), uint64_t seed) {
        static Value values[N_KEYS][2];
        Value *expected[N_KEYS] = { NULL };
        Table table = TABLE_NULL;
        uint64_t random = seed;
        size_t n_expected = 0;

        for (int i = 0; i < 20000; i++) {
                int key = (int)(next_random(&random) % N_KEYS);
                unsigned puts_of_10 = i / 1000 % 2 ? 2 : 8;

                if (next_random(&random) % 10 < puts_of_10) {
                        Value *value = &values[key][next_random(&random) % 2];

                        *value = (Value){ key, i };
                        assert_int_equal(table_reserve(&table, 1), 0);
                        assert_ptr_equal(put(&table, hash, value), expected[key]);
                        n_expected += expected[key] == NULL;
                        expected[key] = value;
                } else {
                        assert_ptr_equal(take(&table, hash, key), expected[key]);
                        n_expected -= expected[key] != NULL;
                        expected[key] = NULL;
                }
                if (i % 97 == 0)
                        assert_same(&table, hash, expected, n_expected);
        }
        assert_same(&table, hash, expected, n_expected);
        table_deinit(&table);
}

static void test_random_operations_leave_what_an_array_would_hold(void **state _unused_) {
        for (size_t h = 0; h < ARRAY_SIZE(hashes); h++)
                run_random_operations(hashes[h], 100 + h);
}

/* Small tables, where runs touch the end and wrap most often. */
static void test_every_value_of_a_wrapped_run_survives_any_removal(void **state _unused_) {
        for (int taken = 0; taken < 12; taken++) {
                Value values[12];
                Table table = TABLE_NULL;

                assert_int_equal(table_reserve(&table, ARRAY_SIZE(values)), 0);
                for (int key = 0; key < (int)ARRAY_SIZE(values); key++) {
                        values[key] = (Value){ key, 0 };
                        assert_null(put(&table, hash_at_the_end, &values[key]));
                }
                assert_int_equal(table.n_slots, 16);
                assert_ptr_equal(take(&table, hash_at_the_end, taken), &values[taken]);
                for (int key = 0; key < (int)ARRAY_SIZE(values); key++)
                        assert_ptr_equal(get(&table, hash_at_the_end, key),
                                         key == taken ? NULL : &values[key]);
                table_deinit(&table);
        }
}

static void test_the_hash_tells_where_one_text_ends_and_the_next_begins(void **state _unused_) {
        assert_true(hash_span(hash_span(0, SPAN_LITERAL("a")), SPAN_LITERAL("bc")) !=
                    hash_span(hash_span(0, SPAN_LITERAL("ab")), SPAN_LITERAL("c")));
        assert_true(hash_span(hash_span(0, SPAN_LITERAL("ab")), SPAN_LITERAL("")) !=
                    hash_span(hash_span(0, SPAN_LITERAL("")), SPAN_LITERAL("ab")));
}

static void test_the_hash_covers_every_byte(void **state _unused_) {
        char text[40];

        for (size_t size = 1; size <= sizeof(text); size++) {
                uint64_t before;

                memset(text, 'x', sizeof(text));
                before = hash_span(0, (Span){ text, size });
                for (size_t at = 0; at < size; at++) {
                        text[at] ^= 1;
                        assert_true(hash_span(0, (Span){ text, size }) != before);
                        text[at] ^= 1;
                }
                assert_true(hash_span(0, (Span){ text, size - 1 }) != before);
                assert_true(hash_span(1, (Span){ text, size }) != before);
                assert_true(hash_span(0, (Span){ text, size }) == before);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_is_found_in_an_empty_table),
                cmocka_unit_test(test_a_value_is_found_until_it_is_taken),
                cmocka_unit_test(test_a_second_value_of_a_key_replaces_the_first),
                cmocka_unit_test(test_equal_hashes_do_not_make_equal_keys),
                cmocka_unit_test(test_values_of_another_hash_are_not_compared),
                cmocka_unit_test(test_as_many_values_as_were_reserved_need_no_memory),
                cmocka_unit_test(test_what_was_put_survives_growth),
                cmocka_unit_test(test_random_operations_leave_what_an_array_would_hold),
                cmocka_unit_test(test_every_value_of_a_wrapped_run_survives_any_removal),
                cmocka_unit_test(test_the_hash_tells_where_one_text_ends_and_the_next_begins),
                cmocka_unit_test(test_the_hash_covers_every_byte),
        };

        return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
