/*
 * Gray rules: what is refused, and with which path; who gets what. tests/data/gray-vectors.json has many more
 * cases, see test-gray-vectors.c.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/gray.h"
#include "model/utf8.h"

#define SALT "0123456789abcdef"

static Gray *compile(const char *rules) {
        Gray *gray = NULL;
        Problem problem = PROBLEM_NULL;
        int r = gray_new(span_from_string(rules), SPAN_LITERAL(SALT), &gray, &problem);

        if (r)
                fail_msg("%s: %d, %s: %s", rules, r, problem.field, problem.text);
        return gray;
}

/* Rules of one, which gives version 9 to all that @match holds for. */
static Gray *compile_match(const char *match) {
        _cleanup_(buf_deinit) Buf rules = BUF_NULL;
        _cleanup_(freep) char *text = NULL;

        buf_append_format(&rules, "[{\"match\":%s,\"split\":[{\"version\":9,\"weight\":100}]}]", match);
        text = buf_take_string(&rules);
        return compile(text);
}

static bool matches_tags(const char *match, const Tag *tags, size_t n_tags) {
        _cleanup_(gray_freep) Gray *gray = compile_match(match);
        GrayVerdict verdict = gray_evaluate(gray, &(GrayAsker){ .tags = tags, .n_tags = n_tags });

        assert_int_equal(verdict.bucket, -1);
        assert_int_equal(verdict.rule, verdict.arm);
        assert_int_equal(verdict.reason, verdict.arm == 0 ? GRAY_REASON_ARM : GRAY_REASON_NO_MATCH);
        return verdict.arm == 0;
}

/* Does the condition hold for a tag of that value? */
static bool holds(const char *condition, const char *value) {
        Tag tags[] = { { SPAN_LITERAL("other"), SPAN_LITERAL("1") },
                       { SPAN_LITERAL("t"), span_from_string(value) } };
        char match[2048];

        (void)snprintf(match, sizeof(match), "{\"t\":%s}", condition);
        return matches_tags(match, tags, ARRAY_SIZE(tags));
}

/* And when there is no such tag? */
static bool holds_without(const char *condition) {
        Tag tags[] = { { SPAN_LITERAL("other"), SPAN_LITERAL("a") } };
        char match[2048];

        (void)snprintf(match, sizeof(match), "{\"t\":%s}", condition);
        assert_int_equal(matches_tags(match, tags, 1), matches_tags(match, NULL, 0));
        return matches_tags(match, tags, 1);
}

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

/* @n times @piece, with commas between them; %zu in it is the number. */
static void append_many(Buf *buf, const char *before, size_t n, const char *piece, const char *after) {
        buf_append_string(buf, before);
        for (size_t i = 0; i < n; i++) {
                char text[128];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                (void)snprintf(text, sizeof(text), piece, i);
#pragma GCC diagnostic pop
                buf_append_string(buf, i ? "," : "");
                buf_append_string(buf, text);
        }
        buf_append_string(buf, after);
}

