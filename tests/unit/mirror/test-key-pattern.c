/*
 * Patterns of etcd's keys: what they are split into, which are refused, and that no two keys make one config.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mirror/key_pattern.h"
#include "model/macros.h"

typedef struct Texts {
        const char *from;
        const char *namespace;
        const char *key;
} Texts;

static KeyPattern parsed(const Texts *texts) {
        KeyPattern result = KEY_PATTERN_NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = key_pattern_parse(span_from_string(texts->from), span_from_string(texts->namespace),
                              span_from_string(texts->key), &result, &problem);
        assert_string_equal(problem.text, "");
        assert_int_equal(r, 0);
        return result;
}

/* What the key is: "namespace/key", "-" where it is none of the pattern's, "!" where it makes no config. */
static void map(const KeyPattern *pattern, const char *etcd_key, char to[static 512]) {
        _cleanup_(buf_deinit) Buf namespace = BUF_NULL, key = BUF_NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = key_pattern_map(pattern, span_from_string(etcd_key), &namespace, &key, &problem);
        if (r)
                (void)snprintf(to, 512, "%s", r == KEY_PATTERN_E_OTHER ? "-" : "!");
        else
                (void)snprintf(to, 512, "%.*s/%.*s", (int)namespace.size, namespace.data, (int)key.size,
                               key.data);
        assert_true((r == KEY_PATTERN_E_UNNAMED) == (problem.text[0] != '\0'));
}

static void gives(const Texts *texts, const char *etcd_key, const char *expected) {
        _cleanup_(key_pattern_deinit) KeyPattern pattern = parsed(texts);
        char found[512];

        map(&pattern, etcd_key, found);
        assert_string_equal(found, expected);
}

static void refused(const Texts *texts, const char *field, const char *why) {
        KeyPattern result = KEY_PATTERN_NULL;
        Problem problem = PROBLEM_NULL;
        int r;

        r = key_pattern_parse(span_from_string(texts->from), span_from_string(texts->namespace),
                              span_from_string(texts->key), &result, &problem);
        assert_int_equal(r, KEY_PATTERN_E_INVALID);
        assert_null(result.text);
        assert_string_equal(problem.field, field);
        assert_non_null(strstr(problem.text, why));
}

static void test_a_placeholder_stands_for_part_of_a_segment(void **state _unused_) {
        const Texts tenants = { "/tenants/{id}", "tenants.{id}", "config" };
        const Texts amid = { "/t-{id}.json/x", "t.{id}", "k" };

        gives(&tenants, "/tenants/t1", "tenants.t1/config");
        gives(&tenants, "/tenants/a.b", "tenants.a.b/config");
        gives(&tenants, "/tenants/", "-");
        gives(&tenants, "/tenants/a/b", "-");
        gives(&tenants, "/tenants", "-");
        gives(&tenants, "/other/t1", "-");
        gives(&tenants, "/tenants/T1", "!");
        gives(&tenants, "/tenants/a.b.c.d", "!");
        gives(&amid, "/t-1.json/x", "t.1/k");
        gives(&amid, "/t-.json/x", "-");
        gives(&amid, "/t-1.json.json/x", "t.1.json/k");
        gives(&amid, "/t-1.json/xy", "-");
        gives(&(Texts){ "/one", "app", "config" }, "/one", "app/config");
        gives(&(Texts){ "/one", "app", "config" }, "/one1", "-");
        gives(&(Texts){ "/{{{id}}}", "app", "{id}" }, "/{x}", "app/x");
}

static void test_one_may_stand_for_many_segments(void **state _unused_) {
        const Texts end = { "/apps/{app...}", "{app}", "config" };
        const Texts amid = { "/apps/{app...}/{file}", "{app}", "{file}" };
        const Texts both = { "/{env}/{app...}/c/{file}.json", "{env}.{app}", "{file}" };

        gives(&end, "/apps/a", "a/config");
        gives(&end, "/apps/a/b/c", "a.b.c/config");
        gives(&end, "/apps/a//c", "-");
        gives(&end, "/apps/a/", "-");
        gives(&end, "/apps/a.b", "!");
        gives(&amid, "/apps/a/b/x.json", "a.b/x.json");
        gives(&amid, "/apps/x.json", "-");
        gives(&both, "/prod/a/b/c/f.json", "prod.a.b/f");
        gives(&both, "/prod/c/c/f.json", "prod.c/f");
        gives(&both, "/prod/a/f.json", "-");
        gives(&both, "/pr.od/a/c/f.json", "!");
}

static void test_what_could_be_another_key_makes_no_config(void **state _unused_) {
        const Texts flags = { "/flags/{team}/{flag}", "flags", "{team}:{flag}" };
        const Texts dotted = { "/n/{a}/{b}", "{a}.{b}", "k" };

        gives(&flags, "/flags/web/a:b", "flags/web:a:b");
        gives(&flags, "/flags/web:a/b", "!");
        gives(&dotted, "/n/x/y", "x.y/k");
        gives(&dotted, "/n/x.y/z", "!");
        gives(&dotted, "/n/x/y.z", "!");
}

