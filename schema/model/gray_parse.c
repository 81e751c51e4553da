/*
 * From the JSON of rules to what is evaluated: the rules, whom they match, and how they split those.
 */
#include <errno.h>

#include "model/gray.h"
#include "model/gray_compiler.h"
#include "model/utf8.h"

/* Deeper than any rule, so that what is too deep has a path all the same. */
#define DEPTH_MAX 64

/* The index of the name that was decoded last. */
static uint16_t intern_name(GrayCompiler *compiler, Span name) {
        const GrayText *names = (const GrayText *)compiler->names.data;
        uint32_t n_names = GRAY_N_OF(&compiler->names, GrayText);
        GrayText kept;

        for (uint32_t i = 0; i < n_names; i++)
                if (span_equal(gray_text(compiler->bytes.data, &names[i]), name))
                        return (uint16_t)i;

        kept = gray_keep_text(compiler, name);
        buf_append(&compiler->names, &kept, sizeof(kept));
        return (uint16_t)n_names;
}

/* Does a test from @first_test on look at that tag? */
static bool is_tested(const GrayCompiler *compiler, uint32_t first_test, uint16_t tag) {
        const GrayTest *tests = (const GrayTest *)compiler->tests.data;

        for (uint32_t i = first_test; i < GRAY_N_OF(&compiler->tests, GrayTest); i++)
                if (tests[i].name == tag)
                        return true;
        return false;
}

static int read_match_member(GrayCompiler *compiler, const GrayPath *path, uint32_t first_test, Span escaped,
                             JsonValue condition) {
        Span name = gray_decode(compiler, escaped);
        uint16_t tag;

        if (!tag_name_is_valid(name))
                return gray_refuse_member(
                        compiler, path, name,
                        "this is no name of a tag: names have 1 to 64 of a-z, 0-9, _, . and -");

        tag = intern_name(compiler, name);
        if (buf_failed(&compiler->names))
                return -ENOMEM;

        name = gray_text(compiler->bytes.data, (const GrayText *)compiler->names.data + tag);
        if (is_tested(compiler, first_test, tag))
                return gray_refuse_member(compiler, path, name, "it stands twice: leave one of them out");

        return gray_read_condition(compiler, &(GrayPath){ .parent = path, .name = name }, tag, condition);
}

/* Puts the cheap tests first; few as they are, each is moved to its place. */
static void sort_tests(GrayCompiler *compiler, uint32_t first) {
        GrayTest *tests = (GrayTest *)compiler->tests.data;

        for (uint32_t i = first + 1; i < GRAY_N_OF(&compiler->tests, GrayTest); i++) {
                GrayTest test = tests[i];
                uint32_t to = i;

                for (; to > first && tests[to - 1].kind > test.kind; to--)
                        tests[to] = tests[to - 1];
                tests[to] = test;
        }
}

static int read_match(GrayCompiler *compiler, const GrayPath *path, JsonValue match) {
        uint32_t first_test = GRAY_N_OF(&compiler->tests, GrayTest);
        Span rest = match.text, escaped;
        JsonValue condition;

        for (size_t n = 0; json_read_member(&rest, &escaped, &condition); n++) {
                int r = n < GRAY_CONDITIONS_MAX
                                ? read_match_member(compiler, path, first_test, escaped, condition)
                                : gray_refuse(compiler, path, "it has more than %d tags",
                                              GRAY_CONDITIONS_MAX);

                if (r)
                        return r;
        }

        sort_tests(compiler, first_test);
        return 0;
}

/* Ends the tests of rule @index, which begin at @first. */
static void end_tests(GrayCompiler *compiler, uint32_t first, uint32_t index) {
        const GrayTest decide = { .kind = GRAY_TEST_DECIDE, .first = index };
        GrayTest *tests;
        uint32_t n;

        buf_append(&compiler->tests, &decide, sizeof(decide));
        tests = (GrayTest *)compiler->tests.data;
        n = GRAY_N_OF(&compiler->tests, GrayTest);
        for (uint32_t i = first; i < n; i++)
                tests[i].next_rule = n;
}

/* Counts the different versions that the arms name. Return: false when this one is one too many. */
static bool count_version(GrayCompiler *compiler, int64_t version) {
        for (size_t i = 0; i < compiler->n_versions; i++)
                if (compiler->versions[i] == version)
                        return true;
        if (compiler->n_versions == GRAY_VERSIONS_MAX)
                return false;

        compiler->versions[compiler->n_versions++] = version;
        return true;
}

static int read_version(GrayCompiler *compiler, const GrayPath *path, JsonValue number,
                        int64_t *ret_version) {
        int64_t version;

        if (!json_read_integer(number, &version) || version < 1)
                return gray_refuse(compiler, path, "must be the number of a version, a whole number from 1");
        if (!count_version(compiler, version))
                return gray_refuse(compiler, path,
                                   "the rules name more than %d versions: use one that they name already",
                                   GRAY_VERSIONS_MAX);

        *ret_version = version;
        return 0;
}

static int read_arm(GrayCompiler *compiler, const GrayPath *path, JsonValue object, GrayArm *ret_arm) {
        enum { VERSION, WEIGHT, N };
        JsonMember members[N] = {
                [VERSION] = REQUIRED("version", NUMBER),
                [WEIGHT] = REQUIRED("weight", NUMBER),
        };
        int64_t version = 0;
        uint32_t weight;
        int r;

        r = gray_read_members(compiler, path, object, members, N,
                              "an arm has a version and a weight, no more");
        if (!r)
                r = read_version(compiler, &(GrayPath){ .parent = path, .name = SPAN_LITERAL("version") },
                                 members[VERSION].value, &version);
        if (r)
                return r;
        if (!gray_weight_parse(members[WEIGHT].value.text, &weight))
                return gray_refuse_member(compiler, path, SPAN_LITERAL("weight"),
                                          "must be a number from 0 to 100, with up to three decimals");

        ret_arm->version = version;
        ret_arm->to = weight;
        return 0;
}