static void expect_limit(const char *before, const char *piece, const char *after, size_t n_max,
                         const char *field) {
        _cleanup_(buf_deinit) Buf most = BUF_NULL, too_many = BUF_NULL;
        _cleanup_(gray_freep) Gray *gray = NULL;
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
        _cleanup_(gray_freep) Gray *gray = NULL;
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
        _cleanup_(gray_freep) Gray *gray = NULL;
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

static void test_in(void **state _unused_) {
        assert_true(holds("[\"canary\"]", "canary"));
        assert_true(holds("{\"in\":[\"a\",\"canary\"]}", "canary"));
        assert_false(holds("[\"canary\"]", "Canary"));
        assert_false(holds("[\"canary\"]", "canar"));
        assert_false(holds("[\"canary\"]", "canaryy"));
        assert_false(holds("[\"canary\"]", ""));
        assert_true(holds("[\"\"]", ""));
        assert_true(holds("[\"Z\\u00fcrich\"]", "Z\xc3\xbcrich"));
        assert_false(holds("[\"Z\\u00fcrich\"]", "Zu\xcc\x88rich"));
        assert_true(holds("[\"a\\\"b\\n\"]", "a\"b\n"));
        assert_true(holds("[\"12345678\"]", "12345678"));
        assert_false(holds("[\"12345678\"]", "123456789"));
        assert_false(holds("[\"12345678a\"]", "12345678b"));
        assert_false(holds("[\"12345678ab\"]", "12345678b"));
        assert_false(holds_without("[\"\"]"));
        assert_false(holds_without("[\"a\"]"));
}

static void test_not_in(void **state _unused_) {
        assert_false(holds("{\"not_in\":[\"a\",\"b\"]}", "b"));
        assert_true(holds("{\"not_in\":[\"a\",\"b\"]}", "c"));
        assert_true(holds("{\"not_in\":[\"a\",\"b\"]}", ""));
        assert_true(holds_without("{\"not_in\":[\"a\",\"b\"]}"));
        assert_true(holds_without("{\"not_in\":[\"\"]}"));
}

static void test_prefix(void **state _unused_) {
        assert_true(holds("{\"prefix\":\"eu-\"}", "eu-west"));
        assert_true(holds("{\"prefix\":\"eu-\"}", "eu-"));
        assert_false(holds("{\"prefix\":\"eu-\"}", "eu"));
        assert_false(holds("{\"prefix\":\"eu-\"}", "us-west"));
        assert_true(holds("{\"prefix\":[\"us-\",\"eu-\"]}", "us-west"));
        assert_true(holds("{\"prefix\":\"\"}", ""));
        assert_true(holds("{\"prefix\":[\"x\",\"\"]}", "a"));
        assert_true(holds("{\"prefix\":\"\\u00fc\"}", "\xc3\xbc-"));
        assert_false(holds("{\"prefix\":\"\\u00fc\"}", "\xc3"));
        assert_false(holds_without("{\"prefix\":\"\"}"));
}

static void test_semver(void **state _unused_) {
        assert_true(holds("{\"semver\":\">=2.1.0\"}", "2.1.0"));
        assert_false(holds("{\"semver\":\">=2.1.0\"}", "2.1.0-rc.1"));
        assert_true(holds("{\"semver\":\">=1.0.0 <2.0.0\"}", "1.5.0"));
        assert_false(holds("{\"semver\":\">=1.0.0 <2.0.0\"}", "2.0.0"));
        assert_false(holds("{\"semver\":\">=0.0.0\"}", "v1.0.0"));
        assert_false(holds("{\"semver\":\">=0.0.0\"}", ""));
        assert_false(holds_without("{\"semver\":\">=0.0.0\"}"));
}

static void test_cidr(void **state _unused_) {
        assert_true(holds("{\"cidr\":\"10.0.0.0/8\"}", "10.1.2.3"));
        assert_false(holds("{\"cidr\":\"10.0.0.0/8\"}", "11.1.2.3"));
        assert_true(holds("{\"cidr\":[\"11.0.0.0/8\",\"::/0\",\"10.0.0.0/8\"]}", "10.1.2.3"));
        assert_true(holds("{\"cidr\":[\"11.0.0.0/8\",\"::/0\",\"10.0.0.0/8\"]}", "fe80::1"));
        assert_false(holds("{\"cidr\":[\"0.0.0.0/0\",\"::/0\"]}", "10.1.2.3/32"));
        assert_false(holds("{\"cidr\":[\"0.0.0.0/0\",\"::/0\"]}", ""));
        assert_false(holds_without("{\"cidr\":[\"0.0.0.0/0\",\"::/0\"]}"));
}

static void test_exists(void **state _unused_) {
        assert_true(holds("{\"exists\":true}", "a"));
        assert_true(holds("{\"exists\":true}", ""));
        assert_false(holds_without("{\"exists\":true}"));
        assert_false(holds("{\"exists\":false}", ""));
        assert_true(holds_without("{\"exists\":false}"));
        assert_true(holds_without("{\"exists\":false,\"not_in\":[\"a\"]}"));
}

static void test_all_operators_of_a_condition_hold_together(void **state _unused_) {
        static const char condition[] = "{\"semver\":\">=1.0.0\",\"prefix\":[\"1.\",\"2.\"],"
                                        "\"not_in\":[\"1.3.0\"],\"exists\":true}";

        assert_true(holds(condition, "1.2.0"));
        assert_false(holds(condition, "1.3.0"));
        assert_false(holds(condition, "3.0.0"));
        assert_false(holds(condition, "1.0.0-rc"));
        assert_false(holds_without(condition));
}

static void test_all_tags_of_a_match_hold_together(void **state _unused_) {
        static const char match[] = "{\"ring\":[\"canary\"],\"region\":[\"eu\",\"us\"]}";
        Tag tags[] = { { SPAN_LITERAL("region"), SPAN_LITERAL("us") },
                       { SPAN_LITERAL("ring"), SPAN_LITERAL("canary") } };

        assert_true(matches_tags(match, tags, 2));
        assert_false(matches_tags(match, tags, 1));
        tags[0].value = SPAN_LITERAL("ap");
        assert_false(matches_tags(match, tags, 2));
        assert_true(matches_tags("{}", tags, 2));
        assert_true(matches_tags("{}", NULL, 0));
}

static void test_of_tags_with_the_same_name_the_first_counts(void **state _unused_) {
        Tag tags[] = { { SPAN_LITERAL("t"), SPAN_LITERAL("a") }, { SPAN_LITERAL("t"), SPAN_LITERAL("b") } };

        assert_true(matches_tags("{\"t\":[\"a\"]}", tags, 2));
        assert_false(matches_tags("{\"t\":[\"b\"]}", tags, 2));
}

/* Values of all sizes around where they are compared another way, and lists of all sizes likewise. */
static void test_lists_of_any_size_in_any_order(void **state _unused_) {
        for (size_t n = 1; n <= 40; n++)
                for (size_t wanted = 0; wanted <= n; wanted++) {
                        _cleanup_(buf_deinit) Buf in = BUF_NULL, prefix = BUF_NULL, cidr = BUF_NULL;
                        char value[64], address[64];

                        append_many(&in, "{\"in\":[", n, "\"12345%zu\"", "]}");
                        append_many(&prefix, "{\"prefix\":[", n, "\"12345%zu-\"", "]}");
                        append_many(&cidr, "{\"cidr\":[", n, "\"10.%zu.0.0/16\"", "]}");
                        buf_append_char(&in, '\0');
                        buf_append_char(&prefix, '\0');
                        buf_append_char(&cidr, '\0');

                        (void)snprintf(value, sizeof(value), "12345%zu", wanted);
                        assert_int_equal(holds(in.data, value), wanted < n);
                        strcat(value, "-x");
                        assert_int_equal(holds(prefix.data, value), wanted < n);
                        (void)snprintf(address, sizeof(address), "10.%zu.3.4", wanted);
                        assert_int_equal(holds(cidr.data, address), wanted < n);
                        (void)snprintf(address, sizeof(address), "10.%zu.0.0", wanted);
                        assert_int_equal(holds(cidr.data, address), wanted < n);
                }
}

static void test_what_covers_another_is_found(void **state _unused_) {
        static const char prefixes[] = "{\"prefix\":[\"abc\",\"b\",\"a\",\"abd\",\"ab\",\"a-\",\"c-\"]}";
        static const char networks[] = "{\"cidr\":[\"10.9.0.0/16\",\"10.0.0.0/8\",\"10.1.0.0/16\","
                                       "\"10.1.2.0/24\",\"9.0.0.0/16\",\"9.0.1.0/24\",\"11.1.1.1\"]}";

        assert_true(holds(prefixes, "a"));
        assert_true(holds(prefixes, "az"));
        assert_true(holds(prefixes, "abcd"));
        assert_true(holds(prefixes, "abdz"));
        assert_false(holds(prefixes, "c"));
        assert_true(holds(prefixes, "c-"));
        assert_true(holds(networks, "10.200.0.1"));
        assert_true(holds(networks, "10.1.2.3"));
        assert_true(holds(networks, "9.0.200.1"));
        assert_false(holds(networks, "9.1.0.1"));
        assert_true(holds(networks, "11.1.1.1"));
        assert_false(holds(networks, "11.1.1.2"));
}

/* Nothing that a tag can hold matches by accident, or reads beyond it. */
static void test_any_bytes_may_be_in_a_tag(void **state _unused_) {
        static const char *const conditions[] = {
                "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]",
                "{\"prefix\":[\"ab\",\"b\",\"c\"]}",
                "{\"semver\":\">=0.0.0-0\"}",
                "{\"cidr\":[\"0.0.0.0/0\",\"::/0\"]}",
        };
        static const Span values[] = {
                { NULL, 0 },
                SPAN_LITERAL("a\0"),
                SPAN_LITERAL("a\0b"),
                SPAN_LITERAL("\0"),
                SPAN_LITERAL("\0\0\0\0\0\0\0\0\0"),
                SPAN_LITERAL("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7"),
                SPAN_LITERAL("1.0.0\0"),
                SPAN_LITERAL("1.2.3.4\0"),
                SPAN_LITERAL("\xc3"),
        };

        for (size_t i = 0; i < ARRAY_SIZE(conditions); i++)
                for (size_t k = 0; k < ARRAY_SIZE(values); k++) {
                        Tag tag = { SPAN_LITERAL("t"), values[k] };
                        char match[128];

                        (void)snprintf(match, sizeof(match), "{\"t\":%s}", conditions[i]);
                        assert_false(matches_tags(match, &tag, 1));
                }
}

static void test_the_first_rule_that_holds_decides(void **state _unused_) {
        _cleanup_(gray_freep) Gray *gray = compile(
                "[{\"match\":{\"ring\":[\"x\"]},\"split\":[{\"version\":7,\"weight\":0}]},"
                "{\"match\":{\"ring\":[\"x\",\"y\"]},\"split\":[{\"version\":8,\"weight\":100}]},"
                "{\"match\":{\"ring\":{\"exists\":true}},\"split\":[{\"version\":9,\"weight\":100}]}]");
        static const struct {
                const char *ring;
                int rule, arm;
                GrayReason reason;
        } cases[] = {
                { "x", 0, -1, GRAY_REASON_OUTSIDE_SPLIT },
                { "y", 1, 1, GRAY_REASON_ARM },
                { "z", 2, 2, GRAY_REASON_ARM },
        };
        GrayVerdict verdict;

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                Tag tag = { SPAN_LITERAL("ring"), span_from_string(cases[i].ring) };

                verdict = gray_evaluate(gray,
                                        &(GrayAsker){ .unit = SPAN_LITERAL("u"), .tags = &tag, .n_tags = 1 });
                assert_int_equal(verdict.rule, cases[i].rule);
                assert_int_equal(verdict.arm, cases[i].arm);
                assert_int_equal(verdict.reason, cases[i].reason);
                assert_in_range(verdict.bucket, 0, GRAY_BUCKETS - 1);
        }

        verdict = gray_evaluate(gray, &(GrayAsker){ .unit = SPAN_LITERAL("u") });
        assert_int_equal(verdict.rule, -1);
        assert_int_equal(verdict.arm, -1);
        assert_int_equal(verdict.bucket, -1);
        assert_int_equal(verdict.reason, GRAY_REASON_NO_MATCH);
}

