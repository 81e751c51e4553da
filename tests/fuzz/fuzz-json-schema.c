/*
 * Any bytes may be a schema, and any JSON a content that is held against it: there is an outcome, the same
 * each time, with a reason where it is a refusal.
 *
 * The first line is the schema, the rest is the content. What a schema forbids, its negation allows, and the
 * other way round. That cannot be asked where a schema refers to places of itself, nor where a member stands
 * twice, which violates every schema.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/buf.h"
#include "model/utf8.h"
#include "util/content.h"
#include "util/json_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fact) {
        if (!fact)
                abort();
}

static void expect_reason(const Problem *problem) {
        Span text = span_from_string(problem->text);

        expect(text.size > 0 && utf8_valid_size(text) == text.size);
}

/* Return: NULL for what is no schema. */
static JsonSchema *compile(Span text) {
        Problem problem = PROBLEM_NULL;
        JsonSchema *schema = NULL;
        int r = json_schema_new(text, &schema, &problem);

        if (r == 0) {
                expect(schema && json_schema_size(schema) > 0);
                return schema;
        }

        expect(r == JSON_SCHEMA_E_INVALID && !schema);
        expect_reason(&problem);
        return NULL;
}

static int check(const JsonSchema *schema, Span content) {
        Problem problem = PROBLEM_NULL;
        int r = json_schema_check(schema, content, &problem);

        expect(r == JSON_SCHEMA_OK || r == JSON_SCHEMA_E_VIOLATED || r == JSON_SCHEMA_E_TOO_COSTLY);
        if (r)
                expect_reason(&problem);
        return r;
}

/* Does it mean the same within another schema? */
static bool stands_alone(Span schema) {
        return !memmem(schema.data, schema.size, "$", 1) && !memmem(schema.data, schema.size, "id", 2) &&
               !memmem(schema.data, schema.size, "\\", 1);
}

static bool has_each_member_once(Span content) {
        json_auto_t *json = json_loadb(content.data, content.size,
                                       JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

        return json != NULL;
}

static void expect_negation(Span text, Span content, int outcome) {
        _cleanup_(json_schema_freep) JsonSchema *negation = NULL;
        _cleanup_(buf_deinit) Buf buf = BUF_NULL;
        int of_negation;

        buf_append_literal(&buf, "{\"not\":");
        buf_append_span(&buf, text);
        buf_append_literal(&buf, "}");
        negation = compile(buf_span(&buf));
        if (!negation)
                return; /* one level or one place more than schemas may have */

        of_negation = check(negation, content);
        if (outcome != JSON_SCHEMA_E_TOO_COSTLY && of_negation != JSON_SCHEMA_E_TOO_COSTLY)
                expect(outcome != of_negation);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(json_schema_freep) JsonSchema *schema = NULL;
        const char *text = (const char *)data, *end = size ? memchr(text, '\n', size) : NULL;
        Span schema_text, content;
        Problem problem;
        int outcome;

        if (!end)
                return 0;

        schema_text = (Span){ text, (size_t)(end - text) };
        content = (Span){ end + 1, size - schema_text.size - 1 };
        schema = compile(schema_text);
        if (!schema || !content_check(FORMAT_JSON, content, &problem))
                return 0;

        outcome = check(schema, content);
        expect(check(schema, content) == outcome);
        if (stands_alone(schema_text) && has_each_member_once(content))
                expect_negation(schema_text, content, outcome);
        return 0;
}
