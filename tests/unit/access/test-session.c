#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access/session.h"
#include "util/digest.h"

#define IDLE_MS 1000
#define MAX_MS  5000
#define NOW_MS  INT64_C(1767225600000)

static SessionTable *table;

static int setup(void **state) {
        (void)state;

        table = session_table_new(IDLE_MS, MAX_MS);
        return table ? 0 : -1;
}

static int teardown(void **state) {
        (void)state;

        table = session_table_free(table);
        return 0;
}

typedef struct Opened {
        char id[SESSION_TEXT_SIZE + 1];
        Session session;
} Opened;

static Opened open_at(int64_t now_ms) {
        Opened opened;

        session_open(table, now_ms, opened.id, &opened.session);
        return opened;
}

static bool use_at(const Opened *opened, int64_t now_ms) {
        Session session;

        return session_use(table, span_from_string(opened->id), now_ms, &session);
}

static void test_a_session_is_found_by_its_id(void **state) {
        Opened first = open_at(NOW_MS), second = open_at(NOW_MS);
        Session session;

        (void)state;

        assert_true(session_use(table, span_from_string(first.id), NOW_MS, &session));
        assert_string_equal(session.csrf, first.session.csrf);
        assert_true(session_use(table, span_from_string(second.id), NOW_MS, &session));
        assert_string_equal(session.csrf, second.session.csrf);
}

static void assert_256_bits(const char *text) {
        _cleanup_(buf_deinit) Buf bytes = BUF_NULL;

        assert_true(base64url_decode(span_from_string(text), &bytes));
        assert_int_equal(bytes.size, 32);
}

static void test_ids_and_csrf_values_are_256_bits_and_never_the_same(void **state) {
        Opened first = open_at(NOW_MS), second = open_at(NOW_MS);
        const char *const texts[] = { first.id, first.session.csrf, second.id, second.session.csrf };

        (void)state;

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                assert_256_bits(texts[i]);
                for (size_t j = 0; j < i; j++)
                        assert_string_not_equal(texts[i], texts[j]);
        }
}

static void test_no_other_text_is_an_id(void **state) {
        Opened opened = open_at(NOW_MS);
        Session session = { .csrf = "untouched", .expires_at_ms = 1 };
        Span id = span_from_string(opened.id);

        (void)state;

        assert_false(session_use(table, SPAN_NULL, NOW_MS, &session));
        assert_false(session_use(table, SPAN_LITERAL(""), NOW_MS, &session));
        assert_false(session_use(table, (Span){ id.data, id.size - 1 }, NOW_MS, &session));
        assert_false(session_use(table, (Span){ id.data, id.size + 1 }, NOW_MS, &session));
        assert_false(session_use(table, span_from_string(opened.session.csrf), NOW_MS, &session));
        for (size_t i = 0; i < SESSION_TEXT_SIZE; i++) {
                opened.id[i] ^= 1;
                assert_false(use_at(&opened, NOW_MS));
                opened.id[i] ^= 1;
        }
        assert_string_equal(session.csrf, "untouched");
        assert_int_equal(session.expires_at_ms, 1);
        assert_true(use_at(&opened, NOW_MS));
}

static void test_a_session_that_is_not_used_ends(void **state) {
        Opened used = open_at(NOW_MS), unused = open_at(NOW_MS);

        (void)state;

        assert_true(use_at(&used, NOW_MS + 600));
        assert_true(use_at(&unused, NOW_MS + IDLE_MS - 1));

        unused = open_at(NOW_MS);
        assert_false(use_at(&unused, NOW_MS + IDLE_MS));
        assert_true(use_at(&used, NOW_MS + 600 + IDLE_MS - 1));
}

static void test_an_ended_session_stays_ended_when_the_clock_steps_back(void **state) {
        Opened opened = open_at(NOW_MS);

        (void)state;

        assert_false(use_at(&opened, NOW_MS + IDLE_MS));
        assert_false(use_at(&opened, NOW_MS));
}

static void test_a_session_ends_after_its_longest_time_though_it_is_used(void **state) {
        Opened opened = open_at(NOW_MS);

        (void)state;

        for (int64_t at_ms = 0; at_ms < MAX_MS; at_ms += IDLE_MS / 2)
                assert_true(use_at(&opened, NOW_MS + at_ms));
        assert_true(use_at(&opened, NOW_MS + MAX_MS - 1));
        assert_false(use_at(&opened, NOW_MS + MAX_MS));
}

