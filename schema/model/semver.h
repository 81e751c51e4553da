/*
 * Semantic versions, by semver.org 2.0.0, and the ranges of them that gray rules are written with;
 * docs/gray-release.md says which there are.
 *
 * What is parsed points into the text that it was parsed from. Texts may be any bytes; numbers may have any
 * number of digits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/span.h"

typedef struct Semver {
        uint64_t numbers[3]; /* major, minor, patch; UINT64_MAX: more than 19 digits, which decide then */
        Span prerelease;     /* absent: none */
        Span text;
} Semver;

bool semver_parse(Span text, Semver *ret_version);

/* By precedence: below, at or above 0 where @a comes before, with or after @b. */
int semver_compare(const Semver *a, const Semver *b);

enum {
        SEMVER_LOWER = 1,
        SEMVER_EQUAL = 2,
        SEMVER_HIGHER = 4,
};

typedef struct SemverComparator {
        Semver bound;
        uint8_t orders; /* a version's to the bound that are wanted, SEMVER_LOWER | … */
        uint8_t n_same; /* so many of its numbers must be the bound's, beginning with the major one */
} SemverComparator;

/* Reads a range of 1 to @n_max comparators, which must all hold. */
bool semver_range_parse(Span range, size_t n_max, SemverComparator *ret_comparators, size_t *ret_n);

bool semver_comparator_holds(const SemverComparator *comparator, const Semver *version);
