/*
 * Any bytes may be the rules of a gray release. What is refused says where and why; what is taken keeps to
 * the limits, evaluates for anybody, and with another weight it is the same but for that.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/gray.h"
#include "model/json_read.h"
#include "model/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fact) {
        if (!fact)
                abort();
}

static void check_refusal(int r, const Problem *problem) {
        Span field = span_from_string(problem->field);

        expect(r == GRAY_E_INVALID && problem->text[0] != '\0');
        expect(span_starts_with(field, SPAN_LITERAL("rules")) && utf8_valid_size(field) == field.size);
}

static size_t n_versions(const GrayArm *arms, size_t n_arms) {
        size_t n = 0;

        for (size_t i = 0; i < n_arms; i++) {
                size_t first = 0;

                while (arms[first].version != arms[i].version)
                        first++;
                n += first == i;
        }
        return n;
}

static void check_arms(const Gray *gray) {
        size_t n_arms;
        const GrayArm *arms = gray_arms(gray, &n_arms);
        uint32_t from = 0, rule = 0;

        expect(n_arms > 0 && n_arms <= GRAY_RULES_MAX * GRAY_ARMS_MAX);
        expect(n_versions(arms, n_arms) <= GRAY_VERSIONS_MAX);
        for (size_t i = 0; i < n_arms; i++) {
                if (arms[i].rule != rule) {
                        expect(arms[i].rule == rule + 1);
                        rule++;
                        from = 0;
                }
                expect(arms[i].version >= 1);
                expect(arms[i].from == from && arms[i].to >= from && arms[i].to <= GRAY_WEIGHT_MAX);
                from = arms[i].to;
        }
        expect(rule + 1 == gray_n_rules(gray));
}

static void check_verdict(const Gray *gray, const GrayVerdict *verdict, bool has_unit) {
        size_t n_arms;
        const GrayArm *arms = gray_arms(gray, &n_arms);

        expect(verdict->rule >= -1 && verdict->rule < (int)gray_n_rules(gray));
        expect(verdict->arm >= -1 && verdict->arm < (int)n_arms);
        expect((verdict->bucket >= 0) == (has_unit && verdict->rule >= 0));
        expect((verdict->arm >= 0) == (verdict->reason == GRAY_REASON_ARM));
        expect((verdict->rule < 0) == (verdict->reason == GRAY_REASON_NO_MATCH));
        if (verdict->arm >= 0) {
                const GrayArm *arm = &arms[verdict->arm];

                expect((int)arm->rule == verdict->rule);
                expect(!has_unit ||
                       ((uint32_t)verdict->bucket >= arm->from && (uint32_t)verdict->bucket < arm->to));
        }
}

static void check_evaluation(const Gray *gray) {
        static const Tag tags[] = {
                { SPAN_LITERAL("t"), SPAN_LITERAL("1.2.3") },
                { SPAN_LITERAL("ip"), SPAN_LITERAL("10.1.2.3") },
                { SPAN_LITERAL("ring"), SPAN_LITERAL("canary") },
        };

        for (size_t n_tags = 0; n_tags <= ARRAY_SIZE(tags); n_tags++) {
                GrayAsker asker = { SPAN_LITERAL("unit"), tags, n_tags };
                GrayVerdict verdict = gray_evaluate(gray, &asker);

                check_verdict(gray, &verdict, true);
                asker.unit = SPAN_NULL;
                verdict = gray_evaluate(gray, &asker);
                check_verdict(gray, &verdict, false);
        }
}

/* Each rule's first arm without weight: there is always room for that. */
static void check_rewriting(const Gray *gray, Span salt) {
        size_t n_arms, n_others;
        const GrayArm *arms = gray_arms(gray, &n_arms);

        for (uint32_t rule = 0; rule < gray_n_rules(gray); rule++) {
                _cleanup_(buf_deinit) Buf rules = BUF_NULL;
                _cleanup_(gray_unrefp) Gray *other = NULL;
                const GrayArm *others;
                Problem problem;

                gray_append_rules_with_weight(gray, rule, 0, &rules);
                expect(!buf_failed(&rules) && gray_new(buf_span(&rules), salt, &other, &problem) == 0);
                others = gray_arms(other, &n_others);
                expect(n_others == n_arms);
                for (size_t i = 0; i < n_arms; i++) {
                        bool is_first = arms[i].rule == rule && (i == 0 || arms[i - 1].rule != rule);

                        expect(others[i].version == arms[i].version && others[i].rule == arms[i].rule);
                        expect(others[i].to - others[i].from == (is_first ? 0 : arms[i].to - arms[i].from));
                }
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const Span salt = SPAN_LITERAL("salt");
        _cleanup_(gray_unrefp) Gray *gray = NULL;
        Span rules = { (const char *)data, size };
        Problem problem = PROBLEM_NULL;
        const char *why;
        size_t at;
        int r;

        r = gray_new(rules, salt, &gray, &problem);
        if (r) {
                check_refusal(r, &problem);
                return 0;
        }

        expect(json_read_check(rules, 64, &why, &at) && json_read_value(rules).kind == JSON_KIND_ARRAY);
        expect(span_equal(gray_rules(gray), rules) && span_equal(gray_salt(gray), salt));
        check_arms(gray);
        check_evaluation(gray);
        check_rewriting(gray, salt);
        return 0;
}
