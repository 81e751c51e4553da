#include <stdint.h>
#include <string.h>

#include "util/json_scan.h"

#define DEPTH_MAX 64 /* as many bits as the row of open brackets has */

/* Longer ones may overflow a double's digits or a reader's integer. */
#define NUMBER_SIZE_MAX 32

typedef enum Expect {
        EXPECT_VALUE,
        EXPECT_FIRST_VALUE, /* or the array's end */
        EXPECT_NAME,
        EXPECT_FIRST_NAME, /* or the object's end */
        EXPECT_COLON,
        EXPECT_END, /* of what is around: a comma, a closing bracket, or nothing more */
} Expect;

typedef struct Scanner {
        const char *at;
        const char *end;
        uint64_t objects; /* a bit for each open bracket, the innermost lowest: is it an object's? */
        unsigned depth;
        Expect expect;
} Scanner;

static void skip_space(Scanner *scanner) {
        while (scanner->at < scanner->end &&
               (*scanner->at == ' ' || *scanner->at == '\n' || *scanner->at == '\t' || *scanner->at == '\r'))
                scanner->at++;
}

static bool wants_value(const Scanner *scanner) {
        return scanner->expect == EXPECT_VALUE || scanner->expect == EXPECT_FIRST_VALUE;
}

/* From after the opening quote to after the closing one. */
static bool skip_string(Scanner *scanner) {
        while (scanner->at < scanner->end) {
                unsigned char c = (unsigned char)*scanner->at++;

                if (c == '"')
                        return true;
                if (c < ' ')
                        return false;
                if (c != '\\')
                        continue;
                if (scanner->at == scanner->end || !*scanner->at || !strchr("\"\\/bfnrt", *scanner->at))
                        return false;
                scanner->at++;
        }
        return false;
}

static bool take_string(Scanner *scanner) {
        bool is_name = scanner->expect == EXPECT_NAME || scanner->expect == EXPECT_FIRST_NAME;

        if (!is_name && !wants_value(scanner))
                return false;

        scanner->at++;
        scanner->expect = is_name ? EXPECT_COLON : EXPECT_END;
        return skip_string(scanner);
}

static bool open_bracket(Scanner *scanner, bool is_object) {
        if (!wants_value(scanner) || scanner->depth == DEPTH_MAX)
                return false;

        scanner->objects = scanner->objects << 1 | is_object;
        scanner->depth++;
        scanner->expect = is_object ? EXPECT_FIRST_NAME : EXPECT_FIRST_VALUE;
        scanner->at++;
        return true;
}

static bool close_bracket(Scanner *scanner, bool is_object) {
        Expect when_empty = is_object ? EXPECT_FIRST_NAME : EXPECT_FIRST_VALUE;

        if (scanner->depth == 0 || (scanner->objects & 1) != is_object)
                return false;
        if (scanner->expect != EXPECT_END && scanner->expect != when_empty)
                return false;

        scanner->objects >>= 1;
        scanner->depth--;
        scanner->expect = EXPECT_END;
        scanner->at++;
        return true;
}

static bool take_colon(Scanner *scanner) {
        if (scanner->expect != EXPECT_COLON)
                return false;

        scanner->expect = EXPECT_VALUE;
        scanner->at++;
        return true;
}

static bool take_comma(Scanner *scanner) {
        if (scanner->expect != EXPECT_END || scanner->depth == 0)
                return false;

        scanner->expect = scanner->objects & 1 ? EXPECT_NAME : EXPECT_VALUE;
        scanner->at++;
        return true;
}

/* Return: after the digits at @at. */
static const char *skip_digits(const char *at, const char *end) {
        while (at < end && *at >= '0' && *at <= '9')
                at++;
        return at;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)? and nothing after it that a number could go on with. */
static bool take_number(Scanner *scanner) {
        const char *begin = scanner->at, *at = begin, *digits;

        at += *at == '-';
        digits = at;
        at = skip_digits(at, scanner->end);
        if (at == digits || (*digits == '0' && at - digits > 1))
                return false;
        if (at < scanner->end && *at == '.') {
                digits = at + 1;
                at = skip_digits(digits, scanner->end);
                if (at == digits)
                        return false;
        }
        if (at - begin > NUMBER_SIZE_MAX || (at < scanner->end && (*at == 'e' || *at == 'E')))
                return false;

        scanner->at = at;
        return true;
}

static bool take_word(Scanner *scanner, const char *word) {
        Span rest = { scanner->at, (size_t)(scanner->end - scanner->at) };

        if (!span_starts_with(rest, span_from_string(word)))
                return false;

        scanner->at += strlen(word);
        return true;
}

static bool take_scalar(Scanner *scanner) {
        if (!wants_value(scanner))
                return false;

        scanner->expect = EXPECT_END;
        switch (*scanner->at) {
        case 't':
                return take_word(scanner, "true");
        case 'f':
                return take_word(scanner, "false");
        case 'n':
                return take_word(scanner, "null");
        default:
                return take_number(scanner);
        }
}

static bool take_token(Scanner *scanner) {
        switch (*scanner->at) {
        case '"':
                return take_string(scanner);
        case ':':
                return take_colon(scanner);
        case ',':
                return take_comma(scanner);
        case '{':
        case '[':
                return open_bracket(scanner, *scanner->at == '{');
        case '}':
        case ']':
                return close_bracket(scanner, *scanner->at == '}');
        default:
                return take_scalar(scanner);
        }
}

bool json_scan_is_plain(Span text) {
        Scanner scanner = { .at = text.data, .end = text.data + text.size, .expect = EXPECT_VALUE };

        for (;;) {
                skip_space(&scanner);
                if (scanner.at == scanner.end)
                        return scanner.expect == EXPECT_END && scanner.depth == 0;
                if (!take_token(&scanner))
                        return false;
        }
}
