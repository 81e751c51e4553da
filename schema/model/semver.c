#include "model/semver.h"
#include "model/digits.h"
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

static bool is_of_identifier(char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static Span take_digits(Span *rest) {
        Span digits = { rest->data, 0 };

        while (digits.size < rest->size && is_digit(digits.data[digits.size]))
                digits.size++;
        span_drop(rest, digits.size);
        return digits;
}

static bool take_number(Span *rest, uint64_t *ret_number) {
        Span digits = take_digits(rest);
        uint64_t number = 0;

        if (digits.size == 0 || (digits.size > 1 && *digits.data == '0'))
                return false;

        for (size_t i = 0; i < digits.size; i++)
                number = number * 10 + (uint64_t)(digits.data[i] - '0');
        *ret_number = digits.size <= DIGITS_MAX ? number : UINT64_MAX;
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
        span_drop(rest, identifier.size);
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
        } while (span_take_char(rest, '.'));

        *ret_identifiers = (Span){ begin, (size_t)(rest->data - begin) };
        return true;
}

static bool take_numbers(Span *rest, uint64_t *ret_numbers) {
        return take_number(rest, &ret_numbers[0]) && span_take_char(rest, '.') &&
               take_number(rest, &ret_numbers[1]) && span_take_char(rest, '.') &&
               take_number(rest, &ret_numbers[2]);
}

bool semver_parse(Span text, Semver *ret_version) {
        Semver version = { .text = text };
        Span rest = text, build;

        if (!take_numbers(&rest, version.numbers))
                return false;
        if (span_take_char(&rest, '-') && !take_identifiers(&rest, true, &version.prerelease))
                return false;
        if (span_take_char(&rest, '+') && !take_identifiers(&rest, false, &build))
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

/* The digits of the number of that index. */
static Span digits_of(const Semver *version, size_t index) {
        Span rest = version->text, digits = take_digits(&rest);

        for (size_t i = 0; i < index; i++) {
                (void)span_take_char(&rest, '.');
                digits = take_digits(&rest);
        }
        return digits;
}

static int compare_number(const Semver *a, const Semver *b, size_t index) {
        uint64_t number = a->numbers[index], other = b->numbers[index];

        if (number != other || number < UINT64_MAX)
                return (number > other) - (number < other);

        return compare_digits(digits_of(a, index), digits_of(b, index));
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
                bool has_a_more = span_take_char(&a, '.'), has_b_more = span_take_char(&b, '.');

                if (order)
                        return order;
                if (!has_a_more || !has_b_more)
                        return has_a_more - has_b_more;
        }
}

static int compare(const Semver *a, const Semver *b) {
        for (size_t i = 0; i < ARRAY_SIZE(a->numbers); i++) {
                int order = compare_number(a, b, i);

                if (order)
                        return order;
        }

        return a->prerelease.data || b->prerelease.data ? compare_prereleases(a->prerelease, b->prerelease)
                                                        : 0;
}

int semver_compare(const Semver *a, const Semver *b) {
        return compare(a, b);
}

static const Sign *take_sign(Span *rest) {
        const Sign *sign = signs;

        while (!span_starts_with(*rest, sign->text))
                sign++;
        span_drop(rest, sign->text.size);
        return sign;
}

/* How many numbers ^ holds fast: up to the first that is not 0. */
static uint8_t n_same_of_caret(const Semver *bound) {
        if (bound->numbers[0])
                return 1;

        return bound->numbers[1] ? 2 : 3;
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

        while (span_take_char(rest, ' '))
                ;
        word = (Span){ rest->data, 0 };
        while (word.size < rest->size && word.data[word.size] != ' ')
                word.size++;
        span_drop(rest, word.size);
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
        int order = compare(version, &comparator->bound);
        int is = order < 0 ? SEMVER_LOWER : order > 0 ? SEMVER_HIGHER : SEMVER_EQUAL;

        if (!(comparator->orders & is))
                return false;

        for (size_t i = 0; i < comparator->n_same; i++)
                if (compare_number(version, &comparator->bound, i) != 0)
                        return false;
        return true;
}