static void test_the_end_is_told_and_put_off_up_to_the_longest_time(void **state) {
        Opened opened = open_at(NOW_MS);
        int64_t last_ms = NOW_MS + MAX_MS - IDLE_MS / 2;
        Session session;

        (void)state;

        assert_int_equal(opened.session.expires_at_ms, NOW_MS + IDLE_MS);
        assert_true(session_use(table, span_from_string(opened.id), NOW_MS + 10, &session));
        assert_int_equal(session.expires_at_ms, NOW_MS + 10 + IDLE_MS);

        for (int64_t at_ms = NOW_MS + 10; at_ms < last_ms; at_ms += IDLE_MS / 2)
                assert_true(use_at(&opened, at_ms));
        assert_true(session_use(table, span_from_string(opened.id), last_ms, &session));
        assert_int_equal(session.expires_at_ms, NOW_MS + MAX_MS);
}

static void test_a_closed_session_is_gone_and_others_stay(void **state) {
        Opened first = open_at(NOW_MS), second = open_at(NOW_MS);

        (void)state;

        session_close(table, span_from_string(first.id));
        session_close(table, span_from_string(first.id));
        session_close(table, SPAN_NULL);
        assert_false(use_at(&first, NOW_MS));
        assert_true(use_at(&second, NOW_MS));
}

/* All were opened in the same millisecond, so that their uses decide; the one to go is neither first nor
 * last. */
static void test_the_one_not_used_for_longest_makes_way(void **state) {
        static Opened opened[SESSIONS_MAX];
        const size_t oldest = 700;

        (void)state;

        for (size_t i = 0; i < SESSIONS_MAX; i++)
                opened[i] = open_at(NOW_MS);
        for (size_t i = 0; i < SESSIONS_MAX; i++)
                assert_true(use_at(&opened[i], NOW_MS + (i == oldest ? 1 : 2)));

        Opened one_more = open_at(NOW_MS + 2);

        assert_false(use_at(&opened[oldest], NOW_MS + 2));
        assert_true(use_at(&one_more, NOW_MS + 2));
        for (size_t i = 0; i < SESSIONS_MAX; i++)
                assert_int_equal(use_at(&opened[i], NOW_MS + 2), i != oldest);
}

static void test_sessions_that_made_way_leave_nothing_behind(void **state) {
        (void)state;

        for (size_t i = 0; i < SESSIONS_MAX * (size_t)8; i++) {
                Opened opened = open_at(NOW_MS);

                assert_true(use_at(&opened, NOW_MS));
        }
}

static void test_an_ended_session_makes_way_before_any_other(void **state) {
        static Opened opened[SESSIONS_MAX];
        int64_t late_ms = NOW_MS + MAX_MS;

        (void)state;

        /* One has lasted for as long as any may, though all others were not used for longer. */
        opened[SESSIONS_MAX - 1] = open_at(NOW_MS);
        for (int64_t at_ms = NOW_MS; at_ms < late_ms; at_ms += IDLE_MS / 2)
                assert_true(use_at(&opened[SESSIONS_MAX - 1], at_ms));
        for (size_t i = 0; i < SESSIONS_MAX - 1; i++)
                opened[i] = open_at(late_ms - IDLE_MS / 2 - 1);

        (void)open_at(late_ms);
        for (size_t i = 0; i < SESSIONS_MAX - 1; i++)
                assert_true(use_at(&opened[i], late_ms));
}

enum { THREADS = 4, ROUNDS = 2000 };

static void *open_use_close(void *unused) {
        (void)unused;

        for (int i = 0; i < ROUNDS; i++) {
                Opened opened;
                Session session;

                session_open(table, NOW_MS, opened.id, &opened.session);
                if (!session_use(table, span_from_string(opened.id), NOW_MS, &session) ||
                    strcmp(session.csrf, opened.session.csrf) != 0)
                        return "lost";
                session_close(table, span_from_string(opened.id));
                if (session_use(table, span_from_string(opened.id), NOW_MS, &session))
                        return "still there";
        }
        return NULL;
}

static void test_threads_do_not_disturb_each_other(void **state) {
        pthread_t threads[THREADS];
        void *fault;

        (void)state;

        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, open_use_close, NULL), 0);
        for (int i = 0; i < THREADS; i++) {
                assert_int_equal(pthread_join(threads[i], &fault), 0);
                assert_null(fault);
        }
}

#define with_table(test) cmocka_unit_test_setup_teardown((test), setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                with_table(test_a_session_is_found_by_its_id),
                with_table(test_ids_and_csrf_values_are_256_bits_and_never_the_same),
                with_table(test_no_other_text_is_an_id),
                with_table(test_a_session_that_is_not_used_ends),
                with_table(test_an_ended_session_stays_ended_when_the_clock_steps_back),
                with_table(test_a_session_ends_after_its_longest_time_though_it_is_used),
                with_table(test_the_end_is_told_and_put_off_up_to_the_longest_time),
                with_table(test_a_closed_session_is_gone_and_others_stay),
                with_table(test_the_one_not_used_for_longest_makes_way),
                with_table(test_sessions_that_made_way_leave_nothing_behind),
                with_table(test_an_ended_session_makes_way_before_any_other),
                with_table(test_threads_do_not_disturb_each_other),
        };

        return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
