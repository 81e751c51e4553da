/*
 * Semantic versions: which texts are some, what comes before what, and what ranges hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/macros.h"
#include "model/semver.h"

#define COMPARATORS_MAX 16

static bool is_version(const char *text) {
        Semver version;

        return semver_parse(span_from_string(text), &version);
}

static Semver parse(const char *text) {
        Semver version = { 0 };

        if (!semver_parse(span_from_string(text), &version))
                fail_msg("%s is a version", text);
        return version;
}

static int sign(int order) {
        return (order > 0) - (order < 0);
}

static bool range_is_good(const char *range) {
        SemverComparator comparators[COMPARATORS_MAX];
        size_t n = 0;

        return semver_range_parse(span_from_string(range), COMPARATORS_MAX, comparators, &n);
}

static bool is_in(const char *range, const char *text) {
        SemverComparator comparators[COMPARATORS_MAX];
        Semver version = parse(text);
        size_t n = 0;

        if (!semver_range_parse(span_from_string(range), COMPARATORS_MAX, comparators, &n))
                fail_msg("%s is a range", range);
        for (size_t i = 0; i < n; i++)
                if (!semver_comparator_holds(&comparators[i], &version))
                        return false;
        return true;
}

static void test_what_is_a_version(void **state _unused_) {
        static const char *const versions[] = {
                "0.0.0",
                "1.2.3",
                "10.20.30",
                "1.1.2-prerelease+meta",
                "1.1.2+meta",
                "1.1.2+meta-valid",
                "1.0.0-alpha",
                "1.0.0-alpha.1",
                "1.0.0-alpha0.valid",
                "1.0.0-alpha.0valid",
                "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay",
                "1.0.0-rc.1+build.1",
                "1.2.3-SNAPSHOT-123",
                "2.0.0+build.1848",
                "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
                "99999999999999999999999.999999999999999999.99999999999999999",
                "1.0.0-0A.is.legal",
                "1.2.3----RC-SNAPSHOT.12.9.1--.12+788",
                "1.0.0-0",
                "1.0.0+001",
                "1.0.0--",
                "1.0.0-99999999999999999999999999999999999999",
        };

        for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
                (void)parse(versions[i]);
}

static void test_what_is_none(void **state _unused_) {
        static const char *const others[] = {
                "",           "1",          "1.2",        "1.2.3-",
                "1.2.3+",     "1.2.3-+",    "1.2.3-+b",   "1.2.3-a+",
                "1.2.3.4",    "01.1.1",     "1.01.1",     "1.1.01",
                "1.2.3-0123", "1.2.3-a.01", "1.2.3-a..b", "1.2.3-.a",
                "1.2.3-a.",   "1.2.3+a..b", "1.2.3+a+b",  "1.2.3-a_b",
                "v1.2.3",     " 1.2.3",     "1.2.3 ",     "1.2.3\n",
                "-1.2.3",     "1.-2.3",     "1..3",       ".1.2",
                "1.2.",       "a.b.c",      "1.2.x",      "1.2.3-\xc3\xa4",
                "1,2,3",      "00.0.0",     "0x1.2.3",    "1.2.3+\xff",
                "alpha",      "1.2-beta",   "+1.2.3",     "=1.2.3",
        };

        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                if (is_version(others[i]))
                        fail_msg("\"%s\" is no version", others[i]);
        assert_false(semver_parse((Span){ "1.2.3\0", 6 }, &(Semver){ 0 }));
        assert_false(semver_parse(SPAN_NULL, &(Semver){ 0 }));
}

static void test_a_failure_returns_nothing(void **state _unused_) {
        Semver version = parse("1.2.3-a");

        assert_false(semver_parse(SPAN_LITERAL("4.5.6-"), &version));
        assert_int_equal(version.numbers[0], 1);
        assert_true(span_equal_string(version.prerelease, "a"));
}

/* Each comes before all that follow. */
static void test_precedence(void **state _unused_) {
        static const char *const sorted[] = {
                "0.0.0-0",
                "0.0.0",
                "0.0.1",
                "0.1.0",
                "0.9.9",
                "0.10.0",
                "1.0.0--",
                "1.0.0-alpha",
                "1.0.0-alpha.1",
                "1.0.0-alpha.beta",
                "1.0.0-beta",
                "1.0.0-beta.2",
                "1.0.0-beta.11",
                "1.0.0-rc.1",
                "1.0.0",
                "1.0.1-0",
                "1.0.1-0.0",
                "1.0.1-0.1",
                "1.0.1-0.1.0",
                "1.0.1-9",
                "1.0.1-10",
                "1.0.1-18446744073709551615",
                "1.0.1-18446744073709551616",
                "1.0.1-99999999999999999999",
                "1.0.1--1",
                "1.0.1-0a",
                "1.0.1-A",
                "1.0.1-AA",
                "1.0.1-a",
                "1.0.1-a.1",
                "1.0.1-a.b",
                "1.0.1-a-",
                "1.0.1-aa",
                "1.0.1",
                "2.0.0",
                "9999999999999999999.0.0",
                "10000000000000000000.0.0",
                "18446744073709551615.0.0",
                "18446744073709551616.0.0",
                "99999999999999999999.0.0",
                "100000000000000000000.0.0",
                "100000000000000000001.0.0",
        };

        for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
                for (size_t k = 0; k < ARRAY_SIZE(sorted); k++) {
                        Semver a = parse(sorted[i]), b = parse(sorted[k]);

                        if (sign(semver_compare(&a, &b)) != (i > k) - (i < k))
                                fail_msg("%s and %s are compared wrongly", sorted[i], sorted[k]);
                }
}

