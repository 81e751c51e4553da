/*
 * From the JSON of rules to what is evaluated. Each fault is told with its path, "rules[2].split[0].weight".
 *
 * The parts gather in buffers, and refer to each other by index, until all is known to be right. Then they
 * are put into one block.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/gray.h"
#include "model/gray_compiled.h"
#include "model/json_read.h"
#include "model/utf8.h"

/* Deeper than any rule, so that what is too deep has a path all the same. */
#define DEPTH_MAX 64

#define SEPARATOR "\x1f" /* between salt and unit */

/* Names that are too long, and are told all the same, leave room for "operations[127]." in front. */
#define FIELD_SIZE_MAX ((size_t)PROBLEM_FIELD_MAX - 17)

#define BLOCK_ALIGN _Alignof(max_align_t)

/* Where something stands, to be told when it is wrong. */
typedef struct Path {
        const struct Path *parent; /* NULL: the rules themselves */
        Span name;                 /* absent: the element @index of @parent */
        size_t index;
} Path;

/* A member that an object has. */
typedef struct Member {
        const char *name;
        JsonKind kind;
        bool is_optional;
        bool is_present;
        JsonValue value;
} Member;

/* Texts of a semver operator; its comparators are parsed when the texts have come to their place. */
typedef struct Range {
        GrayText text;
        uint32_t first;
        uint32_t n;
} Range;

typedef struct Compiler {
        Problem *problem;
        Buf rules, tests, arms, names, texts, networks, ranges;
        Buf bytes; /* has room for all from the beginning, so that texts stay where they are */
        uint32_t n_comparators;
} Compiler;

typedef int (*Read)(Compiler *compiler, const Path *path, JsonValue value, GrayTest *test);

static void compiler_deinit(Compiler *compiler) {
        buf_deinit(&compiler->rules);
        buf_deinit(&compiler->tests);
        buf_deinit(&compiler->arms);
        buf_deinit(&compiler->names);
        buf_deinit(&compiler->texts);
        buf_deinit(&compiler->networks);
        buf_deinit(&compiler->ranges);
        buf_deinit(&compiler->bytes);
}

static bool compiler_failed(const Compiler *compiler) {
        return buf_failed(&compiler->rules) || buf_failed(&compiler->tests) || buf_failed(&compiler->arms) ||
               buf_failed(&compiler->names) || buf_failed(&compiler->texts) ||
               buf_failed(&compiler->networks) || buf_failed(&compiler->ranges) ||
               buf_failed(&compiler->bytes);
}

#define N_OF(buf, type) ((uint32_t)((buf)->size / sizeof(type)))

/* Appends to @field, which has PROBLEM_FIELD_MAX bytes, and cuts what is too long. A name ends at its NUL. */
static void append_field(char *field, const char *format, ...) _printf_(2, 3);

static void append_field(char *field, const char *format, ...) {
        size_t size = strlen(field);
        va_list args;

        va_start(args, format);
        (void)vsnprintf(field + size, PROBLEM_FIELD_MAX - size, format, args);
        va_end(args);
}

static void append_path(char *field, const Path *path) {
        if (!path->parent) {
                append_field(field, "rules");
                return;
        }

        append_path(field, path->parent);
        if (path->name.data)
                append_field(field, ".%.*s", (int)path->name.size, path->name.data);
        else
                append_field(field, "[%zu]", path->index);
}

/* Ends the text of @field where it is too long, behind a whole character. */
static void cut_field(char *field) {
        Span span = { field, MIN(strlen(field), FIELD_SIZE_MAX) };

        field[utf8_valid_size(span)] = '\0';
}

static int refuse(Compiler *compiler, const Path *path, const char *format, ...) _printf_(3, 4);

static int refuse(Compiler *compiler, const Path *path, const char *format, ...) {
        char field[PROBLEM_FIELD_MAX] = "", text[PROBLEM_TEXT_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);

        append_path(field, path);
        cut_field(field);
        problem_set(compiler->problem, field, "%s", text);
        return GRAY_E_INVALID;
}

