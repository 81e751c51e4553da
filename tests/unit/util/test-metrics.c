#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/metrics.h"

static char *exposition(const MetricSet *const *sets, size_t n_sets) {
        Buf buf = BUF_NULL;
        char *text;

        metrics_append(&buf, sets, n_sets);
        text = buf_take_string(&buf);
        assert_non_null(text);
        return text;
}

static char *exposition_of(const MetricSet *set) {
        return exposition(&set, 1);
}

static size_t count_of(const char *text, const char *wanted) {
        size_t n = 0;

        for (const char *at = strstr(text, wanted); at; at = strstr(at + 1, wanted))
                n++;
        return n;
}

/* @line is a whole line of @text, and only one. */
static void assert_line(const char *text, const char *line) {
        char wanted[256];

        (void)snprintf(wanted, sizeof(wanted), "\n%s\n", line);
        if (count_of(text, wanted) != 1)
                fail_msg("\"%s\" is there %zu times", line, count_of(text, wanted));
}

static void test_every_metric_has_one_line(void **state) {
        _cleanup_(freep) char *text = NULL;
        static MetricSet set;

        (void)state;

        for (size_t i = 0; i < METRIC_N; i++)
                metric_set(&set, (Metric)i, 123000 + i);
        text = exposition_of(&set);

        for (size_t i = 0; i < METRIC_N; i++) {
                char value[32];

                (void)snprintf(value, sizeof(value), " %zu\n", 123000 + i);
                assert_int_equal(count_of(text, value), 1);
        }
        assert_int_equal(count_of(text, " 123"), METRIC_N);
}

static void test_metrics_have_their_own_names(void **state) {
        _cleanup_(freep) char *text = NULL;
        static MetricSet set;

        (void)state;

        metric_set(&set, METRIC_HTTP_REQUESTS_2XX, 1);
        metric_set(&set, METRIC_HTTP_REQUESTS_5XX, 2);
        metric_set(&set, METRIC_HTTP_CONNECTIONS, 3);
        metric_set(&set, METRIC_HTTP_SENT_BYTES, 4);
        metric_set(&set, METRIC_STORE_COMMANDS_FAILED, 5);
        metric_set(&set, METRIC_STORE_REVISION, 6);
        metric_set(&set, METRIC_QUERY_BUSY, 7);
        text = exposition_of(&set);

        assert_line(text, "confer_http_requests_total{class=\"2xx\"} 1");
        assert_line(text, "confer_http_requests_total{class=\"5xx\"} 2");
        assert_line(text, "confer_http_connections 3");
        assert_line(text, "confer_http_sent_bytes_total 4");
        assert_line(text, "confer_store_commands_total{outcome=\"failed\"} 5");
        assert_line(text, "confer_store_revision 6");
        assert_line(text, "confer_query_busy_total 7");
        assert_line(text, "confer_access_denied_total 0");
}

static void test_a_family_is_described_once_before_its_lines(void **state) {
        _cleanup_(freep) char *text = NULL;
        char family[64] = "", *rest, *line;
        static MetricSet set;
        size_t n_lines = 0;

        (void)state;

        text = exposition_of(&set);
        assert_int_equal(count_of(text, "# HELP "), count_of(text, "# TYPE "));
        assert_int_equal(count_of(text, "# HELP confer_http_requests_total "), 1);
        assert_int_equal(count_of(text, "# TYPE confer_http_requests_total counter\n"), 1);
        assert_int_equal(count_of(text, "# TYPE confer_http_connections gauge\n"), 1);
        assert_int_equal(count_of(text, "# TYPE confer_http_request_seconds histogram\n"), 1);

        for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
                if (sscanf(line, "# HELP %63s", family) != 1 && line[0] != '#') {
                        assert_int_equal(strncmp(line, family, strlen(family)), 0);
                        n_lines++;
                }
        assert_int_equal(n_lines, METRIC_N + HISTOGRAM_N * (HISTOGRAM_BUCKETS + 2));
}

