/*
 * Reading JSON text in place: checked once, then walked as often as wanted.
 *
 * The only memory is the caller's, so that nothing here can fail for want of it. What a walk passes over is
 * scanned again by whoever walks into it; for values as flat as ours that is cheaper than a tree of them.
 *
 * No name here is one of Jansson's, which programs may be linked with.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/span.h"

typedef enum JsonKind {
        JSON_KIND_NULL,
        JSON_KIND_BOOLEAN,
        JSON_KIND_NUMBER,
        JSON_KIND_STRING,
        JSON_KIND_ARRAY,
        JSON_KIND_OBJECT,
} JsonKind;

typedef struct JsonValue {
        JsonKind kind;
        Span text; /* without the quotes, brackets or braces around it */
} JsonValue;

/*
 * json_read_check() - is @text one JSON value, as RFC 8259 has it, in UTF-8?
 * @depth_max: how deep arrays and objects may nest
 * @ret_problem, @ret_at: on failure, what is wrong ("a string has no end") and at which byte
 *
 * Surrogates must come in pairs. Numbers may have any size, and members may stand twice. All functions below
 * take only what was found good here.
 */
bool json_read_check(Span text, size_t depth_max, const char **ret_problem, size_t *ret_at);

/* The value that the whole of @text is. */
JsonValue json_read_value(Span text);

/* Takes the next element or member off the front of @rest, which starts as the text of an array or object.
 * Names are still escaped. Return: false at the end. */
bool json_read_element(Span *rest, JsonValue *ret_value);
bool json_read_member(Span *rest, Span *ret_name, JsonValue *ret_value);

/* How many elements an array, or members an object, has. */
size_t json_read_count(JsonValue value);

/* Writes what the escaped text of a string or name stands for to @to, which has room for as many bytes as
 * @escaped; no NUL is added. Return: how many bytes were written. */
size_t json_read_decode(Span escaped, char *to);

/* Is it @plain that the escaped text stands for? */
bool json_read_equals(Span escaped, Span plain);

/* The value of a number without fraction and exponent; false for others, and for what does not fit. */
bool json_read_integer(JsonValue value, int64_t *ret_integer);
