/*
 * What gray_new() makes of rules, and gray_evaluate() works on. Only gray.c, gray_arms.c and the compiler
 * (gray_compiler.h) know it.
 *
 * All of it is one block of memory. The tests of all rules stand one behind the other, those of a rule sorted
 * so that the cheap ones come first, and after them that the rule decides. A test looks at one tag; a
 * condition with several operators makes several. Tests have runs of operands, told by where they begin and
 * how many they are.
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
#include "model/hash.h"
#include "model/macros.h"
#include "model/murmur3.h"
#include "model/semver.h"
#include "model/span.h"

/* The most names that rules can have. */
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
        GRAY_TEST_DECIDE, /* no test: all of a rule have held */
        GRAY_TEST_END,    /* and none of any rule */
} GrayTestKind;

typedef struct GrayTest {
        uint16_t kind;
        uint16_t name;  /* index into the names */
        uint32_t first; /* of its texts, networks or comparators, by its kind; of GRAY_TEST_DECIDE the rule */
        uint32_t n;
        uint32_t next_rule; /* index of its first test, where to go on when this one fails */
} GrayTest;

typedef struct GrayRule {
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
        const uint16_t *name_slots; /* index into the names and 1 more, by gray_name_hash(); 0: free */
        size_t n_name_slots;        /* a power of two above the number of names */
        const GrayText *texts;
        const CidrNetwork *networks;
        const SemverComparator *comparators;
        const char *bytes;
        size_t n_rules;
        size_t n_arms;
        size_t n_names;
        _Atomic uint32_t n_refs;
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

/* @head: the one of @value. The last word overlaps the one before it. */
static inline bool gray_text_equals(const char *bytes, const GrayText *text, Span value, uint64_t head) {
        const size_t word_size = sizeof(head);

        if (text->head != head || text->size != value.size)
                return false;
        if (text->size <= word_size)
                return true;

        for (size_t at = word_size; at + word_size < value.size; at += word_size)
                if (span_word(bytes + text->at + at) != span_word(value.data + at))
                        return false;
        return span_word(bytes + text->at + text->size - word_size) ==
               span_word(value.data + value.size - word_size);
}

/* @head: the one of @value. */
static inline bool gray_text_is_prefix(const char *bytes, const GrayText *text, Span value, uint64_t head) {
        const size_t head_size = sizeof(head);

        if (text->size == 0 || text->size > value.size)
                return text->size == 0;
        if (text->size <= head_size)
                return (text->head ^ head) >> (8 * (head_size - text->size)) == 0;

        return text->head == head &&
               memcmp(bytes + text->at + head_size, value.data + head_size, text->size - head_size) == 0;
}

/* @head: the one of @name. */
static inline uint64_t gray_name_hash(Span name, uint64_t head) {
        uint64_t last = name.size > sizeof(head) ? span_word(name.data + name.size - sizeof(head)) : 0;

        return hash_mix(head + 3 * last);
}
