/*
 * Gray rules as they are evaluated: which rule decides, and who gets which version of it.
 * tests/data/gray-vectors.json has many more cases, see test-gray-vectors.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gray_fixture.h"

static void test_the_first_rule_that_holds_decides(void **state _unused_) {
        _cleanup_(gray_unrefp) Gray *gray = compile(
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
                _cleanup_(gray_unrefp) Gray *gray = NULL;
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
        _cleanup_(gray_unrefp) Gray *gray = compile("[{\"split\":[{\"version\":9,\"weight\":1}]}]");
        GrayVerdict verdict = gray_evaluate(gray, &(GrayAsker){ .unit = SPAN_LITERAL("instance-1") });

        assert_int_equal(verdict.bucket, 66978);
}

/* Slices are shut below and open above, and lie one behind the other. */
static void test_slices(void **state _unused_) {
        _cleanup_(gray_unrefp) Gray *gray =
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
        _cleanup_(gray_unrefp) Gray *gray = NULL;
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

static void test_reasons_have_names(void **state _unused_) {
        assert_string_equal(gray_reason_to_string(GRAY_REASON_NO_GRAY_RELEASE), "no_gray_release");
        assert_string_equal(gray_reason_to_string(GRAY_REASON_NO_MATCH), "no_match");
        assert_string_equal(gray_reason_to_string(GRAY_REASON_NO_UNIT), "no_unit");
        assert_string_equal(gray_reason_to_string(GRAY_REASON_OUTSIDE_SPLIT), "outside_split");
        assert_string_equal(gray_reason_to_string(GRAY_REASON_ARM), "arm");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_first_rule_that_holds_decides),
                cmocka_unit_test(test_without_a_unit_only_a_whole_arm_chooses),
                cmocka_unit_test(test_the_bucket),
                cmocka_unit_test(test_slices),
                cmocka_unit_test(test_the_most_tags_and_names),
                cmocka_unit_test(test_reasons_have_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