static const char *kind_name(JsonKind kind) {
        static const char *const names[] = {
                [JSON_KIND_NULL] = "null",       [JSON_KIND_BOOLEAN] = "true or false",
                [JSON_KIND_NUMBER] = "a number", [JSON_KIND_STRING] = "a string",
                [JSON_KIND_ARRAY] = "an array",  [JSON_KIND_OBJECT] = "an object",
        };

        return names[kind];
}

/* What is refused is the member @name of the object at @path. */
static int refuse_member(Compiler *compiler, const Path *path, Span name, const char *problem) {
        const Path at = { .parent = path, .name = name };

        return refuse(compiler, &at, "%s", problem);
}

/* Decodes a string or name; nothing else is put behind it until it is kept by keep_text(). */
static Span decode(Compiler *compiler, Span escaped) {
        char *to = compiler->bytes.data + compiler->bytes.size;

        return (Span){ to, json_read_decode(escaped, to) };
}

/* @text is what was decoded last. */
static GrayText keep_text(Compiler *compiler, Span text) {
        GrayText kept = {
                .head = gray_text_head(text),
                .at = (uint32_t)compiler->bytes.size,
                .size = (uint32_t)text.size,
        };

        buf_advance(&compiler->bytes, text.size);
        return kept;
}

static Member *find_member(Member *members, size_t n_members, Span name) {
        for (size_t i = 0; i < n_members; i++)
                if (span_equal_string(name, members[i].name))
                        return &members[i];
        return NULL;
}

static int fill_member(Compiler *compiler, const Path *path, Member *member, JsonValue value) {
        const Path at = { .parent = path, .name = span_from_string(member->name) };

        if (member->is_present)
                return refuse(compiler, &at, "it stands twice: leave one of them out");
        if (value.kind != member->kind)
                return refuse(compiler, &at, "must be %s", kind_name(member->kind));

        member->value = value;
        member->is_present = true;
        return 0;
}

/* Reads an object that has @members and no others. */
static int read_members(Compiler *compiler, const Path *path, JsonValue object, Member *members,
                        size_t n_members, const char *problem_of_others) {
        Span rest = object.text, escaped;
        JsonValue value;

        if (object.kind != JSON_KIND_OBJECT)
                return refuse(compiler, path, "must be an object");

        while (json_read_member(&rest, &escaped, &value)) {
                Span name = decode(compiler, escaped);
                Member *member = find_member(members, n_members, name);
                int r = member ? fill_member(compiler, path, member, value)
                               : refuse_member(compiler, path, name, problem_of_others);

                if (r)
                        return r;
        }

        for (size_t i = 0; i < n_members; i++)
                if (!members[i].is_present && !members[i].is_optional)
                        return refuse_member(compiler, path, span_from_string(members[i].name),
                                             "it is missing");
        return 0;
}

/* Decodes a text of the operand at @path. */
static int read_text(Compiler *compiler, const Path *path, JsonValue value, Span *ret_text) {
        Span text;

        if (value.kind != JSON_KIND_STRING)
                return refuse(compiler, path, "must be a string");

        text = decode(compiler, value.text);
        if (text.size > TAG_VALUE_SIZE_MAX)
                return refuse(compiler, path, "it is too long: a text has at most %d bytes",
                              TAG_VALUE_SIZE_MAX);
        if (memchr(text.data, '\0', text.size))
                return refuse(compiler, path, "it has a NUL character, which no tag has");

        *ret_text = text;
        return 0;
}

static int read_one_text(Compiler *compiler, const Path *path, JsonValue value, GrayTest *test _unused_) {
        GrayText kept;
        Span text = SPAN_NULL;
        int r;

        r = read_text(compiler, path, value, &text);
        if (r)
                return r;

        kept = keep_text(compiler, text);
        buf_append(&compiler->texts, &kept, sizeof(kept));
        return 0;
}

static int read_one_network(Compiler *compiler, const Path *path, JsonValue value, GrayTest *test _unused_) {
        CidrNetwork network;
        Span text = SPAN_NULL;
        int r;

        r = read_text(compiler, path, value, &text);
        if (r)
                return r;
        if (!cidr_network_parse(text, &network))
                return refuse(compiler, path,
                              "this is no network: write ADDRESS/LENGTH, as 10.0.0.0/8 or 2001:db8::/32, or "
                              "an address alone");

        buf_append(&compiler->networks, &network, sizeof(network));
        return 0;
}

