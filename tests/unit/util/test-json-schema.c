/* What a schema may be, what is said of contents that violate one, and where. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/macros.h"
#include "util/json_schema.h"

static JsonSchema *compile(const char *text) {
        JsonSchema *schema = NULL;
        Problem problem = PROBLEM_NULL;

        if (json_schema_new(span_from_string(text), &schema, &problem))
                fail_msg("%s is refused: %s", text, problem.text);
        return schema;
}

/* @text is what the problem's text begins with. */
static void refuse(const char *schema_text, const char *text) {
        JsonSchema *schema = NULL;
        Problem problem = PROBLEM_NULL;

        assert_int_equal(json_schema_new(span_from_string(schema_text), &schema, &problem),
                         JSON_SCHEMA_E_INVALID);
        assert_null(schema);
        if (strncmp(problem.text, text, strlen(text)) != 0)
                fail_msg("%s gives: %s\nnot: %s", schema_text, problem.text, text);
}

static void fit(const char *schema_text, const char *content) {
        _cleanup_(json_schema_freep) JsonSchema *schema = compile(schema_text);
        Problem problem = PROBLEM_NULL;

        if (json_schema_check(schema, span_from_string(content), &problem))
                fail_msg("%s does not fit %s: %s", content, schema_text, problem.text);
}

static void violate(const char *schema_text, const char *content, const char *text) {
        _cleanup_(json_schema_freep) JsonSchema *schema = compile(schema_text);
        Problem problem = PROBLEM_NULL;

        assert_int_equal(json_schema_check(schema, span_from_string(content), &problem),
                         JSON_SCHEMA_E_VIOLATED);
        assert_string_equal(problem.text, text);
}

static void names_the_place_and_what_is_wrong(_unused_ void **state) {
        static const char limits[] =
                "{\"type\":\"object\",\"required\":[\"rate_limit\"],\"additionalProperties\":false,"
                "\"properties\":{\"rate_limit\":{\"type\":\"integer\",\"minimum\":0},"
                "\"hosts\":{\"items\":{\"type\":\"string\",\"pattern\":\"^[a-z.]+$\"}}}}";

        fit(limits, "{\"rate_limit\":100}");
        violate(limits, "{\"rate_limit\":-1}", "/rate_limit must be at least 0");
        violate(limits, "{}", "the content must have the member 'rate_limit'");
        violate(limits, "{\"rate_limit\":\"x\"}", "/rate_limit must be an integer, and is a string");
        violate(limits, "{\"rate_limit\":1,\"a/b\":2}", "the content must not have the member 'a/b'");
        violate(limits, "{\"rate_limit\":1,\"hosts\":[\"a.b\",\"A\"]}",
                "/hosts/1 must match the regular expression ^[a-z.]+$");
        violate(limits, "[]", "the content must be an object, and is an array");
}

static void escapes_names_in_pointers(_unused_ void **state) {
        violate("{\"properties\":{\"a/b~c\":{\"type\":\"null\"}}}", "{\"a/b~c\":1}",
                "/a~1b~0c must be null, and is an integer");
}

static void names_a_few_faults_at_most(_unused_ void **state) {
        violate("{\"items\":{\"type\":\"string\"}}", "[1,2,3,4,5]",
                "/0 must be a string, and is an integer; /1 must be a string, and is an integer; "
                "/2 must be a string, and is an integer");
}

static void tells_what_the_nearest_alternative_lacks(_unused_ void **state) {
        static const char schema[] = "{\"anyOf\":[{\"type\":\"string\"},"
                                     "{\"properties\":{\"a\":{\"properties\":{\"b\":{\"const\":1}}}}}]}";

        violate(schema, "{\"a\":{\"b\":2}}", "/a/b must be the one value that const names");
        violate("{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "1",
                "the content must fit one of 2 alternatives, and fits none");
        violate("{\"oneOf\":[{\"type\":\"number\"},{\"minimum\":0}]}", "1",
                "the content must fit one of the alternatives of oneOf only, and fits several");
}

static void cuts_long_names(_unused_ void **state) {
        char content[4096], expected[1024];
        _cleanup_(json_schema_freep) JsonSchema *schema =
                compile("{\"additionalProperties\":{\"additionalProperties\":false}}");
        Problem problem = PROBLEM_NULL;

        memset(content, 0, sizeof(content));
        strcpy(content, "{\"");
        for (int i = 0; i < 1000; i++)
                strcat(content, "\xc3\xa4");
        strcat(content, "\":{\"x\":1}}");
        assert_int_equal(json_schema_check(schema, span_from_string(content), &problem),
                         JSON_SCHEMA_E_VIOLATED);
        strcpy(expected, "…");
        for (int i = 0; i < 50; i++)
                strcat(expected, "\xc3\xa4");
        strcat(expected, " must not have the member 'x'");
        assert_string_equal(problem.text, expected);
}

