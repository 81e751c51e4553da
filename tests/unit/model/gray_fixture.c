#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gray_fixture.h"

Gray *compile(const char *rules) {
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

bool matches_tags(const char *match, const Tag *tags, size_t n_tags) {
        _cleanup_(gray_unrefp) Gray *gray = compile_match(match);
        GrayVerdict verdict = gray_evaluate(gray, &(GrayAsker){ .tags = tags, .n_tags = n_tags });

        assert_int_equal(verdict.bucket, -1);
        assert_int_equal(verdict.rule, verdict.arm);
        assert_int_equal(verdict.reason, verdict.arm == 0 ? GRAY_REASON_ARM : GRAY_REASON_NO_MATCH);
        return verdict.arm == 0;
}

bool holds(const char *condition, const char *value) {
        Tag tags[] = { { SPAN_LITERAL("other"), SPAN_LITERAL("1") },
                       { SPAN_LITERAL("t"), span_from_string(value) } };
        char match[2048];

        (void)snprintf(match, sizeof(match), "{\"t\":%s}", condition);
        return matches_tags(match, tags, ARRAY_SIZE(tags));
}

void append_many(Buf *buf, const char *before, size_t n, const char *piece, const char *after) {
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
