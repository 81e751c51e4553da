#include "model/json_read.h"
#include "model/digits.h"
#include "model/utf8.h"

#define ESCAPE_SIZE_MAX 6 /* \u001f, the longest that stands for one byte */

/* Of a plain number: what fits a double with room to spare. */
#define NUMBER_SIZE_MAX 32

/* Where a check has come to. */
typedef struct Cursor {
        const char *at;
        const char *end;
        const char *problem; /* the first that was found */
        bool is_plain;
} Cursor;

static bool refuse(Cursor *cursor, const char *problem) {
        cursor->problem = problem;
        return false;
}

static bool is_space(char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void skip_space(Cursor *cursor) {
        while (cursor->at < cursor->end && is_space(*cursor->at))
                cursor->at++;
}

static bool take(Cursor *cursor, char c) {
        if (cursor->at == cursor->end || *cursor->at != c)
                return false;

        cursor->at++;
        return true;
}

/* The code unit that the four digits at @digits make, or -1. */
static int32_t code_unit(const char *digits) {
        int32_t unit = 0;

        for (int i = 0; i < 4; i++) {
                int value = hex_value(digits[i]);

                if (value < 0)
                        return -1;
                unit = unit * 16 + value;
        }
        return unit;
}

static bool is_high_surrogate(int32_t unit) {
        return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low_surrogate(int32_t unit) {
        return unit >= 0xdc00 && unit <= 0xdfff;
}

/* The code unit of the escape \uXXXX that begins at the cursor, or -1 when there is none. */
static int32_t take_code_unit(Cursor *cursor) {
        int32_t unit;

        if (cursor->end - cursor->at < ESCAPE_SIZE_MAX || cursor->at[0] != '\\' || cursor->at[1] != 'u')
                return -1;

        unit = code_unit(cursor->at + 2);
        if (unit >= 0)
                cursor->at += ESCAPE_SIZE_MAX;
        return unit;
}

static bool check_escape(Cursor *cursor) {
        int32_t unit;

        if (cursor->end - cursor->at < 2)
                return refuse(cursor, "a string has no end");
        if (cursor->at[1] != '\0' && strchr("\"\\/bfnrt", cursor->at[1])) {
                cursor->at += 2;
                return true;
        }

        cursor->is_plain = false;
        unit = take_code_unit(cursor);
        if (unit < 0)
                return refuse(cursor, "this is no escape");
        if (is_low_surrogate(unit))
                return refuse(cursor, "half of a surrogate pair is missing");
        if (is_high_surrogate(unit) && !is_low_surrogate(take_code_unit(cursor)))
                return refuse(cursor, "half of a surrogate pair is missing");
        return true;
}

static bool check_string(Cursor *cursor) {
        if (!take(cursor, '"'))
                return refuse(cursor, "a string is missing");

        while (cursor->at < cursor->end) {
                unsigned char c = (unsigned char)*cursor->at;

                if (c == '"') {
                        cursor->at++;
                        return true;
                }
                if (c < 0x20)
                        return refuse(cursor, "a string has a control character");
                if (c != '\\')
                        cursor->at++;
                else if (!check_escape(cursor))
                        return false;
        }
        return refuse(cursor, "a string has no end");
}

static bool check_digits(Cursor *cursor) {
        const char *from = cursor->at;

        while (cursor->at < cursor->end && is_digit(*cursor->at))
                cursor->at++;
        return cursor->at > from || refuse(cursor, "a number lacks a digit");
}

static bool check_number(Cursor *cursor) {
        const char *from = cursor->at;

        (void)take(cursor, '-');
        if (!take(cursor, '0') && !check_digits(cursor))
                return false;
        if (take(cursor, '.') && !check_digits(cursor))
                return false;
        if (cursor->at - from > NUMBER_SIZE_MAX)
                cursor->is_plain = false;
        if (!take(cursor, 'e') && !take(cursor, 'E'))
                return true;

        cursor->is_plain = false;
        if (!take(cursor, '+'))
                (void)take(cursor, '-');
        return check_digits(cursor);
}

static bool check_word(Cursor *cursor, Span word) {
        if ((size_t)(cursor->end - cursor->at) < word.size || memcmp(cursor->at, word.data, word.size) != 0)
                return refuse(cursor, "a value is missing");

        cursor->at += word.size;
        return true;
}

static bool check_value(Cursor *cursor, size_t depth_max);

static bool check_name(Cursor *cursor) {
        skip_space(cursor);
        if (!check_string(cursor))
                return false;

        skip_space(cursor);
        return take(cursor, ':') || refuse(cursor, "a colon is missing");
}

/* What stands between a bracket or brace and the one that closes it. Recursion ends with @depth_max. */
static bool check_list(Cursor *cursor, char close, size_t depth_max) {
        if (depth_max == 0)
                return refuse(cursor, "arrays and objects nest too deep");

        cursor->at++;
        skip_space(cursor);
        if (take(cursor, close))
                return true;

        do {
                if (close == '}' && !check_name(cursor))
                        return false;
                if (!check_value(cursor, depth_max - 1))
                        return false;
        } while (take(cursor, ','));
        return take(cursor, close) || refuse(cursor, "a comma or a closing bracket is missing");
}

/* A value with the space around it. */
static bool check_value(Cursor *cursor, size_t depth_max) {
        bool is_good;

        skip_space(cursor);
        if (cursor->at == cursor->end)
                return refuse(cursor, "it ends too early");

        switch (*cursor->at) {
        case '{':
                is_good = check_list(cursor, '}', depth_max);
                break;
        case '[':
                is_good = check_list(cursor, ']', depth_max);
                break;
        case '"':
                is_good = check_string(cursor);
                break;
        case 't':
                is_good = check_word(cursor, SPAN_LITERAL("true"));
                break;
        case 'f':
                is_good = check_word(cursor, SPAN_LITERAL("false"));
                break;
        case 'n':
                is_good = check_word(cursor, SPAN_LITERAL("null"));
                break;
        default:
                is_good = (*cursor->at == '-' || is_digit(*cursor->at))
                                  ? check_number(cursor)
                                  : refuse(cursor, "a value is missing");
        }

        skip_space(cursor);
        return is_good;
}

static Cursor check_text(Span text, size_t depth_max) {
        const char *begin = text.data ? text.data : "";
        Cursor cursor = { .at = begin, .end = begin + text.size, .is_plain = true };
        size_t valid = utf8_valid_size(text);

        if (valid < text.size) {
                cursor.at = begin + valid;
                (void)refuse(&cursor, "this is not UTF-8");
        } else if (check_value(&cursor, depth_max) && cursor.at < cursor.end)
                (void)refuse(&cursor, "something follows the value");
        return cursor;
}

bool json_read_check(Span text, size_t depth_max, const char **ret_problem, size_t *ret_at) {
        Cursor cursor = check_text(text, depth_max);

        if (!cursor.problem)
                return true;

        *ret_problem = cursor.problem;
        *ret_at = text.size - (size_t)(cursor.end - cursor.at);
        return false;
}

bool json_read_is_plain(Span text, size_t depth_max) {
        Cursor cursor = check_text(text, depth_max);

        return !cursor.problem && cursor.is_plain;
}

/* From here on all text is known to be good: ends are found without looking for faults. */

static void drop(Span *rest, size_t size) {
        *rest = (Span){ rest->data + size, rest->size - size };
}

/* Drops space, and the comma or colon in it. */
static void drop_between(Span *rest) {
        while (rest->size && (is_space(*rest->data) || *rest->data == ',' || *rest->data == ':'))
                drop(rest, 1);
}

/* The size of the string at the front of @text, quotes included. */
static size_t string_size(Span text) {
        const char *at = text.data + 1, *end = text.data + text.size, *quote = NULL;

        for (;;) {
                const char *backslash;

                if (!quote || quote < at)
                        quote = memchr(at, '"', (size_t)(end - at));
                backslash = memchr(at, '\\', (size_t)(quote - at));
                if (!backslash)
                        return (size_t)(quote - text.data) + 1;

                at = backslash + 2;
        }
}

/* The size of the array or object at the front of @text. */
static size_t list_size(Span text) {
        size_t at = 0, depth = 0;

        do {
                char c = text.data[at];

                if (c == '"') {
                        at += string_size((Span){ text.data + at, text.size - at });
                        continue;
                }
                depth += c == '[' || c == '{';
                depth -= c == ']' || c == '}';
                at++;
        } while (depth > 0);
        return at;
}

/* The size of the number or word at the front of @text. */
static size_t word_size(Span text) {
        size_t at = 0;

        while (at < text.size && !is_space(text.data[at]) && text.data[at] != ',' && text.data[at] != ']' &&
               text.data[at] != '}')
                at++;
        return at;
}

static JsonValue within(JsonKind kind, Span *rest, size_t size) {
        JsonValue value = { kind, { rest->data + 1, size - 2 } };

        drop(rest, size);
        return value;
}

static JsonValue take_value(Span *rest) {
        JsonValue value;

        switch (*rest->data) {
        case '{':
                return within(JSON_KIND_OBJECT, rest, list_size(*rest));
        case '[':
                return within(JSON_KIND_ARRAY, rest, list_size(*rest));
        case '"':
                return within(JSON_KIND_STRING, rest, string_size(*rest));
        case 't':
        case 'f':
                value.kind = JSON_KIND_BOOLEAN;
                break;
        case 'n':
                value.kind = JSON_KIND_NULL;
                break;
        default:
                value.kind = JSON_KIND_NUMBER;
        }

        value.text = (Span){ rest->data, word_size(*rest) };
        drop(rest, value.text.size);
        return value;
}

JsonValue json_read_value(Span text) {
        Span rest = text;

        drop_between(&rest);
        return take_value(&rest);
}

bool json_read_element(Span *rest, JsonValue *ret_value) {
        drop_between(rest);
        if (rest->size == 0)
                return false;

        *ret_value = take_value(rest);
        return true;
}

bool json_read_member(Span *rest, Span *ret_name, JsonValue *ret_value) {
        drop_between(rest);
        if (rest->size == 0)
                return false;

        *ret_name = take_value(rest).text;
        drop_between(rest);
        *ret_value = take_value(rest);
        return true;
}

size_t json_read_count(JsonValue value) {
        Span rest = value.text, name;
        JsonValue next;
        size_t n = 0;

        while (value.kind == JSON_KIND_OBJECT ? json_read_member(&rest, &name, &next)
                                              : json_read_element(&rest, &next))
                n++;
        return n;
}

static size_t encode_utf8(uint32_t code_point, char *to) {
        if (code_point < 0x80) {
                to[0] = (char)code_point;
                return 1;
        }
        if (code_point < 0x800) {
                to[0] = (char)(0xc0 | code_point >> 6);
                to[1] = (char)(0x80 | (code_point & 0x3f));
                return 2;
        }
        if (code_point < 0x10000) {
                to[0] = (char)(0xe0 | code_point >> 12);
                to[1] = (char)(0x80 | (code_point >> 6 & 0x3f));
                to[2] = (char)(0x80 | (code_point & 0x3f));
                return 3;
        }
        to[0] = (char)(0xf0 | code_point >> 18);
        to[1] = (char)(0x80 | (code_point >> 12 & 0x3f));
        to[2] = (char)(0x80 | (code_point >> 6 & 0x3f));
        to[3] = (char)(0x80 | (code_point & 0x3f));
        return 4;
}

/* Decodes the numeric escape, or the pair of them, at the front of @rest. */
static size_t decode_numeric(Span *rest, char *to) {
        uint32_t code_point = (uint32_t)code_unit(rest->data + 2);

        drop(rest, ESCAPE_SIZE_MAX);
        if (is_high_surrogate((int32_t)code_point)) {
                uint32_t low = (uint32_t)code_unit(rest->data + 2);

                code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
                drop(rest, ESCAPE_SIZE_MAX);
        }
        return encode_utf8(code_point, to);
}

/* Decodes the escape at the front of @rest. */
static size_t decode_escape(Span *rest, char *to) {
        static const char letters[] = "bfnrt", bytes[] = "\b\f\n\r\t";
        const char *letter;

        if (rest->data[1] == 'u')
                return decode_numeric(rest, to);

        letter = strchr(letters, rest->data[1]);
        *to = letter ? bytes[letter - letters] : rest->data[1];
        drop(rest, 2);
        return 1;
}

size_t json_read_decode(Span escaped, char *to) {
        Span rest = escaped;
        size_t size = 0;

        while (rest.size) {
                const char *backslash = memchr(rest.data, '\\', rest.size);
                size_t run = backslash ? (size_t)(backslash - rest.data) : rest.size;

                memcpy(to + size, rest.data, run);
                size += run;
                drop(&rest, run);
                if (backslash)
                        size += decode_escape(&rest, to + size);
        }
        return size;
}

bool json_read_equals(Span escaped, Span plain) {
        char decoded[64 * ESCAPE_SIZE_MAX];
        size_t size;

        if (!memchr(escaped.data, '\\', escaped.size))
                return span_equal(escaped, plain);
        if (escaped.size > sizeof(decoded))
                return false;

        size = json_read_decode(escaped, decoded);
        return span_equal((Span){ decoded, size }, plain);
}

bool json_read_integer(JsonValue value, int64_t *ret_integer) {
        bool is_negative = value.text.data[0] == '-';
        int64_t integer = 0;

        for (size_t i = is_negative; i < value.text.size; i++) {
                char c = value.text.data[i];

                if (!is_digit(c) || __builtin_mul_overflow(integer, INT64_C(10), &integer) ||
                    __builtin_sub_overflow(integer, (int64_t)(c - '0'), &integer))
                        return false;
        }
        if (!is_negative && integer == INT64_MIN)
                return false;

        *ret_integer = is_negative ? integer : -integer;
        return true;
}
