/*
 * Any bytes may be a semantic version, or a range of them. The input is lines: the first is a range, the
 * others are versions. What is taken as one is what the grammar of semver.org says; their order is total, and
 * ranges hold what their order says.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/macros.h"
#include "model/semver.h"

#define VERSIONS_MAX    8
#define COMPARATORS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool fact) {
        if (!fact)
                abort();
}

static Span take_line(Span *rest) {
        const char *newline = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;
        Span line = { rest->data, newline ? (size_t)(newline - rest->data) : rest->size };
        size_t taken = line.size + (newline != NULL);

        *rest = (Span){ rest->data + taken, rest->size - taken };
        return line;
}

static int sign(int order) {
        return (order > 0) - (order < 0);
}

/* A text that is a version is one of these characters only, and has two dots at least. */
static void check_text(Span text) {
        size_t n_dots = 0;

        for (size_t i = 0; i < text.size; i++) {
                char c = text.data[i];

                expect((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       (c != '\0' && strchr(".-+", c)));
                n_dots += c == '.';
        }
        expect(n_dots >= 2 && text.data[0] >= '0' && text.data[0] <= '9');
        expect(strchr(".-+", text.data[text.size - 1]) == NULL || text.data[text.size - 1] == '-');
}

/* What comes after the sign + is no part of the order. */
static void check_without_build(const Semver *version) {
        const char *plus = memchr(version->text.data, '+', version->text.size);
        Span text = { version->text.data, plus ? (size_t)(plus - version->text.data) : version->text.size };
        Semver without;

        expect(semver_parse(text, &without));
        expect(semver_compare(version, &without) == 0);
}

static void check_order(const Semver *versions, size_t n) {
        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < n; k++) {
                        int order = sign(semver_compare(&versions[i], &versions[k]));

                        expect(order == -sign(semver_compare(&versions[k], &versions[i])));
                        expect(i != k || order == 0);
                        for (size_t m = 0; m < n; m++) {
                                int next = sign(semver_compare(&versions[k], &versions[m]));

                                if (order == next)
                                        expect(sign(semver_compare(&versions[i], &versions[m])) == order);
                        }
                }
}

static bool is_in(const SemverComparator *comparators, size_t n, const Semver *version) {
        for (size_t i = 0; i < n; i++)
                if (!semver_comparator_holds(&comparators[i], version))
                        return false;
        return true;
}

/* A range is an interval: what lies between two versions in it is in it too. */
static void check_range(Span range, const Semver *versions, size_t n_versions) {
        SemverComparator comparators[COMPARATORS_MAX];
        size_t n = 0;

        if (!semver_range_parse(range, COMPARATORS_MAX, comparators, &n))
                return;

        expect(n >= 1 && n <= COMPARATORS_MAX);
        for (size_t i = 0; i < n_versions; i++)
                for (size_t k = 0; k < n_versions; k++)
                        for (size_t m = 0; m < n_versions; m++)
                                if (semver_compare(&versions[i], &versions[k]) <= 0 &&
                                    semver_compare(&versions[k], &versions[m]) <= 0 &&
                                    is_in(comparators, n, &versions[i]) &&
                                    is_in(comparators, n, &versions[m]))
                                        expect(is_in(comparators, n, &versions[k]));
}

/* The version itself as a range, with each sign. */
static void check_signs(const Semver *version) {
        static const struct {
                const char *sign;
                bool holds;
        } signs[] = { { "", true },  { "=", true }, { ">=", true }, { "<=", true },
                      { "^", true }, { "~", true }, { ">", false }, { "<", false } };
        _cleanup_(freep) char *range = malloc(version->text.size + 3);

        expect(range);
        for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
                SemverComparator comparator;
                size_t sign_size = strlen(signs[i].sign), n;

                memcpy(range, signs[i].sign, sign_size);
                memcpy(range + sign_size, version->text.data, version->text.size);
                expect(semver_range_parse((Span){ range, sign_size + version->text.size }, 1, &comparator,
                                          &n));
                expect(n == 1 && semver_comparator_holds(&comparator, version) == signs[i].holds);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Span rest = { size ? (const char *)data : "", size };
        Span range = take_line(&rest);
        Semver versions[VERSIONS_MAX];
        size_t n = 0;

        while (rest.size > 0 && n < VERSIONS_MAX) {
                Span text = take_line(&rest);

                if (!semver_parse(text, &versions[n]))
                        continue;
                check_text(text);
                check_without_build(&versions[n]);
                check_signs(&versions[n]);
                n++;
        }
        check_order(versions, n);
        check_range(range, versions, n);
        return 0;
}