/* An array of 1 to GRAY_VALUES_MAX elements, each read by @read. */
static int read_list(Compiler *compiler, const Path *path, JsonValue list, Read read, GrayTest *test) {
        Span rest = list.text;
        JsonValue value;
        size_t n = 0;

        if (list.kind != JSON_KIND_ARRAY)
                return refuse(compiler, path, "must be an array");

        for (; json_read_element(&rest, &value); n++) {
                const Path at = { .parent = path, .index = n };
                int r = n < GRAY_VALUES_MAX
                                ? read(compiler, &at, value, test)
                                : refuse(compiler, path, "it has more than %d values", GRAY_VALUES_MAX);

                if (r)
                        return r;
        }
        return n ? 0 : refuse(compiler, path, "it is empty: name a value, or leave the condition out");
}

/* The same, or such an element alone. */
static int read_list_or_one(Compiler *compiler, const Path *path, JsonValue value, Read read,
                            GrayTest *test) {
        if (value.kind == JSON_KIND_STRING)
                return read(compiler, path, value, test);
        if (value.kind != JSON_KIND_ARRAY)
                return refuse(compiler, path, "must be a string or an array of them");
        return read_list(compiler, path, value, read, test);
}

static int compare_texts(const void *a, const void *b, void *bytes) {
        const GrayText *text = b;

        return gray_text_compare(bytes, a, gray_text(bytes, text), text->head);
}

/*
 * Sorts the texts of @test, and drops those that one before them makes needless: is it the same, or is it, of
 * prefixes, the beginning of it?
 */
static void settle_texts(Compiler *compiler, GrayTest *test) {
        const char *bytes = compiler->bytes.data;
        GrayText *texts = (GrayText *)compiler->texts.data + test->first;
        uint32_t n = N_OF(&compiler->texts, GrayText) - test->first, n_kept = 0;

        if (buf_failed(&compiler->texts))
                return;

        qsort_r(texts, n, sizeof(*texts), compare_texts, compiler->bytes.data);
        for (uint32_t i = 0; i < n; i++) {
                const GrayText *last = n_kept ? &texts[n_kept - 1] : NULL;
                bool is_needless =
                        last &&
                        gray_text_is_prefix(bytes, last, gray_text(bytes, &texts[i]), texts[i].head) &&
                        (test->kind == GRAY_TEST_PREFIX || last->size == texts[i].size);

                if (!is_needless)
                        texts[n_kept++] = texts[i];
        }
        test->n = n_kept;
        compiler->texts.size = (test->first + n_kept) * sizeof(*texts);
}

static int read_texts(Compiler *compiler, const Path *path, JsonValue value, GrayTest *test) {
        int r;

        test->first = N_OF(&compiler->texts, GrayText);
        r = test->kind == GRAY_TEST_PREFIX ? read_list_or_one(compiler, path, value, read_one_text, test)
                                           : read_list(compiler, path, value, read_one_text, test);
        if (r)
                return r;

        settle_texts(compiler, test);
        return 0;
}

static int compare_networks(const void *a, const void *b) {
        return cidr_network_compare(a, b);
}

/* The same for networks: those within the one before them are needless. */
static void settle_networks(Compiler *compiler, GrayTest *test) {
        CidrNetwork *networks = (CidrNetwork *)compiler->networks.data + test->first;
        uint32_t n = N_OF(&compiler->networks, CidrNetwork) - test->first, n_kept = 0;

        if (buf_failed(&compiler->networks))
                return;

        qsort(networks, n, sizeof(*networks), compare_networks);
        for (uint32_t i = 0; i < n; i++)
                if (n_kept == 0 || !cidr_network_has(&networks[n_kept - 1], &networks[i].first))
                        networks[n_kept++] = networks[i];
        test->n = n_kept;
        compiler->networks.size = (test->first + n_kept) * sizeof(*networks);
}

static int read_networks(Compiler *compiler, const Path *path, JsonValue value, GrayTest *test) {
        int r;

        test->first = N_OF(&compiler->networks, CidrNetwork);
        r = read_list_or_one(compiler, path, value, read_one_network, test);
        if (r)
                return r;

        settle_networks(compiler, test);
        return 0;
}

