/*
 * The rules of a gray release: which version somebody gets. docs/gray-release.md is the specification.
 *
 * Rules are compiled once, when they are set or received, and from then on shared by reference count and
 * evaluated by any number of threads. Evaluating allocates nothing, cannot fail, and takes whatever bytes the
 * asker bears.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/buf.h"
#include "model/macros.h"
#include "model/problem.h"
#include "model/span.h"
#include "model/tag.h"

#define GRAY_RULES_MAX       64
#define GRAY_CONDITIONS_MAX  32   /* of a rule */
#define GRAY_ARMS_MAX        16   /* of a rule */
#define GRAY_VERSIONS_MAX    8    /* different ones, of all rules: each frame carries all their contents */
#define GRAY_VALUES_MAX      1024 /* of an operator */
#define GRAY_COMPARATORS_MAX 16   /* of a range of versions */
#define GRAY_SALT_SIZE_MAX   256
#define GRAY_RULES_SIZE_MAX  ((size_t)256 * 1024) /* as JSON */
#define GRAY_BUCKETS         100000
#define GRAY_WEIGHT_MAX      100000 /* in thousandths of a percent, as everywhere here */

enum {
        GRAY_E_INVALID =
                1, /* the rules or the salt are wrong; the problem says where: "rules[2].split[0].weight" */
};

typedef struct Gray Gray;

typedef struct GrayArm {
        uint32_t rule;
        uint32_t from; /* the slice [from, to) of the buckets */
        uint32_t to;
        int64_t version;
} GrayArm;

/*
 * gray_new() - compile rules
 * @rules: a JSON array, any bytes; @salt: any bytes; both are copied
 *
 * Whether the versions exist is for gray_check_versions(). Return: 0, with one reference; -ENOMEM;
 * GRAY_E_INVALID with @ret_problem filled.
 */
int gray_new(Span rules, Span salt, Gray **ret_gray, Problem *ret_problem);
Gray *gray_ref(Gray *gray);
Gray *gray_unref(Gray *gray);

/* As they were given. */
Span gray_rules(const Gray *gray);
Span gray_salt(const Gray *gray);

/* Would gray_new() make the same of these? */
static inline bool gray_is_compiled_from(const Gray *gray, Span rules, Span salt) {
        return span_equal(gray_rules(gray), rules) && span_equal(gray_salt(gray), salt);
}

/* How many rules there are. */
size_t gray_n_rules(const Gray *gray);

/* All arms of all rules, in the order in which they stand. */
const GrayArm *gray_arms(const Gray *gray, size_t *ret_n);

/* Those of one rule, which is there, and has one at least. */
const GrayArm *gray_arms_of_rule(const Gray *gray, uint32_t rule, size_t *ret_n);
const GrayArm *gray_first_arm(const Gray *gray, uint32_t rule);

/* The index within its rule of the arm that is @arm in gray_arms(). */
size_t gray_arm_index(const Gray *gray, size_t arm);

static inline uint32_t gray_arm_weight(const GrayArm *arm) {
        return arm->to - arm->from;
}

bool gray_names_version(const Gray *gray, int64_t version);

/* The version that all arms name; 0 where they name several. */
int64_t gray_only_version(const Gray *gray);

/* The version of one of its arms, in their order; 0 after the last. */
int64_t gray_arm_version(const Gray *gray, size_t i);

/*
 * gray_check_versions() - do all versions exist, where they go from 1 to @newest?
 *
 * Return: 0; GRAY_E_INVALID: "rules[2].split[0].version".
 */
int gray_check_versions(const Gray *gray, int64_t newest, Problem *ret_problem);

/* Appends the rules with another weight for the first arm of @rule. The caller looks that it fits. */
void gray_append_rules_with_weight(const Gray *gray, uint32_t rule, uint32_t weight, Buf *buf);

/* "10.5" for 10500. */
void gray_append_weight(Buf *buf, uint32_t weight);

/* Reads the text of a JSON number from 0 to 100 with at most three decimals that count. */
bool gray_weight_parse(Span number, uint32_t *ret_weight);

typedef enum GrayReason {
        GRAY_REASON_NO_GRAY_RELEASE,
        GRAY_REASON_NO_MATCH,
        GRAY_REASON_NO_UNIT,
        GRAY_REASON_OUTSIDE_SPLIT,
        GRAY_REASON_ARM,
        GRAY_REASON_N,
} GrayReason;

/* "no_gray_release", … */
const char *gray_reason_to_string(GrayReason reason);

/* Who asks. Of tags with the same name the first counts, and of more than TAGS_MAX none beyond. */
typedef struct GrayAsker {
        Span unit; /* absent or empty: none */
        const Tag *tags;
        size_t n_tags;
} GrayAsker;

typedef struct GrayVerdict {
        int arm;        /* index into gray_arms(); -1: the stable version */
        int rule;       /* that decided; -1: none */
        int32_t bucket; /* -1: none */
        GrayReason reason;
} GrayVerdict;

#define GRAY_VERDICT_NULL ((GrayVerdict){ -1, -1, -1, GRAY_REASON_NO_GRAY_RELEASE })

GrayVerdict gray_evaluate(const Gray *gray, const GrayAsker *asker);

DEFINE_CLEANUP(Gray *, gray_unref);
