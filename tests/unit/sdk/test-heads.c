#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "heads.h"
#include "model/macros.h"

#define N 1000

static void *taken[N];

static int compare(const void *a, const void *b) {
        uintptr_t x = (uintptr_t) * (void *const *)a, y = (uintptr_t) * (void *const *)b;

        return (x > y) - (x < y);
}

/* Takes all that are missing, and marks each, so that two that overlap are seen. */
static void take_missing(Heads *heads) {
        for (size_t i = 0; i < N; i++) {
                if (taken[i])
                        continue;
                taken[i] = heads_take(heads);
                assert_non_null(taken[i]);
                assert_int_equal((uintptr_t)taken[i] % HEAD_SIZE, 0);
                memset(taken[i], (int)(i % 256), HEAD_SIZE);
        }
}

static void give(Heads *heads, size_t i) {
        const unsigned char *bytes = taken[i];

        assert_int_equal(bytes[0], i % 256);
        assert_int_equal(bytes[HEAD_SIZE - 1], i % 256);
        heads_give(heads, taken[i]);
        taken[i] = NULL;
}

static void test_heads_are_apart_and_close_together(void **state _unused_) {
        void *sorted[N];
        size_t n_neighbours = 0;
        Heads heads;

        assert_int_equal(heads_init(&heads), 0);
        take_missing(&heads);
        memcpy(sorted, taken, sizeof(sorted));
        qsort(sorted, N, sizeof(void *), compare);
        for (size_t i = 1; i < N; i++) {
                assert_true((uintptr_t)sorted[i] - (uintptr_t)sorted[i - 1] >= HEAD_SIZE);
                n_neighbours += (uintptr_t)sorted[i] - (uintptr_t)sorted[i - 1] == HEAD_SIZE;
        }
        assert_true(n_neighbours > N * 9 / 10);

        for (size_t i = 0; i < N; i++)
                give(&heads, i);
        heads_deinit(&heads);
}

/* In an order that leaves slabs full, half full and empty; a leak is told by the sanitizer. */
static void test_what_is_given_back_is_taken_again(void **state _unused_) {
        Heads heads;

        assert_int_equal(heads_init(&heads), 0);
        for (unsigned round = 1; round < 50; round++) {
                take_missing(&heads);
                for (size_t i = 0; i < N; i++)
                        if (i * round % 7 < round % 8 || i / 100 == round % 10)
                                give(&heads, i);
        }
        for (size_t i = 0; i < N; i++)
                if (taken[i])
                        give(&heads, i);
        heads_deinit(&heads);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_heads_are_apart_and_close_together),
                cmocka_unit_test(test_what_is_given_back_is_taken_again),
        };

        return cmocka_run_group_tests_name("sdk/heads", tests, NULL, NULL);
}
