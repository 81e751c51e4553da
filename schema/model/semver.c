#include "model/semver.h"
#include "model/macros.h"

/* The most digits whose value always fits. */
#define DIGITS_MAX 19

/* A sign in front of a version in a range. Those that begin with another one stand before it. */
typedef struct Sign {
        Span text;
        uint8_t orders;
        bool is_caret;
        uint8_t n_same;
} Sign;

static const Sign signs[] = {
        { SPAN_LITERAL(">="), SEMVER_EQUAL | SEMVER_HIGHER, false, 0 },
        { SPAN_LITERAL(">"), SEMVER_HIGHER, false, 0 },
        { SPAN_LITERAL("<="), SEMVER_LOWER | SEMVER_EQUAL, false, 0 },
        { SPAN_LITERAL("<"), SEMVER_LOWER, false, 0 },
        { SPAN_LITERAL("="), SEMVER_EQUAL, false, 0 },
        { SPAN_LITERAL("^"), SEMVER_EQUAL | SEMVER_HIGHER, true, 0 },
        { SPAN_LITERAL("~"), SEMVER_EQUAL | SEMVER_HIGHER, false, 2 },
        { SPAN_LITERAL(""), SEMVER_EQUAL, false, 0 },
};

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_of_identifier(char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static void drop(Span *rest, size_t size) {
        *rest = (Span){ rest->data + size, rest->size - size };
}

static bool take(Span *rest, char c) {
        if (rest->size == 0 || *rest->data != c)
                return false;

        drop(rest, 1);
        return true;
}

static bool take_number(Span *rest, SemverNumber *ret_number) {
        uint64_t value = 0;
        size_t size = 0;

        for (; size < rest->size && is_digit(rest->data[size]); size++)
                value = value * 10 + (uint64_t)(rest->data[size] - '0');
        if (size == 0 || (size > 1 && *rest->data == '0'))
                return false;

        ret_number->value = size <= DIGITS_MAX ? value : UINT64_MAX;
        ret_number->digits = (Span){ rest->data, size };
        drop(rest, size);
        return true;
}

static bool is_numeric(Span identifier) {
        for (size_t i = 0; i < identifier.size; i++)
                if (!is_digit(identifier.data[i]))
                        return false;
        return true;
}

/* Takes the identifier that @rest begins with; it may be empty. */
static Span take_identifier(Span *rest) {
        Span identifier = { rest->data, 0 };

        while (identifier.size < rest->size && is_of_identifier(rest->data[identifier.size]))
                identifier.size++;
        drop(rest, identifier.size);
        return identifier;
}

/* Takes identifiers with dots between them. In a pre-release numbers have no leading zeros. */
static bool take_identifiers(Span *rest, bool is_prerelease, Span *ret_identifiers) {
        const char *begin = rest->data;

        do {
                Span identifier = take_identifier(rest);

                if (identifier.size == 0)
                        return false;
                if (is_prerelease && identifier.size > 1 && *identifier.data == '0' && is_numeric(identifier))
                        return false;
        } while (take(rest, '.'));

        *ret_identifiers = (Span){ begin, (size_t)(rest->data - begin) };
        return true;
}

static bool take_numbers(Span *rest, SemverNumber *ret_numbers) {
        return take_number(rest, &ret_numbers[0]) && take(rest, '.') && take_number(rest, &ret_numbers[1]) &&
               take(rest, '.') && take_number(rest, &ret_numbers[2]);
}

bool semver_parse(Span text, Semver *ret_version) {
        Semver version = { .prerelease = SPAN_NULL };
        Span rest = text, build;

        if (!take_numbers(&rest, version.numbers))
                return false;
        if (take(&rest, '-') && !take_identifiers(&rest, true, &version.prerelease))
                return false;
        if (take(&rest, '+') && !take_identifiers(&rest, false, &build))
                return false;
        if (rest.size > 0)
                return false;

        *ret_version = version;
        return true;
}

static int compare_bytes(Span a, Span b) {
        int order = memcmp(a.data, b.data, MIN(a.size, b.size));

        return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* By value: without leading zeros, more digits are more. */
static int compare_digits(Span a, Span b) {
        return a.size == b.size ? compare_bytes(a, b) : (a.size > b.size) - (a.size < b.size);
}

static int compare_numbers(const SemverNumber *a, const SemverNumber *b) {
        if (a->value == UINT64_MAX && b->value == UINT64_MAX)
                return compare_digits(a->digits, b->digits);

        return (a->value > b->value) - (a->value < b->value);
}

static int compare_identifiers(Span a, Span b) {
        bool is_a_numeric = is_numeric(a), is_b_numeric = is_numeric(b);

        if (is_a_numeric != is_b_numeric)
                return is_a_numeric ? -1 : 1;

        return is_a_numeric ? compare_digits(a, b) : compare_bytes(a, b);
}

static int compare_prereleases(Span a, Span b) {
        if (!a.data || !b.data)
                return (a.data == NULL) - (b.data == NULL);

        for (;;) {
                int order = compare_identifiers(take_identifier(&a), take_identifier(&b));
                bool has_a_more = take(&a, '.'), has_b_more = take(&b, '.');

                if (order)
                        return order;
                if (!has_a_more || !has_b_more)
                        return has_a_more - has_b_more;
        }
}

int semver_compare(const Semver *a, const Semver *b) {
        for (size_t i = 0; i < ARRAY_SIZE(a->numbers); i++) {
                int order = compare_numbers(&a->numbers[i], &b->numbers[i]);

                if (order)
                        return order;
        }
        return compare_prereleases(a->prerelease, b->prerelease);
}

static const Sign *take_sign(Span *rest) {
        const Sign *sign = signs;

        while (!span_starts_with(*rest, sign->text))
                sign++;
        drop(rest, sign->text.size);
        return sign;
}

/* How many numbers ^ holds fast: up to the first that is not 0. */
static uint8_t n_same_of_caret(const Semver *bound) {
        if (bound->numbers[0].value)
                return 1;

        return bound->numbers[1].value ? 2 : 3;
}

static bool parse_comparator(Span text, SemverComparator *ret_comparator) {
        Span rest = text;
        const Sign *sign = take_sign(&rest);

        if (!semver_parse(rest, &ret_comparator->bound))
                return false;

        ret_comparator->orders = sign->orders;
        ret_comparator->n_same = sign->is_caret ? n_same_of_caret(&ret_comparator->bound) : sign->n_same;
        return true;
}

/* Takes what stands before the next blank, after those that come first; empty at the end. */
static Span take_word(Span *rest) {
        Span word;

        while (take(rest, ' '))
                ;
        word = (Span){ rest->data, 0 };
        while (word.size < rest->size && word.data[word.size] != ' ')
                word.size++;
        drop(rest, word.size);
        return word;
}

bool semver_range_parse(Span range, size_t n_max, SemverComparator *ret_comparators, size_t *ret_n) {
        Span rest = range, word = take_word(&rest);
        size_t n = 0;

        for (; word.size > 0; word = take_word(&rest))
                if (n == n_max || !parse_comparator(word, &ret_comparators[n++]))
                        return false;
        if (n == 0)
                return false;

        *ret_n = n;
        return true;
}

bool semver_comparator_holds(const SemverComparator *comparator, const Semver *version) {
        int order = semver_compare(version, &comparator->bound);
        int is = order < 0 ? SEMVER_LOWER : order > 0 ? SEMVER_HIGHER : SEMVER_EQUAL;

        if (!(comparator->orders & is))
                return false;

        for (size_t i = 0; i < comparator->n_same; i++)
                if (compare_numbers(&version->numbers[i], &comparator->bound.numbers[i]) != 0)
                        return false;
        return true;
}