static int read_range(Compiler *compiler, const Path *path, JsonValue value, GrayTest *test) {
        SemverComparator comparators[GRAY_COMPARATORS_MAX];
        Range range;
        Span text = SPAN_NULL;
        size_t n;
        int r;

        r = read_text(compiler, path, value, &text);
        if (r)
                return r;
        if (!semver_range_parse(text, GRAY_COMPARATORS_MAX, comparators, &n))
                return refuse(compiler, path,
                              "this is no range of versions: write 1 to %d of =1.2.3, >1.2.3, >=1.2.3, "
                              "<1.2.3, <=1.2.3, ^1.2.3 and ~1.2.3, with blanks between them",
                              GRAY_COMPARATORS_MAX);

        test->first = compiler->n_comparators;
        test->n = (uint32_t)n;
        range = (Range){ keep_text(compiler, text), test->first, test->n };
        buf_append(&compiler->ranges, &range, sizeof(range));
        compiler->n_comparators += test->n;
        return 0;
}

static int read_exists(Compiler *compiler, const Path *path, JsonValue value, GrayTest *test) {
        if (value.kind != JSON_KIND_BOOLEAN)
                return refuse(compiler, path, "must be true or false");
        if (span_equal_string(value.text, "false"))
                test->kind = GRAY_TEST_EXISTS_NOT;
        return 0;
}

typedef struct Operator {
        const char *name;
        GrayTestKind kind;
        Read read;
} Operator;

static const Operator operators[] = {
        { "in", GRAY_TEST_IN, read_texts },         { "not_in", GRAY_TEST_NOT_IN, read_texts },
        { "prefix", GRAY_TEST_PREFIX, read_texts }, { "semver", GRAY_TEST_SEMVER, read_range },
        { "cidr", GRAY_TEST_CIDR, read_networks },  { "exists", GRAY_TEST_EXISTS, read_exists },
};

static const Operator *find_operator(Span name) {
        for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
                if (span_equal_string(name, operators[i].name))
                        return &operators[i];
        return NULL;
}

static int read_operand(Compiler *compiler, const Path *path, const Operator *operator, uint16_t name,
                        JsonValue value) {
        GrayTest test = { .kind = (uint16_t) operator->kind, .name = name };
        int r;

        r = operator->read(compiler, path, value, &test);
        if (r)
                return r;

        buf_append(&compiler->tests, &test, sizeof(test));
        return 0;
}

static int read_operator(Compiler *compiler, const Path *path, Span escaped, uint16_t tag, JsonValue value,
                         uint32_t *seen) {
        const Operator *operator= find_operator(decode(compiler, escaped));
        uint32_t bit;

        if (!operator)
                return refuse_member(compiler, path, decode(compiler, escaped),
                                     "there is no such operator: use in, not_in, prefix, semver, cidr or "
                                     "exists");

        bit = 1U << (operator- operators);
        if (*seen & bit)
                return refuse_member(compiler, path, span_from_string(operator->name),
                                     "it stands twice: leave one of them out");

        *seen |= bit;
        return read_operand(compiler,
                            &(Path){ .parent = path, .name = span_from_string(operator->name) }, operator,
                            tag, value);
}

static int read_condition(Compiler *compiler, const Path *path, uint16_t tag, JsonValue condition) {
        Span rest = condition.text, escaped;
        uint32_t seen = 0;
        JsonValue value;

        if (condition.kind == JSON_KIND_ARRAY)
                return read_operand(compiler, path, &operators[0], tag, condition);
        if (condition.kind != JSON_KIND_OBJECT)
                return refuse(compiler, path, "must be an array of values or an object of operators");

        while (json_read_member(&rest, &escaped, &value)) {
                int r = read_operator(compiler, path, escaped, tag, value, &seen);

                if (r)
                        return r;
        }
        return seen ? 0 : refuse(compiler, path, "it is empty: name an operator, or leave the tag out");
}

/* The index of the name that was decoded last. */
static uint16_t intern_name(Compiler *compiler, Span name) {
        const GrayText *names = (const GrayText *)compiler->names.data;
        uint32_t n_names = N_OF(&compiler->names, GrayText);
        GrayText kept;

        for (uint32_t i = 0; i < n_names; i++)
                if (span_equal(gray_text(compiler->bytes.data, &names[i]), name))
                        return (uint16_t)i;

        kept = keep_text(compiler, name);
        buf_append(&compiler->names, &kept, sizeof(kept));
        return (uint16_t)n_names;
}

