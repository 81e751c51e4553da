/* What is made of changes for an HTTP target. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mirror/http_body.h"
#include "target-suite.h"

static void assert_body(char *body_template, char *item_template, const TargetItem *items, size_t n,
                        const char *expected) {
        MirrorOptions options = { .name = "search", .body = body_template, .item = item_template };
        Problem problem;
        HttpBody *body;
        Buf buf = BUF_NULL;
        char *text;

        assert_int_equal(http_body_new(&options, &body, &problem), 0);
        http_body_append(body, &buf, items, n, 77);
        text = buf_take_string(&buf);
        assert_string_equal(text, expected);
        free(text);
        http_body_free(body);
}

static void assert_refused(char *body_template, char *item_template, const char *field, const char *part) {
        MirrorOptions options = { .name = "search", .body = body_template, .item = item_template };
        Problem problem;
        HttpBody *body = NULL;

        assert_int_equal(http_body_new(&options, &body, &problem), -EINVAL);
        assert_null(body);
        assert_string_equal(problem.field, field);
        if (!strstr(problem.text, part))
                fail_msg("\"%s\" has no \"%s\"", problem.text, part);
}

static void test_without_templates_it_is_the_documents(void **state) {
        TargetItem items[] = { item_at(76, "a.json", "{\"x\": 1}"), item_at(77, "b.json", NULL) };

        (void)state;

        assert_body("", "", items, 2,
                    "{\"mirror\":\"search\",\"revision\":77,\"changes\":["
                    "{\"namespace\":\"prod.acme\",\"key\":\"a.json\",\"version\":3,\"revision\":76,"
                    "\"format\":\"json\",\"content\":\"{\\\"x\\\": 1}\","
                    "\"sha256\":\"613fe5aa65343dbb1b9abe6abac6773f5c91bd60d3f2ffb7e2eae69e1db8b227\","
                    "\"updated_at\":\"2023-11-14T22:13:20.000Z\",\"updated_by\":\"user:admin\","
                    "\"comment\":\"as \\\"agreed\\\"\",\"deleted\":false},"
                    "{\"namespace\":\"prod.acme\",\"key\":\"b.json\",\"revision\":77,\"deleted\":true}]}");
        assert_body("", "", items, 0, "{\"mirror\":\"search\",\"revision\":77,\"changes\":[]}");
}

static void test_placeholders_stand_for_json_values(void **state) {
        TargetItem changed = item_at(9, "a", "say \"x\"\n");
        TargetItem gone = item_at(10, "b", NULL);

        (void)state;

        changed.key = SPAN_LITERAL("/t/\xff");
        assert_body("${items}",
                    "${namespace} ${key} ${target_key} ${version} ${revision} ${format} ${content} "
                    "${updated_at} ${updated_by} ${comment} ${deleted}",
                    &changed, 1,
                    "\"prod.acme\" \"a\" \"/t/\xef\xbf\xbd\" 3 9 \"json\" \"say \\\"x\\\"\\n\" "
                    "\"2023-11-14T22:13:20.000Z\" \"user:admin\" \"as \\\"agreed\\\"\" false");
        assert_body("${items}",
                    "${namespace} ${key} ${target_key} ${version} ${revision} ${format} ${content} "
                    "${content_raw} ${sha256} ${updated_at} ${updated_by} ${comment} ${deleted}",
                    &gone, 1, "\"prod.acme\" \"b\" \"b\" null 10 null null null null null null null true");
        assert_body("${mirror}${revision}", "", &gone, 1, "\"search\"77");
}

static void test_raw_content_is_a_value_on_one_line(void **state) {
        TargetItem pretty = item("a", "\xef\xbb\xbf{\r\n  \"x\": \"\\n\"\n}");
        TargetItem text = item("a", "two\nlines");
        ConfigData config = *text.config;

        (void)state;

        assert_body("${items}", "${content_raw}", &pretty, 1, "{    \"x\": \"\\n\" }");
        config.format = FORMAT_TEXT;
        text.config = &config;
        assert_body("${items}", "${content_raw}", &text, 1, "\"two\\nlines\"");
}

static void test_items_are_joined_by_commas_or_are_lines(void **state) {
        TargetItem items[] = { item("a", "1"), item("b", NULL), item("c", "3") };

        (void)state;

        assert_body("[${items}]", "${key}", items, 3, "[\"a\",\"b\",\"c\"]");
        assert_body("${items}", "{\"k\":${key}}\n", items, 3,
                    "{\"k\":\"a\"}\n{\"k\":\"b\"}\n{\"k\":\"c\"}\n");
        assert_refused("", "${key}\n", "item", "newline");
}

static void test_dollars_stand_for_themselves(void **state) {
        TargetItem only = item("a", "1");

        (void)state;

        assert_body("$${items}", "", &only, 1, "${items}");
        assert_body("$5 $$ {$} a$", "", &only, 1, "$5 $ {$} a$");
        assert_body("$$$${items}", "x", &only, 1, "$${items}");
        assert_body("$$${items}", "x", &only, 1, "$x");
        assert_body("${items}${items}$", "x", &only, 1, "xx$");
}

static void test_an_unknown_placeholder_is_refused(void **state) {
        (void)state;

        assert_refused("${key}", "", "body", "${key}");
        assert_refused("${items", "", "body", "${items");
        assert_refused("${}", "", "body", "${}");
        assert_refused("", "${items}", "item", "${items}");
        assert_refused("", "${mirror}", "item", "${mirror}");
        assert_refused("", "a ${key} ${Key}", "item", "${Key}");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_without_templates_it_is_the_documents),
                cmocka_unit_test(test_placeholders_stand_for_json_values),
                cmocka_unit_test(test_raw_content_is_a_value_on_one_line),
                cmocka_unit_test(test_items_are_joined_by_commas_or_are_lines),
                cmocka_unit_test(test_dollars_stand_for_themselves),
                cmocka_unit_test(test_an_unknown_placeholder_is_refused),
        };

        return cmocka_run_group_tests_name("http body", tests, NULL, NULL);
}
