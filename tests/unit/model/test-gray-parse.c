/*
 * Gray rules that are refused, and with which path.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gray_fixture.h"
#include "model/utf8.h"

static void expect_refusal(Span rules, const char *field) {
        Gray *gray = NULL;
        Problem problem = PROBLEM_NULL;
        int r = gray_new(rules, SPAN_LITERAL(SALT), &gray, &problem);

        if (r != GRAY_E_INVALID || strcmp(problem.field, field) != 0)
                fail_msg("%.*s: %d, \"%s\" instead of \"%s\"", (int)MIN(rules.size, (size_t)200), rules.data,
                         r, problem.field, field);
        assert_null(gray);
        assert_true(problem.text[0] != '\0');
        assert_true(problem.text[strlen(problem.text) - 1] != '.');
}

static void test_faults_are_told_with_their_path(void **state _unused_) {
        static const struct {
                const char *rules, *field;
        } wrong[] = {
                { "", "rules" },
                { "nonsense", "rules" },
                { "[", "rules" },
                { "null", "rules" },
                { "{}", "rules" },
                { "[]", "rules" },
                { "[{}] []", "rules" },
                { "[1]", "rules[0]" },
                { "[{}]", "rules[0].split" },
                { "[{\"split\":{}}]", "rules[0].split" },
                { "[{\"split\":[]}]", "rules[0].split" },
                { "[{\"split\":null}]", "rules[0].split" },
                { "[{\"split\":[1]}]", "rules[0].split[0]" },
                { "[{\"split\":[{}]}]", "rules[0].split[0].version" },
                { "[{\"split\":[{\"version\":1}]}]", "rules[0].split[0].weight" },
                { "[{\"split\":[{\"weight\":1}]}]", "rules[0].split[0].version" },
                { "[{\"split\":[{\"version\":\"1\",\"weight\":1}]}]", "rules[0].split[0].version" },
                { "[{\"split\":[{\"version\":0,\"weight\":1}]}]", "rules[0].split[0].version" },
                { "[{\"split\":[{\"version\":-1,\"weight\":1}]}]", "rules[0].split[0].version" },
                { "[{\"split\":[{\"version\":1.5,\"weight\":1}]}]", "rules[0].split[0].version" },
                { "[{\"split\":[{\"version\":9223372036854775808,\"weight\":1}]}]",
                  "rules[0].split[0].version" },
                { "[{\"split\":[{\"version\":1,\"weight\":\"1\"}]}]", "rules[0].split[0].weight" },
                { "[{\"split\":[{\"version\":1,\"weight\":-1}]}]", "rules[0].split[0].weight" },
                { "[{\"split\":[{\"version\":1,\"weight\":100.001}]}]", "rules[0].split[0].weight" },
                { "[{\"split\":[{\"version\":1,\"weight\":0.0001}]}]", "rules[0].split[0].weight" },
                { "[{\"split\":[{\"version\":1,\"weight\":1e400}]}]", "rules[0].split[0].weight" },
                { "[{\"split\":[{\"version\":1,\"weight\":1,\"x\":1}]}]", "rules[0].split[0].x" },
                { "[{\"split\":[{\"version\":1,\"weight\":1,\"weight\":1}]}]", "rules[0].split[0].weight" },
                { "[{\"split\":[{\"version\":1,\"weight\":50},{\"version\":2,\"weight\":50.001}]}]",
                  "rules[0].split" },
                { "[{\"split\":[{\"version\":1,\"weight\":50},{\"version\":2,\"weight\":true}]}]",
                  "rules[0].split[1].weight" },
                { "[{\"split\":[{\"version\":1,\"weight\":1}],\"name\":\"a\"}]", "rules[0].name" },
                { "[{\"split\":[{\"version\":1,\"weight\":1}],\"\":\"a\"}]", "rules[0]." },
                { "[{\"split\":[{\"version\":1,\"weight\":1}],\"a b\":\"a\"}]", "rules[0].a b" },
                { "[{\"split\":[{\"version\":1,\"weight\":1}],\"split\":[]}]", "rules[0].split" },
                { "[{\"split\":[{\"version\":1,\"weight\":1}]},{\"split\":[{\"version\":1}]}]",
                  "rules[1].split[0].weight" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
                expect_refusal(span_from_string(wrong[i].rules), wrong[i].field);
}

static void test_faults_of_matches_are_told_with_their_path(void **state _unused_) {
        static const struct {
                const char *match, *field;
        } wrong[] = {
                { "null", "match" },
                { "[]", "match" },
                { "\"ring\"", "match" },
                { "{\"Ring\":[\"a\"]}", "match.Ring" },
                { "{\"\":[\"a\"]}", "match." },
                { "{\"a\\u0000b\":[\"a\"]}", "match.a" },
                { "{\"r\":\"a\"}", "match.r" },
                { "{\"r\":null}", "match.r" },
                { "{\"r\":[]}", "match.r" },
                { "{\"r\":{}}", "match.r" },
                { "{\"r\":[1]}", "match.r[0]" },
                { "{\"r\":[\"a\",\"b\",null]}", "match.r[2]" },
                { "{\"r\":[\"a\\u0000\"]}", "match.r[0]" },
                { "{\"r\":{\"in\":\"a\"}}", "match.r.in" },
                { "{\"r\":{\"in\":[]}}", "match.r.in" },
                { "{\"r\":{\"in\":[\"a\",{}]}}", "match.r.in[1]" },
                { "{\"r\":{\"not_in\":[]}}", "match.r.not_in" },
                { "{\"r\":{\"not_in\":\"a\"}}", "match.r.not_in" },
                { "{\"r\":{\"prefix\":1}}", "match.r.prefix" },
                { "{\"r\":{\"prefix\":[]}}", "match.r.prefix" },
                { "{\"r\":{\"prefix\":[\"\",1]}}", "match.r.prefix[1]" },
                { "{\"r\":{\"prefix\":\"a\\u0000\"}}", "match.r.prefix" },
                { "{\"r\":{\"semver\":1}}", "match.r.semver" },
                { "{\"r\":{\"semver\":[\">1.2.3\"]}}", "match.r.semver" },
                { "{\"r\":{\"semver\":\"\"}}", "match.r.semver" },
                { "{\"r\":{\"semver\":\">=1.2\"}}", "match.r.semver" },
                { "{\"r\":{\"cidr\":true}}", "match.r.cidr" },
                { "{\"r\":{\"cidr\":[]}}", "match.r.cidr" },
                { "{\"r\":{\"cidr\":\"10.0.0.0/33\"}}", "match.r.cidr" },
                { "{\"r\":{\"cidr\":[\"10.0.0.0/8\",\"::/129\"]}}", "match.r.cidr[1]" },
                { "{\"r\":{\"exists\":1}}", "match.r.exists" },
                { "{\"r\":{\"exists\":\"true\"}}", "match.r.exists" },
                { "{\"r\":{\"exists\":null}}", "match.r.exists" },
                { "{\"r\":{\"like\":\"a\"}}", "match.r.like" },
                { "{\"r\":{\"exists\":true,\"exists\":true}}", "match.r.exists" },
                { "{\"r\":[\"a\"],\"r\":[\"a\"]}", "match.r" },
                { "{\"r\":[\"a\"],\"\\u0072\":[\"a\"]}", "match.r" },
                { "{\"app.ver-1_x\":{\"in\":[7]}}", "match.app.ver-1_x.in[0]" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                char rules[256], field[64];

                (void)snprintf(rules, sizeof(rules),
                               "[{\"split\":[{\"version\":9,\"weight\":1}]},"
                               "{\"match\":%s,\"split\":[{\"version\":9,\"weight\":1}]}]",
                               wrong[i].match);
                (void)snprintf(field, sizeof(field), "rules[1].%s", wrong[i].field);
                expect_refusal(span_from_string(rules), field);
        }
}

/* A name of any length is cut behind a whole character, and leaves room for more in front of the path. */
static void test_the_path_of_a_long_name_is_cut(void **state _unused_) {
        for (size_t size = 0; size < 200; size++) {
                _cleanup_(buf_deinit) Buf rules = BUF_NULL;
                Problem problem = PROBLEM_NULL;
                Span field;

                buf_append_string(&rules, "[{\"match\":{\"");
                for (size_t i = 0; i < size; i++)
                        buf_append_char(&rules, 'n');
                buf_append_string(&rules, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\":[]},\"split\":[]}]");
                assert_int_equal(gray_new(buf_span(&rules), SPAN_LITERAL(SALT), &(Gray *){ NULL }, &problem),
                                 GRAY_E_INVALID);

                field = span_from_string(problem.field);
                assert_true(span_starts_with(field, SPAN_LITERAL("rules[0].")));
                assert_int_equal(utf8_valid_size(field), field.size);
                assert_true(field.size + strlen("operations[127].") < PROBLEM_FIELD_MAX);
        }
}