static void refuses_members_that_stand_twice(_unused_ void **state) {
        violate("{}", "{\"a\":1,\"b\":{\"a\":1},\"a\":2}", "an object has the member 'a' twice");
        refuse("{\"type\":\"object\",\"type\":\"array\"}", "an object has the member 'type' twice");
        fit("{}", "[{\"a\":1},{\"a\":1}]");
}

static void skips_a_byte_order_mark(_unused_ void **state) {
        fit("\xef\xbb\xbf{\"type\":\"integer\"}", "\xef\xbb\xbf 1");
}

static void takes_large_numbers_as_doubles(_unused_ void **state) {
        fit("{\"minimum\":18446744073709551615}", "18446744073709551615");
        violate("{\"minimum\":0}", "-18446744073709551615", "the content must be at least 0");
        violate("{\"const\":-1}", "18446744073709551615",
                "the content must be the one value that const names");
        violate("{\"maximum\":1e3}", "18446744073709551615", "the content must be at most 1000");
        fit("{\"type\":\"integer\"}", "1e300");
}

static void takes_the_types_that_keywords_have(_unused_ void **state) {
        refuse("{\"minimum\":\"x\"}", "/minimum must be a number");
        refuse("{\"properties\":{\"a\":{\"maxLength\":-1}}}",
               "/properties/a/maxLength must be a whole number from 0 to 2^53");
        refuse("{\"minLength\":1.5}", "/minLength must be a whole number");
        refuse("{\"type\":\"strin\"}", "/type must be array, boolean");
        refuse("{\"type\":[]}", "/type must name a type");
        refuse("{\"required\":\"a\"}", "/required must be a list of names");
        refuse("{\"required\":[1]}", "/required must be a list of names");
        refuse("{\"enum\":[]}", "/enum must be a list that is not empty");
        refuse("{\"anyOf\":[]}", "/anyOf must be a list of schemas that is not empty");
        refuse("{\"allOf\":[{},{\"not\":3}]}", "/allOf/1/not must be a schema");
        refuse("{\"multipleOf\":0}", "/multipleOf must be a number greater than 0");
        refuse("{\"properties\":[]}", "/properties must be an object of schemas");
        refuse("{\"definitions\":{\"a\":{\"uniqueItems\":1}}}",
               "/definitions/a/uniqueItems must be true or false");
        refuse("{\"title\":1}", "/title must be a string");
        refuse("{\"items\":[{\"type\":\"null\"},1]}", "/items/1 must be a schema");
        refuse("{\"dependencies\":{\"a\":[1]}}", "/dependencies/a must be a list of names");
        refuse("3", "the schema must be a schema, which is an object or a boolean");
        refuse("{", "this is not JSON");
}

static void tells_drafts_apart(_unused_ void **state) {
#define DRAFT(n) "{\"$schema\":\"http://json-schema.org/draft-0" n "/schema#\","

        fit(DRAFT("4") "\"maximum\":3,\"exclusiveMaximum\":true}", "2");
        violate(DRAFT("4") "\"maximum\":3,\"exclusiveMaximum\":true}", "3",
                "the content must be less than 3");
        refuse(DRAFT("4") "\"exclusiveMaximum\":3}", "/exclusiveMaximum must be true or false");
        refuse(DRAFT("4") "\"exclusiveMaximum\":true}", "/exclusiveMaximum stands without maximum beside it");
        refuse(DRAFT("7") "\"exclusiveMaximum\":true}", "/exclusiveMaximum must be a number");
        violate(DRAFT("4") "\"type\":\"integer\"}", "1.0", "the content must be an integer, and is a number");
        fit(DRAFT("6") "\"type\":\"integer\"}", "1.0");
        fit(DRAFT("4") "\"const\":1}", "2");
        fit(DRAFT("6") "\"if\":{},\"then\":{\"const\":1}}", "2");
        violate("{\"if\":{},\"then\":{\"const\":1}}", "2",
                "the content must be the one value that const names");
        refuse(DRAFT("4") "\"not\":true}", "/not must be a schema, which is an object");
        refuse("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"}",
               "/$schema is not one of those");
        refuse("{\"$schema\":7}", "/$schema must be a string");
}

static void follows_references_within_the_schema(_unused_ void **state) {
        static const char tree[] =
                "{\"properties\":{\"next\":{\"$ref\":\"#\"},\"n\":{\"type\":\"integer\"}}}";

        violate(tree, "{\"next\":{\"next\":{\"n\":null}}}", "/next/next/n must be an integer, and is null");
        violate("{\"$ref\":\"#/definitions/a%25~1b\",\"definitions\":{\"a%/b\":{\"type\":\"null\"}}}", "1",
                "the content must be null, and is an integer");
        violate("{\"items\":[{\"type\":\"null\"},{\"$ref\":\"#/items/0\"}]}", "[null,1]",
                "/1 must be null, and is an integer");
}