static void test_without_a_unit_only_a_whole_arm_chooses(void **state _unused_) {
        static const struct {
                const char *split;
                bool chooses;
        } cases[] = {
                { "[{\"version\":9,\"weight\":100}]", true },
                { "[{\"version\":9,\"weight\":99.999}]", false },
                { "[{\"version\":9,\"weight\":100},{\"version\":8,\"weight\":0}]", false },
                { "[{\"version\":9,\"weight\":0}]", false },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(gray_freep) Gray *gray = NULL;
                GrayVerdict absent, empty;
                char rules[256];

                (void)snprintf(rules, sizeof(rules), "[{\"split\":%s}]", cases[i].split);
                gray = compile(rules);
                absent = gray_evaluate(gray, &(GrayAsker){ .unit = SPAN_NULL });
                empty = gray_evaluate(gray, &(GrayAsker){ .unit = SPAN_LITERAL("") });
                assert_memory_equal(&absent, &empty, sizeof(absent));
                assert_int_equal(absent.rule, 0);
                assert_int_equal(absent.bucket, -1);
                assert_int_equal(absent.arm, cases[i].chooses ? 0 : -1);
                assert_int_equal(absent.reason, cases[i].chooses ? GRAY_REASON_ARM : GRAY_REASON_NO_UNIT);
        }
}

