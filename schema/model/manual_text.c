#include <string.h>

#include "model/manual_text.h"

void help_append_spaces(Buf *to, size_t n) {
        while (n-- > 0)
                buf_append_char(to, ' ');
}

void help_append_wrapped(Buf *to, size_t indent, const char *text) {
        size_t column = indent;

        while (*text) {
                size_t size = strcspn(text, " ");

                if (column > indent && column + 1 + size > HELP_COLUMNS) {
                        buf_append_char(to, '\n');
                        help_append_spaces(to, indent);
                        column = indent;
                } else if (column > indent) {
                        buf_append_char(to, ' ');
                        column++;
                }

                buf_append(to, text, size);
                column += size;
                text += size;
                text += strspn(text, " ");
        }

        buf_append_char(to, '\n');
}

static const char *roff_escape(char c) {
        switch (c) {
        case '\\':
                return "\\(rs";
        case '-':
                return "\\-";
        case '\'':
                return "\\(aq";
        case '`':
                return "\\(ga";
        case '"':
                return "\\(dq";
        case '^':
                return "\\(ha";
        case '~':
                return "\\(ti";
        default:
                return NULL;
        }
}

void roff_append(Buf *to, const char *text) {
        for (; *text; text++) {
                const char *escape = roff_escape(*text);

                if (escape)
                        buf_append_string(to, escape);
                else
                        buf_append_char(to, *text);
        }
}

void roff_append_bold(Buf *to, const char *text) {
        buf_append_literal(to, "\\fB");
        roff_append(to, text);
        buf_append_literal(to, "\\fR");
}

void roff_append_italic(Buf *to, const char *text) {
        buf_append_literal(to, "\\fI");
        roff_append(to, text);
        buf_append_literal(to, "\\fR");
}