/* Valijson 1.0 by itself takes the places of each of these for one another, and refuses these contents. */
static void keeps_places_apart(_unused_ void **state) {
        static const char names[] =
                "{\"properties\":{\"a\":{\"$ref\":\"#/definitions/d\"}},"
                "\"definitions\":{\"d\":{\"type\":\"object\",\"propertyNames\":{\"maxLength\":2}}}}";

        fit(names, "{\"a\":{\"ab\":1}}");
        violate(names, "{\"a\":{\"abc\":1}}",
                "/a must not have a member of the name 'abc', by propertyNames");
        fit("{\"properties\":{\"A\":{\"$ref\":\"#/properties/a/"
            "items\"},\"a\":{\"items\":{\"type\":\"string\"}},"
            "\"a/items\":{\"type\":\"integer\"}}}",
            "{\"a/items\":1}");
}

static void refuses_other_references(_unused_ void **state) {
        refuse("{\"$ref\":\"http://example.com/s.json\"}", "/$ref refers to another place");
        refuse("{\"$ref\":\"other.json#/a\"}", "/$ref refers to another place");
        refuse("{\"$ref\":\"file:///etc/passwd\"}", "/$ref refers to another place");
        refuse("{\"$ref\":\"#name\"}", "/$ref refers to another place");
        refuse("{\"$ref\":\"#/definitions/a\"}", "/$ref refers to a place that the schema does not have");
        refuse("{\"items\":{\"$ref\":3}}", "/items/$ref must be a string");
        refuse("{\"items\":{\"$id\":\"http://example.com/\"}}", "/items/$id gives a subschema an address");
        fit("{\"$id\":\"http://example.com/s.json\",\"items\":{\"$id\":\"#here\"}}", "[]");
}

static void refuses_references_in_circles(_unused_ void **state) {
        refuse("{\"$ref\":\"#\"}", "/$ref leads to itself");
        refuse("{\"items\":{\"$ref\":\"#/items\"}}", "/items/$ref leads to itself");
        refuse("{\"items\":{\"$ref\":\"#/definitions/a\"},\"definitions\":{"
               "\"a\":{\"$ref\":\"#/definitions/b\"},\"b\":{\"$ref\":\"#/definitions/a\"}}}",
               "/definitions/");
}

static void takes_regular_expressions_of_linear_time(_unused_ void **state) {
        refuse("{\"pattern\":\"(?=a)\"}",
               "/pattern is no regular expression that can be matched in linear time");
        refuse("{\"pattern\":\"(?<!a)b\"}", "/pattern is no regular expression");
        refuse("{\"pattern\":\"(a)\\\\1\"}", "/pattern is no regular expression");
        refuse("{\"pattern\":\"(\"}", "/pattern is no regular expression");
        refuse("{\"patternProperties\":{\"(?!a)\":{}}}", "/patternProperties/(?!a) is no regular expression");
        refuse("{\"pattern\":\"((a{100}){100}){100}\"}", "/pattern is no regular expression");
        fit("{\"pattern\":\"^\\\\u00e4\\\\d+$\"}", "\"\xc3\xa4"
                                                   "12\"");
        fit("{\"pattern\":\"b\"}", "\"abc\"");
        fit("{\"pattern\":\"^a\\\\/b$\"}", "\"a/b\"");
}

/* Valijson would take what is before it. */
static void refuses_a_nul(_unused_ void **state) {
        refuse("{\"required\":[\"x\\u0000y\"]}", "/required has a NUL character");
        refuse("{\"pattern\":\"x\\u0000y\"}", "/pattern has a NUL character");
        refuse("{\"properties\":{\"x\\u0000y\":{}}}", "/properties has a NUL character");
        refuse("{\"patternProperties\":{\"x\\u0000y\":{}}}", "/patternProperties has a NUL character");
        refuse("{\"dependencies\":{\"x\\u0000y\":[]}}", "/dependencies has a NUL character");
}

static void leaves_formats_to_people(_unused_ void **state) {
        fit("{\"format\":\"ipv4\"}", "\"x\"");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_the_place_and_what_is_wrong),
                cmocka_unit_test(escapes_names_in_pointers),
                cmocka_unit_test(names_a_few_faults_at_most),
                cmocka_unit_test(tells_what_the_nearest_alternative_lacks),
                cmocka_unit_test(cuts_long_names),
                cmocka_unit_test(refuses_members_that_stand_twice),
                cmocka_unit_test(skips_a_byte_order_mark),
                cmocka_unit_test(takes_large_numbers_as_doubles),
                cmocka_unit_test(takes_the_types_that_keywords_have),
                cmocka_unit_test(tells_drafts_apart),
                cmocka_unit_test(follows_references_within_the_schema),
                cmocka_unit_test(keeps_places_apart),
                cmocka_unit_test(refuses_a_nul),
                cmocka_unit_test(refuses_other_references),
                cmocka_unit_test(refuses_references_in_circles),
                cmocka_unit_test(takes_regular_expressions_of_linear_time),
                cmocka_unit_test(leaves_formats_to_people),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
