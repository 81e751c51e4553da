/*
 * Any bytes may be put to content_check(). The first one chooses the format, "0" to "5" in the order of the
 * enum; the rest is the content.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "model/buf.h"
#include "model/json_read.h"
#include "model/macros.h"
#include "util/content.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fact) {
        if (!fact)
                abort();
}

static bool check(Format format, Span content, Problem *ret_problem) {
        *ret_problem = PROBLEM_NULL;
        return content_check(format, content, ret_problem);
}

/* A problem lies in the content, or right behind it, and says something. */
static void expect_problem(const Problem *problem, Span content) {
        size_t n_lines = 1;

        for (size_t i = 0; i < content.size; i++)
                n_lines += content.data[i] == '\n';

        expect(problem->text[0] != '\0');
        expect(problem->line >= 1 && problem->line <= n_lines);
        expect(problem->column >= 1 && problem->column <= content.size + 1);
}

/* Neither verdict nor place may depend on a byte order mark. */
static void expect_same_with_mark(Format format, Span content, bool valid, const Problem *problem) {
        _cleanup_(buf_deinit) Buf marked = BUF_NULL;
        Problem other;

        buf_append_literal(&marked, "\xef\xbb\xbf");
        buf_append_span(&marked, content);
        expect(!buf_failed(&marked));
        expect(check(format, buf_span(&marked), &other) == valid);
        expect(strcmp(other.text, problem->text) == 0);
        expect(other.line == problem->line && other.column == problem->column);
}

/* What is let through without a parser is what the parser would have let through. */
static void expect_parser_agrees(Span content) {
        json_t *json;

        if (!json_read_is_plain(content, CONTENT_DEPTH_MAX))
                return;
        json = json_loadb(content.data, content.size,
                          JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
        expect(json != NULL);
        json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span content = { (const char *)data + 1, size - 1 };
        Problem problem;
        Format format;
        bool valid;

        if (size == 0)
                return 0;

        format = (Format)(data[0] % FORMAT_N);
        valid = check(format, content, &problem);
        if (!valid)
                expect_problem(&problem, content);
        if (valid && format == FORMAT_JSON)
                expect_parser_agrees(content);
        if (!span_starts_with(content, SPAN_LITERAL("\xef\xbb\xbf")))
                expect_same_with_mark(format, content, valid, &problem);
        return 0;
}
