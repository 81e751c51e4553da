/*
 * JSON Schema: is a content what a schema says? Drafts 4, 6 and 7; see docs/schemas.md for what is left out.
 *
 * Valijson compiles a schema and holds its constraints. What surrounds it keeps the cost bounded, whoever
 * wrote schema and content: a schema is checked and brought into a plain form before Valijson reads it
 * (json_schema_form.cc), and contents are held against its constraints by a visitor that charges a budget for
 * each step (json_schema_visitor.cc), with RE2 for regular expressions, whose time is linear. Nothing is
 * fetched: references lead to places of the same schema only. No exception leaves these functions.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* All of ours is C; what the headers below include themselves stands above, outside of the braces. */
#ifdef __cplusplus
extern "C" {
#endif

#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"

/* Of schemas. Those that people share have at most some 200 KiB; reading the largest takes 30 ms. */
#define JSON_SCHEMA_SIZE_MAX  ((size_t)256 << 10)
#define JSON_SCHEMA_NODES_MAX 10000

/* How deep schemas and contents may nest, and how deep schemas may lead to one another while a content is
 * checked. */
#define JSON_SCHEMA_DEPTH_MAX 512

/*
 * Steps that one check may take: a constraint that is looked at is a step, and so is an element that is
 * compared, and every 64 bytes of a text. Measured,
 * 4,000,000 of them take 0.15 s, and so long may one request hold the writer up. A content of 1 KiB takes
 * some hundreds of steps; one of 1 MiB, all small numbers with three keywords each, 3,000,000.
 */
#define JSON_SCHEMA_STEPS_MAX 4000000

/* Of one regular expression, and of all of a schema, in RE2's instructions; and RE2's memory for one. */
#define JSON_SCHEMA_PATTERN_SIZE_MAX 4096 /* bytes */
#define JSON_SCHEMA_PATTERNS_MAX     50000
#define JSON_SCHEMA_PATTERN_MEMORY   ((int64_t)256 << 10)

typedef struct JsonSchema JsonSchema;

typedef enum JsonSchemaOutcome {
        JSON_SCHEMA_OK,
        JSON_SCHEMA_E_INVALID,    /* the schema is none, or takes what is left out */
        JSON_SCHEMA_E_VIOLATED,   /* the content is not what the schema says */
        JSON_SCHEMA_E_TOO_COSTLY, /* the content cannot be held against the schema within the budget */
        JSON_SCHEMA_OUTCOME_N,
} JsonSchemaOutcome;

/*
 * json_schema_new() - compile the JSON text @text
 * @ret_problem: filled for JSON_SCHEMA_E_INVALID: the place in the schema as a JSON pointer, and what is
 * wrong there
 *
 * Return: 0, JSON_SCHEMA_E_INVALID, or -ENOMEM. The schema keeps nothing of @text. @thread any
 */
int json_schema_new(Span text, JsonSchema **ret_schema, Problem *ret_problem);
JsonSchema *json_schema_free(JsonSchema *schema);

/*
 * json_schema_check() - hold the JSON text @content against @schema
 * @ret_problem: filled for a positive outcome: the place in the content as a JSON pointer, and what is wrong
 * there; at most three of them, the deepest where alternatives were tried. Of the content it repeats names of
 * members only
 *
 * Return: 0, JSON_SCHEMA_E_VIOLATED, JSON_SCHEMA_E_TOO_COSTLY, or -ENOMEM. An object in which a member stands
 * twice violates every schema, since readers differ in which of the two they take. @thread any
 */
int json_schema_check(const JsonSchema *schema, Span content, Problem *ret_problem);

/* About the bytes that a schema takes in memory. */
size_t json_schema_size(const JsonSchema *schema);

DEFINE_CLEANUP(JsonSchema *, json_schema_free);

#ifdef __cplusplus
}
#endif