static void test_sets_are_added_up(void **state) {
        static MetricSet first, second, third;
        const MetricSet *const sets[] = { &first, &second, &third };
        _cleanup_(freep) char *text = NULL;

        (void)state;

        metric_add(&first, METRIC_HTTP_SENT_BYTES, 1000);
        metric_add(&first, METRIC_HTTP_SENT_BYTES, 1);
        metric_add(&second, METRIC_HTTP_SENT_BYTES, UINT64_C(18446744073709550000));
        metric_observe_us(&first, HISTOGRAM_READ_SECONDS, 10);
        metric_observe_us(&third, HISTOGRAM_READ_SECONDS, 20);
        text = exposition(sets, ARRAY_SIZE(sets));

        assert_line(text, "confer_http_sent_bytes_total 18446744073709551001");
        assert_line(text, "confer_http_request_seconds_bucket{kind=\"read\",le=\"0.000025\"} 2");
        assert_line(text, "confer_http_request_seconds_sum{kind=\"read\"} 0.00003");
        assert_line(text, "confer_http_request_seconds_count{kind=\"read\"} 2");
}

static void test_a_histogram_is_cumulative(void **state) {
        _cleanup_(freep) char *text = NULL;
        static MetricSet set;

        (void)state;

        metric_observe_us(&set, HISTOGRAM_COMMIT_SECONDS, 0);
        metric_observe_us(&set, HISTOGRAM_COMMIT_SECONDS, 25); /* on the bound: still in it */
        metric_observe_us(&set, HISTOGRAM_COMMIT_SECONDS, 26);
        metric_observe_us(&set, HISTOGRAM_COMMIT_SECONDS, 2400);
        metric_observe_us(&set, HISTOGRAM_COMMIT_SECONDS, 10000000);
        metric_observe_us(&set, HISTOGRAM_COMMIT_SECONDS, 10000001);
        text = exposition_of(&set);

        assert_line(text, "confer_store_commit_seconds_bucket{le=\"0.000025\"} 2");
        assert_line(text, "confer_store_commit_seconds_bucket{le=\"0.00005\"} 3");
        assert_line(text, "confer_store_commit_seconds_bucket{le=\"0.001\"} 3");
        assert_line(text, "confer_store_commit_seconds_bucket{le=\"0.0025\"} 4");
        assert_line(text, "confer_store_commit_seconds_bucket{le=\"5\"} 4");
        assert_line(text, "confer_store_commit_seconds_bucket{le=\"10\"} 5");
        assert_line(text, "confer_store_commit_seconds_bucket{le=\"+Inf\"} 6");
        assert_line(text, "confer_store_commit_seconds_sum 20.002452");
        assert_line(text, "confer_store_commit_seconds_count 6");
}

static void test_histograms_are_told_apart(void **state) {
        _cleanup_(freep) char *text = NULL;
        static MetricSet set;

        (void)state;

        for (uint64_t i = 0; i < HISTOGRAM_N; i++)
                for (uint64_t n = 0; n <= i; n++)
                        metric_observe_us(&set, (MetricHistogram)i, 1000000);
        text = exposition_of(&set);

        assert_line(text, "confer_http_request_seconds_count{kind=\"read\"} 1");
        assert_line(text, "confer_http_request_seconds_sum{kind=\"query\"} 2");
        assert_line(text, "confer_http_request_seconds_bucket{kind=\"write\",le=\"1\"} 3");
        assert_line(text, "confer_http_request_seconds_bucket{kind=\"write\",le=\"0.5\"} 0");
        assert_line(text, "confer_store_commit_seconds_sum 4");
}

static void test_no_set_gives_zeros(void **state) {
        _cleanup_(freep) char *text = NULL;

        (void)state;

        text = exposition(NULL, 0);
        assert_line(text, "confer_store_revision 0");
        assert_line(text, "confer_store_commit_seconds_sum 0");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_metric_has_one_line),
                cmocka_unit_test(test_metrics_have_their_own_names),
                cmocka_unit_test(test_a_family_is_described_once_before_its_lines),
                cmocka_unit_test(test_sets_are_added_up),
                cmocka_unit_test(test_a_histogram_is_cumulative),
                cmocka_unit_test(test_histograms_are_told_apart),
                cmocka_unit_test(test_no_set_gives_zeros),
        };

        return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
