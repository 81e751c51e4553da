/*
 * Templates of target keys: what they say, which are refused, and that no two configs ever share a key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mirror/key_template.h"
#include "model/macros.h"
#include "model/name.h"

static KeyTemplate parsed(const char *text, const char *scope) {
        KeyTemplate result = KEY_TEMPLATE_NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = key_template_parse(span_from_string(text), span_from_string(scope), &result, &problem);
        assert_string_equal(problem.text, "");
        assert_int_equal(r, 0);
        return result;
}

static void refused(const char *text, const char *scope, const char *why) {
        KeyTemplate result = KEY_TEMPLATE_NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = key_template_parse(span_from_string(text), span_from_string(scope), &result, &problem);
        assert_string_equal(problem.text, why);
        assert_int_equal(r, KEY_TEMPLATE_E_INVALID);
        assert_null(result.text);
}

static void gives(const char *text, const char *scope, const char *namespace, const char *key,
                  const char *expected) {
        _cleanup_(key_template_deinit) KeyTemplate template = parsed(text, scope);
        _cleanup_(freep) char *made = NULL;
        Buf buf = BUF_NULL;

        key_template_append(&template, span_from_string(namespace), span_from_string(key), &buf);
        made = buf_take_string(&buf);
        assert_string_equal(made, expected);
}

static void test_placeholders_stand_for_names(void **state _unused_) {
        gives("{namespace}:{key}", "", "prod.acme", "db.url", "prod.acme:db.url");
        gives("/confer/{namespace_path}/{key}", "", "prod.acme", "db.url", "/confer/prod/acme/db.url");
        gives("{key}@@/{namespace}/", "", "prod", "a@b", "a@b@@/prod/");
        gives("tenant:{below}:{key}", "tenants", "tenants.t1", "config", "tenant:t1:config");
        gives("tenant:{below}:{key}", "a.b", "a.b.c.d", "config", "tenant:c.d:config");
        gives("tenant:{below}:{key}", "tenants", "tenants", "config", "tenant::config");
        gives("{namespace}:{key}", "tenants", "tenants.t1", "k", "tenants.t1:k");
        gives("\xc3\xa9 {namespace}\xc3\xa9{key}", "", "a", "k", "\xc3\xa9 a\xc3\xa9k");
}

static void test_two_braces_are_one(void **state _unused_) {
        gives("{{{namespace}}}:{key}", "", "prod.acme", "k", "{prod.acme}:k");
        gives("x{{y}}{namespace}{{{key}", "", "a", "k", "x{y}a{k");
}

static void test_the_prefix_ends_at_the_first_placeholder(void **state _unused_) {
        static const struct {
                const char *text, *prefix;
        } rows[] = {
                { "/confer/{namespace_path}/{key}", "/confer/" },
                { "{namespace}:{key}", "" },
                { "c{{{namespace}}}:{key}", "c{" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(key_template_deinit) KeyTemplate template = parsed(rows[i].text, "");

                assert_true(span_equal_string(key_template_prefix(&template), rows[i].prefix));
        }
}

static void test_what_is_no_template_is_refused(void **state _unused_) {
        static const char no_namespace[] = "has none of {namespace}, {namespace_path} and {below}";
        static const char several[] = "has more than one of {namespace}, {namespace_path} and {below}";
        static const char unclosed[] = "a brace is opened and not closed; \"{{\" is a brace";
        static const char unopened[] = "a brace is closed that was not opened; \"}}\" is a brace";

        refused("", "", "has no {key}");
        refused("{namespace}", "", "has no {key}");
        refused("{key}", "", no_namespace);
        refused("{{namespace}}:{key}", "", no_namespace);
        refused("{namespace}:{namespace_path}:{key}", "", several);
        refused("{namespace}:{key}:{namespace_path}", "", several);
        refused("{namespace}:{key}:{key}", "", "{key} is used twice");
        refused("{namespace}:{namespace}:{key}", "", "{namespace} is used twice");
        refused("{below}:{key}", "", "{below} is for a mirror that has a namespace of its own");
        refused("{Key}", "", "{Key} is none of {namespace}, {namespace_path}, {below} and {key}");
        refused("{}", "", "{} is none of {namespace}, {namespace_path}, {below} and {key}");
        refused("{namespace}:{key", "", unclosed);
        refused("{namespace}:{key}{", "", unclosed);
        refused("{namespace}:{key}}", "", unopened);
        refused("a}b", "", unopened);
        refused("{namespace}:{key}\n", "", "holds a control character");
        refused("{namespace}:{key}\xff", "", "is not UTF-8");
}

static void test_what_two_configs_could_share_is_refused(void **state _unused_) {
        refused("{namespace}.{key}", "",
                "two configs could share a key: between {namespace} and {key} there has to be a character "
                "that one of them never has, such as \":\"");
        refused("{key}-{below}", "a",
                "two configs could share a key: between {key} and {below} there has to be a character that "
                "one of them never has, such as \":\"");
        refused("{namespace}{key}", "",
                "two configs could share a key: between {namespace} and {key} there has to be a character "
                "that one of them never has, such as \":\"");
}

/* The template keeps alphabets of its own; they have to be those of the names. */
static void test_a_character_tells_apart_what_names_do_not_both_have(void **state _unused_) {
        for (int c = ' '; c < 0x7f; c++) {
                const char name[] = { 'a', (char)c, 'a' };
                Span span = { name, sizeof(name) };
                bool is_in_both = namespace_is_valid(span) && key_is_valid(span);
                KeyTemplate template = KEY_TEMPLATE_NULL;
                char text[32];
                Problem problem;

                if (c == '{' || c == '}')
                        continue;
                (void)snprintf(text, sizeof(text), "{namespace}%c{key}", c);
                assert_int_equal(key_template_parse(span_from_string(text), SPAN_NULL, &template, &problem) !=
                                         0,
                                 is_in_both);
                key_template_deinit(&template);
        }
}

