/*
 * Is a content JSON? Jansson decides, which the rest of the server reads JSON with, too. It builds all values
 * only to throw them away: for 1 KiB that takes a quarter of the processor time of a publish, and at worst 50
 * times the memory of the content. So what is plainly right is let through before, and Jansson reads what is
 * left: to say what is wrong and where, mostly.
 */
#include <jansson.h>

#include "model/json_read.h"
#include "util/content.h"
#include "util/content_parsers.h"

/* Any value may be the whole content. No number is too long, while it fits a double. */
#define DECODE_FLAGS (JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

/* Where the string that starts at @offset ends: at its closing quote. */
static size_t find_string_end(Span content, size_t offset) {
        size_t at = offset + 1;

        while (at < content.size && content.data[at] != '"')
                at += content.data[at] == '\\' ? 2 : 1;
        return at;
}

/* Jansson recurses for each level, so levels are counted before it starts. */
static bool check_depth(Span content, Problem *ret_problem) {
        size_t depth = 0;

        for (size_t i = 0; i < content.size; i++) {
                switch (content.data[i]) {
                case '"':
                        i = find_string_end(content, i);
                        break;
                case '[':
                case '{':
                        if (depth++ == CONTENT_DEPTH_MAX)
                                return content_refuse(content, i, ret_problem,
                                                      "the JSON nests deeper than %d levels",
                                                      CONTENT_DEPTH_MAX);
                        break;
                case ']':
                case '}':
                        depth -= depth > 0;
                        break;
                default:
                        break;
                }
        }
        return true;
}

/* Jansson's text goes on with " near '…'", which is content. */
static bool refuse_syntax(Span content, size_t offset, const char *text, Problem *ret_problem) {
        const char *near = strstr(text, " near ");
        int size = near ? (int)(near - text) : (int)strlen(text);

        return content_refuse(content, offset, ret_problem, "this is not JSON: %.*s", size, text);
}

bool content_check_json(Span content, Problem *ret_problem) {
        json_auto_t *json = NULL;
        json_error_t error;
        size_t offset;

        if (json_read_is_plain(content, CONTENT_DEPTH_MAX))
                return true;
        if (!check_depth(content, ret_problem))
                return false;

        json = json_loadb(content.data, content.size, DECODE_FLAGS, &error);
        if (json)
                return true;

        offset = error.position > 0 ? (size_t)error.position - 1 : 0;
        switch (json_error_code(&error)) {
        case json_error_premature_end_of_input:
                return content_refuse(content, content.size, ret_problem, "the JSON ends too early");
        case json_error_end_of_input_expected:
                return content_refuse(content, offset, ret_problem, "nothing may follow the JSON value");
        case json_error_numeric_overflow:
                return content_refuse(content, offset, ret_problem,
                                      "this number is too large for JSON readers");
        case json_error_null_byte_in_key:
                return content_refuse(content, offset, ret_problem, "a key must not contain \\u0000");
        case json_error_out_of_memory:
                return content_refuse(content, offset, ret_problem,
                                      "there is not enough memory to check the JSON");
        default:
                return refuse_syntax(content, offset, error.text, ret_problem);
        }
}