/* Does a test from @first_test on look at that tag? */
static bool is_tested(const Compiler *compiler, uint32_t first_test, uint16_t tag) {
        const GrayTest *tests = (const GrayTest *)compiler->tests.data;

        for (uint32_t i = first_test; i < N_OF(&compiler->tests, GrayTest); i++)
                if (tests[i].name == tag)
                        return true;
        return false;
}

static int read_match_member(Compiler *compiler, const Path *path, uint32_t first_test, Span escaped,
                             JsonValue condition) {
        Span name = decode(compiler, escaped);
        uint16_t tag;

        if (!tag_name_is_valid(name))
                return refuse_member(compiler, path, name,
                                     "this is no name of a tag: names have 1 to 64 of a-z, 0-9, _, . and -");

        tag = intern_name(compiler, name);
        if (buf_failed(&compiler->names))
                return -ENOMEM;

        name = gray_text(compiler->bytes.data, (const GrayText *)compiler->names.data + tag);
        if (is_tested(compiler, first_test, tag))
                return refuse_member(compiler, path, name, "it stands twice: leave one of them out");

        return read_condition(compiler, &(Path){ .parent = path, .name = name }, tag, condition);
}

/* Puts the cheap tests first; few as they are, each is moved to its place. */
static void sort_tests(Compiler *compiler, uint32_t first) {
        GrayTest *tests = (GrayTest *)compiler->tests.data;

        for (uint32_t i = first + 1; i < N_OF(&compiler->tests, GrayTest); i++) {
                GrayTest test = tests[i];
                uint32_t to = i;

                for (; to > first && tests[to - 1].kind > test.kind; to--)
                        tests[to] = tests[to - 1];
                tests[to] = test;
        }
}

static int read_match(Compiler *compiler, const Path *path, JsonValue match) {
        uint32_t first_test = N_OF(&compiler->tests, GrayTest);
        Span rest = match.text, escaped;
        JsonValue condition;

        for (size_t n = 0; json_read_member(&rest, &escaped, &condition); n++) {
                int r = n < GRAY_CONDITIONS_MAX
                                ? read_match_member(compiler, path, first_test, escaped, condition)
                                : refuse(compiler, path, "it has more than %d tags", GRAY_CONDITIONS_MAX);

                if (r)
                        return r;
        }

        sort_tests(compiler, first_test);
        return 0;
}

/* Ends the tests of rule @index, which begin at @first. */
static void end_tests(Compiler *compiler, uint32_t first, uint32_t index) {
        const GrayTest decide = { .kind = GRAY_TEST_DECIDE, .first = index };
        GrayTest *tests;
        uint32_t n;

        buf_append(&compiler->tests, &decide, sizeof(decide));
        tests = (GrayTest *)compiler->tests.data;
        n = N_OF(&compiler->tests, GrayTest);
        for (uint32_t i = first; i < n; i++)
                tests[i].next_rule = n;
}

static int read_arm(Compiler *compiler, const Path *path, JsonValue object, GrayArm *ret_arm) {
        enum { VERSION, WEIGHT, N };
        Member members[N] = {
                [VERSION] = { .name = "version", .kind = JSON_KIND_NUMBER },
                [WEIGHT] = { .name = "weight", .kind = JSON_KIND_NUMBER },
        };
        uint32_t weight;
        int64_t version;
        int r;

        r = read_members(compiler, path, object, members, N, "an arm has a version and a weight, no more");
        if (r)
                return r;

        if (!json_read_integer(members[VERSION].value, &version) || version < 1)
                return refuse_member(compiler, path, SPAN_LITERAL("version"),
                                     "must be the number of a version, a whole number from 1");
        if (!gray_weight_parse(members[WEIGHT].value.text, &weight))
                return refuse_member(compiler, path, SPAN_LITERAL("weight"),
                                     "must be a number from 0 to 100, with up to three decimals");

        ret_arm->version = version;
        ret_arm->to = weight;
        return 0;
}