static void test_a_template_has_a_longest(void **state _unused_) {
        char text[KEY_TEMPLATE_SIZE_MAX + 2];
        const char *end = "{namespace}:{key}";

        memset(text, 'x', sizeof(text));
        strcpy(text + KEY_TEMPLATE_SIZE_MAX + 1 - strlen(end), end);
        refused(text, "", "is longer than the most, 512 bytes");

        KeyTemplate template = parsed(text + 1, "");
        key_template_deinit(&template);
}

/*
 * The property. Names are made of few characters, so that they run into each other whenever they can.
 */

static unsigned n_below(unsigned n) {
        return (unsigned)rand() % n;
}

static void random_from(const char *alphabet, size_t size_min, size_t size_max, char *ret_text) {
        size_t size = size_min + n_below((unsigned)(size_max - size_min) + 1);

        for (size_t i = 0; i < size; i++)
                ret_text[i] = alphabet[n_below((unsigned)strlen(alphabet))];
        ret_text[size] = '\0';
}

typedef struct Name {
        char namespace[16], key[16];
} Name;

static Name random_name(const char *scope) {
        Name name;

        do {
                char below[8];

                random_from("aa._-", 0, 4, below);
                (void)snprintf(name.namespace, sizeof(name.namespace), "%s%s%s", scope,
                               *scope && *below ? "." : "", below);
        } while (!namespace_is_valid(span_from_string(name.namespace)));
        do
                random_from("aaA._@:+-", 1, 5, name.key);
        while (!key_is_valid(span_from_string(name.key)));
        return name;
}

/* A template of pieces that are chosen at will; it may be refused. */
static void random_template(char *ret_text, size_t size) {
        static const char *const spaces[] = { "{namespace}", "{namespace_path}", "{below}" };
        const char *space = spaces[n_below(ARRAY_SIZE(spaces))];
        bool is_key_first = n_below(3) == 0;
        char before[8], between[8], after[8];

        random_from("a:/.A", 0, 2, before);
        random_from("a:/.A@-_", 0, 4, between);
        random_from("a:/.A", 0, 2, after);
        (void)snprintf(ret_text, size, "%s%s%s%s%s", before, is_key_first ? "{key}" : space, between,
                       is_key_first ? space : "{key}", after);
}

typedef struct Made {
        char text[128];
        Name name;
} Made;

static int made_compare(const void *a, const void *b) {
        return strcmp(((const Made *)a)->text, ((const Made *)b)->text);
}

static void make(const KeyTemplate *template, const char *scope, Made *ret_made) {
        Buf buf = BUF_NULL;

        ret_made->name = random_name(scope);
        key_template_append(template, span_from_string(ret_made->name.namespace),
                            span_from_string(ret_made->name.key), &buf);
        assert_true(buf.size < sizeof(ret_made->text));
        memcpy(ret_made->text, buf.data, buf.size);
        ret_made->text[buf.size] = '\0';
        assert_true(span_starts_with(buf_span(&buf), key_template_prefix(template)));
        buf_deinit(&buf);
}

/* Returns whether two of many configs share a key. */
static bool has_shared_key(const KeyTemplate *template, const char *scope) {
        static Made made[400];

        for (size_t i = 0; i < ARRAY_SIZE(made); i++)
                make(template, scope, &made[i]);
        qsort(made, ARRAY_SIZE(made), sizeof(made[0]), made_compare);
        for (size_t i = 1; i < ARRAY_SIZE(made); i++)
                if (strcmp(made[i - 1].text, made[i].text) == 0 &&
                    (strcmp(made[i - 1].name.namespace, made[i].name.namespace) != 0 ||
                     strcmp(made[i - 1].name.key, made[i].name.key) != 0))
                        return true;

        return false;
}

static void test_no_two_configs_share_a_key(void **state _unused_) {
        size_t n_accepted = 0;

        srand(6);
        for (size_t i = 0; i < 1000; i++) {
                _cleanup_(key_template_deinit) KeyTemplate template = KEY_TEMPLATE_NULL;
                const char *scope = n_below(2) ? "a" : "";
                Problem problem;
                char text[96];

                random_template(text, sizeof(text));
                if (key_template_parse(span_from_string(text), span_from_string(scope), &template, &problem))
                        continue;

                n_accepted++;
                if (has_shared_key(&template, scope))
                        fail_msg("\"%s\" gives a key to two configs", text);
        }
        assert_in_range(n_accepted, 300, 900);
}

/* What the property is worth: the configs are such that it would be seen to fail. */
static void test_a_shared_key_would_be_found(void **state _unused_) {
        static const struct {
                const char *accepted, *between;
        } rows[] = {
                { "{namespace}:{key}", "." },
                { "{namespace}:{key}", "-" },
                { "{key}/{namespace}", "." },
        };

        srand(6);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                _cleanup_(key_template_deinit) KeyTemplate template = parsed(rows[i].accepted, "");

                template.literals[1] = span_from_string(rows[i].between);
                assert_true(has_shared_key(&template, ""));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_placeholders_stand_for_names),
                cmocka_unit_test(test_two_braces_are_one),
                cmocka_unit_test(test_the_prefix_ends_at_the_first_placeholder),
                cmocka_unit_test(test_what_is_no_template_is_refused),
                cmocka_unit_test(test_what_two_configs_could_share_is_refused),
                cmocka_unit_test(test_a_character_tells_apart_what_names_do_not_both_have),
                cmocka_unit_test(test_a_template_has_a_longest),
                cmocka_unit_test(test_no_two_configs_share_a_key),
                cmocka_unit_test(test_a_shared_key_would_be_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
