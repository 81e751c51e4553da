#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/denials.h"
#include "model/macros.h"

#define NOW_MS INT64_C(5000000)

static Denials *denials;

static int setup(void **state) {
        (void)state;

        denials = denials_new();
        return denials ? 0 : -1;
}

static int teardown(void **state) {
        (void)state;

        denials = denials_free(denials);
        return 0;
}

static Denial denial_from(const char *address) {
        return (Denial){
                .address = span_from_string(address),
                .actor = SPAN_LITERAL(""),
                .action = SPAN_LITERAL("config.save"),
                .namespace = SPAN_LITERAL("prod.acme"),
                .key = SPAN_LITERAL("app.yaml"),
                .reason = SPAN_LITERAL("unauthenticated"),
                .status = 401,
                .count = 1,
        };
}

static bool note(const char *address, int64_t now_ms) {
        Denial denial = denial_from(address);

        return denials_note(denials, &denial, now_ms);
}

/* What a flush handed out. */
typedef struct Flushed {
        size_t n_entries;
        uint64_t n_counted;
        char addresses[DENIALS_ADDRESSES_MAX + 1][64];
        uint64_t counts[DENIALS_ADDRESSES_MAX + 1];
} Flushed;

static void collect(void *context, const Denial *denial) {
        Flushed *flushed = context;

        assert_true(flushed->n_entries < ARRAY_SIZE(flushed->counts));
        (void)snprintf(flushed->addresses[flushed->n_entries], sizeof(flushed->addresses[0]), "%.*s",
                       (int)denial->address.size, denial->address.data);
        flushed->counts[flushed->n_entries++] = denial->count;
        flushed->n_counted += denial->count;
}

static const Flushed *flush(int64_t now_ms) {
        static Flushed flushed;

        flushed = (Flushed){ .n_entries = 0 };
        denials_flush(denials, now_ms, collect, &flushed);
        return &flushed;
}

static void assert_flushed_one(int64_t now_ms, const char *address, uint64_t count) {
        const Flushed *flushed = flush(now_ms);

        assert_int_equal(flushed->n_entries, 1);
        assert_string_equal(flushed->addresses[0], address);
        assert_int_equal(flushed->counts[0], count);
}

static void test_the_first_refusal_is_written_at_once(void **state) {
        (void)state;

        assert_true(note("192.0.2.1", NOW_MS));
        assert_true(note("192.0.2.2", NOW_MS));
        assert_int_equal(flush(NOW_MS + 5000)->n_entries, 0);
}

static void test_repeats_are_counted_until_the_second_is_over(void **state) {
        (void)state;

        assert_true(note("192.0.2.1", NOW_MS));
        assert_false(note("192.0.2.1", NOW_MS));
        assert_false(note("192.0.2.1", NOW_MS + 999));
        assert_int_equal(flush(NOW_MS + 999)->n_entries, 0);
        assert_flushed_one(NOW_MS + 1000, "192.0.2.1", 2);
        assert_int_equal(flush(NOW_MS + 9000)->n_entries, 0);
}

static void test_after_a_quiet_second_the_next_is_written_at_once(void **state) {
        (void)state;

        assert_true(note("192.0.2.1", NOW_MS));
        assert_true(note("192.0.2.1", NOW_MS + 1000));
        assert_false(note("192.0.2.1", NOW_MS + 1999));
        assert_flushed_one(NOW_MS + 2000, "192.0.2.1", 1);
}

static void test_an_address_that_goes_on_makes_one_entry_a_second(void **state) {
        size_t n_at_once = 0, n_flushed = 0;
        uint64_t n_counted = 0;

        (void)state;

        for (int64_t at_ms = 0; at_ms < 10000; at_ms++) {
                n_at_once += note("192.0.2.1", NOW_MS + at_ms);
                if (at_ms % 100 == 0) {
                        const Flushed *flushed = flush(NOW_MS + at_ms);

                        n_flushed += flushed->n_entries;
                        n_counted += flushed->n_counted;
                }
        }
        n_counted += flush(INT64_MAX)->n_counted;

        assert_int_equal(n_at_once, 1);
        assert_int_equal(n_flushed, 9);
        assert_int_equal(n_at_once + n_counted, 10000);
}

