#include <stdatomic.h>
#include <stdlib.h>

#include "model/gray.h"
#include "model/gray_compiled.h"
#include "model/prefetch.h"

/* Up to here a list is gone through from its front, which takes less time than halving it. */
#define LINEAR_MAX 4

#define SEEN_TAG_SIZE 128

/* A tag of the asker that the rules ask for, and what was found out about it. */
typedef struct SeenTag {
        _Alignas(SEEN_TAG_SIZE) Span value;
        uint64_t head;
        bool is_version_known;
        bool is_version;
        bool is_address_known;
        bool is_address;
        Semver version;
        CidrAddress address;
} SeenTag;

_Static_assert(sizeof(SeenTag) == SEEN_TAG_SIZE, "a tag's place is found by a shift");

/* One evaluation. Each of the asker's tags is looked for among the rules' names once, and parsed once. */
typedef struct Evaluation {
        const Gray *gray;
        uint8_t places[GRAY_NAMES_MAX]; /* by name: index of its tag and 1 more; 0: the asker has none */
        SeenTag seen[TAGS_MAX];
} Evaluation;

/* The index of @name among the rules' names; -1: no rule asks for it. */
static int find_name(const Gray *gray, Span name) {
        uint64_t head = gray_text_head(name);
        size_t mask = gray->n_name_slots - 1, at = gray_name_hash(name, head) & mask;

        for (; gray->name_slots[at]; at = (at + 1) & mask)
                if (gray_text_equals(gray->bytes, &gray->names[gray->name_slots[at] - 1], name, head))
                        return gray->name_slots[at] - 1;
        return -1;
}

static void see_tags(Evaluation *evaluation, const GrayAsker *asker) {
        size_t n_tags = MIN(asker->n_tags, (size_t)TAGS_MAX);

        memset(evaluation->places, 0, evaluation->gray->n_names);
        for (size_t i = 0; i < n_tags; i++) {
                int name = find_name(evaluation->gray, asker->tags[i].name);
                SeenTag *seen = &evaluation->seen[i];

                if (name < 0 || evaluation->places[name])
                        continue;

                evaluation->places[name] = (uint8_t)(i + 1);
                seen->value = asker->tags[i].value;
                seen->head = gray_text_head(seen->value);
                seen->is_version_known = seen->is_address_known = false;
        }
}

/* The last of sorted texts that is not behind the value; NULL: all are. */
static const GrayText *find_text(const Gray *gray, const GrayTest *test, const SeenTag *tag) {
        const GrayText *texts = gray->texts + test->first;
        size_t n_before = 0, n = test->n;

        while (n > 0) {
                size_t half = n / 2;

                if (gray_text_compare(gray->bytes, &texts[n_before + half], tag->value, tag->head) <= 0) {
                        n_before += half + 1;
                        n -= half + 1;
                } else
                        n = half;
        }
        return n_before ? &texts[n_before - 1] : NULL;
}

static bool is_in(const Gray *gray, const GrayTest *test, const SeenTag *tag) {
        const GrayText *texts = gray->texts + test->first;

        if (test->n > LINEAR_MAX) {
                const GrayText *text = find_text(gray, test, tag);

                return text && gray_text_equals(gray->bytes, text, tag->value, tag->head);
        }

        for (size_t i = 0; i < test->n; i++)
                if (gray_text_equals(gray->bytes, &texts[i], tag->value, tag->head))
                        return true;
        return false;
}

static bool has_prefix(const Gray *gray, const GrayTest *test, const SeenTag *tag) {
        const GrayText *texts = gray->texts + test->first;

        if (test->n > LINEAR_MAX) {
                const GrayText *text = find_text(gray, test, tag);

                return text && gray_text_is_prefix(gray->bytes, text, tag->value, tag->head);
        }

        for (size_t i = 0; i < test->n; i++)
                if (gray_text_is_prefix(gray->bytes, &texts[i], tag->value, tag->head))
                        return true;
        return false;
}

/* The last of sorted networks that does not begin behind @address; NULL: all do. */
static const CidrNetwork *find_network(const Gray *gray, const GrayTest *test, const CidrAddress *address) {
        const CidrNetwork *networks = gray->networks + test->first;
        size_t n_before = 0, n = test->n;

        while (n > 0) {
                size_t half = n / 2;

                if (cidr_address_compare(&networks[n_before + half].first, address) <= 0) {
                        n_before += half + 1;
                        n -= half + 1;
                } else
                        n = half;
        }
        return n_before ? &networks[n_before - 1] : NULL;
}

static bool is_address_in(const Gray *gray, const GrayTest *test, const CidrAddress *address) {
        const CidrNetwork *networks = gray->networks + test->first;

        if (test->n > LINEAR_MAX) {
                const CidrNetwork *network = find_network(gray, test, address);

                return network && cidr_network_has(network, address);
        }

        for (size_t i = 0; i < test->n; i++)
                if (cidr_network_has(&networks[i], address))
                        return true;
        return false;
}

static bool is_in_network(const Gray *gray, const GrayTest *test, SeenTag *tag) {
        if (!tag->is_address_known) {
                tag->is_address = cidr_address_parse(tag->value, &tag->address);
                tag->is_address_known = true;
        }
        return tag->is_address && is_address_in(gray, test, &tag->address);
}