/* murmur3("0123456789abcdef\x1finstance-1"), reckoned elsewhere. */
static void test_the_bucket(void **state _unused_) {
        _cleanup_(gray_freep) Gray *gray = compile("[{\"split\":[{\"version\":9,\"weight\":1}]}]");
        GrayVerdict verdict = gray_evaluate(gray, &(GrayAsker){ .unit = SPAN_LITERAL("instance-1") });

        assert_int_equal(verdict.bucket, 66978);
}

/* Slices are shut below and open above, and lie one behind the other. */
static void test_slices(void **state _unused_) {
        _cleanup_(gray_freep) Gray *gray =
                compile("[{\"split\":[{\"version\":7,\"weight\":0},{\"version\":8,\"weight\":33.333},"
                        "{\"version\":9,\"weight\":0.001},{\"version\":8,\"weight\":50}]}]");
        size_t counts[5] = { 0 }, n_arms;
        const GrayArm *arms = gray_arms(gray, &n_arms);

        assert_int_equal(n_arms, 4);
        assert_int_equal(arms[1].from, 0);
        assert_int_equal(arms[1].to, 33333);
        assert_int_equal(arms[2].from, 33333);
        assert_int_equal(arms[3].from, 33334);
        assert_int_equal(arms[3].to, 83334);
        assert_int_equal(arms[3].version, 8);
        assert_int_equal(arms[3].rule, 0);

        for (size_t i = 0; i < 400000; i++) {
                char unit[16];
                int size = snprintf(unit, sizeof(unit), "unit-%zu", i);
                GrayVerdict verdict = gray_evaluate(gray, &(GrayAsker){ .unit = { unit, (size_t)size } });
                int32_t bucket = verdict.bucket;
                int arm = bucket < 33333 ? 1 : bucket < 33334 ? 2 : bucket < 83334 ? 3 : -1;

                assert_int_equal(verdict.arm, arm);
                assert_int_equal(verdict.reason, arm < 0 ? GRAY_REASON_OUTSIDE_SPLIT : GRAY_REASON_ARM);
                counts[arm + 1]++;
        }
        assert_int_equal(counts[1], 0);
        assert_true(counts[0] > 0 && counts[2] > 0 && counts[3] > 0 && counts[4] > 0);
}