static void test_a_late_flush_loses_nothing(void **state) {
        (void)state;

        assert_true(note("192.0.2.1", NOW_MS));
        assert_false(note("192.0.2.1", NOW_MS + 1));
        assert_false(note("192.0.2.1", NOW_MS + 60000));
        assert_flushed_one(NOW_MS + 60000, "192.0.2.1", 2);
}

static void test_at_the_end_all_is_due(void **state) {
        (void)state;

        assert_true(note("192.0.2.1", NOW_MS));
        assert_false(note("192.0.2.1", NOW_MS));
        assert_flushed_one(INT64_MAX, "192.0.2.1", 1);
}

static void test_addresses_are_counted_apart(void **state) {
        const Flushed *flushed;

        (void)state;

        assert_true(note("192.0.2.1", NOW_MS));
        assert_true(note("192.0.2.2", NOW_MS));
        assert_false(note("192.0.2.1", NOW_MS));
        assert_false(note("192.0.2.2", NOW_MS));
        assert_false(note("192.0.2.2", NOW_MS));

        flushed = flush(NOW_MS + 1000);
        assert_int_equal(flushed->n_entries, 2);
        assert_string_equal(flushed->addresses[0], "192.0.2.1");
        assert_int_equal(flushed->counts[0], 1);
        assert_string_equal(flushed->addresses[1], "192.0.2.2");
        assert_int_equal(flushed->counts[1], 2);
}

static void check_first(void *context, const Denial *denial) {
        Denial first = denial_from("192.0.2.1");

        assert_true(span_equal(denial->address, first.address));
        assert_true(span_equal(denial->actor, first.actor));
        assert_non_null(denial->actor.data);
        assert_true(span_equal(denial->action, first.action));
        assert_true(span_equal(denial->namespace, first.namespace));
        assert_null(denial->key.data);
        assert_true(span_equal(denial->reason, SPAN_LITERAL("csrf_failed")));
        assert_int_equal(denial->status, 403);
        assert_int_equal(denial->count, 3);
        (*(int *)context)++;
}

static void test_the_fields_are_those_of_the_first_counted(void **state) {
        char reason[] = "csrf_failed";
        Denial denial = denial_from("192.0.2.1");
        int n_calls = 0;

        (void)state;

        assert_true(denials_note(denials, &denial, NOW_MS));
        denial.status = 403;
        denial.reason = span_from_string(reason);
        denial.key = SPAN_NULL;
        assert_false(denials_note(denials, &denial, NOW_MS));

        /* They were copied: the request that they came from is long gone. */
        memset(reason, 'x', sizeof(reason));
        denial = denial_from("192.0.2.1");
        denial.action = SPAN_LITERAL("config.delete");
        assert_false(denials_note(denials, &denial, NOW_MS));
        assert_false(denials_note(denials, &denial, NOW_MS));

        denials_flush(denials, NOW_MS + 1000, check_first, &n_calls);
        assert_int_equal(n_calls, 1);
}

static void check_cut(void *context, const Denial *denial) {
        assert_int_equal(denial->address.size, DENIALS_TEXT_SIZE_MAX);
        assert_int_equal(denial->actor.size, DENIALS_TEXT_SIZE_MAX);
        assert_int_equal(denial->reason.size, DENIALS_TEXT_SIZE_MAX);
        (*(int *)context)++;
}

static void test_texts_that_are_too_long_are_cut(void **state) {
        static char text[4096];
        Denial denial = denial_from("192.0.2.1");
        int n_calls = 0;

        (void)state;

        memset(text, 'x', sizeof(text));
        denial.address = denial.actor = denial.reason = (Span){ text, sizeof(text) };
        assert_true(denials_note(denials, &denial, NOW_MS));
        assert_false(denials_note(denials, &denial, NOW_MS));
        denials_flush(denials, NOW_MS + 1000, check_cut, &n_calls);
        assert_int_equal(n_calls, 1);
}