static void expect_limit(const char *before, const char *piece, const char *after, size_t n_max,
                         const char *field) {
        _cleanup_(buf_deinit) Buf most = BUF_NULL, too_many = BUF_NULL;
        _cleanup_(gray_unrefp) Gray *gray = NULL;
        Problem problem = PROBLEM_NULL;

        append_many(&most, before, n_max, piece, after);
        append_many(&too_many, before, n_max + 1, piece, after);
        assert_int_equal(gray_new(buf_span(&most), SPAN_LITERAL(SALT), &gray, &problem), 0);
        expect_refusal(buf_span(&too_many), field);
}

static void test_limits(void **state _unused_) {
        static const char split[] = ",\"split\":[{\"version\":9,\"weight\":1}]}]";
        char after[128];

        expect_limit("[", "{\"split\":[{\"version\":9,\"weight\":1}]}", "]", GRAY_RULES_MAX, "rules");
        expect_limit("[{\"split\":[", "{\"version\":9,\"weight\":0.5}", "]}]", GRAY_ARMS_MAX,
                     "rules[0].split");
        (void)snprintf(after, sizeof(after), "}%s", split);
        expect_limit("[{\"match\":{", "\"t%zu\":[\"a\"]", after, GRAY_CONDITIONS_MAX, "rules[0].match");
        (void)snprintf(after, sizeof(after), "]}%s", split);
        expect_limit("[{\"match\":{\"t\":[", "\"%zu\"", after, GRAY_VALUES_MAX, "rules[0].match.t");
        (void)snprintf(after, sizeof(after), "]}}%s", split);
        expect_limit("[{\"match\":{\"t\":{\"cidr\":[", "\"::%zu\"", after, GRAY_VALUES_MAX,
                     "rules[0].match.t.cidr");
        expect_limit("[{\"match\":{\"t\":{\"prefix\":[", "\"%zu\"", after, GRAY_VALUES_MAX,
                     "rules[0].match.t.prefix");
}