static void test_build_metadata_is_never_looked_at(void **state _unused_) {
        Semver plain = parse("1.2.3"), built = parse("1.2.3+9"), other = parse("1.2.3+a.b-c");
        Semver a = parse("1.2.3-rc.1+9"), b = parse("1.2.3-rc.1");

        assert_int_equal(semver_compare(&plain, &built), 0);
        assert_int_equal(semver_compare(&built, &other), 0);
        assert_int_equal(semver_compare(&a, &b), 0);
        assert_true(is_in("=1.2.3+x", "1.2.3+y"));
}

static void test_comparators(void **state _unused_) {
        static const struct {
                const char *range, *in, *out; /* with blanks between them */
        } cases[] = {
                { "1.2.3", "1.2.3 1.2.3+a", "1.2.2 1.2.4 1.2.3-a" },
                { "=1.2.3-a", "1.2.3-a", "1.2.3 1.2.3-a.0" },
                { ">1.2.3", "1.2.4 1.3.0-a 2.0.0", "1.2.3 1.2.3-z 1.2.2 0.9.9" },
                { ">=1.2.3", "1.2.3 1.2.4-a", "1.2.3-z 1.2.2" },
                { "<1.2.3", "1.2.3-a 1.2.2 0.0.0-0", "1.2.3 1.2.4-a" },
                { "<=1.2.3", "1.2.3 1.2.3-a", "1.2.4-0 2.0.0" },
                { "^1.2.3", "1.2.3 1.2.4 1.3.0-a 1.99.0", "1.2.3-a 2.0.0-a 2.0.0 0.2.3" },
                { "^0.2.3", "0.2.3 0.2.4 0.2.4-a", "0.3.0-a 0.3.0 0.2.3-a 1.2.3 0.2.2" },
                { "^0.0.3", "0.0.3 0.0.3+b", "0.0.4 0.0.4-a 0.0.3-a 0.1.3 1.0.3" },
                { "^0.0.3-a", "0.0.3-a 0.0.3-b 0.0.3", "0.0.4-a 0.0.4" },
                { "^0.0.0", "0.0.0", "0.0.1 0.1.0 0.0.0-0" },
                { "^1.2.3-rc.1", "1.2.3-rc.1 1.2.3-rc.2 1.2.3 1.9.0", "1.2.3-rc.0 1.2.3-a 2.0.0-0" },
                { "~1.2.3", "1.2.3 1.2.99 1.2.4-a", "1.3.0-a 1.3.0 1.2.3-a 2.2.3" },
                { "~0.2.3", "0.2.3 0.2.4", "0.3.0 1.2.3" },
                { "~0.0.3", "0.0.3 0.0.4", "0.1.0-0 0.0.2" },
                { ">=2.1.0", "2.1.0 2.2.0-rc.1", "2.1.0-rc.1" },
                { "<2.0.0", "2.0.0-rc.1", "2.0.0" },
                { ">=1.0.0 <2.0.0", "1.0.0 1.9.9 2.0.0-a", "0.9.9 2.0.0" },
                { "  >=1.0.0   <2.0.0  ", "1.0.0", "2.0.0" },
                { ">2.0.0 <1.0.0", "", "1.0.0 1.5.0 2.0.0 3.0.0" },
                { "^20000000000000000000.0.0", "20000000000000000000.9.0",
                  "20000000000000000001.0.0 19999999999999999999.0.0" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char in[128], out[128];

                strcpy(in, cases[i].in);
                strcpy(out, cases[i].out);
                for (char *word = strtok(in, " "); word; word = strtok(NULL, " "))
                        if (!is_in(cases[i].range, word))
                                fail_msg("%s is in %s", word, cases[i].range);
                for (char *word = strtok(out, " "); word; word = strtok(NULL, " "))
                        if (is_in(cases[i].range, word))
                                fail_msg("%s is not in %s", word, cases[i].range);
        }
}

static void test_what_is_no_range(void **state _unused_) {
        static const char *const others[] = {
                "",
                " ",
                "=",
                "> 1.2.3",
                "1.2",
                "*",
                "1.2.x",
                "=>1.2.3",
                "==1.2.3",
                "<>1.2.3",
                "~>1.2.3",
                "!1.2.3",
                "^1",
                "v1.2.3",
                "1.2.3,2.0.0",
                "1.2.3||2.0.0",
                "1.2.3 - 2.0.0",
                "1.2.3\t2.0.0",
                "^^1.2.3",
                "1.2.3\n",
                ">=1.2.3<2.0.0",
                "^",
        };

        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                if (range_is_good(others[i]))
                        fail_msg("\"%s\" is no range", others[i]);
}

static void test_a_range_has_so_many_comparators(void **state _unused_) {
        char range[COMPARATORS_MAX * 7 + 8] = "";

        for (size_t i = 0; i < COMPARATORS_MAX; i++)
                strcat(range, ">1.2.3 ");
        assert_true(range_is_good(range));
        strcat(range, ">1.2.3");
        assert_false(range_is_good(range));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_a_version),
                cmocka_unit_test(test_what_is_none),
                cmocka_unit_test(test_a_failure_returns_nothing),
                cmocka_unit_test(test_precedence),
                cmocka_unit_test(test_build_metadata_is_never_looked_at),
                cmocka_unit_test(test_comparators),
                cmocka_unit_test(test_what_is_no_range),
                cmocka_unit_test(test_a_range_has_so_many_comparators),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