static void test_patterns_that_are_refused(void **state _unused_) {
        refused(&(Texts){ "{id}", "{id}", "k" }, "from", "has to begin with a text");
        refused(&(Texts){ "/a/{x}-{y}", "{x}", "{y}" }, "from", "has to be a \"/\"");
        refused(&(Texts){ "/a/{x...}/{y...}", "{x}.{y}", "k" }, "from", "two placeholders stand for many");
        refused(&(Texts){ "/a{x...}", "{x}", "k" }, "from", "whole segments");
        refused(&(Texts){ "/a/{x...}b", "{x}", "k" }, "from", "whole segments");
        refused(&(Texts){ "/a/{x}/{x}", "{x}", "k" }, "from", "used twice");
        refused(&(Texts){ "/a/{x}", "b", "k" }, "from", "neither namespace nor key has {x}");
        refused(&(Texts){ "/a/{x}", "{x}", "{x}" }, "key", "used twice");
        refused(&(Texts){ "/a/{x}", "{y}", "k" }, "namespace", "no placeholder of from");
        refused(&(Texts){ "/a/{x}/{y}", "{x}{y}", "k" }, "namespace", "a dot");
        refused(&(Texts){ "/a/{x}/{y}", "{x}-{y}", "k" }, "namespace", "a dot");
        refused(&(Texts){ "/a/{x}/{y}", "n", "{x}{y}" }, "key", "a text");
        refused(&(Texts){ "/a/{x...}", "n", "{x}" }, "key", "only a namespace has");
        refused(&(Texts){ "/a/{x", "{x}", "k" }, "from", "not closed");
        refused(&(Texts){ "/a/x}", "x", "k" }, "from", "not opened");
        refused(&(Texts){ "/a/{X}", "x", "k" }, "from", "no placeholder");
        refused(&(Texts){ "/a/{}", "x", "k" }, "from", "no placeholder");
        refused(&(Texts){ "/a", "", "k" }, "namespace", "empty");
        refused(&(Texts){ "/a\n", "x", "k" }, "from", "control character");
}

#define KEYS_SIZE 6 /* of a key, at most, the slash at its front included */

/* The key with the number @number: its digits, to the base of 6, are characters. False: there is none. */
static bool make_key(unsigned number, char to[static KEYS_SIZE + 1]) {
        static const char alphabet[] = "a/.:-";
        size_t size = 1;

        *to = '/';
        for (; number; number /= sizeof(alphabet)) {
                if (number % sizeof(alphabet) == 0)
                        return false;
                to[size++] = alphabet[number % sizeof(alphabet) - 1];
        }
        to[size] = '\0';
        return true;
}

/* Each key of up to 5 characters, of an alphabet that has what separates. */
static void check_keys(const Texts *texts) {
        enum { SEEN_MAX = 4096, NUMBERS = 6 * 6 * 6 * 6 * 6 };
        _cleanup_(key_pattern_deinit) KeyPattern pattern = parsed(texts);
        static char seen[SEEN_MAX][16];
        char found[512], key[KEYS_SIZE + 1];
        size_t n = 0;

        for (unsigned number = 0; number < NUMBERS; number++) {
                if (!make_key(number, key))
                        continue;
                map(&pattern, key, found);
                if (strcmp(found, "-") == 0 || strcmp(found, "!") == 0)
                        continue;
                for (size_t i = 0; i < n; i++)
                        if (strcmp(seen[i], found) == 0)
                                fail_msg("%s: %s makes %s, as another does", texts->from, key, found);
                assert_true(n < SEEN_MAX && strlen(found) < sizeof(seen[0]));
                memcpy(seen[n++], found, strlen(found) + 1);
        }
        assert_true(n > 0);
}

static void test_no_two_keys_make_one_config(void **state _unused_) {
        check_keys(&(Texts){ "/{x}", "n.{x}", "k" });
        check_keys(&(Texts){ "/{x...}", "{x}", "k" });
        check_keys(&(Texts){ "/{x}/{y}", "{x}.{y}", "k" });
        check_keys(&(Texts){ "/{x}/{y}", "{x}.a.{y}", "k" });
        check_keys(&(Texts){ "/{x}/{y}", "{x}", "{y}" });
        check_keys(&(Texts){ "/{x}/{y}", "n", "{x}:{y}" });
        check_keys(&(Texts){ "/{x}/{y}", "n", "{x}.-{y}" });
        check_keys(&(Texts){ "/{x}/{y}", "n", "{y}a{x}" });
        check_keys(&(Texts){ "/{x...}/{y}", "{y}.{x}", "k" });
        check_keys(&(Texts){ "/{x}/{y...}", "{x}.{y}", "k" });
        check_keys(&(Texts){ "/{x...}/a/{y}", "{x}", "{y}" });
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_placeholder_stands_for_part_of_a_segment),
                cmocka_unit_test(test_one_may_stand_for_many_segments),
                cmocka_unit_test(test_what_could_be_another_key_makes_no_config),
                cmocka_unit_test(test_patterns_that_are_refused),
                cmocka_unit_test(test_no_two_keys_make_one_config),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