/* One that is named already is none too many, wherever it stands. */
static void test_limit_of_versions(void **state _unused_) {
        expect_limit("[{\"split\":[", "{\"version\":1%zu,\"weight\":1}", "]}]", GRAY_VERSIONS_MAX,
                     "rules[0].split[8].version");
        expect_limit("[", "{\"split\":[{\"version\":7,\"weight\":1},{\"version\":1%zu,\"weight\":1}]}", "]",
                     GRAY_VERSIONS_MAX - 1, "rules[7].split[1].version");
        expect_limit("[{\"split\":[", "{\"version\":1%zu,\"weight\":1}",
                     ",{\"version\":10,\"weight\":1}]},{\"split\":[{\"version\":11,\"weight\":1}]}]",
                     GRAY_VERSIONS_MAX, "rules[0].split[8].version");
}

static void test_sizes(void **state _unused_) {
        _cleanup_(buf_deinit) Buf rules = BUF_NULL;
        _cleanup_(gray_unrefp) Gray *gray = NULL;
        Problem problem = PROBLEM_NULL;
        char value[TAG_VALUE_SIZE_MAX + 2] = "", condition[TAG_VALUE_SIZE_MAX + 16];

        memset(value, 'a', TAG_VALUE_SIZE_MAX);
        (void)snprintf(condition, sizeof(condition), "[\"%s\"]", value);
        assert_true(holds(condition, value));

        value[TAG_VALUE_SIZE_MAX] = 'a';
        buf_append_format(&rules,
                          "[{\"match\":{\"t\":[\"a\",\"%s\"]},\"split\":[{\"version\":9,\"weight\":1}]}]",
                          value);
        expect_refusal(buf_span(&rules), "rules[0].match.t[1]");

        buf_clear(&rules);
        buf_append_string(&rules, "[{\"split\":[{\"version\":9,\"weight\":1}]}]");
        while (rules.size < GRAY_RULES_SIZE_MAX)
                buf_append_char(&rules, ' ');
        assert_int_equal(gray_new(buf_span(&rules), SPAN_LITERAL(SALT), &gray, &problem), 0);
        buf_append_char(&rules, ' ');
        expect_refusal(buf_span(&rules), "rules");
}

static void test_salts(void **state _unused_) {
        static const Span rules = SPAN_LITERAL("[{\"split\":[{\"version\":9,\"weight\":1}]}]");
        char long_salt[GRAY_SALT_SIZE_MAX + 1];
        Span wrong[] = { SPAN_NULL,
                         SPAN_LITERAL(""),
                         SPAN_LITERAL("a\0b"),
                         SPAN_LITERAL("\xff"),
                         { long_salt, sizeof(long_salt) } };
        _cleanup_(gray_unrefp) Gray *gray = NULL;
        Problem problem = PROBLEM_NULL;

        memset(long_salt, 'a', sizeof(long_salt));
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                assert_int_equal(gray_new(rules, wrong[i], &gray, &problem), GRAY_E_INVALID);
                assert_string_equal(problem.field, "salt");
        }

        assert_int_equal(gray_new(rules, (Span){ long_salt, GRAY_SALT_SIZE_MAX }, &gray, &problem), 0);
        assert_true(span_equal(gray_salt(gray), (Span){ long_salt, GRAY_SALT_SIZE_MAX }));
        assert_true(span_equal(gray_rules(gray), rules));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_faults_are_told_with_their_path),
                cmocka_unit_test(test_faults_of_matches_are_told_with_their_path),
                cmocka_unit_test(test_the_path_of_a_long_name_is_cut),
                cmocka_unit_test(test_limits),
                cmocka_unit_test(test_limit_of_versions),
                cmocka_unit_test(test_sizes),
                cmocka_unit_test(test_salts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