static int read_split(Compiler *compiler, const Path *path, JsonValue split, uint32_t index, GrayRule *rule) {
        Span rest = split.text;
        JsonValue object;
        uint32_t from = 0;

        rule->first_arm = N_OF(&compiler->arms, GrayArm);
        for (size_t i = 0; json_read_element(&rest, &object); i++) {
                const Path at = { .parent = path, .index = i };
                GrayArm arm = { .rule = index, .from = from };
                int r = i < GRAY_ARMS_MAX ? read_arm(compiler, &at, object, &arm)
                                          : refuse(compiler, path, "it has more than %d arms", GRAY_ARMS_MAX);

                if (r)
                        return r;
                arm.to += from;
                if (arm.to > GRAY_WEIGHT_MAX)
                        return refuse(compiler, path, "the weights are more than 100 together: lower one");

                buf_append(&compiler->arms, &arm, sizeof(arm));
                from = arm.to;
        }

        rule->n_arms = N_OF(&compiler->arms, GrayArm) - rule->first_arm;
        return rule->n_arms ? 0 : refuse(compiler, path, "it is empty: name a version and its weight");
}

static int read_rule(Compiler *compiler, const Path *path, JsonValue object, uint32_t index) {
        enum { MATCH, SPLIT, N };
        Member members[N] = {
                [MATCH] = { .name = "match", .kind = JSON_KIND_OBJECT, .is_optional = true },
                [SPLIT] = { .name = "split", .kind = JSON_KIND_ARRAY },
        };
        uint32_t first_test = N_OF(&compiler->tests, GrayTest);
        GrayRule rule = { 0 };
        int r;

        r = read_members(compiler, path, object, members, N, "a rule has a match and a split, no more");
        if (!r && members[MATCH].is_present)
                r = read_match(compiler, &(Path){ .parent = path, .name = SPAN_LITERAL("match") },
                               members[MATCH].value);
        if (!r)
                r = read_split(compiler, &(Path){ .parent = path, .name = SPAN_LITERAL("split") },
                               members[SPLIT].value, index, &rule);
        if (r)
                return r;

        end_tests(compiler, first_test, index);
        buf_append(&compiler->rules, &rule, sizeof(rule));
        return 0;
}

static int read_rules(Compiler *compiler, Span text) {
        const GrayTest end = { .kind = GRAY_TEST_END };
        const Path path = { .parent = NULL };
        JsonValue rules = json_read_value(text), object;
        Span rest = rules.text;
        uint32_t n = 0;

        if (rules.kind != JSON_KIND_ARRAY)
                return refuse(compiler, &path, "must be an array");

        for (; json_read_element(&rest, &object); n++) {
                const Path at = { .parent = &path, .index = n };
                int r = n < GRAY_RULES_MAX
                                ? read_rule(compiler, &at, object, n)
                                : refuse(compiler, &path, "there are more than %d", GRAY_RULES_MAX);

                if (r)
                        return r;
        }
        buf_append(&compiler->tests, &end, sizeof(end));
        return n ? 0 : refuse(compiler, &path, "there are none: write one, or withdraw the gray release");
}

static int check_texts(Compiler *compiler, Span rules, Span salt) {
        const Path path = { .parent = NULL };
        const char *problem;
        size_t at;

        if (salt.size == 0 || salt.size > GRAY_SALT_SIZE_MAX || utf8_valid_size(salt) != salt.size ||
            memchr(salt.data, '\0', salt.size)) {
                problem_set(compiler->problem, "salt", "must have 1 to %d bytes of UTF-8 without NUL",
                            GRAY_SALT_SIZE_MAX);
                return GRAY_E_INVALID;
        }
        if (rules.size > GRAY_RULES_SIZE_MAX)
                return refuse(compiler, &path, "they are too long: at most %zu bytes of JSON",
                              GRAY_RULES_SIZE_MAX);
        if (!json_read_check(rules, DEPTH_MAX, &problem, &at))
                return refuse(compiler, &path, "%s, at byte %zu: rules are an array in JSON", problem, at);
        return 0;
}

/* Takes the next place in a block for @size bytes. Without a block yet, only room is reckoned. */
static void *place(char *block, size_t *used, const void *data, size_t size) {
        char *to = block ? block + *used : NULL;

        if (to && data)
                memcpy(to, data, size);
        *used += (size + BLOCK_ALIGN - 1) & ~(BLOCK_ALIGN - 1);
        return to;
}

