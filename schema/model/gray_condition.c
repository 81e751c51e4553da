/*
 * The conditions of gray rules: the operators, and what each takes.
 */
#include <stdlib.h>

#include "model/gray_compiler.h"
#include "model/tag.h"

typedef int (*Read)(GrayCompiler *compiler, const GrayPath *path, JsonValue value, GrayTest *test);

/* Decodes a text of the operand at @path. */
static int read_text(GrayCompiler *compiler, const GrayPath *path, JsonValue value, Span *ret_text) {
        Span text;

        if (value.kind != JSON_KIND_STRING)
                return gray_refuse(compiler, path, "must be a string");

        text = gray_decode(compiler, value.text);
        if (text.size > TAG_VALUE_SIZE_MAX)
                return gray_refuse(compiler, path, "it is too long: a text has at most %d bytes",
                                   TAG_VALUE_SIZE_MAX);
        if (memchr(text.data, '\0', text.size))
                return gray_refuse(compiler, path, "it has a NUL character, which no tag has");

        *ret_text = text;
        return 0;
}

static int read_one_text(GrayCompiler *compiler, const GrayPath *path, JsonValue value,
                         GrayTest *test _unused_) {
        GrayText kept;
        Span text = SPAN_NULL;
        int r;

        r = read_text(compiler, path, value, &text);
        if (r)
                return r;

        kept = gray_keep_text(compiler, text);
        buf_append(&compiler->texts, &kept, sizeof(kept));
        return 0;
}

static int read_one_network(GrayCompiler *compiler, const GrayPath *path, JsonValue value,
                            GrayTest *test _unused_) {
        CidrNetwork network;
        Span text = SPAN_NULL;
        int r;

        r = read_text(compiler, path, value, &text);
        if (r)
                return r;
        if (!cidr_network_parse(text, &network))
                return gray_refuse(
                        compiler, path,
                        "this is no network: write ADDRESS/LENGTH, as 10.0.0.0/8 or 2001:db8::/32, or "
                        "an address alone");

        buf_append(&compiler->networks, &network, sizeof(network));
        return 0;
}

/* An array of 1 to GRAY_VALUES_MAX elements, each read by @read. */
static int read_list(GrayCompiler *compiler, const GrayPath *path, JsonValue list, Read read,
                     GrayTest *test) {
        Span rest = list.text;
        JsonValue value;
        size_t n = 0;

        if (list.kind != JSON_KIND_ARRAY)
                return gray_refuse(compiler, path, "must be an array");

        for (; json_read_element(&rest, &value); n++) {
                const GrayPath at = { .parent = path, .index = n };
                int r = n < GRAY_VALUES_MAX
                                ? read(compiler, &at, value, test)
                                : gray_refuse(compiler, path, "it has more than %d values", GRAY_VALUES_MAX);

                if (r)
                        return r;
        }
        return n ? 0 : gray_refuse(compiler, path, "it is empty: name a value, or leave the condition out");
}