/* As many tags as anybody may have, one more, and as many names as there can be in rules. */
static void test_the_most_tags_and_names(void **state _unused_) {
        enum { N_TAGS = TAGS_MAX + 1 };
        _cleanup_(buf_deinit) Buf rules = BUF_NULL;
        _cleanup_(gray_freep) Gray *gray = NULL;
        static char names[N_TAGS][32];
        Problem problem;
        Tag tags[N_TAGS];

        /* Rule r asks for 32 tags of its own, whose names differ in the middle. */
        buf_append_char(&rules, '[');
        for (size_t rule = 0; rule < GRAY_RULES_MAX; rule++) {
                buf_append_string(&rules, rule ? ",{\"match\":{" : "{\"match\":{");
                for (size_t i = 0; i < GRAY_CONDITIONS_MAX; i++)
                        buf_append_format(
                                &rules,
                                "%s\"the-tag-%04zu-of-many\":{\"semver\":\"^1.0.0\",\"in\":[\"1.2.3\"]}",
                                i ? "," : "", rule * GRAY_CONDITIONS_MAX + i);
                buf_append_string(&rules, "},\"split\":[{\"version\":1,\"weight\":100}]}");
        }
        buf_append_char(&rules, ']');
        assert_int_equal(gray_new(buf_span(&rules), SPAN_LITERAL(SALT), &gray, &problem), 0);

        for (size_t rule = 0; rule < GRAY_RULES_MAX; rule++) {
                for (size_t i = 0; i < N_TAGS; i++) {
                        (void)snprintf(names[i], sizeof(names[i]), "the-tag-%04zu-of-many",
                                       rule * GRAY_CONDITIONS_MAX + i);
                        tags[i] = (Tag){ span_from_string(names[i]), SPAN_LITERAL("1.2.3") };
                }
                assert_int_equal(gray_evaluate(gray, &(GrayAsker){ .tags = tags, .n_tags = TAGS_MAX }).rule,
                                 rule);
                assert_int_equal(gray_evaluate(gray, &(GrayAsker){ .tags = tags, .n_tags = N_TAGS }).rule,
                                 rule);
                assert_int_equal(
                        gray_evaluate(gray, &(GrayAsker){ .tags = tags, .n_tags = TAGS_MAX - 1 }).rule, -1);
                assert_int_equal(
                        gray_evaluate(gray, &(GrayAsker){ .tags = tags + 1, .n_tags = TAGS_MAX }).rule, -1);
        }

        /* What would hold is the 33rd. */
        tags[N_TAGS - 1] = tags[0];
        tags[0].value = SPAN_LITERAL("x");
        tags[0].name = SPAN_LITERAL("other");
        assert_int_equal(gray_evaluate(gray, &(GrayAsker){ .tags = tags, .n_tags = N_TAGS }).rule, -1);
}

