/*
 * The part of content checks that all formats share, see content.h.
 */
#include <search.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/utf8.h"
#include "util/content.h"
#include "util/content_parsers.h"

#define BYTE_ORDER_MARK SPAN_LITERAL("\xef\xbb\xbf")

/* The parsers count in int. */
#define CONTENT_SIZE_MAX ((size_t)1 << 30)

static int compare_names(const void *a, const void *b) {
        return strcmp(a, b);
}

bool name_set_add(NameSet *set, const char *name) {
        char *copy;

        if (name_set_has(set, name))
                return true;

        copy = strdup(name);
        if (!copy)
                return false;

        if (!tsearch(copy, &set->root, compare_names)) {
                free(copy);
                return false;
        }
        return true;
}

bool name_set_has(const NameSet *set, const char *name) {
        return tfind(name, &set->root, compare_names) != NULL;
}

void name_set_clear(NameSet *set) {
        tdestroy(set->root, free);
        set->root = NULL;
}

size_t content_find(Span content, size_t offset, char wanted) {
        const char *found;

        if (offset >= content.size)
                return content.size;

        found = memchr(content.data + offset, wanted, content.size - offset);
        return found ? (size_t)(found - content.data) : content.size;
}

bool content_refuse(Span content, size_t offset, Problem *ret_problem, const char *format, ...) {
        size_t line = 1, line_start = 0;
        va_list args;

        offset = MIN(offset, content.size);
        for (size_t i = 0; i < offset; i++)
                if (content.data[i] == '\n') {
                        line++;
                        line_start = i + 1;
                }

        va_start(args, format);
        problem_set_args(ret_problem, NULL, format, args);
        va_end(args);

        ret_problem->line = line;
        ret_problem->column = offset - line_start + 1;
        return false;
}

static bool check_text(Span content, Problem *ret_problem) {
        size_t nul = content_find(content, 0, '\0');
        size_t valid = utf8_valid_size((Span){ content.data, nul });

        if (valid < nul)
                return content_refuse(content, valid, ret_problem,
                                      "this is not UTF-8: save the content as UTF-8");
        if (nul < content.size)
                return content_refuse(content, nul, ret_problem, "a NUL byte is not allowed: remove it");
        return true;
}

bool content_check(Format format, Span content, Problem *ret_problem) {
        if (!content.data)
                content = SPAN_LITERAL("");
        if (span_starts_with(content, BYTE_ORDER_MARK)) {
                content.data += BYTE_ORDER_MARK.size;
                content.size -= BYTE_ORDER_MARK.size;
        }

        if (content.size > CONTENT_SIZE_MAX)
                return content_refuse(content, 0, ret_problem, "the content is larger than 1 GiB");
        if (!check_text(content, ret_problem))
                return false;

        switch (format) {
        case FORMAT_JSON:
                return content_check_json(content, ret_problem);
        case FORMAT_YAML:
                return content_check_yaml(content, ret_problem);
        case FORMAT_XML:
                return content_check_xml(content, ret_problem);
        default:
                return true;
        }
}