static void *place_buf(char *block, size_t *used, const Buf *buf) {
        return place(block, used, buf_span(buf).data, buf->size);
}

/* Ranges are parsed from the texts of the block, so that comparators point into it. */
static void place_comparators(const Compiler *compiler, const Gray *gray, SemverComparator *comparators) {
        const Range *ranges = (const Range *)compiler->ranges.data;

        for (uint32_t i = 0; i < N_OF(&compiler->ranges, Range); i++) {
                size_t n;

                (void)semver_range_parse(gray_text(gray->bytes, &ranges[i].text), ranges[i].n,
                                         comparators + ranges[i].first, &n);
        }
}

static size_t n_name_slots(const Compiler *compiler) {
        size_t n_slots = 1;

        while (n_slots < 2 * (size_t)N_OF(&compiler->names, GrayText) + 1)
                n_slots *= 2;
        return n_slots;
}

static void place_names(const Gray *gray, uint16_t *slots) {
        memset(slots, 0, gray->n_name_slots * sizeof(*slots));
        for (size_t i = 0; i < gray->n_names; i++) {
                const GrayText *name = &gray->names[i];
                size_t mask = gray->n_name_slots - 1;
                size_t at = gray_name_hash(gray_text(gray->bytes, name), name->head) & mask;

                while (slots[at])
                        at = (at + 1) & mask;
                slots[at] = (uint16_t)(i + 1);
        }
}

static void salt_hash(Gray *gray) {
        gray->salted = MURMUR3_NULL;
        murmur3_add(&gray->salted, gray->salt);
        murmur3_add(&gray->salted, SPAN_LITERAL(SEPARATOR));
}

/* Lays the parts out in @block, which NULL stands for only to be told how large it must be. */
static size_t assemble(const Compiler *compiler, Span rules, Span salt, char *block) {
        SemverComparator *comparators;
        uint16_t *name_slots;
        size_t used = 0;
        Gray gray = {
                .n_rules = N_OF(&compiler->rules, GrayRule),
                .n_arms = N_OF(&compiler->arms, GrayArm),
                .n_names = N_OF(&compiler->names, GrayText),
                .n_name_slots = n_name_slots(compiler),
        };

        (void)place(block, &used, NULL, sizeof(gray));
        gray.rules = place_buf(block, &used, &compiler->rules);
        gray.tests = place_buf(block, &used, &compiler->tests);
        gray.arms = place_buf(block, &used, &compiler->arms);
        gray.names = place_buf(block, &used, &compiler->names);
        name_slots = place(block, &used, NULL, gray.n_name_slots * sizeof(*name_slots));
        gray.name_slots = name_slots;
        gray.texts = place_buf(block, &used, &compiler->texts);
        gray.networks = place_buf(block, &used, &compiler->networks);
        comparators = place(block, &used, NULL, compiler->n_comparators * sizeof(*comparators));
        gray.comparators = comparators;
        gray.bytes = place_buf(block, &used, &compiler->bytes);
        gray.source = (Span){ place(block, &used, rules.data, rules.size), rules.size };
        gray.salt = (Span){ place(block, &used, salt.data, salt.size), salt.size };
        if (!block)
                return used;

        place_comparators(compiler, &gray, comparators);
        place_names(&gray, name_slots);
        salt_hash(&gray);
        memcpy(block, &gray, sizeof(gray));
        return used;
}

int gray_new(Span rules, Span salt, Gray **ret_gray, Problem *ret_problem) {
        _cleanup_(compiler_deinit) Compiler compiler = { .problem = ret_problem };
        char *block;
        int r;

        r = check_texts(&compiler, rules, salt);
        if (r)
                return r;

        /* No text is longer than it was with its escapes, and each is kept once at most. */
        if (!buf_reserve(&compiler.bytes, rules.size))
                return -ENOMEM;

        r = read_rules(&compiler, rules);
        if (compiler_failed(&compiler))
                return -ENOMEM;
        if (r)
                return r;

        block = malloc(assemble(&compiler, rules, salt, NULL));
        if (!block)
                return -ENOMEM;

        (void)assemble(&compiler, rules, salt, block);
        *ret_gray = (Gray *)block;
        return 0;
}
