/*
 * Contents on their way from a file to the server.
 *
 * A body is written by model/json, not as a tree: a content is large, and nothing about it is looked at.
 */
#include <string.h>
#include <unistd.h>

#include "cli/content.h"
#include "cli/file.h"
#include "model/json.h"
#include "model/utf8.h"

/* Where in @content the byte at @at is, as editors count. */
static void locate(Span content, size_t at, Problem *problem) {
        size_t line = 1, start = 0;

        for (size_t i = 0; i < at; i++)
                if (content.data[i] == '\n') {
                        line++;
                        start = i + 1;
                }

        problem->line = line;
        problem->column = at - start + 1;
}

int content_check(const char *name, Span content, Problem *ret_problem) {
        const char *nul = content.size ? memchr(content.data, '\0', content.size) : NULL;
        size_t valid = utf8_valid_size(content), at = nul ? MIN((size_t)(nul - content.data), valid) : valid;
        Problem place = PROBLEM_NULL;

        if (at == content.size)
                return 0;

        locate(content, at, &place);
        problem_set(ret_problem, NULL, "%.200s%sline %zu, column %zu: %s", name ? name : "", name ? ": " : "",
                    place.line, place.column, at < valid ? "there is a NUL" : "this is no UTF-8");
        return CONTENT_E_INVALID;
}

int content_read(const char *path, Buf *ret_content, Problem *ret_problem) {
        const char *name = path ? path : "the standard input";
        _cleanup_(buf_deinit) Buf content = BUF_NULL;
        int r;

        r = path ? file_read(path, CONTENT_MAX_BYTES, &content)
                 : file_read_fd(STDIN_FILENO, CONTENT_MAX_BYTES, &content);
        if (r < 0) {
                problem_set(ret_problem, NULL, "%.200s: %s", name, strerror(-r));
                return CONTENT_E_INVALID;
        }
        r = content_check(name, buf_span(&content), ret_problem);
        if (r)
                return r;

        *ret_content = content;
        content = BUF_NULL;
        return 0;
}

void content_append_member(Buf *to, const char *name, const char *text) {
        if (!text)
                return;

        buf_append_format(to, ",\"%s\":", name);
        json_append_lossy_string(to, span_from_string(text));
}

void content_append_put(Buf *to, Span content, const char *format, const char *comment, bool publish) {
        buf_append_literal(to, "{\"content\":");
        json_append_string(to, content);
        content_append_member(to, "format", format);
        content_append_member(to, "comment", comment);
        buf_append_format(to, ",\"publish\":%s}", publish ? "true" : "false");
}
