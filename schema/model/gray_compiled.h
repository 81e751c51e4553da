/*
 * What gray_new() makes of rules, and gray_evaluate() works on. Only gray.c and gray_parse.c know it.
 *
 * All of it is one block of memory. Rules are runs of tests, tests have runs of operands; both are told by
 * where they begin and how many there are. A test looks at one tag; a condition with several operators makes
 * several tests. The tests of a rule are sorted so that the cheap ones come first.
 *
 * Texts and networks of a test are sorted, and those that others make needless are left out: then nothing but
 * the last one that is not behind a value can match it.
 */
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "model/cidr.h"
#include "model/gray.h"
#include "model/macros.h"
#include "model/murmur3.h"
#include "model/semver.h"
#include "model/span.h"

/* The most different names that rules can have. */
#define GRAY_NAMES_MAX ((size_t)GRAY_RULES_MAX * GRAY_CONDITIONS_MAX)

/* From cheap to dear. */
typedef enum GrayTestKind {
        GRAY_TEST_EXISTS,
        GRAY_TEST_EXISTS_NOT,
        GRAY_TEST_IN,
        GRAY_TEST_NOT_IN,
        GRAY_TEST_PREFIX,
        GRAY_TEST_CIDR,
        GRAY_TEST_SEMVER,
} GrayTestKind;

typedef struct GrayTest {
        uint16_t kind;
        uint16_t name;  /* index into the names */
        uint32_t first; /* of its texts, networks or comparators, by its kind */
        uint32_t n;
} GrayTest;

typedef struct GrayRule {
        uint32_t first_test;
        uint32_t n_tests;
        uint32_t first_arm;
        uint32_t n_arms;
} GrayRule;

typedef struct GrayText {
        uint64_t head; /* gray_text_head() */
        uint32_t at;   /* into the bytes */
        uint32_t size;
} GrayText;

struct Gray {
        Span source;
        Span salt;
        Murmur3 salted; /* the salt and the separator after it */

        const GrayRule *rules;
        const GrayTest *tests;
        const GrayArm *arms;
        const GrayText *names;
        const GrayText *texts;
        const CidrNetwork *networks;
        const SemverComparator *comparators;
        const char *bytes;
        size_t n_rules;
        size_t n_arms;
        size_t n_names;
};

/* A text's first eight bytes, the first as the highest, and zeros where it is shorter. Where the heads of two
 * texts differ, they are in the order of the texts. */
static inline uint64_t gray_text_head(Span text) {
        const uint8_t *bytes = (const uint8_t *)text.data;
        uint64_t head = 0;
        uint32_t front, back;

        if (text.size >= sizeof(head)) {
                memcpy(&head, bytes, sizeof(head));
                return be64toh(head);
        }
        if (text.size >= sizeof(front)) {
                memcpy(&front, bytes, sizeof(front));
                memcpy(&back, bytes + text.size - sizeof(back), sizeof(back));
                head = (uint64_t)be32toh(back) << (8 * (sizeof(head) - text.size)) & UINT32_MAX;
                return (uint64_t)be32toh(front) << 32 | head;
        }
        for (size_t i = 0; i < text.size; i++)
                head |= (uint64_t)bytes[i] << (56 - 8 * i);
        return head;
}

static inline Span gray_text(const char *bytes, const GrayText *text) {
        return (Span){ bytes + text->at, text->size };
}

/* The order of the bytes of a text, which has no NUL, and of @value, which may have any. */
static inline int gray_text_compare(const char *bytes, const GrayText *text, Span value, uint64_t head) {
        int order;

        if (text->head != head)
                return text->head > head ? 1 : -1;

        order = value.size ? memcmp(bytes + text->at, value.data, MIN(text->size, value.size)) : 0;
        return order ? order : (text->size > value.size) - (text->size < value.size);
}

static inline bool gray_text_is_prefix(const char *bytes, const GrayText *text, Span value) {
        return text->size <= value.size &&
               (text->size == 0 || memcmp(bytes + text->at, value.data, text->size) == 0);
}