static bool is_in_range(const Gray *gray, const GrayTest *test, SeenTag *tag) {
        const SemverComparator *comparators = gray->comparators + test->first;

        if (!tag->is_version_known) {
                tag->is_version = semver_parse(tag->value, &tag->version);
                tag->is_version_known = true;
        }
        if (!tag->is_version)
                return false;

        for (size_t i = 0; i < test->n; i++)
                if (!semver_comparator_holds(&comparators[i], &tag->version))
                        return false;
        return true;
}

static bool test_holds(Evaluation *evaluation, const GrayTest *test) {
        const Gray *gray = evaluation->gray;
        size_t place = evaluation->places[test->name];
        SeenTag *tag;

        if (place == 0)
                return test->kind == GRAY_TEST_NOT_IN || test->kind == GRAY_TEST_EXISTS_NOT;

        tag = &evaluation->seen[place - 1];
        switch ((GrayTestKind)test->kind) {
        case GRAY_TEST_EXISTS:
                return true;
        case GRAY_TEST_EXISTS_NOT:
                return false;
        case GRAY_TEST_IN:
                return is_in(gray, test, tag);
        case GRAY_TEST_NOT_IN:
                return !is_in(gray, test, tag);
        case GRAY_TEST_PREFIX:
                return has_prefix(gray, test, tag);
        case GRAY_TEST_CIDR:
                return is_in_network(gray, test, tag);
        case GRAY_TEST_SEMVER:
                return is_in_range(gray, test, tag);
        case GRAY_TEST_DECIDE:
        case GRAY_TEST_END:
                break;
        }
        return false;
}

static int32_t bucket_of(const Gray *gray, Span unit) {
        Murmur3 hash = gray->salted;

        murmur3_add(&hash, unit);
        return (int32_t)(murmur3_get(&hash) % GRAY_BUCKETS);
}

/* The index among the arms of @rule of the one in whose slice @bucket lies; their number when there is none.
 * Nobody can foretell a bucket, a processor neither: slices lie one behind the other, and so they are
 * counted. */
static size_t find_arm(const GrayArm *arms, size_t n_arms, uint32_t bucket) {
        size_t n_before = 0;

        for (size_t i = 0; i < n_arms; i++)
                n_before += arms[i].to <= bucket;
        return n_before;
}

/* Without a unit: only a rule that leaves nothing to buckets chooses. */
static bool is_for_all(const GrayArm *arms, size_t n_arms) {
        return n_arms == 1 && arms[0].to == GRAY_WEIGHT_MAX;
}

static GrayVerdict choose(const Gray *gray, uint32_t rule, Span unit) {
        size_t first_arm = gray->rules[rule].first_arm, n_arms = gray->rules[rule].n_arms, arm;
        const GrayArm *arms = gray->arms + first_arm;
        bool is_chosen;
        int32_t bucket;

        if (unit.size == 0) {
                is_chosen = is_for_all(arms, n_arms);
                return (GrayVerdict){ is_chosen ? (int)first_arm : -1, (int)rule, -1,
                                      is_chosen ? GRAY_REASON_ARM : GRAY_REASON_NO_UNIT };
        }

        bucket = bucket_of(gray, unit);
        arm = find_arm(arms, n_arms, (uint32_t)bucket);
        is_chosen = arm < n_arms;
        return (GrayVerdict){ is_chosen ? (int)(first_arm + arm) : -1, (int)rule, bucket,
                              is_chosen ? GRAY_REASON_ARM : GRAY_REASON_OUTSIDE_SPLIT };
}

GrayVerdict gray_evaluate(const Gray *gray, const GrayAsker *asker) {
        const GrayTest *test = gray->tests;
        Evaluation evaluation; /* all of it zeroed would take longer than the rest */

        evaluation.gray = gray;
        prefetch(gray, (size_t)(gray->source.data - (const char *)gray)); /* all but the text of the rules */
        see_tags(&evaluation, asker);
        while (test->kind < GRAY_TEST_DECIDE)
                test = test_holds(&evaluation, test) ? test + 1 : gray->tests + test->next_rule;

        if (test->kind == GRAY_TEST_DECIDE)
                return choose(gray, test->first, asker->unit);
        return (GrayVerdict){ .arm = -1, .rule = -1, .bucket = -1, .reason = GRAY_REASON_NO_MATCH };
}

Gray *gray_ref(Gray *gray) {
        if (gray)
                atomic_fetch_add_explicit(&gray->n_refs, 1, memory_order_relaxed);
        return gray;
}

Gray *gray_unref(Gray *gray) {
        if (gray && atomic_fetch_sub_explicit(&gray->n_refs, 1, memory_order_acq_rel) == 1)
                free(gray);
        return NULL;
}

Span gray_rules(const Gray *gray) {
        return gray->source;
}

Span gray_salt(const Gray *gray) {
        return gray->salt;
}

const char *gray_reason_to_string(GrayReason reason) {
        static const char *const names[GRAY_REASON_N] = {
                [GRAY_REASON_NO_GRAY_RELEASE] = "no_gray_release",
                [GRAY_REASON_NO_MATCH] = "no_match",
                [GRAY_REASON_NO_UNIT] = "no_unit",
                [GRAY_REASON_OUTSIDE_SPLIT] = "outside_split",
                [GRAY_REASON_ARM] = "arm",
        };

        return names[reason];
}
