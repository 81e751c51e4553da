/*
 * For how long a leader believes in itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mirror/tenure.h"
#include "model/macros.h"

#define TTL 5000

static void there_is_none_at_first(void **state _unused_) {
        Tenure tenure = TENURE_NULL(TTL);

        assert_false(tenure_holds(&tenure, 0));
        assert_false(tenure_holds(&tenure, INT64_MIN));
        assert_int_equal(tenure_look_ms(&tenure), 1000);
        assert_int_equal(tenure_timeout_ms(&tenure, 0), TTL / 3);
        tenure = TENURE_NULL(2000);
        assert_int_equal(tenure_look_ms(&tenure), 666);
}

static void it_is_shorter_than_the_lease_and_counts_from_what_was_sent(void **state _unused_) {
        Tenure tenure = TENURE_NULL(TTL);

        tenure_renew(&tenure, 100);
        assert_int_equal(tenure_until_ms(&tenure), 4100);
        assert_true(tenure_holds(&tenure, 4099));
        assert_false(tenure_holds(&tenure, 4100));
}

static void answers_that_come_late_never_shorten_it(void **state _unused_) {
        Tenure tenure = TENURE_NULL(TTL);

        tenure_renew(&tenure, 2000);
        tenure_renew(&tenure, 1000);
        assert_int_equal(tenure_until_ms(&tenure), 6000);
}

static void an_answer_to_what_was_sent_too_long_ago_is_worth_nothing(void **state _unused_) {
        Tenure tenure = TENURE_NULL(TTL);

        tenure_renew(&tenure, 0);
        assert_false(tenure_holds(&tenure, 60000));
}

static void it_is_renewed_each_third_and_tried_more_often_where_that_fails(void **state _unused_) {
        Tenure tenure = TENURE_NULL(TTL);

        tenure_renew(&tenure, 0);
        assert_int_equal(tenure_wait_ms(&tenure, false, 10), 1656);
        assert_int_equal(tenure_wait_ms(&tenure, true, 1700), 500);
        assert_int_equal(tenure_wait_ms(&tenure, true, 3900), 100); /* then it is over */
        assert_int_equal(tenure_wait_ms(&tenure, true, 9000), 0);
        assert_int_equal(tenure_wait_ms(&tenure, false, 9000), 0);
}

static void a_request_never_takes_longer_than_it_lasts(void **state _unused_) {
        Tenure tenure = TENURE_NULL(TTL);

        tenure_renew(&tenure, 0);
        assert_int_equal(tenure_timeout_ms(&tenure, 1000), 1666);
        assert_int_equal(tenure_timeout_ms(&tenure, 3500), 500);
        assert_int_equal(tenure_timeout_ms(&tenure, 3999), 1);
}

static void there_is_time_for_several_tries_whatever_the_lease(void **state _unused_) {
        for (int64_t ttl_ms = 2000; ttl_ms <= 60000; ttl_ms += 1000) {
                Tenure tenure = TENURE_NULL(ttl_ms);
                int n_tries = 0;

                tenure_renew(&tenure, 0);
                for (int64_t now_ms = tenure_wait_ms(&tenure, false, 0); tenure_holds(&tenure, now_ms);
                     now_ms += tenure_wait_ms(&tenure, true, now_ms))
                        n_tries++;
                assert_true(n_tries >= 4);
                assert_true(tenure_until_ms(&tenure) < ttl_ms);
        }
}

static void who_steps_down_has_none(void **state _unused_) {
        Tenure tenure = TENURE_NULL(TTL);

        tenure_renew(&tenure, 100);
        tenure_end(&tenure);
        assert_false(tenure_holds(&tenure, 101));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(there_is_none_at_first),
                cmocka_unit_test(it_is_shorter_than_the_lease_and_counts_from_what_was_sent),
                cmocka_unit_test(answers_that_come_late_never_shorten_it),
                cmocka_unit_test(an_answer_to_what_was_sent_too_long_ago_is_worth_nothing),
                cmocka_unit_test(it_is_renewed_each_third_and_tried_more_often_where_that_fails),
                cmocka_unit_test(a_request_never_takes_longer_than_it_lasts),
                cmocka_unit_test(there_is_time_for_several_tries_whatever_the_lease),
                cmocka_unit_test(who_steps_down_has_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
