#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "model/macros.h"
#include "model/timestamp.h"

#define LATEST_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

static uint64_t next_random(uint64_t *state) {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

static void assert_parsed(const char *text, int64_t expected_ms) {
        int64_t at_ms = -1;

        if (!timestamp_parse(span_from_string(text), &at_ms))
                fail_msg("'%s' is refused", text);
        if (at_ms != expected_ms)
                fail_msg("'%s' is read as %lld, not %lld", text, (long long)at_ms, (long long)expected_ms);
}

static void assert_refused(Span text) {
        int64_t at_ms = 4711;

        if (timestamp_parse(text, &at_ms))
                fail_msg("'%.*s' is read as %lld", (int)text.size, text.data ? text.data : "",
                         (long long)at_ms);
        assert_int_equal(at_ms, 4711);
}

static void assert_written(int64_t at_ms, const char *expected) {
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;

        timestamp_append(&buf, at_ms);
        if (!span_equal_string(buf_span(&buf), expected))
                fail_msg("%lld is written as %.*s, not %s", (long long)at_ms, (int)buf.size, buf.data,
                         expected);
}

/* The system's calendar as an oracle. */
static void write_with_libc(int64_t at_ms, char *to, size_t size) {
        time_t at = (time_t)(at_ms / 1000);
        struct tm tm;
        size_t used;

        assert_non_null(gmtime_r(&at, &tm));
        used = strftime(to, size, "%Y-%m-%dT%H:%M:%S", &tm);
        assert_true(used > 0);
        (void)snprintf(to + used, size - used, ".%03dZ", (int)(at_ms % 1000));
}

static void test_the_epoch_and_the_last_moment_are_written(void **state _unused_) {
        assert_written(0, "1970-01-01T00:00:00.000Z");
        assert_written(INT64_C(1769850300000), "2026-01-31T09:05:00.000Z");
        assert_written(LATEST_MS, "9999-12-31T23:59:59.999Z");
}

static void test_times_out_of_range_are_written_as_the_nearest_one(void **state _unused_) {
        assert_written(-1, "1970-01-01T00:00:00.000Z");
        assert_written(INT64_MIN, "1970-01-01T00:00:00.000Z");
        assert_written(LATEST_MS + 1, "9999-12-31T23:59:59.999Z");
        assert_written(INT64_MAX, "9999-12-31T23:59:59.999Z");
}

static void test_any_time_is_written_as_libc_writes_it(void **state _unused_) {
        uint64_t random = 1;
        char expected[64];

        for (int i = 0; i < 100000; i++) {
                int64_t at_ms = (int64_t)(next_random(&random) % (uint64_t)(LATEST_MS + 1));

                write_with_libc(at_ms, expected, sizeof(expected));
                assert_written(at_ms, expected);
        }
}

static void test_every_day_of_400_years_is_written_and_read_as_libc_does(void **state _unused_) {
        char text[64];

        for (int64_t day = 0; day <= 146097; day++) {
                int64_t at_ms = day * 86400000 + 86399999;

                write_with_libc(at_ms, text, sizeof(text));
                assert_written(at_ms, text);
                assert_parsed(text, at_ms);
        }
}

static void test_any_date_and_time_is_read_as_libc_reads_it(void **state _unused_) {
        uint64_t random = 2;

        for (int i = 0; i < 100000; i++) {
                struct tm tm = {
                        .tm_year = (int)(next_random(&random) % 10000) - 1900,
                        .tm_mon = (int)(next_random(&random) % 12),
                        .tm_mday = 1 + (int)(next_random(&random) % 28),
                        .tm_hour = (int)(next_random(&random) % 24),
                        .tm_min = (int)(next_random(&random) % 60),
                        .tm_sec = (int)(next_random(&random) % 60),
                };
                int offset_minutes = (int)(next_random(&random) % 2880) - 1440;
                int minutes = offset_minutes < 0 ? -offset_minutes : offset_minutes;
                char text[96];

                if (minutes == 1440)
                        continue;
                (void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d",
                               tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                               offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
                assert_parsed(text, (timegm(&tm) - offset_minutes * 60) * INT64_C(1000));
        }
}

/* Only dates that libc leaves as they are exist. */
static void test_exactly_the_days_of_the_calendar_are_read(void **state _unused_) {
        static const int years[] = { 0, 4, 1900, 1970, 1999, 2000, 2023, 2024, 2100, 2400, 9999 };

        for (size_t i = 0; i < ARRAY_SIZE(years); i++)
                for (int month = 0; month <= 13; month++)
                        for (int day = 0; day <= 32; day++) {
                                struct tm tm = { .tm_year = years[i] - 1900,
                                                 .tm_mon = month - 1,
                                                 .tm_mday = day };
                                int64_t at_ms = timegm(&tm) * INT64_C(1000);
                                char text[64];

                                (void)snprintf(text, sizeof(text), "%04d-%02d-%02dT00:00:00Z", years[i],
                                               month, day);
                                if (tm.tm_mon == month - 1 && tm.tm_mday == day)
                                        assert_parsed(text, at_ms);
                                else
                                        assert_refused(span_from_string(text));
                        }
}

static void test_a_leap_day_exists_in_leap_years_only(void **state _unused_) {
        assert_parsed("2024-02-29T00:00:00Z", INT64_C(1709164800000));
        assert_parsed("2000-02-29T00:00:00Z", INT64_C(951782400000));
        assert_refused(SPAN_LITERAL("2023-02-29T00:00:00Z"));
        assert_refused(SPAN_LITERAL("1900-02-29T00:00:00Z"));
        assert_refused(SPAN_LITERAL("2024-02-30T00:00:00Z"));
}

static void test_a_fraction_has_any_number_of_digits_and_is_cut_to_milliseconds(void **state _unused_) {
        assert_parsed("1970-01-01T00:00:00.1Z", 100);
        assert_parsed("1970-01-01T00:00:00.12Z", 120);
        assert_parsed("1970-01-01T00:00:00.123Z", 123);
        assert_parsed("1970-01-01T00:00:00.1239Z", 123);
        assert_parsed("1970-01-01T00:00:00.999999999999999999999999999999Z", 999);
        assert_parsed("1970-01-01T00:00:00.000999Z", 0);
        assert_parsed("1970-01-01T00:00:00.05+00:00", 50);
}

static void test_an_offset_is_taken_off(void **state _unused_) {
        assert_parsed("1970-01-01T02:00:00+02:00", 0);
        assert_parsed("1969-12-31T19:00:00-05:00", 0);
        assert_parsed("1970-01-01T05:45:00+05:45", 0);
        assert_parsed("1970-01-01T00:00:00-00:00", 0);
        assert_parsed("1970-01-01T23:59:00+23:59", 0);
}

static void test_letters_may_be_small_and_the_t_a_space(void **state _unused_) {
        assert_parsed("1970-01-02t00:00:00z", 86400000);
        assert_parsed("1970-01-02 00:00:00Z", 86400000);
}

static void test_a_leap_second_is_the_next_minutes_first(void **state _unused_) {
        assert_parsed("2016-12-31T23:59:60Z", INT64_C(1483228800000));
}

static void test_times_before_the_epoch_are_negative(void **state _unused_) {
        assert_parsed("1969-12-31T23:59:59.999Z", -1);
        assert_parsed("0000-01-01T00:00:00Z", INT64_C(-62167219200000));
}

static void test_anything_else_is_refused(void **state _unused_) {
        static const Span texts[] = {
                SPAN_LITERAL(""),
                SPAN_LITERAL("1970"),
                SPAN_LITERAL("1970-01-01"),
                SPAN_LITERAL("1970-01-01T00:00:00"),
                SPAN_LITERAL("1970-01-01T00:00Z"),
                SPAN_LITERAL("1970-01-01T00Z"),
                SPAN_LITERAL("1970-1-1T00:00:00Z"),
                SPAN_LITERAL("70-01-01T00:00:00Z"),
                SPAN_LITERAL("19700101T000000Z"),
                SPAN_LITERAL("+1970-01-01T00:00:00Z"),
                SPAN_LITERAL("10000-01-01T00:00:00Z"),
                SPAN_LITERAL("1970/01/01T00:00:00Z"),
                SPAN_LITERAL("1970-01-01_00:00:00Z"),
                SPAN_LITERAL("1970-01-01T24:00:00Z"),
                SPAN_LITERAL("1970-01-01T00:60:00Z"),
                SPAN_LITERAL("1970-01-01T00:00:61Z"),
                SPAN_LITERAL("1970-01-01T00:00:00.Z"),
                SPAN_LITERAL("1970-01-01T00:00:00,5Z"),
                SPAN_LITERAL("1970-01-01T00:00:00.5"),
                SPAN_LITERAL("1970-01-01T00:00:00+24:00"),
                SPAN_LITERAL("1970-01-01T00:00:00+00:60"),
                SPAN_LITERAL("1970-01-01T00:00:00+0000"),
                SPAN_LITERAL("1970-01-01T00:00:00+00"),
                SPAN_LITERAL("1970-01-01T00:00:00ZZ"),
                SPAN_LITERAL("1970-01-01T00:00:00Z "),
                SPAN_LITERAL(" 1970-01-01T00:00:00Z"),
                SPAN_LITERAL("1970-01-01T00:00:00UTC"),
                SPAN_LITERAL("1970-01-01T00:00:00\0"),
                SPAN_LITERAL("1970-01-01T00:00:00Z\0"),
                SPAN_LITERAL("1970-01-01\00000:00:00Z"),
                SPAN_LITERAL("1970-01-0aT00:00:00Z"),
                SPAN_LITERAL("1970-01-01T-1:00:00Z"),
                SPAN_LITERAL("1700000000000"),
                SPAN_LITERAL("now"),
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                assert_refused(texts[i]);
        assert_refused(SPAN_NULL);
}

static void test_every_part_of_a_time_is_refused(void **state _unused_) {
        static const char whole[] = "2026-01-31T09:05:00.123+01:00";
        int64_t at_ms;

        for (size_t size = 0; size + 1 < sizeof(whole); size++)
                assert_refused((Span){ whole, size });
        assert_true(timestamp_parse((Span){ whole, sizeof(whole) - 1 }, &at_ms));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_epoch_and_the_last_moment_are_written),
                cmocka_unit_test(test_times_out_of_range_are_written_as_the_nearest_one),
                cmocka_unit_test(test_any_time_is_written_as_libc_writes_it),
                cmocka_unit_test(test_every_day_of_400_years_is_written_and_read_as_libc_does),
                cmocka_unit_test(test_any_date_and_time_is_read_as_libc_reads_it),
                cmocka_unit_test(test_exactly_the_days_of_the_calendar_are_read),
                cmocka_unit_test(test_a_leap_day_exists_in_leap_years_only),
                cmocka_unit_test(test_a_fraction_has_any_number_of_digits_and_is_cut_to_milliseconds),
                cmocka_unit_test(test_an_offset_is_taken_off),
                cmocka_unit_test(test_letters_may_be_small_and_the_t_a_space),
                cmocka_unit_test(test_a_leap_second_is_the_next_minutes_first),
                cmocka_unit_test(test_times_before_the_epoch_are_negative),
                cmocka_unit_test(test_anything_else_is_refused),
                cmocka_unit_test(test_every_part_of_a_time_is_refused),
        };

        return cmocka_run_group_tests_name("timestamp", tests, NULL, NULL);
}