static int read_split(GrayCompiler *compiler, const GrayPath *path, JsonValue split, uint32_t index,
                      GrayRule *rule) {
        Span rest = split.text;
        JsonValue object;
        uint32_t from = 0;

        rule->first_arm = GRAY_N_OF(&compiler->arms, GrayArm);
        for (size_t i = 0; json_read_element(&rest, &object); i++) {
                const GrayPath at = { .parent = path, .index = i };
                GrayArm arm = { .rule = index, .from = from };
                int r = i < GRAY_ARMS_MAX
                                ? read_arm(compiler, &at, object, &arm)
                                : gray_refuse(compiler, path, "it has more than %d arms", GRAY_ARMS_MAX);

                if (r)
                        return r;
                arm.to += from;
                if (arm.to > GRAY_WEIGHT_MAX)
                        return gray_refuse(compiler, path,
                                           "the weights are more than 100 together: lower one");

                buf_append(&compiler->arms, &arm, sizeof(arm));
                from = arm.to;
        }

        rule->n_arms = GRAY_N_OF(&compiler->arms, GrayArm) - rule->first_arm;
        return rule->n_arms ? 0 : gray_refuse(compiler, path, "it is empty: name a version and its weight");
}

static int read_rule(GrayCompiler *compiler, const GrayPath *path, JsonValue object, uint32_t index) {
        enum { MATCH, SPLIT, N };
        JsonMember members[N] = {
                [MATCH] = OPTIONAL("match", OBJECT),
                [SPLIT] = REQUIRED("split", ARRAY),
        };
        uint32_t first_test = GRAY_N_OF(&compiler->tests, GrayTest);
        GrayRule rule = { 0 };
        int r;

        r = gray_read_members(compiler, path, object, members, N, "a rule has a match and a split, no more");
        if (!r && members[MATCH].is_present)
                r = read_match(compiler, &(GrayPath){ .parent = path, .name = SPAN_LITERAL("match") },
                               members[MATCH].value);
        if (!r)
                r = read_split(compiler, &(GrayPath){ .parent = path, .name = SPAN_LITERAL("split") },
                               members[SPLIT].value, index, &rule);
        if (r)
                return r;

        end_tests(compiler, first_test, index);
        buf_append(&compiler->rules, &rule, sizeof(rule));
        return 0;
}

static int read_rules(GrayCompiler *compiler, Span text) {
        const GrayTest end = { .kind = GRAY_TEST_END };
        const GrayPath path = { .parent = NULL };
        JsonValue rules = json_read_value(text), object;
        Span rest = rules.text;
        uint32_t n = 0;

        if (rules.kind != JSON_KIND_ARRAY)
                return gray_refuse(compiler, &path, "must be an array");

        for (; json_read_element(&rest, &object); n++) {
                const GrayPath at = { .parent = &path, .index = n };
                int r = n < GRAY_RULES_MAX
                                ? read_rule(compiler, &at, object, n)
                                : gray_refuse(compiler, &path, "there are more than %d", GRAY_RULES_MAX);

                if (r)
                        return r;
        }
        buf_append(&compiler->tests, &end, sizeof(end));
        return n ? 0
                 : gray_refuse(compiler, &path, "there are none: write one, or withdraw the gray release");
}

static int check_texts(GrayCompiler *compiler, Span rules, Span salt) {
        const GrayPath path = { .parent = NULL };
        const char *problem;
        size_t at;

        if (salt.size == 0 || salt.size > GRAY_SALT_SIZE_MAX || utf8_valid_size(salt) != salt.size ||
            memchr(salt.data, '\0', salt.size)) {
                problem_set(compiler->problem, "salt", "must have 1 to %d bytes of UTF-8 without NUL",
                            GRAY_SALT_SIZE_MAX);
                return GRAY_E_INVALID;
        }
        if (rules.size > GRAY_RULES_SIZE_MAX)
                return gray_refuse(compiler, &path, "they are too long: at most %zu bytes of JSON",
                                   GRAY_RULES_SIZE_MAX);
        if (!json_read_check(rules, DEPTH_MAX, &problem, &at))
                return gray_refuse(compiler, &path, "%s, at byte %zu: rules are an array in JSON", problem,
                                   at);
        return 0;
}

int gray_new(Span rules, Span salt, Gray **ret_gray, Problem *ret_problem) {
        _cleanup_(gray_compiler_deinit) GrayCompiler compiler = { .problem = ret_problem };
        Gray *gray;
        int r;

        r = check_texts(&compiler, rules, salt);
        if (r)
                return r;

        /* No text is longer than it was with its escapes, and each is kept once at most. */
        if (!buf_reserve(&compiler.bytes, rules.size))
                return -ENOMEM;

        r = read_rules(&compiler, rules);
        if (gray_compiler_failed(&compiler))
                return -ENOMEM;
        if (r)
                return r;

        gray = gray_assemble(&compiler, rules, salt);
        if (!gray)
                return -ENOMEM;

        *ret_gray = gray;
        return 0;
}