static void test_the_weight_of_an_arm_is_rewritten_in_place(void **state _unused_) {
        static const struct {
                const char *rules;
                uint32_t rule, weight;
                const char *expected;
        } cases[] = {
                { "[{\"split\":[{\"version\":9,\"weight\":5}]}]", 0, 10500,
                  "[{\"split\":[{\"version\":9,\"weight\":10.5}]}]" },
                { " [ {\"split\" : [ {\"weight\" : 1e1 , \"version\":9} , {\"version\":8,\"weight\":5}]} ] ",
                  0, 100000,
                  " [ {\"split\" : [ {\"weight\" : 100 , \"version\":9} , {\"version\":8,\"weight\":5}]} "
                  "] " },
                { "[{\"match\":{\"split\":[\"weight\"],\"weight\":[\"5\"]},"
                  "\"split\":[{\"version\":9,\"weight\":5}]},"
                  "{\"match\":{},\"spl\\u0069t\":[{\"version\":9,\"weigh\\u0074\":7},"
                  "{\"version\":8,\"weight\":7}]}]",
                  1, 1,
                  "[{\"match\":{\"split\":[\"weight\"],\"weight\":[\"5\"]},"
                  "\"split\":[{\"version\":9,\"weight\":5}]},"
                  "{\"match\":{},\"spl\\u0069t\":[{\"version\":9,\"weigh\\u0074\":0.001},"
                  "{\"version\":8,\"weight\":7}]}]" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(gray_freep) Gray *gray = compile(cases[i].rules);
                _cleanup_(buf_deinit) Buf buf = BUF_NULL;
                size_t n_arms;

                assert_true(cases[i].rule < gray_n_rules(gray));
                assert_int_not_equal(gray_arms(gray, &n_arms)->version, 0);
                gray_append_rules_with_weight(gray, cases[i].rule, cases[i].weight, &buf);
                buf_append_char(&buf, '\0');
                assert_string_equal(buf.data, cases[i].expected);
        }
}

static void test_reasons_have_names(void **state _unused_) {
        assert_string_equal(gray_reason_to_string(GRAY_REASON_NO_GRAY_RELEASE), "no_gray_release");
        assert_string_equal(gray_reason_to_string(GRAY_REASON_NO_MATCH), "no_match");
        assert_string_equal(gray_reason_to_string(GRAY_REASON_NO_UNIT), "no_unit");
        assert_string_equal(gray_reason_to_string(GRAY_REASON_OUTSIDE_SPLIT), "outside_split");
        assert_string_equal(gray_reason_to_string(GRAY_REASON_ARM), "arm");
}

/* How many allocations succeed before one fails; -1: none does. The build wraps these functions for this
 * test. */
static int n_allocations_left = -1;

void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_calloc(size_t n, size_t size);

/* One fails, those after it do not: whoever goes on regardless is found out. */
static bool allocation_fails(void) {
        return n_allocations_left >= 0 && n_allocations_left-- == 0;
}

void *__wrap_malloc(size_t size) {
        return allocation_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
        return allocation_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size) {
        return allocation_fails() ? NULL : __real_realloc(old, size);
}

static void test_each_allocation_may_fail(void **state _unused_) {
        static const char rules[] = "[{\"match\":{\"a\":[\"x\",\"y\"],\"b\":{\"semver\":\"^1.2.3\"},"
                                    "\"c\":{\"cidr\":\"::/0\"}},\"split\":[{\"version\":9,\"weight\":5}]}]";
        int r = -ENOMEM, n = 0;

        for (; r == -ENOMEM; n++) {
                Gray *gray = NULL;
                Problem problem = PROBLEM_NULL;

                n_allocations_left = n;
                r = gray_new(span_from_string(rules), SPAN_LITERAL(SALT), &gray, &problem);
                n_allocations_left = -1;
                assert_true(r == 0 || r == -ENOMEM);
                assert_true((gray != NULL) == (r == 0));
                gray_free(gray);
        }
        assert_int_equal(r, 0);
        assert_true(n > 8);
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
                cmocka_unit_test(test_in),
                cmocka_unit_test(test_not_in),
                cmocka_unit_test(test_prefix),
                cmocka_unit_test(test_semver),
                cmocka_unit_test(test_cidr),
                cmocka_unit_test(test_exists),
                cmocka_unit_test(test_all_operators_of_a_condition_hold_together),
                cmocka_unit_test(test_all_tags_of_a_match_hold_together),
                cmocka_unit_test(test_of_tags_with_the_same_name_the_first_counts),
                cmocka_unit_test(test_lists_of_any_size_in_any_order),
                cmocka_unit_test(test_what_covers_another_is_found),
                cmocka_unit_test(test_any_bytes_may_be_in_a_tag),
                cmocka_unit_test(test_the_first_rule_that_holds_decides),
                cmocka_unit_test(test_without_a_unit_only_a_whole_arm_chooses),
                cmocka_unit_test(test_the_bucket),
                cmocka_unit_test(test_slices),
                cmocka_unit_test(test_the_most_tags_and_names),
                cmocka_unit_test(test_the_weight_of_an_arm_is_rewritten_in_place),
                cmocka_unit_test(test_reasons_have_names),
                cmocka_unit_test(test_each_allocation_may_fail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
