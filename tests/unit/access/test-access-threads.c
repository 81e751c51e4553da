/*
 * Many threads that ask at once.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/session.h"
#include "access/throttle.h"
#include "access_fixture.h"

enum { THREADS = 4, ROUNDS = 200 };

static void *ask_often(void *of_thread) {
        const Credentials basic = with_authorization(BASIC_RIGHT), bearer = with_authorization(BEARER_RIGHT);
        Principal asker;

        for (int i = 0; i < ROUNDS; i++) {
                AccessVerdict verdict = access_authenticate(access_of_test, &basic, NOW_MS, &asker);

                if (verdict == ACCESS_NEEDS_HASHING)
                        verdict = access_authenticate_slowly(access_of_test, &basic, NOW_MS, &asker);
                if (verdict != ACCESS_GRANTED)
                        return of_thread;
                if (access_authenticate(access_of_test, &bearer, NOW_MS, &asker) != ACCESS_GRANTED)
                        return of_thread;
        }
        return NULL;
}

static void *log_in_often(void *of_thread) {
        for (int i = 0; i < ROUNDS; i++) {
                _cleanup_(buf_deinit) Buf cookie = BUF_NULL;
                Principal asker;

                if (access_login(access_of_test, SPAN_LITERAL("admin"), SPAN_LITERAL(PASSWORD), ADDRESS,
                                 NOW_MS, &asker, &cookie) != ACCESS_GRANTED)
                        return of_thread;
                access_logout(access_of_test,
                              (Span){ cookie.data, strlen("confer_session=") + SESSION_TEXT_SIZE }, &cookie);
        }
        return NULL;
}

static void test_threads_may_ask_at_once(void **state) {
        pthread_t threads[THREADS];
        void *fault;

        (void)state;

        for (int i = 0; i < THREADS; i++)
                assert_int_equal(
                        pthread_create(&threads[i], NULL, i == 0 ? log_in_often : ask_often, threads), 0);
        for (int i = 0; i < THREADS; i++) {
                assert_int_equal(pthread_join(threads[i], &fault), 0);
                assert_null(fault);
        }
}

static void *guess(void *ret_n_tries) {
        const Credentials credentials = with_authorization(BASIC_WRONG);
        Principal asker;

        for (int i = 0; i < THROTTLE_FAILURES_MAX; i++)
                *(size_t *)ret_n_tries += access_authenticate_slowly(access_of_test, &credentials, NOW_MS,
                                                                     &asker) == ACCESS_UNAUTHENTICATED;
        return NULL;
}

static void test_guessing_at_once_gives_no_more_than_ten_tries(void **state) {
        size_t n_tries[THREADS] = { 0 }, sum = 0;
        pthread_t threads[THREADS];

        (void)state;

        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, guess, &n_tries[i]), 0);
        for (int i = 0; i < THREADS; i++) {
                assert_int_equal(pthread_join(threads[i], NULL), 0);
                sum += n_tries[i];
        }
        assert_int_equal(sum, THROTTLE_FAILURES_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                with_access(test_threads_may_ask_at_once),
                with_access(test_guessing_at_once_gives_no_more_than_ten_tries),
        };

        return cmocka_run_group_tests_name("access threads", tests, NULL, NULL);
}