/* The same, or such an element alone. */
static int read_list_or_one(GrayCompiler *compiler, const GrayPath *path, JsonValue value, Read read,
                            GrayTest *test) {
        if (value.kind == JSON_KIND_STRING)
                return read(compiler, path, value, test);
        if (value.kind != JSON_KIND_ARRAY)
                return gray_refuse(compiler, path, "must be a string or an array of them");
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
static void settle_texts(GrayCompiler *compiler, GrayTest *test) {
        const char *bytes = compiler->bytes.data;
        GrayText *texts = (GrayText *)compiler->texts.data + test->first;
        uint32_t n = GRAY_N_OF(&compiler->texts, GrayText) - test->first, n_kept = 0;

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

static int read_texts(GrayCompiler *compiler, const GrayPath *path, JsonValue value, GrayTest *test) {
        int r;

        test->first = GRAY_N_OF(&compiler->texts, GrayText);
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
static void settle_networks(GrayCompiler *compiler, GrayTest *test) {
        CidrNetwork *networks = (CidrNetwork *)compiler->networks.data + test->first;
        uint32_t n = GRAY_N_OF(&compiler->networks, CidrNetwork) - test->first, n_kept = 0;

        if (buf_failed(&compiler->networks))
                return;

        qsort(networks, n, sizeof(*networks), compare_networks);
        for (uint32_t i = 0; i < n; i++)
                if (n_kept == 0 || !cidr_network_has(&networks[n_kept - 1], &networks[i].first))
                        networks[n_kept++] = networks[i];
        test->n = n_kept;
        compiler->networks.size = (test->first + n_kept) * sizeof(*networks);
}

static int read_networks(GrayCompiler *compiler, const GrayPath *path, JsonValue value, GrayTest *test) {
        int r;

        test->first = GRAY_N_OF(&compiler->networks, CidrNetwork);
        r = read_list_or_one(compiler, path, value, read_one_network, test);
        if (r)
                return r;

        settle_networks(compiler, test);
        return 0;
}

static int read_range(GrayCompiler *compiler, const GrayPath *path, JsonValue value, GrayTest *test) {
        SemverComparator comparators[GRAY_COMPARATORS_MAX];
        GrayRange range;
        Span text = SPAN_NULL;
        size_t n;
        int r;

        r = read_text(compiler, path, value, &text);
        if (r)
                return r;
        if (!semver_range_parse(text, GRAY_COMPARATORS_MAX, comparators, &n))
                return gray_refuse(compiler, path,
                                   "this is no range of versions: write 1 to %d of =1.2.3, >1.2.3, >=1.2.3, "
                                   "<1.2.3, <=1.2.3, ^1.2.3 and ~1.2.3, with blanks between them",
                                   GRAY_COMPARATORS_MAX);

        test->first = compiler->n_comparators;
        test->n = (uint32_t)n;
        range = (GrayRange){ gray_keep_text(compiler, text), test->first, test->n };
        buf_append(&compiler->ranges, &range, sizeof(range));
        compiler->n_comparators += test->n;
        return 0;
}

static int read_exists(GrayCompiler *compiler, const GrayPath *path, JsonValue value, GrayTest *test) {
        if (value.kind != JSON_KIND_BOOLEAN)
                return gray_refuse(compiler, path, "must be true or false");
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

static int read_operand(GrayCompiler *compiler, const GrayPath *path, const Operator *operator, uint16_t name,
                        JsonValue value) {
        GrayTest test = { .kind = (uint16_t) operator->kind, .name = name };
        int r;

        r = operator->read(compiler, path, value, &test);
        if (r)
                return r;

        buf_append(&compiler->tests, &test, sizeof(test));
        return 0;
}

static int read_operator(GrayCompiler *compiler, const GrayPath *path, Span escaped, uint16_t tag,
                         JsonValue value, uint32_t *seen) {
        const Operator *operator= find_operator(gray_decode(compiler, escaped));
        uint32_t bit;

        if (!operator)
                return gray_refuse_member(
                        compiler, path, gray_decode(compiler, escaped),
                        "there is no such operator: use in, not_in, prefix, semver, cidr or "
                        "exists");

        bit = 1U << (operator- operators);
        if (*seen & bit)
                return gray_refuse_member(compiler, path, span_from_string(operator->name),
                                          "it stands twice: leave one of them out");

        *seen |= bit;
        return read_operand(compiler,
                            &(GrayPath){ .parent = path, .name = span_from_string(operator->name) }, operator,
                            tag, value);
}

int gray_read_condition(GrayCompiler *compiler, const GrayPath *path, uint16_t tag, JsonValue condition) {
        Span rest = condition.text, escaped;
        uint32_t seen = 0;
        JsonValue value;

        if (condition.kind == JSON_KIND_ARRAY)
                return read_operand(compiler, path, &operators[0], tag, condition);
        if (condition.kind != JSON_KIND_OBJECT)
                return gray_refuse(compiler, path, "must be an array of values or an object of operators");

        while (json_read_member(&rest, &escaped, &value)) {
                int r = read_operator(compiler, path, escaped, tag, value, &seen);

                if (r)
                        return r;
        }
        return seen ? 0 : gray_refuse(compiler, path, "it is empty: name an operator, or leave the tag out");
}