static const char *address_of(int n) {
        static char text[32];

        (void)snprintf(text, sizeof(text), "10.0.%d.%d", n / 256, n % 256);
        return text;
}

static void test_beyond_the_ceiling_others_are_counted_together(void **state) {
        const Flushed *flushed;

        (void)state;

        for (int i = 0; i < DENIALS_ADDRESSES_MAX; i++)
                assert_true(note(address_of(i), NOW_MS));
        for (int i = 0; i < 1000; i++)
                assert_false(note(address_of(DENIALS_ADDRESSES_MAX + i), NOW_MS + 1));
        assert_false(note(address_of(7), NOW_MS + 1));

        assert_int_equal(flush(NOW_MS + 999)->n_entries, 0);
        flushed = flush(NOW_MS + 1001);
        assert_int_equal(flushed->n_entries, 2);
        assert_string_equal(flushed->addresses[0], address_of(7));
        assert_int_equal(flushed->counts[0], 1);
        assert_string_equal(flushed->addresses[1], "*");
        assert_int_equal(flushed->counts[1], 1000);
}

static void test_quiet_addresses_make_room(void **state) {
        (void)state;

        for (int i = 0; i < DENIALS_ADDRESSES_MAX; i++)
                assert_true(note(address_of(i), NOW_MS));
        assert_false(note("192.0.2.1", NOW_MS + 999));
        assert_true(note("192.0.2.1", NOW_MS + 1000));
        assert_flushed_one(NOW_MS + 2000, "*", 1);
}

static void note_again(void *context, const Denial *denial) {
        (void)context;

        assert_false(note("192.0.2.1", NOW_MS + 1000));
        assert_int_equal(denial->count, 1);
}

static void test_what_is_handed_out_may_lead_to_a_refusal(void **state) {
        (void)state;

        assert_true(note("192.0.2.1", NOW_MS));
        assert_false(note("192.0.2.1", NOW_MS));
        denials_flush(denials, NOW_MS + 1000, note_again, NULL);
        assert_flushed_one(NOW_MS + 2000, "192.0.2.1", 1);
}

enum { THREADS = 4, ROUNDS = 20000 };

static void *note_many(void *ret_at_once) {
        for (int i = 0; i < ROUNDS; i++)
                *(size_t *)ret_at_once += note("192.0.2.1", NOW_MS + i / 10);
        return NULL;
}

static void test_threads_lose_no_refusal(void **state) {
        size_t at_once[THREADS] = { 0 }, n_at_once = 0;
        pthread_t threads[THREADS];
        uint64_t n_counted = 0;

        (void)state;

        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, note_many, &at_once[i]), 0);
        for (int i = 0; i < 100; i++)
                n_counted += flush(NOW_MS + INT64_C(20) * i)->n_counted;
        for (int i = 0; i < THREADS; i++) {
                assert_int_equal(pthread_join(threads[i], NULL), 0);
                n_at_once += at_once[i];
        }
        n_counted += flush(INT64_MAX)->n_counted;

        assert_int_equal(n_at_once + n_counted, THREADS * ROUNDS);
}

#define with_denials(test) cmocka_unit_test_setup_teardown((test), setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                with_denials(test_the_first_refusal_is_written_at_once),
                with_denials(test_repeats_are_counted_until_the_second_is_over),
                with_denials(test_after_a_quiet_second_the_next_is_written_at_once),
                with_denials(test_an_address_that_goes_on_makes_one_entry_a_second),
                with_denials(test_a_late_flush_loses_nothing),
                with_denials(test_at_the_end_all_is_due),
                with_denials(test_addresses_are_counted_apart),
                with_denials(test_the_fields_are_those_of_the_first_counted),
                with_denials(test_texts_that_are_too_long_are_cut),
                with_denials(test_beyond_the_ceiling_others_are_counted_together),
                with_denials(test_quiet_addresses_make_room),
                with_denials(test_what_is_handed_out_may_lead_to_a_refusal),
                with_denials(test_threads_lose_no_refusal),
        };

        return cmocka_run_group_tests_name("denials", tests, NULL, NULL);
}
